//! The shape that several traces share: one tree in which spans with the same operation below the
//! same place are one node.
//!
//! ```text
//! baseline                 other                    shape
//! POST /book               POST /book               POST /book        1 · 1
//! ├ SELECT … WHERE id=1    ├ SELECT … WHERE id=7    ├ SELECT … id=?   2 · 3
//! ├ SELECT … WHERE id=2    ├ SELECT … WHERE id=8    └ charge card     1 · 0
//! └ charge card            └ SELECT … WHERE id=9
//! ```
//!
//! Each trace is walked once in preorder, so the work is linear in the number of spans, however many
//! repeats there are. Nothing recurses.

use std::collections::HashMap;

use super::operation::{Operation, Operations};
use crate::time::{DurationNanos, UnixNanos};
use crate::trace::{Trace, critical_path, self_times};

/// No node.
pub const NONE: u32 = u32::MAX;

/// The tree. Node 0 stands above all roots and has no operation.
#[derive(Debug)]
pub struct Shape {
    /// The nodes, each after its parent.
    pub nodes: Vec<ShapeNode>,
    /// The operations that the nodes name by number.
    pub operations: Vec<Operation>,
    /// For each trace, the place of each of its nodes.
    pub places: Vec<Vec<u32>>,
    /// Where the traces' only roots differ in name, those of the first and of the last trace.
    pub renamed: Option<[String; 2]>,
}

/// A place in the tree.
#[derive(Debug)]
pub struct ShapeNode {
    /// The place above; [`NONE`] for node 0.
    pub parent: u32,
    /// The number of the operation; [`NONE`] for node 0.
    pub operation: u32,
    /// What each trace has here.
    pub measures: Vec<Measure>,
    first_child: u32,
    next: u32,
}

/// What one trace has at one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    /// How many spans.
    pub count: u32,
    /// How many of them failed.
    pub errors: u32,
    /// How long they lasted together.
    pub total: DurationNanos,
    /// How long they worked themselves, together.
    pub own: DurationNanos,
    /// How long the trace's answer waited for just them.
    pub on_path: DurationNanos,
    /// The node of the first span.
    pub first: u32,
    /// From the start of the trace to the first start.
    pub start: DurationNanos,
    /// From the start of the trace to the last end.
    pub end: DurationNanos,
}

impl Default for Measure {
    fn default() -> Self {
        Self {
            count: 0,
            errors: 0,
            total: DurationNanos(0),
            own: DurationNanos(0),
            on_path: DurationNanos(0),
            first: NONE,
            start: DurationNanos(0),
            end: DurationNanos(0),
        }
    }
}

impl Shape {
    /// The shape of the traces: the first is the one whose order of siblings is kept, the last is
    /// placed second.
    #[must_use]
    pub fn new(traces: &[&Trace]) -> Self {
        let mut operations = Operations::default();
        let numbers: Vec<Vec<u32>> = traces
            .iter()
            .map(|trace| {
                let number = |node: &crate::trace::Node| operations.number(&node.record);
                trace.nodes.iter().map(number).collect()
            })
            .collect();
        let mut shape = Self {
            nodes: vec![ShapeNode::new(NONE, NONE, traces.len())],
            operations: operations.list,
            places: vec![Vec::new(); traces.len()],
            renamed: None,
        };
        let same_root = shape.only_roots(traces, &numbers);
        let mut children = HashMap::new();
        let last = traces.len().saturating_sub(1);
        let order = (0..1)
            .chain((last..=last).filter(|&l| l > 0))
            .chain(1..last.max(1));
        for index in order.filter(|&index| index < traces.len()) {
            let trace = traces[index];
            shape.places[index] = shape.place(trace, &numbers[index], same_root, &mut children);
            shape.measure(trace, index);
        }
        shape
    }

    /// The places in preorder without node 0, each with its depth.
    #[must_use]
    pub fn preorder(&self) -> Vec<(u32, u32)> {
        let mut order = Vec::with_capacity(self.nodes.len());
        let mut depth = 0;
        let mut at = self.nodes[0].first_child;
        let mut ancestors = Vec::new();
        loop {
            while at == NONE {
                let Some(parent) = ancestors.pop() else {
                    return order;
                };
                depth -= 1;
                at = self.nodes[parent as usize].next;
            }
            order.push((at, depth));
            ancestors.push(at);
            depth += 1;
            at = self.nodes[at as usize].first_child;
        }
    }

    /// Where each trace has one root, all of one service and kind, they are the same place whatever
    /// their names: the same work under a button that was renamed. That place's operation.
    fn only_roots(&mut self, traces: &[&Trace], numbers: &[Vec<u32>]) -> Option<u32> {
        let mut roots = Vec::new();
        for (trace, numbers) in traces.iter().zip(numbers) {
            let mut of_trace = trace.roots();
            let root = of_trace.next()?;
            if of_trace.next().is_some() {
                return None;
            }
            roots.push(numbers[root as usize]);
        }
        let operation = |number: u32| &self.operations[number as usize];
        let (&first, &last) = (roots.first()?, roots.last()?);
        let kind = |number: u32| (&operation(number).service, operation(number).kind);
        if roots.iter().any(|&root| kind(root) != kind(first)) {
            return None;
        }
        if first != last {
            self.renamed = Some([operation(first).name.clone(), operation(last).name.clone()]);
        }
        Some(first)
    }

    fn place(
        &mut self,
        trace: &Trace,
        numbers: &[u32],
        same_root: Option<u32>,
        children: &mut HashMap<(u32, u32), u32>,
    ) -> Vec<u32> {
        let mut places: Vec<u32> = Vec::with_capacity(trace.nodes.len());
        // A place that only this trace has comes after the sibling that preceded it here.
        let mut previous: HashMap<u32, u32> = HashMap::new();
        for (node, &number) in trace.nodes.iter().zip(numbers) {
            let parent = node.parent.map_or(0, |parent| places[parent as usize]);
            let operation = match same_root {
                Some(root) if parent == 0 => root,
                _ => number,
            };
            let place = *children.entry((parent, operation)).or_insert_with(|| {
                let place = self.nodes.len() as u32;
                let mut new = ShapeNode::new(parent, operation, self.places.len());
                let link = match previous.get(&parent) {
                    Some(&before) => &mut self.nodes[before as usize].next,
                    None => &mut self.nodes[parent as usize].first_child,
                };
                new.next = std::mem::replace(link, place);
                self.nodes.push(new);
                place
            });
            previous.insert(parent, place);
            places.push(place);
        }
        places
    }

    fn measure(&mut self, trace: &Trace, index: usize) {
        let since_start = |time: UnixNanos| time - trace.start;
        let own = self_times(trace);
        let places = &self.places[index];
        for (number, (node, &place)) in trace.nodes.iter().zip(places).enumerate() {
            let span = &node.record.span;
            let measure = &mut self.nodes[place as usize].measures[index];
            let end = since_start(span.end.max(span.start));
            if measure.count == 0 {
                measure.first = number as u32;
                measure.start = since_start(span.start);
                measure.end = end;
            }
            measure.count += 1;
            measure.errors += u32::from(span.is_error());
            measure.total = measure.total + DurationNanos(span.duration().0.max(0));
            measure.own = measure.own + own[number];
            measure.start = measure.start.min(since_start(span.start));
            measure.end = measure.end.max(end);
        }
        for segment in critical_path(trace) {
            let place = places[segment.node as usize];
            let measure = &mut self.nodes[place as usize].measures[index];
            measure.on_path = measure.on_path + (segment.end - segment.start);
        }
    }
}

impl ShapeNode {
    fn new(parent: u32, operation: u32, traces: usize) -> Self {
        Self {
            parent,
            operation,
            measures: vec![Measure::default(); traces],
            first_child: NONE,
            next: NONE,
        }
    }
}
