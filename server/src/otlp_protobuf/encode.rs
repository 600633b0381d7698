//! From the trace model to OTLP's protobuf messages.

use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList, any_value::Value,
};
use opentelemetry_proto::tonic::logs::v1 as proto_logs;
use opentelemetry_proto::tonic::resource::v1 as proto_resource;
use opentelemetry_proto::tonic::trace::v1 as proto_trace;
use shared::attribute::{Attribute, AttributeValue};
use shared::log::LogRecord;
use shared::resource::{Resource, Scope};
use shared::span::{Span, SpanEvent, SpanLink};

/// One span.
#[must_use]
pub fn span(span: &Span) -> proto_trace::Span {
    proto_trace::Span {
        trace_id: span.trace_id.as_bytes().to_vec(),
        span_id: span.span_id.as_bytes().to_vec(),
        parent_span_id: span
            .parent_span_id
            .map(|id| id.as_bytes().to_vec())
            .unwrap_or_default(),
        trace_state: span.trace_state.clone(),
        flags: span.flags,
        name: span.name.clone(),
        kind: span.kind.to_otlp(),
        start_time_unix_nano: span.start.0,
        end_time_unix_nano: span.end.0,
        attributes: attributes(&span.attributes),
        dropped_attributes_count: span.dropped_attributes_count,
        events: span.events.iter().map(event).collect(),
        dropped_events_count: span.dropped_events_count,
        links: span.links.iter().map(link).collect(),
        dropped_links_count: span.dropped_links_count,
        status: Some(proto_trace::Status {
            message: span.status.message.clone(),
            code: span.status.code.to_otlp(),
        }),
    }
}

fn event(event: &SpanEvent) -> proto_trace::span::Event {
    proto_trace::span::Event {
        time_unix_nano: event.time.0,
        name: event.name.clone(),
        attributes: attributes(&event.attributes),
        dropped_attributes_count: event.dropped_attributes_count,
    }
}

fn link(link: &SpanLink) -> proto_trace::span::Link {
    proto_trace::span::Link {
        trace_id: link.trace_id.as_bytes().to_vec(),
        span_id: link.span_id.as_bytes().to_vec(),
        trace_state: link.trace_state.clone(),
        attributes: attributes(&link.attributes),
        dropped_attributes_count: link.dropped_attributes_count,
        flags: link.flags,
    }
}

/// One log record.
#[must_use]
pub fn log_record(record: &LogRecord) -> proto_logs::LogRecord {
    proto_logs::LogRecord {
        time_unix_nano: record.time.0,
        observed_time_unix_nano: record.observed_time.0,
        severity_number: record.severity_number,
        severity_text: record.severity_text.clone(),
        body: (record.body != AttributeValue::Empty).then(|| value(&record.body)),
        attributes: attributes(&record.attributes),
        dropped_attributes_count: record.dropped_attributes_count,
        trace_id: record
            .trace_id
            .map(|id| id.as_bytes().to_vec())
            .unwrap_or_default(),
        span_id: record
            .span_id
            .map(|id| id.as_bytes().to_vec())
            .unwrap_or_default(),
        flags: record.flags,
        event_name: record.event_name.clone(),
    }
}

/// A resource.
#[must_use]
pub fn resource(resource: &Resource) -> proto_resource::Resource {
    proto_resource::Resource {
        attributes: attributes(&resource.attributes),
        dropped_attributes_count: resource.dropped_attributes_count,
        entity_refs: Vec::new(),
    }
}

/// An instrumentation scope.
#[must_use]
pub fn scope(scope: &Scope) -> InstrumentationScope {
    InstrumentationScope {
        name: scope.name.clone(),
        version: scope.version.clone(),
        attributes: attributes(&scope.attributes),
        dropped_attributes_count: scope.dropped_attributes_count,
    }
}

fn attributes(attributes: &[Attribute]) -> Vec<KeyValue> {
    attributes
        .iter()
        .map(|attribute| KeyValue {
            key: attribute.key.clone(),
            value: Some(value(&attribute.value)),
            ..KeyValue::default()
        })
        .collect()
}

fn value(value_of: &AttributeValue) -> AnyValue {
    let value = match value_of {
        AttributeValue::Empty => None,
        AttributeValue::String(text) => Some(Value::StringValue(text.clone())),
        AttributeValue::Bool(value) => Some(Value::BoolValue(*value)),
        AttributeValue::Int(value) => Some(Value::IntValue(*value)),
        AttributeValue::Double(value) => Some(Value::DoubleValue(*value)),
        AttributeValue::Bytes(bytes) => Some(Value::BytesValue(bytes.clone())),
        AttributeValue::Array(values) => Some(Value::ArrayValue(ArrayValue {
            values: values.iter().map(value).collect(),
        })),
        AttributeValue::Map(members) => Some(Value::KvlistValue(KeyValueList {
            values: attributes(members),
        })),
    };
    AnyValue { value }
}
