//! Where the listed traces lie in a plot of duration over time.

use shared::query::TraceSummary;
use shared::time::UnixNanos;

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
}
