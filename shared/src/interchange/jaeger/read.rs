//! From Jaeger's JSON to spans.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;

use super::{
    ERROR, EVENT, SCOPE_NAME, SCOPE_VERSION, SPAN_KIND, STATUS_CODE, STATUS_MESSAGE, TRACE_STATE,
};
use crate::attribute::{Attribute, AttributeValue};
use crate::id::{SpanId, TraceId};
use crate::interchange::attribute::{JsonValue, from_base64, take_text};
use crate::interchange::{FormatError, id};
use crate::otlp::json::scalar::{Number, null_as_default};
use crate::otlp::json::{Decoded, Rejections};
use crate::resource::{Resource, Scope};
use crate::semconv;
use crate::span::{Span, SpanEvent, SpanKind, SpanLink, SpanRecord, Status, StatusCode};
use crate::time::UnixNanos;

/// An answer of the query API, or one trace of it.
#[derive(Deserialize)]
struct FileIn {
    #[serde(default, deserialize_with = "null_as_default")]
    data: Vec<TraceIn>,
    #[serde(default, deserialize_with = "null_as_default")]
    spans: Vec<SpanIn>,
    #[serde(default)]
    processes: Option<HashMap<String, ProcessIn>>,
}

#[derive(Deserialize)]
struct TraceIn {
    #[serde(default, deserialize_with = "null_as_default")]
    spans: Vec<SpanIn>,
    #[serde(default)]
    processes: Option<HashMap<String, ProcessIn>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SpanIn {
    #[serde(rename = "traceID", default)]
    trace_id: String,
    #[serde(rename = "spanID", default)]
    span_id: String,
    #[serde(rename = "parentSpanID", default)]
    parent_span_id: Option<String>,
    #[serde(default)]
    flags: Option<Number<u32>>,
    #[serde(default)]
    operation_name: String,
    #[serde(default, deserialize_with = "null_as_default")]
    references: Vec<ReferenceIn>,
    #[serde(default)]
    start_time: Number<u64>,
    #[serde(default)]
    duration: Number<u64>,
    #[serde(default, deserialize_with = "null_as_default")]
    tags: Vec<TagIn>,
    #[serde(default, deserialize_with = "null_as_default")]
    logs: Vec<LogIn>,
    #[serde(rename = "processID", default)]
    process_id: Option<String>,
    #[serde(default)]
    process: Option<ProcessIn>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReferenceIn {
    #[serde(default)]
    ref_type: String,
    #[serde(rename = "traceID", default)]
    trace_id: String,
    #[serde(rename = "spanID", default)]
    span_id: String,
}

#[derive(Deserialize)]
struct TagIn {
    #[serde(default)]
    key: String,
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    value: JsonValue,
}

#[derive(Deserialize)]
struct LogIn {
    #[serde(default)]
    timestamp: Number<u64>,
    #[serde(default, deserialize_with = "null_as_default")]
    fields: Vec<TagIn>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProcessIn {
    #[serde(default)]
    service_name: String,
    #[serde(default, deserialize_with = "null_as_default")]
    tags: Vec<TagIn>,
}

/// Reads a file.
///
/// # Errors
/// [`FormatError::Json`] where it is not Jaeger's JSON.
pub fn decode(file: &[u8]) -> Result<Decoded<SpanRecord>, FormatError> {
    let FileIn {
        mut data,
        spans,
        processes,
    } = serde_json::from_slice(file)?;
    data.push(TraceIn { spans, processes });
    let mut records = Vec::new();
    let mut rejections = Rejections::default();
    for trace in data {
        let resources: HashMap<String, Arc<Resource>> = trace
            .processes
            .unwrap_or_default()
            .into_iter()
            .map(|(key, process)| (key, Arc::new(process.into())))
            .collect();
        let unknown = Arc::default();
        let mut scopes = Scopes::default();
        for span in trace.spans {
            match record(span, &resources, &unknown, &mut scopes) {
                Ok(record) => records.push(record),
                Err(reason) => rejections.add(|| reason),
            }
        }
    }
    Ok(Decoded {
        records,
        rejected: rejections.count,
        reason: rejections.reason,
    })
}

/// The scopes by name and version, so that spans share them.
type Scopes = HashMap<(String, String), Arc<Scope>>;

fn record(
    span: SpanIn,
    resources: &HashMap<String, Arc<Resource>>,
    unknown: &Arc<Resource>,
    scopes: &mut Scopes,
) -> Result<SpanRecord, String> {
    let trace_id = id::trace(&span.trace_id)
        .ok_or_else(|| format!("{:?} is not a trace id", span.trace_id))?;
    let span_id =
        id::span(&span.span_id).ok_or_else(|| format!("{:?} is not a span id", span.span_id))?;
    let resource = match (span.process, &span.process_id) {
        (Some(process), _) => Arc::new(process.into()),
        (None, Some(process)) => Arc::clone(resources.get(process).unwrap_or(unknown)),
        (None, None) => Arc::clone(unknown),
    };
    let mut parent_span_id = span.parent_span_id.as_deref().and_then(id::span);
    let mut links = Vec::new();
    for reference in span.references {
        let (Some(of_trace), Some(of_span)) =
            (id::trace(&reference.trace_id), id::span(&reference.span_id))
        else {
            continue;
        };
        let is_parent = reference.ref_type == "CHILD_OF" && of_trace == trace_id;
        if is_parent && parent_span_id.is_none_or(|parent| parent == of_span) {
            parent_span_id = Some(of_span);
        } else {
            links.push(link(of_trace, of_span));
        }
    }
    let mut attributes: Vec<Attribute> = span.tags.into_iter().map(Attribute::from).collect();
    let name = take_text(&mut attributes, SCOPE_NAME)
        .or_else(|| take_text(&mut attributes, "otel.library.name"));
    let version = take_text(&mut attributes, SCOPE_VERSION)
        .or_else(|| take_text(&mut attributes, "otel.library.version"));
    let key = (name.unwrap_or_default(), version.unwrap_or_default());
    let scope = scopes.entry(key).or_insert_with_key(|(name, version)| {
        Arc::new(Scope {
            name: name.clone(),
            version: version.clone(),
            ..Scope::default()
        })
    });
    let kind = take_text(&mut attributes, SPAN_KIND);
    let status = status(&mut attributes);
    let trace_state = take_text(&mut attributes, TRACE_STATE).unwrap_or_default();
    let start = instant(span.start_time.0);
    Ok(SpanRecord {
        resource,
        scope: Arc::clone(scope),
        span: Span {
            trace_id,
            span_id,
            parent_span_id,
            trace_state,
            flags: span.flags.unwrap_or_default().0,
            name: span.operation_name,
            kind: kind.as_deref().map_or(SpanKind::Unspecified, span_kind),
            start,
            end: instant(span.start_time.0.saturating_add(span.duration.0)),
            attributes,
            dropped_attributes_count: 0,
            events: span.logs.into_iter().map(SpanEvent::from).collect(),
            dropped_events_count: 0,
            links,
            dropped_links_count: 0,
            status,
        },
    })
}

fn link(trace_id: TraceId, span_id: SpanId) -> SpanLink {
    SpanLink {
        trace_id,
        span_id,
        trace_state: String::new(),
        attributes: Vec::new(),
        dropped_attributes_count: 0,
        flags: 0,
    }
}

fn span_kind(text: &str) -> SpanKind {
    match text {
        "internal" => SpanKind::Internal,
        "server" => SpanKind::Server,
        "client" => SpanKind::Client,
        "producer" => SpanKind::Producer,
        "consumer" => SpanKind::Consumer,
        _ => SpanKind::Unspecified,
    }
}

/// Takes the status out of the tags. OpenTracing knew only `error`, a truth value or its text.
fn status(attributes: &mut Vec<Attribute>) -> Status {
    let code = take_text(attributes, STATUS_CODE);
    let message = take_text(attributes, STATUS_MESSAGE).unwrap_or_default();
    let error = attributes.iter().position(|attribute| {
        attribute.key == ERROR
            && (attribute.value == true.into() || attribute.value.as_str() == Some("true"))
    });
    let code = match (code.as_deref(), error) {
        (Some("OK"), _) => StatusCode::Ok,
        (Some("ERROR"), _) | (None, Some(_)) => StatusCode::Error,
        _ => StatusCode::Unset,
    };
    if let (StatusCode::Error, Some(error)) = (code, error) {
        attributes.remove(error);
    }
    Status { code, message }
}

fn instant(micros: u64) -> UnixNanos {
    UnixNanos(micros.saturating_mul(1_000))
}

impl From<ProcessIn> for Resource {
    fn from(process: ProcessIn) -> Self {
        let mut attributes: Vec<Attribute> =
            process.tags.into_iter().map(Attribute::from).collect();
        if !process.service_name.is_empty() {
            let name = Attribute::new(semconv::SERVICE_NAME, process.service_name);
            attributes.insert(0, name);
        }
        Self {
            attributes,
            dropped_attributes_count: 0,
        }
    }
}

impl From<TagIn> for Attribute {
    fn from(tag: TagIn) -> Self {
        let value = match (tag.kind.as_str(), tag.value.0) {
            ("int64", AttributeValue::String(text)) => {
                text.parse().map_or(text.into(), AttributeValue::Int)
            }
            ("float64", AttributeValue::String(text)) => {
                text.parse().map_or(text.into(), AttributeValue::Double)
            }
            ("float64", AttributeValue::Int(number)) => (number as f64).into(),
            ("bool", AttributeValue::String(text)) => {
                text.parse().map_or(text.into(), AttributeValue::Bool)
            }
            ("binary", AttributeValue::String(text)) => {
                from_base64(&text).map_or(text.into(), AttributeValue::Bytes)
            }
            (_, value) => value,
        };
        Self {
            key: tag.key,
            value,
        }
    }
}

impl From<LogIn> for SpanEvent {
    fn from(log: LogIn) -> Self {
        let mut attributes: Vec<Attribute> = log.fields.into_iter().map(Attribute::from).collect();
        let name = take_text(&mut attributes, EVENT).unwrap_or_default();
        Self {
            time: instant(log.timestamp.0),
            name,
            attributes,
            dropped_attributes_count: 0,
        }
    }
}
