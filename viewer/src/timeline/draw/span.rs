//! The bar of a span: its own time, its phases, its events and logs, and where its own clock had it.

use super::caption::Caption;
use super::{Placed, Scene, chevron};
use crate::format;
use crate::model::findings;
use crate::model::phases::{PhaseKind, phases};
use crate::model::rows::Row;
use crate::timeline::detail::joined;
use crate::timeline::layout::{self, Bar};
use crate::timeline::line::Point;
use crate::timeline::marks::draw_logs;
use crate::timeline::surface::{Rect, Surface};

/// How much of its colour a bar's outline has at the place that its own clock says.
const GHOST: f64 = 0.6;

pub(super) fn draw_span(
    surface: &mut impl Surface,
    scene: &Scene<'_>,
    row: Row,
    top: f64,
) -> Placed {
    let (model, node, scale) = (scene.model, row.key.node, scene.scale);
    let hue = scene.colours.hue(model, node);
    let (start, end) = (model.start[node as usize], model.end[node as usize]);
    draw_ghost(surface, scene, node, top);
    let body = scene.place(surface, top, hue, (start, end))?;
    let (left, right) = (body.x, body.x + body.width);
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
