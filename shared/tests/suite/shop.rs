//! The booking of `LOOK.md`'s trace page, as spans: one click through the browser and five services.

use std::sync::Arc;

use shared::attribute::Attribute;
use shared::id::{SpanId, TraceId};
use shared::resource::{Resource, Scope};
use shared::span::{Span, SpanEvent, SpanKind, SpanRecord, Status, StatusCode};
use shared::time::UnixNanos;

/// When the click happened.
pub const CLICK: u64 = 1_795_000_000_000_000_000;

/// A span of `service` from `start` to `end`, in milliseconds since the click.
pub fn span(id: u64, parent: u64, service: &str, name: &str, start: f64, end: f64) -> SpanRecord {
    let at = |millis: f64| UnixNanos(CLICK.saturating_add_signed((millis * 1e6).round() as i64));
    let mut attributes = vec![Attribute::new("service.name", service)];
    if service == "shop-web" {
        attributes.push(Attribute::new("telemetry.sdk.language", "webjs"));
    }
    SpanRecord {
        resource: Arc::new(Resource {
            attributes,
            dropped_attributes_count: 0,
        }),
        scope: Arc::new(Scope {
            name: "shop".into(),
            ..Scope::default()
        }),
        span: Span {
            trace_id: TraceId::from_bytes([7; 16]).expect("not zero"),
            span_id: span_id(id).expect("not zero"),
            parent_span_id: span_id(parent),
            trace_state: String::new(),
            flags: 0x101,
            name: name.into(),
            kind: SpanKind::Internal,
            start: at(start),
            end: at(end),
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

/// `None` for zero, which stands for "no parent".
pub fn span_id(number: u64) -> Option<SpanId> {
    SpanId::from_bytes(number.to_be_bytes())
}

pub fn kind(kind: SpanKind, mut record: SpanRecord) -> SpanRecord {
    record.span.kind = kind;
    record
}

pub fn with(attributes: Vec<Attribute>, mut record: SpanRecord) -> SpanRecord {
    record.span.attributes.extend(attributes);
    record
}

pub fn failed(message: &str, mut record: SpanRecord) -> SpanRecord {
    record.span.status = Status {
        code: StatusCode::Error,
        message: message.into(),
    };
    record
}

pub fn event(name: &str, attributes: Vec<Attribute>, mut record: SpanRecord) -> SpanRecord {
    let time = record.span.start;
    record.span.events.push(SpanEvent {
        time,
        name: name.into(),
        attributes,
        dropped_attributes_count: 0,
    });
    record
}

/// The booking: payment needs three tries and seating is reached while the third still runs.
pub fn booking() -> Vec<SpanRecord> {
    use SpanKind::{Client, Server};
    let status = |code: i64| vec![Attribute::new("http.response.status_code", code)];
    let acquirer = |id, start, end| {
        let message = "acquirer did not answer within 600 ms";
        let record = kind(
            Client,
            span(id, 7, "payment", "POST acquirer/charge", start, end),
        );
        if id == 10 {
            with(status(200), record)
        } else {
            failed(message, record)
        }
    };
    let click = with(
        vec![
            Attribute::new("throughline.action", "click"),
            Attribute::new("retried", true),
        ],
        span(1, 0, "shop-web", "click \"Book Now\"", 0.0, 2310.0),
    );
    let list = shared::attribute::AttributeValue::Array(vec!["A1".into(), "A2".into()]);
    vec![
        click,
        with(
            status(200),
            kind(
                Client,
                span(2, 1, "shop-web", "POST /api/bookings", 40.0, 2280.0),
            ),
        ),
        kind(
            Server,
            span(3, 2, "validation", "POST /bookings", 100.0, 2230.0),
        ),
        span(4, 3, "validation", "validate form", 110.0, 130.0),
        kind(Server, span(5, 3, "booking", "POST /record", 150.0, 2190.0)),
        with(
            vec![
                Attribute::new("db.system", "sqlite"),
                Attribute::new("rows", 1),
            ],
            kind(
                Client,
                span(6, 5, "booking", "INSERT customers", 170.0, 200.0),
            ),
        ),
        kind(Server, span(7, 5, "payment", "POST /charge", 290.0, 2150.0)),
        acquirer(8, 340.0, 942.0),
        acquirer(9, 980.0, 1581.0),
        acquirer(10, 1700.0, 2121.0),
        with(
            vec![
                Attribute {
                    key: "seats".into(),
                    value: list,
                },
                Attribute::new("load", 0.75),
            ],
            kind(
                Server,
                span(11, 7, "seating", "POST /allocate", 1900.0, 2110.0),
            ),
        ),
        kind(
            Client,
            span(12, 11, "seating", "UPDATE seats", 1920.0, 1970.0),
        ),
        kind(
            Server,
            span(13, 11, "ticketing", "POST /ticket", 1980.0, 2090.0),
        ),
        span(14, 13, "ticketing", "render PDF", 1990.0, 2080.0),
        span(15, 1, "shop-web", "long animation frame", 2285.0, 2345.0),
    ]
}
