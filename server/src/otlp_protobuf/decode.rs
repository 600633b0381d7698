//! From OTLP's protobuf messages to the trace model.
//!
//! Invariant: whatever comes out has valid ids. A span whose ids are invalid is counted as rejected
//! and leaves the rest of its batch alone, as OTLP's partial success asks
//! (OpenTelemetry Protocol 1.x, "Partial Success").

use std::sync::Arc;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, InstrumentationScope, KeyValue, any_value::Value,
};
use opentelemetry_proto::tonic::logs::v1 as proto_logs;
use opentelemetry_proto::tonic::resource::v1 as proto_resource;
use opentelemetry_proto::tonic::trace::v1 as proto_trace;
use shared::attribute::{Attribute, AttributeValue};
use shared::id::{IdError, SpanId, TraceId};
use shared::log::{LogEntry, LogRecord};
use shared::otlp::json::Decoded;
use shared::resource::{Resource, Scope};
use shared::span::{Span, SpanEvent, SpanKind, SpanLink, SpanRecord, Status, StatusCode};
use shared::time::UnixNanos;

/// The spans of an export request.
#[must_use]
pub fn spans(request: ExportTraceServiceRequest) -> Decoded<SpanRecord> {
    let mut decoded = Decoded {
        records: Vec::new(),
        rejected: 0,
        reason: None,
    };
    for group in request.resource_spans {
        let resource = Arc::new(resource(group.resource.unwrap_or_default()));
        for group in group.scope_spans {
            let scope = Arc::new(scope(group.scope.unwrap_or_default()));
            for message in group.spans {
                let name = message.name.clone();
                match span(message) {
                    Ok(span) => decoded.records.push(SpanRecord {
                        resource: Arc::clone(&resource),
                        scope: Arc::clone(&scope),
                        span,
                    }),
                    Err(error) => {
                        decoded.rejected += 1;
                        decoded
                            .reason
                            .get_or_insert_with(|| format!("span {name:?}: {error}"));
                    }
                }
            }
        }
    }
    decoded
}

/// The log records of an export request. None is rejected: a record with invalid ids is kept
/// without them, since its text is worth having on its own.
#[must_use]
pub fn logs(request: ExportLogsServiceRequest) -> Vec<LogEntry> {
    let mut entries = Vec::new();
    for group in request.resource_logs {
        let resource = Arc::new(resource(group.resource.unwrap_or_default()));
        for group in group.scope_logs {
            let scope = Arc::new(scope(group.scope.unwrap_or_default()));
            entries.extend(group.log_records.into_iter().map(|message| LogEntry {
                resource: Arc::clone(&resource),
                scope: Arc::clone(&scope),
                record: log_record(message),
            }));
        }
    }
    entries
}

/// Why a span is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SpanError {
    /// The trace id is missing or malformed.
    #[error("invalid trace id: {0}")]
    Trace(IdError),
    /// The span id is missing or malformed.
    #[error("invalid span id: {0}")]
    Span(IdError),
    /// The parent's id is neither absent nor an id.
    #[error("invalid parent span id: {0}")]
    Parent(IdError),
}

/// One span.
///
/// # Errors
/// [`SpanError`] where an id is invalid.
pub fn span(message: proto_trace::Span) -> Result<Span, SpanError> {
    let trace_id = TraceId::from_slice(&message.trace_id).map_err(SpanError::Trace)?;
    let span_id = SpanId::from_slice(&message.span_id).map_err(SpanError::Span)?;
    let parent_span_id = match SpanId::from_slice(&message.parent_span_id) {
        Ok(id) => Some(id),
        Err(IdError::Zero) => None,
        Err(_) if message.parent_span_id.is_empty() => None,
        Err(error) => return Err(SpanError::Parent(error)),
    };
    let sent_links = message.links.len();
    let links: Vec<SpanLink> = message.links.into_iter().filter_map(link).collect();
    let invalid_links = u32::try_from(sent_links - links.len()).unwrap_or(u32::MAX);
    let status = message.status.unwrap_or_default();
    Ok(Span {
        trace_id,
        span_id,
        parent_span_id,
        trace_state: message.trace_state,
        flags: message.flags,
        name: message.name,
        kind: SpanKind::from_otlp(message.kind),
        start: UnixNanos(message.start_time_unix_nano),
        end: UnixNanos(message.end_time_unix_nano),
        attributes: attributes(message.attributes),
        dropped_attributes_count: message.dropped_attributes_count,
        events: message.events.into_iter().map(event).collect(),
        dropped_events_count: message.dropped_events_count,
        links,
        dropped_links_count: message.dropped_links_count.saturating_add(invalid_links),
        status: Status {
            code: StatusCode::from_otlp(status.code),
            message: status.message,
        },
    })
}

fn event(message: proto_trace::span::Event) -> SpanEvent {
    SpanEvent {
        time: UnixNanos(message.time_unix_nano),
        name: message.name,
        attributes: attributes(message.attributes),
        dropped_attributes_count: message.dropped_attributes_count,
    }
}

fn link(message: proto_trace::span::Link) -> Option<SpanLink> {
    Some(SpanLink {
        trace_id: TraceId::from_slice(&message.trace_id).ok()?,
        span_id: SpanId::from_slice(&message.span_id).ok()?,
        trace_state: message.trace_state,
        attributes: attributes(message.attributes),
        dropped_attributes_count: message.dropped_attributes_count,
        flags: message.flags,
    })
}

/// One log record.
#[must_use]
pub fn log_record(message: proto_logs::LogRecord) -> LogRecord {
    LogRecord {
        time: UnixNanos(message.time_unix_nano),
        observed_time: UnixNanos(message.observed_time_unix_nano),
        severity_number: message.severity_number,
        severity_text: message.severity_text,
        body: message.body.map(value).unwrap_or_default(),
        attributes: attributes(message.attributes),
        dropped_attributes_count: message.dropped_attributes_count,
        trace_id: TraceId::from_slice(&message.trace_id).ok(),
        span_id: SpanId::from_slice(&message.span_id).ok(),
        flags: message.flags,
        event_name: message.event_name,
    }
}

/// A resource.
#[must_use]
pub fn resource(message: proto_resource::Resource) -> Resource {
    Resource {
        attributes: attributes(message.attributes),
        dropped_attributes_count: message.dropped_attributes_count,
    }
}

/// An instrumentation scope.
#[must_use]
pub fn scope(message: InstrumentationScope) -> Scope {
    Scope {
        name: message.name,
        version: message.version,
        attributes: attributes(message.attributes),
        dropped_attributes_count: message.dropped_attributes_count,
    }
}

fn attributes(messages: Vec<KeyValue>) -> Vec<Attribute> {
    messages
        .into_iter()
        .map(|message| Attribute {
            key: message.key,
            value: message.value.map(value).unwrap_or_default(),
        })
        .collect()
}

/// A value. Recursion is bounded by `prost`, which refuses messages nested deeper than 100.
fn value(message: AnyValue) -> AttributeValue {
    match message.value {
        Some(Value::StringValue(text)) => AttributeValue::String(text),
        Some(Value::BoolValue(value)) => AttributeValue::Bool(value),
        Some(Value::IntValue(value)) => AttributeValue::Int(value),
        Some(Value::DoubleValue(value)) => AttributeValue::Double(value),
        Some(Value::BytesValue(bytes)) => AttributeValue::Bytes(bytes),
        Some(Value::ArrayValue(list)) => {
            AttributeValue::Array(list.values.into_iter().map(value).collect())
        }
        Some(Value::KvlistValue(list)) => AttributeValue::Map(attributes(list.values)),
        // Indices into a string table exist only within profiles.
        Some(Value::StringValueStrindex(_)) | None => AttributeValue::Empty,
    }
}
