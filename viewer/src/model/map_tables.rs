//! The service map in words: tables that say what the picture does, and what is known of a part of it.

use shared::graph::{Figures, MapResponse};

use super::order::descending;
use super::service_map::{Part, amount, change, error_share, id_of_part, narrowed, role, traceql};
use crate::format;
use crate::markup::{Markup, button, cell, element, head, link, row, table, text};

/// The nodes and the edges, the busiest first.
#[must_use]
pub fn tables(map: &MapResponse, range: Option<i64>, picked: Option<Part>) -> Vec<Markup> {
    let nodes = (0..map.nodes.len()).map(Part::Node).collect();
    let edges = (0..map.edges.len()).map(Part::Edge).collect();
    let of = |caption: &str, parts: Vec<Part>| {
        let counts = parts
            .iter()
            .map(|&part| self::figures(map, part).0.count as f64);
        let order = descending(counts.collect()).into_iter();
        let parts = order.map(|place| parts[place]);
        let figures = ["Calls", "Errors", "p50", "p95", "p99"].map(head);
        let kind = text("th", "data-table__words", "Kind").set("scope", "col");
        let heads = [head("Name"), kind].into_iter().chain(figures).collect();
        let rows = parts.map(|part| {
            let (now, _) = self::figures(map, part);
            let (name, kind) = names(map, part);
            let class = if picked == Some(part) {
                "data-table__picked"
            } else {
                ""
            };
            let failed = if now.errors > 0 {
                "data-table__failed"
            } else {
                ""
            };
            let times = [now.p50, now.p95, now.p99].map(|time| cell(&format::duration(time.0)));
            let mut cells = vec![
                text("td", "data-table__words", &kind),
                cell(&amount(now.count, range)),
                text("td", failed, &share(&now)),
            ];
            cells.extend(times);
            row(class, button("link", &id_of_part(map, part), &name), cells)
        });
        table("data-table", caption, heads, rows.collect())
    };
    vec![
        of("Services and what they ask", nodes),
        of("Connections", edges),
    ]
}

/// What is known of a part, and the ways on; `address` makes the address of a search.
#[must_use]
pub fn panel(map: &MapResponse, part: Part, address: &dyn Fn(String) -> String) -> Vec<Markup> {
    let (title, what) = names(map, part);
    let (now, before) = figures(map, part);
    let before = before.zip(map.before).filter(|(_, range)| range.traces > 0);
    let length = (map.range.end - map.range.start).0;
    let titles = element("div", "")
        .with(text("h2", "", &title))
        .with(text("p", "", &what));
    let close = button("icon-button", "", "✕")
        .set("aria-label", "Close")
        .set("title", "Close");
    let query = traceql(map, part);
    let mut links = vec![link(
        "button button--primary",
        &address(query.clone()),
        "Traces",
    )];
    if now.errors > 0 {
        links.push(link(
            "button",
            &address(narrowed(&query, "status = error")),
            "Failed",
        ));
    }
    if now.count > 0 {
        let slow = format!("duration > {}ms", (now.p95.0 / 1_000_000).max(1));
        links.push(link(
            "button",
            &address(narrowed(&query, &slow)),
            "Slower than p95",
        ));
    }
    let mut parts = vec![
        element("header", "map__panel-head")
            .with(titles)
            .with(close),
        figure_table(
            &now,
            length,
            before.map(|(figures, range)| (figures, (range.end - range.start).0)),
        ),
        element("p", "map__links").all(links),
    ];
    if let Part::Node(node) = part {
        let name = |node: u32| map.nodes[node as usize].key.name.as_str();
        let edges = map.edges.iter().enumerate().filter_map(|(index, edge)| {
            let label = if edge.from as usize == node {
                format!("→ {}", name(edge.to))
            } else if edge.to as usize == node {
                format!("← {}", name(edge.from))
            } else {
                return None;
            };
            let pick = id_of_part(map, Part::Edge(index));
            let figures = amount(edge.now.count, Some(length));
            Some(
                element("li", "")
                    .with(button("link", &pick, &label))
                    .with(text("span", "", &figures)),
            )
        });
        parts.push(element("ul", "map__neighbours").all(edges.collect()));
    }
    parts
}

/// The name of a part, and what it is.
fn names(map: &MapResponse, part: Part) -> (String, String) {
    match part {
        Part::Node(node) => {
            let key = &map.nodes[node].key;
            let what = match key.system.as_str() {
                "" => role(key.role).to_owned(),
                system => format!("{system} {}", role(key.role)),
            };
            (key.name.clone(), what)
        }
        Part::Edge(edge) => {
            let edge = &map.edges[edge];
            let [from, to] = [edge.from, edge.to].map(|node| &map.nodes[node as usize].key.name);
            (format!("{from} → {to}"), "calls".to_owned())
        }
    }
}

fn figures(map: &MapResponse, part: Part) -> (Figures, Option<Figures>) {
    match part {
        Part::Node(node) => (map.nodes[node].now, map.nodes[node].before),
        Part::Edge(edge) => (map.edges[edge].now, map.edges[edge].before),
    }
}

fn share(figures: &Figures) -> String {
    match figures.errors {
        0 => "none".to_owned(),
        errors => format::percent(errors as i64, figures.count as i64),
    }
}

/// The figures of a range of some length, beside those of another.
fn figure_table(now: &Figures, length: i64, before: Option<(Figures, i64)>) -> Markup {
    type Figure = fn(&Figures, i64) -> (String, f64);
    fn time(nanos: i64, figures: &Figures) -> (String, f64) {
        let text = if figures.count == 0 {
            "–".to_owned()
        } else {
            format::duration(nanos)
        };
        (text, nanos as f64)
    }
    let rows: [(&str, bool, Figure); 5] = [
        ("Calls", false, |figures, length| {
            (
                amount(figures.count, Some(length)),
                figures.count as f64 / length.max(1) as f64,
            )
        }),
        ("Errors", true, |figures, _| {
            (share(figures), error_share(figures))
        }),
        ("p50", true, |figures, _| time(figures.p50.0, figures)),
        ("p95", true, |figures, _| time(figures.p95.0, figures)),
        ("p99", true, |figures, _| time(figures.p99.0, figures)),
    ];
    let rows = rows.map(|(label, more_is_worse, figure)| {
        let (said, value) = figure(now, length);
        let mut cells = vec![cell(&said)];
        if let Some((before, length)) = &before {
            let (said, old) = figure(before, *length);
            let moved = change(value, old, more_is_worse);
            let class = match &moved {
                Some(moved) if moved.worse => "graph__change--worse",
                _ => "",
            };
            cells.push(cell(&said));
            cells.push(text(
                "td",
                class,
                &moved.map(|moved| moved.text).unwrap_or_default(),
            ));
        }
        row("", text("span", "", label), cells)
    });
    let mut heads = vec![element("td", ""), head("now")];
    if before.is_some() {
        heads.extend([head("before"), head("change")]);
    }
    table("data-table data-table--small", "", heads, rows.to_vec())
}
