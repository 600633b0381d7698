//! The label of a bar: what, how long.

use super::Scene;
use crate::timeline::layout;
use crate::timeline::line::{Point, Step, beside};
use crate::timeline::surface::{Rect, Surface, Weight};

/// A label that is written after everything else.
pub(super) struct Caption {
    /// Before all; empty where nothing failed.
    pub mark: &'static str,
    /// The figure.
    pub strong: String,
    /// The words.
    pub rest: String,
}

/// Where a label goes, and what lies there.
pub(super) struct Place<'a> {
    /// The top of its row.
    pub top: f64,
    /// Where its bar begins.
    pub left: f64,
    /// Where its bar ends.
    pub right: f64,
    /// The hue of its bar.
    pub hue: u16,
    /// The colour below it.
    pub ground: &'a str,
    /// The parts of the bar that a label may lie in.
    pub solid: &'a [(f64, f64)],
    /// The steps of the critical path, which a label keeps clear of.
    pub steps: &'a [Step],
}

/// Writes a label beside its bar, or within where there is no room.
pub(super) fn write(
    surface: &mut impl Surface,
    scene: &Scene<'_>,
    caption: &Caption,
    place: Place<'_>,
) {
    let gap = 5.0;
    let mark_width = if caption.mark.is_empty() {
        0.0
    } else {
        surface.text_width(caption.mark, Weight::Strong) + 4.0
    };
    let strong_width = surface.text_width(&caption.strong, Weight::Strong);
    let rest_width = if caption.rest.is_empty() {
        0.0
    } else {
        gap + surface.text_width(&caption.rest, Weight::Regular)
    };
    // Where the words do not fit, the figure alone is better than words over other bars.
    let whole = mark_width + strong_width + rest_width;
    let with_rest = whole < scene.scale.width() * 0.6;
    let width = if with_rest {
        whole
    } else {
        mark_width + strong_width
    };
    let mut label = layout::label(scene.scale, place.left, place.right, width, place.solid);
    if !label.inside {
        let row = (place.top, place.top + scene.measures.height);
        match beside(place.steps, row, scene.scale.width(), label.left, width) {
            Some(left) => label.left = left,
            None => {
                label = layout::inside(scene.scale, place.left, place.right, width, place.solid)
                    .unwrap_or(label);
            }
        }
    }
    if label.inside {
        let patch = Rect {
            x: label.left - 4.0,
            y: place.top + scene.measures.bar_top + 1.0,
            width: width + 8.0,
            height: scene.measures.bar_height - 2.0,
        };
        surface.fill(patch, 2.0, &scene.theme.panel);
        surface.fill(patch, 2.0, &scene.theme.service(place.hue, 0.2));
    }
    let halo = if label.inside { "" } else { place.ground };
    let y = place.top + scene.measures.baseline();
    let mut x = label.left;
    if !caption.mark.is_empty() {
        surface.text(
            Point { x, y },
            caption.mark,
            Weight::Strong,
            &scene.theme.error,
            halo,
        );
        x += mark_width;
    }
    surface.text(
        Point { x, y },
        &caption.strong,
        Weight::Strong,
        &scene.theme.ink,
        halo,
    );
    if with_rest && !caption.rest.is_empty() {
        surface.text(
            Point {
                x: x + strong_width + gap,
                y,
            },
            &caption.rest,
            Weight::Regular,
            &scene.theme.ink_2,
            halo,
        );
    }
}
