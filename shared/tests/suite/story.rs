//! Traces told in sentences, and their spans in groups.

use shared::attribute::Attribute;
use shared::span::{SpanKind, SpanRecord};
use shared::time::DurationNanos;
use shared::trace::assemble;
use shared::trace::statistics::{GroupBy, measure, statistics};
use shared::trace::story::{About, tell};

use crate::shop::{booking, failed, kind, span, with};

/// The sentences about something.
fn told(spans: Vec<SpanRecord>, about: About) -> Vec<String> {
    let story = tell(&assemble(spans));
    let sentences = story.sentences.into_iter();
    sentences
        .filter(|sentence| sentence.about == about)
        .map(|sentence| sentence.text)
        .collect()
}

fn handler(calls: Vec<SpanRecord>) -> Vec<SpanRecord> {
    let mut spans = vec![span(1, 0, "shop", "POST /book", 0.0, 1_000.0)];
    spans.extend(calls);
    spans
}

#[test]
fn a_booking_says_where_its_time_went_and_what_was_tried_again() {
    assert_eq!(
        told(booking(), About::Whole),
        ["click \"Book Now\" took 2.31 s, in 6 services and 15 spans."]
    );
    let time = told(booking(), About::Time);
    assert!(
        time[0].contains("payment waited for POST acquirer/charge"),
        "{time:?}"
    );
    assert_eq!(
        told(booking(), About::Retry),
        [
            "payment tried POST acquirer/charge 3 times before it succeeded, 1.62 s together; \
             the first failed: acquirer did not answer within 600 ms."
        ]
    );
    let network = told(booking(), About::Network);
    assert!(
        network[0].contains("between shop-web and validation"),
        "{network:?}"
    );
}

#[test]
fn repeats_gaps_and_parallel_work_are_told() {
    let query =
        |index: u64, start: f64, end: f64| span(10 + index, 1, "shop", "SELECT seats", start, end);
    let row = (0..24).map(|index| query(index, 10.0 * index as f64, 10.0 * index as f64 + 9.0));
    assert_eq!(
        told(handler(row.collect()), About::Repeat),
        ["shop ran SELECT seats 24 times one after another, 216 ms together."]
    );
    let apart = handler(vec![query(1, 0.0, 100.0), query(2, 700.0, 1_000.0)]);
    assert_eq!(
        told(apart, About::Gap),
        ["In POST /book nothing is recorded for 600 ms after SELECT seats."]
    );
    let together = handler(vec![query(1, 0.0, 500.0), query(2, 10.0, 500.0)]);
    assert_eq!(
        told(together, About::Parallel),
        ["POST /book ran calls at the same time: 990 ms of work in 500 ms."]
    );
}

#[test]
fn a_failure_is_told_where_it_began_and_how_far_it_went() {
    let call = |spans: &mut Vec<SpanRecord>| {
        let seat = span(3, 2, "seating", "UPDATE seats", 20.0, 30.0);
        spans.push(failed("seat 12 is taken", seat));
        spans.push(failed(
            "",
            span(2, 1, "booking", "POST /record", 10.0, 40.0),
        ));
    };
    let mut failing = vec![failed("", span(1, 0, "shop", "click", 0.0, 100.0))];
    call(&mut failing);
    assert_eq!(
        told(failing, About::Failure),
        ["UPDATE seats in seating failed: seat 12 is taken, and took booking, shop with it."]
    );
    let mut handled = vec![span(1, 0, "shop", "click", 0.0, 100.0)];
    call(&mut handled);
    assert_eq!(
        told(handled, About::Failure),
        ["UPDATE seats in seating failed: seat 12 is taken, which shop got over."]
    );
}

#[test]
fn a_failure_is_told_through_servers_that_answer_4xx_up_to_the_browser() {
    let asks = |id, parent, service: &str, start| {
        kind(
            SpanKind::Client,
            failed("", span(id, parent, service, "ask", start, 50.0)),
        )
    };
    let answers = |id, parent, service: &str, start| {
        kind(
            SpanKind::Server,
            span(id, parent, service, "answer", start, 50.0),
        )
    };
    let spans = vec![
        span(1, 0, "shop-web", "click", 0.0, 60.0),
        asks(2, 1, "shop-web", 5.0),
        answers(3, 2, "booking", 10.0),
        asks(4, 3, "booking", 15.0),
        answers(5, 4, "seating", 20.0),
        failed(
            "seat 12 is taken",
            span(6, 5, "seating", "INSERT seat", 25.0, 35.0),
        ),
    ];
    assert_eq!(
        told(spans, About::Failure),
        ["INSERT seat in seating failed: seat 12 is taken, and took booking, shop-web with it."]
    );
}

#[test]
fn clocks_and_missing_spans_are_oddities() {
    let skewed = vec![
        span(1, 0, "shop", "POST /book", 0.0, 1_000.0),
        span(2, 1, "seating", "POST /allocate", 3_600_000.0, 3_600_100.0),
        span(3, 77, "seating", "lost", 10.0, 20.0),
    ];
    assert_eq!(
        told(skewed, About::Oddity),
        [
            "The clock of seating is 60.0 min or more ahead of shop's.",
            "The parent of one span has not arrived."
        ]
    );
    assert!(tell(&assemble(Vec::new())).sentences.is_empty());
}

#[test]
fn spans_are_grouped_by_anything() {
    let query = |id: u64, table: &str, millis: f64| {
        let attributes = vec![Attribute::new("db.collection.name", table)];
        let record = kind(SpanKind::Client, span(id, 1, "shop", "SELECT", 0.0, millis));
        with(attributes, record)
    };
    let spans = handler(vec![
        query(2, "seats", 10.0),
        query(3, "seats", 30.0),
        query(4, "shows", 20.0),
    ]);
    let trace = assemble(spans);
    let by_table = statistics(&trace, &[GroupBy::from_text("db.collection.name")]);
    let groups: Vec<(&str, u32, DurationNanos)> = by_table
        .groups
        .iter()
        .map(|group| (group.key[0].as_str(), group.count, group.p95))
        .collect();
    let millis = DurationNanos::from_millis;
    assert_eq!(
        groups,
        [
            ("", 1, millis(1_000)),
            ("seats", 2, millis(30)),
            ("shows", 1, millis(20))
        ]
    );
    assert_eq!(by_table.keys, ["db.collection.name"]);
    let by_both = statistics(&trace, &[GroupBy::Service, GroupBy::Name]);
    assert_eq!(by_both.groups[1].key, ["shop", "SELECT"]);
    assert_eq!(
        by_both.groups.iter().map(|group| group.count).sum::<u32>(),
        4
    );
}

#[test]
fn of_many_alike_sentences_the_rest_are_counted() {
    let mut spans = handler(Vec::new());
    for call in 0..50_u64 {
        let (id, start) = (10 + 10 * call, 10.0 * call as f64);
        spans.push(span(
            id,
            1,
            "seats",
            &format!("load {call}"),
            start,
            start + 9.0,
        ));
        spans.extend((0..6).map(|run| {
            let start = start + run as f64;
            span(id + 1 + run, id, "seats", "SELECT", start, start + 0.5)
        }));
    }
    let repeats = told(spans, About::Repeat);
    assert_eq!(repeats.len(), 21);
    assert_eq!(
        repeats.last().map(String::as_str),
        Some("Left out here: 30 more sentences like those.")
    );
}

#[test]
fn groups_are_listed_by_what_is_asked_and_no_more_than_that() {
    let mut spans = handler(Vec::new());
    spans.extend((0..5_u64).map(|run| {
        let (name, start) = (format!("step {}", run % 3), 100.0 * run as f64);
        span(10 + run, 1, "shop", &name, start, start + 10.0 + run as f64)
    }));
    let found = statistics(&assemble(spans), &[GroupBy::Name]);
    assert_eq!((found.count, found.groups.len()), (4, 4));
    let by_count = measure("count").expect("a measure");
    let first = found.first(by_count, 2);
    assert_eq!((first.count, first.groups.len()), (4, 2));
    assert!(first.groups.iter().all(|group| group.count == 2));
    assert!(measure("nonsense").is_none());
}
