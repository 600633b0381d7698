//! What a session's traces say of it.

use std::sync::Arc;

use shared::attribute::{Attribute, AttributeValue};
use shared::id::{SpanId, TraceId};
use shared::log::{LogEntry, LogRecord};
use shared::query::session::{EntryKind, SessionTrace, describe};
use shared::resource::{Resource, Scope};
use shared::span::{Span, SpanKind, SpanRecord, Status, StatusCode};
use shared::time::UnixNanos;
use shared::trace::assemble;

const SESSION: &str = "8f2c0000000000000000000000000001";

fn page() -> Arc<Resource> {
    let brands = ["Not)A;Brand 8", "Chromium 156", "Google Chrome 156"];
    Arc::new(Resource {
        attributes: vec![
            Attribute::new("service.name", "shop-web"),
            Attribute::new("telemetry.sdk.language", "webjs"),
            Attribute {
                key: "browser.brands".to_owned(),
                value: AttributeValue::Array(brands.into_iter().map(Into::into).collect()),
            },
        ],
        dropped_attributes_count: 0,
    })
}

fn span(trace: u8, id: u8, parent: Option<u8>, name: &str, millis: (u64, u64)) -> SpanRecord {
    let span_id = |id: u8| SpanId::from_bytes([id; 8]).expect("an id");
    SpanRecord {
        resource: page(),
        scope: Arc::new(Scope::default()),
        span: Span {
            trace_id: TraceId::from_bytes([trace; 16]).expect("an id"),
            span_id: span_id(id),
            parent_span_id: parent.map(span_id),
            trace_state: String::new(),
            flags: 1,
            name: name.to_owned(),
            kind: if parent.is_some() {
                SpanKind::Client
            } else {
                SpanKind::Internal
            },
            start: UnixNanos(millis.0 * 1_000_000),
            end: UnixNanos(millis.1 * 1_000_000),
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

fn action(trace: u8, name: &str, kind: &str, millis: (u64, u64)) -> SpanRecord {
    let mut record = span(trace, 1, None, name, millis);
    record.span.attributes = vec![
        Attribute::new("session.id", SESSION),
        Attribute::new("throughline.action", kind),
        Attribute::new("url.full", "https://shop.example/movies?day=1"),
        Attribute::new("user.email", "ada@shop.example"),
    ];
    record
}

fn event(trace: u8, name: &str, millis: u64, attributes: Vec<Attribute>) -> LogEntry {
    let mut attributes = attributes;
    attributes.push(Attribute::new("session.id", SESSION));
    LogEntry {
        resource: page(),
        scope: Arc::default(),
        record: LogRecord {
            time: UnixNanos(millis * 1_000_000),
            severity_number: if name == "exception" { 17 } else { 9 },
            event_name: name.to_owned(),
            attributes,
            trace_id: TraceId::from_bytes([trace; 16]),
            span_id: SpanId::from_bytes([1; 8]),
            ..LogRecord::default()
        },
    }
}

/// A load with a slow paint, and a click in vain whose request fails.
fn traces() -> Vec<SessionTrace> {
    let vital = event(
        1,
        "browser.web_vital",
        900,
        vec![
            Attribute::new("browser.web_vital.name", "lcp"),
            Attribute::new("browser.web_vital.value", 4_200.0),
            Attribute::new("browser.web_vital.rating", "poor"),
        ],
    );
    let thrown = event(
        2,
        "exception",
        2_050,
        vec![
            Attribute::new("exception.type", "TypeError"),
            Attribute::new("exception.message", "seat is null"),
        ],
    );
    let mut click = action(2, "click \"Book Now\"", "click", (2_000, 2_100));
    click.span.attributes.extend([
        Attribute::new("throughline.rage", true),
        Attribute {
            key: "throughline.step.selectors".to_owned(),
            value: AttributeValue::Array(vec!["testid=book".into()]),
        },
        Attribute::new("throughline.step.route", "/movies/{id}"),
    ]);
    let mut request = span(2, 2, Some(1), "POST /api/bookings", (2_010, 2_900));
    request.span.status.code = StatusCode::Error;
    request
        .span
        .attributes
        .push(Attribute::new("http.response.status_code", 502));
    vec![
        SessionTrace {
            trace: assemble(vec![click, request]),
            logs: vec![thrown],
        },
        SessionTrace {
            trace: assemble(vec![action(1, "load /movies", "load", (0, 800))]),
            logs: vec![vital],
        },
    ]
}

#[test]
fn tells_what_the_visitor_did_in_order_and_what_went_wrong() {
    let session = describe(SESSION, &traces()).expect("a session");
    let names: Vec<_> = session
        .actions
        .iter()
        .map(|action| action.name.as_str())
        .collect();
    assert_eq!(names, ["load /movies", "click \"Book Now\""]);
    let summary = &session.summary;
    assert_eq!(summary.service, "shop-web");
    assert_eq!(summary.browser.as_deref(), Some("Google Chrome 156"));
    assert_eq!(summary.user["user.email"], "ada@shop.example");
    assert_eq!(summary.routes, ["/movies", "/movies/{id}"]);
    assert_eq!(
        (
            summary.action_count,
            summary.error_count,
            summary.rage_count
        ),
        (2, 1, 1)
    );
    assert_eq!(
        summary.error.as_deref(),
        Some("POST /api/bookings: HTTP 502")
    );
    assert_eq!(summary.vitals[0].to_string(), "LCP 4.2 s");
    assert_eq!((summary.end - summary.start).as_millis_f64(), 2_900.0);
    let click = &session.actions[1];
    assert_eq!(click.error_count, 2, "a failed request and an exception");
    assert_eq!(click.caused.as_deref(), Some("POST /api/bookings"));
    let entries: Vec<_> = session
        .entries
        .iter()
        .map(|entry| (entry.kind, entry.text.as_str(), entry.failed))
        .collect();
    assert_eq!(
        entries,
        [
            (EntryKind::Vital, "LCP 4.2 s", true),
            (EntryKind::Request, "POST /api/bookings · 502", true),
            (EntryKind::Exception, "TypeError: seat is null", true),
        ]
    );
}

#[test]
fn what_another_visitor_did_is_not_in_it() {
    assert_eq!(describe("another", &traces()), None);
    let mut traces = traces();
    let foreign = traces.remove(0);
    let kept = describe(SESSION, &traces).expect("a session");
    assert_eq!(kept.summary.action_count, 1);
    assert_eq!(describe("another", &[foreign]), None);
}
