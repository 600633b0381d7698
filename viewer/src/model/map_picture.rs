//! The picture of a service map: rings, lines between them, and words on both.
//!
//! Nodes and lines are buttons, so that the picture is walked by keyboard and told by a screen reader; the
//! tables of [`super::map_tables`] say the same.

use shared::graph::{Figures, MapEdge, MapNode, MapResponse, Role};

use super::service_map::{
    Direction, Line, Part, RADIUS, amount, change, error_share, errors, id_of_part, role, scene,
};
use crate::format;
use crate::markup::{MIDDLE, Markup, PICK, element, text};

/// A ring's radius.
const RING: f64 = RADIUS - 3.0;
/// The length of one dash with its gap on a line with failures.
const DASH: f64 = 14.0;
/// The height of a label.
const LABEL: f64 = 15.0;
/// The width of what is picked below a ring.
const ROOM: f64 = 96.0;
/// About the width of a character of a label.
const CHARACTER: f64 = 6.6;

/// Draws a map. `range` is its length in nanoseconds where figures are rates; otherwise they are counts.
#[must_use]
pub fn picture(
    map: &MapResponse,
    direction: Direction,
    range: Option<i64>,
    picked: Option<Part>,
) -> Markup {
    let scene = scene(map, direction);
    let around = |part: Part, near: bool, label: &str, inside: Vec<Markup>| {
        let class = if near {
            "graph__part"
        } else {
            "graph__part graph__part--far"
        };
        element("g", class)
            .set("role", "button")
            .set("tabindex", "0")
            .set("aria-label", label)
            .set(
                "aria-pressed",
                if picked == Some(part) {
                    "true"
                } else {
                    "false"
                },
            )
            .set(PICK, &id_of_part(map, part))
            .all(inside)
    };
    let mut parts = vec![definitions()];
    let (mut labels, mut words) = (Vec::new(), Vec::new());
    for (index, (edge, line)) in map.edges.iter().zip(&scene.lines).enumerate() {
        let part = Part::Edge(index);
        let [from, to] = [edge.from, edge.to].map(|node| &map.nodes[node as usize].key.name);
        let label = format!("{from} calls {to}: {}", spoken(&edge.now, range));
        let near = near(map, picked, part);
        let labelled = picked.is_some() && near || direction == Direction::Right;
        parts.push(around(part, near, &label, line_markup(edge, line)));
        if labelled || edge.now.errors > 0 {
            let class = if near {
                "graph__label"
            } else {
                "graph__label graph__part--far"
            };
            labels.push((class, line_text(&edge.now), line.label));
        }
    }
    // Above all lines, so that none crosses a label.
    parts.extend(labels_markup(labels));
    let compared = map.before.is_some_and(|before| before.traces > 0);
    for (index, (node, &at)) in map.nodes.iter().zip(&scene.nodes).enumerate() {
        let part = Part::Node(index);
        let key = &node.key;
        let label = format!(
            "{}, {}: {}",
            key.name,
            role(key.role),
            spoken(&node.now, range)
        );
        let near = near(map, picked, part);
        parts.push(around(part, near, &label, node_markup(node, at, compared)));
        words.extend(
            node_words(node, at, range, compared).map(|(class, label, y)| {
                let class = if near {
                    class.to_owned()
                } else {
                    format!("{class} graph__part--far")
                };
                text("text", &class, &label)
                    .set("aria-hidden", "true")
                    .at("x", at.0)
                    .at("y", y)
            }),
        );
    }
    // Outside of the buttons, whose names say more than these words.
    parts.extend(words);
    // Calls begin at the browser, or at what stands first.
    let first = map
        .nodes
        .iter()
        .position(|node| node.key.role == Role::Browser)
        .unwrap_or(0);
    let middle = scene.nodes.get(first).map_or(0.0, |at| at.0);
    element("svg", "graph")
        .at(MIDDLE, middle)
        .set("role", "group")
        .set("aria-label", "Service map")
        .at("width", scene.width)
        .at("height", scene.height)
        .set(
            "viewBox",
            &format!("0 0 {:.0} {:.0}", scene.width, scene.height),
        )
        .all(parts)
}

/// Whether a part is picked, or next to what is; all are where nothing is picked.
fn near(map: &MapResponse, picked: Option<Part>, part: Part) -> bool {
    let touches = |edge: usize, node: usize| {
        let edge = &map.edges[edge];
        edge.from as usize == node || edge.to as usize == node
    };
    match (picked, part) {
        (None, _) => true,
        (Some(Part::Node(node)), Part::Edge(edge)) | (Some(Part::Edge(edge)), Part::Node(node)) => {
            touches(edge, node)
        }
        (Some(Part::Node(one)), Part::Node(other)) => {
            one == other
                || (0..map.edges.len()).any(|edge| touches(edge, one) && touches(edge, other))
        }
        (Some(one), other) => one == other,
    }
}

fn definitions() -> Markup {
    let hatch = element("pattern", "")
        .set("id", "graph-hatch")
        .set("width", "5")
        .set("height", "5")
        .set("patternUnits", "userSpaceOnUse")
        .set("patternTransform", "rotate(45)")
        .with(
            element("rect", "graph__hatch-ground")
                .set("width", "5")
                .set("height", "5"),
        )
        .with(
            element("rect", "graph__hatch")
                .set("width", "2.6")
                .set("height", "5"),
        );
    let arrow = element("marker", "graph__arrow")
        .set("id", "graph-arrow")
        .set("viewBox", "0 0 8 8")
        .set("refX", "6")
        .set("refY", "4")
        .set("markerWidth", "7")
        .set("markerHeight", "7")
        .set("markerUnits", "userSpaceOnUse")
        .set("orient", "auto")
        .with(element("path", "").set("d", "M0 0L8 4L0 8z"));
    element("defs", "").with(hatch).with(arrow)
}

/// The labels of lines with their classes, each moved up or down until it covers no other.
fn labels_markup(labels: Vec<(&'static str, String, (f64, f64))>) -> Vec<Markup> {
    let mut taken: Vec<(f64, f64, f64)> = Vec::new();
    let placed = labels.into_iter().map(|(class, label, (x, y))| {
        let half = label.chars().count() as f64 * CHARACTER / 2.0;
        let free = |y: f64| {
            taken.iter().all(|&(other_x, other_y, other_half)| {
                (x - other_x).abs() >= half + other_half || (y - other_y).abs() >= LABEL
            })
        };
        // By turns above and below, ever further away.
        let steps = [0.0, -1.0, 1.0, -2.0, 2.0].map(|step| y - 5.0 + step * LABEL);
        let y = steps.into_iter().find(|y| free(*y)).unwrap_or(steps[0]);
        taken.push((x, y, half));
        text("text", class, &label)
            .set("aria-hidden", "true")
            .at("x", x)
            .at("y", y)
    });
    placed.collect()
}

fn line_markup(edge: &MapEdge, line: &Line) -> Vec<Markup> {
    let figures = &edge.now;
    let stroke = |class: &str| element("path", class).set("d", &line.path);
    let class = if figures.count == 0 {
        "graph__line graph__line--gone"
    } else {
        "graph__line"
    };
    let mut parts = vec![
        stroke("graph__reach"),
        stroke(class)
            .at("stroke-width", line.width)
            .set("marker-end", "url(#graph-arrow)"),
    ];
    if figures.errors > 0 {
        let dash = (DASH * error_share(figures)).clamp(4.0, DASH - 1.0);
        let failed = stroke("graph__failed")
            .at("stroke-width", line.width + 1.0)
            .set("stroke-dasharray", &format!("{dash:.1} {:.1}", DASH - dash));
        parts.push(failed);
    }
    parts
}

/// The lines below a ring: class, text and place.
fn node_words(
    node: &MapNode,
    (_, y): (f64, f64),
    range: Option<i64>,
    compared: bool,
) -> impl Iterator<Item = (&'static str, String, f64)> {
    let below = move |line: f64| y + RADIUS + line;
    let before = node.before.filter(|_| compared);
    let change = before.and_then(|before| node_change(&node.now, &before));
    let change = change.map(|(label, worse)| {
        let class = if worse {
            "graph__change graph__change--worse"
        } else {
            "graph__change"
        };
        (class, label, below(45.0))
    });
    [
        (
            "graph__name",
            format::clipped(&node.key.name, 19),
            below(15.0),
        ),
        ("graph__figures", node_text(&node.now, range), below(30.0)),
    ]
    .into_iter()
    .chain(change)
}

fn node_markup(node: &MapNode, (x, y): (f64, f64), compared: bool) -> Vec<Markup> {
    let (key, figures) = (&node.key, &node.now);
    let before = node.before.filter(|_| compared);
    let gone = figures.count == 0 && before.is_some_and(|before| before.count > 0);
    let ring = |class: &str| {
        element("circle", class)
            .at("cx", x)
            .at("cy", y)
            .at("r", RING)
    };
    let class = match (gone, key.role == Role::Browser) {
        (true, _) => "graph__ring graph__ring--gone",
        (_, true) => "graph__ring graph__ring--browser",
        _ => "graph__ring",
    };
    let mut parts = vec![
        text("title", "", &format!("{}, {}", key.name, role(key.role))),
        // The words below the ring are picked as it is.
        element("rect", "graph__room")
            .at("x", x - ROOM / 2.0)
            .at("y", y)
            .at("width", ROOM)
            .at("height", RADIUS + 34.0),
        ring(class),
    ];
    if figures.errors > 0 {
        let length = std::f64::consts::TAU * RING;
        let arc = (length * error_share(figures)).max(10.0);
        let errors = ring("graph__errors")
            .set("stroke-dasharray", &format!("{arc:.1} {length:.1}"))
            .set("transform", &format!("rotate(-90 {x:.1} {y:.1})"));
        parts.push(errors);
    }
    parts.push(
        element("path", "graph__glyph")
            .set("d", glyph(key.role))
            .set("transform", &format!("translate({x:.1} {y:.1})")),
    );
    parts
}

/// A sign for what a node is, around the origin.
fn glyph(role: Role) -> &'static str {
    match role {
        Role::Browser => "M-6 0a6 6 0 1 0 12 0a6 6 0 1 0 -12 0z",
        Role::Service => "M-6 -6h12v12h-12z",
        Role::Database => "M-7 -5a7 2.6 0 1 0 14 0a7 2.6 0 1 0 -14 0v10a7 2.6 0 0 0 14 0v-10",
        Role::Queue => "M-8 -4.5h3v9h-3zM-1.5 -4.5h3v9h-3zM5 -4.5h3v9h-3z",
        Role::External => "M-5 5L5 -5M-2 -5.5H5.5V2",
    }
}

fn node_text(figures: &Figures, range: Option<i64>) -> String {
    if figures.count == 0 {
        return "no calls".to_owned();
    }
    format!(
        "{} · {}",
        amount(figures.count, range),
        format::duration(figures.p95.0)
    )
}

fn line_text(figures: &Figures) -> String {
    if figures.count == 0 {
        return "no longer".to_owned();
    }
    let time = format::duration(figures.p95.0);
    match figures.errors {
        0 => time,
        errors => format!(
            "{time} ✕ {}",
            format::percent(errors as i64, figures.count as i64)
        ),
    }
}

/// What changed most at a node, and whether it is for the worse.
fn node_change(now: &Figures, before: &Figures) -> Option<(String, bool)> {
    if before.count == 0 || now.count == 0 {
        let text = if now.count == 0 { "gone" } else { "new" };
        return (before.count != now.count).then(|| (text.to_owned(), false));
    }
    let figures = [
        ("errors", error_share(now), error_share(before), true),
        ("p95", now.p95.0 as f64, before.p95.0 as f64, true),
        ("calls", now.count as f64, before.count as f64, false),
    ];
    figures
        .into_iter()
        .find_map(|(what, now, before, more_is_worse)| {
            let change = change(now, before, more_is_worse)?;
            Some((format!("{what} {}", change.text), change.worse))
        })
}

fn spoken(figures: &Figures, range: Option<i64>) -> String {
    let failed = match figures.errors {
        0 => "no errors".to_owned(),
        _ => errors(figures),
    };
    let calls = amount(figures.count, range);
    format!("{calls}, {failed}, p95 {}", format::duration(figures.p95.0))
}
