//! Spans, logs and metrics for tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use opentelemetry_proto::tonic::metrics::v1::{
    Gauge, Metric, NumberDataPoint, metric::Data, number_data_point::Value,
};
use prost::Message as _;
use shared::attribute::{Attribute, AttributeValue};
use shared::id::{SpanId, TraceId};
use shared::log::{LogEntry, LogRecord};
use shared::query::run::{Outcome, Picture, Run, RunReport, StepOutcome, Verdict};
use shared::resource::{Resource, Scope};
use shared::span::{Span, SpanEvent, SpanKind, SpanLink, SpanRecord, Status, StatusCode};
use shared::time::{DurationNanos, UnixNanos};

use crate::store::run::KeptRun;
use crate::store::{Batch, Clock, MetricRecord};

/// 2026-11-22T12:00:00Z.
pub const NOON: UnixNanos = UnixNanos(1_795_348_800_000_000_000);

/// So many seconds after noon, or before.
pub fn after_noon(seconds: i64) -> UnixNanos {
    NOON + DurationNanos(seconds * 1_000_000_000)
}

/// The trace with this number.
pub fn trace_id(number: u32) -> TraceId {
    let mut bytes = [0xab; 16];
    bytes[12..].copy_from_slice(&number.to_be_bytes());
    TraceId::from_bytes(bytes).expect("a valid trace id")
}

/// The span with this number.
pub fn span_id(number: u32) -> SpanId {
    let mut bytes = [0xcd; 8];
    bytes[4..].copy_from_slice(&number.to_be_bytes());
    SpanId::from_bytes(bytes).expect("a valid span id")
}

/// A service's resource.
pub fn service(name: &str) -> Arc<Resource> {
    Arc::new(Resource {
        attributes: vec![Attribute::new("service.name", name)],
        dropped_attributes_count: 0,
    })
}

/// A plain span: a root of service `shop` that starts at noon and takes a second.
pub fn span(trace: u32, span: u32) -> SpanRecord {
    SpanRecord {
        resource: service("shop"),
        scope: Arc::new(Scope {
            name: "test".to_owned(),
            ..Scope::default()
        }),
        span: Span {
            trace_id: trace_id(trace),
            span_id: span_id(span),
            parent_span_id: None,
            trace_state: String::new(),
            flags: 1,
            name: "GET /".to_owned(),
            kind: SpanKind::Server,
            start: NOON,
            end: after_noon(1),
            attributes: Vec::new(),
            dropped_attributes_count: 0,
            events: Vec::new(),
            dropped_events_count: 0,
            links: Vec::new(),
            dropped_links_count: 0,
            status: Status::default(),
        },
    }
}

/// A span in which every field is set, with attributes of every kind.
pub fn rich_span(trace: u32, number: u32) -> SpanRecord {
    let attributes = vec![
        Attribute::new("text", "ünï \"quoted\""),
        Attribute::new("bool", true),
        Attribute::new("int", i64::MIN),
        Attribute::new("double", -0.25),
        Attribute::new("bytes", vec![0_u8, 255, 10]),
        Attribute {
            key: "empty".to_owned(),
            value: AttributeValue::Empty,
        },
        Attribute {
            key: "list".to_owned(),
            value: AttributeValue::Array(vec!["a".into(), 1_i64.into()]),
        },
        Attribute {
            key: "map".to_owned(),
            value: AttributeValue::Map(vec![Attribute::new("inner", "x")]),
        },
    ];
    let mut record = span(trace, number);
    record.resource = Arc::new(Resource {
        attributes: vec![
            Attribute::new("service.name", "rich"),
            Attribute::new("browser.language", "de"),
        ],
        dropped_attributes_count: 3,
    });
    record.scope = Arc::new(Scope {
        name: "scope".to_owned(),
        version: "1.2".to_owned(),
        attributes: vec![Attribute::new("scoped", true)],
        dropped_attributes_count: 4,
    });
    record.span.parent_span_id = Some(span_id(99));
    record.span.trace_state = "vendor=value".to_owned();
    record.span.flags = 0x301;
    record.span.attributes = attributes.clone();
    record.span.dropped_attributes_count = 5;
    record.span.events = vec![SpanEvent {
        time: NOON,
        name: "exception".to_owned(),
        attributes,
        dropped_attributes_count: 6,
    }];
    record.span.dropped_events_count = 7;
    record.span.links = vec![SpanLink {
        trace_id: trace_id(1_000),
        span_id: span_id(1_000),
        trace_state: "a=b".to_owned(),
        attributes: vec![Attribute::new("why", "followed")],
        dropped_attributes_count: 8,
        flags: 1,
    }];
    record.span.dropped_links_count = 9;
    record.span.status = Status {
        code: StatusCode::Error,
        message: "seat taken".to_owned(),
    };
    record
}

/// The root of what a visitor did in a browser, so many seconds after noon.
pub fn action(trace: u32, session: &str, name: &str, seconds: i64) -> SpanRecord {
    let mut record = span(trace, 1);
    record.resource = Arc::new(Resource {
        attributes: vec![
            Attribute::new("service.name", "shop-web"),
            Attribute::new("telemetry.sdk.language", "webjs"),
        ],
        dropped_attributes_count: 0,
    });
    name.clone_into(&mut record.span.name);
    record.span.kind = SpanKind::Internal;
    record.span.start = after_noon(seconds);
    record.span.end = after_noon(seconds + 1);
    record.span.attributes = vec![
        Attribute::new("session.id", session),
        Attribute::new("throughline.action", "click"),
        Attribute::new("throughline.route.before", "/book"),
        Attribute::new("user.email", format!("{session}@shop.example")),
    ];
    record
}

/// A log record of a trace.
pub fn log(trace: u32, body: &str, time: UnixNanos) -> LogEntry {
    LogEntry {
        resource: service("shop"),
        scope: Arc::default(),
        record: LogRecord {
            time,
            observed_time: NOON,
            severity_number: 17,
            severity_text: "ERROR".to_owned(),
            body: body.into(),
            attributes: vec![Attribute::new("code", 7_i64)],
            trace_id: Some(trace_id(trace)),
            span_id: Some(span_id(1)),
            flags: 1,
            event_name: "exception".to_owned(),
            dropped_attributes_count: 1,
        },
    }
}

/// A gauge with so many points.
pub fn metric(name: &str, points: u32) -> MetricRecord {
    let point = |number: u32| NumberDataPoint {
        time_unix_nano: NOON.0 + u64::from(number),
        value: Some(Value::AsInt(i64::from(number))),
        ..NumberDataPoint::default()
    };
    let message = Metric {
        name: name.to_owned(),
        data: Some(Data::Gauge(Gauge {
            data_points: (1..=points).map(point).collect(),
        })),
        ..Metric::default()
    };
    MetricRecord {
        resource: service("shop"),
        scope: Arc::default(),
        name: name.to_owned(),
        time: UnixNanos(NOON.0 + u64::from(points)),
        point_count: points,
        message: message.encode_to_vec(),
    }
}

/// A re-run of a session with one step, which went well or diverged, and a picture of it.
pub fn run(id: &str, session: &str, diverged: Option<&str>, created: UnixNanos) -> KeptRun {
    let verdict = match diverged {
        None => Verdict::Reproduced,
        Some(_) => Verdict::Diverged,
    };
    let step = StepOutcome {
        number: 1,
        name: "click \"Book\"".to_owned(),
        recorded: Some(trace_id(1)),
        trace: diverged.is_none().then_some(trace_id(2)),
        diverged: diverged.map(str::to_owned),
        findings: Vec::new(),
        screenshot: None,
    };
    let outcome = Outcome {
        verdict,
        session: session.to_owned(),
        environment: "http://shop.example".to_owned(),
        server: "http://localhost:4319".to_owned(),
        judged_by: "the recorded session".to_owned(),
        runs: vec![Run {
            id: "1-1".to_owned(),
            verdict,
            steps: vec![step],
        }],
        not_compared: Vec::new(),
        page: None,
    };
    let picture = Picture {
        number: 0,
        run: 0,
        step: 1,
    };
    KeptRun {
        report: RunReport {
            id: id.to_owned(),
            created,
            by: None,
            outcome,
            pictures: vec![picture],
            good: None,
        },
        pictures: vec![b"\x89PNG\r\n\x1a\n".to_vec()],
    }
}

/// A batch of spans.
pub fn spans(spans: impl IntoIterator<Item = SpanRecord>) -> Batch {
    Batch {
        spans: spans.into_iter().collect(),
        ..Batch::default()
    }
}

/// A clock that stands at noon until it is set.
#[derive(Clone)]
pub struct TestClock(Arc<AtomicU64>);

impl TestClock {
    /// Noon.
    pub fn at_noon() -> Self {
        Self(Arc::new(AtomicU64::new(NOON.0)))
    }

    /// Sets the clock.
    pub fn set(&self, instant: UnixNanos) {
        self.0.store(instant.0, Ordering::Relaxed);
    }

    /// The clock as a store takes it.
    pub fn clock(&self) -> Clock {
        let nanos = Arc::clone(&self.0);
        Arc::new(move || UnixNanos(nanos.load(Ordering::Relaxed)))
    }
}
