//! From spans to Zipkin's JSON.

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::{ERROR, PEER_SERVICE, SCOPE_NAME, SCOPE_VERSION, STATUS_CODE};
use crate::attribute::{Attribute, AttributeValue, find, find_str};
use crate::id::{SpanId, TraceId};
use crate::interchange::attribute::{json, object};
use crate::resource::Resource;
use crate::semconv;
use crate::span::{SpanEvent, SpanKind, SpanRecord, StatusCode};

/// A span as Zipkin has it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SpanOut<'a> {
    trace_id: TraceId,
    id: SpanId,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_id: Option<SpanId>,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    timestamp: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration: Option<u64>,
    local_endpoint: EndpointOut<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remote_endpoint: Option<EndpointOut<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    annotations: Vec<AnnotationOut>,
    #[serde(skip_serializing_if = "Tags::is_empty")]
    tags: Tags<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EndpointOut<'a> {
    service_name: &'a str,
}

#[derive(Serialize)]
struct AnnotationOut {
    timestamp: u64,
    value: String,
}

/// Keys with their texts, each key once.
struct Tags<'a>(Vec<(&'a str, String)>);

impl Tags<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Tags<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

/// The file of these spans.
pub fn file(spans: &[SpanRecord]) -> Vec<SpanOut<'_>> {
    spans.iter().map(span).collect()
}

fn span(record: &SpanRecord) -> SpanOut<'_> {
    let span = &record.span;
    let start = span.start.0 / 1_000;
    let nanos = span.end.0.saturating_sub(span.start.0);
    SpanOut {
        trace_id: span.trace_id,
        id: span.span_id,
        parent_id: span.parent_span_id,
        name: &span.name,
        kind: match span.kind {
            SpanKind::Client => Some("CLIENT"),
            SpanKind::Server => Some("SERVER"),
            SpanKind::Producer => Some("PRODUCER"),
            SpanKind::Consumer => Some("CONSUMER"),
            SpanKind::Internal | SpanKind::Unspecified => None,
        },
        timestamp: start,
        // Zipkin takes a duration of zero for an unknown one.
        duration: (nanos > 0).then(|| (span.end.0 / 1_000).saturating_sub(start).max(1)),
        local_endpoint: EndpointOut {
            service_name: local_name(&record.resource),
        },
        remote_endpoint: find_str(&span.attributes, PEER_SERVICE)
            .filter(|name| !name.is_empty())
            .map(|service_name| EndpointOut { service_name }),
        annotations: span.events.iter().map(annotation).collect(),
        tags: tags(record),
    }
}

fn local_name(resource: &Resource) -> &str {
    find_str(&resource.attributes, semconv::SERVICE_NAME).unwrap_or_default()
}

/// The span's attributes, then what else is known of it as far as the keys are free.
fn tags(record: &SpanRecord) -> Tags<'_> {
    let span = &record.span;
    let mut tags = Tags(Vec::new());
    let mut seen = std::collections::HashSet::new();
    let mut add = |key, value: String| {
        if seen.insert(key) {
            tags.0.push((key, value));
        }
    };
    match span.status.code {
        StatusCode::Unset => {}
        StatusCode::Ok => add(STATUS_CODE, "OK".to_owned()),
        StatusCode::Error => {
            add(STATUS_CODE, "ERROR".to_owned());
            let message = span.status.message.as_str();
            let message = if message.is_empty() { "true" } else { message };
            add(ERROR, message.to_owned());
        }
    }
    for Attribute { key, value } in &span.attributes {
        // The reader takes `error` for a failure.
        if key != ERROR {
            add(key, text(value));
        }
    }
    for (key, value) in [
        (SCOPE_NAME, &record.scope.name),
        (SCOPE_VERSION, &record.scope.version),
    ] {
        if !value.is_empty() {
            add(key, value.clone());
        }
    }
    for Attribute { key, value } in &record.resource.attributes {
        if key != semconv::SERVICE_NAME && key != ERROR && find(&span.attributes, key).is_none() {
            add(key, text(value));
        }
    }
    tags
}

fn annotation(event: &SpanEvent) -> AnnotationOut {
    let value = if event.attributes.is_empty() {
        event.name.clone()
    } else {
        let name = Value::from(event.name.as_str());
        format!("{name}: {}", object(&event.attributes))
    };
    AnnotationOut {
        timestamp: event.time.0 / 1_000,
        value,
    }
}

fn text(value: &AttributeValue) -> String {
    match value {
        AttributeValue::Array(_) | AttributeValue::Map(_) => json(value).to_string(),
        other => other.to_string(),
    }
}
