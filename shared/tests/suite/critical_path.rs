//! The critical path through whole traces.

use shared::span::SpanRecord;
use shared::time::UnixNanos;
use shared::trace::{assemble, critical_path, self_times};

use crate::shop::{self, span};

/// The path as name, start and end in milliseconds since the click.
fn path(records: Vec<SpanRecord>) -> Vec<(String, f64, f64)> {
    let trace = assemble(records);
    let millis = |at: UnixNanos| (at - UnixNanos(shop::CLICK)).as_millis_f64();
    critical_path(&trace)
        .into_iter()
        .map(|segment| {
            (
                trace.span(segment.node).name.clone(),
                millis(segment.start),
                millis(segment.end),
            )
        })
        .collect()
}

fn check(records: Vec<SpanRecord>, expected: &[(&str, f64, f64)]) {
    let expected: Vec<_> = expected
        .iter()
        .map(|(name, start, end)| ((*name).to_owned(), *start, *end))
        .collect();
    assert_eq!(path(records), expected);
}

#[test]
fn the_bookings_line_steps_down_to_the_acquirer_and_climbs_back() {
    check(
        shop::booking(),
        &[
            ("click \"Book Now\"", 0.0, 40.0),
            ("POST /api/bookings", 40.0, 100.0),
            ("POST /bookings", 100.0, 110.0),
            ("validate form", 110.0, 130.0),
            ("POST /bookings", 130.0, 150.0),
            ("POST /record", 150.0, 170.0),
            ("INSERT customers", 170.0, 200.0),
            ("POST /record", 200.0, 290.0),
            ("POST /charge", 290.0, 340.0),
            ("POST acquirer/charge", 340.0, 942.0),
            ("POST /charge", 942.0, 980.0),
            ("POST acquirer/charge", 980.0, 1581.0),
            ("POST /charge", 1581.0, 1700.0),
            // Seating ran beside the third try and gates nothing.
            ("POST acquirer/charge", 1700.0, 2121.0),
            ("POST /charge", 2121.0, 2150.0),
            ("POST /record", 2150.0, 2190.0),
            ("POST /bookings", 2190.0, 2230.0),
            ("POST /api/bookings", 2230.0, 2280.0),
            ("click \"Book Now\"", 2280.0, 2285.0),
            // It outlives the click, where the path ends.
            ("long animation frame", 2285.0, 2310.0),
        ],
    );
}

#[test]
fn of_parallel_children_the_last_to_finish_gates() {
    let root = || span(1, 0, "a", "root", 0.0, 100.0);
    check(
        vec![
            root(),
            span(2, 1, "a", "short", 10.0, 40.0),
            span(3, 1, "a", "long", 10.0, 90.0),
        ],
        &[
            ("root", 0.0, 10.0),
            ("long", 10.0, 90.0),
            ("root", 90.0, 100.0),
        ],
    );
    check(
        vec![
            root(),
            span(2, 1, "a", "before", 0.0, 60.0),
            span(3, 1, "a", "overlapping", 40.0, 100.0),
        ],
        &[("root", 0.0, 40.0), ("overlapping", 40.0, 100.0)],
    );
    check(
        vec![
            root(),
            span(2, 1, "a", "narrow", 50.0, 100.0),
            span(3, 1, "a", "wide", 20.0, 100.0),
        ],
        &[("root", 0.0, 20.0), ("wide", 20.0, 100.0)],
    );
}

#[test]
fn a_moment_of_overlap_is_no_parallelism() {
    check(
        vec![
            span(1, 0, "a", "root", 0.0, 100.0),
            span(2, 1, "a", "first", 10.0, 50.5),
            span(3, 1, "a", "second", 50.0, 90.0),
        ],
        &[
            ("root", 0.0, 10.0),
            ("first", 10.0, 50.0),
            ("second", 50.0, 90.0),
            ("root", 90.0, 100.0),
        ],
    );
}

#[test]
fn a_skewed_clock_cannot_tear_the_path() {
    check(
        vec![
            span(1, 0, "a", "root", 0.0, 100.0),
            span(2, 1, "b", "early", -50.0, 20.0),
            span(3, 2, "b", "below early", -60.0, -20.0),
            span(4, 1, "b", "late", 80.0, 500.0),
            span(5, 4, "c", "below late", 90.0, 600.0),
            span(6, 1, "d", "elsewhere", 900.0, 950.0),
        ],
        &[
            ("early", 0.0, 20.0),
            ("root", 20.0, 80.0),
            ("late", 80.0, 90.0),
            ("below late", 90.0, 100.0),
        ],
    );
}

#[test]
fn a_root_without_length_has_no_path() {
    check(
        vec![
            span(1, 0, "a", "root", 0.0, 0.0),
            span(2, 1, "a", "child", 0.0, 5.0),
        ],
        &[],
    );
    check(vec![span(1, 0, "a", "root", 5.0, 0.0)], &[]);
}

#[test]
fn the_bookings_self_times_leave_out_what_waits() {
    let trace = assemble(shop::booking());
    let times = self_times(&trace);
    let of = |name: &str| {
        let node = trace
            .nodes
            .iter()
            .position(|node| node.record.span.name == name)
            .expect("a span");
        times[node].as_millis_f64()
    };
    // The click waits from 40 to 2280 and for the frame from 2285 to its own end.
    assert_eq!(of("click \"Book Now\""), 45.0);
    assert_eq!(of("POST /api/bookings"), 110.0);
    // Three tries, and seating beside the third.
    assert_eq!(of("POST /charge"), 1860.0 - 602.0 - 601.0 - 421.0);
    assert_eq!(of("render PDF"), 90.0);
}
