//! Follow a value: what each span knew of one attribute, in the order in which they began, and where it changed.
//!
//! A span begins no earlier than its parent here, whatever their clocks say, so that a value is followed from caller to
//! callee.

use std::collections::HashMap;
use std::sync::Arc;

use super::find::Hits;
use super::pace::Pace;
use super::rows::RowKey;
use super::trace::{STRIDE, TraceModel};
use super::values::Values;
use crate::format;
use crate::markup::{Markup, button, element, text};
use crate::palette::dot;

/// Longer values are cut on rows and in the strip.
const LONGEST: usize = 32;
/// Stops shown at either end of a long path, and around the one where the reader is.
const AT_ENDS: usize = 3;
const AROUND: usize = 2;

/// Spans one after the other, of one service, that knew the same value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    /// The first of them.
    pub node: u32,
    /// The number of the value.
    pub value: u32,
    /// How many spans they are.
    pub spans: u32,
}

/// The path of a value through a trace.
#[derive(Debug, Default)]
pub struct Path {
    values: Arc<Values>,
    /// The spans that have it, as they began.
    order: Vec<u32>,
    /// The place of each of them in `order`.
    places: HashMap<u32, u32>,
    carriers: Hits,
    stops: Vec<Stop>,
}

impl Path {
    /// Finds the path.
    pub async fn find(model: &TraceModel, values: Arc<Values>, pace: &impl Pace) -> Self {
        let mut began = model.start.clone();
        let mut order = Vec::new();
        for node in 0..model.len() {
            if let Some(parent) = model.parent_of(node as u32) {
                began[node] = began[node].max(began[parent as usize]);
            }
            if values.number(node as u32).is_some() {
                order.push(node as u32);
            }
            if node % STRIDE == 0 {
                pace.breathe().await;
            }
        }
        let carriers = Hits::new(order.clone());
        let order = sorted(order, &began, pace).await;
        let mut places = HashMap::with_capacity(order.len());
        let mut stops: Vec<Stop> = Vec::new();
        for (place, node) in order.iter().copied().enumerate() {
            places.insert(node, place as u32);
            let value = values.number(node).unwrap_or_default();
            let service = |node: u32| model.service[node as usize];
            match stops.last_mut() {
                Some(last) if last.value == value && service(last.node) == service(node) => {
                    last.spans += 1;
                }
                _ => stops.push(Stop {
                    node,
                    value,
                    spans: 1,
                }),
            }
            if place % STRIDE == 0 {
                pace.breathe().await;
            }
        }
        Self {
            values,
            order,
            places,
            carriers,
            stops,
        }
    }

    /// The spans that have the value.
    #[must_use]
    pub fn carriers(&self) -> &Hits {
        &self.carriers
    }

    /// What a row says of the value: `paid`, or `held → confirmed` where it has changed since the span before; of alike
    /// calls what they have in common. `None` where it says nothing.
    #[must_use]
    pub fn told_by(&self, model: &TraceModel, row: RowKey) -> Option<String> {
        let text = |number: u32| shown(self.values.text(number));
        if row.fold {
            let mut numbers = model
                .fold_members(row.node)
                .filter_map(|member| self.values.number(member));
            let first = numbers.next()?;
            return Some(if numbers.all(|number| number == first) {
                text(first)
            } else {
                "several values".to_owned()
            });
        }
        let value = self.values.number(row.node)?;
        let place = *self.places.get(&row.node)? as usize;
        let before = place
            .checked_sub(1)
            .and_then(|before| self.values.number(self.order[before]))
            .filter(|before| *before != value);
        Some(match before {
            Some(before) => format!("{} → {}", text(before), text(value)),
            None => text(value),
        })
    }

    /// The stop that a span belongs to.
    #[must_use]
    pub fn stop_of(&self, node: u32) -> Option<usize> {
        let place = *self.places.get(&node)?;
        let mut passed = 0;
        self.stops.iter().position(|stop| {
            passed += stop.spans;
            place < passed
        })
    }

    /// The first span of the stop after that of `node`, or before it, around the ends.
    #[must_use]
    pub fn next(&self, node: u32, forward: bool) -> Option<u32> {
        let count = self.stops.len();
        let place = match (self.stop_of(node), forward) {
            (_, _) if count == 0 => return None,
            (Some(place), true) => (place + 1) % count,
            (Some(place), false) => (place + count - 1) % count,
            (None, true) => 0,
            (None, false) => count - 1,
        };
        Some(self.stops[place].node)
    }

    /// How often the value changed.
    #[must_use]
    pub fn changes(&self) -> usize {
        let differs = |pair: &&[Stop]| pair[0].value != pair[1].value;
        self.stops.windows(2).filter(differs).count()
    }
}

/// Nodes by when they began, equal ones in their order.
async fn sorted(mut nodes: Vec<u32>, began: &[i64], pace: &impl Pace) -> Vec<u32> {
    let key = |node: u32| (began[node as usize], node);
    for piece in nodes.chunks_mut(STRIDE) {
        piece.sort_unstable_by_key(|node| key(*node));
        pace.breathe().await;
    }
    let mut length = STRIDE;
    while length < nodes.len() {
        let mut merged = Vec::with_capacity(nodes.len());
        for pair in nodes.chunks(2 * length) {
            let (mut left, mut right) = pair.split_at(length.min(pair.len()));
            while let (Some(a), Some(b)) = (left.first(), right.first()) {
                let from = if key(*a) <= key(*b) {
                    &mut left
                } else {
                    &mut right
                };
                merged.push(from[0]);
                *from = &from[1..];
                if merged.len().is_multiple_of(STRIDE) {
                    pace.breathe().await;
                }
            }
            merged.extend(left.iter().chain(right));
        }
        nodes = merged;
        length *= 2;
    }
    nodes
}

fn shown(value: &str) -> String {
    if value.is_empty() {
        return "empty".to_owned();
    }
    format::clipped(value, LONGEST)
}

/// The strip above the rows: the attribute, its stops in order, and what walks and ends it. `at` is the span where the
/// reader is.
#[must_use]
pub fn strip(key: &str, path: &Path, model: &TraceModel, at: u32) -> Vec<Markup> {
    let name = text("b", "follow__key", &format::clipped(key, 60)).set("title", key);
    let end = button("icon-button", "end", "✕")
        .set("aria-label", "Stop following the value")
        .set("title", "Stop following (Esc)");
    let count = path.stops.len();
    if count == 0 {
        let none = text(
            "span",
            "follow__none",
            "No span of this trace has this attribute.",
        );
        return vec![name, none.set("role", "status"), end];
    }
    let current = path.stop_of(at);
    let step = |pick, sign, label: &str, title| {
        button("icon-button", pick, sign)
            .set("aria-label", label)
            .set("title", title)
    };
    let told = format!(
        "{}, {}",
        format::counted(path.carriers.len() as u64, "span"),
        format::counted(path.changes() as u64, "change"),
    );
    let told = match current {
        Some(place) => format!("{} of {}", place + 1, format::count(count as u64)),
        None => told,
    };
    vec![
        name,
        stops(path, model, current),
        text("span", "follow__count", &told).set("role", "status"),
        step(
            "back",
            "←",
            "Previous stop of the value",
            "Previous stop (V)",
        ),
        step("on", "→", "Next stop of the value", "Next stop (v)"),
        end,
    ]
}

fn stops(path: &Path, model: &TraceModel, current: Option<usize>) -> Markup {
    let count = path.stops.len();
    let near = |place: usize| current.is_some_and(|at| at.abs_diff(place) <= AROUND);
    let mut list = element("ol", "follow__path").set("aria-label", "Path of the value");
    let mut skipped = 0;
    for (place, stop) in path.stops.iter().enumerate() {
        let kept = place < AT_ENDS || place + AT_ENDS >= count || near(place);
        if !kept {
            skipped += 1;
            continue;
        }
        if skipped > 0 {
            let more = format!("… {} …", format::count(skipped));
            list = list.with(text("li", "follow__more", &more));
            skipped = 0;
        }
        let service = model.service_of(stop.node);
        let changed = place > 0 && path.stops[place - 1].value != stop.value;
        let value = text(
            "b",
            if changed { "follow__new" } else { "" },
            &shown(path.values.text(stop.value)),
        );
        let mut label = button("follow__stop", &stop.node.to_string(), "")
            .with(
                element("i", &dot(service.hue, service.browser))
                    .set("style", &format!("--h:{}", service.hue))
                    .set("aria-hidden", "true"),
            )
            .with(text("span", "", &format::clipped(&service.name, LONGEST)))
            .with(value);
        if stop.spans > 1 {
            label = label.with(text(
                "small",
                "",
                &format!("×{}", format::count(u64::from(stop.spans))),
            ));
        }
        if current == Some(place) {
            label = label.set("aria-current", "true");
        }
        list = list.with(element("li", "").with(label));
    }
    list
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{model, span};
    use super::super::pace::{Unhurried, at_once};
    use super::*;

    fn path(model: &TraceModel, values: &[Option<&str>]) -> Path {
        let values = Arc::new(Values::of_nodes(values));
        at_once(Path::find(model, values, &Unhurried))
    }

    fn trace() -> TraceModel {
        model(vec![
            span(1, 0, "web", "click", 0, 100),
            span(2, 1, "validation", "check", 10, 30),
            span(3, 2, "validation", "check form", 12, 20),
            span(4, 1, "payment", "pay", 40, 90),
            // A clock that is behind.
            span(5, 4, "seating", "allocate", 5, 15),
            span(6, 4, "payment", "notify", 60, 70),
        ])
    }

    const VALUES: [Option<&str>; 6] = [
        None,
        Some("requested"),
        Some("requested"),
        Some("paid"),
        Some("confirmed"),
        Some("paid"),
    ];

    fn told(path: &Path, model: &TraceModel, node: u32) -> Option<String> {
        path.told_by(model, RowKey { node, fold: false })
    }

    #[test]
    fn a_value_is_followed_from_caller_to_callee_whatever_the_clocks_say() {
        let model = trace();
        let path = path(&model, &VALUES);
        let stops: Vec<_> = path
            .stops
            .iter()
            .map(|stop| (stop.node, stop.spans))
            .collect();
        assert_eq!(stops, [(1, 2), (3, 1), (4, 1), (5, 1)]);
        assert_eq!(path.changes(), 3);
        assert_eq!(path.carriers().len(), 5);
    }

    #[test]
    fn a_row_says_the_value_and_how_it_changed() {
        let model = trace();
        let path = path(&model, &VALUES);
        for (node, expected) in [
            (0, None),
            (1, Some("requested")),
            (2, Some("requested")),
            (3, Some("requested → paid")),
            (4, Some("paid → confirmed")),
        ] {
            assert_eq!(told(&path, &model, node).as_deref(), expected, "{node}");
        }
    }

    #[test]
    fn alike_calls_say_what_they_have_in_common() {
        let mut spans = vec![span(1, 0, "a", "root", 0, 100)];
        spans.extend((0..4).map(|i| span(10 + i, 1, "a", "GET x", 10 * i, 10 * i + 5)));
        let model = model(spans);
        let head = RowKey {
            node: 1,
            fold: true,
        };
        let same = [None, Some("x"), Some("x"), None, Some("x")];
        let mixed = [None, Some("x"), Some("y"), None, None];
        assert_eq!(
            path(&model, &same).told_by(&model, head).as_deref(),
            Some("x")
        );
        assert_eq!(
            path(&model, &mixed).told_by(&model, head).as_deref(),
            Some("several values")
        );
        assert_eq!(path(&model, &[None; 5]).told_by(&model, head), None);
    }

    #[test]
    fn stops_are_walked_around_the_ends() {
        let model = trace();
        let path = path(&model, &VALUES);
        assert_eq!(path.next(0, true), Some(1), "from a span without the value");
        assert_eq!(path.next(2, true), Some(3), "from within a stop");
        assert_eq!(path.next(5, true), Some(1));
        assert_eq!(path.next(1, false), Some(5));
        assert_eq!(Path::default().next(0, true), None);
    }

    #[test]
    fn the_strip_shows_the_ends_of_a_long_path_and_where_the_reader_is() {
        let count = 40_u64;
        let spans = (0..count).map(|i| span(i + 1, u64::from(i > 0), "a", "x", i, i + 1));
        let model = model(spans.collect());
        let texts: Vec<String> = (0..count).map(|index| format!("v{index}")).collect();
        let values: Vec<Option<&str>> = texts.iter().map(|text| Some(text.as_str())).collect();
        let path = path(&model, &values);
        let drawn: String = strip("key", &path, &model, 20)
            .iter()
            .map(Markup::inner_text)
            .collect();
        for part in [
            "key",
            "v0",
            "… 15 …",
            "v18",
            "v22",
            "… 14 …",
            "v39",
            "21 of 40",
        ] {
            assert!(drawn.contains(part), "{part}: {drawn}");
        }
        assert!(!drawn.contains("v10"));
    }

    #[test]
    fn a_value_that_no_span_has_is_said() {
        let model = trace();
        let drawn = strip("no.such", &path(&model, &[None; 6]), &model, 0);
        assert!(drawn[1].inner_text().starts_with("No span"));
    }

    #[test]
    fn many_spans_are_sorted_in_pieces() {
        let count = STRIDE * 3 + 5;
        let began: Vec<i64> = (0..count).map(|i| ((i * 7_919) % count) as i64).collect();
        let nodes = (0..count as u32).collect();
        let sorted = at_once(sorted(nodes, &began, &Unhurried));
        assert_eq!(sorted.len(), count);
        assert!(
            sorted
                .windows(2)
                .all(|pair| began[pair[0] as usize] <= began[pair[1] as usize])
        );
    }
}
