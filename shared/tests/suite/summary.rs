//! What a list shows of a trace.

use shared::attribute::Attribute;
use shared::query::summarise;
use shared::span::SpanKind;
use shared::time::{DurationNanos, UnixNanos};
use shared::trace::{Trace, assemble};

use crate::shop::{self, event, failed, kind, span, with};

#[test]
fn the_booking_in_a_row() {
    let summary = summarise(&assemble(shop::booking())).expect("it has spans");
    assert_eq!(summary.root_name, "click \"Book Now\"");
    assert_eq!(summary.root_service, "shop-web");
    assert_eq!(summary.caused.as_deref(), Some("POST /api/bookings"));
    assert_eq!(
        (summary.start, summary.duration),
        (UnixNanos(shop::CLICK), DurationNanos::from_millis(2345))
    );
    assert_eq!((summary.span_count, summary.error_count), (15, 2));
    assert_eq!(
        summary.error.as_deref(),
        Some("POST acquirer/charge: acquirer did not answer within 600 ms")
    );
    let services: Vec<_> = summary
        .services
        .iter()
        .map(|share| (share.name.as_str(), share.browser))
        .collect();
    assert_eq!(
        services,
        [
            ("shop-web", true),
            ("validation", false),
            ("booking", false),
            ("payment", false),
            ("seating", false),
            ("ticketing", false)
        ]
    );
    let payment = &summary.services[3];
    assert_eq!((payment.span_count, payment.error_count), (4, 2));
    assert_eq!(payment.start, DurationNanos::from_millis(290));
    assert_eq!(payment.duration, DurationNanos::from_millis(1860));
    let json = serde_json::to_string(&summary).expect("JSON");
    assert_eq!(
        serde_json::from_str::<shared::query::TraceSummary>(&json).expect("the same"),
        summary
    );
}

#[test]
fn the_browser_comes_first_although_a_clock_says_otherwise() {
    let records = vec![
        span(1, 0, "shop-web", "click", 0.0, 9.0),
        span(2, 1, "booking", "GET /", -5.0, 3.0),
    ];
    let summary = summarise(&assemble(records)).expect("it has spans");
    assert_eq!(summary.services[0].name, "shop-web");
    assert_eq!(summary.services[0].start, DurationNanos::from_millis(5));
    assert_eq!(summary.caused, None);
}

#[test]
fn nothing_has_no_summary() {
    assert_eq!(summarise(&Trace::default()), None);
}

#[test]
fn an_error_is_told_where_it_began() {
    let root = || failed("", span(1, 0, "shop-web", "click", 0.0, 9.0));
    let status = |code: i64| {
        vec![
            Attribute::new("http.response.status_code", code),
            Attribute::new("error.type", "409"),
        ]
    };
    let fetch = || {
        with(
            status(409),
            failed(
                "",
                kind(
                    SpanKind::Client,
                    span(2, 1, "shop-web", "POST /api", 1.0, 8.0),
                ),
            ),
        )
    };
    let serve = || {
        failed(
            "",
            kind(
                SpanKind::Server,
                span(3, 2, "seating", "POST /allocate", 2.0, 7.0),
            ),
        )
    };
    let exception = |key: &'static str, text: &'static str| {
        event("exception", vec![Attribute::new(key, text)], serve())
    };
    let typed = || with(vec![Attribute::new("error.type", "seat_conflict")], serve());
    for (records, expected, reason) in [
        (vec![root()], "click", "nothing is said"),
        (
            vec![root(), fetch()],
            "POST /api: HTTP 409",
            "only the status, which error.type repeats",
        ),
        (
            vec![root(), fetch(), serve()],
            "POST /api: HTTP 409",
            "the failed child says nothing",
        ),
        (
            vec![root(), fetch(), typed()],
            "POST /allocate: seat_conflict",
            "a class",
        ),
        (
            vec![root(), fetch(), exception("exception.type", "SeatTaken")],
            "POST /allocate: SeatTaken",
            "an exception's class",
        ),
        (
            vec![
                root(),
                fetch(),
                exception("exception.message", "seat F7 is taken"),
            ],
            "POST /allocate: seat F7 is taken",
            "an exception's message",
        ),
        (
            vec![root(), fetch(), failed("no seats", typed())],
            "POST /allocate: no seats",
            "the status message",
        ),
    ] {
        let summary = summarise(&assemble(records)).expect("it has spans");
        assert_eq!(summary.error.as_deref(), Some(expected), "{reason}");
    }
}
