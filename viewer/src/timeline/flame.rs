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
    match picture.kind {
        FlameKind::WallClock => {
            let nanos_per_px = (picture.scale.to() - picture.scale.from()) / picture.scale.width();
            let shown = (picture.scale.from() as i64, picture.scale.to() as i64);
            let first = (picture.top / LANE) as usize;
            let last = ((picture.top + picture.height) / LANE) as usize + 1;
            for lane in first..last.min(picture.flame.depth()) {
                let nodes = picture
                    .flame
                    .visible(picture.model, lane, shown, nanos_per_px);
                for node in nodes {
                    let (from, to) = (
                        picture.model.start[node as usize],
                        picture.model.end[node as usize],
                    );
                    place(surface, picture, theme, lane as f64, (from, to), node, 1);
                }
            }
        }
        FlameKind::Aggregate => {
            for call in seen(picture) {
                let lane = f64::from(call.depth);
                let extent = (call.left, call.left + call.total);
                place(surface, picture, theme, lane, extent, call.node, call.count);
            }
        }
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

fn place(
    surface: &mut impl Surface,
    picture: &Picture<'_>,
    theme: &Theme,
    lane: f64,
    (from, to): (i64, i64),
    node: u32,
    count: u32,
) {
    let (model, scale) = (picture.model, picture.scale);
    let left = scale.px_from_nanos(from).max(-2.0);
    let right = scale
        .px_from_nanos(to)
        .min(scale.width() + 2.0)
        .max(left + 1.0);
    let body = Rect {
        x: left,
        y: lane * LANE - picture.top + 1.0,
        width: right - left,
        height: LANE - 2.0,
    };
    let hue = picture.colours.hue(model, node);
    let radius = if body.width > 6.0 { 2.0 } else { 0.0 };
    surface.fill(
        body,
        radius,
        &theme.service(hue, if body.width > 3.0 { 0.28 } else { 0.5 }),
    );
    if picture.active == Some(node) {
        surface.edge(body, radius, 3.0, &theme.ink);
    } else if model.error[node as usize] {
        surface.edge(body, radius, 1.5, &theme.error);
    } else if picture.selected == Some(node) {
        surface.edge(body, radius, 2.0, &theme.ink);
    } else if body.width > 3.0 {
        surface.edge(body, radius, 1.0, &theme.service(hue, 0.8));
    }
    // Red alone is not seen by everybody: words have a cross, and what has no words is hatched.
    if model.error[node as usize] && (3.0..LEAST_LABEL).contains(&body.width) {
        surface.hatch(body, &theme.error, 1.0);
    }
    if body.width >= LEAST_LABEL {
        let room = ((right.min(scale.width()) - left.max(0.0) - 10.0) / CHARACTER) as usize;
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
            x: left.max(0.0) + 5.0,
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
