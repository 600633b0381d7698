//! What is known of single nodes, and of the trace as a whole.

use std::collections::{HashMap, HashSet};

use shared::columns::{Columns, Link, Mark, Note};
use shared::id::{SpanId, TraceId};
use shared::span::{SpanKind, StatusCode};
use shared::time::UnixNanos;

use super::{NONE, TraceModel, TraceService};

impl TraceModel {
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

    /// Whether a node has children and no other service works below it: what is inside it is detail.
    #[must_use]
    pub fn is_detail(&self, node: u32) -> bool {
        self.subtree[node as usize] > 1 && !self.leaves_service[node as usize]
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

    /// The number of a name; `None` where no node has it.
    #[must_use]
    pub fn number_of_name(&self, name: &str) -> Option<u32> {
        let texts = &self.columns.texts;
        (0..texts.len() as u32).find(|number| texts.get(*number) == name)
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

    /// The node whose span has this id in hexadecimal digits.
    #[cfg(test)]
    #[must_use]
    pub fn node_of_span(&self, id: &str) -> Option<u32> {
        self.node_of(id.parse().ok()?)
    }

    /// The nodes whose spans have these ids, found in one go; of several with one id, the first.
    #[must_use]
    pub fn named(&self, ids: &HashSet<SpanId>) -> HashMap<SpanId, u32> {
        if ids.is_empty() {
            return HashMap::new();
        }
        let nodes = self.nodes_of(ids).into_iter().rev();
        nodes.map(|node| (self.span_id(node), node)).collect()
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
        // The end of an id tells sooner than its hash that it is none of them, as most are.
        let end = |id: &SpanId| {
            let [.., a, b] = id.as_bytes();
            usize::from(u16::from_be_bytes([*a, *b]))
        };
        let mut ends = vec![false; 1 << 16];
        for id in ids {
            ends[end(id)] = true;
        }
        let nodes = (0..).zip(&self.columns.span_ids);
        nodes
            .filter(|(_, id)| ends[end(id)] && ids.contains(id))
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
}
