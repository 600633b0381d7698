//! The order of the spans of one trace: a forest in preorder, in O(n log n) and without recursion.
//!
//! It is found over [`Spans`], whatever holds them: whole records, or the columns of a trace of a million.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::Warning;
use crate::id::SpanId;
use crate::span::SpanKind;
use crate::time::{DurationNanos, UnixNanos};

/// Times further than this from the trace's median start are not believed.
const IMPLAUSIBLE: i64 = 365 * 86_400 * 1_000_000_000;

/// Stands for "no span".
pub const NONE: u32 = u32::MAX;

/// Spans of one trace in no order, by index.
pub trait Spans {
    /// What tells two spans of one id apart.
    type Content: Ord;

    /// How many there are, copies included.
    fn count(&self) -> usize;
    /// The id of a span.
    fn span_id(&self, index: usize) -> SpanId;
    /// The id of its parent.
    fn parent_span_id(&self, index: usize) -> Option<SpanId>;
    /// When it began.
    fn start(&self, index: usize) -> UnixNanos;
    /// When it ended.
    fn end(&self, index: usize) -> UnixNanos;
    /// Its role in a call.
    fn kind(&self, index: usize) -> SpanKind;
    /// Whether two spans come from different services or hosts, so that two clocks told their times.
    fn across_services(&self, one: usize, other: usize) -> bool;
    /// Whether two spans of one id are copies of one.
    fn same(&self, one: usize, other: usize) -> bool;
    /// What tells a span from others of its id.
    fn content(&self, index: usize) -> Self::Content;
}

/// Where each distinct span stands; everything but `spans` is by place in preorder.
#[derive(Debug, Default)]
pub struct Order {
    /// The index of the span at each place.
    pub spans: Vec<u32>,
    /// The place of each parent or [`NONE`].
    pub parents: Vec<u32>,
    /// How many ancestors each has.
    pub depths: Vec<u32>,
    /// How many places each subtree takes, its head's included.
    pub subtrees: Vec<u32>,
    /// What is odd, in preorder.
    pub warnings: Vec<Warning>,
    /// The earliest start. Spans whose clock is implausible do not count.
    pub start: UnixNanos,
    /// The latest end. Spans whose clock is implausible do not count.
    pub end: UnixNanos,
}

/// Finds the order of spans.
///
/// An identical span received again is left out; a different one under the same id is kept with a
/// warning. Children of an id that two spans claim belong to the earlier one.
#[must_use]
pub fn order<S: Spans>(spans: &S) -> Order {
    let Distinct {
        sorted,
        duplicates,
        by_id,
    } = distinct(spans);
    let mut links = Links::new(spans, &sorted, &by_id);
    drop(by_id);
    links.cut_cycles();

    let preorder = links.preorder();
    let count = preorder.len();
    let mut position = vec![0u32; count];
    for (new, &old) in preorder.iter().enumerate() {
        position[old as usize] = new as u32;
    }
    let mut found = Order {
        spans: Vec::with_capacity(count),
        parents: Vec::with_capacity(count),
        depths: Vec::with_capacity(count),
        subtrees: vec![1; count],
        ..Order::default()
    };
    for &old in &preorder {
        let parent = links.parent(old).map(|parent| position[parent as usize]);
        found.spans.push(sorted[old as usize]);
        found.parents.push(parent.unwrap_or(NONE));
        let depth = parent.map_or(0, |parent| found.depths[parent as usize] + 1);
        found.depths.push(depth);
    }
    for place in (0..count).rev() {
        let parent = found.parents[place];
        if parent != NONE {
            found.subtrees[parent as usize] += found.subtrees[place];
        }
    }

    let cycles = links
        .cycles
        .iter()
        .map(|&(old, length)| (position[old as usize], length))
        .collect();
    let duplicates = duplicates
        .into_iter()
        .map(|old| position[old as usize])
        .collect();
    let placed = Placed {
        spans,
        median: median_start(spans, &found.spans),
        order: &found,
    };
    let extent = placed.extent();
    let warnings = placed.warnings(cycles, duplicates);
    (found.start, found.end) = extent;
    found.warnings = warnings;
    found
}

struct Distinct {
    /// The indices of the spans without copies, by start, then span id.
    sorted: Vec<u32>,
    /// Which places in `sorted` hold the second span, or a later one, of an id.
    duplicates: Vec<u32>,
    /// The first place in `sorted` of each id.
    by_id: HashMap<SpanId, u32>,
}

fn distinct<S: Spans>(spans: &S) -> Distinct {
    let mut order: Vec<u32> = (0..spans.count() as u32).collect();
    // The sort is stable, so that spans equal in all three keep the order they came in.
    order.sort_by_key(|&index| {
        let index = index as usize;
        (spans.start(index), spans.span_id(index), spans.end(index))
    });
    let mut by_id: HashMap<SpanId, u32> = HashMap::with_capacity(order.len());
    let mut sorted: Vec<u32> = Vec::with_capacity(order.len());
    let mut duplicates = Vec::new();
    let mut contents: HashMap<SpanId, Vec<S::Content>> = HashMap::new();
    for index in order {
        let id = spans.span_id(index as usize);
        let place = sorted.len() as u32;
        match by_id.entry(id) {
            Entry::Vacant(entry) => {
                entry.insert(place);
            }
            Entry::Occupied(entry) => {
                let first = sorted[*entry.get() as usize] as usize;
                if spans.same(first, index as usize) {
                    continue;
                }
                // The content decides among more than two, and where a NaN keeps a span from
                // equalling its own copy.
                let known = contents
                    .entry(id)
                    .or_insert_with(|| vec![spans.content(first)]);
                let content = spans.content(index as usize);
                let Err(gap) = known.binary_search(&content) else {
                    continue;
                };
                known.insert(gap, content);
                duplicates.push(place);
            }
        }
        sorted.push(index);
    }
    Distinct {
        sorted,
        duplicates,
        by_id,
    }
}

/// Who is whose parent, by place in the sorted spans.
struct Links {
    parents: Vec<u32>,
    /// The cut spans with the number of spans in their cycles.
    cycles: Vec<(u32, u32)>,
}

impl Links {
    fn new(spans: &impl Spans, sorted: &[u32], by_id: &HashMap<SpanId, u32>) -> Self {
        let parent = |index: u32| by_id.get(&spans.parent_span_id(index as usize)?).copied();
        let parents = sorted
            .iter()
            .map(|&index| parent(index).unwrap_or(NONE))
            .collect();
        Self {
            parents,
            cycles: Vec::new(),
        }
    }

    fn parent(&self, index: u32) -> Option<u32> {
        let parent = self.parents[index as usize];
        (parent != NONE).then_some(parent)
    }

    /// Makes the earliest span of each cycle a root. Since the records are sorted by start, the
    /// earliest is the one with the lowest index.
    fn cut_cycles(&mut self) {
        // The walk that first reached each span; a walk that meets itself has found a cycle.
        let mut reached_by = vec![NONE; self.parents.len()];
        for walk in 0..self.parents.len() as u32 {
            let mut at = walk;
            while reached_by[at as usize] == NONE {
                reached_by[at as usize] = walk;
                match self.parent(at) {
                    Some(parent) => at = parent,
                    None => break,
                }
            }
            if reached_by[at as usize] == walk && self.parents[at as usize] != NONE {
                let (mut earliest, mut length, mut member) = (at, 1, self.parents[at as usize]);
                while member != at {
                    earliest = earliest.min(member);
                    length += 1;
                    member = self.parents[member as usize];
                }
                self.parents[earliest as usize] = NONE;
                self.cycles.push((earliest, length));
            }
        }
    }

    /// The indices in preorder, siblings in ascending order.
    fn preorder(&self) -> Vec<u32> {
        let count = self.parents.len();
        // The children of `i` are `children[first[i] .. first[i + 1]]`; those of nobody come last.
        let slot = |parent: u32| {
            if parent == NONE {
                count
            } else {
                parent as usize
            }
        };
        let mut first = vec![0u32; count + 2];
        for &parent in &self.parents {
            first[slot(parent) + 1] += 1;
        }
        for index in 0..=count {
            first[index + 1] += first[index];
        }
        let mut next = first.clone();
        let mut children = vec![0u32; count];
        for (index, &parent) in self.parents.iter().enumerate() {
            let place = &mut next[slot(parent)];
            children[*place as usize] = index as u32;
            *place += 1;
        }
        let of = |index: usize| &children[first[index] as usize..first[index + 1] as usize];

        let mut order = Vec::with_capacity(count);
        let mut stack: Vec<u32> = of(count).iter().rev().copied().collect();
        while let Some(index) = stack.pop() {
            order.push(index);
            stack.extend(of(index as usize).iter().rev());
        }
        order
    }
}

/// The median of the starts that are given at all; zero means that the sender did not know.
fn median_start(spans: &impl Spans, distinct: &[u32]) -> UnixNanos {
    let mut starts: Vec<UnixNanos> = distinct
        .iter()
        .map(|&index| spans.start(index as usize))
        .filter(|start| start.0 > 0)
        .collect();
    if starts.is_empty() {
        return UnixNanos(0);
    }
    let middle = starts.len() / 2;
    *starts.select_nth_unstable(middle).1
}

/// Spans in their places.
struct Placed<'a, S> {
    spans: &'a S,
    median: UnixNanos,
    order: &'a Order,
}

impl<S: Spans> Placed<'_, S> {
    fn index(&self, place: u32) -> usize {
        self.order.spans[place as usize] as usize
    }

    fn length(&self, index: usize) -> DurationNanos {
        self.spans.end(index) - self.spans.start(index)
    }

    /// How far a span is off, where that is not to be believed.
    fn implausible(&self, index: usize) -> Option<DurationNanos> {
        let (start, end) = (self.spans.start(index), self.spans.end(index));
        let off = |time: UnixNanos| {
            let by = time - self.median;
            (by.0.unsigned_abs() > IMPLAUSIBLE as u64).then_some(by)
        };
        // An end before its start is a negative duration, which has its own warning.
        off(start).or_else(|| if end > start { off(end) } else { None })
    }

    fn extent(&self) -> (UnixNanos, UnixNanos) {
        let mut start = None;
        let mut end = UnixNanos(0);
        for &index in &self.order.spans {
            let index = index as usize;
            if self.implausible(index).is_some() {
                continue;
            }
            let from = self.spans.start(index);
            start = Some(start.map_or(from, |start: UnixNanos| start.min(from)));
            end = end.max(from).max(self.spans.end(index));
        }
        (start.unwrap_or_default(), end)
    }

    fn warnings(&self, mut cycles: Vec<(u32, u32)>, mut duplicates: Vec<u32>) -> Vec<Warning> {
        let declared_root = |index: &&u32| self.spans.parent_span_id(**index as usize).is_none();
        let roots = self.order.spans.iter().filter(declared_root).count() as u32;
        let mut roots_seen = 0;
        cycles.sort_unstable();
        duplicates.sort_unstable();

        let mut warnings = Vec::new();
        for node in 0..self.order.spans.len() as u32 {
            let index = self.index(node);
            let span = self.spans.span_id(index);
            if duplicates.binary_search(&node).is_ok() {
                warnings.push(Warning::DuplicateSpanId { node, span });
            }
            let parent = self.order.parents[node as usize];
            match (parent, self.spans.parent_span_id(index)) {
                (NONE, None) => {
                    roots_seen += 1;
                    if roots_seen == 2 {
                        warnings.push(Warning::SeveralRoots { node, span, roots });
                    }
                }
                (NONE, Some(parent)) => {
                    warnings.push(match cycles.binary_search_by_key(&node, |cycle| cycle.0) {
                        Ok(place) => Warning::Cycle {
                            node,
                            span,
                            length: cycles[place].1,
                        },
                        Err(_) => Warning::Orphan { node, span, parent },
                    })
                }
                _ => {}
            }
            let by = self.length(index);
            match by.0 {
                ..0 => warnings.push(Warning::NegativeDuration {
                    node,
                    span,
                    by: DurationNanos(by.0.saturating_neg()),
                }),
                0 => warnings.push(Warning::ZeroDuration { node, span }),
                _ => {}
            }
            if let Some(by) = self.implausible(index) {
                let by = DurationNanos(by.0.saturating_abs());
                warnings.push(Warning::ClockImplausible { node, span, by });
            } else if parent != NONE && self.implausible(self.index(parent)).is_none() {
                self.outside_parent(node, parent, &mut warnings);
            }
        }
        warnings
    }

    /// Warns of a child that lies outside its parent. A consumer follows its producer, so that lies in
    /// the nature of the two; and a parent that ends before it starts has no inside.
    fn outside_parent(&self, node: u32, parent: u32, warnings: &mut Vec<Warning>) {
        let (from, to) = (self.index(parent), self.index(node));
        if self.spans.kind(from) == SpanKind::Producer
            || self.spans.kind(to) == SpanKind::Consumer
            || self.length(from).0 < 0
        {
            return;
        }
        let span = self.spans.span_id(to);
        let across_services = self.spans.across_services(from, to);
        if self.spans.start(to) < self.spans.start(from) {
            let by = self.spans.start(from) - self.spans.start(to);
            warnings.push(Warning::ChildStartsBeforeParent {
                node,
                span,
                by,
                across_services,
            });
        }
        if self.spans.end(to) > self.spans.end(from) {
            let by = self.spans.end(to) - self.spans.end(from);
            warnings.push(Warning::ChildEndsAfterParent {
                node,
                span,
                by,
                across_services,
            });
        }
    }
}
