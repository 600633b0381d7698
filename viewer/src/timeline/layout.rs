//! Where bars and their labels go.

use super::scale::Scale;

/// No bar is narrower.
const LEAST_BAR: f64 = 3.0;
/// Between a bar and the label beside it.
const GAP: f64 = 8.0;
/// Between a bar's edge and the label inside it.
const INSET: f64 = 7.0;

/// The measures of a row, in pixels from its top.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RowMeasures {
    /// The row's height.
    pub height: f64,
    /// Where the bar begins.
    pub bar_top: f64,
    /// The bar's height.
    pub bar_height: f64,
    /// Where the line of the critical path runs: just below the bar, so that it crosses no label.
    pub line: f64,
}

impl RowMeasures {
    /// Names beside the bars.
    pub const WIDE: Self = Self {
        height: 24.0,
        bar_top: 4.0,
        bar_height: 14.0,
        line: 20.0,
    };
    /// Names beside the bars, more of them on a screen.
    pub const COMPACT: Self = Self {
        height: 18.0,
        bar_top: 2.0,
        bar_height: 12.0,
        line: 16.0,
    };
    /// Names above the bars, for narrow screens.
    pub const NARROW: Self = Self {
        height: 44.0,
        bar_top: 23.0,
        bar_height: 14.0,
        line: 39.0,
    };

    /// The baseline of a label.
    #[must_use]
    pub fn baseline(self) -> f64 {
        self.bar_top + self.bar_height / 2.0 + 4.5
    }
}

/// Where a bar lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bar {
    /// From one pixel to another, cut to a little beyond the shown stretch.
    Shown {
        /// Its left edge.
        left: f64,
        /// Its right edge.
        right: f64,
    },
    /// Before the shown stretch.
    Before,
    /// After the shown stretch.
    After,
}

/// Where a label stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Label {
    /// Its left end.
    pub left: f64,
    /// Whether it stands inside the bar.
    pub inside: bool,
}

/// Where the bar of a span lies.
#[must_use]
pub fn bar(scale: Scale, start: i64, end: i64) -> Bar {
    let (left, right) = (scale.px_from_nanos(start), scale.px_from_nanos(end));
    if right < 0.0 {
        return Bar::Before;
    }
    if left > scale.width() {
        return Bar::After;
    }
    // A bar that reaches far beyond the edges would lose its precision on the way to the canvas.
    let left = left.max(-8.0).min(scale.width() - LEAST_BAR);
    Bar::Shown {
        left,
        right: right.min(scale.width() + 8.0).max(left + LEAST_BAR),
    }
}

/// Where the label of a bar goes: right of it where there is room, else inside a long bar, else left of it.
/// Inside, it avoids the `solid` stretches of the bar where it can. It is never cut by the edges of the timeline.
#[must_use]
pub fn label(scale: Scale, left: f64, right: f64, label_width: f64, solid: &[(f64, f64)]) -> Label {
    let width = scale.width();
    if right + GAP + label_width <= width {
        return Label {
            left: right + GAP,
            inside: false,
        };
    }
    if let Some(label) = inside(scale, left, right, label_width, solid) {
        return label;
    }
    let before = left - GAP - label_width;
    if before >= 0.0 {
        return Label {
            left: before,
            inside: false,
        };
    }
    // Neither beside nor inside: over the bar, as far right as it fits.
    Label {
        left: (width - label_width - 2.0).max(0.0),
        inside: true,
    }
}

/// Where the label of a long bar goes inside it.
#[must_use]
pub fn inside(
    scale: Scale,
    left: f64,
    right: f64,
    label_width: f64,
    solid: &[(f64, f64)],
) -> Option<Label> {
    let (left, right) = (left.max(0.0), right.min(scale.width()));
    if right - left < label_width + 2.0 * INSET {
        return None;
    }
    let pale = pale_stretch(left, right, label_width + INSET, solid).unwrap_or(left);
    Some(Label {
        left: pale + INSET,
        inside: true,
    })
}

/// The left end of the first stretch of a bar that is not solid and at least `least` wide.
fn pale_stretch(left: f64, right: f64, least: f64, solid: &[(f64, f64)]) -> Option<f64> {
    let mut cursor = left;
    for (from, to) in solid.iter().copied().chain([(right, right)]) {
        if from - cursor >= least {
            return Some(cursor);
        }
        cursor = cursor.max(to);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_goes_where_it_fits() {
        let scale = Scale::new(1_000, None, 500.0);
        for (left, right, expected, inside, reason) in [
            (10.0, 60.0, 68.0, false, "room at the right"),
            (10.0, 480.0, 17.0, true, "a long bar holds it"),
            (
                460.0,
                490.0,
                402.0,
                false,
                "near the right edge it goes left",
            ),
            (
                -8.0,
                508.0,
                7.0,
                true,
                "a bar that begins before the shown stretch",
            ),
        ] {
            assert_eq!(
                label(scale, left, right, 50.0, &[]),
                Label {
                    left: expected,
                    inside
                },
                "{reason}"
            );
        }
    }

    #[test]
    fn a_label_is_never_cut() {
        let scale = Scale::new(1_000, None, 300.0);
        for left in 0..300 {
            for length in [3, 20, 80, 200] {
                let left = f64::from(left);
                let found = label(
                    scale,
                    left,
                    (left + f64::from(length)).min(308.0),
                    90.0,
                    &[],
                );
                assert!(
                    found.left >= 0.0 && found.left + 90.0 <= 300.0,
                    "{left} {length}"
                );
            }
        }
    }

    #[test]
    fn a_label_inside_avoids_what_is_solid() {
        let scale = Scale::new(1_000, None, 500.0);
        assert_eq!(
            label(scale, 0.0, 490.0, 50.0, &[(0.0, 30.0), (60.0, 70.0)]).left,
            77.0
        );
        assert_eq!(label(scale, 0.0, 490.0, 50.0, &[(0.0, 490.0)]).left, 7.0);
    }

    #[test]
    fn a_bar_is_seen_however_short() {
        let scale = Scale::new(1_000_000_000, Some((0, 1_000_000)), 500.0);
        assert_eq!(
            bar(scale, 10, 11),
            Bar::Shown {
                left: 0.000_005 * 1_000.0,
                right: 3.005
            }
        );
        assert_eq!(bar(scale, 2_000_000, 3_000_000), Bar::After);
        assert_eq!(
            bar(scale, 0, 900_000_000),
            Bar::Shown {
                left: 0.0,
                right: 508.0
            }
        );
        assert_eq!(
            bar(Scale::new(1_000, None, 100.0), 1_000, 1_000),
            Bar::Shown {
                left: 97.0,
                right: 100.0
            }
        );
    }
}
