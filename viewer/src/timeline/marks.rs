//! Logs on the bars: where each is drawn, and which one a pointer is at.

use super::layout::RowMeasures;
use super::scale::Scale;
use super::surface::{Rect, Surface, Theme};
use crate::model::log_marks::{Gravity, LogMark};

/// Half the side of a mark.
const HALF: f64 = 3.0;
/// How far from a mark's middle a pointer may be.
const REACH: f64 = 7.0;

/// Draws the logs of a row as squares on the upper edge of its bar, the grave ones above the others. Of marks that cannot be
/// told apart the gravest is drawn.
pub fn draw_logs(
    surface: &mut impl Surface,
    logs: &[LogMark],
    scale: Scale,
    edge: f64,
    theme: &Theme,
) {
    for (gravity, color) in [
        (Gravity::Told, &theme.ink_2),
        (Gravity::Warning, &theme.warn),
        (Gravity::Error, &theme.error),
    ] {
        let mut last = f64::MIN;
        for mark in logs.iter().filter(|mark| mark.gravity == gravity) {
            let x = scale.px_from_nanos(mark.time);
            if x - last < HALF || x < 0.0 || x > scale.width() {
                continue;
            }
            last = x;
            let square = |half: f64| Rect {
                x: x - half,
                y: edge - half,
                width: 2.0 * half,
                height: 2.0 * half,
            };
            surface.fill(square(HALF + 1.0), 1.0, &theme.panel);
            surface.fill(square(HALF), 1.0, color);
        }
    }
}

/// The place of the log that a pointer is at, which is given from the row's upper left corner; the gravest of several.
#[must_use]
pub fn log_at(
    logs: &[LogMark],
    scale: Scale,
    measures: RowMeasures,
    (x, y): (f64, f64),
) -> Option<usize> {
    if (y - measures.bar_top).abs() > REACH {
        return None;
    }
    let distance = |mark: &LogMark| (scale.px_from_nanos(mark.time) - x).abs();
    let near = logs.iter().filter(|mark| distance(mark) <= REACH);
    let found =
        near.max_by(|a, b| (a.gravity.cmp(&b.gravity)).then(distance(b).total_cmp(&distance(a))));
    found.map(|mark| mark.place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_finds_the_gravest_log_within_reach() {
        let mark = |time, gravity, place| LogMark {
            node: 0,
            time,
            gravity,
            place,
        };
        let logs = [
            mark(100, Gravity::Told, 0),
            mark(104, Gravity::Error, 1),
            mark(300, Gravity::Told, 2),
        ];
        let scale = Scale::new(500, None, 500.0);
        let at = |x, y| log_at(&logs, scale, RowMeasures::WIDE, (x, y));
        assert_eq!(at(100.0, 4.0), Some(1), "the error, though a little off");
        assert_eq!(at(302.0, 8.0), Some(2));
        assert_eq!(at(200.0, 4.0), None, "nothing there");
        assert_eq!(at(300.0, 20.0), None, "below the mark");
    }
}
