//! From a bag of spans to a forest in preorder, in O(n log n) and without recursion.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use super::{Node, Trace, Warning};
use crate::id::SpanId;
use crate::span::{Span, SpanKind, SpanRecord};
use crate::time::{DurationNanos, UnixNanos};

/// Times further than this from the trace's median start are not believed.
const IMPLAUSIBLE: i64 = 365 * 86_400 * 1_000_000_000;

/// Puts the spans of one trace in order.
///
/// An identical span received again is dropped; a different one under the same id is kept with a
/// warning. Children of an id that two spans claim belong to the earlier one.
#[must_use]
pub fn assemble(records: Vec<SpanRecord>) -> Trace {
    // Spans are large, so their indices are sorted and each span is moved once, to its node.
    let Distinct {
        sorted,
        duplicates,
        by_id,
    } = distinct(&records);
    let mut links = Links::new(
        sorted.iter().map(|&index| &records[index as usize].span),
        &by_id,
    );
    drop(by_id);
    links.cut_cycles();

    let order = links.preorder();
    let mut position = vec![0u32; sorted.len()];
    for (new, &old) in order.iter().enumerate() {
        position[old as usize] = new as u32;
    }

    let mut records: Vec<Option<SpanRecord>> = records.into_iter().map(Some).collect();
    let mut nodes: Vec<Node> = Vec::with_capacity(sorted.len());
    for &old in &order {
        let Some(record) = records[sorted[old as usize] as usize].take() else {
            continue;
        };
        let parent = links.parent(old).map(|parent| position[parent as usize]);
        let depth = parent.map_or(0, |parent| nodes[parent as usize].depth + 1);
        nodes.push(Node {
            record,
            parent,
            depth,
            subtree: 1,
        });
    }
    for index in (0..nodes.len()).rev() {
        if let Some(parent) = nodes[index].parent {
            nodes[parent as usize].subtree += nodes[index].subtree;
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
    let median = median_start(&nodes);
    let mut trace = Trace {
        nodes,
        ..Trace::default()
    };
    trace.warnings = warnings(&trace.nodes, median, cycles, duplicates);
    (trace.start, trace.end) = extent(&trace.nodes, median);
    trace
}

struct Distinct {
    /// The indices of the records without copies, by start, then span id.
    sorted: Vec<u32>,
    /// Which places in `sorted` hold the second span, or a later one, of an id.
    duplicates: Vec<u32>,
    /// The first place in `sorted` of each id.
    by_id: HashMap<SpanId, u32>,
}

fn distinct(records: &[SpanRecord]) -> Distinct {
    let mut order: Vec<u32> = (0..records.len() as u32).collect();
    // The sort is stable, so that spans equal in all three keep the order they came in.
    order.sort_by_key(|&index| {
        let span = &records[index as usize].span;
        (span.start, span.span_id, span.end)
    });
    let mut by_id: HashMap<SpanId, u32> = HashMap::with_capacity(records.len());
    let mut sorted: Vec<u32> = Vec::with_capacity(records.len());
    let mut duplicates = Vec::new();
    let mut contents: HashMap<SpanId, Vec<String>> = HashMap::new();
    for index in order {
        let record = &records[index as usize];
        let id = record.span.span_id;
        let place = sorted.len() as u32;
        match by_id.entry(id) {
            Entry::Vacant(entry) => {
                entry.insert(place);
            }
            Entry::Occupied(entry) => {
                let first = &records[sorted[*entry.get() as usize] as usize];
                if identical(first, record) {
                    continue;
                }
                // The text of `Debug` decides among more than two, and where a NaN keeps a span from
                // equalling its own copy.
                let known = contents
                    .entry(id)
                    .or_insert_with(|| vec![format!("{first:?}")]);
                let content = format!("{record:?}");
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

fn identical(one: &SpanRecord, other: &SpanRecord) -> bool {
    one.span == other.span
        && (Arc::ptr_eq(&one.resource, &other.resource) || one.resource == other.resource)
        && (Arc::ptr_eq(&one.scope, &other.scope) || one.scope == other.scope)
}

const NONE: u32 = u32::MAX;

/// Who is whose parent, by place in the sorted records.
struct Links {
    parents: Vec<u32>,
    /// The cut spans with the number of spans in their cycles.
    cycles: Vec<(u32, u32)>,
}

impl Links {
    fn new<'a>(spans: impl Iterator<Item = &'a Span>, by_id: &HashMap<SpanId, u32>) -> Self {
        let parent = |span: &Span| by_id.get(&span.parent_span_id?).copied();
        let parents = spans.map(|span| parent(span).unwrap_or(NONE)).collect();
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
fn median_start(nodes: &[Node]) -> UnixNanos {
    let mut starts: Vec<UnixNanos> = nodes
        .iter()
        .map(|node| node.record.span.start)
        .filter(|start| start.0 > 0)
        .collect();
    if starts.is_empty() {
        return UnixNanos(0);
    }
    let middle = starts.len() / 2;
    *starts.select_nth_unstable(middle).1
}

/// How far a span is off, where that is not to be believed.
fn implausible(node: &Node, median: UnixNanos) -> Option<DurationNanos> {
    let span = &node.record.span;
    let off = |time: UnixNanos| {
        let by = time - median;
        (by.0.unsigned_abs() > IMPLAUSIBLE as u64).then_some(by)
    };
    // An end before its start is a negative duration, which has its own warning.
    off(span.start).or_else(|| {
        if span.end > span.start {
            off(span.end)
        } else {
            None
        }
    })
}

fn extent(nodes: &[Node], median: UnixNanos) -> (UnixNanos, UnixNanos) {
    let mut start = None;
    let mut end = UnixNanos(0);
    for node in nodes
        .iter()
        .filter(|node| implausible(node, median).is_none())
    {
        let span = &node.record.span;
        start = Some(start.map_or(span.start, |start: UnixNanos| start.min(span.start)));
        end = end.max(span.start).max(span.end);
    }
    (start.unwrap_or_default(), end)
}

fn warnings(
    nodes: &[Node],
    median: UnixNanos,
    mut cycles: Vec<(u32, u32)>,
    mut duplicates: Vec<u32>,
) -> Vec<Warning> {
    let declared_root = |node: &&Node| node.record.span.parent_span_id.is_none();
    let roots = nodes.iter().filter(declared_root).count() as u32;
    let mut roots_seen = 0;
    cycles.sort_unstable();
    duplicates.sort_unstable();

    let mut warnings = Vec::new();
    for (index, this) in nodes.iter().enumerate() {
        let node = index as u32;
        let span = this.record.span.span_id;
        if duplicates.binary_search(&node).is_ok() {
            warnings.push(Warning::DuplicateSpanId { node, span });
        }
        match (this.parent, this.record.span.parent_span_id) {
            (None, None) => {
                roots_seen += 1;
                if roots_seen == 2 {
                    warnings.push(Warning::SeveralRoots { node, span, roots });
                }
            }
            (None, Some(parent)) => {
                warnings.push(match cycles.binary_search_by_key(&node, |cycle| cycle.0) {
                    Ok(place) => Warning::Cycle {
                        node,
                        span,
                        length: cycles[place].1,
                    },
                    Err(_) => Warning::Orphan { node, span, parent },
                })
            }
            (Some(_), _) => {}
        }
        let by = this.record.span.duration();
        match by.0 {
            ..0 => warnings.push(Warning::NegativeDuration {
                node,
                span,
                by: DurationNanos(by.0.saturating_neg()),
            }),
            0 => warnings.push(Warning::ZeroDuration { node, span }),
            _ => {}
        }
        if let Some(by) = implausible(this, median) {
            let by = DurationNanos(by.0.saturating_abs());
            warnings.push(Warning::ClockImplausible { node, span, by });
        } else if let Some(parent) = this.parent {
            let parent = &nodes[parent as usize];
            if implausible(parent, median).is_none() {
                outside_parent(node, &this.record, &parent.record, &mut warnings);
            }
        }
    }
    warnings
}

/// Warns of a child that lies outside its parent. A consumer follows its producer, so that lies in
/// the nature of the two; and a parent that ends before it starts has no inside.
fn outside_parent(node: u32, child: &SpanRecord, parent: &SpanRecord, warnings: &mut Vec<Warning>) {
    let (from, to) = (&parent.span, &child.span);
    if from.kind == SpanKind::Producer || to.kind == SpanKind::Consumer || from.duration().0 < 0 {
        return;
    }
    let span = to.span_id;
    let across_services = !Arc::ptr_eq(&child.resource, &parent.resource)
        && child.resource.service_name() != parent.resource.service_name();
    if to.start < from.start {
        let by = from.start - to.start;
        warnings.push(Warning::ChildStartsBeforeParent {
            node,
            span,
            by,
            across_services,
        });
    }
    if to.end > from.end {
        let by = to.end - from.end;
        warnings.push(Warning::ChildEndsAfterParent {
            node,
            span,
            by,
            across_services,
        });
    }
}
