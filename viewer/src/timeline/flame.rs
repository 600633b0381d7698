//! Draws the flame graph, and says what lies under the pointer.

use super::line::Point;
use super::scale::Scale;
use super::surface::{Rect, Surface, Theme, Weight};
use crate::format;
use crate::model::colour::Colours;
use crate::model::flame::{Call, Flame};
use crate::model::trace::TraceModel;
use crate::url::FlameKind;

/// The height of a lane in pixels.
pub const LANE: f64 = 20.0;
/// Narrower boxes have no words in them.
const LEAST_LABEL: f64 = 44.0;
/// A character is about so wide, in pixels.
const CHARACTER: f64 = 6.6;

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
}

/// What lies under the pointer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The span, or the longest of the spans of a box.
    pub node: u32,
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
    if model.error[node as usize] {
        surface.edge(body, radius, 1.5, &theme.error);
    } else if picture.selected == Some(node) {
        surface.edge(body, radius, 2.0, &theme.ink);
    } else if body.width > 3.0 {
        surface.edge(body, radius, 1.0, &theme.service(hue, 0.8));
    }
    if body.width >= LEAST_LABEL {
        let room = ((right.min(scale.width()) - left.max(0.0) - 10.0) / CHARACTER) as usize;
        let name = format::quoted(model.name(node));
        let text = if count > 1 {
            format!("×{} {name}", format::count(u64::from(count)))
        } else {
            name
        };
        let at = Point {
            x: left.max(0.0) + 5.0,
            y: body.y + LANE / 2.0 + 3.0,
        };
        let text = format::clipped(&text, room.saturating_sub(1));
        surface.text(at, &text, Weight::Regular, &theme.ink, "");
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
            Some(Hit {
                node,
                from: model.start[node as usize],
                to: model.end[node as usize],
                words: format!(
                    "{} · {} · {}, {} of it itself",
                    model.service_of(node).name,
                    format::quoted(model.name(node)),
                    format::duration(model.raw_duration(node)),
                    format::duration(model.self_time(node)),
                ),
            })
        }
        FlameKind::Aggregate => {
            let hit = |call: &Call| {
                call.depth as usize == lane && (call.left..call.left + call.total).contains(&nanos)
            };
            let call = seen(picture).find(hit)?;
            Some(Hit {
                node: call.node,
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
            })
        }
    }
}
