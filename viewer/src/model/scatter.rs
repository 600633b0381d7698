//! Where the listed traces lie in a plot of duration over time, and what a brush over it selects.

use shared::query::TraceSummary;
use shared::time::UnixNanos;

/// More points than this are drawn as cells that say how many they are.
pub const MOST_POINTS: usize = 240;
/// The cells of such a plot.
const COLUMNS: usize = 64;
const ROWS: usize = 12;

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
    pub fn place(&self, trace: &TraceSummary) -> (f64, f64) {
        let span = (self.last - self.first).0.max(1) as f64;
        let x = if self.first == self.last {
            0.5
        } else {
            (trace.start - self.first).0 as f64 / span
        };
        (x, 1.0 - trace.duration.0 as f64 / self.top as f64)
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
    pub fn brushed(&self, one: (f64, f64), other: (f64, f64)) -> Option<Brushed> {
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
