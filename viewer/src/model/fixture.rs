//! Small traces for tests.

use std::sync::Arc;

use shared::attribute::Attribute;
use shared::id::{SpanId, TraceId};
use shared::resource::{Resource, Scope};
use shared::span::{Span, SpanKind, SpanRecord, Status, StatusCode};
use shared::time::UnixNanos;
use shared::trace::assemble;

use super::trace::TraceModel;

/// The origin of every fixture, in nanoseconds since the epoch.
pub const ORIGIN: u64 = 1_795_345_452_381_000_000;

/// A span of `service` with times in nanoseconds from the origin; parent 0 makes a root.
/// A service whose name ends in `-web` is a browser.
pub fn span(id: u64, parent: u64, service: &str, name: &str, start: u64, end: u64) -> SpanRecord {
    let mut resource = Resource {
        attributes: vec![Attribute::new("service.name", service)],
        ..Resource::default()
    };
    if service.ends_with("-web") {
        resource
            .attributes
            .push(Attribute::new("telemetry.sdk.language", "webjs"));
    }
    SpanRecord {
        resource: Arc::new(resource),
        scope: Arc::new(Scope::default()),
        span: Span {
            trace_id: TraceId::from_bytes([7; 16]).expect("not zero"),
            span_id: SpanId::from_bytes(id.to_be_bytes()).expect("not zero"),
            parent_span_id: SpanId::from_bytes(parent.to_be_bytes()),
            trace_state: String::new(),
            flags: 1,
            name: name.to_owned(),
            kind: SpanKind::Internal,
            start: UnixNanos(ORIGIN + start),
            end: UnixNanos(ORIGIN + end),
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

/// The record, sent by an instance of its service on a host.
pub fn on_host(mut record: SpanRecord, host: &str) -> SpanRecord {
    let mut resource = (*record.resource).clone();
    resource.attributes.push(Attribute::new("host.name", host));
    record.resource = Arc::new(resource);
    record
}

/// The record with one more attribute.
pub fn with(
    mut record: SpanRecord,
    key: &str,
    value: impl Into<shared::attribute::AttributeValue>,
) -> SpanRecord {
    record.span.attributes.push(Attribute::new(key, value));
    record
}

/// The record, failed.
pub fn failed(mut record: SpanRecord, message: &str) -> SpanRecord {
    record.span.status = Status {
        code: StatusCode::Error,
        message: message.to_owned(),
    };
    record
}

/// The record with another kind.
pub fn kind(mut record: SpanRecord, kind: SpanKind) -> SpanRecord {
    record.span.kind = kind;
    record
}

/// The model of some spans.
pub fn model(spans: Vec<SpanRecord>) -> TraceModel {
    TraceModel::new(&assemble(spans))
}

/// A booking whose payment is tried three times, in milliseconds.
pub fn booking() -> TraceModel {
    let ms = |value: u64| value * 1_000_000;
    let at = |id, parent, service: &str, name: &str, start, end| {
        span(id, parent, service, name, ms(start), ms(end))
    };
    let charge = |id, start, end| {
        kind(
            at(id, 8, "payment", "POST acquirer/charge", start, end),
            SpanKind::Client,
        )
    };
    let bad_gateway = |record| {
        failed(
            with(record, "http.response.status_code", 502_i64),
            "bad gateway",
        )
    };
    let mut spans = vec![
        with(
            at(1, 0, "shop-web", "click \"Book Now\"", 0, 2_310),
            "throughline.action",
            "click",
        ),
        kind(
            at(2, 1, "shop-web", "POST /api/bookings", 40, 2_280),
            SpanKind::Client,
        ),
        kind(
            at(3, 2, "validation", "POST /bookings", 100, 2_230),
            SpanKind::Server,
        ),
        at(4, 3, "validation", "validate form", 110, 130),
        at(5, 3, "booking", "POST /record", 150, 2_190),
        at(8, 5, "payment", "POST /charge", 290, 2_150),
        bad_gateway(charge(9, 340, 942)),
        bad_gateway(charge(10, 960, 1_561)),
        charge(11, 1_580, 2_130),
        at(12, 5, "seating", "POST /allocate", 2_151, 2_180),
    ];
    spans.extend((0..24).map(|i| {
        with(
            at(
                100 + i,
                5,
                "booking",
                "SELECT seats",
                200 + 3 * i,
                202 + 3 * i,
            ),
            "db.system",
            "sqlite",
        )
    }));
    model(spans)
}
