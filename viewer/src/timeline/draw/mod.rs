//! Draws rows of the waterfall onto a surface: grid, bars, the line, labels.
//!
//! The order is the design: bars above the grid, the line above bars, labels above the line, each label with
//! a halo of the ground, so that nothing strikes through a text.

mod caption;
mod fold;
mod path;
mod span;

use self::caption::{Caption, Place, write};
use self::fold::draw_fold;
use self::path::draw_line;
use self::span::draw_span;
use super::layout::{self, Bar, RowMeasures};
use super::line::Point;
use super::scale::Scale;
use super::surface::{Rect, Surface, Theme};
use super::ticks::Tick;
use crate::model::colour::Colours;
use crate::model::find::Hits;
use crate::model::log_marks::LogMarks;
use crate::model::rows::{Row, Rows};
use crate::model::trace::TraceModel;

/// What is drawn: a window of rows.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The trace.
    pub model: &'a TraceModel,
    /// Its rows.
    pub rows: &'a Rows,
    /// The first row of the window; it lies at the top of the surface.
    pub first: usize,
    /// How many rows the window has.
    pub count: usize,
    /// The time scale.
    pub scale: Scale,
    /// The marks of the axis.
    pub ticks: &'a [Tick],
    /// The measures of a row.
    pub measures: RowMeasures,
    /// The row in the drawer.
    pub selected: Option<usize>,
    /// Whether the critical path is drawn.
    pub line: bool,
    /// What the hues of bars stand for.
    pub colours: &'a Colours,
    /// The spans that have the value that is followed; the others step back.
    pub followed: Option<&'a Hits>,
    /// The logs.
    pub logs: &'a LogMarks,
    /// The colours.
    pub theme: &'a Theme,
}

/// How much is left of a bar that steps back.
const FAINT: f64 = 0.35;

impl Scene<'_> {
    /// How much of its colour a row's bar has.
    fn presence(&self, row: &Row) -> f64 {
        let steps_back = self
            .followed
            .is_some_and(|hits| !hits.shown_by(self.model, row));
        if steps_back { FAINT } else { 1.0 }
    }

    /// Where a row's bar lies; where it is out of view, a chevron tells to which side.
    fn place(
        &self,
        surface: &mut impl Surface,
        top: f64,
        hue: u16,
        (start, end): (i64, i64),
    ) -> Option<Rect> {
        match layout::bar(self.scale, start, end) {
            Bar::Shown { left, right } => Some(Rect {
                x: left,
                y: top + self.measures.bar_top,
                width: right - left,
                height: self.measures.bar_height,
            }),
            side => {
                let color = self.theme.service(hue, 0.9);
                chevron(surface, self, top, side == Bar::Before, &color);
                None
            }
        }
    }
}

/// Draws the scene. The surface must be empty.
pub fn draw(surface: &mut impl Surface, scene: &Scene<'_>) {
    let last = (scene.first + scene.count).min(scene.rows.len());
    let height = (last.saturating_sub(scene.first)) as f64 * scene.measures.height;
    for tick in scene.ticks {
        surface.fill(
            Rect {
                x: tick.px.round(),
                y: 0.0,
                width: 1.0,
                height,
            },
            0.0,
            &scene.theme.hair,
        );
    }
    let mut captions = Vec::new();
    for index in scene.first..last {
        let row = scene.rows.rows[index];
        let top = (index - scene.first) as f64 * scene.measures.height;
        let placed = if row.key.fold {
            draw_fold(surface, scene, row, top)
        } else {
            draw_span(surface, scene, row, top)
        };
        captions.extend(
            placed.map(|(left, right, solid, caption)| (index, top, left, right, solid, caption)),
        );
    }
    let steps = if scene.line {
        draw_line(surface, scene, height)
    } else {
        Vec::new()
    };
    for (index, top, left, right, solid, caption) in captions {
        let ground = if scene.selected == Some(index) {
            &scene.theme.select
        } else {
            &scene.theme.panel
        };
        let hue = scene
            .colours
            .row_hue(scene.model, scene.rows.rows[index].key);
        write(
            surface,
            scene,
            &caption,
            Place {
                top,
                left,
                right,
                hue,
                ground,
                solid: &solid,
                steps: &steps,
            },
        );
    }
}

/// Where the bar of a row lies, the parts of it that a label may lie in, and its label.
type Placed = Option<(f64, f64, Vec<(f64, f64)>, Caption)>;

/// Points at the side where the bar of a row lies.
fn chevron(surface: &mut impl Surface, scene: &Scene<'_>, top: f64, before: bool, color: &str) {
    let middle = top + scene.measures.bar_top + scene.measures.bar_height / 2.0;
    let (tip, back) = if before {
        (4.0, 8.0)
    } else {
        (scene.scale.width() - 4.0, scene.scale.width() - 8.0)
    };
    let points = [
        Point {
            x: back,
            y: middle - 4.0,
        },
        Point { x: tip, y: middle },
        Point {
            x: back,
            y: middle + 4.0,
        },
    ];
    surface.stroke(&points, 1.5, color);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixture::booking;
    use crate::model::rows::{Openness, RowKey};
    use crate::timeline::surface::Weight;
    use crate::timeline::ticks::ticks;

    /// Writes down what is drawn; every character is 7 pixels wide.
    #[derive(Default)]
    struct Record(Vec<String>);

    impl Surface for Record {
        fn fill(&mut self, rect: Rect, _: f64, color: &str) {
            assert!(rect.width >= 0.0 && rect.height >= 0.0, "{rect:?}");
            self.0.push(format!("fill {color}"));
        }
        fn edge(&mut self, rect: Rect, _: f64, _: f64, color: &str) {
            self.0.push(format!("edge {color} at {:.0}", rect.y));
        }
        fn hatch(&mut self, rect: Rect, _: &str, _: f64) {
            self.0.push(format!("hatch at {:.0}", rect.y));
        }
        fn stroke(&mut self, points: &[Point], _: f64, color: &str) {
            self.0.push(format!("stroke {color} {}", points.len()));
        }
        fn dot(&mut self, _: Point, _: f64, color: &str) {
            self.0.push(format!("dot {color}"));
        }
        fn text(&mut self, at: Point, text: &str, _: Weight, _: &str, _: &str) {
            assert!(
                at.x >= 0.0 && at.x + 7.0 * text.chars().count() as f64 <= 700.5,
                "cut: {text} at {at:?}"
            );
            self.0.push(format!("text {}", text.replace('\u{a0}', " ")));
        }
        fn text_width(&mut self, text: &str, _: Weight) -> f64 {
            7.0 * text.chars().count() as f64
        }
    }

    fn record(
        openness: &Openness,
        window: Option<(i64, i64)>,
        first: usize,
        line: bool,
    ) -> Vec<String> {
        let model = booking();
        let rows = Rows::new(&model, openness);
        let scale = Scale::new(model.duration, window, 700.0);
        let theme = Theme {
            panel: "panel".into(),
            line: "line".into(),
            error: "error".into(),
            ..Theme::default()
        };
        let scene = Scene {
            model: &model,
            rows: &rows,
            first,
            count: 60,
            scale,
            ticks: &ticks(scale),
            measures: RowMeasures::WIDE,
            selected: None,
            line,
            colours: &Colours::Service,
            followed: None,
            logs: &LogMarks::default(),
            theme: &theme,
        };
        let mut surface = Record::default();
        draw(&mut surface, &scene);
        surface.0
    }

    fn hits(drawn: &[String], what: &str) -> usize {
        drawn.iter().filter(|entry| entry.starts_with(what)).count()
    }

    #[test]
    fn failures_are_hatched_edged_and_marked() {
        let drawn = record(&Openness::default(), None, 0, true);
        assert_eq!(hits(&drawn, "hatch"), 2);
        assert_eq!(hits(&drawn, "edge error"), 2);
        assert_eq!(hits(&drawn, "text ✕"), 2);
        assert_eq!(hits(&drawn, "text 502"), 2);
    }

    #[test]
    fn a_collapsed_parent_shows_where_something_failed() {
        let mut openness = Openness::default();
        openness.set(
            &booking(),
            RowKey {
                node: 1,
                fold: false,
            },
            false,
        );
        assert_eq!(hits(&record(&openness, None, 0, true), "hatch"), 2);
    }

    #[test]
    fn the_line_is_one_stroke_with_its_casing_and_can_be_switched_off() {
        let drawn = record(&Openness::default(), None, 0, true);
        assert_eq!(hits(&drawn, "stroke line"), 1);
        assert_eq!(hits(&drawn, "stroke panel"), 1);
        assert_eq!(hits(&drawn, "dot line"), 1);
        assert_eq!(
            hits(&record(&Openness::default(), None, 0, false), "stroke line"),
            0
        );
    }

    #[test]
    fn a_fold_is_one_row_with_its_figures() {
        let drawn = record(&Openness::default(), None, 0, true);
        assert!(drawn.contains(&"text ×24".to_owned()));
        assert!(drawn.contains(&"text p50 2 ms · p95 2 ms".to_owned()));
    }

    #[test]
    fn no_label_is_cut_at_any_zoom() {
        for window in [
            None,
            Some((0, 1_000)),
            Some((300_000_000, 400_000_000)),
            Some((2_000_000_000, 2_310_000_000)),
        ] {
            assert!(!record(&Openness::default(), window, 0, true).is_empty());
        }
        assert_eq!(
            hits(&record(&Openness::default(), None, 500, true), "text"),
            0,
            "beyond the last row is nothing"
        );
    }
}
