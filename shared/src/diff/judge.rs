//! Which differences count.

use super::shape::{Measure, NONE, Shape};
use super::{Change, Compared, DiffNode, Limits, Window};
use crate::time::DurationNanos;
use crate::trace::Trace;

/// Every place in preorder with what changed there. The last trace is the one that is judged.
#[must_use]
pub fn nodes(shape: &Shape, traces: &[&Trace], limits: &Limits) -> Vec<DiffNode> {
    let order = shape.preorder();
    let mut index_of = vec![NONE; shape.nodes.len()];
    for (index, &(place, _)) in order.iter().enumerate() {
        index_of[place as usize] = index as u32;
    }
    let mut nodes: Vec<DiffNode> = Vec::with_capacity(order.len());
    for &(place, depth) in &order {
        let parent = index_of[shape.nodes[place as usize].parent as usize];
        let parent = (parent != NONE).then_some(parent);
        nodes.push(node(shape, traces, limits, place, depth, parent));
    }
    for index in (0..nodes.len()).rev() {
        if let Some(parent) = nodes[index].parent {
            nodes[parent as usize].subtree += nodes[index].subtree;
        }
    }
    let last = traces.len() - 1;
    let moved = (0..last)
        .map(|baseline| super::order::moved(shape, baseline, last))
        .reduce(|all, one| {
            let in_both = |place: &u32| one.binary_search(place).is_ok();
            all.into_iter().filter(in_both).collect()
        });
    for place in moved.unwrap_or_default() {
        nodes[index_of[place as usize] as usize]
            .changes
            .push(Change::Moved);
    }
    if shape.renamed.is_some()
        && let Some(root) = nodes.first_mut()
    {
        root.changes.push(Change::Renamed);
    }
    nodes
}

fn node(
    shape: &Shape,
    traces: &[&Trace],
    limits: &Limits,
    place: u32,
    depth: u32,
    parent: Option<u32>,
) -> DiffNode {
    let here = &shape.nodes[place as usize];
    let above = &shape.nodes[here.parent as usize].measures;
    let operation = &shape.operations[here.operation as usize];
    let measures = &here.measures;
    let window = |trace: usize| {
        let measure = &measures[trace];
        (measure.count > 0).then(|| Window {
            start: measure.start,
            end: measure.end,
            span: traces[trace].span(measure.first).span_id,
        })
    };
    let browser = measures.iter().zip(traces).any(|(measure, trace)| {
        measure.count > 0
            && trace.nodes[measure.first as usize]
                .record
                .resource
                .is_browser()
    });
    DiffNode {
        parent,
        depth,
        subtree: 1,
        service: operation.service.clone(),
        browser,
        kind: operation.kind,
        operation: operation.name.clone(),
        count: Compared::of(measures.iter().map(|measure| measure.count)),
        errors: Compared::of(measures.iter().map(|measure| measure.errors)),
        total: of_present(measures, |measure| measure.total),
        own: of_present(measures, |measure| measure.own),
        before: window(0),
        after: window(traces.len() - 1),
        changes: changes(measures, above, limits),
        attributes: Vec::new(),
    }
}

/// A figure of the traces that have the place at all.
fn of_present(
    measures: &[Measure],
    figure: impl Fn(&Measure) -> DurationNanos,
) -> Compared<DurationNanos> {
    let (last, baselines) = measures.split_last().unwrap_or((&EMPTY, &[]));
    let present = baselines.iter().filter(|measure| measure.count > 0);
    Compared::of(present.chain([last]).map(figure))
}

const EMPTY: Measure = Measure {
    count: 0,
    errors: 0,
    total: DurationNanos(0),
    own: DurationNanos(0),
    on_path: DurationNanos(0),
    first: NONE,
    start: DurationNanos(0),
    end: DurationNanos(0),
};

fn changes(measures: &[Measure], above: &[Measure], limits: &Limits) -> Vec<Change> {
    let mut changes = Vec::new();
    let count = Compared::of(measures.iter().map(|measure| measure.count));
    if count.most == 0 {
        return vec![Change::Added];
    }
    if count.other == 0 {
        if count.least > 0 {
            changes.push(Change::Removed);
        }
        return changes;
    }
    let outside = count.other < count.least || count.other > count.most;
    if outside && !follows_parent(measures, above) {
        changes.push(Change::Count);
    }
    let errors = Compared::of(measures.iter().map(|measure| measure.errors));
    if errors.other > errors.most {
        changes.push(Change::Failing);
    } else if errors.other < errors.least {
        changes.push(Change::Recovered);
    }
    match notable(measures, |measure| measure.own, limits) {
        Some(true) => changes.push(Change::Slower),
        Some(false) => changes.push(Change::Faster),
        None => match notable(measures, |measure| measure.total, limits) {
            Some(true) => changes.push(Change::SlowerBelow),
            Some(false) => changes.push(Change::FasterBelow),
            None => {}
        },
    }
    changes
}

/// Whether it runs as often for each span above it as it did, so that the change is the parent's.
fn follows_parent(measures: &[Measure], above: &[Measure]) -> bool {
    let ratios = measures.iter().zip(above).map(|(measure, parent)| {
        // A root has no span above it.
        let parents = u64::from(parent.count.max(1));
        // A fixed-point ratio is exact enough to compare, and orders.
        u64::from(measure.count) * 1_000_000 / parents
    });
    let has_parent = above.iter().any(|parent| parent.count > 0);
    let ratios = Compared::of(ratios);
    has_parent && (ratios.least..=ratios.most).contains(&ratios.other)
}

/// Whether a span typically takes longer (`true`) or less time than in every baseline, by the ratio
/// and by the floor.
fn notable(
    measures: &[Measure],
    figure: impl Fn(&Measure) -> DurationNanos,
    limits: &Limits,
) -> Option<bool> {
    let each = |measure: &Measure| figure(measure).0 as f64 / f64::from(measure.count.max(1));
    let (last, baselines) = measures.split_last()?;
    let present = || baselines.iter().filter(|measure| measure.count > 0);
    let slowest = present().map(each).fold(0.0, f64::max);
    let fastest = present().map(each).fold(f64::INFINITY, f64::min);
    let spans = f64::from(present().map(|one| one.count).min()?.min(last.count));
    let floor = limits.floor.0 as f64;
    let other = each(last);
    if other > slowest * limits.ratio && (other - slowest) * spans > floor {
        Some(true)
    } else if fastest > other * limits.ratio && (fastest - other) * spans > floor {
        Some(false)
    } else {
        None
    }
}
