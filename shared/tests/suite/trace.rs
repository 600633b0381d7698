//! Assembly: what comes out of any bag of spans, and what is said about it.

use std::collections::HashMap;
use std::sync::Arc;

use proptest::prelude::*;
use shared::attribute::Attribute;
use shared::span::{SpanKind, SpanRecord};
use shared::time::{DurationNanos, UnixNanos};
use shared::trace::{Trace, Warning, assemble, critical_path, self_times};

use crate::shop::{self, kind, span, span_id, with};

fn names(trace: &Trace) -> Vec<&str> {
    trace
        .nodes
        .iter()
        .map(|node| node.record.span.name.as_str())
        .collect()
}

/// The warnings without the nodes and ids, which the tests name by order.
fn said(trace: &Trace) -> Vec<String> {
    trace.warnings.iter().map(ToString::to_string).collect()
}

fn check_structure(trace: &Trace) {
    for (index, node) in trace.nodes.iter().enumerate() {
        let end = index + node.subtree as usize;
        assert!(
            node.subtree >= 1 && end <= trace.nodes.len(),
            "node {index}: its subtree is in the trace"
        );
        match node.parent {
            Some(parent) => {
                let of_parent = &trace.nodes[parent as usize];
                assert!(
                    (parent as usize) < index,
                    "node {index}: parents precede children"
                );
                assert!(
                    end <= parent as usize + of_parent.subtree as usize,
                    "node {index}: within its parent"
                );
                assert_eq!(node.depth, of_parent.depth + 1, "node {index}");
                assert_eq!(
                    node.record.span.parent_span_id,
                    Some(of_parent.record.span.span_id),
                    "node {index}"
                );
            }
            None => assert_eq!(node.depth, 0, "node {index}"),
        }
    }
    let mut sizes = vec![1; trace.nodes.len()];
    for (index, node) in trace.nodes.iter().enumerate().rev() {
        assert_eq!(
            node.subtree, sizes[index],
            "node {index}: the size of its subtree"
        );
        if let Some(parent) = node.parent {
            sizes[parent as usize] += sizes[index];
        }
    }
    let key = |node: u32| (trace.span(node).start, trace.span(node).span_id);
    let ordered = |siblings: Vec<u32>| {
        assert!(
            siblings.is_sorted_by_key(|node| key(*node)),
            "siblings by start and id"
        )
    };
    ordered(trace.roots().collect());
    for node in 0..trace.nodes.len() as u32 {
        ordered(trace.children(node).collect());
        assert!(
            trace
                .children(node)
                .all(|child| trace.nodes[child as usize].parent == Some(node))
        );
    }
}

#[test]
fn the_booking_is_in_order_whatever_order_it_came_in() {
    let mut records = shop::booking();
    let expected = assemble(records.clone());
    check_structure(&expected);
    assert_eq!(expected.nodes.len(), records.len());
    assert_eq!(expected.nodes[0].record.span.name, "click \"Book Now\"");
    assert_eq!(expected.nodes[0].subtree, 15);
    assert_eq!(expected.start, UnixNanos(shop::CLICK));
    assert_eq!(expected.duration(), DurationNanos::from_millis(2345));
    assert_eq!(
        said(&expected),
        ["Span 000000000000000f ends 35.0 ms after its parent."]
    );
    records.reverse();
    records.rotate_left(4);
    assert_eq!(assemble(records), expected);
}

#[test]
fn nothing_is_a_trace_too() {
    let trace = assemble(Vec::new());
    assert_eq!(trace, Trace::default());
    assert_eq!(
        (trace.root(), critical_path(&trace), self_times(&trace)),
        (None, vec![], vec![])
    );
}

#[test]
fn an_identical_span_received_again_is_dropped() {
    let mut records = shop::booking();
    let expected = assemble(records.clone());
    records.extend(shop::booking());
    assert_eq!(assemble(records), expected);
}

#[test]
fn an_identical_span_is_recognised_although_nan_differs_from_itself() {
    let record = with(
        vec![Attribute::new("ratio", f64::NAN)],
        span(1, 0, "a", "root", 0.0, 1.0),
    );
    let trace = assemble(vec![record.clone(), record.clone(), record]);
    assert_eq!((trace.nodes.len(), trace.warnings.len()), (1, 0));
}

#[test]
fn the_same_id_with_other_content_is_kept_and_said() {
    let early = span(2, 1, "a", "early", 10.0, 20.0);
    let late = span(2, 1, "a", "late", 30.0, 40.0);
    let records = vec![
        late.clone(),
        span(3, 2, "a", "child", 12.0, 13.0),
        early,
        span(1, 0, "a", "root", 0.0, 100.0),
        late,
    ];
    let trace = assemble(records);
    check_structure(&trace);
    assert_eq!(names(&trace), ["root", "early", "child", "late"]);
    let warning = Warning::DuplicateSpanId {
        node: 3,
        span: span_id(2).expect("an id"),
    };
    assert_eq!(trace.warnings, [warning]);
}

#[test]
fn an_orphan_is_a_root_with_a_warning() {
    let trace = assemble(vec![
        span(2, 9, "a", "orphan", 0.0, 1.0),
        span(3, 2, "a", "child", 0.0, 1.0),
    ]);
    assert_eq!(names(&trace), ["orphan", "child"]);
    assert_eq!(
        said(&trace),
        ["The parent 0000000000000009 of span 0000000000000002 has not arrived."]
    );
}

#[test]
fn a_true_root_stands_for_the_trace_even_if_an_orphan_starts_earlier() {
    let trace = assemble(vec![
        span(2, 9, "a", "orphan", -5.0, 1.0),
        span(1, 0, "a", "root", 0.0, 1.0),
    ]);
    assert_eq!(names(&trace), ["orphan", "root"]);
    assert_eq!(trace.root(), Some(1));
}

#[test]
fn cycles_are_cut_above_their_earliest_span() {
    let trace = assemble(vec![
        span(1, 3, "a", "one", 2.0, 9.0),
        span(2, 1, "a", "two", 1.0, 9.0),
        span(3, 2, "a", "three", 3.0, 9.0),
        span(4, 3, "a", "hangs on it", 4.0, 9.0),
        span(5, 5, "a", "own parent", 5.0, 9.0),
    ]);
    check_structure(&trace);
    assert_eq!(
        names(&trace),
        ["two", "three", "one", "hangs on it", "own parent"]
    );
    let id = |number| span_id(number).expect("an id");
    let cycles: Vec<_> = trace
        .warnings
        .iter()
        .filter(|warning| matches!(warning, Warning::Cycle { .. }))
        .collect();
    assert_eq!(
        cycles,
        [
            &Warning::Cycle {
                node: 0,
                span: id(2),
                length: 3
            },
            &Warning::Cycle {
                node: 4,
                span: id(5),
                length: 1
            }
        ]
    );
}

#[test]
fn several_roots_are_said_once() {
    let trace = assemble(
        (1..=3)
            .map(|id| span(id, 0, "a", "root", id as f64, 9.0))
            .collect(),
    );
    let warning = Warning::SeveralRoots {
        node: 1,
        span: span_id(2).expect("an id"),
        roots: 3,
    };
    assert_eq!(trace.warnings, [warning]);
}

#[test]
fn a_child_outside_its_parent_is_said_with_the_clocks_concerned() {
    let trace = assemble(vec![
        span(1, 0, "a", "root", 0.0, 10.0),
        span(2, 1, "b", "skewed", -3.0, 5.0),
        span(3, 1, "a", "outlives", 8.0, 10.5),
    ]);
    let id = |number| span_id(number).expect("an id");
    let by = DurationNanos::from_millis(3);
    assert_eq!(
        trace.warnings,
        [
            Warning::ChildStartsBeforeParent {
                node: 1,
                span: id(2),
                by,
                across_services: true
            },
            Warning::ChildEndsAfterParent {
                node: 2,
                span: id(3),
                by: DurationNanos(500_000),
                across_services: false
            },
        ]
    );
}

#[test]
fn a_consumer_may_follow_its_producer() {
    let trace = assemble(vec![
        kind(SpanKind::Producer, span(1, 0, "a", "send", 0.0, 1.0)),
        kind(SpanKind::Consumer, span(2, 1, "b", "receive", 5.0, 9.0)),
    ]);
    assert_eq!(trace.warnings, []);
}

#[test]
fn negative_and_zero_durations_are_said() {
    let trace = assemble(vec![
        span(1, 0, "a", "root", 0.0, 10.0),
        span(2, 1, "a", "backwards", 6.0, 4.0),
        span(3, 1, "a", "instant", 7.0, 7.0),
    ]);
    let id = |number| span_id(number).expect("an id");
    let by = DurationNanos::from_millis(2);
    assert_eq!(
        trace.warnings,
        [
            Warning::NegativeDuration {
                node: 1,
                span: id(2),
                by
            },
            Warning::ZeroDuration {
                node: 2,
                span: id(3)
            }
        ]
    );
}

#[test]
fn an_implausible_clock_does_not_stretch_the_trace() {
    let mut unset = span(2, 1, "a", "no clock", 0.0, 0.0);
    unset.span.start = UnixNanos(0);
    unset.span.end = UnixNanos(5);
    let mut far = span(3, 1, "a", "far end", 2.0, 3.0);
    far.span.end = UnixNanos(u64::MAX);
    let trace = assemble(vec![span(1, 0, "a", "root", 0.0, 10.0), unset, far]);
    check_structure(&trace);
    assert_eq!(
        (trace.start, trace.duration()),
        (UnixNanos(shop::CLICK), DurationNanos::from_millis(10))
    );
    let nodes: Vec<u32> = trace.warnings.iter().map(Warning::node).collect();
    assert!(
        trace
            .warnings
            .iter()
            .all(|warning| matches!(warning, Warning::ClockImplausible { .. }))
    );
    assert_eq!(nodes, [1, 2]);
}

#[test]
fn a_chain_of_a_million_spans_is_a_trace_like_any_other() {
    const LENGTH: u64 = 1_000_000;
    let first = span(1, 0, "a", "link", 0.0, 2000.0);
    let records: Vec<SpanRecord> = (1..=LENGTH)
        .rev()
        .map(|id| {
            let mut record = first.clone();
            record.resource = Arc::clone(&first.resource);
            record.span.span_id = span_id(id).expect("an id");
            record.span.parent_span_id = span_id(id - 1);
            record.span.start = UnixNanos(shop::CLICK + id);
            record.span.end = UnixNanos(shop::CLICK + 2 * LENGTH + 1 - id);
            record
        })
        .collect();
    let trace = assemble(records);
    assert_eq!(trace.nodes.len() as u64, LENGTH);
    assert_eq!(
        trace.nodes.last().map(|node| u64::from(node.depth)),
        Some(LENGTH - 1)
    );
    assert_eq!(trace.warnings, []);
    let path = critical_path(&trace);
    assert_eq!(
        path.len() as u64,
        2 * LENGTH - 1,
        "down the chain and up again"
    );
    assert_eq!(self_times(&trace)[0], DurationNanos(2));
}

/// Spans whose ids and parents come from a few numbers, so that orphans, cycles and duplicates occur.
pub fn bag() -> impl Strategy<Value = Vec<SpanRecord>> {
    let one = (1..30u64, 0..35u64, 0..50i32, -5..50i32, 0..3u8).prop_map(
        |(id, parent, start, length, service)| {
            let service = ["shop-web", "booking", "payment"][usize::from(service)];
            let start = f64::from(start);
            span(
                id,
                parent,
                service,
                "span",
                start,
                start + f64::from(length),
            )
        },
    );
    prop::collection::vec(one, 0..60)
}

proptest! {
    #[test]
    fn every_distinct_span_appears_exactly_once(records in bag()) {
        let mut expected: HashMap<String, u32> = HashMap::new();
        for record in &records {
            expected.insert(format!("{record:?}"), 1);
        }
        let trace = assemble(records);
        check_structure(&trace);
        let mut found: HashMap<String, u32> = HashMap::new();
        for node in &trace.nodes {
            *found.entry(format!("{:?}", node.record)).or_default() += 1;
        }
        prop_assert_eq!(found, expected);
        prop_assert!(trace.warnings.iter().all(|warning| trace.span(warning.node()).span_id == warning.span_id()));
    }

    #[test]
    fn the_order_of_arrival_does_not_matter(records in bag(), turn in 0..60usize) {
        // Two spans equal in id, start and end keep their order of arrival.
        let mut seen = std::collections::HashSet::new();
        let mut records = records;
        records.retain(|record| seen.insert((record.span.span_id, record.span.start, record.span.end)));
        let expected = assemble(records.clone());
        let turn = turn % records.len().max(1);
        records.rotate_left(turn);
        prop_assert_eq!(assemble(records), expected);
    }

    #[test]
    fn the_critical_path_is_the_root_without_gaps(records in bag()) {
        let trace = assemble(records);
        let path = critical_path(&trace);
        if let Some(root) = trace.root() {
            let root = trace.span(root);
            let mut cursor = root.start;
            for segment in &path {
                let span = trace.span(segment.node);
                prop_assert_eq!(segment.start, cursor, "no gaps");
                prop_assert!(segment.end > segment.start, "no empty segments");
                prop_assert!(span.start <= segment.start && segment.end <= span.end, "within its span");
                cursor = segment.end;
            }
            prop_assert_eq!(cursor, root.end.max(root.start), "to the end");
            prop_assert!(path.windows(2).all(|pair| pair[0].node != pair[1].node), "neighbours differ");
        }
    }

    #[test]
    fn self_times_are_what_children_leave(records in bag()) {
        let trace = assemble(records);
        let times = self_times(&trace);
        for (node, time) in times.iter().enumerate() {
            let span = &trace.nodes[node].record.span;
            // The spans last whole milliseconds, so that milliseconds can be counted one by one.
            let step = 1_000_000;
            let free = (span.start.0..span.end.0).step_by(step).filter(|at| {
                trace.children(node as u32).all(|child| {
                    let child = trace.span(child);
                    !(child.start.0 <= *at && at + step as u64 <= child.end.0)
                })
            });
            prop_assert_eq!(time.0, (free.count() * step) as i64);
        }
    }
}
