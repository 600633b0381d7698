//! The tracer's protobuf writer, read back by `prost` through OpenTelemetry's generated messages.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::{
    Metric, NumberDataPoint, Sum, metric, number_data_point,
};
use opentelemetry_proto::tonic::trace::v1 as proto;
use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message;
use shared::id::{SpanId, TraceId};
use shared::kind::{SpanKind, StatusCode};
use shared::otlp::encode::{
    self, Attributes, FLAG_HAS_IS_REMOTE, FLAG_SAMPLED, LogFields, MOST_ATTRIBUTES, SpanFields,
    SumFields,
};
use shared::time::UnixNanos;

use crate::generate;

/// The values that the tracer writes.
#[derive(Debug, Clone)]
enum Put {
    Str(String),
    Bool(bool),
    Int(i64),
    Double(f64),
    Strs(Vec<String>),
}

fn puts() -> impl Strategy<Value = Vec<(String, Put)>> {
    let value = prop_oneof![
        any::<String>().prop_map(Put::Str),
        // Long enough for lengths of two and three bytes.
        (0..20_000usize).prop_map(|length| Put::Str("x".repeat(length))),
        any::<bool>().prop_map(Put::Bool),
        any::<i64>().prop_map(Put::Int),
        any::<f64>()
            .prop_filter("not NaN", |value| !value.is_nan())
            .prop_map(Put::Double),
        vec(any::<String>(), 0..4).prop_map(Put::Strs),
    ];
    // Few keys, so that some come twice, and more than an owner may have.
    let key = prop_oneof![
        Just("k".to_owned()),
        any::<String>().prop_filter("not empty", |key| !key.is_empty())
    ];
    prop_oneof![
        9 => vec((key, value), 0..4),
        1 => vec(("[a-z]{1,3}", any::<i64>().prop_map(Put::Int)), 100..300),
    ]
}

fn write(mut attributes: Attributes, puts: &[(String, Put)]) -> Attributes {
    for (key, put) in puts {
        match put {
            Put::Str(value) => attributes.put_str(key, value),
            Put::Bool(value) => attributes.put_bool(key, *value),
            Put::Int(value) => attributes.put_int(key, *value),
            Put::Double(value) => attributes.put_double(key, *value),
            Put::Strs(values) => {
                let list = attributes.begin_list(key);
                for value in values {
                    attributes.put_member(value);
                }
                attributes.finish_list(list);
            }
        }
    }
    assert_eq!(attributes.is_empty(), puts.is_empty());
    attributes
}

fn expected(puts: &[(String, Put)]) -> Vec<KeyValue> {
    let any = |value| Some(AnyValue { value: Some(value) });
    let value = |put: &Put| match put {
        Put::Str(value) => Value::StringValue(value.clone()),
        Put::Bool(value) => Value::BoolValue(*value),
        Put::Int(value) => Value::IntValue(*value),
        Put::Double(value) => Value::DoubleValue(*value),
        Put::Strs(values) => Value::ArrayValue(ArrayValue {
            values: values
                .iter()
                .map(|value| AnyValue {
                    value: Some(Value::StringValue(value.clone())),
                })
                .collect(),
        }),
    };
    let (kept, _) = kept(puts);
    kept.into_iter()
        .map(|(key, put)| KeyValue {
            key: key.clone(),
            value: any(value(put)),
            ..KeyValue::default()
        })
        .collect()
}

/// What remains of puts, each key with its last value, and how many were too many.
fn kept(puts: &[(String, Put)]) -> (Vec<&(String, Put)>, u32) {
    let (mut kept, mut dropped) = (Vec::<&(String, Put)>::new(), 0);
    for put in puts {
        kept.retain(|(key, _)| *key != put.0);
        if kept.len() == MOST_ATTRIBUTES as usize {
            dropped += 1;
        } else {
            kept.push(put);
        }
    }
    (kept, dropped)
}

type Puts = Vec<(String, Put)>;

#[derive(Debug, Clone)]
struct Fields {
    ids: (TraceId, SpanId, Option<SpanId>, String, u32),
    what: (String, SpanKind, UnixNanos, UnixNanos, Puts),
    events: Vec<(UnixNanos, String, Puts)>,
    links: Vec<(TraceId, SpanId, u32, Puts)>,
    dropped: [u32; 2],
    status: (StatusCode, String),
}

fn fields() -> impl Strategy<Value = Fields> {
    use generate::{instant, kind, span_id, status_code, trace_id};
    (
        (
            trace_id(),
            span_id(),
            prop::option::of(span_id()),
            any::<String>(),
            any::<u32>(),
        ),
        (any::<String>(), kind(), instant(), instant(), puts()),
        vec((instant(), any::<String>(), puts()), 0..3),
        vec((trace_id(), span_id(), any::<u32>(), puts()), 0..3),
        any::<[u32; 2]>(),
        (status_code(), any::<String>()),
    )
        .prop_map(|(ids, what, events, links, dropped, status)| Fields {
            ids,
            what,
            events,
            links,
            dropped,
            status,
        })
}

fn encode_span(out: &mut Vec<u8>, fields: &Fields) -> usize {
    let attributes = write(Attributes::of_span(), &fields.what.4);
    let (mut events, mut links) = (Vec::new(), Vec::new());
    for (time, name, puts) in &fields.events {
        encode::event(
            &mut events,
            *time,
            name,
            Some(&write(Attributes::of_event(), puts)),
        );
    }
    for (trace_id, span_id, flags, puts) in &fields.links {
        encode::link(
            &mut links,
            *trace_id,
            *span_id,
            *flags,
            Some(&write(Attributes::of_link(), puts)),
        );
    }
    let span = SpanFields {
        parent: fields.ids.2,
        trace_state: &fields.ids.3,
        flags: fields.ids.4,
        kind: fields.what.1,
        attributes: Some(&attributes),
        events: &events,
        dropped_events_count: fields.dropped[0],
        links: &links,
        dropped_links_count: fields.dropped[1],
        status: fields.status.0,
        status_message: &fields.status.1,
        ..SpanFields::new(
            fields.ids.0,
            fields.ids.1,
            &fields.what.0,
            fields.what.2,
            fields.what.3,
        )
    };
    encode::span(out, &span)
}

fn expected_span(fields: &Fields) -> proto::Span {
    let (code, message) = &fields.status;
    let unset = *code == StatusCode::Unset && message.is_empty();
    proto::Span {
        trace_id: fields.ids.0.as_bytes().to_vec(),
        span_id: fields.ids.1.as_bytes().to_vec(),
        parent_span_id: fields
            .ids
            .2
            .map(|id| id.as_bytes().to_vec())
            .unwrap_or_default(),
        trace_state: fields.ids.3.clone(),
        flags: fields.ids.4,
        name: fields.what.0.clone(),
        kind: fields.what.1.to_otlp(),
        start_time_unix_nano: fields.what.2.0,
        end_time_unix_nano: fields.what.3.0,
        attributes: expected(&fields.what.4),
        dropped_attributes_count: kept(&fields.what.4).1,
        events: fields
            .events
            .iter()
            .map(|(time, name, puts)| proto::span::Event {
                time_unix_nano: time.0,
                name: name.clone(),
                attributes: expected(puts),
                dropped_attributes_count: kept(puts).1,
            })
            .collect(),
        dropped_events_count: fields.dropped[0],
        links: fields
            .links
            .iter()
            .map(|(trace_id, span_id, flags, puts)| proto::span::Link {
                trace_id: trace_id.as_bytes().to_vec(),
                span_id: span_id.as_bytes().to_vec(),
                flags: *flags,
                attributes: expected(puts),
                dropped_attributes_count: kept(puts).1,
                ..proto::span::Link::default()
            })
            .collect(),
        dropped_links_count: fields.dropped[1],
        status: (!unset).then(|| proto::Status {
            message: message.clone(),
            code: code.to_otlp(),
        }),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn prost_reads_what_the_tracer_writes(
        resource in puts(),
        scope in (any::<String>(), any::<String>()),
        spans in vec(fields(), 0..4),
    ) {
        let mut bytes = Vec::new();
        for fields in &spans {
            let before = bytes.len();
            let length = encode_span(&mut bytes, fields);
            prop_assert_eq!(bytes.len(), before + length);
        }
        let body = encode::request(&write(Attributes::of_resource(), &resource), &scope.0, &scope.1, &bytes);
        let request = ExportTraceServiceRequest::decode(body.as_slice()).expect("valid protobuf");
        prop_assert_eq!(request.resource_spans.len(), 1);
        let of_resource = &request.resource_spans[0];
        prop_assert_eq!(&of_resource.resource.as_ref().expect("a resource").attributes, &expected(&resource));
        prop_assert_eq!(of_resource.scope_spans.len(), 1);
        let of_scope = &of_resource.scope_spans[0];
        let read = of_scope.scope.as_ref().expect("a scope");
        prop_assert_eq!((&read.name, &read.version), (&scope.0, &scope.1));
        prop_assert_eq!(&of_scope.spans, &spans.iter().map(expected_span).collect::<Vec<_>>());
        // Nothing but the canonical form: prost writes the same number of bytes.
        prop_assert_eq!(request.encoded_len(), body.len());
    }
}

type Log = (
    UnixNanos,
    UnixNanos,
    u32,
    String,
    String,
    Puts,
    Option<(TraceId, SpanId)>,
    u32,
);

fn log() -> impl Strategy<Value = Log> {
    use generate::{instant, span_id, trace_id};
    (
        instant(),
        instant(),
        0..25u32,
        any::<String>(),
        any::<String>(),
        puts(),
        prop::option::of((trace_id(), span_id())),
        any::<u32>(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn prost_reads_the_log_records_that_the_tracer_writes(logs in vec(log(), 0..4)) {
        let mut bytes = Vec::new();
        for (time, observed, severity, event_name, body, puts, span, flags) in &logs {
            encode::log_record(&mut bytes, &LogFields {
                time: *time,
                observed: *observed,
                severity: *severity,
                event_name,
                body,
                attributes: &write(Attributes::of_log(), puts),
                span: *span,
                flags: *flags,
            });
        }
        let body = encode::request(&Attributes::of_resource(), "a", "b", &bytes);
        let request = ExportLogsServiceRequest::decode(body.as_slice()).expect("valid protobuf");
        let read = &request.resource_logs[0].scope_logs[0].log_records;
        let expected: Vec<_> = logs
            .into_iter()
            .map(|(time, observed, severity, event_name, body, puts, span, flags)| LogRecord {
                time_unix_nano: time.0,
                observed_time_unix_nano: observed.0,
                severity_number: severity as i32,
                severity_text: String::new(),
                body: (!body.is_empty()).then_some(AnyValue { value: Some(Value::StringValue(body)) }),
                attributes: expected(&puts),
                dropped_attributes_count: kept(&puts).1,
                flags: if span.is_some() { flags } else { 0 },
                trace_id: span.map(|(id, _)| id.as_bytes().to_vec()).unwrap_or_default(),
                span_id: span.map(|(_, id)| id.as_bytes().to_vec()).unwrap_or_default(),
                event_name,
            })
            .collect();
        prop_assert_eq!(read, &expected);
    }

    #[test]
    fn prost_reads_the_metrics_that_the_tracer_writes(
        sums in vec((".*", ".*", generate::instant(), generate::instant(), any::<u64>(), puts(), any::<bool>()), 0..4),
    ) {
        let mut bytes = Vec::new();
        for (name, unit, start, time, value, puts, growth) in &sums {
            encode::sum(&mut bytes, &SumFields {
                name,
                unit,
                start: *start,
                time: *time,
                value: *value,
                attributes: &write(Attributes::of_point(), &puts[..puts.len().min(100)]),
                growth: *growth,
            });
        }
        let body = encode::request(&Attributes::of_resource(), "a", "b", &bytes);
        let request = ExportMetricsServiceRequest::decode(body.as_slice()).expect("valid protobuf");
        let read = &request.resource_metrics[0].scope_metrics[0].metrics;
        let expected: Vec<_> = sums
            .into_iter()
            .map(|(name, unit, start, time, value, puts, growth)| Metric {
                name,
                unit,
                data: Some(metric::Data::Sum(Sum {
                    data_points: vec![NumberDataPoint {
                        attributes: expected(&puts[..puts.len().min(100)]),
                        start_time_unix_nano: start.0,
                        time_unix_nano: time.0,
                        value: Some(number_data_point::Value::AsInt(value as i64)),
                        ..NumberDataPoint::default()
                    }],
                    aggregation_temporality: if growth { 1 } else { 2 },
                    is_monotonic: growth,
                })),
                ..Metric::default()
            })
            .collect();
        prop_assert_eq!(read, &expected);
    }
}

#[test]
fn a_new_span_is_a_sampled_root_that_knows_its_parent_is_not_remote() {
    let trace_id = TraceId::from_bytes([1; 16]).expect("not zero");
    let span_id = SpanId::from_bytes([2; 8]).expect("not zero");
    let mut bytes = Vec::new();
    encode::span(
        &mut bytes,
        &SpanFields::new(trace_id, span_id, "click", UnixNanos(1), UnixNanos(2)),
    );
    let body = encode::request(&Attributes::of_resource(), "", "", &bytes);
    let request = ExportTraceServiceRequest::decode(body.as_slice()).expect("valid protobuf");
    let span = &request.resource_spans[0].scope_spans[0].spans[0];
    assert_eq!(span.flags, FLAG_SAMPLED | FLAG_HAS_IS_REMOTE);
    assert_eq!(
        (span.kind, span.parent_span_id.len()),
        (SpanKind::Internal.to_otlp(), 0)
    );
}

#[test]
fn a_key_that_is_put_again_has_its_last_value_only() {
    let mut attributes = Attributes::of_span();
    attributes.put_str("long", &"x".repeat(300));
    attributes.put_bool("a", true);
    attributes.put_str("long", "short");
    let before = attributes.len();
    attributes.put_bool("a", false);
    assert_eq!(attributes.len(), before);
}
