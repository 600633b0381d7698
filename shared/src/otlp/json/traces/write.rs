//! From spans to JSON.

use serde::{Serialize, Serializer};

use crate::id::{SpanId, TraceId};
use crate::otlp::json::group;
use crate::otlp::json::scalar::{as_text, is_zero};
use crate::otlp::json::value::{AttributesOut, ResourceOut, ScopeOut};
use crate::resource::Scope;
use crate::span::{Span, SpanEvent, SpanLink, SpanRecord, StatusCode};

/// Writes spans as `{"resourceSpans": […]}`, grouped by resource and scope.
///
/// [`SpansJson`] writes the same without building it in memory.
#[must_use]
pub fn encode_spans(records: &[SpanRecord]) -> serde_json::Value {
    // Only maps with other keys than strings and failing `Serialize`s make this fail.
    serde_json::to_value(SpansJson(records)).unwrap_or_default()
}

/// Spans that serialise as `{"resourceSpans": […]}`, grouped by resource and scope (by value).
pub struct SpansJson<'a>(pub &'a [SpanRecord]);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestOut<'a> {
    resource_spans: Vec<ResourceSpansOut<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpansOut<'a> {
    resource: ResourceOut<'a>,
    scope_spans: Vec<ScopeSpansOut<'a>>,
}

#[derive(Serialize)]
struct ScopeSpansOut<'a> {
    scope: ScopeOut<'a>,
    spans: SpansOut<'a>,
}

impl Serialize for SpansJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let groups = group(
            self.0
                .iter()
                .map(|record| (&record.resource, &record.scope)),
        );
        let resource_spans = groups
            .into_iter()
            .map(|(resource, scopes)| ResourceSpansOut {
                resource: resource.into(),
                scope_spans: scopes
                    .into_iter()
                    .map(|(scope, indices)| scope_spans(self.0, scope, indices))
                    .collect(),
            });
        RequestOut {
            resource_spans: resource_spans.collect(),
        }
        .serialize(serializer)
    }
}

fn scope_spans<'a>(
    records: &'a [SpanRecord],
    scope: &'a Scope,
    indices: Vec<usize>,
) -> ScopeSpansOut<'a> {
    ScopeSpansOut {
        scope: scope.into(),
        spans: SpansOut { records, indices },
    }
}

struct SpansOut<'a> {
    records: &'a [SpanRecord],
    indices: Vec<usize>,
}

impl Serialize for SpansOut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(
            self.indices
                .iter()
                .map(|&index| SpanOut::from(&self.records[index].span)),
        )
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SpanOut<'a> {
    trace_id: TraceId,
    span_id: SpanId,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_span_id: Option<SpanId>,
    #[serde(skip_serializing_if = "str::is_empty")]
    trace_state: &'a str,
    #[serde(skip_serializing_if = "is_zero")]
    flags: u32,
    name: &'a str,
    kind: i32,
    #[serde(serialize_with = "as_text")]
    start_time_unix_nano: u64,
    #[serde(serialize_with = "as_text")]
    end_time_unix_nano: u64,
    #[serde(skip_serializing_if = "AttributesOut::is_empty")]
    attributes: AttributesOut<'a>,
    #[serde(skip_serializing_if = "is_zero")]
    dropped_attributes_count: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    events: Vec<EventOut<'a>>,
    #[serde(skip_serializing_if = "is_zero")]
    dropped_events_count: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    links: Vec<LinkOut<'a>>,
    #[serde(skip_serializing_if = "is_zero")]
    dropped_links_count: u32,
    status: StatusOut<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventOut<'a> {
    #[serde(serialize_with = "as_text")]
    time_unix_nano: u64,
    name: &'a str,
    #[serde(skip_serializing_if = "AttributesOut::is_empty")]
    attributes: AttributesOut<'a>,
    #[serde(skip_serializing_if = "is_zero")]
    dropped_attributes_count: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LinkOut<'a> {
    trace_id: TraceId,
    span_id: SpanId,
    #[serde(skip_serializing_if = "str::is_empty")]
    trace_state: &'a str,
    #[serde(skip_serializing_if = "AttributesOut::is_empty")]
    attributes: AttributesOut<'a>,
    #[serde(skip_serializing_if = "is_zero")]
    dropped_attributes_count: u32,
    #[serde(skip_serializing_if = "is_zero")]
    flags: u32,
}

#[derive(Serialize)]
struct StatusOut<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    message: &'a str,
    #[serde(skip_serializing_if = "is_unset")]
    code: i32,
}

fn is_unset(code: &i32) -> bool {
    *code == StatusCode::Unset.to_otlp()
}

impl<'a> From<&'a Span> for SpanOut<'a> {
    fn from(span: &'a Span) -> Self {
        Self {
            trace_id: span.trace_id,
            span_id: span.span_id,
            parent_span_id: span.parent_span_id,
            trace_state: &span.trace_state,
            flags: span.flags,
            name: &span.name,
            kind: span.kind.to_otlp(),
            start_time_unix_nano: span.start.0,
            end_time_unix_nano: span.end.0,
            attributes: AttributesOut(&span.attributes),
            dropped_attributes_count: span.dropped_attributes_count,
            events: span.events.iter().map(EventOut::from).collect(),
            dropped_events_count: span.dropped_events_count,
            links: span.links.iter().map(LinkOut::from).collect(),
            dropped_links_count: span.dropped_links_count,
            status: StatusOut {
                message: &span.status.message,
                code: span.status.code.to_otlp(),
            },
        }
    }
}

impl<'a> From<&'a SpanEvent> for EventOut<'a> {
    fn from(event: &'a SpanEvent) -> Self {
        Self {
            time_unix_nano: event.time.0,
            name: &event.name,
            attributes: AttributesOut(&event.attributes),
            dropped_attributes_count: event.dropped_attributes_count,
        }
    }
}

impl<'a> From<&'a SpanLink> for LinkOut<'a> {
    fn from(link: &'a SpanLink) -> Self {
        Self {
            trace_id: link.trace_id,
            span_id: link.span_id,
            trace_state: &link.trace_state,
            attributes: AttributesOut(&link.attributes),
            dropped_attributes_count: link.dropped_attributes_count,
            flags: link.flags,
        }
    }
}
