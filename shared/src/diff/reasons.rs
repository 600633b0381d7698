//! Why the traces differ, the most important reason first.
//!
//! The critical path divides a root's duration among the spans that it waited for, so what each
//! place adds to it or saves is its part of the difference. Such a part belongs to the nearest
//! reason at or above it: a new call answers for everything below it, a slower span for itself.
//! A new failure outweighs any time: what a trace no longer does since it failed is its consequence.

use std::collections::HashMap;

use super::shape::Shape;
use super::{Change, DiffNode, Reason};
use crate::query::error_reason;
use crate::time::DurationNanos;
use crate::trace::{Short, Trace};

/// The reasons, and how much of the difference in duration they leave unexplained.
///
/// A place that takes longer although nothing at or below it is to blame becomes its own reason:
/// many small delays make a long one.
#[must_use]
pub fn rank(
    nodes: &mut [DiffNode],
    shape: &Shape,
    order: &[(u32, u32)],
    traces: &[&Trace],
) -> (Vec<Reason>, DurationNanos) {
    blame_lowest(nodes);
    let explains = explained(nodes, shape, order);
    let failures = failures(shape, traces);
    let failing_below = below(nodes, Change::Failing);
    let recovered_below = below(nodes, Change::Recovered);
    let mut reasons = Vec::new();
    for (index, node) in nodes.iter().enumerate() {
        let inside = |change| {
            node.parent
                .is_some_and(|parent| nodes[parent as usize].has(change))
        };
        let mut time = explains[index];
        for &change in &node.changes {
            let is_reason = match change {
                Change::Added | Change::Removed => !inside(change),
                Change::Failing => !failing_below[index],
                Change::Recovered => !recovered_below[index],
                Change::SlowerBelow | Change::FasterBelow => false,
                Change::Count
                | Change::Slower
                | Change::Faster
                | Change::Moved
                | Change::Renamed => true,
            };
            if !is_reason {
                continue;
            }
            let explains = if has_time(change) {
                // Of two reasons at one place the first takes the time.
                std::mem::replace(&mut time, DurationNanos(0))
            } else {
                DurationNanos(0)
            };
            let failure = failures.get(&order[index].0).map(String::as_str);
            reasons.push(Reason {
                node: index as u32,
                change,
                explains,
                text: sentence(node, change, failure, shape),
            });
        }
    }
    reasons.sort_by_key(|reason| {
        let failing = reason.change != Change::Failing;
        (failing, std::cmp::Reverse(reason.explains.0.unsigned_abs()))
    });
    let all: i64 = (0..shape.nodes.len())
        .map(|place| delta(shape, place as u32).0)
        .sum();
    let named: i64 = reasons.iter().map(|reason| reason.explains.0).sum();
    (reasons, DurationNanos(all - named))
}

/// Turns "takes longer because of what is below" into "takes longer" where nothing below is to blame.
fn blame_lowest(nodes: &mut [DiffNode]) {
    let mut blamed = vec![[false; 2]; nodes.len()];
    for index in (0..nodes.len()).rev() {
        let mut here = blamed[index];
        for change in &mut nodes[index].changes {
            match change {
                Change::SlowerBelow if !here[0] => *change = Change::Slower,
                Change::FasterBelow if !here[1] => *change = Change::Faster,
                _ => {}
            }
        }
        let node = &nodes[index];
        let counted =
            |more: bool| node.has(Change::Count) && (node.count.other > node.count.most) == more;
        here[0] |= node.has(Change::Slower) || node.has(Change::Added) || counted(true);
        here[1] |= node.has(Change::Faster) || node.has(Change::Removed) || counted(false);
        if let Some(parent) = node.parent {
            let above = &mut blamed[parent as usize];
            *above = [above[0] | here[0], above[1] | here[1]];
        }
    }
}

fn has_time(change: Change) -> bool {
    matches!(
        change,
        Change::Added | Change::Removed | Change::Count | Change::Slower | Change::Faster
    )
}

/// How much each place answers for of the difference in duration.
fn explained(nodes: &[DiffNode], shape: &Shape, order: &[(u32, u32)]) -> Vec<DurationNanos> {
    let mut explains = vec![DurationNanos(0); nodes.len()];
    // The nearest place at or above that answers for its whole subtree.
    let mut answering: Vec<Option<u32>> = Vec::with_capacity(nodes.len());
    for (index, node) in nodes.iter().enumerate() {
        let inherited = node.parent.and_then(|parent| answering[parent as usize]);
        let whole = [Change::Added, Change::Removed].iter().any(|&change| {
            node.has(change) && inherited.is_none_or(|by| !nodes[by as usize].has(change))
        }) || node.has(Change::Count);
        let itself = node.has(Change::Slower) || node.has(Change::Faster);
        answering.push(if whole { Some(index as u32) } else { inherited });
        let by = if whole || itself {
            Some(index as u32)
        } else {
            inherited
        };
        if let Some(by) = by {
            let sum = &mut explains[by as usize];
            *sum = *sum + delta(shape, order[index].0);
        }
    }
    explains
}

/// How much longer the other trace's answer waited for a place than the baselines' on average.
fn delta(shape: &Shape, place: u32) -> DurationNanos {
    let measures = &shape.nodes[place as usize].measures;
    let Some((last, baselines)) = measures.split_last() else {
        return DurationNanos(0);
    };
    let sum: i64 = baselines.iter().map(|measure| measure.on_path.0).sum();
    DurationNanos(last.on_path.0 - sum / (baselines.len().max(1) as i64))
}

/// For each place whether one below it has a change: a failure travels up from where it began, and
/// only there it is a reason.
fn below(nodes: &[DiffNode], change: Change) -> Vec<bool> {
    let mut below = vec![false; nodes.len()];
    for (index, node) in nodes.iter().enumerate().rev() {
        if let Some(parent) = node.parent {
            below[parent as usize] |= below[index] || node.has(change);
        }
    }
    below
}

/// Why the first span failed at each place of the judged trace.
fn failures(shape: &Shape, traces: &[&Trace]) -> HashMap<u32, String> {
    let mut found = HashMap::new();
    let last = traces.len() - 1;
    for (node, &place) in traces[last].nodes.iter().zip(&shape.places[last]) {
        if node.record.span.is_error()
            && let Some(reason) = error_reason(&node.record.span)
        {
            found.entry(place).or_insert(reason);
        }
    }
    found
}

fn sentence(node: &DiffNode, change: Change, failure: Option<&str>, shape: &Shape) -> String {
    let what = format!("{} in {}", node.operation, node.service);
    let spans = |count: u32| match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        count => format!("{count} times"),
    };
    let usual = if node.count.least == node.count.most {
        spans(node.count.most)
    } else {
        format!("{} to {} times", node.count.least, node.count.most)
    };
    let time = |least: DurationNanos, most: DurationNanos| {
        if least == most {
            Short(most).to_string()
        } else {
            format!("{} to {}", Short(least), Short(most))
        }
    };
    match change {
        Change::Added => format!(
            "{what} is new: it runs {} and takes {}",
            spans(node.count.other),
            Short(node.total.other)
        ),
        Change::Removed => format!(
            "{what} is missing: it ran {usual} and took {}",
            time(node.total.least, node.total.most)
        ),
        Change::Count => format!("{what} runs {} instead of {usual}", spans(node.count.other)),
        Change::Failing => match failure {
            Some(reason) => format!("{what} fails: {reason}"),
            None => format!("{what} fails"),
        },
        Change::Recovered => format!("{what} no longer fails"),
        Change::Slower | Change::Faster => {
            let verb = if change == Change::Slower {
                "slower"
            } else {
                "faster"
            };
            // The time of its own where that is what changed, else the time with what is below it.
            let own = |compared: super::Compared<DurationNanos>| {
                compared.other.0.abs_diff(compared.most.0) * 2
                    >= node.total.other.0.abs_diff(node.total.most.0)
            };
            let figures = if own(node.own) { node.own } else { node.total };
            format!(
                "{what} is {verb}: {} instead of {}",
                Short(figures.other),
                time(figures.least, figures.most)
            )
        }
        Change::Moved => format!("{what} runs in another order"),
        Change::Renamed => {
            let [from, to] = shape.renamed.clone().unwrap_or_default();
            format!("{from} is now called {to}")
        }
        Change::SlowerBelow | Change::FasterBelow => what,
    }
}
