//! Clocks that disagree: by how much that of each service on each host is ahead, and the trace as one clock would have told it.
//!
//! A call that is answered lies within its request, so that each pair of them bounds how far two clocks are apart:
//!
//! ```text
//! request  |------------------|          by the caller's clock
//! answer              |-----------|      by the other's: too late by at least the part that sticks out,
//!                                        and by no more than would move it to the request's start
//! ```
//!
//! All calls between two clocks narrow the bounds. Where they allow that the clocks agree, that is assumed; else that
//! request and answer travel equally long, as the Network Time Protocol does (RFC 5905 §8). What is sent is shown until
//! somebody asks for adjusted times.

use std::collections::{HashMap, VecDeque};

use shared::columns::{Columns, Failure, Link, Mark, Note, NoteKind, flag};
use shared::span::SpanKind;
use shared::time::DurationNanos;

use super::pace::Pace;
use super::trace::{CLOCK_NOISE, NONE, STRIDE, TraceModel};
use crate::format;

/// Clocks named in few words.
const NAMED: usize = 2;

/// Between which two values a difference lies, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bound {
    least: i64,
    most: i64,
}

/// What the calls of a trace say of its clocks.
#[derive(Debug, Default)]
pub struct Bounds(HashMap<(u16, u16), Bound>);

impl Bounds {
    /// Learns from a node, where it is the answer to a request that another clock timed.
    pub fn learn(&mut self, model: &TraceModel, node: u32) {
        let Some(parent) = model.parent_of(node) else {
            return;
        };
        let clocks = (model.clock_of(parent), model.clock_of(node));
        let answers =
            model.kind(parent) == SpanKind::Client && model.kind(node) == SpanKind::Server;
        if clocks.0 == clocks.1 || !answers {
            return;
        }
        let (parent, node) = (parent as usize, node as usize);
        // The other's clock is ahead by no less than its end is late, and by no more than its start is.
        let (least, most) = (
            model.end[node] - model.end[parent],
            model.start[node] - model.start[parent],
        );
        if least > most {
            // An answer that took longer than its request says nothing.
            return;
        }
        let found = Bound { least, most };
        self.0
            .entry(clocks)
            .and_modify(|known| {
                let both = Bound {
                    least: known.least.max(least),
                    most: known.most.min(most),
                };
                if both.least <= both.most {
                    *known = both;
                } else if most - least < known.most - known.least {
                    // A clock that was set meanwhile: the tighter pair is the better witness.
                    *known = found;
                }
            })
            .or_insert(found);
    }

    /// By how much each of so many clocks is ahead of the one with the number `root`, in nanoseconds; 0 where it agrees
    /// or nothing is known.
    #[must_use]
    pub fn skews(&self, clocks: usize, root: u16) -> Vec<i64> {
        let mut skews: Vec<Option<i64>> = vec![None; clocks];
        let mut edges: Vec<_> = self.0.iter().map(|(pair, bound)| (*pair, *bound)).collect();
        edges.sort_unstable_by_key(|(pair, _)| *pair);
        // Of clocks that no call joins to the root, the first to begin is taken to agree with it.
        for first in std::iter::once(root).chain(0..clocks as u16) {
            match skews.get_mut(usize::from(first)) {
                Some(skew @ None) => *skew = Some(0),
                _ => continue,
            }
            let mut next = VecDeque::from([first]);
            while let Some(service) = next.pop_front() {
                let known = skews[usize::from(service)].unwrap_or_default();
                for ((caller, called), bound) in &edges {
                    let (other, least, most) = if *caller == service {
                        (*called, known + bound.least, known + bound.most)
                    } else if *called == service {
                        (*caller, known - bound.most, known - bound.least)
                    } else {
                        continue;
                    };
                    let skew = &mut skews[usize::from(other)];
                    if skew.is_none() {
                        let agrees = least <= CLOCK_NOISE && most >= -CLOCK_NOISE;
                        *skew = Some(if agrees {
                            0
                        } else {
                            least + (most - least) / 2
                        });
                        next.push_back(other);
                    }
                }
            }
        }
        skews.into_iter().map(Option::unwrap_or_default).collect()
    }
}

/// The clocks that are not the root's, given how far each is ahead, as `payment +3 m 2 s`; empty where all agree.
#[must_use]
pub fn told(model: &TraceModel, skews: &[i64]) -> String {
    let mut apart: Vec<(usize, i64)> = skews
        .iter()
        .copied()
        .enumerate()
        .filter(|(_, skew)| *skew != 0)
        .collect();
    apart.sort_by_key(|(clock, skew)| (std::cmp::Reverse(skew.abs()), *clock));
    let named = apart.iter().take(NAMED).map(|(clock, skew)| {
        let name = model.clock_name(*clock as u16);
        format!("{name} {}", signed(*skew))
    });
    let mut told = named.collect::<Vec<_>>().join(", ");
    if apart.len() > NAMED {
        told += &format!(" and {} more", apart.len() - NAMED);
    }
    told
}

/// What a span's clock and its caller's say of when it began, in words; `None` where they agree.
#[must_use]
pub fn both_times(model: &TraceModel, node: u32) -> Option<String> {
    let skew = model.skew_of(node);
    if skew == 0 {
        return None;
    }
    let since_root = model.start[node as usize] - model.start[model.root as usize];
    let (sent, adjusted) = if model.adjusted {
        (since_root + skew, since_root)
    } else {
        (since_root, since_root - skew)
    };
    let (ahead, apart) = if skew > 0 {
        ("ahead of", skew)
    } else {
        ("behind", -skew)
    };
    let clock = model.clock_of(node);
    let estimate = model.estimates().get(usize::from(clock)).copied();
    let (is, estimated) = match estimate {
        Some(estimate) if estimate != skew => (
            "is set",
            format!(" The calls suggest {}.", signed(estimate)),
        ),
        _ => ("is", String::new()),
    };
    Some(format!(
        "{}’s clock {is} {} {ahead} the root’s. After the root began: {} as sent, {} adjusted.{estimated}",
        model.clock_name(clock),
        format::duration(rounded(apart)),
        signed(sent),
        signed(adjusted),
    ))
}

/// Minutes are shown with whole seconds, of which an estimate must not lose one.
fn rounded(nanos: i64) -> i64 {
    const SECOND: i64 = 1_000_000_000;
    if nanos.abs() < 60 * SECOND {
        return nanos;
    }
    (nanos + nanos.signum() * SECOND / 2) / SECOND * SECOND
}

/// A difference in words, with its sign: `+3 m 2 s`.
#[must_use]
pub fn signed(nanos: i64) -> String {
    let sign = if nanos < 0 { "" } else { "+" };
    format!("{sign}{}", format::duration(rounded(nanos)))
}

/// The trace as the root's clock would have told it, given how far each clock is ahead. Siblings are put in order anew.
pub async fn adjusted(model: &TraceModel, skews: &[i64], pace: &impl Pace) -> TraceModel {
    let count = model.len();
    let skew = |node: u32| {
        let clock = usize::from(model.clock_of(node));
        skews.get(clock).copied().unwrap_or(0)
    };
    let start = |node: u32| model.start[node as usize] - skew(node);
    let mut order: Vec<u32> = Vec::with_capacity(count);
    let mut next = by_start(model, NONE, start);
    while let Some(node) = next.pop() {
        order.push(node);
        if model.subtree[node as usize] > 1 {
            next.extend(by_start(model, node, start));
        }
        if order.len().is_multiple_of(STRIDE) {
            pace.breathe().await;
        }
    }
    let mut place = vec![NONE; count];
    let (mut first, mut last) = (i64::MAX, i64::MIN);
    for (row, node) in order.iter().copied().enumerate() {
        place[node as usize] = row as u32;
        first = first.min(start(node));
        last = last.max(start(node) + model.duration_of(node));
        if row % STRIDE == 0 {
            pace.breathe().await;
        }
    }
    let sent = model.columns();
    let mut columns = Columns {
        trace_id: sent.trace_id,
        total: sent.total,
        start: sent.start + DurationNanos(first),
        end: sent.start + DurationNanos(last),
        root: place[model.root as usize],
        session: sent.session.clone(),
        services: sent.services.clone(),
        texts: sent.texts.clone(),
        ..Columns::default()
    };
    for (row, node) in order.iter().copied().enumerate() {
        let at = node as usize;
        columns.span_ids.push(sent.span_ids[at]);
        columns.starts.push(start(node) - first);
        columns.durations.push(model.raw_duration(node));
        columns.subtrees.push(model.subtree[at]);
        let parent = model.parent_of(node);
        let parent = parent.map_or(NONE, |parent| place[parent as usize]);
        columns.parents.push(parent);
        columns.depths.push(model.depth[at]);
        columns.service.push(model.clock_of(node));
        columns.names.push(sent.names[at]);
        columns.kinds.push(sent.kinds[at]);
        columns.flags.push(flags(model, node, start));
        if row % STRIDE == 0 {
            pace.breathe().await;
        }
    }
    let row = |node: u32| place[node as usize];
    columns.failures = moved(&sent.failures, |one| Failure {
        row: row(one.row),
        ..*one
    });
    columns.failures.sort_by_key(|one| one.row);
    pace.breathe().await;
    columns.marks = moved(&sent.marks, |one| Mark {
        row: row(one.row),
        time: one.time - skew(one.row) - first,
        ..*one
    });
    columns.marks.sort_by_key(|one| one.row);
    pace.breathe().await;
    columns.links = moved(&sent.links, |one| Link {
        row: row(one.row),
        ..*one
    });
    columns.links.sort_by_key(|one| one.row);
    let of_clocks = [
        NoteKind::StartsBeforeOtherService,
        NoteKind::EndsAfterOtherService,
    ];
    let kept = sent
        .notes
        .iter()
        .filter(|note| !of_clocks.contains(&note.kind));
    columns.notes = kept
        .map(|note| Note {
            row: row(note.row),
            ..note.clone()
        })
        .collect();
    let mut out = TraceModel::build(columns, pace).await;
    out.skews = skews.to_vec();
    out.estimates.clone_from(&model.skews);
    out.adjusted = true;
    out.sent_rows = order;
    out.sent_duration = model.sent_duration;
    out
}

fn moved<T>(all: &[T], one: impl Fn(&T) -> T) -> Vec<T> {
    all.iter().map(one).collect()
}

/// The children of a node, the last to begin first.
fn by_start(model: &TraceModel, node: u32, start: impl Fn(u32) -> i64) -> Vec<u32> {
    let mut children: Vec<u32> = model.children(node).collect();
    children.sort_by_key(|child| start(*child));
    children.reverse();
    children
}

/// What is known of a node, as the adjusted times have it.
fn flags(model: &TraceModel, node: u32, start: impl Fn(u32) -> i64) -> u16 {
    let outside = flag::STARTS_BEFORE_PARENT | flag::ENDS_AFTER_PARENT;
    let mut flags = model.columns().flags[node as usize] & !outside;
    let end = |node: u32| start(node) + model.duration_of(node);
    if let Some(parent) = model.parent_of(node) {
        if start(node) < start(parent) {
            flags |= flag::STARTS_BEFORE_PARENT;
        }
        if end(node) > end(parent) {
            flags |= flag::ENDS_AFTER_PARENT;
        }
    }
    flags
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{kind, model, on_host, span};
    use super::super::pace::{Unhurried, at_once};
    use super::*;

    const MS: u64 = 1_000_000;
    const AHEAD: u64 = 182_000 * MS;

    fn client(id: u64, parent: u64, service: &str, from: u64, to: u64) -> shared::span::SpanRecord {
        kind(
            span(id, parent, service, &format!("call {id}"), from, to),
            SpanKind::Client,
        )
    }

    fn server(id: u64, parent: u64, service: &str, from: u64, to: u64) -> shared::span::SpanRecord {
        kind(
            span(id, parent, service, &format!("serve {id}"), from, to),
            SpanKind::Server,
        )
    }

    /// A web page calls a shop, whose payment is three minutes and two seconds ahead and calls a bank that is not.
    fn skewed() -> TraceModel {
        let at = |ms: u64| AHEAD + ms * MS;
        model(vec![
            client(1, 0, "shop-web", 0, 100 * MS),
            server(2, 1, "shop", 10 * MS, 90 * MS),
            client(3, 2, "shop", 20 * MS, 80 * MS),
            server(4, 3, "payment", at(22), at(78)),
            client(5, 4, "payment", at(30), at(70)),
            server(6, 5, "bank", 33 * MS, 67 * MS),
            span(7, 2, "shop", "afterwards", 82 * MS, 84 * MS),
        ])
    }

    fn skew(model: &TraceModel, name: &str) -> i64 {
        let place = model.services.iter().position(|one| one.name == name);
        model.skews[place.expect("a service")]
    }

    #[test]
    fn a_clock_that_is_ahead_is_known_by_request_and_answer() {
        let model = skewed();
        assert_eq!(skew(&model, "payment"), AHEAD as i64);
        for agrees in ["shop-web", "shop", "bank"] {
            assert_eq!(skew(&model, agrees), 0, "{agrees}");
        }
        assert_eq!(
            told(&model, &model.skews).replace('\u{a0}', " "),
            "payment +3 m 2 s"
        );
    }

    /// A shop calls its payment twice, on hosts of which one is three minutes and two seconds ahead; that one calls the
    /// other.
    fn on_two_hosts() -> TraceModel {
        let at = |ms: u64| AHEAD + ms * MS;
        model(vec![
            server(1, 0, "shop", 0, 100 * MS),
            client(2, 1, "shop", 10 * MS, 30 * MS),
            on_host(server(3, 2, "payment", 12 * MS, 28 * MS), "h-1"),
            client(4, 1, "shop", 40 * MS, 90 * MS),
            on_host(server(5, 4, "payment", at(42), at(88)), "h-2"),
            on_host(client(6, 5, "payment", at(50), at(80)), "h-2"),
            on_host(server(7, 6, "payment", 52 * MS, 78 * MS), "h-1"),
        ])
    }

    #[test]
    fn each_host_of_a_service_has_a_clock_of_its_own() {
        let raw = on_two_hosts();
        assert_eq!(raw.services.len(), 2, "it is one service all the same");
        assert_eq!(
            told(&raw, &raw.skews).replace('\u{a0}', " "),
            "payment on h-2 +3 m 2 s"
        );
        let model = at_once(adjusted(&raw, &raw.skews, &Unhurried));
        let start = |id: &str| {
            let node = model.node_of_span(id).expect("a span");
            model.start[node as usize]
        };
        assert_eq!(start("0000000000000003"), 12 * MS as i64, "h-1 was right");
        assert_eq!(start("0000000000000005"), 42 * MS as i64);
        assert_eq!(start("0000000000000007"), 52 * MS as i64);
        assert_eq!(model.clocks, None, "nothing contradicts any more");
        assert_eq!(model.services.len(), 2);
        assert_eq!(
            told(&model, &model.skews),
            told(&raw, &raw.skews),
            "what was adjusted is still told"
        );
    }

    #[test]
    fn a_call_to_another_host_of_the_same_service_tells_of_its_clock() {
        let model = model(vec![
            on_host(client(1, 0, "a", 0, 100 * MS), "h-1"),
            on_host(server(2, 1, "a", AHEAD + 10 * MS, AHEAD + 90 * MS), "h-2"),
        ]);
        assert_eq!(model.skews, [0, AHEAD as i64]);
        assert_eq!(model.clocks, Some((1, 1)));
        let words = both_times(&model, 1).expect("words");
        assert!(words.starts_with("a on h-2’s clock is "), "{words}");
    }

    #[test]
    fn clocks_that_may_agree_are_left_alone() {
        let model = model(vec![
            client(1, 0, "a", 0, 100 * MS),
            server(2, 1, "b", 90 * MS, 99 * MS),
            // Ends a little after its request: no more than clocks are read.
            client(3, 0, "a", 0, 100 * MS),
            server(4, 3, "c", 50 * MS, 100 * MS + MS / 2),
        ]);
        assert!(model.skews.iter().all(|skew| *skew == 0));
        assert_eq!(told(&model, &model.skews), "");
        assert_eq!(both_times(&model, 1), None);
    }

    #[test]
    fn a_clock_is_known_where_the_root_makes_no_request_itself() {
        let model = model(vec![
            span(1, 0, "shop-web", "click", 0, 200 * MS),
            client(2, 1, "shop", 10 * MS, 100 * MS),
            server(3, 2, "payment", AHEAD + 15 * MS, AHEAD + 95 * MS),
        ]);
        assert_eq!(skew(&model, "shop"), 0);
        assert_eq!(skew(&model, "payment"), AHEAD as i64);
    }

    #[test]
    fn an_answer_longer_than_its_request_says_nothing() {
        let model = model(vec![
            client(1, 0, "a", 0, 10 * MS),
            server(2, 1, "b", 5 * MS, 90 * MS),
        ]);
        assert_eq!(model.skews, [0, 0]);
    }

    #[test]
    fn calls_narrow_the_bounds_and_a_clock_behind_is_found_too() {
        let behind = |id, from: u64, to: u64| {
            let shift = 1_000 * MS;
            server(id, id - 1, "b", from * MS + shift, to * MS + shift)
        };
        let model = model(vec![
            client(1, 0, "a", 5_000 * MS, 5_100 * MS),
            behind(2, 10, 60),
            client(3, 1, "a", 5_060 * MS, 5_080 * MS),
            behind(4, 65, 75),
        ]);
        assert_eq!(skew(&model, "b"), -4_000_000_000);
    }

    #[test]
    fn adjusted_times_put_the_answer_within_its_request() {
        let raw = skewed();
        assert!(raw.clocks.is_some() && raw.focus().is_some());
        let model = at_once(adjusted(&raw, &raw.skews, &Unhurried));
        assert!(model.adjusted);
        assert_eq!(model.duration, 100 * MS as i64);
        assert_eq!(model.clocks, None);
        let served = model.node_of_span("0000000000000004").expect("a span");
        assert_eq!(model.start[served as usize], 22 * MS as i64);
        let names: Vec<&str> = (0..7).map(|node| model.name(node)).collect();
        assert_eq!(
            names,
            [
                "call 1",
                "serve 2",
                "call 3",
                "serve 4",
                "call 5",
                "serve 6",
                "afterwards"
            ]
        );
        for node in 1..model.len() as u32 {
            let parent = model.parent_of(node).expect("a parent") as usize;
            assert!(model.start[node as usize] >= model.start[parent]);
            assert!(model.end[node as usize] <= model.end[parent]);
        }
        at_once(model.analyse(&Unhurried));
        assert!(!model.critical().is_empty());
    }

    #[test]
    fn an_estimate_of_minutes_loses_no_second() {
        for (nanos, expected) in [
            (181_995_000_000, 182_000_000_000),
            (-181_995_000_000, -182_000_000_000),
            (59_999_000_000, 59_999_000_000),
        ] {
            assert_eq!(rounded(nanos), expected);
        }
    }

    #[test]
    fn both_times_of_a_span_are_told_before_and_after() {
        let raw = skewed();
        let node = |model: &TraceModel| model.node_of_span("0000000000000004").expect("a span");
        let words = |model: &TraceModel| {
            both_times(model, node(model))
                .expect("words")
                .replace('\u{a0}', " ")
        };
        assert_eq!(
            words(&raw),
            "payment’s clock is 3 m 2 s ahead of the root’s. After the root began: +3 m 2 s as sent, +22 ms adjusted."
        );
        assert_eq!(
            words(&at_once(adjusted(&raw, &raw.skews, &Unhurried))),
            words(&raw)
        );
    }
}
