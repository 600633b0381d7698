//! The flame graph: by wall clock, a lane a depth; and in the aggregate, alike calls as one, as wide as their own time.

use std::collections::HashMap;

use super::pace::Pace;
use super::trace::{NONE, STRIDE, TraceModel};

/// A box of the aggregate: all spans with one name, of one service, below the same box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// The box above or [`NONE`].
    pub parent: u32,
    /// How many boxes are above.
    pub depth: u32,
    /// The longest of the spans.
    pub node: u32,
    /// How many spans it stands for.
    pub count: u32,
    /// Their own time, in nanoseconds.
    pub own: i64,
    /// Their own time and that of all boxes below.
    pub total: i64,
    /// Where the box begins, in nanoseconds of own time from the left.
    pub left: i64,
}

/// Where an arrow key leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// To what it lies on.
    Above,
    /// To the first that lies on it.
    Below,
    /// To the one before it, as deep.
    Before,
    /// To the one after it, as deep.
    After,
}

/// A flame graph of both kinds.
#[derive(Debug, Default)]
pub struct Flame {
    /// For each depth its nodes by start.
    lanes: Vec<Vec<u32>>,
    /// For each place in a lane the latest end so far.
    latest: Vec<Vec<i64>>,
    /// The boxes of the aggregate, in preorder.
    pub calls: Vec<Call>,
    /// How many boxes lie on top of each other.
    pub call_depth: u32,
    /// The own time of all spans together.
    own: i64,
}

/// Parts of the table of boxes: a table of all of them would take longer than a frame to grow.
const PARTS: usize = 64;

impl Flame {
    /// Finds lanes and boxes.
    pub async fn new(model: &TraceModel, pace: &impl Pace) -> Self {
        let mut flame = Self::default();
        for node in 0..model.len() as u32 {
            let depth = model.depth[node as usize] as usize;
            if depth >= flame.lanes.len() {
                flame.lanes.resize(depth + 1, Vec::new());
            }
            flame.lanes[depth].push(node);
            if (node as usize).is_multiple_of(STRIDE) {
                pace.breathe().await;
            }
        }
        for lane in &mut flame.lanes {
            // Mostly sorted already: children come by start.
            lane.sort_by_key(|node| model.start[*node as usize]);
            let mut latest = i64::MIN;
            let ends = lane.iter().map(|node| {
                latest = latest.max(model.end[*node as usize]);
                latest
            });
            flame.latest.push(ends.collect());
            pace.breathe().await;
        }
        flame.find_calls(model, pace).await;
        flame
    }

    /// The own time of all spans together; at least one nanosecond.
    #[must_use]
    pub fn total(&self) -> i64 {
        self.own.max(1)
    }

    /// How many lanes there are.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.lanes.len()
    }

    /// The nodes to draw in a lane between two instants, where `nanos_per_px` lie on a pixel: of those that begin
    /// within one pixel, the one that reaches furthest. As many as there are pixels at most, found by jumps.
    pub fn visible<'a>(
        &'a self,
        model: &'a TraceModel,
        lane: usize,
        (from, to): (i64, i64),
        nanos_per_px: f64,
    ) -> impl Iterator<Item = u32> + 'a {
        let (nodes, latest) = (&self.lanes[lane], &self.latest[lane]);
        let mut place = latest.partition_point(|end| *end < from);
        let step = nanos_per_px.max(1.0) as i64;
        std::iter::from_fn(move || {
            let start = model.start[*nodes.get(place)? as usize];
            if start > to {
                return None;
            }
            // What begins within the same pixel and ends earlier is hidden behind what is drawn there.
            let first = place;
            let next = start.max(from).saturating_add(step);
            let rest = &nodes[place + 1..];
            place += 1 + gallop(rest, |other| model.start[*other as usize] < next);
            let furthest = latest[place - 1];
            let of_run = latest[first..place].partition_point(|end| *end < furthest);
            Some(nodes[first + of_run])
        })
    }

    /// The node of a lane at an instant, give or take so many nanoseconds.
    #[must_use]
    pub fn at(&self, model: &TraceModel, lane: usize, nanos: i64, slack: i64) -> Option<u32> {
        let nodes = self.lanes.get(lane)?;
        let after = nodes.partition_point(|node| model.start[*node as usize] <= nanos + slack);
        // Of those that overlap, the latest lies on top.
        let reach = |node: &u32| model.end[*node as usize] + slack >= nanos;
        nodes[..after]
            .iter()
            .rev()
            .take(STRIDE)
            .copied()
            .find(reach)
    }

    /// The node that a step leads to in the lanes.
    #[must_use]
    pub fn step(&self, model: &TraceModel, node: u32, step: Step) -> Option<u32> {
        let lane = self.lanes.get(*model.depth.get(node as usize)? as usize)?;
        let start = |node: &u32| model.start[*node as usize];
        let place = || {
            let first = lane.partition_point(|other| start(other) < start(&node));
            lane[first..]
                .iter()
                .position(|other| *other == node)
                .map(|place| first + place)
        };
        match step {
            Step::Above => model.parent_of(node),
            Step::Below => (model.subtree[node as usize] > 1).then_some(node + 1),
            Step::Before => lane.get(place()?.checked_sub(1)?).copied(),
            Step::After => lane.get(place()? + 1).copied(),
        }
    }

    /// The node of the box that a step leads to in the aggregate, from the box of a node.
    #[must_use]
    pub fn step_of_calls(&self, node: u32, step: Step) -> Option<u32> {
        let from = self.calls.iter().position(|call| call.node == node)?;
        let call = self.calls[from];
        let place = |other: usize| (self.calls[other].left, other);
        let beside = (0..self.calls.len())
            .filter(|other| *other != from && self.calls[*other].depth == call.depth);
        let found = match step {
            Step::Above => (call.parent != NONE).then_some(call.parent as usize),
            Step::Below => {
                let below = |other: &Call| other.parent == from as u32;
                self.calls.iter().position(below)
            }
            Step::Before => beside
                .filter(|other| place(*other) < place(from))
                .max_by_key(|other| place(*other)),
            Step::After => beside
                .filter(|other| place(*other) > place(from))
                .min_by_key(|other| place(*other)),
        };
        found.map(|found| self.calls[found].node)
    }

    async fn find_calls(&mut self, model: &TraceModel, pace: &impl Pace) {
        let mut calls: Vec<Call> = Vec::new();
        let mut known: Vec<HashMap<(u32, u16, u32), u32>> = Vec::new();
        known.resize_with(PARTS, HashMap::new);
        let mut call_of = vec![0_u32; model.len()];
        for node in 0..model.len() as u32 {
            let above = model.parent_of(node);
            let parent = above.map_or(NONE, |above| call_of[above as usize]);
            let key = (
                parent,
                model.service[node as usize],
                model.name_number(node),
            );
            let part = parent.wrapping_mul(31).wrapping_add(key.2) as usize % PARTS;
            let call = *known[part].entry(key).or_insert_with(|| {
                let depth = match parent {
                    NONE => 0,
                    parent => calls[parent as usize].depth + 1,
                };
                calls.push(Call {
                    parent,
                    depth,
                    node,
                    count: 0,
                    own: 0,
                    total: 0,
                    left: 0,
                });
                calls.len() as u32 - 1
            });
            call_of[node as usize] = call;
            let call = &mut calls[call as usize];
            call.count += 1;
            call.own += model.self_time(node).max(0);
            if model.duration_of(node) > model.duration_of(call.node) {
                call.node = node;
            }
            if (node as usize).is_multiple_of(STRIDE) {
                pace.breathe().await;
            }
        }
        for known in known {
            drop(known);
            pace.breathe().await;
        }
        for call in (0..calls.len()).rev() {
            calls[call].total += calls[call].own;
            let Call { parent, depth, .. } = calls[call];
            self.call_depth = self.call_depth.max(depth + 1);
            if parent != NONE {
                calls[parent as usize].total += calls[call].total;
            }
            if call % STRIDE == 0 {
                pace.breathe().await;
            }
        }
        // A box's children stand in the order in which they were first called, from its left edge on.
        let mut next: Vec<i64> = vec![0; calls.len()];
        for call in 0..calls.len() {
            let parent = calls[call].parent;
            let cursor = match parent {
                NONE => &mut self.own,
                parent => &mut next[parent as usize],
            };
            let left = *cursor;
            *cursor += calls[call].total;
            calls[call].left = left;
            next[call] = left;
            if call % STRIDE == 0 {
                pace.breathe().await;
            }
        }
        self.calls = calls;
    }
}

/// How many at the beginning meet a condition that the rest does not: near ones are found quickly.
fn gallop<T>(sorted: &[T], meets: impl Fn(&T) -> bool) -> usize {
    let mut reach = 1;
    while reach < sorted.len() && meets(&sorted[reach - 1]) {
        reach *= 2;
    }
    let from = reach / 2;
    let to = reach.min(sorted.len());
    from + sorted[from..to].partition_point(|entry| meets(entry))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{booking, model, span};
    use super::super::pace::{Unhurried, at_once};
    use super::*;

    fn flame(model: &TraceModel) -> Flame {
        at_once(Flame::new(model, &Unhurried))
    }

    #[test]
    fn the_aggregate_is_as_wide_as_all_own_time() {
        let model = booking();
        let flame = flame(&model);
        let own: i64 = (0..model.len() as u32)
            .map(|node| model.self_time(node))
            .sum();
        let roots = flame.calls.iter().filter(|call| call.parent == NONE);
        assert_eq!(roots.map(|call| call.total).sum::<i64>(), own);
        let selects = flame
            .calls
            .iter()
            .find(|call| model.name(call.node) == "SELECT seats")
            .expect("a box");
        assert_eq!(selects.count, 24);
        for call in flame.calls.iter().filter(|call| call.parent != NONE) {
            let above = flame.calls[call.parent as usize];
            assert!(call.left >= above.left);
            assert!(call.left + call.total <= above.left + above.total);
        }
    }

    #[test]
    fn arrow_keys_lead_to_every_span_and_to_every_box() {
        let model = booking();
        let flame = flame(&model);
        let all = [Step::Above, Step::Below, Step::Before, Step::After];
        let reached = |step: &dyn Fn(u32, Step) -> Option<u32>| {
            let mut known = vec![0_u32];
            let mut place = 0;
            while let Some(node) = known.get(place).copied() {
                let found = all.iter().filter_map(|way| step(node, *way));
                for next in found.collect::<Vec<_>>() {
                    if !known.contains(&next) {
                        known.push(next);
                    }
                }
                place += 1;
            }
            known.len()
        };
        assert_eq!(
            reached(&|node, way| flame.step(&model, node, way)),
            model.len()
        );
        assert_eq!(
            reached(&|node, way| flame.step_of_calls(node, way)),
            flame.calls.len()
        );
        let back = flame.step(&model, 0, Step::Below).expect("a child");
        assert_eq!(flame.step(&model, back, Step::Above), Some(0));
        let wide = flame.lanes.iter().find(|lane| lane.len() > 1);
        let lane = wide.expect("two spans beside each other");
        assert_eq!(flame.step(&model, lane[0], Step::After), Some(lane[1]));
        assert_eq!(flame.step(&model, lane[1], Step::Before), Some(lane[0]));
        assert_eq!(flame.step(&model, lane[0], Step::Before), None);
    }

    #[test]
    fn a_lane_is_drawn_by_pixels_however_many_spans_it_has() {
        let mut spans = vec![span(1, 0, "a", "root", 0, 1_000_000)];
        spans.extend((0..5_000).map(|i| span(10 + i, 1, "a", "step", i * 200, i * 200 + 150)));
        let model = model(spans);
        let flame = flame(&model);
        assert_eq!(flame.depth(), 2);
        let drawn = flame.visible(&model, 1, (0, 1_000_000), 10_000.0).count();
        assert!((90..=102).contains(&drawn), "{drawn}");
        let zoomed: Vec<u32> = flame.visible(&model, 1, (500_000, 500_900), 1.0).collect();
        assert!(
            zoomed
                .iter()
                .all(|node| model.end[*node as usize] >= 499_000)
        );
        assert!(zoomed.len() >= 4 && zoomed.len() < 8, "{}", zoomed.len());
        let found = flame.at(&model, 1, 500_010, 0).expect("a span");
        assert!(model.start[found as usize] <= 500_010 && model.end[found as usize] >= 500_010);
    }

    #[test]
    fn a_long_span_is_drawn_though_a_short_one_begins_within_its_pixel() {
        let model = model(vec![
            span(1, 0, "a", "root", 0, 1_000_000),
            span(2, 1, "a", "short", 10_000, 10_100),
            span(3, 1, "a", "long", 10_200, 900_000),
            span(4, 1, "a", "last", 10_300, 10_400),
        ]);
        let flame = flame(&model);
        let drawn: Vec<&str> = flame
            .visible(&model, 1, (0, 1_000_000), 10_000.0)
            .map(|node| model.name(node))
            .collect();
        assert_eq!(drawn, ["long"]);
    }
}
