//! What a trace's time went to: critical path, own times, the largest contributors, calls tried again.

use std::collections::{HashMap, HashSet};

use shared::time::UnixNanos;
use shared::trace::{Forest, PathWalk};

use super::pace::Pace;
use super::trace::{STRIDE, Segment, TraceModel};

/// So many of the largest own times are kept.
const LONGEST: usize = 8;

/// A contributor to the critical path: spans of one name in one service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contributor {
    /// The span of the group with the largest part.
    pub node: u32,
    /// How much of the critical path is the group's own time, in nanoseconds.
    pub nanos: i64,
}

/// Tries of one call, one after the other, of which all but perhaps the last failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retries {
    /// The tries in order.
    pub tries: Vec<u32>,
    /// Whether the last one succeeded.
    pub succeeded: bool,
}

/// What the time went to.
#[derive(Debug, Default)]
pub struct Analysis {
    /// What the total waited for, from start to end.
    pub critical: Vec<Segment>,
    /// How long each node waited for none of its children, in nanoseconds.
    pub self_times: Vec<i64>,
    /// The nodes with the largest own times, the largest first.
    pub longest: Vec<u32>,
    /// The largest contributors to the critical path, the largest first.
    pub contributors: Vec<Contributor>,
    /// The services' own parts of the critical path as (service, nanoseconds), the largest first.
    pub service_shares: Vec<(u16, i64)>,
    /// Calls that were tried again after a failure, in the order of the rows.
    pub retries: Vec<Retries>,
}

/// Instants of `PathWalk` are unsigned; this keeps the order of ours.
const SIGN: u64 = 1 << 63;

impl Forest for TraceModel {
    fn interval(&self, node: u32) -> (UnixNanos, UnixNanos) {
        let instant = |nanos: i64| UnixNanos(nanos as u64 ^ SIGN);
        (
            instant(self.start[node as usize]),
            instant(self.end[node as usize]),
        )
    }

    fn after(&self, node: u32) -> u32 {
        TraceModel::after(self, node)
    }
}

/// Analyses a trace.
pub async fn analyse(model: &TraceModel, pace: &impl Pace) -> Analysis {
    let critical = critical(model, pace).await;
    let self_times = self_times(model, pace).await;
    let (contributors, service_shares) = shares(model, &critical, pace).await;
    Analysis {
        retries: retries(model, pace).await,
        critical,
        longest: longest(&self_times, pace).await,
        self_times,
        contributors,
        service_shares,
    }
}

async fn critical(model: &TraceModel, pace: &impl Pace) -> Vec<Segment> {
    if model.is_empty() {
        return Vec::new();
    }
    let mut walk = PathWalk::new(model, model.root);
    while !walk.advance(STRIDE) {
        pace.breathe().await;
    }
    let nanos = |instant: UnixNanos| (instant.0 ^ SIGN) as i64;
    let mut path = Vec::new();
    for (index, segment) in walk.finish().into_iter().enumerate() {
        path.push(Segment {
            node: segment.node,
            start: nanos(segment.start),
            end: nanos(segment.end),
        });
        if index % STRIDE == 0 {
            pace.breathe().await;
        }
    }
    path
}

async fn self_times(model: &TraceModel, pace: &impl Pace) -> Vec<i64> {
    let count = model.len();
    let mut times = Vec::with_capacity(count);
    // Siblings come by start, so what of a parent is covered so far ends at one instant.
    let mut covered = model.start.clone();
    for node in 0..count {
        times.push(model.duration_of(node as u32));
        if let Some(parent) = model.parent_of(node as u32) {
            let parent = parent as usize;
            let from = model.start[node].max(covered[parent]);
            let to = model.end[node].min(model.end[parent]);
            if from < to {
                times[parent] -= to - from;
                covered[parent] = to;
            }
        }
        if node % STRIDE == 0 {
            pace.breathe().await;
        }
    }
    times
}

/// The nodes with the largest own times, the largest first; of equal ones the first.
async fn longest(self_times: &[i64], pace: &impl Pace) -> Vec<u32> {
    let mut out: Vec<u32> = Vec::with_capacity(LONGEST + 1);
    for (node, own) in self_times.iter().enumerate() {
        let place = out.partition_point(|known| self_times[*known as usize] >= *own);
        if place < LONGEST {
            out.insert(place, node as u32);
            out.truncate(LONGEST);
        }
        if node % STRIDE == 0 {
            pace.breathe().await;
        }
    }
    out
}

async fn shares(
    model: &TraceModel,
    critical: &[Segment],
    pace: &impl Pace,
) -> (Vec<Contributor>, Vec<(u16, i64)>) {
    let mut groups: HashMap<(u16, u32), i64> = HashMap::new();
    let mut by_node: HashMap<u32, i64> = HashMap::new();
    let mut totals = vec![0; model.services.len()];
    for (index, segment) in critical.iter().enumerate() {
        let nanos = segment.end - segment.start;
        let service = model.service[segment.node as usize];
        *groups
            .entry((service, model.name_number(segment.node)))
            .or_default() += nanos;
        *by_node.entry(segment.node).or_default() += nanos;
        totals[usize::from(service)] += nanos;
        if index % STRIDE == 0 {
            pace.breathe().await;
        }
    }
    let mut largest: HashMap<(u16, u32), (i64, u32)> = HashMap::new();
    for (index, (node, nanos)) in by_node.into_iter().enumerate() {
        let key = (model.service[node as usize], model.name_number(node));
        let best = largest.entry(key).or_insert((nanos, node));
        if (nanos, std::cmp::Reverse(node)) > (best.0, std::cmp::Reverse(best.1)) {
            *best = (nanos, node);
        }
        if index % STRIDE == 0 {
            pace.breathe().await;
        }
    }
    let mut contributors: Vec<Contributor> = groups
        .into_iter()
        .filter_map(|(key, nanos)| {
            let node = largest.get(&key)?.1;
            Some(Contributor { node, nanos })
        })
        .collect();
    contributors
        .sort_by_key(|contributor| (std::cmp::Reverse(contributor.nanos), contributor.node));
    let mut services: Vec<(u16, i64)> = (0..).zip(totals).filter(|(_, nanos)| *nanos > 0).collect();
    services.sort_by_key(|(service, nanos)| (std::cmp::Reverse(*nanos), *service));
    (contributors, services)
}

/// Tries share parent, service and name; where nothing failed, nothing was tried again.
async fn retries(model: &TraceModel, pace: &impl Pace) -> Vec<Retries> {
    let key = |node: u32| (model.service[node as usize], model.name_number(node));
    let mut suspects: HashMap<u32, HashSet<(u16, u32)>> = HashMap::new();
    for (index, node) in model.failed().enumerate() {
        let parent = model.parent[node as usize];
        suspects.entry(parent).or_default().insert(key(node));
        if index % STRIDE == 0 {
            pace.breathe().await;
        }
    }
    let mut out = Vec::new();
    let mut seen = 0;
    for (parent, keys) in suspects {
        let mut groups: HashMap<(u16, u32), Vec<u32>> = HashMap::new();
        for child in model.children(parent) {
            if keys.contains(&key(child)) {
                groups.entry(key(child)).or_default().push(child);
            }
            seen += 1;
            if seen % STRIDE == 0 {
                pace.breathe().await;
            }
        }
        out.extend(
            groups
                .into_values()
                .filter_map(|tries| as_retries(model, tries)),
        );
    }
    out.sort_by_key(|retries| retries.tries[0]);
    out
}

fn as_retries(model: &TraceModel, tries: Vec<u32>) -> Option<Retries> {
    let failed = |node: &u32| model.error[*node as usize];
    let (last, earlier) = tries.split_last()?;
    let succeeded = !failed(last);
    let again =
        !earlier.is_empty() && earlier.iter().all(failed) && one_after_the_other(model, &tries);
    again.then_some(Retries { tries, succeeded })
}

/// Whether each of some nodes began only after the one before it had ended.
#[must_use]
pub fn one_after_the_other(model: &TraceModel, nodes: &[u32]) -> bool {
    nodes
        .windows(2)
        .all(|pair| model.end[pair[0] as usize] <= model.start[pair[1] as usize])
}
