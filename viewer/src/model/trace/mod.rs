//! A trace as the viewer works on it: one array per field, in preorder.
//!
//! A node is its index in preorder; its subtree is the `subtree[node]` nodes from it on. Times are
//! nanoseconds from the start of the trace. Everything is iterative, so that depth costs no stack, and
//! whatever goes over all nodes pauses in between ([`Pace`]), so that a million of them freeze nothing.
//!
//! There are two steps. [`TraceModel::build`] finds what rows need; from then on the trace can be shown.
//! [`TraceModel::analyse`] finds what the time went to. What is only read of single spans (attributes,
//! resource, scope) is not here: it is asked for span by span.

mod clocks;
mod folds;
mod read;

use std::collections::HashMap;
use std::sync::OnceLock;

use shared::columns::{Columns, Service};
use shared::span::StatusCode;

use super::analysis::{self, Analysis};
use super::links;
use super::pace::Pace;
use crate::palette;

pub use self::clocks::CLOCK_NOISE;
pub use self::folds::FoldTimes;

/// Stands for "no node".
pub const NONE: u32 = u32::MAX;

/// Nodes between two breaths.
pub const STRIDE: usize = 16_384;

/// A stretch of the critical path within one span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// The span's node.
    pub node: u32,
    /// Where the stretch begins, in nanoseconds from the start of the trace.
    pub start: i64,
    /// Where it ends.
    pub end: i64,
}

/// One service of a trace.
#[derive(Debug, Clone, PartialEq)]
pub struct TraceService {
    /// Its name.
    pub name: String,
    /// Whether it is a browser.
    pub browser: bool,
    /// Its hue in degrees.
    pub hue: u16,
}

/// A trace in arrays.
#[derive(Debug)]
pub struct TraceModel {
    /// What the arrays below are not made of: names, ids, failures, events, links.
    columns: Columns,
    /// Start of each node.
    pub start: Vec<i64>,
    /// End of each node, never before its start.
    pub end: Vec<i64>,
    /// Parent of each node or [`NONE`].
    pub parent: Vec<u32>,
    /// Depth of each node; roots have 0.
    pub depth: Vec<u32>,
    /// Nodes in each subtree, the node itself included.
    pub subtree: Vec<u32>,
    /// Index of each node's service in `services`.
    pub service: Vec<u16>,
    /// Whether each node failed.
    pub error: Vec<bool>,
    /// How many nodes below each failed, itself not counted.
    pub errors_below: Vec<u32>,
    /// Whether another service works below each node.
    leaves_service: Vec<bool>,
    /// How many alike siblings begin at each node and are shown as one; 0 where none do.
    pub fold: Vec<u32>,
    /// The times of each fold by its first member.
    fold_times: HashMap<u32, FoldTimes>,
    /// By how much a node ends before it starts, where it does.
    negative: HashMap<u32, i64>,
    /// The services, browsers first, then in the order of their first span.
    pub services: Vec<TraceService>,
    /// The depth of the deepest node.
    pub deepest: u32,
    /// From the earliest start to the latest end; at least one nanosecond.
    pub duration: i64,
    /// How many spans failed.
    pub error_count: u32,
    /// The node that stands for the whole trace; 0 for an empty trace.
    pub root: u32,
    /// The first node that shows that clocks disagree, and how many do.
    pub clocks: Option<(u32, u32)>,
    /// The number of each node's clock, where some service has several; else empty, and a service's number is its
    /// clock's.
    clock: Vec<u16>,
    /// By how much each clock is taken to be ahead of the root's, in nanoseconds; 0 where it agrees.
    pub skews: Vec<i64>,
    /// The same as the calls suggest, where `skews` are what times were adjusted by; else empty.
    pub estimates: Vec<i64>,
    /// Whether times are as the root's clock would have told them, instead of as they were sent.
    pub adjusted: bool,
    /// The row of each node as it was sent, where adjusted times have put siblings in another order; else empty.
    pub sent_rows: Vec<u32>,
    /// From the earliest start to the latest end, as they were sent.
    pub sent_duration: i64,
    /// The nodes that link to a node of this trace, by that.
    linked_from: HashMap<u32, Vec<u32>>,
    analysis: OnceLock<Analysis>,
}

impl TraceModel {
    /// Arranges and analyses an assembled trace at once.
    #[cfg(test)]
    #[must_use]
    pub fn new(trace: &shared::trace::Trace) -> Self {
        use super::pace::{Unhurried, at_once};
        let columns = if trace.nodes.is_empty() {
            Columns::default()
        } else {
            let mut decoder = shared::columns::Decoder::default();
            let bytes = shared::columns::encode_trace(trace).into_bytes();
            decoder.push(&bytes).expect("what has just been written");
            decoder.finish().expect("all of it")
        };
        at_once(async {
            let model = Self::build(columns, &Unhurried).await;
            model.analyse(&Unhurried).await;
            model
        })
    }

    /// Finds what rows need.
    pub async fn build(mut columns: Columns, pace: &impl Pace) -> Self {
        let count = columns.len();
        let start = std::mem::take(&mut columns.starts);
        let mut end = std::mem::take(&mut columns.durations);
        let mut negative = HashMap::new();
        let mut error = Vec::with_capacity(count);
        for node in 0..count {
            let length = end[node];
            if length < 0 {
                negative.insert(node as u32, length);
            }
            end[node] = start[node].saturating_add(length.max(0));
            error.push(columns.status(node as u32) == StatusCode::Error);
            if node % STRIDE == 0 {
                pace.breathe().await;
            }
        }
        let (services, numbers) = services(&columns);
        let mut service = std::mem::take(&mut columns.service);
        let mut clock = Vec::new();
        if services.len() < numbers.len() {
            clock.clone_from(&service);
            for nodes in service.chunks_mut(STRIDE) {
                for number in nodes {
                    *number = numbers[usize::from(*number)];
                }
                pace.breathe().await;
            }
        }
        let mut model = Self {
            start,
            end,
            parent: std::mem::take(&mut columns.parents),
            depth: std::mem::take(&mut columns.depths),
            subtree: std::mem::take(&mut columns.subtrees),
            service,
            clock,
            error_count: columns.failures.len() as u32,
            errors_below: vec![0; count],
            leaves_service: vec![false; count],
            fold: vec![0; count],
            fold_times: HashMap::new(),
            negative,
            services,
            deepest: 0,
            duration: (columns.end - columns.start).0.max(1),
            root: columns.root,
            error,
            clocks: None,
            skews: Vec::new(),
            estimates: Vec::new(),
            adjusted: false,
            sent_rows: Vec::new(),
            sent_duration: (columns.end - columns.start).0,
            linked_from: links::linked_from(&columns, pace).await,
            analysis: OnceLock::new(),
            columns,
        };
        for node in (0..count).rev() {
            model.deepest = model.deepest.max(model.depth[node]);
            if let Some(parent) = model.parent_of(node as u32) {
                let parent = parent as usize;
                model.errors_below[parent] +=
                    model.errors_below[node] + u32::from(model.error[node]);
                model.leaves_service[parent] |=
                    model.leaves_service[node] || model.service[node] != model.service[parent];
            }
            if node % STRIDE == 0 {
                pace.breathe().await;
            }
        }
        model.find_folds(pace).await;
        model.find_clocks(pace).await;
        model
    }

    /// Finds what the time went to. A second call finds nothing new.
    pub async fn analyse(&self, pace: &impl Pace) {
        if self.analysis.get().is_none() {
            let found = analysis::analyse(self, pace).await;
            // Whoever was quicker has found the same.
            let _ = self.analysis.set(found);
        }
    }

    /// What the time went to, once that is known.
    #[must_use]
    pub fn analysis(&self) -> Option<&Analysis> {
        self.analysis.get()
    }

    /// What the total waited for, from start to end; empty until that is known.
    #[must_use]
    pub fn critical(&self) -> &[Segment] {
        self.analysis().map_or(&[], |analysis| &analysis.critical)
    }

    /// How many nodes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.start.len()
    }

    /// Whether the trace has no span.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.start.is_empty()
    }
}

impl PartialEq for TraceModel {
    /// Whether the same spans have arrived.
    fn eq(&self, other: &Self) -> bool {
        self.columns == other.columns && self.start == other.start && self.end == other.end
    }
}

/// The services, and the number among them of each service on each host.
fn services(columns: &Columns) -> (Vec<TraceService>, Vec<u16>) {
    let mut numbers = HashMap::new();
    let mut named: Vec<&Service> = Vec::new();
    let of_hosts = columns.services.iter().map(|service| {
        let number = numbers.entry((&service.name, service.browser));
        *number.or_insert_with(|| {
            named.push(service);
            (named.len() - 1) as u16
        })
    });
    let of_hosts = of_hosts.collect();
    let hues = palette::hues(named.iter().map(|service| service.browser));
    let services = named
        .into_iter()
        .zip(hues)
        .map(|(service, hue)| TraceService {
            name: service.name.clone(),
            browser: service.browser,
            hue,
        });
    (services.collect(), of_hosts)
}

#[cfg(test)]
mod tests {
    use shared::span::SpanKind;

    use super::super::fixture::{booking, kind, model, span};
    use super::*;

    #[test]
    fn own_time_is_what_no_child_covers() {
        let model = model(vec![
            span(1, 0, "a", "root", 0, 100),
            span(2, 1, "a", "first", 10, 30),
            span(3, 1, "a", "overlaps", 20, 40),
            span(4, 1, "a", "outlives its parent", 90, 120),
        ]);
        assert_eq!(model.self_parts(0), [(0, 10), (40, 90)]);
        assert_eq!(model.self_time(0), 60);
        assert_eq!(model.self_time(1), 20);
    }

    #[test]
    fn spans_are_found_by_their_ids_in_one_go() {
        let model = model(vec![
            span(1, 0, "a", "root", 0, 100),
            span(0x1_0002, 1, "a", "other", 10, 30),
            span(2, 1, "a", "child", 40, 50),
            span(2, 1, "a", "twin", 60, 70),
        ]);
        let id = |text: &str| text.parse::<shared::id::SpanId>().expect("an id");
        let ids = ["0000000000000002", "0000000000000001", "00000000000000ff"].map(id);
        let named = model.named(&ids.into());
        assert_eq!(named.len(), 2);
        assert_eq!(named[&id("0000000000000001")], 0);
        assert_eq!(
            model.name(named[&id("0000000000000002")]),
            "child",
            "the first of two"
        );
    }

    #[test]
    fn browsers_come_first_then_services_by_their_first_span() {
        let model = booking();
        let names: Vec<_> = model
            .services
            .iter()
            .map(|service| service.name.as_str())
            .collect();
        assert_eq!(
            names,
            ["shop-web", "validation", "booking", "payment", "seating"]
        );
        assert_eq!(model.services[0].hue, palette::BROWSER);
    }

    #[test]
    fn alike_siblings_fold_from_four_on() {
        let mut spans = vec![span(1, 0, "a", "root", 0, 100)];
        spans.extend((0..3).map(|i| span(10 + i, 1, "a", "GET x", 10 * i, 10 * i + 5)));
        spans.extend((3..8).map(|i| span(10 + i, 1, "a", "SELECT", 10 * i, 10 * i + 5)));
        let model = model(spans);
        assert_eq!(model.fold[1], 0, "three are few");
        assert_eq!(model.fold[4], 5);
        assert_eq!(model.fold_members(4).collect::<Vec<_>>(), [4, 5, 6, 7, 8]);
    }

    #[test]
    fn clocks_that_disagree_leave_the_roots_time_in_focus() {
        const MS: u64 = 1_000_000;
        let call = kind(
            span(1, 0, "a", "root", 10 * MS, 10 * MS + 100),
            SpanKind::Client,
        );
        let message = model(vec![
            call.clone(),
            kind(
                span(2, 1, "b", "later", 20 * MS, 20 * MS + 100),
                SpanKind::Consumer,
            ),
        ]);
        assert_eq!(message.focus(), None, "a message may be taken up later");
        let answer = kind(span(2, 1, "b", "skewed", 20, 60), SpanKind::Server);
        let skewed = model(vec![call, answer]);
        assert_eq!(skewed.focus(), Some((9_999_980, 10_000_080)));
        assert_eq!(skewed.headline_duration(), 100);
        assert_eq!(booking().focus(), None);
    }

    #[test]
    fn failures_are_counted_below_their_ancestors() {
        let model = booking();
        assert_eq!(model.error_count, 2);
        assert_eq!(model.errors_below[0], 2);
    }

    #[test]
    fn a_chain_of_a_hundred_thousand_spans_needs_no_stack() {
        let model = model(
            (1..=100_000)
                .map(|id| span(id, id - 1, "a", "step", id, 1_000_000 - id))
                .collect(),
        );
        assert_eq!(model.len(), 100_000);
        assert_eq!(
            model
                .critical()
                .iter()
                .map(|segment| segment.end - segment.start)
                .sum::<i64>(),
            model.duration
        );
    }
}
