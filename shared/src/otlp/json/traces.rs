//! `ExportTraceServiceRequest` and `TracesData`, which are the same in JSON.

use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};

use super::scalar::{Enumeration, HexId, Named, Number, as_text, is_zero, null_as_default};
use super::value::{AttributesIn, AttributesOut, ResourceIn, ResourceOut, ScopeIn, ScopeOut};
use super::{Decoded, JsonError, Rejections, group, parse};
use crate::id::{IdError, SpanId, TraceId};
use crate::resource::Scope;
use crate::span::{Span, SpanEvent, SpanKind, SpanLink, SpanRecord, Status, StatusCode};
use crate::time::UnixNanos;

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Request {
    #[serde(alias = "resource_spans", deserialize_with = "null_as_default")]
    resource_spans: Vec<ResourceSpans>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ResourceSpans {
    #[serde(deserialize_with = "null_as_default")]
    resource: ResourceIn,
    #[serde(alias = "scope_spans", deserialize_with = "null_as_default")]
    scope_spans: Vec<ScopeSpans>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ScopeSpans {
    #[serde(deserialize_with = "null_as_default")]
    scope: ScopeIn,
    #[serde(deserialize_with = "null_as_default")]
    spans: Vec<SpanIn>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct SpanIn {
    #[serde(alias = "trace_id")]
    trace_id: HexId<16>,
    #[serde(alias = "span_id")]
    span_id: HexId<8>,
    #[serde(alias = "parent_span_id")]
    parent_span_id: HexId<8>,
    #[serde(alias = "trace_state", deserialize_with = "null_as_default")]
    trace_state: String,
    #[serde(deserialize_with = "null_as_default")]
    flags: Number<u32>,
    #[serde(deserialize_with = "null_as_default")]
    name: String,
    #[serde(deserialize_with = "null_as_default")]
    kind: Enumeration<SpanKind>,
    #[serde(alias = "start_time_unix_nano", deserialize_with = "null_as_default")]
    start_time_unix_nano: Number<u64>,
    #[serde(alias = "end_time_unix_nano", deserialize_with = "null_as_default")]
    end_time_unix_nano: Number<u64>,
    #[serde(deserialize_with = "null_as_default")]
    attributes: AttributesIn,
    #[serde(
        alias = "dropped_attributes_count",
        deserialize_with = "null_as_default"
    )]
    dropped_attributes_count: Number<u32>,
    #[serde(deserialize_with = "null_as_default")]
    events: Vec<EventIn>,
    #[serde(alias = "dropped_events_count", deserialize_with = "null_as_default")]
    dropped_events_count: Number<u32>,
    #[serde(deserialize_with = "null_as_default")]
    links: Vec<LinkIn>,
    #[serde(alias = "dropped_links_count", deserialize_with = "null_as_default")]
    dropped_links_count: Number<u32>,
    #[serde(deserialize_with = "null_as_default")]
    status: StatusIn,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct EventIn {
    #[serde(alias = "time_unix_nano", deserialize_with = "null_as_default")]
    time_unix_nano: Number<u64>,
    #[serde(deserialize_with = "null_as_default")]
    name: String,
    #[serde(deserialize_with = "null_as_default")]
    attributes: AttributesIn,
    #[serde(
        alias = "dropped_attributes_count",
        deserialize_with = "null_as_default"
    )]
    dropped_attributes_count: Number<u32>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct LinkIn {
    #[serde(alias = "trace_id")]
    trace_id: HexId<16>,
    #[serde(alias = "span_id")]
    span_id: HexId<8>,
    #[serde(alias = "trace_state", deserialize_with = "null_as_default")]
    trace_state: String,
    #[serde(deserialize_with = "null_as_default")]
    attributes: AttributesIn,
    #[serde(
        alias = "dropped_attributes_count",
        deserialize_with = "null_as_default"
    )]
    dropped_attributes_count: Number<u32>,
    #[serde(deserialize_with = "null_as_default")]
    flags: Number<u32>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct StatusIn {
    #[serde(deserialize_with = "null_as_default")]
    code: Enumeration<StatusCode>,
    #[serde(deserialize_with = "null_as_default")]
    message: String,
}

impl Named for SpanKind {
    fn from_number(number: i32) -> Self {
        Self::from_otlp(number)
    }

    fn from_name(name: &str) -> Self {
        match name {
            "SPAN_KIND_INTERNAL" => Self::Internal,
            "SPAN_KIND_SERVER" => Self::Server,
            "SPAN_KIND_CLIENT" => Self::Client,
            "SPAN_KIND_PRODUCER" => Self::Producer,
            "SPAN_KIND_CONSUMER" => Self::Consumer,
            _ => Self::Unspecified,
        }
    }
}

impl Named for StatusCode {
    fn from_number(number: i32) -> Self {
        Self::from_otlp(number)
    }

    fn from_name(name: &str) -> Self {
        match name {
            "STATUS_CODE_OK" => Self::Ok,
            "STATUS_CODE_ERROR" => Self::Error,
            _ => Self::Unset,
        }
    }
}

/// Reads an `ExportTraceServiceRequest`.
///
/// Spans without a valid trace id and span id, or with a malformed parent id, are counted as
/// rejected. A parent id of zeros means that there is no parent. A link without valid ids is left
/// out and counted in the span's `dropped_links_count`.
///
/// # Errors
/// [`JsonError`] where the body is not such a request.
pub fn decode_spans(body: &[u8]) -> Result<Decoded<SpanRecord>, JsonError> {
    let request: Request = parse(body)?;
    let mut records = Vec::new();
    let mut rejections = Rejections::default();
    for of_resource in request.resource_spans {
        let resource = of_resource.resource.into();
        for of_scope in of_resource.scope_spans {
            let scope = of_scope.scope.into();
            for span in of_scope.spans {
                let name = span.name.clone();
                match span.into_span() {
                    Ok(span) => {
                        records.push(SpanRecord {
                            resource: Arc::clone(&resource),
                            scope: Arc::clone(&scope),
                            span,
                        });
                    }
                    Err((field, error)) => {
                        rejections.add(|| format!("span {name:?}: {field}: {error}"))
                    }
                }
            }
        }
    }
    Ok(Decoded {
        records,
        rejected: rejections.count,
        reason: rejections.reason,
    })
}

fn trace_id(id: HexId<16>) -> Result<TraceId, (&'static str, IdError)> {
    match id {
        HexId::Absent => Err(IdError::Length {
            expected: TraceId::LEN,
        }),
        HexId::Bytes(bytes) => TraceId::from_bytes(bytes).ok_or(IdError::Zero),
        HexId::Invalid(error) => Err(error),
    }
    .map_err(|error| ("traceId", error))
}

fn span_id(id: HexId<8>) -> Result<SpanId, (&'static str, IdError)> {
    match id {
        HexId::Absent => Err(IdError::Length {
            expected: SpanId::LEN,
        }),
        HexId::Bytes(bytes) => SpanId::from_bytes(bytes).ok_or(IdError::Zero),
        HexId::Invalid(error) => Err(error),
    }
    .map_err(|error| ("spanId", error))
}

impl SpanIn {
    fn into_span(self) -> Result<Span, (&'static str, IdError)> {
        let parent_span_id = match self.parent_span_id {
            HexId::Absent => None,
            HexId::Bytes(bytes) => SpanId::from_bytes(bytes),
            HexId::Invalid(error) => return Err(("parentSpanId", error)),
        };
        let links_sent = self.links.len();
        let links: Vec<SpanLink> = self
            .links
            .into_iter()
            .filter_map(LinkIn::into_link)
            .collect();
        let links_lost = (links_sent - links.len()) as u32;
        Ok(Span {
            trace_id: trace_id(self.trace_id)?,
            span_id: span_id(self.span_id)?,
            parent_span_id,
            trace_state: self.trace_state,
            flags: self.flags.0,
            name: self.name,
            kind: self.kind.0,
            start: UnixNanos(self.start_time_unix_nano.0),
            end: UnixNanos(self.end_time_unix_nano.0),
            attributes: self.attributes.into(),
            dropped_attributes_count: self.dropped_attributes_count.0,
            events: self.events.into_iter().map(EventIn::into_event).collect(),
            dropped_events_count: self.dropped_events_count.0,
            links,
            dropped_links_count: self.dropped_links_count.0.saturating_add(links_lost),
            status: Status {
                code: self.status.code.0,
                message: self.status.message,
            },
        })
    }
}

impl EventIn {
    fn into_event(self) -> SpanEvent {
        SpanEvent {
            time: UnixNanos(self.time_unix_nano.0),
            name: self.name,
            attributes: self.attributes.into(),
            dropped_attributes_count: self.dropped_attributes_count.0,
        }
    }
}

impl LinkIn {
    fn into_link(self) -> Option<SpanLink> {
        Some(SpanLink {
            trace_id: trace_id(self.trace_id).ok()?,
            span_id: span_id(self.span_id).ok()?,
            trace_state: self.trace_state,
            attributes: self.attributes.into(),
            dropped_attributes_count: self.dropped_attributes_count.0,
            flags: self.flags.0,
        })
    }
}

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
