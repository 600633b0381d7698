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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixture::{booking, model, span};
    use crate::model::rows::{Openness, RowKey};

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
                    openness.set(RowKey { node, fold: false }, false);
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
