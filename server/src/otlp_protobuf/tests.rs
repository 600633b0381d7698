//! What is decoded is what was encoded, and nothing with invalid ids comes out.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, span::Link};
use shared::id::IdError;

use super::decode::{self, SpanError};
use super::encode;
use crate::sample::{NOON, log, rich_span, span};

#[test]
fn decodes_what_it_encodes() {
    let record = rich_span(1, 1);
    let message = encode::span(&record.span);
    assert_eq!(decode::span(message), Ok(record.span));
    assert_eq!(
        decode::resource(encode::resource(&record.resource)),
        *record.resource
    );
    assert_eq!(decode::scope(encode::scope(&record.scope)), *record.scope);
    let entry = log(1, "line", NOON);
    assert_eq!(
        decode::log_record(encode::log_record(&entry.record)),
        entry.record
    );
}

#[test]
fn refuses_spans_with_invalid_ids() {
    let valid = || encode::span(&span(1, 1).span);
    let eight = || IdError::Length { expected: 8 };
    for (message, expected, reason) in [
        (
            Span {
                trace_id: Vec::new(),
                ..valid()
            },
            SpanError::Trace(IdError::Length { expected: 16 }),
            "no trace id",
        ),
        (
            Span {
                trace_id: vec![0; 16],
                ..valid()
            },
            SpanError::Trace(IdError::Zero),
            "zeros",
        ),
        (
            Span {
                trace_id: vec![1; 15],
                ..valid()
            },
            SpanError::Trace(IdError::Length { expected: 16 }),
            "a byte short",
        ),
        (
            Span {
                span_id: Vec::new(),
                ..valid()
            },
            SpanError::Span(eight()),
            "no span id",
        ),
        (
            Span {
                span_id: vec![0; 8],
                ..valid()
            },
            SpanError::Span(IdError::Zero),
            "zeros",
        ),
        (
            Span {
                span_id: vec![1; 16],
                ..valid()
            },
            SpanError::Span(eight()),
            "too long",
        ),
        (
            Span {
                parent_span_id: vec![1; 3],
                ..valid()
            },
            SpanError::Parent(eight()),
            "odd parent",
        ),
    ] {
        assert_eq!(decode::span(message), Err(expected), "{reason}");
    }
    let root = decode::span(Span {
        parent_span_id: vec![0; 8],
        ..valid()
    })
    .expect("a root");
    assert_eq!(root.parent_span_id, None);
}

#[test]
fn counts_rejected_spans_and_keeps_the_others() {
    let good = encode::span(&span(1, 1).span);
    let bad = Span {
        span_id: vec![1],
        name: "broken".to_owned(),
        ..good.clone()
    };
    let scope_spans = vec![ScopeSpans {
        spans: vec![bad.clone(), good, bad],
        ..ScopeSpans::default()
    }];
    let resource_spans = vec![ResourceSpans {
        scope_spans,
        ..ResourceSpans::default()
    }];
    let decoded = decode::spans(ExportTraceServiceRequest { resource_spans });
    assert_eq!((decoded.records.len(), decoded.rejected), (1, 2));
    assert_eq!(
        decoded.records[0].resource.service_name(),
        "unknown_service"
    );
    let reason = decoded.reason.expect("a reason");
    assert!(
        reason.contains("\"broken\"") && reason.contains("span id"),
        "{reason}"
    );
}

#[test]
fn leaves_out_links_to_nowhere_and_counts_them() {
    let link = Link {
        trace_id: vec![1; 16],
        span_id: Vec::new(),
        ..Link::default()
    };
    let message = Span {
        links: vec![link],
        dropped_links_count: 2,
        ..encode::span(&span(1, 1).span)
    };
    let decoded = decode::span(message).expect("valid");
    assert_eq!((decoded.links.len(), decoded.dropped_links_count), (0, 3));
}

#[test]
fn keeps_log_records_with_invalid_ids_without_them() {
    let log_records = vec![LogRecord {
        trace_id: vec![1; 3],
        span_id: vec![0; 8],
        ..LogRecord::default()
    }];
    let scope_logs = vec![ScopeLogs {
        log_records,
        ..ScopeLogs::default()
    }];
    let resource_logs = vec![ResourceLogs {
        scope_logs,
        ..ResourceLogs::default()
    }];
    let entries = decode::logs(ExportLogsServiceRequest { resource_logs });
    assert_eq!(
        (entries[0].record.trace_id, entries[0].record.span_id),
        (None, None)
    );
}
