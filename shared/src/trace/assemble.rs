//! From a bag of spans to a forest in preorder.

use std::sync::Arc;

use super::order::{NONE, Spans, order};
use super::{Node, Trace};
use crate::id::SpanId;
use crate::span::{SpanKind, SpanRecord};
use crate::time::UnixNanos;

/// Puts the spans of one trace in order.
///
/// An identical span received again is dropped; a different one under the same id is kept with a
/// warning. Children of an id that two spans claim belong to the earlier one.
#[must_use]
pub fn assemble(records: Vec<SpanRecord>) -> Trace {
    // Spans are large, so their indices are sorted and each span is moved once, to its node.
    let found = order(&records.as_slice());
    let mut records: Vec<Option<SpanRecord>> = records.into_iter().map(Some).collect();
    let nodes = found
        .spans
        .iter()
        .zip(
            found
                .parents
                .iter()
                .zip(found.depths.iter().zip(&found.subtrees)),
        )
        .filter_map(|(&index, (&parent, (&depth, &subtree)))| {
            Some(Node {
                record: records[index as usize].take()?,
                parent: (parent != NONE).then_some(parent),
                depth,
                subtree,
            })
        })
        .collect();
    Trace {
        nodes,
        warnings: found.warnings,
        start: found.start,
        end: found.end,
    }
}

impl Spans for &[SpanRecord] {
    /// The text of `Debug`.
    type Content = String;

    fn count(&self) -> usize {
        self.len()
    }

    fn span_id(&self, index: usize) -> SpanId {
        self[index].span.span_id
    }

    fn parent_span_id(&self, index: usize) -> Option<SpanId> {
        self[index].span.parent_span_id
    }

    fn start(&self, index: usize) -> UnixNanos {
        self[index].span.start
    }

    fn end(&self, index: usize) -> UnixNanos {
        self[index].span.end
    }

    fn kind(&self, index: usize) -> SpanKind {
        self[index].span.kind
    }

    fn across_services(&self, one: usize, other: usize) -> bool {
        let (one, other) = (&self[one].resource, &self[other].resource);
        !Arc::ptr_eq(one, other)
            && (one.service_name(), one.host()) != (other.service_name(), other.host())
    }

    fn same(&self, one: usize, other: usize) -> bool {
        let (one, other) = (&self[one], &self[other]);
        one.span == other.span
            && (Arc::ptr_eq(&one.resource, &other.resource) || one.resource == other.resource)
            && (Arc::ptr_eq(&one.scope, &other.scope) || one.scope == other.scope)
    }

    fn content(&self, index: usize) -> String {
        format!("{:?}", self[index])
    }
}
