//! Which traces are found, and in which order.

use super::*;

#[test]
fn finds_traces_newest_first_and_equal_starts_by_id() {
    for_both(|subject| {
        for (trace, seconds) in [(5, 10), (1, 30), (4, 20), (2, 20), (3, 20)] {
            subject.append(spans([with(trace, seconds, |_| {})]));
        }
        assert_eq!(subject.found(""), ids(&[1, 2, 3, 4, 5]));
        assert_eq!(subject.found("{ name = \"GET /\" }"), ids(&[1, 2, 3, 4, 5]));
    });
}

#[test]
fn a_trace_stands_where_its_earliest_span_does() {
    for_both(|subject| {
        subject.append(spans([with(1, 50, |_| {}), with(2, 40, |_| {})]));
        assert_eq!(subject.found(""), ids(&[1, 2]));
        let mut parent = with(1, 30, |_| {});
        parent.span.span_id = crate::sample::span_id(2);
        subject.append(spans([parent]));
        assert_eq!(subject.found(""), ids(&[2, 1]));
    });
}

#[test]
fn a_clock_that_cannot_be_right_does_not_move_a_trace() {
    for_both(|subject| {
        subject.append(spans([with(1, -10, |_| {})]));
        subject.append(spans([with(2, 0, |record| {
            record.span.start = UnixNanos(7)
        })]));
        subject.append(spans([with(3, 400 * 86_400, |_| {})]));
        subject.append(spans([with(4, -20, |_| {})]));
        // Both odd ones arrived at noon.
        assert_eq!(subject.found(""), ids(&[2, 3, 1, 4]));
    });
}

#[test]
fn says_whether_there_is_more_than_the_limit() {
    for_both(|subject| {
        subject.append(spans(
            (1..=5).map(|trace| with(trace, i64::from(trace), |_| {})),
        ));
        let all = |limit| subject.find("", UnixNanos(0), UnixNanos(u64::MAX), limit);
        assert_eq!(all(2).traces, ids(&[5, 4]));
        assert!(all(2).more);
        assert!(all(4).more);
        assert!(!all(5).more, "exactly as many as there are");
        assert_eq!(all(5).scanned, 5);
    });
}

#[test]
fn finds_traces_that_start_within_a_range_with_both_ends() {
    for_both(|subject| {
        subject.append(spans(
            (1..=5).map(|trace| with(trace, i64::from(trace) * 10, |_| {})),
        ));
        let between = |start, end| {
            subject
                .find("", after_noon(start), after_noon(end), 10)
                .traces
        };
        assert_eq!(between(20, 40), ids(&[4, 3, 2]));
        assert_eq!(between(21, 39), ids(&[3]));
        assert_eq!(between(60, 90), ids(&[]));
    });
}

#[test]
fn finds_by_service_name_status_duration_and_attribute() {
    for_both(|subject| {
        subject.append(spans([
            with(1, 5, |record| record.resource = service("payment")),
            with(2, 4, |record| record.span.name = "SELECT seats".to_owned()),
            with(3, 3, |record| record.span.status.code = StatusCode::Error),
            with(4, 2, |record| record.span.end = after_noon(30)),
            with(5, 1, |record| {
                record.span.attributes = vec![
                    Attribute::new("http.response.status_code", 500_i64),
                    Attribute::new("ratio", 2.0),
                    Attribute::new("retried", true),
                    Attribute {
                        key: "tags".to_owned(),
                        value: AttributeValue::Array(vec!["x".into(), "y".into()]),
                    },
                ];
            }),
        ]));
        for (query, expected) in [
            ("{ resource.service.name = \"payment\" }", &[1][..]),
            ("{ rootServiceName = \"payment\" }", &[1]),
            ("{ .service.name = \"payment\" }", &[1]),
            ("{ span.service.name = \"payment\" }", &[]),
            ("{ name = \"SELECT seats\" }", &[2]),
            ("{ status = error }", &[3]),
            ("{ duration > 10s }", &[4]),
            ("{ duration >= 28s && duration < 29s }", &[4]),
            ("{ .http.response.status_code = 500 }", &[5]),
            ("{ .http.response.status_code = 500.0 }", &[5]),
            ("{ .http.response.status_code >= 400 }", &[5]),
            ("{ .ratio = 2 }", &[5]),
            ("{ .retried = true }", &[5]),
            ("{ .tags = \"y\" }", &[5]),
            ("{ .tags = \"z\" }", &[]),
            ("{ .http.response.status_code = \"500\" }", &[]),
            ("{ status = error && name = \"SELECT seats\" }", &[]),
            ("{ status = error || name = \"SELECT seats\" }", &[2, 3]),
            (
                "{ resource.service.name = \"shop\" && kind = server }",
                &[2, 3, 4, 5],
            ),
        ] {
            assert_eq!(subject.found(query), ids(expected), "{query}");
        }
    });
}

#[test]
fn conditions_of_one_spanset_are_about_one_span() {
    for_both(|subject| {
        let mut first = with(1, 0, |record| {
            record.span.attributes = vec![Attribute::new("a", 1_i64)]
        });
        first.span.span_id = crate::sample::span_id(7);
        let second = with(1, 0, |record| {
            record.span.attributes = vec![Attribute::new("b", 2_i64)]
        });
        subject.append(spans([first]));
        subject.append(spans([second]));
        assert_eq!(subject.found("{ .a = 1 && .b = 2 }"), ids(&[]));
        assert_eq!(subject.found("{ .a = 1 } && { .b = 2 }"), ids(&[1]));
    });
}

#[test]
fn a_trace_that_was_under_way_at_midnight_is_one_trace() {
    for_both(|subject| {
        let before_midnight = after_noon(12 * 3_600 - 5);
        let after_midnight = after_noon(12 * 3_600 + 5);
        subject.clock.set(before_midnight);
        let mut parent = span(1, 1);
        (parent.span.start, parent.span.end) = (before_midnight, after_midnight);
        subject.append(spans([parent.clone()]));
        subject.clock.set(after_midnight);
        let mut child = span(1, 2);
        child.span.parent_span_id = Some(parent.span.span_id);
        (child.span.start, child.span.end) = (after_midnight, after_midnight);
        child.span.status.code = StatusCode::Error;
        let mut newer = span(2, 1);
        newer.span.start = before_midnight + DurationNanos(1);
        let logs = vec![log(1, "next day", after_midnight)];
        subject.append(Batch {
            spans: vec![child.clone(), newer],
            logs,
            ..Batch::default()
        });

        assert_eq!(subject.trace(1), [parent.clone(), child]);
        assert_eq!(
            subject.found(""),
            ids(&[2, 1]),
            "by the start of the whole trace"
        );
        let up_to = |end| subject.find("{ status = error }", NOON, end, 10).traces;
        assert_eq!(
            up_to(before_midnight),
            ids(&[1]),
            "by what happened the next day"
        );
        // The exporter did not hear the answer before midnight and sends again.
        subject.append(spans([parent]));
        let read = crate::query::trace(subject.store.as_ref(), trace_id(1)).expect("readable");
        assert_eq!(read.len(), 2);
        assert_eq!(subject.store.logs(trace_id(1)).expect("readable").len(), 1);
    });
}
