//! Structural differences between traces: the shop's faults, ranges of several baselines, and what
//! holds for any two traces.

use proptest::collection::vec;
use proptest::prelude::*;
use shared::attribute::Attribute;
use shared::diff::{Change, Limits, TraceDiff, diff};
use shared::span::SpanRecord;
use shared::time::DurationNanos;
use shared::trace::{Trace, assemble};

use crate::shop::{booking, failed, span, span_id, with};

fn compare(baselines: &[Vec<SpanRecord>], other: Vec<SpanRecord>) -> TraceDiff {
    let baselines: Vec<Trace> = baselines.iter().cloned().map(assemble).collect();
    let baselines: Vec<&Trace> = baselines.iter().collect();
    diff(&baselines, &assemble(other), &Limits::default())
}

/// The changes and sentences of the reasons, in their order.
fn reasons(found: &TraceDiff) -> Vec<(Change, &str)> {
    found
        .reasons
        .iter()
        .map(|reason| (reason.change, reason.text.as_str()))
        .collect()
}

/// A handler of a second that makes a few calls, each `(name, start, end)` in milliseconds.
fn handler(calls: &[(&str, f64, f64)]) -> Vec<SpanRecord> {
    let mut spans = vec![span(1, 0, "shop", "POST /book", 0.0, 1_000.0)];
    for (index, &(name, start, end)) in calls.iter().enumerate() {
        spans.push(span(index as u64 + 2, 1, "shop", name, start, end));
    }
    spans
}

#[test]
fn the_same_booking_is_no_difference() {
    let found = compare(&[booking()], booking());
    assert_eq!(reasons(&found), []);
    assert!(found.nodes.iter().all(|node| node.changes.is_empty()));
    assert_eq!(found.spans.other, 15);
}

#[test]
fn a_slower_payment_explains_the_slower_booking() {
    let slow = || {
        let mut spans = handler(&[("validate", 10.0, 30.0), ("charge card", 40.0, 2_000.0)]);
        spans[0].span.end = spans[0].span.start + DurationNanos::from_millis(2_960);
        spans
    };
    let usual = handler(&[("validate", 10.0, 30.0), ("charge card", 40.0, 80.0)]);
    let found = compare(std::slice::from_ref(&usual), slow());
    assert_eq!(
        reasons(&found),
        [(
            Change::Slower,
            "charge card in shop is slower: 1.96 s instead of 40.0 ms"
        )]
    );
    assert_eq!(found.reasons[0].explains, DurationNanos::from_millis(1_920));
    assert_eq!(found.unexplained, DurationNanos::from_millis(40));
    assert!(found.nodes[0].has(Change::SlowerBelow));
    let back = compare(&[slow()], usual);
    assert_eq!(back.reasons[0].change, Change::Faster);
}

#[test]
fn a_failure_comes_before_what_it_prevents() {
    let usual = handler(&[
        ("allocate", 40.0, 80.0),
        ("make ticket", 90.0, 300.0),
        ("send", 310.0, 500.0),
    ]);
    let mut conflict = handler(&[("allocate", 40.0, 80.0)]);
    conflict[0] = failed("", conflict[0].clone());
    conflict[1] = failed("seat 12 is taken", conflict[1].clone());
    let found = compare(&[usual], conflict);
    assert_eq!(
        reasons(&found)[0],
        (Change::Failing, "allocate in shop fails: seat 12 is taken"),
        "the failure is told where it began"
    );
    let removed = found.reasons[1..]
        .iter()
        .filter(|one| one.change == Change::Removed);
    assert_eq!(removed.count(), 2);
}

#[test]
fn repeats_are_one_place_with_a_count() {
    let select = |count: u64| {
        let length = 200.0 + 15.0 * count as f64;
        let mut spans = vec![span(1, 0, "shop", "POST /book", 0.0, length)];
        for index in 0..count {
            let start = 10.0 + 15.0 * index as f64;
            let statement = format!("SELECT * FROM seats WHERE id = {index}");
            spans.push(with(
                vec![
                    Attribute::new("db.system.name", "sqlite"),
                    Attribute::new("db.query.text", statement),
                ],
                span(index + 2, 1, "shop", "SELECT", start, start + 15.0),
            ));
        }
        spans
    };
    let found = compare(&[select(1)], select(24));
    assert_eq!(found.nodes.len(), 2);
    assert_eq!(
        reasons(&found),
        [(
            Change::Count,
            "SELECT * FROM seats WHERE id = ? in shop runs 24 times instead of once"
        )]
    );
    let found = compare(&[select(1), select(30)], select(24));
    assert_eq!(reasons(&found), [], "within the range of the baselines");
}

#[test]
fn what_a_baseline_lacks_is_optional() {
    let with_mail = handler(&[("charge", 10.0, 100.0), ("mail", 110.0, 200.0)]);
    let without = handler(&[("charge", 10.0, 100.0)]);
    let both = [with_mail.clone(), without.clone()];
    assert_eq!(reasons(&compare(&both, without.clone())), []);
    assert_eq!(reasons(&compare(&both, with_mail.clone())), []);
    assert_eq!(
        compare(&[with_mail], without).reasons[0].change,
        Change::Removed
    );
}

#[test]
fn slower_needs_the_ratio_and_the_floor() {
    let charge = |millis: f64| handler(&[("charge", 100.0, 100.0 + millis)]);
    for (baselines, other, expected, why) in [
        (vec![1.0], 9.0, false, "nine times, but eight milliseconds"),
        (vec![400.0], 550.0, false, "150 ms, but a third"),
        (vec![100.0], 300.0, true, "both"),
        (
            vec![100.0, 250.0],
            300.0,
            false,
            "the widest baseline counts",
        ),
    ] {
        let baselines: Vec<_> = baselines.into_iter().map(charge).collect();
        let found = compare(&baselines, charge(other));
        assert_eq!(found.nodes[1].has(Change::Slower), expected, "{why}");
    }
}

#[test]
fn only_what_ran_one_after_the_other_has_an_order() {
    let usual = handler(&[("a", 0.0, 100.0), ("b", 100.0, 200.0), ("c", 200.0, 300.0)]);
    let moved = handler(&[("c", 0.0, 100.0), ("a", 100.0, 200.0), ("b", 200.0, 300.0)]);
    let found = compare(std::slice::from_ref(&usual), moved);
    assert_eq!(
        reasons(&found),
        [(Change::Moved, "c in shop runs in another order")]
    );
    let parallel = |first: f64, second: f64| handler(&[("a", first, 300.0), ("b", second, 300.0)]);
    let found = compare(&[parallel(0.0, 1.0)], parallel(1.0, 0.0));
    assert_eq!(reasons(&found), []);
}

#[test]
fn parameters_are_compared_apart_from_the_route() {
    let order = |number: u32, tenant: &str| {
        let request = with(
            vec![
                Attribute::new("http.request.method", "GET"),
                Attribute::new("url.full", format!("https://shop/orders/{number}")),
                Attribute::new("tenant", tenant),
                Attribute::new("client.port", i64::from(number)),
            ],
            span(1, 0, "shop", "GET", 0.0, 10.0),
        );
        vec![request]
    };
    let found = compare(&[order(103, "a")], order(101, "b"));
    assert_eq!(reasons(&found), []);
    let changes: Vec<_> = found.nodes[0]
        .attributes
        .iter()
        .map(|change| (change.key.as_str(), change.examples.clone()))
        .collect();
    let pair = |from: &str, to: &str| vec![(Some(from.to_owned()), Some(to.to_owned()))];
    assert_eq!(
        changes,
        [("path", pair("103", "101")), ("tenant", pair("a", "b"))]
    );
    let found = compare(&[order(103, "a"), order(104, "a")], order(101, "b"));
    let keys: Vec<_> = found.nodes[0]
        .attributes
        .iter()
        .map(|one| &one.key)
        .collect();
    assert_eq!(
        keys,
        ["tenant"],
        "what the baselines disagree on tells nothing"
    );
}

#[test]
fn a_renamed_button_is_the_same_root() {
    let click = |name: &str| {
        let mut spans = handler(&[("charge", 10.0, 100.0)]);
        spans[0].span.name = name.to_owned();
        spans
    };
    let found = compare(&[click("click \"Book\"")], click("click \"Buy\""));
    assert_eq!(
        reasons(&found),
        [(
            Change::Renamed,
            "click \"Book\" is now called click \"Buy\""
        )]
    );
}

#[test]
fn a_count_that_follows_its_parent_is_the_parents() {
    let tries = |count: u64| {
        let mut spans = handler(&[]);
        for index in 0..count {
            let start = 100.0 * index as f64;
            spans.push(span(10 + index, 1, "shop", "try", start, start + 90.0));
            spans.push(span(
                50 + index,
                10 + index,
                "shop",
                "send",
                start,
                start + 80.0,
            ));
        }
        spans
    };
    let found = compare(&[tries(1)], tries(3));
    assert_eq!(
        reasons(&found),
        [(Change::Count, "try in shop runs 3 times instead of once")]
    );
}

#[test]
fn a_chain_of_a_hundred_thousand_spans_is_compared() {
    let chain = || {
        (1..=100_000)
            .map(|id| span(id, id - 1, "shop", "step", 0.0, 10.0))
            .collect::<Vec<_>>()
    };
    let found = compare(&[chain()], chain());
    assert_eq!((found.nodes.len(), found.reasons.len()), (100_000, 0));
}

/// Trees of up to sixty spans of few operations, so that shapes collide often.
fn trees() -> impl Strategy<Value = Vec<SpanRecord>> {
    let one = (
        any::<u16>(),
        0..5_usize,
        0..900_u32,
        0..300_u32,
        any::<bool>(),
    );
    vec(one, 1..60).prop_map(|spans| {
        let names = ["load", "GET /a", "SELECT 1", "order 7", "order 8"];
        let record = |(index, (parent, name, start, length, fails)): (usize, _)| {
            let (parent, name, start, length): (u16, usize, u32, u32) =
                (parent, name, start, length);
            let parent = if index == 0 {
                0
            } else {
                u64::from(parent) % index as u64 + 1
            };
            let (start, end) = (f64::from(start), f64::from(start + length));
            let record = span(index as u64 + 1, parent, "shop", names[name], start, end);
            if fails && length % 4 == 0 {
                failed("no", record)
            } else {
                record
            }
        };
        spans.into_iter().enumerate().map(record).collect()
    })
}

/// The services and operations from the root down to a place.
fn path(found: &TraceDiff, mut node: u32) -> Vec<String> {
    let mut path = Vec::new();
    loop {
        let place = &found.nodes[node as usize];
        path.push(place.operation.clone());
        match place.parent {
            Some(parent) => node = parent,
            None => return path,
        }
    }
}

fn paths_with(found: &TraceDiff, change: Change) -> std::collections::BTreeSet<Vec<String>> {
    (0..found.nodes.len() as u32)
        .filter(|&node| found.nodes[node as usize].has(change))
        .map(|node| path(found, node))
        .collect()
}

proptest! {
    #[test]
    fn a_trace_does_not_differ_from_itself(spans in trees()) {
        let found = compare(std::slice::from_ref(&spans), spans.clone());
        prop_assert_eq!(&found.reasons, &[]);
        prop_assert!(found.nodes.iter().all(|node| node.changes.is_empty() && node.attributes.is_empty()));
        prop_assert_eq!(found.nodes.iter().map(|node| node.count.other).sum::<u32>(), spans.len() as u32);
    }

    #[test]
    fn what_is_added_one_way_is_removed_the_other(one in trees(), other in trees()) {
        let there = compare(std::slice::from_ref(&one), other.clone());
        let back = compare(&[other], one);
        // The root's name is the baseline's, so that paths are compared below it.
        let below_root = |found: &TraceDiff, change| -> std::collections::BTreeSet<Vec<String>> {
            paths_with(found, change)
                .into_iter()
                .map(|mut path| { path.pop(); path })
                .collect()
        };
        for (change, opposite) in [
            (Change::Added, Change::Removed),
            (Change::Removed, Change::Added),
            (Change::Failing, Change::Recovered),
            (Change::Count, Change::Count),
        ] {
            prop_assert_eq!(below_root(&there, change), below_root(&back, opposite), "{:?}", change);
        }
    }

    #[test]
    fn the_order_of_arrival_makes_no_difference(one in trees(), other in trees(), turn in any::<prop::sample::Index>()) {
        let mut turned = other.clone();
        turned.rotate_left(turn.index(other.len()));
        turned.reverse();
        let expected = compare(std::slice::from_ref(&one), other);
        prop_assert_eq!(compare(&[one], turned), expected);
    }

    #[test]
    fn the_shares_add_up_to_the_difference(one in trees(), other in trees()) {
        let found = compare(&[one], other);
        let explained: i64 = found.reasons.iter().map(|reason| reason.explains.0).sum();
        let difference = found.duration.other.0 - found.duration.most.0;
        prop_assert_eq!(explained + found.unexplained.0, difference);
    }

    #[test]
    fn subtrees_enclose_their_places(one in trees(), other in trees()) {
        let found = compare(&[one], other);
        for (index, node) in found.nodes.iter().enumerate() {
            if let Some(parent) = node.parent {
                let above = &found.nodes[parent as usize];
                prop_assert!(parent < index as u32 && index as u32 + node.subtree <= parent + above.subtree);
                prop_assert_eq!(node.depth, above.depth + 1);
            }
        }
        let json = serde_json::to_string(&found).expect("serialisable");
        prop_assert_eq!(serde_json::from_str::<TraceDiff>(&json).expect("readable"), found);
        prop_assert!(span_id(0).is_none());
    }
}
