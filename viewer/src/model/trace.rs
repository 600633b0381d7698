//! A trace as the viewer works on it: one array per field, in preorder.
//!
//! A node is its index in preorder; its subtree is the `subtree[node]` nodes from it on. Times are
//! nanoseconds from the start of the trace. Everything is iterative, so that depth costs no stack.

use std::collections::HashMap;

use shared::attribute::{AttributeValue, find, find_str};
use shared::semconv;
use shared::span::{Span, SpanKind, SpanRecord};
use shared::trace::{Trace, Warning, critical_path};

use crate::palette;

/// Clocks of one machine differ by less in what they say of one call: a browser's are rounded, and a server may end
/// its span after the answer has left. In nanoseconds.
pub const CLOCK_NOISE: i64 = 1_000_000;

/// Stands for "no node".
pub const NONE: u32 = u32::MAX;

/// From this many alike siblings in a row on, they are shown as one.
const FOLD_FROM: u32 = 4;

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
    /// The trace as assembled.
    pub trace: Trace,
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
    /// Where the own time of each node lies: its parts in `self_parts` end at this index.
    self_end: Vec<u32>,
    self_parts: Vec<(i64, i64)>,
    /// The services, browsers first, then in the order of their first span.
    pub services: Vec<TraceService>,
    /// What the total waited for, from start to end.
    pub critical: Vec<Segment>,
    /// From the earliest start to the latest end; at least one nanosecond.
    pub duration: i64,
    /// How many spans failed.
    pub error_count: u32,
    /// The node that stands for the whole trace; 0 for an empty trace.
    pub root: u32,
}

impl TraceModel {
    /// Arranges an assembled trace.
    #[must_use]
    pub fn new(trace: Trace) -> Self {
        let count = trace.nodes.len();
        let origin = trace.start;
        let duration = (trace.end - origin).0.max(1);
        let mut model = Self {
            start: Vec::with_capacity(count),
            end: Vec::with_capacity(count),
            parent: Vec::with_capacity(count),
            depth: Vec::with_capacity(count),
            subtree: Vec::with_capacity(count),
            service: Vec::new(),
            error: Vec::with_capacity(count),
            errors_below: vec![0; count],
            fold: vec![0; count],
            fold_times: HashMap::new(),
            self_end: Vec::with_capacity(count),
            self_parts: Vec::with_capacity(count),
            services: Vec::new(),
            critical: Vec::new(),
            duration,
            error_count: 0,
            root: 0,
            trace,
        };
        for node in &model.trace.nodes {
            let start = (node.record.span.start - origin).0;
            model.start.push(start);
            model.end.push((node.record.span.end - origin).0.max(start));
            model.parent.push(node.parent.unwrap_or(NONE));
            model.depth.push(node.depth);
            model.subtree.push(node.subtree.max(1));
            model.error.push(node.record.span.is_error());
        }
        model.error_count = model.error.iter().filter(|error| **error).count() as u32;
        for node in (0..count).rev() {
            if let Some(parent) = model.parent_of(node as u32) {
                model.errors_below[parent as usize] +=
                    model.errors_below[node] + u32::from(model.error[node]);
            }
        }
        model.find_services();
        model.find_folds();
        model.find_self_parts();
        model.critical = critical_path(&model.trace)
            .iter()
            .map(|segment| Segment {
                node: segment.node,
                start: (segment.start - origin).0,
                end: (segment.end - origin).0,
            })
            .collect();
        model.root = model.trace.root().unwrap_or(0);
        model
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

    /// The span of a node with its sender.
    #[must_use]
    pub fn record(&self, node: u32) -> &SpanRecord {
        &self.trace.nodes[node as usize].record
    }

    /// The span of a node.
    #[must_use]
    pub fn span(&self, node: u32) -> &Span {
        &self.record(node).span
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

    /// The parts of a node's time in which it waited for none of its children.
    #[must_use]
    pub fn self_parts(&self, node: u32) -> &[(i64, i64)] {
        let node = node as usize;
        let first = if node == 0 {
            0
        } else {
            self.self_end[node - 1] as usize
        };
        &self.self_parts[first..self.self_end[node] as usize]
    }

    /// How long a node waited for none of its children.
    #[must_use]
    pub fn self_time(&self, node: u32) -> i64 {
        self.self_parts(node)
            .iter()
            .map(|(start, end)| end - start)
            .sum()
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

    /// The time of the root, where clocks that disagree stretch the trace far beyond it: what to look at first.
    #[must_use]
    pub fn focus(&self) -> Option<(i64, i64)> {
        let apart = self
            .trace
            .warnings
            .iter()
            .any(|warning| self.clocks_disagree(warning));
        let root = self.root as usize;
        let (start, end) = (*self.start.get(root)?, *self.end.get(root)?);
        (apart && end > start && (end - start) < self.duration / 2).then_some((start, end))
    }

    /// Whether a warning tells of two clocks: a call that is answered lies within its request, so that an answer
    /// outside of it was timed by another clock. A message may well be taken up after its sender has gone on.
    #[must_use]
    pub fn clocks_disagree(&self, warning: &Warning) -> bool {
        let (Warning::ChildStartsBeforeParent {
            node,
            by,
            across_services: true,
            ..
        }
        | Warning::ChildEndsAfterParent {
            node,
            by,
            across_services: true,
            ..
        }) = *warning
        else {
            return false;
        };
        let caller = self.parent_of(node).map(|parent| self.span(parent).kind);
        by.0.abs() >= CLOCK_NOISE
            && caller == Some(SpanKind::Client)
            && self.span(node).kind == SpanKind::Server
    }

    /// How long the whole took: from the earliest start to the latest end, or the root where clocks disagree.
    #[must_use]
    pub fn headline_duration(&self) -> i64 {
        self.focus()
            .map_or(self.duration, |(start, end)| end - start)
    }

    /// How long the members of the fold that begins at `node` took.
    #[must_use]
    pub fn fold_times(&self, node: u32) -> Option<FoldTimes> {
        self.fold_times.get(&node).copied()
    }

    /// The node whose span has this id in hexadecimal digits.
    #[must_use]
    pub fn node_of_span(&self, id: &str) -> Option<u32> {
        let id = id.parse().ok()?;
        self.trace
            .nodes
            .iter()
            .position(|node| node.record.span.span_id == id)
            .map(|node| node as u32)
    }

    /// The first session that a span or a resource names.
    #[must_use]
    pub fn session(&self) -> Option<&str> {
        self.trace.nodes.iter().find_map(|node| {
            find_str(&node.record.span.attributes, semconv::SESSION_ID)
                .or_else(|| find_str(&node.record.resource.attributes, semconv::SESSION_ID))
        })
    }

    /// The first call that the root made: the same that a list of traces names.
    #[must_use]
    pub fn caused(&self) -> Option<u32> {
        if self.is_empty() {
            return None;
        }
        (self.root + 1..self.after(self.root))
            .find(|node| self.span(*node).kind == SpanKind::Client)
    }

    fn find_services(&mut self) {
        let mut by_start: Vec<u32> = (0..self.len() as u32).collect();
        by_start.sort_by_key(|node| {
            let resource = &self.trace.nodes[*node as usize].record.resource;
            (!resource.is_browser(), self.start[*node as usize])
        });
        let mut indices: HashMap<(String, bool), u16> = HashMap::new();
        // Spans of one batch share their resource, so its address answers for most of them.
        let mut by_address: HashMap<usize, u16> = HashMap::new();
        let mut service = vec![0; self.len()];
        for node in by_start {
            let resource = &self.trace.nodes[node as usize].record.resource;
            let address = std::sync::Arc::as_ptr(resource) as usize;
            let index = *by_address.entry(address).or_insert_with(|| {
                let (name, browser) = (resource.service_name(), resource.is_browser());
                let next = indices.len() as u16;
                *indices
                    .entry((name.to_owned(), browser))
                    .or_insert_with(|| {
                        self.services.push(TraceService {
                            name: name.to_owned(),
                            browser,
                            hue: 0,
                        });
                        next
                    })
            });
            service[node as usize] = index;
        }
        let hues = palette::hues(self.services.iter().map(|service| service.browser));
        for (service, hue) in self.services.iter_mut().zip(hues) {
            service.hue = hue;
        }
        self.service = service;
    }

    fn find_folds(&mut self) {
        let mut folds = Vec::new();
        for parent in std::iter::once(NONE).chain(0..self.len() as u32) {
            let mut run: Option<(u32, u32)> = None;
            for child in self.children(parent) {
                run = match run {
                    Some((head, length)) if self.alike(head, child) => Some((head, length + 1)),
                    ended => {
                        folds.extend(ended);
                        Some((child, 1))
                    }
                };
            }
            folds.extend(run);
        }
        for (head, length) in folds {
            if length >= FOLD_FROM {
                self.fold[head as usize] = length;
                let mut durations: Vec<i64> = self
                    .fold_members(head)
                    .map(|member| self.duration_of(member))
                    .collect();
                durations.sort_unstable();
                let at = |share: usize| durations[(durations.len() - 1) * share / 100];
                let end = self
                    .fold_members(head)
                    .map(|member| self.end[member as usize])
                    .max()
                    .unwrap_or_default();
                self.fold_times.insert(
                    head,
                    FoldTimes {
                        p50: at(50),
                        p95: at(95),
                        end,
                    },
                );
            }
        }
    }

    fn alike(&self, a: u32, b: u32) -> bool {
        self.service[a as usize] == self.service[b as usize]
            && self.span(a).name == self.span(b).name
    }

    fn find_self_parts(&mut self) {
        let mut parts = Vec::with_capacity(self.len());
        let mut ends = Vec::with_capacity(self.len());
        for node in 0..self.len() as u32 {
            let end = self.end[node as usize];
            let mut cursor = self.start[node as usize];
            for child in self.children(node) {
                let child_start = self.start[child as usize].min(end);
                if child_start > cursor {
                    parts.push((cursor, child_start));
                }
                cursor = cursor.max(self.end[child as usize].min(end));
            }
            if end > cursor
                || (end == self.start[node as usize] && self.subtree[node as usize] == 1)
            {
                parts.push((cursor, end));
            }
            ends.push(parts.len() as u32);
        }
        self.self_parts = parts;
        self.self_end = ends;
    }
}

/// The status code of an HTTP response.
#[must_use]
pub fn http_status(span: &Span) -> Option<i64> {
    find(&span.attributes, semconv::HTTP_RESPONSE_STATUS_CODE).and_then(AttributeValue::as_int)
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
                .critical
                .iter()
                .map(|segment| segment.end - segment.start)
                .sum::<i64>(),
            model.duration
        );
    }
}
