//! Strategies for spans and log records of every shape.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use shared::attribute::{Attribute, AttributeValue};
use shared::id::{SpanId, TraceId};
use shared::log::{LogEntry, LogRecord};
use shared::resource::{Resource, Scope};
use shared::span::{Span, SpanEvent, SpanKind, SpanLink, SpanRecord, Status, StatusCode};
use shared::time::UnixNanos;

pub fn trace_id() -> impl Strategy<Value = TraceId> {
    any::<[u8; 16]>().prop_filter_map("not zero", TraceId::from_bytes)
}

pub fn span_id() -> impl Strategy<Value = SpanId> {
    any::<[u8; 8]>().prop_filter_map("not zero", SpanId::from_bytes)
}

pub fn instant() -> impl Strategy<Value = UnixNanos> {
    any::<u64>().prop_map(UnixNanos)
}

/// Every kind of value; no NaN, which would not equal itself.
pub fn value() -> impl Strategy<Value = AttributeValue> {
    let leaf = prop_oneof![
        Just(AttributeValue::Empty),
        any::<String>().prop_map(AttributeValue::String),
        any::<bool>().prop_map(AttributeValue::Bool),
        any::<i64>().prop_map(AttributeValue::Int),
        any::<f64>()
            .prop_filter("not NaN", |value| !value.is_nan())
            .prop_map(AttributeValue::Double),
        Just(AttributeValue::Double(f64::INFINITY)),
        Just(AttributeValue::Double(f64::NEG_INFINITY)),
        vec(any::<u8>(), 0..40).prop_map(AttributeValue::Bytes),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(AttributeValue::Array),
            vec((any::<String>(), inner), 0..4).prop_map(|pairs| {
                AttributeValue::Map(
                    pairs
                        .into_iter()
                        .map(|(key, value)| Attribute { key, value })
                        .collect(),
                )
            }),
        ]
    })
}

pub fn attributes() -> impl Strategy<Value = Vec<Attribute>> {
    vec(
        (any::<String>(), value()).prop_map(|(key, value)| Attribute { key, value }),
        0..4,
    )
}

pub fn kind() -> impl Strategy<Value = SpanKind> {
    (0..6).prop_map(SpanKind::from_otlp)
}

pub fn status_code() -> impl Strategy<Value = StatusCode> {
    (0..3).prop_map(StatusCode::from_otlp)
}

fn sender() -> impl Strategy<Value = (Arc<Resource>, Arc<Scope>)> {
    let resource =
        (attributes(), any::<u32>()).prop_map(|(attributes, dropped_attributes_count)| {
            Arc::new(Resource {
                attributes,
                dropped_attributes_count,
            })
        });
    let scope = (any::<String>(), any::<String>(), attributes(), any::<u32>()).prop_map(
        |(name, version, attributes, dropped_attributes_count)| {
            Arc::new(Scope {
                name,
                version,
                attributes,
                dropped_attributes_count,
            })
        },
    );
    (resource, scope)
}

fn span() -> impl Strategy<Value = Span> {
    let event = (instant(), any::<String>(), attributes(), any::<u32>()).prop_map(
        |(time, name, attributes, dropped_attributes_count)| SpanEvent {
            time,
            name,
            attributes,
            dropped_attributes_count,
        },
    );
    let link = (
        trace_id(),
        span_id(),
        any::<String>(),
        attributes(),
        any::<u32>(),
        any::<u32>(),
    )
        .prop_map(
            |(trace_id, span_id, trace_state, attributes, dropped_attributes_count, flags)| {
                SpanLink {
                    trace_id,
                    span_id,
                    trace_state,
                    attributes,
                    dropped_attributes_count,
                    flags,
                }
            },
        );
    let ids = (
        trace_id(),
        span_id(),
        prop::option::of(span_id()),
        any::<String>(),
        any::<u32>(),
    );
    let what = (any::<String>(), kind(), instant(), instant(), attributes());
    let rest = (
        vec(event, 0..3),
        vec(link, 0..3),
        any::<[u32; 3]>(),
        status_code(),
        any::<String>(),
    );
    (ids, what, rest).prop_map(|(ids, what, rest)| {
        let (trace_id, span_id, parent_span_id, trace_state, flags) = ids;
        let (name, kind, start, end, attributes) = what;
        let (events, links, dropped, code, message) = rest;
        Span {
            trace_id,
            span_id,
            parent_span_id,
            trace_state,
            flags,
            name,
            kind,
            start,
            end,
            attributes,
            dropped_attributes_count: dropped[0],
            events,
            dropped_events_count: dropped[1],
            links,
            dropped_links_count: dropped[2],
            status: Status { code, message },
        }
    })
}

/// Spans of up to three senders, each sender's together.
pub fn span_records() -> impl Strategy<Value = Vec<SpanRecord>> {
    vec((sender(), vec(span(), 1..4)), 0..3).prop_map(|batches| {
        let of_batch = |((resource, scope), spans): ((Arc<Resource>, Arc<Scope>), Vec<Span>)| {
            spans.into_iter().map(move |span| SpanRecord {
                resource: Arc::clone(&resource),
                scope: Arc::clone(&scope),
                span,
            })
        };
        batches.into_iter().flat_map(of_batch).collect()
    })
}

fn log_record() -> impl Strategy<Value = LogRecord> {
    let what = (
        instant(),
        instant(),
        0..25i32,
        any::<String>(),
        value(),
        attributes(),
    );
    let place = (
        any::<u32>(),
        prop::option::of(trace_id()),
        prop::option::of(span_id()),
        any::<u32>(),
        any::<String>(),
    );
    (what, place).prop_map(|(what, place)| {
        let (time, observed_time, severity_number, severity_text, body, attributes) = what;
        let (dropped_attributes_count, trace_id, span_id, flags, event_name) = place;
        LogRecord {
            time,
            observed_time,
            severity_number,
            severity_text,
            body,
            attributes,
            dropped_attributes_count,
            trace_id,
            span_id,
            flags,
            event_name,
        }
    })
}

/// Log records of one sender.
pub fn log_entries() -> impl Strategy<Value = Vec<LogEntry>> {
    (sender(), vec(log_record(), 0..4)).prop_map(|((resource, scope), records)| {
        let entry = |record| LogEntry {
            resource: Arc::clone(&resource),
            scope: Arc::clone(&scope),
            record,
        };
        records.into_iter().map(entry).collect()
    })
}
