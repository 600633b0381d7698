//! The bar of a fold: alike siblings as one.

use super::caption::Caption;
use super::{Placed, Scene};
use crate::format;
use crate::model::rows::Row;
use crate::timeline::detail::joined;
use crate::timeline::surface::{Rect, Surface};

pub(super) fn draw_fold(
    surface: &mut impl Surface,
    scene: &Scene<'_>,
    row: Row,
    top: f64,
) -> Placed {
    let (model, scale) = (scene.model, scene.scale);
    let hue = scene.colours.row_hue(model, row.key);
    let presence = scene.presence(&row);
    let times = model.fold_times(row.key.node)?;
    let (start, end) = (model.start[row.key.node as usize], times.end);
    let body = scene.place(surface, top, hue, (start, end))?;
    let (left, right) = (body.x, body.x + body.width);
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
