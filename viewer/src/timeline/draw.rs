//! Draws rows of the waterfall onto a surface: grid, bars, the line, labels.
//!
//! The order is the design: bars above the grid, the line above bars, labels above the line, each label with
//! a halo of the ground, so that nothing strikes through a text.

use super::detail::joined;
use super::layout::{self, Bar, RowMeasures};
use super::line::{self, Point, Step, beside, steps};
use super::marks::draw_logs;
use super::scale::Scale;
use super::surface::{Rect, Surface, Theme, Weight};
use super::ticks::Tick;
use crate::format;
use crate::model::colour::Colours;
use crate::model::find::Hits;
use crate::model::findings;
use crate::model::log_marks::LogMarks;
use crate::model::phases::{PhaseKind, phases};
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
/// How much of its colour a bar's outline has at the place that its own clock says.
const GHOST: f64 = 0.6;

impl Scene<'_> {
    /// How much of its colour a row's bar has.
    fn presence(&self, row: &Row) -> f64 {
        let steps_back = self
            .followed
            .is_some_and(|hits| !hits.shown_by(self.model, row));
        if steps_back { FAINT } else { 1.0 }
    }
}

/// A label that is written after everything else.
struct Caption {
    mark: &'static str,
    strong: String,
    rest: String,
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

type Placed = Option<(f64, f64, Vec<(f64, f64)>, Caption)>;

fn draw_span(surface: &mut impl Surface, scene: &Scene<'_>, row: Row, top: f64) -> Placed {
    let (model, node, scale) = (scene.model, row.key.node, scene.scale);
    let hue = scene.colours.hue(model, node);
    let (start, end) = (model.start[node as usize], model.end[node as usize]);
    draw_ghost(surface, scene, node, top);
    let Bar::Shown { left, right } = layout::bar(scale, start, end) else {
        let before = layout::bar(scale, start, end) == Bar::Before;
        chevron(surface, scene, top, before, &scene.theme.service(hue, 0.9));
        return None;
    };
    let body = Rect {
        x: left,
        y: top + scene.measures.bar_top,
        width: right - left,
        height: scene.measures.bar_height,
    };
    let radius = 3.0_f64.min(body.width / 2.0);
    let failed = model.error[node as usize];
    let presence = scene.presence(&row);
    // A failed span keeps only a breath of its service's hue, so that the hatch is seen.
    let strength = |full: f64| presence * if failed { full * 0.45 } else { full };
    surface.fill(body, radius, &scene.theme.panel);
    surface.fill(body, radius, &scene.theme.service(hue, strength(0.2)));
    let clip = |from: i64, to: i64| {
        (
            scale.px_from_nanos(from).max(left),
            scale.px_from_nanos(to).min(right),
        )
    };
    let phases = if model.service_of(node).browser {
        phases(model, node)
    } else {
        Vec::new()
    };
    let mut solid = Vec::new();
    if phases.is_empty() {
        let parts = model
            .self_parts(node)
            .into_iter()
            .map(|(from, to)| clip(from, to))
            .filter(|(from, to)| from <= to);
        solid = joined(parts, 0.5, 2.0_f64.min(body.width));
        for (from, to) in &solid {
            let part = Rect {
                x: from.min(right - 2.0_f64.min(body.width)),
                width: to.min(right) - from.min(right - 2.0_f64.min(body.width)),
                ..body
            };
            surface.fill(
                part,
                3.0_f64.min(part.width / 2.0),
                &scene.theme.service(hue, strength(0.85)),
            );
        }
    }
    for phase in phases {
        let (from, to) = clip(start + phase.start, start + phase.end);
        if to > from {
            surface.fill(
                Rect {
                    x: from,
                    width: (to - from).max(1.0),
                    ..body
                },
                0.0,
                &scene.theme.service(hue, strength(phase.kind.strength())),
            );
            // Labels stay clear of all phases but the long wait.
            if phase.kind != PhaseKind::Wait {
                solid.push((from, to));
            }
        }
    }
    if failed {
        // What failed because a span below it failed stands back behind where the failure began.
        surface.hatch(
            body,
            &scene.theme.error,
            if model.errors_below[node as usize] == 0 {
                1.0
            } else {
                0.45
            },
        );
        surface.edge(body, radius, 1.5, &scene.theme.error);
    } else {
        surface.edge(body, radius, 1.0, &scene.theme.service(hue, presence));
    }
    draw_marks(surface, scene, node, body);
    draw_logs(surface, scene.logs.of(node), scale, body.y, scene.theme);
    if row.open == Some(false) && row.hides_error {
        draw_hidden_errors(surface, scene, node, body);
    }
    let caption = Caption {
        mark: if failed { "✕" } else { "" },
        strong: format::duration(model.raw_duration(node)),
        rest: if failed {
            findings::reason(model, node)
        } else {
            String::new()
        },
    };
    Some((left, right, solid, caption))
}

/// Marks the events of a span above its bar; those of a request's phases are its phases.
fn draw_marks(surface: &mut impl Surface, scene: &Scene<'_>, node: u32, body: Rect) {
    let (model, scale) = (scene.model, scene.scale);
    let timing = |name: &str| name.ends_with("Start") || name.ends_with("End");
    let mut last = f64::MIN;
    for mark in model.marks_of(node) {
        let (name, x) = (model.mark_name(mark), scale.px_from_nanos(mark.time));
        // Marks that cannot be told apart are one.
        if timing(name) || x - last < 3.0 || x < 0.0 || x > scale.width() {
            continue;
        }
        last = x;
        let color = if name == "exception" {
            &scene.theme.error
        } else {
            &scene.theme.ink
        };
        let center = Point { x, y: body.y };
        surface.dot(center, 3.5, &scene.theme.panel);
        surface.dot(center, 2.5, color);
    }
}

/// Marks where spans failed that a collapsed row hides.
fn draw_hidden_errors(surface: &mut impl Surface, scene: &Scene<'_>, node: u32, body: Rect) {
    let (model, scale) = (scene.model, scene.scale);
    let mut failed: Vec<(f64, f64)> = (node + 1..model.after(node))
        .filter(|below| model.error[*below as usize] && model.errors_below[*below as usize] == 0)
        .map(|below| {
            (
                scale.px_from_nanos(model.start[below as usize]),
                scale.px_from_nanos(model.end[below as usize]),
            )
        })
        .filter(|(from, to)| *to >= body.x && *from <= body.x + body.width)
        .map(|(from, to)| (from.max(body.x), to.min(body.x + body.width)))
        .collect();
    failed.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (from, to) in joined(failed, 1.0, 3.0) {
        let part = Rect {
            x: from,
            width: to - from,
            y: body.y + 4.0,
            height: body.height - 8.0,
        };
        surface.fill(part, 1.0, &scene.theme.panel);
        surface.hatch(part, &scene.theme.error, 1.0);
        surface.edge(part, 1.0, 1.0, &scene.theme.error);
    }
}

fn draw_fold(surface: &mut impl Surface, scene: &Scene<'_>, row: Row, top: f64) -> Placed {
    let (model, scale) = (scene.model, scene.scale);
    let hue = scene.colours.row_hue(model, row.key);
    let presence = scene.presence(&row);
    let times = model.fold_times(row.key.node)?;
    let (start, end) = (model.start[row.key.node as usize], times.end);
    let Bar::Shown { left, right } = layout::bar(scale, start, end) else {
        let before = layout::bar(scale, start, end) == Bar::Before;
        chevron(surface, scene, top, before, &scene.theme.service(hue, 0.9));
        return None;
    };
    let body = Rect {
        x: left,
        y: top + scene.measures.bar_top,
        width: right - left,
        height: scene.measures.bar_height,
    };
    surface.fill(
        body,
        3.0_f64.min(body.width / 2.0),
        &scene.theme.service(hue, 0.12 * presence),
    );
    let of = |failed: bool| {
        let members = model
            .fold_members(row.key.node)
            .filter(move |member| model.error[*member as usize] == failed)
            .map(|member| {
                (
                    scale.px_from_nanos(model.start[member as usize]),
                    scale.px_from_nanos(model.end[member as usize]),
                )
            })
            .filter(|(from, to)| *to >= left && *from <= right)
            .map(|(from, to)| (from.max(left), to.min(right)));
        joined(members, 1.0, 1.5)
    };
    let solid = of(false);
    for (from, to) in &solid {
        surface.fill(
            Rect {
                x: *from,
                width: to - from,
                ..body
            },
            1.0,
            &scene.theme.service(hue, 0.85 * presence),
        );
    }
    for (from, to) in of(true) {
        let part = Rect {
            x: from,
            width: (to - from).max(3.0),
            ..body
        };
        surface.fill(part, 1.0, &scene.theme.panel);
        surface.hatch(part, &scene.theme.error, 1.0);
        surface.edge(part, 1.0, 1.0, &scene.theme.error);
    }
    let caption = Caption {
        mark: "",
        strong: format!("×{}", format::count(u64::from(row.hidden))),
        rest: format!(
            "p50 {} · p95 {}",
            format::duration(times.p50),
            format::duration(times.p95)
        ),
    };
    Some((left, right, solid, caption))
}

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

/// The outline of where a bar would lie by its own clock, where times are adjusted.
fn draw_ghost(surface: &mut impl Surface, scene: &Scene<'_>, node: u32, top: f64) {
    let (model, scale) = (scene.model, scene.scale);
    let skew = model.skew_of(node);
    if !model.adjusted || skew == 0 {
        return;
    }
    let color = scene.theme.service(scene.colours.hue(model, node), GHOST);
    let (start, end) = (
        model.start[node as usize] + skew,
        model.end[node as usize] + skew,
    );
    match layout::bar(scale, start, end) {
        Bar::Shown { left, right } => {
            let body = Rect {
                x: left,
                y: top + scene.measures.bar_top,
                width: right - left,
                height: scene.measures.bar_height,
            };
            surface.edge(body, 3.0_f64.min(body.width / 2.0), 1.0, &color);
        }
        side => chevron(surface, scene, top, side == Bar::Before, &color),
    }
}

/// Draws the line; its steps from row to row are the answer.
fn draw_line(surface: &mut impl Surface, scene: &Scene<'_>, height: f64) -> Vec<Step> {
    let offset = scene.first as f64 * scene.measures.height;
    let mut points = line::points(
        scene.model.critical(),
        scene.rows,
        scene.scale,
        scene.measures,
    );
    for point in &mut points {
        point.y -= offset;
    }
    let begins = scene
        .model
        .critical()
        .first()
        .map(|segment| scene.scale.px_from_nanos(segment.start));
    // Runs of points above or below the surface draw nothing; the first and last of each keep the steps straight.
    let beyond = |point: &Point| {
        if point.y < -8.0 {
            -1
        } else {
            i8::from(point.y > height + 8.0)
        }
    };
    let mut run: Vec<Point> = Vec::new();
    let mut strokes = Vec::new();
    for point in &points {
        if let Some(last) = run.last()
            && beyond(last) != 0
            && beyond(last) == beyond(point)
        {
            strokes.push(std::mem::take(&mut run));
        }
        run.push(*point);
    }
    strokes.push(run);
    strokes.retain(|stroke| stroke.len() > 1);
    for stroke in &strokes {
        surface.stroke(stroke, 3.5, &scene.theme.panel);
    }
    for stroke in &strokes {
        surface.stroke(stroke, 2.25, &scene.theme.line);
    }
    if let (Some(first), Some(begins)) = (points.first(), begins)
        && begins >= -4.0
    {
        let center = Point {
            x: first.x.max(4.5),
            y: first.y,
        };
        surface.dot(center, 6.0, &scene.theme.panel);
        surface.dot(center, 4.0, &scene.theme.line);
    }
    steps(&strokes)
}

struct Place<'a> {
    top: f64,
    left: f64,
    right: f64,
    hue: u16,
    ground: &'a str,
    solid: &'a [(f64, f64)],
    steps: &'a [Step],
}

fn write(surface: &mut impl Surface, scene: &Scene<'_>, caption: &Caption, place: Place<'_>) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixture::booking;
    use crate::model::rows::{Openness, RowKey};
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
