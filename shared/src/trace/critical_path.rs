//! The critical path: at each moment of the root, the one span that the answer waits for.
//!
//! Walking back from a span's end, the child that finishes last before the cursor is what the span
//! waited for; the walk goes through that child and continues at the child's start. What no child
//! gates is the span's own.
//!
//! ```text
//! root   ▐━━━━━┓           ┏━━━━━━━━▌      own · child · own
//! child        ┗━━┓     ┏━━┛
//! grandchild      ┗━━━━━┛
//! ```

use std::cmp::Reverse;

use super::Trace;
use crate::time::UnixNanos;

/// How far a child may reach over the start of the one that followed it and still count as
/// finished before it. Browsers round their clocks to up to a millisecond, and a span often ends a
/// moment after its caller has gone on.
const OVERLAP_NANOS: u64 = 1_000_000;

/// A stretch of the critical path within one span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PathSegment {
    /// The span's index in [`Trace::nodes`].
    pub node: u32,
    /// When the path enters the span.
    pub start: UnixNanos,
    /// When it goes on to the next.
    pub end: UnixNanos,
}

/// The critical path of the trace's [root](Trace::root), in time order.
///
/// The segments are never empty, follow each other without a gap and together last exactly as long
/// as the root; there are none where the root has no length. Children count only where they lie
/// within their parent, so that clocks that disagree cannot tear the path.
#[must_use]
pub fn critical_path(trace: &Trace) -> Vec<PathSegment> {
    let mut segments = Vec::new();
    let Some(root) = trace.root() else {
        return segments;
    };
    let mut walk = Walk {
        trace,
        waiting: Vec::new(),
        frames: Vec::new(),
    };
    walk.enter(root, trace.span(root).start, trace.span(root).end);
    while let Some(frame) = walk.frames.last_mut() {
        let node = frame.node;
        let cursor = frame.cursor;
        if walk.waiting.len() > frame.first {
            let Some(child) = walk.waiting.pop() else {
                break;
            };
            let overlap = child.end.0.saturating_sub(cursor.0);
            let length = child.end.0 - child.start.0;
            // A tenth at most, so that what ran in parallel is not taken for what came before.
            if child.start >= cursor || overlap > OVERLAP_NANOS.min(length / 10) {
                continue;
            }
            let end = child.end.min(cursor);
            push(
                &mut segments,
                PathSegment {
                    node,
                    start: end,
                    end: cursor,
                },
            );
            frame.cursor = child.start;
            walk.enter(child.node, child.start, end);
        } else {
            push(
                &mut segments,
                PathSegment {
                    node,
                    start: frame.start,
                    end: cursor,
                },
            );
            walk.frames.pop();
        }
    }
    segments.reverse();
    segments
}

/// Takes a segment that lies before all others.
fn push(segments: &mut Vec<PathSegment>, segment: PathSegment) {
    if segment.start >= segment.end {
        return;
    }
    match segments.last_mut() {
        Some(later) if later.node == segment.node => later.start = segment.start,
        _ => segments.push(segment),
    }
}

/// The spans that the walk is in, from the root down.
struct Walk<'a> {
    trace: &'a Trace,
    frames: Vec<Frame>,
    /// The children that may still come, of all frames; each frame's own from `first` on, the one
    /// that finishes last at the end.
    waiting: Vec<Child>,
}

struct Frame {
    node: u32,
    start: UnixNanos,
    cursor: UnixNanos,
    first: usize,
}

struct Child {
    node: u32,
    start: UnixNanos,
    end: UnixNanos,
}

impl Walk<'_> {
    fn enter(&mut self, node: u32, start: UnixNanos, end: UnixNanos) {
        let first = self.waiting.len();
        for child in self.trace.children(node) {
            let span = self.trace.span(child);
            let child = Child {
                node: child,
                start: span.start.max(start),
                end: span.end.min(end),
            };
            if child.start < child.end {
                self.waiting.push(child);
            }
        }
        // Of those that finish together, the longest explains the most.
        self.waiting[first..].sort_by_key(|child| (child.end, Reverse(child.start)));
        self.frames.push(Frame {
            node,
            start,
            cursor: end,
            first,
        });
    }
}
