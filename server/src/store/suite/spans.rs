//! What is kept of spans, and of the services that sent them.

use super::*;

#[test]
fn gives_back_every_field_of_a_span() {
    for_both(|subject| {
        let sent = vec![rich_span(1, 1), span(1, 2)];
        subject.append(spans(sent.clone()));
        assert_eq!(subject.trace(1), sent);
        assert_eq!(subject.trace(2), Vec::new());
    });
}

#[test]
fn keeps_values_as_deep_as_they_are_taken() {
    let nested = |open: &str, close: &str, levels: usize| {
        let (open, close) = (open.repeat(levels), close.repeat(levels));
        format!(
            r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"traceId":"{}","spanId":"{}",
            "events":[{{"attributes":[{{"key":"deep","value":{open}{{}}{close}}}]}}]}}]}}]}}]}}"#,
            trace_id(1),
            crate::sample::span_id(1),
        )
    };
    for (open, close) in [
        (r#"{"arrayValue":{"values":["#, "]}}"),
        (r#"{"kvlistValue":{"values":[{"key":"k","value":"#, "}]}}"),
    ] {
        let decode =
            |levels| shared::otlp::json::decode_spans(nested(open, close, levels).as_bytes());
        let deepest = (1..60)
            .rev()
            .find_map(|levels| decode(levels).ok())
            .expect("some depth");
        assert_eq!(deepest.records.len(), 1);
        for_both(|subject| {
            subject.append(spans(deepest.records.clone()));
            assert_eq!(subject.trace(1), deepest.records);
        });
    }
}

#[test]
fn keeps_times_that_no_calendar_has() {
    for_both(|subject| {
        for (number, start, end, reason) in [
            (1, 0, 0, "never set"),
            (2, 5, 3, "an end before the start"),
            (3, u64::MAX, u64::MAX, "the last instant"),
            (4, u64::MAX, 0, "the widest negative duration"),
            (5, 0, u64::MAX, "the widest duration"),
            (
                6,
                i64::MAX as u64,
                i64::MAX as u64 + 1,
                "across what SQLite holds",
            ),
        ] {
            let sent = with(number, 0, |record| {
                (record.span.start, record.span.end) = (UnixNanos(start), UnixNanos(end));
            });
            subject.append(spans([sent.clone()]));
            assert_eq!(subject.trace(number), [sent], "{reason}");
            assert!(subject.found("").contains(&trace_id(number)), "{reason}");
        }
    });
}

#[test]
fn keeps_a_span_once_however_often_it_arrives() {
    for_both(|subject| {
        let sent = rich_span(1, 1);
        subject.append(spans([sent.clone(), sent.clone()]));
        subject.append(spans([sent.clone()]));
        // The same content from another batch, in other memory.
        subject.append(spans([rich_span(1, 1)]));
        assert_eq!(subject.trace(1), [sent]);
        assert_eq!(subject.services()[0].span_count, 1);
    });
}

#[test]
fn keeps_a_different_span_with_the_same_ids_beside_the_first() {
    for_both(|subject| {
        let first = span(1, 1);
        let mut second = span(1, 1);
        second.span.name = "conflicting".to_owned();
        let mut third = span(1, 1);
        third.resource = service("impostor");
        subject.append(spans([first, second, third]));
        assert_eq!(subject.trace(1).len(), 3);
    });
}

#[test]
fn joins_a_trace_from_batches_of_many_services() {
    for_both(|subject| {
        for number in 1..=20 {
            let mut record = span(1, number);
            record.resource = service(&format!("service-{}", number % 5));
            subject.append(spans([record, span(2, number)]));
        }
        assert_eq!(subject.trace(1).len(), 20);
        let services = subject.services();
        let names: Vec<&str> = services
            .iter()
            .map(|service| service.name.as_str())
            .collect();
        assert_eq!(
            names,
            [
                "service-0",
                "service-1",
                "service-2",
                "service-3",
                "service-4",
                "shop"
            ]
        );
    });
}

#[test]
fn lists_services_with_their_operations_and_counts() {
    for_both(|subject| {
        let named = |number, name: &str| {
            let mut record = span(number, number);
            record.span.name = name.to_owned();
            record
        };
        subject.append(spans([
            named(1, "b"),
            named(2, "a"),
            named(3, "b"),
            rich_span(4, 1),
        ]));
        let services = subject.services();
        assert_eq!(services.len(), 2);
        assert_eq!(
            (services[0].name.as_str(), services[0].browser),
            ("rich", true)
        );
        assert_eq!(
            (services[1].name.as_str(), services[1].browser),
            ("shop", false)
        );
        assert_eq!(services[1].operations, ["a", "b"]);
        assert_eq!(services[1].span_count, 3);
    });
}

#[test]
fn counts_the_traces_of_each_service_and_says_where_time_was_up() {
    for_both(|subject| {
        let of = |trace, number, name: &str| {
            let mut record = span(trace, number);
            record.resource = service(name);
            record
        };
        subject.append(spans([of(1, 1, "a"), of(1, 2, "b"), of(1, 3, "b")]));
        subject.append(spans([of(1, 4, "b"), of(2, 1, "b")]));
        subject.clock.set(after_noon(24 * 3_600));
        subject.append(spans([of(2, 2, "b"), of(3, 1, "b"), of(3, 2, "c")]));
        let counts: Vec<_> = subject
            .services()
            .into_iter()
            .map(|service| (service.name, service.trace_count))
            .collect();
        let expected = [("a", 1), ("b", 3), ("c", 1)];
        assert_eq!(
            counts,
            expected.map(|(name, traces)| (name.to_owned(), Some(traces)))
        );
        let unasked = services(subject.store.as_ref(), NOON, None).expect("readable");
        assert_eq!(unasked.services[0].trace_count, None);
    });
    let [_, sqlite] = subjects();
    sqlite.append(spans([span(1, 1)]));
    let late = services(sqlite.store.as_ref(), NOON, Some(std::time::Instant::now()));
    assert_eq!(late.expect("readable").services[0].trace_count, None);
}

#[test]
fn says_of_which_time_its_figures_are() {
    for_both(|subject| {
        let of = || services(subject.store.as_ref(), NOON, None).expect("readable");
        let nothing = of();
        assert_eq!(
            (nothing.start, nothing.end, nothing.span_count),
            (None, None, 0)
        );
        let at = |number: u32, seconds| {
            let mut record = span(number, 1);
            record.span.start = after_noon(seconds);
            record.span.end = after_noon(seconds + 1);
            record
        };
        subject.append(spans([at(1, 30), at(2, 10), at(3, 20)]));
        let some = of();
        assert_eq!(
            (some.start, some.end),
            (Some(after_noon(10)), Some(after_noon(30)))
        );
        assert_eq!((some.span_count, some.as_of), (3, NOON));
    });
}

#[test]
fn keeps_nothing_of_no_batches() {
    for_both(|subject| {
        subject.store.append(&[]).expect("nothing to do");
        subject.append(Batch::default());
        assert_eq!(subject.found(""), ids(&[]));
        assert!(subject.services().is_empty());
    });
}
