//! Puts the spans of one trace in order.
//!
//! [`assemble`] never fails: whatever is odd about the spans becomes a [`Warning`] and the spans are
//! shown all the same. Invariant of a [`Trace`]: its nodes are in preorder, so the subtree of node
//! `i` is exactly `i .. i + nodes[i].subtree`.
//!
//! Nothing here recurses: a chain of a million spans is a trace like any other.

mod assemble;
mod critical_path;
pub mod order;
mod self_time;
pub mod statistics;
pub mod story;
mod warning;

pub use assemble::assemble;
pub use critical_path::{Forest, PathSegment, PathWalk, critical_path};
pub use self_time::self_times;
pub use warning::{Short, Warning};

use crate::span::SpanRecord;
use crate::time::{DurationNanos, UnixNanos};

/// The spans of one trace, in order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Trace {
    /// Every distinct span once, in preorder: parents before their children, siblings and roots by
    /// start, then by span id.
    pub nodes: Vec<Node>,
    /// What is odd about the spans, in the order of the nodes concerned.
    pub warnings: Vec<Warning>,
    /// The earliest start. Spans whose clock is implausible do not count.
    pub start: UnixNanos,
    /// The latest end. Spans whose clock is implausible do not count.
    pub end: UnixNanos,
}

/// A span in its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The span with its sender.
    pub record: SpanRecord,
    /// The parent's index in [`Trace::nodes`]; `None` for roots, orphans and where a cycle was cut.
    pub parent: Option<u32>,
    /// How many ancestors it has.
    pub depth: u32,
    /// How many nodes its subtree has, itself included.
    pub subtree: u32,
}

impl Trace {
    /// From the earliest start to the latest end.
    #[must_use]
    pub fn duration(&self) -> DurationNanos {
        self.end - self.start
    }

    /// The index of the node that stands for the whole trace: the first span that says it has no
    /// parent, or else the first node. `None` for an empty trace.
    #[must_use]
    pub fn root(&self) -> Option<u32> {
        let roots = || self.roots();
        roots()
            .find(|&root| self.span(root).parent_span_id.is_none())
            .or_else(|| roots().next())
    }

    /// The indices of all nodes without a parent in the trace, in order.
    pub fn roots(&self) -> impl Iterator<Item = u32> {
        self.siblings(0, self.nodes.len() as u32)
    }

    /// The indices of a node's children, in order.
    pub fn children(&self, node: u32) -> impl Iterator<Item = u32> {
        self.siblings(node + 1, node + self.nodes[node as usize].subtree)
    }

    /// The span of a node.
    #[must_use]
    pub fn span(&self, node: u32) -> &crate::span::Span {
        &self.nodes[node as usize].record.span
    }

    fn siblings(&self, first: u32, end: u32) -> impl Iterator<Item = u32> {
        let mut next = first;
        std::iter::from_fn(move || {
            let node = next;
            (node < end).then(|| {
                next += self.nodes[node as usize].subtree;
                node
            })
        })
    }
}
