//! Where the listed traces lie in a plot of duration over time, what a brush over it selects, and how keys walk it.

use shared::id::TraceId;
use shared::query::TraceSummary;
use shared::time::UnixNanos;

/// More points than this are drawn as cells that say how many they are.
pub const MOST_POINTS: usize = 240;
/// The cells of such a plot.
const COLUMNS: usize = 64;
const ROWS: usize = 12;
/// A click that is further from every point means none: half of what a finger covers, in pixels.
const REACH: f64 = 16.0;

/// A place or a size as parts across and down: shares of the plot, or pixels.
pub type Pair = (f64, f64);

/// The bounds of the plot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scatter {
    /// The earliest start.
    pub first: UnixNanos,
    /// The latest start.
    pub last: UnixNanos,
    /// The longest duration, in nanoseconds.
    pub longest: i64,
    /// The duration at the upper edge: the first round one above the longest.
    pub top: i64,
}

/// Traces that lie close together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// The left edge, as a share of the width.
    pub x: f64,
    /// The upper edge, as a share of the height.
    pub y: f64,
    /// How full it is: 1 for the fullest.
    pub weight: f64,
    /// Whether one of them failed.
    pub failed: bool,
}

/// A part of the plot: starts in Unix milliseconds, durations in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Brushed {
    /// The earliest and the latest start.
    pub between: (u64, u64),
    /// The least duration; `None` from the lower edge on.
    pub min_micros: Option<u64>,
    /// The greatest duration; `None` up to the upper edge.
    pub max_micros: Option<u64>,
}

impl Scatter {
    /// The bounds that hold all traces.
    #[must_use]
    pub fn new(traces: &[TraceSummary]) -> Self {
        let starts = || traces.iter().map(|trace| trace.start);
        let longest = traces
            .iter()
            .map(|trace| trace.duration.0)
            .max()
            .unwrap_or_default()
            .max(1);
        Self {
            first: starts().min().unwrap_or_default(),
            last: starts().max().unwrap_or_default(),
            longest,
            top: axis(longest).last().copied().unwrap_or(longest).max(1),
        }
    }

    /// Where a trace lies, as shares from the left and from the top.
    #[must_use]
    pub fn place(&self, trace: &TraceSummary) -> Pair {
        let span = (self.last - self.first).0.max(1) as f64;
        let x = if self.first == self.last {
            0.5
        } else {
            (trace.start - self.first).0 as f64 / span
        };
        (x, 1.0 - trace.duration.0 as f64 / self.top as f64)
    }

    /// The trace whose point was meant by a click; `size` is the plot's in pixels.
    #[must_use]
    pub fn nearest<'traces>(
        &self,
        traces: &'traces [TraceSummary],
        click: Pair,
        size: Pair,
    ) -> Option<&'traces TraceSummary> {
        let distance = |trace: &TraceSummary| {
            let (x, y) = self.place(trace);
            ((x - click.0) * size.0).hypot((y - click.1) * size.1)
        };
        let found = traces
            .iter()
            .min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
        (distance(found) <= REACH).then_some(found)
    }

    /// The traces counted in cells.
    #[must_use]
    pub fn cells(&self, traces: &[TraceSummary]) -> Vec<Cell> {
        let mut counts = vec![(0_u32, false); COLUMNS * ROWS];
        for trace in traces {
            let (x, y) = self.place(trace);
            let index = |share: f64, of: usize| ((share * of as f64) as usize).min(of - 1);
            let cell = &mut counts[index(y, ROWS) * COLUMNS + index(x, COLUMNS)];
            cell.0 += 1;
            cell.1 |= trace.error_count > 0;
        }
        let fullest = f64::from(
            counts
                .iter()
                .map(|(count, _)| *count)
                .max()
                .unwrap_or(1)
                .max(1),
        );
        let cells = counts.into_iter().enumerate();
        cells
            .filter(|(_, (count, _))| *count > 0)
            .map(|(index, (count, failed))| Cell {
                x: (index % COLUMNS) as f64 / COLUMNS as f64,
                y: (index / COLUMNS) as f64 / ROWS as f64,
                weight: (f64::from(count) / fullest).sqrt(),
                failed,
            })
            .collect()
    }

    /// What a rectangle selects; its corners are shares from the left and from the top. `None` where it
    /// is too small to be meant.
    #[must_use]
    pub fn brushed(&self, one: Pair, other: Pair) -> Option<Brushed> {
        let share = |share: f64| share.clamp(0.0, 1.0);
        let (left, right) = (share(one.0.min(other.0)), share(one.0.max(other.0)));
        let (upper, lower) = (share(one.1.min(other.1)), share(one.1.max(other.1)));
        if right - left < 0.01 && lower - upper < 0.04 {
            return None;
        }
        let span = (self.last - self.first).0.max(0) as f64 / 1e6;
        let first = self.first.0 as f64 / 1e6;
        let micros = |share: f64| ((1.0 - share) * self.top as f64 / 1e3).round() as u64;
        Some(Brushed {
            between: (
                (first + span * left).floor() as u64,
                (first + span * right).ceil() as u64,
            ),
            min_micros: Some(micros(lower)).filter(|micros| lower < 0.98 && *micros > 0),
            max_micros: Some(micros(upper)).filter(|_| upper > 0.02),
        })
    }
}

/// Which point the keys are at, and where the region began that they draw. Traces that are listed no longer are nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cursor {
    at: Option<TraceId>,
    from: Option<TraceId>,
}

/// A way from one point to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// To the trace that started before, or the last one at first.
    Earlier,
    /// To the one that started after, or the first one at first.
    Later,
    /// To the first.
    First,
    /// To the last.
    Last,
}

impl Cursor {
    /// The point that a step leads to; `draws` keeps where it came from as the other end of a region.
    #[must_use]
    pub fn step(self, step: Step, draws: bool, traces: &[TraceSummary]) -> Self {
        let at = find(self.at, traces).map(place);
        let (mut first, mut last, mut before, mut after) = (None, None, None, None);
        // Without a sorting of its own, which would be more code than all of the rest.
        for trace in traces {
            let here = place(trace);
            first = Some(first.map_or(here, |first: Place| first.min(here)));
            last = last.max(Some(here));
            if at.is_some_and(|at| here < at) {
                before = before.max(Some(here));
            }
            if at.is_some_and(|at| here > at) {
                after = Some(after.map_or(here, |after: Place| after.min(here)));
            }
        }
        let next = match (step, at) {
            (Step::First, _) | (Step::Later, None) => first,
            (Step::Last, _) | (Step::Earlier, None) => last,
            (Step::Earlier, _) => before.or(at),
            (Step::Later, _) => after.or(at),
        };
        Self {
            at: next.map(|(_, id)| id),
            from: self.from.or(self.at).filter(|_| draws),
        }
    }

    /// The point, and how many started before it.
    #[must_use]
    pub fn point(self, traces: &[TraceSummary]) -> Option<(usize, &TraceSummary)> {
        let at = find(self.at, traces)?;
        let earlier = traces.iter().filter(|trace| place(trace) < place(at));
        Some((earlier.count(), at))
    }

    /// The corners of the region between the two points, as high as the plot.
    #[must_use]
    pub fn region(self, scatter: &Scatter, traces: &[TraceSummary]) -> Option<(Pair, Pair)> {
        let x = |of| Some(scatter.place(find(of, traces)?).0);
        let (at, from) = (x(self.at)?, x(self.from)?);
        (self.at != self.from).then_some(((from, 0.0), (at, 1.0)))
    }
}

/// Where a trace stands among others: by its start, equal starts by id.
type Place = (UnixNanos, TraceId);

fn place(trace: &TraceSummary) -> Place {
    (trace.start, trace.trace_id)
}

fn find(id: Option<TraceId>, traces: &[TraceSummary]) -> Option<&TraceSummary> {
    traces.iter().find(|trace| Some(trace.trace_id) == id)
}

/// The marks of the duration's axis: 0, one in between and one above `longest`.
#[must_use]
pub fn axis(longest: i64) -> Vec<i64> {
    let power = 10_i64.pow((longest.max(1) as f64).log10().floor() as u32);
    let top = [1, 2, 4, 6, 10, 20]
        .into_iter()
        .map(|factor| factor * power)
        .find(|top| *top >= longest)
        .unwrap_or(longest);
    vec![0, top / 2, top]
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::time::DurationNanos;

    #[test]
    fn the_axis_ends_at_a_round_duration_above_the_longest() {
        for (longest, expected) in [
            (2_310, [0, 2_000, 4_000]),
            (4_000, [0, 2_000, 4_000]),
            (940, [0, 500, 1_000]),
            (1, [0, 0, 1]),
        ] {
            assert_eq!(axis(longest), expected, "{longest}");
        }
    }

    fn trace(number: u8, start: u64, duration: i64) -> TraceSummary {
        TraceSummary {
            trace_id: TraceId::from_bytes([number; 16]).expect("not zero"),
            root_name: "GET /".to_owned(),
            root_service: "shop".to_owned(),
            caused: None,
            start: UnixNanos(start),
            duration: DurationNanos(duration),
            span_count: 1,
            error_count: 0,
            error: None,
            services: Vec::new(),
            noted: Vec::new(),
        }
    }

    #[test]
    fn a_click_means_the_point_within_its_reach_however_wide_the_plot_is() {
        let traces = [trace(1, 0, 50), trace(2, 100, 100)];
        let scatter = Scatter::new(&traces);
        let nearest = |click, size| {
            let found = scatter.nearest(&traces, click, size);
            found.map(|found| found.trace_id.as_bytes()[0])
        };
        for (click, size, expected, why) in [
            ((0.01, 0.5), (1_000.0, 100.0), Some(1), "10 px beside it"),
            ((0.02, 0.5), (1_000.0, 100.0), None, "20 px beside it"),
            ((0.04, 0.5), (300.0, 100.0), Some(1), "12 px on a phone"),
            (
                (0.99, 0.1),
                (1_000.0, 100.0),
                Some(2),
                "14 px below the other",
            ),
            ((0.99, 0.2), (1_000.0, 100.0), None, "22 px below it"),
        ] {
            assert_eq!(nearest(click, size), expected, "{why}");
        }
    }

    #[test]
    fn keys_go_from_point_to_point_by_time_and_draw_what_lies_between() {
        let traces = [trace(3, 300, 1), trace(1, 100, 1), trace(2, 200, 1)];
        let scatter = Scatter::new(&traces);
        let mut cursor = Cursor::default();
        let at = |cursor: Cursor| cursor.point(&traces).map(|(place, _)| place);
        assert_eq!(at(cursor), None);
        for (step, draws, expected, region) in [
            (Step::Earlier, false, 2, None),
            (Step::Later, false, 2, None),
            (Step::First, false, 0, None),
            (Step::Later, true, 1, Some((0.0, 0.5))),
            (Step::Later, true, 2, Some((0.0, 1.0))),
            (Step::Earlier, true, 1, Some((0.0, 0.5))),
            (Step::First, true, 0, None),
            (Step::Last, false, 2, None),
        ] {
            cursor = cursor.step(step, draws, &traces);
            assert_eq!(at(cursor), Some(expected), "{step:?}");
            let drawn = cursor.region(&scatter, &traces);
            assert_eq!(
                drawn.map(|(one, other)| (one.0, other.0)),
                region,
                "{step:?}"
            );
        }
        assert_eq!(cursor.point(&traces[1..]), None, "it is listed no longer");
        assert_eq!(
            Cursor::default().step(Step::Later, true, &[]),
            Cursor::default()
        );
    }

    #[test]
    fn a_brush_selects_the_time_and_the_durations_under_it() {
        let scatter = Scatter {
            first: UnixNanos(10_000_000_000),
            last: UnixNanos(20_000_000_000),
            longest: 1_700_000_000,
            top: 2_000_000_000,
        };
        let brushed = |one, other| scatter.brushed(one, other);
        let middle = Brushed {
            between: (12_000, 15_000),
            min_micros: Some(500_000),
            max_micros: Some(1_000_000),
        };
        assert_eq!(
            brushed((0.5, 0.5), (0.2, 0.75)),
            Some(middle),
            "either corner first"
        );
        let tall = Brushed {
            between: (12_000, 15_000),
            min_micros: None,
            max_micros: None,
        };
        assert_eq!(
            brushed((0.2, -0.1), (0.5, 1.2)),
            Some(tall),
            "from edge to edge"
        );
        assert_eq!(brushed((0.5, 0.5), (0.501, 0.51)), None, "a click");
    }
}
