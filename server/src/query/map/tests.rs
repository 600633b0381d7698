//! The minutes of either store.

use std::time::{Duration, Instant};

use shared::attribute::Attribute;
use shared::graph::Role;
use shared::span::{SpanKind, SpanRecord};
use shared::time::{DurationNanos, UnixNanos};

use super::*;
use crate::sample::{NOON, after_noon, service, span, span_id, spans};
use crate::store::suite::{Subject, for_both};

/// A booking: the shop asks payment, which asks its database.
fn booking(trace: u32, second: i64) -> Vec<SpanRecord> {
    let child = |number: u32, parent: u32, of: &str, kind: SpanKind| {
        let mut record = span(trace, number);
        record.span.parent_span_id = (parent > 0).then(|| span_id(parent));
        record.resource = service(of);
        record.span.kind = kind;
        record.span.start = after_noon(second);
        record.span.end = after_noon(second) + DurationNanos::from_millis(10);
        record
    };
    let mut query = child(4, 3, "payment", SpanKind::Client);
    query.span.attributes = vec![
        Attribute::new("db.system.name", "sqlite"),
        Attribute::new("db.namespace", "/var/lib/cards.db"),
    ];
    vec![
        child(1, 0, "shop", SpanKind::Server),
        child(2, 1, "shop", SpanKind::Client),
        child(3, 2, "payment", SpanKind::Server),
        query,
    ]
}

fn read(minutes: &Minutes, subject: &Subject, from: i64, to: i64) -> Read {
    let deadline = Instant::now() + Duration::from_secs(600);
    minutes
        .read(
            subject.store.as_ref(),
            after_noon(from),
            after_noon(to),
            deadline,
        )
        .expect("readable")
}

/// The minutes after noon with their numbers of traces.
fn traces(read: &Read) -> Vec<(i64, u64)> {
    let noon = NOON.0 / MINUTE_NANOS;
    read.minutes
        .iter()
        .map(|(minute, one)| (*minute as i64 - noon as i64, one.traces))
        .collect()
}

fn write(minutes: &Minutes, subject: &Subject, records: Vec<SpanRecord>) {
    let batches = [spans(records)];
    subject.store.append(&batches).expect("stored");
    minutes.written(&batches);
}

#[test]
fn traces_count_for_the_minute_in_which_they_started() {
    for_both(|subject| {
        let minutes = Minutes::default();
        for (trace, second) in [(1, -30), (2, 5), (3, 50), (4, 125)] {
            write(&minutes, subject, booking(trace, second));
        }
        let all = read(&minutes, subject, -60, 180);
        assert_eq!(traces(&all), [(-1, 1), (0, 2), (2, 1)]);
        assert_eq!((all.counted.traces, all.counted.spans), (4, 16));
        assert_eq!(all.counted.since, all.counted.start, "nothing is missing");
        let again = read(&minutes, subject, 0, 60);
        assert_eq!(traces(&again), [(0, 2)]);
        let [shop, payment, cards] = &all.minutes[0].1.graph.nodes.keys().collect::<Vec<_>>()[..]
            .iter()
            .map(|key| (key.role, key.name.as_str()))
            .collect::<Vec<_>>()[..]
        else {
            panic!("three nodes");
        };
        assert_eq!(
            [*shop, *payment, *cards],
            [
                (Role::Service, "payment"),
                (Role::Service, "shop"),
                (Role::Database, "cards.db")
            ]
        );
    });
}

#[test]
fn what_arrives_later_is_counted_too() {
    for_both(|subject| {
        let minutes = Minutes::default();
        let mut parts = booking(1, 5);
        let late = parts.split_off(2);
        write(&minutes, subject, parts);
        assert_eq!(read(&minutes, subject, 0, 60).counted.spans, 2);
        write(&minutes, subject, late);
        write(&minutes, subject, booking(2, 30));
        let counted = read(&minutes, subject, 0, 60).counted;
        assert_eq!((counted.traces, counted.spans), (2, 8));
    });
}

#[test]
fn a_trace_that_grows_at_its_front_moves_and_is_counted_once() {
    for_both(|subject| {
        let minutes = Minutes::default();
        write(&minutes, subject, booking(1, 90));
        assert_eq!(traces(&read(&minutes, subject, 0, 180)), [(1, 1)]);
        let mut earlier = span(1, 9);
        earlier.span.start = after_noon(10);
        write(&minutes, subject, vec![earlier]);
        assert_eq!(traces(&read(&minutes, subject, 0, 180)), [(0, 1)]);
    });
}

#[test]
fn a_deadline_leaves_out_the_oldest_and_says_so() {
    for_both(|subject| {
        let minutes = Minutes::default();
        for trace in 1..=3 {
            write(&minutes, subject, booking(trace, i64::from(trace) * 60));
        }
        let store = subject.store.as_ref();
        let past = Instant::now();
        let none = minutes
            .read(store, after_noon(0), after_noon(300), past)
            .expect("readable");
        assert_eq!(none.counted.traces, 0);
        assert!(none.counted.since > none.counted.start);
        // What is known already needs no time.
        read(&minutes, subject, 120, 300);
        let some = minutes
            .read(store, after_noon(0), after_noon(300), past)
            .expect("readable");
        assert_eq!(
            (some.counted.traces, some.counted.since),
            (2, after_noon(120))
        );
    });
}

#[test]
fn the_figures_of_a_range_come_with_their_trend() {
    for_both(|subject| {
        let minutes = Minutes::default();
        for trace in 1..=10 {
            write(&minutes, subject, booking(trace, i64::from(trace) * 60));
        }
        let answer = red(&read(&minutes, subject, 0, 3_600));
        assert_eq!(answer.step, DurationNanos(120_000_000_000));
        let names: Vec<&str> = answer
            .services
            .iter()
            .map(|one| one.all.name.as_str())
            .collect();
        assert_eq!(names, ["payment", "shop"]);
        let shop = &answer.services[1];
        assert_eq!(shop.all.figures.count, 10);
        assert_eq!(shop.all.trend.len(), 30);
        assert_eq!(shop.all.trend.iter().map(|step| step.0).sum::<u64>(), 10);
        assert_eq!(shop.operations[0].name, "GET /");
        assert_eq!(red(&read(&minutes, subject, -7_200, -3_600)).services, []);
    });
}

#[test]
fn a_store_says_where_a_trace_starts() {
    for_both(|subject| {
        subject
            .store
            .append(&[spans(booking(1, 5))])
            .expect("stored");
        let start = |number| subject.store.trace_start(crate::sample::trace_id(number));
        assert_eq!(start(1).expect("readable"), Some(after_noon(5)));
        assert_eq!(start(2).expect("readable"), None::<UnixNanos>);
    });
}
