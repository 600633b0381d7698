//! How long each span worked itself, while none of its children ran.

use super::Trace;
use crate::time::{DurationNanos, UnixNanos};

/// Each node's duration without the time that at least one of its children covers.
///
/// Children count only where they lie within their parent; negative durations count as zero.
#[must_use]
pub fn self_times(trace: &Trace) -> Vec<DurationNanos> {
    let own = |duration: DurationNanos| DurationNanos(duration.0.max(0));
    let mut times: Vec<DurationNanos> = trace
        .nodes
        .iter()
        .map(|node| own(node.record.span.duration()))
        .collect();
    // Siblings come by start, so what of a parent is covered so far ends at one instant.
    let mut covered_until: Vec<UnixNanos> = trace
        .nodes
        .iter()
        .map(|node| node.record.span.start)
        .collect();
    for node in &trace.nodes {
        let Some(parent) = node.parent else { continue };
        let parent = parent as usize;
        let from = node.record.span.start.max(covered_until[parent]);
        let to = node
            .record
            .span
            .end
            .min(trace.nodes[parent].record.span.end);
        if from < to {
            times[parent] = times[parent] - (to - from);
            covered_until[parent] = to;
        }
    }
    times
}
