//! The service map as a picture: where rings and lines lie, what they say, and which traces are behind them.

use shared::graph::{Figures, MapNode, MapResponse, NodeKey, Role};

use super::filter::quoted;
use super::layers::{self, Graph};
use crate::format;

/// The radius of a node's ring, in pixels.
pub const RADIUS: f64 = 22.0;
/// The room around the picture.
const MARGIN: f64 = 20.0;
/// The widest line.
const WIDEST: f64 = 7.0;
/// A figure that moves by less than this share has not changed.
const NOTABLE: f64 = 0.2;

/// A node or an edge of a map, by its place in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A node.
    Node(usize),
    /// An edge.
    Edge(usize),
}

/// Which way the layers go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From left to right.
    Right,
    /// From top to bottom, for narrow screens.
    Down,
}

/// The picture of a map.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scene {
    /// The middle of each node.
    pub nodes: Vec<(f64, f64)>,
    /// Each edge.
    pub lines: Vec<Line>,
    /// Its width in pixels.
    pub width: f64,
    /// Its height in pixels.
    pub height: f64,
}

/// How an edge is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The path from caller to called, in SVG's words.
    pub path: String,
    /// Its width by its share of the busiest edge's calls.
    pub width: f64,
    /// Where its label stands.
    pub label: (f64, f64),
}

/// Draws a map.
#[must_use]
pub fn scene(map: &MapResponse, direction: Direction) -> Scene {
    let graph = Graph {
        names: map.nodes.iter().map(|node| id_of(&node.key)).collect(),
        first: map
            .nodes
            .iter()
            .map(|node| node.key.role == Role::Browser)
            .collect(),
        edges: map
            .edges
            .iter()
            .map(|edge| (edge.from as usize, edge.to as usize))
            .collect(),
    };
    let layout = layers::layout(&graph);
    // A label stands below each ring, so that a place needs room for its width or its height.
    let (layer_step, place_step) = match direction {
        Direction::Right => (212.0, 112.0),
        Direction::Down => (126.0, 132.0),
    };
    let (across, along) = (MARGIN + 62.0, MARGIN + RADIUS + 6.0);
    let at = |(layer, place): (usize, f64)| {
        let (far, aside) = (layer as f64 * layer_step, place * place_step);
        match direction {
            Direction::Right => (across + far, along + aside),
            Direction::Down => (across + aside, along + far),
        }
    };
    let busiest = map
        .edges
        .iter()
        .map(|edge| edge.now.count)
        .max()
        .unwrap_or(1)
        .max(1);
    let lines = map
        .edges
        .iter()
        .enumerate()
        .map(|(index, edge)| {
            let ends = [edge.from, edge.to].map(|node| at(layout.nodes[node as usize]));
            let bends: Vec<(f64, f64)> = layout.bends[index].iter().map(|&bend| at(bend)).collect();
            let (path, label) = if layout.back[index] {
                back(ends, direction)
            } else {
                forward(ends, &bends, direction)
            };
            let share = (edge.now.count as f64 / busiest as f64).sqrt();
            Line {
                path,
                width: 1.5 + (WIDEST - 1.5) * share,
                label,
            }
        })
        .collect();
    let last = layout.layers.saturating_sub(1) as f64 * layer_step;
    let longest = (layout.length - 1.0).max(0.0) * place_step;
    let (width, height) = match direction {
        Direction::Right => (last, longest),
        Direction::Down => (longest, last),
    };
    Scene {
        nodes: layout.nodes.iter().map(|&node| at(node)).collect(),
        lines,
        width: width + 2.0 * across,
        height: height + 2.0 * along + 34.0,
    }
}

/// A line through its bends, level at its ends, from ring to ring.
fn forward(
    ends: [(f64, f64); 2],
    bends: &[(f64, f64)],
    direction: Direction,
) -> (String, (f64, f64)) {
    let gap = RADIUS + 3.0;
    let [mut from, mut to] = ends;
    match direction {
        Direction::Right => {
            from.0 += gap;
            to.0 -= gap;
        }
        Direction::Down => {
            // Below a ring stands its label.
            from.1 += gap + 34.0;
            to.1 -= gap;
        }
    }
    let points: Vec<(f64, f64)> = [from]
        .into_iter()
        .chain(bends.iter().copied())
        .chain([to])
        .collect();
    let mut path = format!("M{:.1} {:.1}", from.0, from.1);
    for pair in points.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        let middle = ((a.0 + b.0) / 2.0, (a.1 + b.1) / 2.0);
        path += &match direction {
            Direction::Right => format!(
                "C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}",
                middle.0, a.1, middle.0, b.1, b.0, b.1
            ),
            Direction::Down => format!(
                "C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}",
                a.0, middle.1, b.0, middle.1, b.0, b.1
            ),
        };
    }
    let half = (points.len() - 1) / 2;
    let (a, b) = (points[half], points[half + 1]);
    (path, ((a.0 + b.0) / 2.0, (a.1 + b.1) / 2.0))
}

/// A line that leads back, in a bow beside the nodes between.
fn back([from, to]: [(f64, f64); 2], direction: Direction) -> (String, (f64, f64)) {
    let bow = 46.0;
    let middle = ((from.0 + to.0) / 2.0, (from.1 + to.1) / 2.0);
    let (start, end, control) = match direction {
        Direction::Right => (
            (from.0, from.1 - RADIUS - 2.0),
            (to.0, to.1 - RADIUS - 2.0),
            (middle.0, from.1.min(to.1) - RADIUS - bow),
        ),
        Direction::Down => (
            (from.0 + RADIUS + 2.0, from.1),
            (to.0 + RADIUS + 2.0, to.1),
            (from.0.max(to.0) + RADIUS + bow, middle.1),
        ),
    };
    let path = format!(
        "M{:.1} {:.1}Q{:.1} {:.1} {:.1} {:.1}",
        start.0, start.1, control.0, control.1, end.0, end.1
    );
    (
        path,
        ((middle.0 + control.0) / 2.0, (middle.1 + control.1) / 2.0),
    )
}

/// A node's name in an address and in the order of the layout.
#[must_use]
pub fn id_of(key: &NodeKey) -> String {
    let role = role(key.role);
    if key.system.is_empty() || key.system == key.name {
        format!("{role}:{}", key.name)
    } else {
        format!("{role}:{}/{}", key.system, key.name)
    }
}

/// A part's name in an address.
#[must_use]
pub fn id_of_part(map: &MapResponse, part: Part) -> String {
    match part {
        Part::Node(node) => id_of(&map.nodes[node].key),
        Part::Edge(edge) => {
            let edge = &map.edges[edge];
            let [from, to] = [edge.from, edge.to].map(|node| id_of(&map.nodes[node as usize].key));
            format!("{from}>{to}")
        }
    }
}

/// The part with this name.
#[must_use]
pub fn part_of_id(map: &MapResponse, id: &str) -> Option<Part> {
    (0..map.nodes.len())
        .map(Part::Node)
        .chain((0..map.edges.len()).map(Part::Edge))
        .find(|&part| id_of_part(map, part) == id)
}

/// What a node is, in a word.
#[must_use]
pub fn role(role: Role) -> &'static str {
    match role {
        Role::Browser => "browser",
        Role::Service => "service",
        Role::Database => "database",
        Role::Queue => "queue",
        Role::External => "third party",
    }
}

/// The traces behind a part, in TraceQL.
#[must_use]
pub fn traceql(map: &MapResponse, part: Part) -> String {
    match part {
        Part::Node(node) => match asked(&map.nodes[node].key) {
            Some(asked) => format!("{{ {asked} }}"),
            None => format!("{{ {} }}", served(&map.nodes[node])),
        },
        Part::Edge(edge) => {
            let edge = &map.edges[edge];
            let [from, to] = [edge.from, edge.to].map(|node| &map.nodes[node as usize]);
            match (asked(&from.key), asked(&to.key)) {
                (None, Some(asked)) => format!("{{ {} && {asked} }}", served(from)),
                (Some(asked), _) => format!("{{ {} && {asked} }}", served(to)),
                (None, None) => format!("{{ {} }} >> {{ {} }}", served(from), served(to)),
            }
        }
    }
}

fn served(node: &MapNode) -> String {
    format!("resource.service.name = {}", quoted(&node.key.name))
}

/// The attributes of the spans that ask what sends no spans itself; `None` for what does.
fn asked(key: &NodeKey) -> Option<String> {
    let either = |keys: &[&str], value: &str| {
        let choices: Vec<String> = keys
            .iter()
            .map(|key| format!("span.{key} = {}", quoted(value)))
            .collect();
        format!("({})", choices.join(" || "))
    };
    match key.role {
        Role::Browser | Role::Service => None,
        Role::Database => Some(either(&["db.system.name", "db.system"], &key.system)),
        Role::Queue if key.name == key.system => Some(either(&["messaging.system"], &key.system)),
        Role::Queue => Some(either(
            &["messaging.destination.name", "messaging.destination"],
            &key.name,
        )),
        Role::External => {
            let host = key
                .name
                .rsplit_once(':')
                .filter(|(_, port)| port.parse::<u16>().is_ok());
            let host = host.map_or(key.name.as_str(), |(host, _)| host);
            Some(either(&["peer.service", "server.address"], host))
        }
    }
}

/// A rate in words: by the second, the minute or the hour, so that it has a whole part.
#[must_use]
pub fn rate(count: u64, nanos: i64) -> String {
    let seconds = (nanos as f64 / 1e9).max(1.0);
    let number = |value: f64| {
        if value >= 99.5 {
            format::count(value.round() as u64)
        } else if value >= 9.95 || (value - value.round()).abs() < 0.05 {
            format!("{value:.0}")
        } else {
            format::decimal(&format!("{value:.1}"))
        }
    };
    let per_second = count as f64 / seconds;
    if count == 0 {
        "none".to_owned()
    } else if per_second >= 1.0 {
        format!("{}/s", number(per_second))
    } else if per_second * 60.0 >= 1.0 {
        format!("{}/min", number(per_second * 60.0))
    } else {
        format!("{}/h", number(per_second * 3_600.0))
    }
}

/// A number of calls, as a rate where there is a range.
#[must_use]
pub fn amount(count: u64, range: Option<i64>) -> String {
    match range {
        Some(range) => rate(count, range),
        None => format!("×{}", format::count(count)),
    }
}

/// A query with one more condition on the last of its spans.
#[must_use]
pub fn narrowed(query: &str, condition: &str) -> String {
    let at = query.rfind('}').unwrap_or(query.len());
    format!("{}&& {condition} {}", &query[..at], &query[at..])
}

/// The share of calls that failed, in words; empty where none did.
#[must_use]
pub fn errors(figures: &Figures) -> String {
    match figures.errors {
        0 => String::new(),
        errors => format!(
            "{} errors",
            format::percent(errors as i64, figures.count as i64)
        ),
    }
}

/// What became of a figure since the range before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The change in a few characters: `▲ 3.1×`, `new`.
    pub text: String,
    /// Whether it is for the worse.
    pub worse: bool,
}

/// The change of a figure; `None` where it is not worth a word.
#[must_use]
pub fn change(now: f64, before: f64, more_is_worse: bool) -> Option<Change> {
    let (more, text) = if before <= 0.0 && now <= 0.0 {
        return None;
    } else if before <= 0.0 {
        (true, "▲ new".to_owned())
    } else if now <= 0.0 {
        (false, "▼ none".to_owned())
    } else {
        let ratio = now / before;
        if (1.0 - NOTABLE..=1.0 + NOTABLE).contains(&ratio) {
            return None;
        }
        let text = match ratio {
            2.0.. => format::decimal(&format!("▲ {ratio:.1}×")),
            1.0..2.0 => format!("▲ {:.0} %", (ratio - 1.0) * 100.0),
            _ => format!("▼ {:.0} %", (1.0 - ratio) * 100.0),
        };
        (ratio > 1.0, text)
    };
    Some(Change {
        text,
        worse: more && more_is_worse,
    })
}

/// The share of calls that failed.
#[must_use]
pub fn error_share(figures: &Figures) -> f64 {
    figures.errors as f64 / figures.count.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::map_picture::picture;
    use crate::model::map_tables::{panel, tables};
    use shared::graph::{Counted, MapEdge};
    use shared::query::traceql::parse;
    use shared::time::UnixNanos;

    fn map() -> MapResponse {
        let node = |role, name: &str, system: &str| MapNode {
            key: NodeKey {
                role,
                name: name.to_owned(),
                system: system.to_owned(),
            },
            now: Figures {
                count: 8,
                ..Figures::default()
            },
            before: None,
        };
        let edge = |from, to, count| MapEdge {
            from,
            to,
            now: Figures {
                count,
                ..Figures::default()
            },
            before: None,
        };
        MapResponse {
            range: Counted {
                start: UnixNanos(0),
                end: UnixNanos(1),
                since: UnixNanos(0),
                traces: 8,
                spans: 8,
            },
            before: None,
            nodes: vec![
                node(Role::Browser, "web", ""),
                node(Role::Service, "sho\"p", ""),
                node(Role::Database, "orders", "postgresql"),
                node(Role::Queue, "tickets", "kafka"),
                node(Role::External, "maps.example:8443", ""),
            ],
            edges: vec![
                edge(0, 1, 8),
                edge(1, 2, 2),
                edge(1, 3, 1),
                edge(3, 1, 1),
                edge(1, 4, 1),
            ],
        }
    }

    #[test]
    fn every_part_has_a_name_and_a_query_that_parses() {
        let map = map();
        let parts = (0..5).map(Part::Node).chain((0..5).map(Part::Edge));
        for part in parts {
            assert_eq!(part_of_id(&map, &id_of_part(&map, part)), Some(part));
            let query = traceql(&map, part);
            assert!(parse(&query).is_ok(), "{query}");
            let failed = narrowed(&query, "status = error");
            assert!(parse(&failed).is_ok(), "{failed}");
        }
        assert_eq!(
            traceql(&map, Part::Edge(0)),
            r#"{ resource.service.name = "web" } >> { resource.service.name = "sho\"p" }"#
        );
        assert!(
            traceql(&map, Part::Node(4)).contains("\"maps.example\""),
            "without its port"
        );
        assert_eq!(part_of_id(&map, "service:none"), None);
    }

    #[test]
    fn the_busiest_line_is_the_widest_and_everything_is_inside() {
        for direction in [Direction::Right, Direction::Down] {
            let found = scene(&map(), direction);
            assert!((found.lines[0].width - WIDEST).abs() < 1e-9);
            assert!(found.lines[1].width < WIDEST);
            let inside = |&(x, y): &(f64, f64)| {
                (RADIUS..found.width - RADIUS).contains(&x)
                    && (RADIUS..found.height - RADIUS).contains(&y)
            };
            assert!(found.nodes.iter().all(inside), "{found:?}");
        }
        let wide = scene(&map(), Direction::Right);
        assert!(
            wide.nodes[0].0 < wide.nodes[1].0,
            "the browser is at the left"
        );
        assert!(
            wide.lines[3].path.contains('Q'),
            "the queue's answer leads back"
        );
    }

    #[test]
    fn the_picture_and_the_tables_say_the_same() {
        let map = map();
        let drawn = picture(&map, Direction::Right, None, Some(Part::Edge(0))).inner_text();
        let told: String = tables(&map, None, None)
            .iter()
            .map(|table| table.inner_text())
            .collect();
        for node in &map.nodes {
            assert!(drawn.contains(&node.key.name) && told.contains(&node.key.name));
        }
        let panel = panel(&map, Part::Node(1), &|query| query);
        let links = panel
            .iter()
            .map(|part| part.inner_text())
            .collect::<String>();
        for neighbour in ["← web", "→ orders", "→ tickets", "← tickets"] {
            assert!(links.contains(neighbour), "{links}");
        }
    }

    #[test]
    fn rates_have_a_whole_part() {
        const HOUR: i64 = 3_600_000_000_000;
        for (count, expected) in [
            (0, "none"),
            (1, "1/h"),
            (90, "1.5/min"),
            (3_600, "1/s"),
            (720_000, "200/s"),
        ] {
            assert_eq!(rate(count, HOUR), expected);
        }
    }

    #[test]
    fn only_what_moved_is_said_to_have_changed() {
        let text =
            |now, before| change(now, before, true).map(|change| (change.text, change.worse));
        assert_eq!(text(1.1, 1.0), None);
        assert_eq!(text(1.5, 1.0), Some(("▲ 50 %".to_owned(), true)));
        assert_eq!(text(3.1, 1.0), Some(("▲ 3.1×".to_owned(), true)));
        assert_eq!(text(0.5, 1.0), Some(("▼ 50 %".to_owned(), false)));
        assert_eq!(text(1.0, 0.0), Some(("▲ new".to_owned(), true)));
        assert_eq!(text(0.0, 1.0), Some(("▼ none".to_owned(), false)));
        assert_eq!(text(0.0, 0.0), None);
    }

    #[test]
    fn labels_are_above_all_lines_and_cover_none_of_each_other() {
        use crate::markup::{Content, Markup};

        let mut map = map();
        // Two lines with the same ends have their labels at the same place.
        map.edges.push(map.edges[0]);
        let drawn = picture(&map, Direction::Right, None, None);
        let elements: Vec<&Markup> = drawn
            .contents
            .iter()
            .filter_map(|content| match content {
                Content::Element(markup) => Some(markup),
                Content::Text(_) => None,
            })
            .collect();
        let value = |markup: &Markup, name: &str| {
            let found = markup.attributes.iter().find(|one| one.0 == name);
            found.map(|one| one.1.clone()).unwrap_or_default()
        };
        let labels: Vec<(String, String)> = elements
            .iter()
            .filter(|markup| value(markup, "class") == "graph__label")
            .map(|markup| (value(markup, "x"), value(markup, "y")))
            .collect();
        assert_eq!(labels.len(), map.edges.len());
        let apart: std::collections::HashSet<_> = labels.iter().collect();
        assert_eq!(apart.len(), labels.len(), "{labels:?}");
        let place = |wanted: &dyn Fn(&Markup) -> bool| elements.iter().position(|one| wanted(one));
        let last_line = elements
            .iter()
            .rposition(|one| value(one, "aria-label").contains(" calls "));
        let first_label = place(&|one| value(one, "class") == "graph__label");
        assert!(last_line < first_label);
    }
}
