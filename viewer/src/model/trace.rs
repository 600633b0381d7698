//! A trace as the viewer works on it: one array per field, in preorder.
//!
//! A node is its index in preorder; its subtree is the `subtree[node]` nodes from it on. Times are
//! nanoseconds from the start of the trace. Everything is iterative, so that depth costs no stack, and
//! whatever goes over all nodes pauses in between ([`Pace`]), so that a million of them freeze nothing.
//!
//! There are two steps. [`TraceModel::build`] finds what rows need; from then on the trace can be shown.
//! [`TraceModel::analyse`] finds what the time went to. What is only read of single spans (attributes,
//! resource, scope) is not here: it is asked for span by span.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use shared::columns::{Columns, Link, Mark, Note, flag};
use shared::id::{SpanId, TraceId};
use shared::span::{SpanKind, StatusCode};
use shared::time::{DurationNanos, UnixNanos};

use super::analysis::{self, Analysis};
use super::clock::Bounds;
use super::links;
use super::pace::Pace;
use crate::palette;

/// Clocks of one machine differ by less in what they say of one call: a browser's are rounded, and a server may end
/// its span after the answer has left. In nanoseconds.
pub const CLOCK_NOISE: i64 = 1_000_000;

/// Stands for "no node".
pub const NONE: u32 = u32::MAX;

/// From this many alike siblings in a row on, they are shown as one.
const FOLD_FROM: u32 = 4;

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

/// How long the members of a fold took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoldTimes {
    /// Their median, in nanoseconds.
    pub p50: i64,
    /// What 95 of 100 stayed below.
    pub p95: i64,
    /// The last end.
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
    /// How many alike siblings begin at each node and are shown as one; 0 where none do.
    pub fold: Vec<u32>,
    /// The times of each fold by its first member.
    fold_times: HashMap<u32, FoldTimes>,
    /// By how much a node ends before it starts, where it does.
    negative: HashMap<u32, i64>,
    /// The services, browsers first, then in the order of their first span.
    pub services: Vec<TraceService>,
    /// From the earliest start to the latest end; at least one nanosecond.
    pub duration: i64,
    /// How many spans failed.
    pub error_count: u32,
    /// The node that stands for the whole trace; 0 for an empty trace.
    pub root: u32,
    /// The first node that shows that clocks disagree, and how many do.
    pub clocks: Option<(u32, u32)>,
    /// By how much each service's clock is ahead of the root's, in nanoseconds; 0 where it agrees.
    pub skews: Vec<i64>,
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
        let mut model = Self {
            start,
            end,
            parent: std::mem::take(&mut columns.parents),
            depth: std::mem::take(&mut columns.depths),
            subtree: std::mem::take(&mut columns.subtrees),
            service: std::mem::take(&mut columns.service),
            error_count: columns.failures.len() as u32,
            errors_below: vec![0; count],
            fold: vec![0; count],
            fold_times: HashMap::new(),
            negative,
            services: services(&columns),
            duration: (columns.end - columns.start).0.max(1),
            root: columns.root,
            error,
            clocks: None,
            skews: Vec::new(),
            adjusted: false,
            sent_rows: Vec::new(),
            sent_duration: (columns.end - columns.start).0,
            linked_from: links::linked_from(&columns, pace).await,
            analysis: OnceLock::new(),
            columns,
        };
        for node in (0..count).rev() {
            let own = model.errors_below[node] + u32::from(model.error[node]);
            if own > 0
                && let Some(parent) = model.parent_of(node as u32)
            {
                model.errors_below[parent as usize] += own;
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

    /// The trace's id; none for an empty trace.
    #[must_use]
    pub fn trace_id(&self) -> Option<TraceId> {
        self.columns.trace_id
    }

    /// The instant that all times count from.
    #[must_use]
    pub fn start_time(&self) -> UnixNanos {
        self.columns.start
    }

    /// The latest end.
    #[must_use]
    pub fn end_time(&self) -> UnixNanos {
        self.columns.end
    }

    /// By how much the clock that timed a node is ahead of the root's, in nanoseconds.
    #[must_use]
    pub fn skew_of(&self, node: u32) -> i64 {
        let service = usize::from(self.service[node as usize]);
        self.skews.get(service).copied().unwrap_or(0)
    }

    /// Whether some service's clock is not the root's.
    #[must_use]
    pub fn clocks_apart(&self) -> bool {
        self.skews.iter().any(|skew| *skew != 0)
    }

    /// When a node began, as it was sent.
    #[must_use]
    pub fn sent_start(&self, node: u32) -> UnixNanos {
        let skew = if self.adjusted { self.skew_of(node) } else { 0 };
        self.start_time() + DurationNanos(self.start[node as usize] + skew)
    }

    /// What the arrays are not made of.
    #[must_use]
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// The parent of a node.
    #[must_use]
    pub fn parent_of(&self, node: u32) -> Option<u32> {
        let parent = self.parent[node as usize];
        (parent != NONE).then_some(parent)
    }

    /// The first node after the subtree of `node`.
    #[must_use]
    pub fn after(&self, node: u32) -> u32 {
        (node + self.subtree[node as usize]).min(self.len() as u32)
    }

    /// The children of a node by start; of [`NONE`], the roots.
    pub fn children(&self, node: u32) -> impl Iterator<Item = u32> + '_ {
        let (first, end) = if node == NONE {
            (0, self.len() as u32)
        } else {
            (node + 1, self.after(node))
        };
        std::iter::successors((first < end).then_some(first), move |child| {
            let next = self.after(*child);
            (next < end).then_some(next)
        })
    }

    /// The name of a node.
    #[must_use]
    pub fn name(&self, node: u32) -> &str {
        self.columns.name(node)
    }

    /// How many numbers of names there may be.
    #[must_use]
    pub fn name_numbers(&self) -> usize {
        self.columns.texts.len()
    }

    /// A number that nodes of one name share.
    #[must_use]
    pub fn name_number(&self, node: u32) -> u32 {
        self.columns.names[node as usize]
    }

    /// The kind of a node.
    #[must_use]
    pub fn kind(&self, node: u32) -> SpanKind {
        self.columns.kind(node)
    }

    /// The status of a node.
    #[must_use]
    pub fn status(&self, node: u32) -> StatusCode {
        self.columns.status(node)
    }

    /// The id of a node's span.
    #[must_use]
    pub fn span_id(&self, node: u32) -> SpanId {
        self.columns.span_ids[node as usize]
    }

    /// What [`flag`] says of a node.
    #[must_use]
    pub fn has(&self, node: u32, flag: u16) -> bool {
        self.columns.flags[node as usize] & flag != 0
    }

    /// The events of a node, by time.
    #[must_use]
    pub fn marks_of(&self, node: u32) -> &[Mark] {
        self.columns.marks_of(node)
    }

    /// What a mark says.
    #[must_use]
    pub fn mark_name(&self, mark: &Mark) -> &str {
        self.columns.texts.get(mark.name)
    }

    /// The links of a node.
    #[must_use]
    pub fn links_of(&self, node: u32) -> &[Link] {
        self.columns.links_of(node)
    }

    /// The nodes that link to a node, in order.
    #[must_use]
    pub fn linked_from(&self, node: u32) -> &[u32] {
        self.linked_from.get(&node).map_or(&[], Vec::as_slice)
    }

    /// What is odd about the trace.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.columns.notes
    }

    /// Why a node failed: the status code, the class of error or the message; empty where nothing is said.
    #[must_use]
    pub fn failure_reason(&self, node: u32) -> &str {
        self.columns
            .failure(node)
            .map_or("", |failure| self.columns.texts.get(failure.reason))
    }

    /// The status message of a failed node.
    #[must_use]
    pub fn failure_message(&self, node: u32) -> &str {
        self.columns
            .failure(node)
            .map_or("", |failure| self.columns.texts.get(failure.message))
    }

    /// The nodes that failed, in order.
    pub fn failed(&self) -> impl DoubleEndedIterator<Item = u32> + '_ {
        self.columns.failures.iter().map(|failure| failure.row)
    }

    /// The service of a node.
    #[must_use]
    pub fn service_of(&self, node: u32) -> &TraceService {
        &self.services[usize::from(self.service[node as usize])]
    }

    /// From start to end of a node.
    #[must_use]
    pub fn duration_of(&self, node: u32) -> i64 {
        self.end[node as usize] - self.start[node as usize]
    }

    /// From start to end of a node as its sender said; negative where a clock was set back.
    #[must_use]
    pub fn raw_duration(&self, node: u32) -> i64 {
        let negative = self.negative.get(&node).copied();
        negative.unwrap_or_else(|| self.duration_of(node))
    }

    /// The parts of a node's time in which it waited for none of its children.
    #[must_use]
    pub fn self_parts(&self, node: u32) -> Vec<(i64, i64)> {
        let end = self.end[node as usize];
        let mut parts = Vec::new();
        let mut cursor = self.start[node as usize];
        for child in self.children(node) {
            let child_start = self.start[child as usize].min(end);
            if child_start > cursor {
                parts.push((cursor, child_start));
            }
            cursor = cursor.max(self.end[child as usize].min(end));
        }
        if end > cursor || (end == self.start[node as usize] && self.subtree[node as usize] == 1) {
            parts.push((cursor, end));
        }
        parts
    }

    /// How long a node waited for none of its children.
    #[must_use]
    pub fn self_time(&self, node: u32) -> i64 {
        match self.analysis() {
            Some(analysis) => analysis.self_times[node as usize],
            None => self
                .self_parts(node)
                .iter()
                .map(|(start, end)| end - start)
                .sum(),
        }
    }

    /// The members of the fold that begins at `node`; empty where none does.
    pub fn fold_members(&self, node: u32) -> impl Iterator<Item = u32> + '_ {
        let mut next = node;
        (0..self.fold[node as usize]).map(move |_| {
            let member = next;
            next = self.after(member);
            member
        })
    }

    /// How long the members of the fold that begins at `node` took.
    #[must_use]
    pub fn fold_times(&self, node: u32) -> Option<FoldTimes> {
        self.fold_times.get(&node).copied()
    }

    /// The first members of all folds, in no order.
    pub fn folds(&self) -> impl Iterator<Item = u32> + '_ {
        self.fold_times.keys().copied()
    }

    /// The time of the root, where clocks that disagree stretch the trace far beyond it: what to look at first.
    #[must_use]
    pub fn focus(&self) -> Option<(i64, i64)> {
        self.clocks?;
        let root = self.root as usize;
        let (start, end) = (*self.start.get(root)?, *self.end.get(root)?);
        (end > start && (end - start) < self.duration / 2).then_some((start, end))
    }

    /// How long the whole took: from the earliest start to the latest end, or the root where clocks disagree.
    #[must_use]
    pub fn headline_duration(&self) -> i64 {
        self.focus()
            .map_or(self.duration, |(start, end)| end - start)
    }

    /// The node whose span has this id in hexadecimal digits.
    #[must_use]
    pub fn node_of_span(&self, id: &str) -> Option<u32> {
        self.node_of(id.parse().ok()?)
    }

    /// The node whose span has this id.
    #[must_use]
    pub fn node_of(&self, id: SpanId) -> Option<u32> {
        let found = self.columns.span_ids.iter().position(|other| *other == id);
        found.map(|node| node as u32)
    }

    /// The nodes whose spans have one of these ids, in order.
    #[must_use]
    pub fn nodes_of(&self, ids: &HashSet<SpanId>) -> Vec<u32> {
        let nodes = (0..).zip(&self.columns.span_ids);
        nodes
            .filter(|(_, id)| ids.contains(id))
            .map(|(node, _)| node)
            .collect()
    }

    /// The first session that a span or a resource names.
    #[must_use]
    pub fn session(&self) -> Option<&str> {
        Some(self.columns.session.as_str()).filter(|session| !session.is_empty())
    }

    /// The first call that the root made: the same that a list of traces names.
    #[must_use]
    pub fn caused(&self) -> Option<u32> {
        if self.is_empty() {
            return None;
        }
        (self.root + 1..self.after(self.root)).find(|node| self.kind(*node) == SpanKind::Client)
    }

    async fn find_folds(&mut self, pace: &impl Pace) {
        let mut seen = 0;
        for parent in std::iter::once(NONE).chain(0..self.len() as u32) {
            if parent != NONE && self.subtree[parent as usize] <= FOLD_FROM {
                seen += 1;
                if seen % STRIDE == 0 {
                    pace.breathe().await;
                }
                continue;
            }
            let end = if parent == NONE {
                self.len() as u32
            } else {
                self.after(parent)
            };
            let mut child = if parent == NONE { 0 } else { parent + 1 };
            while child < end {
                let head = child;
                let mut length = 0;
                while child < end && self.alike(head, child) {
                    length += 1;
                    child = self.after(child);
                    seen += 1;
                    if seen % STRIDE == 0 {
                        pace.breathe().await;
                    }
                }
                if length >= FOLD_FROM {
                    self.add_fold(head, length);
                    pace.breathe().await;
                }
            }
        }
    }

    fn add_fold(&mut self, head: u32, length: u32) {
        self.fold[head as usize] = length;
        let mut durations: Vec<i64> = self
            .fold_members(head)
            .map(|member| self.duration_of(member))
            .collect();
        let mut at = |share: usize| {
            let place = (durations.len() - 1) * share / 100;
            *durations.select_nth_unstable(place).1
        };
        let (p50, p95) = (at(50), at(95));
        let ends = self
            .fold_members(head)
            .map(|member| self.end[member as usize]);
        let end = ends.max().unwrap_or_default();
        self.fold_times.insert(head, FoldTimes { p50, p95, end });
    }

    fn alike(&self, a: u32, b: u32) -> bool {
        self.service[a as usize] == self.service[b as usize]
            && self.name_number(a) == self.name_number(b)
    }

    async fn find_clocks(&mut self, pace: &impl Pace) {
        let mut bounds = Bounds::default();
        for node in 0..self.len() as u32 {
            bounds.learn(self, node);
            if self.clocks_disagree(node) {
                let (first, count) = self.clocks.unwrap_or((node, 0));
                self.clocks = Some((first, count + 1));
            }
            if (node as usize).is_multiple_of(STRIDE) {
                pace.breathe().await;
            }
        }
        if let Some(service) = self.service.get(self.root as usize) {
            self.skews = bounds.skews(self.services.len(), *service);
        }
    }

    /// Whether a node tells of two clocks: a call that is answered lies within its request, so that an answer
    /// outside of it was timed by another clock. A message may well be taken up after its sender has gone on.
    #[must_use]
    pub fn clocks_disagree(&self, node: u32) -> bool {
        let outside = flag::STARTS_BEFORE_PARENT | flag::ENDS_AFTER_PARENT;
        if !self.has(node, outside) || !self.has(node, flag::ACROSS_SERVICES) {
            return false;
        }
        let Some(parent) = self.parent_of(node) else {
            return false;
        };
        let early = self.start[parent as usize] - self.start[node as usize];
        let late = self.end[node as usize] - self.end[parent as usize];
        early.max(late) >= CLOCK_NOISE
            && self.kind(parent) == SpanKind::Client
            && self.kind(node) == SpanKind::Server
    }
}

impl PartialEq for TraceModel {
    /// Whether the same spans have arrived.
    fn eq(&self, other: &Self) -> bool {
        self.columns == other.columns && self.start == other.start && self.end == other.end
    }
}

fn services(columns: &Columns) -> Vec<TraceService> {
    let hues = palette::hues(columns.services.iter().map(|service| service.browser));
    let named = columns.services.iter().zip(hues);
    named
        .map(|(service, hue)| TraceService {
            name: service.name.clone(),
            browser: service.browser,
            hue,
        })
        .collect()
}

#[cfg(test)]
mod tests {
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
