//! The line: the critical path as one continuous stroke.
//!
//! ```text
//! click    ●━━┓                              ┏━━
//! fetch       ┗━━┓                        ┏━━┛
//! service        ┗━━━━━━━━━━━━━━━━━━━━━━━━┛
//! ```
//!
//! It runs below the bar of the span that the total waits for; where that span's row is hidden, below its
//! nearest visible ancestor.

use super::layout::RowMeasures;
use super::scale::Scale;
use crate::model::rows::Rows;
use crate::model::trace::Segment;

/// Stretches of the path that are narrower are drawn as part of a step.
const LEAST_PX: f64 = 0.75;

/// Between the line and a label.
const CLEAR: f64 = 4.0;
/// A label is moved behind so many steps at the most.
const MOST_STEPS_PASSED: usize = 3;

/// A point in the timeline, in pixels from its top left corner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
}

/// The corners of the line from left to right: horizontal stretches joined by vertical steps.
///
/// What lies left or right of the shown stretch is cut off, what lies above or below is not.
#[must_use]
pub fn points(path: &[Segment], rows: &Rows, scale: Scale, measures: RowMeasures) -> Vec<Point> {
    let mut out: Vec<Point> = Vec::new();
    let right_edge = scale.width() + 8.0;
    for segment in path {
        let (left, right) = (
            scale.px_from_nanos(segment.start),
            scale.px_from_nanos(segment.end),
        );
        if right < -8.0 || left > right_edge {
            continue;
        }
        let (left, right) = (left.max(-8.0), right.min(right_edge));
        let y = rows.row_of(segment.node) as f64 * measures.height + measures.line;
        match out.last() {
            // The same row goes on.
            Some(last) if last.y == y => {
                if let Some(last) = out.last_mut() {
                    last.x = last.x.max(right);
                }
            }
            // A stretch that is too short to be seen only moves the line on, unless it is where the line ends.
            Some(last) if right - left < LEAST_PX && right - last.x < LEAST_PX => {}
            Some(last) => {
                let x = left.max(last.x);
                // Where short stretches were left out, the last one reaches up to the step.
                if let Some(last) = out.last_mut() {
                    last.x = x;
                }
                out.push(Point { x, y });
                out.push(Point { x: right.max(x), y });
            }
            None => {
                out.push(Point { x: left, y });
                out.push(Point { x: right, y });
            }
        }
    }
    out
}

/// A step of the line from one row to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Where it is.
    pub x: f64,
    /// Its upper end.
    pub top: f64,
    /// Its lower end.
    pub bottom: f64,
}

/// The steps of strokes.
#[must_use]
pub fn steps(strokes: &[Vec<Point>]) -> Vec<Step> {
    let pairs = strokes.iter().flat_map(|stroke| stroke.windows(2));
    let vertical = pairs.filter(|pair| pair[0].x == pair[1].x);
    vertical
        .map(|pair| Step {
            x: pair[0].x,
            top: pair[0].y.min(pair[1].y),
            bottom: pair[0].y.max(pair[1].y),
        })
        .collect()
}

/// Where a label in a row begins so that no step of the line runs through it: where it is, or behind the steps; `None` where
/// it does not fit into `width` there, or would go far from its bar.
#[must_use]
pub fn beside(
    steps: &[Step],
    row: (f64, f64),
    width: f64,
    left: f64,
    label_width: f64,
) -> Option<f64> {
    let mut moved = left;
    // Each turn passes at least one step.
    for _ in 0..MOST_STEPS_PASSED {
        let through = steps.iter().filter(|step| {
            step.bottom > row.0
                && step.top < row.1 - CLEAR
                && step.x > moved - CLEAR
                && step.x < moved + label_width + CLEAR
        });
        let Some(last) = through.map(|step| step.x).reduce(f64::max) else {
            return Some(moved);
        };
        moved = last + CLEAR + 2.0;
        if moved + label_width > width {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixture::{booking, model, span};
    use crate::model::rows::{Openness, RowKey};

    #[test]
    fn a_label_goes_behind_the_steps_that_would_cross_it() {
        let step = |x, top, bottom| Step { x, top, bottom };
        let row = (24.0, 48.0);
        for (steps, expected, reason) in [
            (vec![], 100.0, "nothing crosses"),
            (vec![step(110.0, 20.0, 68.0)], 116.0, "one does"),
            (
                vec![step(110.0, 20.0, 68.0), step(130.0, 20.0, 68.0)],
                136.0,
                "two do",
            ),
            (vec![step(110.0, 68.0, 92.0)], 100.0, "it is in other rows"),
            (
                vec![step(110.0, 44.0, 68.0)],
                100.0,
                "it leaves below the text",
            ),
            (vec![step(290.0, 20.0, 68.0)], 100.0, "it is elsewhere"),
        ] {
            assert_eq!(
                beside(&steps, row, 300.0, 100.0, 30.0),
                Some(expected),
                "{reason}"
            );
        }
        let near_the_edge = [step(285.0, 20.0, 68.0)];
        assert_eq!(beside(&near_the_edge, row, 300.0, 270.0, 30.0), None);
    }

    #[test]
    fn the_line_steps_down_and_climbs_back() {
        let model = model(vec![
            span(1, 0, "a", "root", 0, 100),
            span(2, 1, "b", "child", 20, 80),
        ]);
        let rows = Rows::new(&model, &Openness::default());
        let line = points(
            model.critical(),
            &rows,
            Scale::new(100, None, 100.0),
            RowMeasures::WIDE,
        );
        let corners: Vec<_> = line.iter().map(|point| (point.x, point.y)).collect();
        assert_eq!(
            corners,
            [
                (0.0, 20.0),
                (20.0, 20.0),
                (20.0, 44.0),
                (80.0, 44.0),
                (80.0, 20.0),
                (100.0, 20.0)
            ]
        );
    }

    #[test]
    fn the_line_is_continuous_however_rows_are_collapsed_and_time_is_zoomed() {
        let model = booking();
        for collapsed in [None, Some(0), Some(2), Some(4)] {
            for window in [None, Some((300_000_000, 400_000_000)), Some((0, 1_000))] {
                let mut openness = Openness::default();
                if let Some(node) = collapsed {
                    openness.set(&model, RowKey { node, fold: false }, false);
                }
                let rows = Rows::new(&model, &openness);
                let scale = Scale::new(model.duration, window, 700.0);
                let line = points(model.critical(), &rows, scale, RowMeasures::WIDE);
                assert!(line.len() >= 2, "{collapsed:?} {window:?}");
                for pair in line.windows(2) {
                    assert!(pair[1].x >= pair[0].x, "never runs back in time");
                    assert!(
                        pair[0].x == pair[1].x || pair[0].y == pair[1].y,
                        "no slant: {pair:?}"
                    );
                }
                let bottom = rows.len() as f64 * RowMeasures::WIDE.height;
                assert!(
                    line.iter().all(|point| point.y < bottom),
                    "stays within the rows"
                );
            }
        }
    }
}
