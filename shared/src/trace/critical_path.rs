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

/// Spans in preorder, whatever holds them.
pub trait Forest {
    /// When a node began and ended.
    fn interval(&self, node: u32) -> (UnixNanos, UnixNanos);
    /// The first node after the subtree of a node.
    fn after(&self, node: u32) -> u32;
}

impl Forest for Trace {
    fn interval(&self, node: u32) -> (UnixNanos, UnixNanos) {
        (self.span(node).start, self.span(node).end)
    }

    fn after(&self, node: u32) -> u32 {
        node + self.nodes[node as usize].subtree
    }
}

/// The critical path of the trace's [root](Trace::root), in time order.
///
/// The segments are never empty, follow each other without a gap and together last exactly as long
/// as the root; there are none where the root has no length. Children count only where they lie
/// within their parent, so that clocks that disagree cannot tear the path.
#[must_use]
pub fn critical_path(trace: &Trace) -> Vec<PathSegment> {
    let Some(root) = trace.root() else {
        return Vec::new();
    };
    let mut walk = PathWalk::new(trace, root);
    while !walk.advance(usize::MAX) {}
    walk.finish()
}

/// The walk that finds the critical path of one node, as far as it has come: it may pause at any step.
pub struct PathWalk<'a, F> {
    forest: &'a F,
    /// The spans that the walk is in, from the root down.
    frames: Vec<Frame>,
    /// The children that may still come, of all frames; each frame's own from `first` on, the one
    /// that finishes last at the end.
    waiting: Vec<Child>,
    segments: Vec<PathSegment>,
}

impl<'a, F: Forest> PathWalk<'a, F> {
    /// Stands before the end of `root`.
    #[must_use]
    pub fn new(forest: &'a F, root: u32) -> Self {
        let mut walk = Self {
            forest,
            waiting: Vec::new(),
            frames: Vec::new(),
            segments: Vec::new(),
        };
        let (start, end) = forest.interval(root);
        walk.enter(root, start, end);
        walk
    }

    /// Goes on for so many steps; whether the walk is over.
    pub fn advance(&mut self, steps: usize) -> bool {
        for _ in 0..steps {
            let Some(frame) = self.frames.last_mut() else {
                return true;
            };
            let node = frame.node;
            let cursor = frame.cursor;
            if self.waiting.len() > frame.first {
                let Some(child) = self.waiting.pop() else {
                    return true;
                };
                let overlap = child.end.0.saturating_sub(cursor.0);
                let length = child.end.0 - child.start.0;
                // A tenth at most, so that what ran in parallel is not taken for what came before.
                if child.start >= cursor || overlap > OVERLAP_NANOS.min(length / 10) {
                    continue;
                }
                let end = child.end.min(cursor);
                push(
                    &mut self.segments,
                    PathSegment {
                        node,
                        start: end,
                        end: cursor,
                    },
                );
                frame.cursor = child.start;
                self.enter(child.node, child.start, end);
            } else {
                push(
                    &mut self.segments,
                    PathSegment {
                        node,
                        start: frame.start,
                        end: cursor,
                    },
                );
                self.frames.pop();
            }
        }
        self.frames.is_empty()
    }

    /// The path, in time order, of a walk that is over.
    #[must_use]
    pub fn finish(mut self) -> Vec<PathSegment> {
        self.segments.reverse();
        self.segments
    }

    fn enter(&mut self, node: u32, start: UnixNanos, end: UnixNanos) {
        let first = self.waiting.len();
        let (mut child, after) = (node + 1, self.forest.after(node));
        while child < after {
            let (from, to) = self.forest.interval(child);
            let (from, to) = (from.max(start), to.min(end));
            if from < to {
                self.waiting.push(Child {
                    node: child,
                    start: from,
                    end: to,
                });
            }
            child = self.forest.after(child);
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
