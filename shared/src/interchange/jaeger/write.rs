//! From spans to Jaeger's JSON.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use serde_json::Value;

use super::{
    ERROR, EVENT, SCOPE_NAME, SCOPE_VERSION, SPAN_KIND, STATUS_CODE, STATUS_MESSAGE, TRACE_STATE,
};
use crate::attribute::{Attribute, AttributeValue};
use crate::id::{SpanId, TraceId};
use crate::interchange::attribute::{base64, json};
use crate::resource::{Resource, Scope};
use crate::semconv;
use crate::span::{Span, SpanEvent, SpanKind, SpanRecord, StatusCode};
use crate::time::UnixNanos;

/// An answer of Jaeger's query API.
#[derive(Serialize)]
pub struct File<'a> {
    data: Vec<TraceOut<'a>>,
    total: u32,
    limit: u32,
    offset: u32,
    errors: Option<()>,
}

#[derive(Serialize)]
struct TraceOut<'a> {
    #[serde(rename = "traceID")]
    trace_id: TraceId,
    spans: Vec<SpanOut<'a>>,
    processes: BTreeMap<String, ProcessOut<'a>>,
    warnings: Option<()>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SpanOut<'a> {
    #[serde(rename = "traceID")]
    trace_id: TraceId,
    #[serde(rename = "spanID")]
    span_id: SpanId,
    flags: u32,
    operation_name: &'a str,
    references: Vec<ReferenceOut>,
    start_time: u64,
    duration: u64,
    tags: Vec<TagOut<'a>>,
    logs: Vec<LogOut<'a>>,
    #[serde(rename = "processID")]
    process_id: String,
    warnings: Option<()>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReferenceOut {
    ref_type: &'static str,
    #[serde(rename = "traceID")]
    trace_id: TraceId,
    #[serde(rename = "spanID")]
    span_id: SpanId,
}

#[derive(Serialize)]
struct TagOut<'a> {
    key: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    value: Value,
}

#[derive(Serialize)]
struct LogOut<'a> {
    timestamp: u64,
    fields: Vec<TagOut<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProcessOut<'a> {
    service_name: &'a str,
    tags: Vec<TagOut<'a>>,
}

/// The file of these spans, a trace for each trace id in the order of their first spans.
pub fn file(spans: &[SpanRecord]) -> File<'_> {
    let mut traces: Vec<TraceOut<'_>> = Vec::new();
    let mut places: HashMap<TraceId, (usize, Vec<&Resource>)> = HashMap::new();
    for record in spans {
        let trace_id = record.span.trace_id;
        let (place, resources) = places.entry(trace_id).or_insert_with(|| {
            traces.push(TraceOut {
                trace_id,
                spans: Vec::new(),
                processes: BTreeMap::new(),
                warnings: None,
            });
            (traces.len() - 1, Vec::new())
        });
        let resource = record.resource.as_ref();
        let known = resources
            .iter()
            .position(|known| std::ptr::eq(*known, resource) || *known == resource);
        let index = known.unwrap_or_else(|| {
            resources.push(resource);
            resources.len() - 1
        });
        let process_id = format!("p{}", index + 1);
        let trace = &mut traces[*place];
        trace
            .processes
            .entry(process_id.clone())
            .or_insert_with(|| process(resource));
        trace
            .spans
            .push(span(&record.span, &record.scope, process_id));
    }
    File {
        data: traces,
        total: 0,
        limit: 0,
        offset: 0,
        errors: None,
    }
}

fn process(resource: &Resource) -> ProcessOut<'_> {
    let named = resource.service_name();
    ProcessOut {
        service_name: named,
        tags: resource
            .attributes
            .iter()
            .filter(|attribute| attribute.key != semconv::SERVICE_NAME)
            .map(tag)
            .collect(),
    }
}

fn span<'a>(span: &'a Span, scope: &'a Scope, process_id: String) -> SpanOut<'a> {
    let parent = span.parent_span_id.map(|span_id| ReferenceOut {
        ref_type: "CHILD_OF",
        trace_id: span.trace_id,
        span_id,
    });
    let links = span.links.iter().map(|link| ReferenceOut {
        ref_type: "FOLLOWS_FROM",
        trace_id: link.trace_id,
        span_id: link.span_id,
    });
    let start_time = micros(span.start);
    SpanOut {
        trace_id: span.trace_id,
        span_id: span.span_id,
        flags: span.flags,
        operation_name: &span.name,
        references: parent.into_iter().chain(links).collect(),
        start_time,
        duration: micros(span.end).saturating_sub(start_time),
        tags: tags(span, scope),
        logs: span.events.iter().map(log).collect(),
        process_id,
        warnings: None,
    }
}

fn tags<'a>(span: &'a Span, scope: &'a Scope) -> Vec<TagOut<'a>> {
    let mut tags: Vec<TagOut<'a>> = span.attributes.iter().map(tag).collect();
    if span.kind != SpanKind::Unspecified {
        tags.push(text(SPAN_KIND, span.kind.as_str()));
    }
    match span.status.code {
        StatusCode::Unset => {}
        StatusCode::Ok => tags.push(text(STATUS_CODE, "OK")),
        StatusCode::Error => {
            tags.push(text(STATUS_CODE, "ERROR"));
            tags.push(TagOut {
                key: ERROR,
                kind: "bool",
                value: true.into(),
            });
        }
    }
    for (key, value) in [
        (STATUS_MESSAGE, &span.status.message),
        (SCOPE_NAME, &scope.name),
        (SCOPE_VERSION, &scope.version),
        (TRACE_STATE, &span.trace_state),
    ] {
        if !value.is_empty() {
            tags.push(text(key, value));
        }
    }
    tags
}

fn log(event: &SpanEvent) -> LogOut<'_> {
    let name = (!event.name.is_empty()).then(|| text(EVENT, &event.name));
    LogOut {
        timestamp: micros(event.time),
        fields: name
            .into_iter()
            .chain(event.attributes.iter().map(tag))
            .collect(),
    }
}

fn tag(attribute: &Attribute) -> TagOut<'_> {
    let (kind, value) = match &attribute.value {
        AttributeValue::Empty => ("string", "".into()),
        AttributeValue::String(text) => ("string", text.as_str().into()),
        AttributeValue::Bool(truth) => ("bool", (*truth).into()),
        AttributeValue::Int(number) => ("int64", (*number).into()),
        // JSON has no infinities; readers take the number's text as well.
        AttributeValue::Double(_) => ("float64", json(&attribute.value)),
        AttributeValue::Bytes(bytes) => ("binary", base64(bytes).into()),
        AttributeValue::Array(_) | AttributeValue::Map(_) => {
            ("string", json(&attribute.value).to_string().into())
        }
    };
    TagOut {
        key: &attribute.key,
        kind,
        value,
    }
}

fn text<'a>(key: &'a str, value: &str) -> TagOut<'a> {
    TagOut {
        key,
        kind: "string",
        value: value.into(),
    }
}

fn micros(instant: UnixNanos) -> u64 {
    instant.0 / 1_000
}
