//! From JSON to spans.

use std::sync::Arc;

use serde::Deserialize;

use crate::id::{IdError, SpanId, TraceId};
use crate::otlp::json::scalar::{Enumeration, HexId, Named, Number, null_as_default};
use crate::otlp::json::value::{AttributesIn, ResourceIn, ScopeIn};
use crate::otlp::json::{Decoded, JsonError, Rejections, parse};
use crate::span::{Span, SpanEvent, SpanKind, SpanLink, SpanRecord, Status, StatusCode};
use crate::time::UnixNanos;

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct SpansRequest {
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
    parse(body).map(SpansRequest::into_decoded)
}

impl SpansRequest {
    /// The request's spans; see [`decode_spans`].
    pub(crate) fn into_decoded(self) -> Decoded<SpanRecord> {
        let mut records = Vec::new();
        let mut rejections = Rejections::default();
        for of_resource in self.resource_spans {
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
        Decoded {
            records,
            rejected: rejections.count,
            reason: rejections.reason,
        }
    }
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
