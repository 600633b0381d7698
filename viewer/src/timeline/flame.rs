//! Draws the flame graph, and says what lies under the pointer.

use super::line::Point;
use super::scale::Scale;
use super::surface::{Rect, Surface, Theme, Weight};
use crate::format;
use crate::model::colour::Colours;
use crate::model::flame::{Call, Flame, Step};
use crate::model::trace::TraceModel;
use crate::url::FlameKind;

/// The height of a lane in pixels.
pub const LANE: f64 = 20.0;
/// Narrower boxes have no words in them.
const LEAST_LABEL: f64 = 44.0;
/// A character is about so wide, in pixels.
const CHARACTER: f64 = 6.6;

/// So many characters of a service's name say which it is.
const LEAST_SERVICE: usize = 6;
/// Boxes that are no wider than so many pixels have no edge; where they touch, they are drawn as one strip.
const LEAST_EDGE: f64 = 3.0;
/// A strip is of one colour for so many pixels at least.
const CELL: f64 = 2.0;

/// What is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Picture<'a> {
    /// The trace.
    pub model: &'a TraceModel,
    /// Its lanes and boxes.
    pub flame: &'a Flame,
    /// Which of the two.
    pub kind: FlameKind,
    /// What lies where.
    pub scale: Scale,
    /// Pixels above what is seen.
    pub top: f64,
    /// Pixels that are seen.
    pub height: f64,
    /// The span in the drawer.
    pub selected: Option<u32>,
    /// What the hues of spans stand for.
    pub colours: &'a Colours,
    /// Where the keyboard is.
    pub active: Option<u32>,
}

/// What lies under the pointer, or where the keyboard is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The span, or the longest of the spans of a box.
    pub node: u32,
    /// How many lanes are above.
    pub lane: usize,
    /// Where it begins on the scale of the picture.
    pub from: i64,
    /// Where it ends.
    pub to: i64,
    /// What it is, how long, and how much of that itself.
    pub words: String,
}

/// Draws the lanes that are seen. The surface must be empty.
pub fn draw(surface: &mut impl Surface, picture: &Picture<'_>, theme: &Theme) {
    let mut paints = Paints::of(theme);
    match picture.kind {
        FlameKind::WallClock => {
            let first = (picture.top / LANE) as usize;
            let last = ((picture.top + picture.height) / LANE) as usize + 1;
            for lane in first..last.min(picture.flame.depth()) {
                draw_lane(surface, picture, &mut paints, lane);
            }
        }
        FlameKind::Aggregate => {
            for call in seen(picture) {
                let lane = f64::from(call.depth);
                let extent = (call.left, call.left + call.total);
                let body = body(picture, lane, extent);
                place(surface, picture, &mut paints, body, call.node);
                if body.width >= LEAST_LABEL {
                    name(surface, picture, theme, body, call.node, call.count);
                }
            }
        }
    }
}

fn draw_lane(
    surface: &mut impl Surface,
    picture: &Picture<'_>,
    paints: &mut Paints<'_>,
    lane: usize,
) {
    let model = picture.model;
    // Narrow boxes that touch.
    let mut strip: Vec<(Rect, u32)> = Vec::new();
    // There is room for few names.
    let mut named = Vec::new();
    for (body, node) in stretches(picture, lane) {
        let narrow = body.width <= LEAST_EDGE;
        let touches = strip
            .last()
            .is_some_and(|(before, _)| body.x <= before.x + before.width + 1.0);
        if !(narrow && touches) {
            draw_strip(surface, picture, paints, &strip);
            strip.clear();
        }
        if narrow {
            strip.push((body, node));
        } else {
            place(surface, picture, paints, body, node);
            if body.width >= LEAST_LABEL && !named.contains(&node) {
                named.push(node);
                name(surface, picture, paints.theme, body, node, 1);
            }
        }
    }
    draw_strip(surface, picture, paints, &strip);
    // What is marked is seen whole, whatever lies on it.
    for node in picture.selected.into_iter().chain(picture.active) {
        if model.depth.get(node as usize) == Some(&(lane as u32)) {
            let extent = (model.start[node as usize], model.end[node as usize]);
            let body = body(picture, lane as f64, extent);
            if body.x < picture.scale.width() && body.x + body.width > 0.0 {
                place(surface, picture, paints, body, node);
                if body.width >= LEAST_LABEL {
                    name(surface, picture, paints.theme, body, node, 1);
                }
            }
        }
    }
}

/// What is seen of the boxes of a lane, from left to right: of boxes that overlap, the latest lies on top, and what it
/// covers is not drawn.
fn stretches(picture: &Picture<'_>, lane: usize) -> Vec<(Rect, u32)> {
    let (model, scale) = (picture.model, picture.scale);
    let nanos_per_px = (scale.to() - scale.from()) / scale.width();
    let shown = (scale.from() as i64, scale.to() as i64);
    let mut out: Vec<(Rect, u32)> = Vec::new();
    // The boxes that go on, the latest last, each with its right edge; and up to where the lane is drawn.
    let mut open: Vec<(f64, u32)> = Vec::new();
    let mut drawn = f64::NEG_INFINITY;
    let mut show = |from: f64, to: f64, node: u32, like: Rect| {
        if to > from {
            let width = to - from;
            out.push((
                Rect {
                    x: from,
                    width,
                    ..like
                },
                node,
            ));
        }
    };
    let mut row = body(picture, lane as f64, (0, 0));
    for node in picture.flame.visible(model, lane, shown, nanos_per_px) {
        let extent = (model.start[node as usize], model.end[node as usize]);
        let next = body(picture, lane as f64, extent);
        row = next;
        while let Some((right, below)) = open.last().copied() {
            show(drawn, right.min(next.x), below, next);
            drawn = drawn.max(right.min(next.x));
            if right > next.x {
                break;
            }
            open.pop();
        }
        drawn = next.x;
        open.push((next.x + next.width, node));
    }
    while let Some((right, node)) = open.pop() {
        show(drawn, right, node, row);
        drawn = drawn.max(right);
    }
    out
}

/// Draws narrow boxes: one alone as it is, several by cells, whose neighbours of one colour are one rectangle. There
/// can be a thousand in a lane, and what of them can be seen is whose work is where, and where something failed.
fn draw_strip(
    surface: &mut impl Surface,
    picture: &Picture<'_>,
    paints: &mut Paints<'_>,
    strip: &[(Rect, u32)],
) {
    if let [(body, node)] = strip {
        return place(surface, picture, paints, *body, *node);
    }
    let Some((first, _)) = strip.first() else {
        return;
    };
    for run in runs(picture, strip) {
        let rect = Rect {
            x: f64::from(run.from) * CELL,
            width: f64::from(run.to - run.from) * CELL,
            ..*first
        };
        let color = match run.hue {
            Some(hue) => paints.service(hue, 0.5),
            None => &paints.theme.error,
        };
        surface.fill(rect, 0.0, color);
    }
}

/// Cells of one colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    from: i32,
    to: i32,
    /// `None` where something failed.
    hue: Option<u16>,
}

fn runs(picture: &Picture<'_>, strip: &[(Rect, u32)]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (body, node) in strip {
        let failed = picture.model.error[*node as usize];
        let hue = (!failed).then(|| picture.colours.hue(picture.model, *node));
        let from = (body.x / CELL).floor() as i32;
        let to = (((body.x + body.width) / CELL).ceil() as i32).max(from + 1);
        let mut next = Run { from, to, hue };
        match runs.last_mut() {
            Some(last) if last.hue == hue && from <= last.to => {
                last.to = last.to.max(to);
                continue;
            }
            // The cells that both have are red, or else the first one's.
            Some(last) if failed => last.to = last.to.min(from),
            Some(last) => next.from = from.max(last.to),
            None => {}
        }
        if next.from < next.to {
            runs.push(next);
        }
    }
    runs.retain(|run| run.from < run.to);
    runs
}

/// The colours of a theme as they are needed, each put into words once.
struct Paints<'a> {
    theme: &'a Theme,
    known: Vec<(u16, f64, String)>,
}

impl<'a> Paints<'a> {
    fn of(theme: &'a Theme) -> Self {
        let known = Vec::new();
        Self { theme, known }
    }

    fn service(&mut self, hue: u16, alpha: f64) -> &str {
        let same = |known: &(u16, f64, String)| (known.0, known.1) == (hue, alpha);
        let place = self.known.iter().position(same).unwrap_or_else(|| {
            let color = self.theme.service(hue, alpha);
            self.known.push((hue, alpha, color));
            self.known.len() - 1
        });
        &self.known[place].2
    }
}

/// The boxes of the aggregate that are wide enough to be seen.
fn seen<'a>(picture: &'a Picture<'_>) -> impl Iterator<Item = Call> + 'a {
    let nanos_per_px = (picture.scale.to() - picture.scale.from()) / picture.scale.width();
    let (from, to) = (picture.scale.from() as i64, picture.scale.to() as i64);
    let (top, bottom) = (picture.top - LANE, picture.top + picture.height);
    picture.flame.calls.iter().copied().filter(move |call| {
        let y = f64::from(call.depth) * LANE;
        call.total as f64 >= nanos_per_px * 0.5
            && call.left <= to
            && call.left + call.total >= from
            && (top..bottom).contains(&y)
    })
}

/// Where the box of a stretch lies.
fn body(picture: &Picture<'_>, lane: f64, (from, to): (i64, i64)) -> Rect {
    let scale = picture.scale;
    let left = scale.px_from_nanos(from).max(-2.0);
    let right = scale
        .px_from_nanos(to)
        .min(scale.width() + 2.0)
        .max(left + 1.0);
    Rect {
        x: left,
        y: lane * LANE - picture.top + 1.0,
        width: right - left,
        height: LANE - 2.0,
    }
}

fn place(
    surface: &mut impl Surface,
    picture: &Picture<'_>,
    paints: &mut Paints<'_>,
    body: Rect,
    node: u32,
) {
    let (model, theme) = (picture.model, paints.theme);
    let hue = picture.colours.hue(model, node);
    let radius = if body.width > 6.0 { 2.0 } else { 0.0 };
    let wide = body.width > LEAST_EDGE;
    surface.fill(
        body,
        radius,
        paints.service(hue, if wide { 0.28 } else { 0.5 }),
    );
    if picture.active == Some(node) {
        surface.edge(body, radius, 3.0, &theme.ink);
    } else if model.error[node as usize] {
        surface.edge(body, radius, 1.5, &theme.error);
    } else if picture.selected == Some(node) {
        surface.edge(body, radius, 2.0, &theme.ink);
    } else if wide {
        surface.edge(body, radius, 1.0, paints.service(hue, 0.8));
    }
    // Red alone is not seen by everybody: words have a cross, and what has no words is hatched.
    if model.error[node as usize] && (LEAST_EDGE..LEAST_LABEL).contains(&body.width) {
        surface.hatch(body, &theme.error, 1.0);
    }
}

/// Writes what a box is.
fn name(
    surface: &mut impl Surface,
    picture: &Picture<'_>,
    theme: &Theme,
    body: Rect,
    node: u32,
    count: u32,
) {
    let model = picture.model;
    let left = body.x.max(0.0);
    let right = (body.x + body.width).min(picture.scale.width());
    let room = ((right - left - 10.0) / CHARACTER) as usize;
    let failed = if model.error[node as usize] {
        "✕ "
    } else {
        ""
    };
    let name = format!("{failed}{}", format::quoted(model.name(node)));
    let text = if count > 1 {
        format!("×{} {name}", format::count(u64::from(count)))
    } else {
        name
    };
    let mut at = Point {
        x: left + 5.0,
        y: body.y + LANE / 2.0 + 3.0,
    };
    let rest = room.saturating_sub(text.chars().count() + 2);
    let text = format::clipped(&text, room.saturating_sub(1));
    surface.text(at, &text, Weight::Regular, &theme.ink, "");
    // Colours alone do not tell services apart for everybody.
    if rest >= LEAST_SERVICE {
        at.x += surface.text_width(&text, Weight::Regular) + CHARACTER;
        let service = format::clipped(&model.service_of(node).name, rest);
        surface.text(at, &service, Weight::Regular, &theme.ink_2, "");
    }
}

/// What lies at a pixel of the picture.
#[must_use]
pub fn under(picture: &Picture<'_>, x: f64, y: f64) -> Option<Hit> {
    let (model, scale) = (picture.model, picture.scale);
    let lane = ((y + picture.top) / LANE).max(0.0) as usize;
    let nanos = scale.nanos_from_px(x) as i64;
    match picture.kind {
        FlameKind::WallClock => {
            let slack = ((scale.to() - scale.from()) / scale.width()) as i64;
            let node = picture.flame.at(model, lane, nanos, slack)?;
            Some(of_span(model, node))
        }
        FlameKind::Aggregate => {
            let hit = |call: &Call| {
                call.depth as usize == lane && (call.left..call.left + call.total).contains(&nanos)
            };
            seen(picture).find(hit).map(|call| of_call(model, &call))
        }
    }
}

/// The box of a node, or `None` where it has none.
#[must_use]
pub fn boxed(picture: &Picture<'_>, node: u32) -> Option<Hit> {
    let model = picture.model;
    match picture.kind {
        FlameKind::WallClock => ((node as usize) < model.len()).then(|| of_span(model, node)),
        FlameKind::Aggregate => {
            let mut calls = picture.flame.calls.iter();
            let call = calls.find(|call| call.node == node)?;
            Some(of_call(model, call))
        }
    }
}

/// Where a key leads from the box of a node; from nowhere, to the first.
#[must_use]
pub fn stepped(picture: &Picture<'_>, from: Option<u32>, step: Step) -> Option<u32> {
    let Some(from) = from.filter(|from| boxed(picture, *from).is_some()) else {
        return match picture.kind {
            FlameKind::WallClock => (!picture.model.is_empty()).then_some(0),
            FlameKind::Aggregate => picture.flame.calls.first().map(|call| call.node),
        };
    };
    match picture.kind {
        FlameKind::WallClock => picture.flame.step(picture.model, from, step),
        FlameKind::Aggregate => picture.flame.step_of_calls(from, step),
    }
}

fn of_span(model: &TraceModel, node: u32) -> Hit {
    Hit {
        node,
        lane: model.depth[node as usize] as usize,
        from: model.start[node as usize],
        to: model.end[node as usize],
        words: format!(
            "{} · {} · {}, {} of it itself",
            model.service_of(node).name,
            format::quoted(model.name(node)),
            format::duration(model.raw_duration(node)),
            format::duration(model.self_time(node)),
        ),
    }
}

fn of_call(model: &TraceModel, call: &Call) -> Hit {
    Hit {
        node: call.node,
        lane: call.depth as usize,
        from: call.left,
        to: call.left + call.total,
        words: format!(
            "{} · {} · {} in {}, {} of it itself",
            model.service_of(call.node).name,
            format::quoted(model.name(call.node)),
            format::duration(call.total),
            format::counted(u64::from(call.count), "call"),
            format::duration(call.own),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixture::{failed, model, span};
    use crate::model::pace::{Unhurried, at_once};
    use crate::timeline::surface::Weight;

    /// What is filled, by its extent along the time and its colour.
    #[derive(Default)]
    struct Filled(Vec<(f64, f64, String)>);

    impl Surface for Filled {
        fn fill(&mut self, rect: Rect, _: f64, color: &str) {
            self.0.push((rect.x, rect.x + rect.width, color.to_owned()));
        }
        fn edge(&mut self, _: Rect, _: f64, _: f64, _: &str) {}
        fn hatch(&mut self, _: Rect, _: &str, _: f64) {}
        fn stroke(&mut self, _: &[Point], _: f64, _: &str) {}
        fn dot(&mut self, _: Point, _: f64, _: &str) {}
        fn text(&mut self, _: Point, _: &str, _: Weight, _: &str, _: &str) {}
        fn text_width(&mut self, text: &str, _: Weight) -> f64 {
            text.len() as f64
        }
    }

    fn drawn(model: &TraceModel, width: f64, selected: Option<u32>) -> Filled {
        let flame = at_once(Flame::new(model, &Unhurried));
        let mut filled = Filled::default();
        let theme = Theme {
            error: "red".to_owned(),
            ..Theme::default()
        };
        let picture = Picture {
            model,
            flame: &flame,
            kind: FlameKind::WallClock,
            scale: Scale::new(model.duration, None, width),
            top: 0.0,
            height: 2.0 * LANE,
            selected,
            colours: &Colours::Service,
            active: None,
        };
        draw(&mut filled, &picture, &theme);
        filled
    }

    #[test]
    fn a_thousand_narrow_boxes_in_a_row_are_few_strokes_and_no_failure_is_lost() {
        let mut spans = vec![span(1, 0, "a", "root", 0, 1_000_000)];
        spans.extend((0..1_000).map(|i| {
            let step = span(
                10 + i,
                1,
                if i < 500 { "b" } else { "c" },
                "step",
                i * 1_000,
                (i + 1) * 1_000,
            );
            if i == 700 { failed(step, "no") } else { step }
        }));
        let model = model(spans);
        let filled = drawn(&model, 1_000.0, None);
        assert!(filled.0.len() <= 6, "{:?}", filled.0.len());
        let red: Vec<_> = filled
            .0
            .iter()
            .filter(|(_, _, color)| color == "red")
            .collect();
        assert!(
            matches!(red[..], [(from, to, _)] if (*from..=*to).contains(&700.0)),
            "{red:?}"
        );
        // No part of the lane is empty, and nothing is drawn twice.
        let mut end = 0.0;
        for (from, to, _) in &filled.0[1..] {
            assert_eq!(*from, end);
            end = *to;
        }
        assert!(end >= 1_000.0);
        let with_selected = drawn(&model, 1_000.0, Some(300));
        assert!(
            with_selected.0.len() > filled.0.len(),
            "the selected one stands out"
        );
    }

    #[test]
    fn what_is_covered_is_not_drawn() {
        let model = model(vec![
            span(1, 0, "a", "root", 0, 1_000_000),
            span(2, 1, "a", "long", 100_000, 900_000),
            span(3, 1, "b", "on it", 200_000, 300_000),
            span(4, 1, "c", "on that", 250_000, 400_000),
        ]);
        let flame = at_once(Flame::new(&model, &Unhurried));
        let picture = Picture {
            model: &model,
            flame: &flame,
            kind: FlameKind::WallClock,
            scale: Scale::new(model.duration, None, 1_000.0),
            top: 0.0,
            height: 2.0 * LANE,
            selected: None,
            colours: &Colours::Service,
            active: None,
        };
        let seen: Vec<(f64, f64, &str)> = stretches(&picture, 1)
            .into_iter()
            .map(|(rect, node)| {
                (
                    rect.x.round(),
                    (rect.x + rect.width).round(),
                    model.name(node),
                )
            })
            .collect();
        assert_eq!(
            seen,
            [
                (100.0, 200.0, "long"),
                (200.0, 250.0, "on it"),
                (250.0, 400.0, "on that"),
                (400.0, 900.0, "long"),
            ]
        );
    }

    #[test]
    fn boxes_that_do_not_touch_stay_boxes() {
        let mut spans = vec![span(1, 0, "a", "root", 0, 1_000_000)];
        spans.extend((0..100).map(|i| span(10 + i, 1, "b", "step", i * 10_000, i * 10_000 + 500)));
        assert_eq!(drawn(&model(spans), 1_000.0, None).0.len(), 101);
    }
}
