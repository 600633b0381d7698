//! What differs between two traces, as the compare page shows it: the verdict, the reasons in their order,
//! and both traces in one waterfall.
//!
//! The baseline's bar lies above, hollow; the other trace's below, solid. What changed says so in words and
//! by a sign, never by colour alone.

use shared::diff::{Change, Compared, DiffNode, TraceDiff, Window};
use shared::time::DurationNanos;

use super::service_map::change;
use crate::format;
use crate::markup::{Markup, PICK, button, cell, element, head, link, row, table, text};

/// More rows than this are not drawn.
pub const MOST_ROWS: usize = 1_500;
/// So many marks divide the axis.
const MARKS: i64 = 4;

/// What the page shows of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shown {
    /// The place that is picked.
    pub at: Option<u32>,
    /// Whether unchanged places are shown too.
    pub all: bool,
}

/// The verdict and the reasons.
#[must_use]
pub fn verdict(diff: &TraceDiff) -> Vec<Markup> {
    let by = diff.duration.other - diff.duration.most;
    let took = match by.0 {
        0 => "as long as".to_owned(),
        1.. => format!("{} longer than", format::duration(by.0)),
        _ => format!("{} less than", format::duration(by.0.saturating_neg())),
    };
    let mut said = element("p", "story")
        .text("B took ")
        .with(text(
            "b",
            "story__strong",
            &format::duration(diff.duration.other.0),
        ))
        .text(&format!(", {took} A"));
    said = match diff.reasons.first() {
        None => said.text("; structure, outcome and times are alike."),
        Some(first) => said
            .text(": ")
            .with(text("b", "story__culprit", &first.text))
            .text("."),
    };
    let whole = diff.unexplained.0 + diff.reasons.iter().map(|one| one.explains.0).sum::<i64>();
    let reasons = diff.reasons.iter().map(|reason| {
        let share = reason.explains.0 as f64 / if whole == 0 { 1.0 } else { whole as f64 };
        let time = match reason.explains.0 {
            0 => "no time".to_owned(),
            _ => signed(reason.explains),
        };
        let percent = if reason.explains.0 == 0 || whole == 0 {
            String::new()
        } else {
            format!("{} %", (share * 100.0).round() as i64).replace('-', "−")
        };
        let bar = element("i", "reason__share")
            .set("aria-hidden", "true")
            .set("style", &format!("--share:{:.3}", share.clamp(0.0, 1.0)));
        let inside = element("button", "reason")
            .set("type", "button")
            .set(PICK, &reason.node.to_string())
            .with(text("b", "reason__sign", sign(reason.change)))
            .with(text("span", "reason__text", &reason.text))
            .with(text("span", "reason__time", &time))
            .with(text("span", "reason__percent", &percent))
            .with(bar);
        element("li", "").with(inside)
    });
    let mut list = element("ol", "reasons").all(reasons.collect());
    if diff.unexplained.0 != 0 && !diff.reasons.is_empty() {
        let rest = format!(
            "{} is spread over what is not listed.",
            signed(diff.unexplained)
        );
        list = list.with(text("li", "reasons__rest", &rest));
    }
    vec![said, list]
}

/// Both traces in one waterfall.
#[must_use]
pub fn waterfall(diff: &TraceDiff, shown: Shown) -> Vec<Markup> {
    let visible = visible(diff, shown.all);
    let hidden = visible.iter().filter(|visible| !**visible).count();
    let windows = diff.nodes.iter().flat_map(|node| [node.before, node.after]);
    let end = windows
        .flatten()
        .map(|window| window.end.0)
        .max()
        .unwrap_or(1)
        .max(1);
    let marks = (0..=MARKS).map(|mark| {
        text(
            "span",
            "",
            &if mark == 0 {
                "0".to_owned()
            } else {
                format::duration(end / MARKS * mark)
            },
        )
        .set("style", &format!("--at:{}", mark as f64 / MARKS as f64))
    });
    let axis = element("div", "diff__axis")
        .with(text("span", "diff__legend", "▭ A above, ■ B below"))
        .with(
            element("div", "diff__marks")
                .set("aria-hidden", "true")
                .all(marks.collect()),
        );
    let rows = diff
        .nodes
        .iter()
        .enumerate()
        .filter(|(index, _)| visible[*index])
        .take(MOST_ROWS)
        .map(|(index, node)| line(index, node, end, shown.at == Some(index as u32)));
    let count = visible.len() - hidden;
    let mut parts = vec![axis, element("ol", "diff__rows").all(rows.collect())];
    if count > MOST_ROWS {
        let more =
            format!("The first {MOST_ROWS} of {count} rows; throughline diff prints them all.");
        parts.push(text("p", "diff__more", &more));
    }
    if hidden > 0 {
        let label = format!(
            "Show {} without a change",
            format::counted(hidden as u64, "place")
        );
        parts.push(button("link diff__more", "all", &label));
    } else if shown.all {
        parts.push(button(
            "link diff__more",
            "changed",
            "Show what changed only",
        ));
    }
    parts
}

/// A place is visible if something changed there or below, or if all are.
fn visible(diff: &TraceDiff, all: bool) -> Vec<bool> {
    let all = all || diff.reasons.is_empty();
    let mut visible = vec![all; diff.nodes.len()];
    for (index, node) in diff.nodes.iter().enumerate().rev() {
        visible[index] |= !node.changes.is_empty();
        if let Some(parent) = node.parent {
            visible[parent as usize] |= visible[index];
        }
    }
    visible
}

fn line(index: usize, node: &DiffNode, end: i64, picked: bool) -> Markup {
    let bar = |class: &str, window: &Option<Window>| {
        window.map(|window| {
            let place = |nanos: DurationNanos| nanos.0 as f64 / end as f64;
            let (from, to) = (
                place(window.start).clamp(0.0, 1.0),
                place(window.end).clamp(0.0, 1.0),
            );
            element("i", class).set("style", &format!("--from:{from:.5};--to:{to:.5}"))
        })
    };
    let mut bars = element("span", "diff-row__bars").set("aria-hidden", "true");
    bars = bars.all(bar("diff-row__a", &node.before).into_iter().collect());
    bars = bars.all(bar("diff-row__b", &node.after).into_iter().collect());
    let marks: Vec<String> = node
        .changes
        .iter()
        .map(|&change| word(node, change))
        .collect();
    let strongest = node.changes.iter().min().copied();
    let name = element("span", "diff-row__name")
        .set("style", &format!("--depth:{}", node.depth.min(24)))
        .with(text("b", "diff-row__sign", strongest.map_or("", sign)))
        .with(text("span", "diff-row__operation", &node.operation))
        .with(text("span", "diff-row__service", &node.service));
    let class = match strongest {
        Some(Change::Added) => "diff-row diff-row--added",
        Some(Change::Removed) => "diff-row diff-row--removed",
        Some(Change::Failing) => "diff-row diff-row--failing",
        Some(Change::SlowerBelow | Change::FasterBelow) => "diff-row",
        Some(_) => "diff-row diff-row--changed",
        None => "diff-row",
    };
    let inside = element("button", class)
        .set("type", "button")
        .set("aria-pressed", if picked { "true" } else { "false" })
        .set(PICK, &index.to_string())
        .with(name)
        .with(bars)
        .with(text("span", "diff-row__times", &times(node)))
        .with(text("span", "diff-row__marks", &marks.join(", ")));
    element("li", "")
        .set("id", &format!("place-{index}"))
        .with(inside)
}

/// What is known of a place in both traces.
#[must_use]
pub fn panel(diff: &TraceDiff, at: u32) -> Vec<Markup> {
    let Some(node) = diff.nodes.get(at as usize) else {
        return Vec::new();
    };
    let titles = element("div", "")
        .with(text("h2", "", &node.operation))
        .with(text(
            "p",
            "",
            &format!("{} of {}", node.kind.as_str(), node.service),
        ));
    let close = button("icon-button", &at.to_string(), "✕")
        .set("aria-label", "Close")
        .set("title", "Close");
    let figure = |label: &str, compared: [i64; 3], said: &dyn Fn(i64) -> String| {
        let [least, most, other] = compared;
        let usual = if least == most {
            said(most)
        } else {
            format!("{} to {}", said(least), said(most))
        };
        let moved = change(other as f64, most as f64, true).map(|change| change.text);
        let moved = if (least..=most).contains(&other) {
            None
        } else {
            moved
        };
        let cells = [usual, said(other), moved.unwrap_or_default()];
        row(
            "",
            text("span", "", label),
            cells.iter().map(|text| cell(text)).collect(),
        )
    };
    let counts =
        |compared: Compared<u32>| [compared.least, compared.most, compared.other].map(i64::from);
    let nanos =
        |compared: Compared<DurationNanos>| [compared.least.0, compared.most.0, compared.other.0];
    let number = |value: i64| value.to_string();
    let rows = vec![
        figure("Spans", counts(node.count), &number),
        figure("Errors", counts(node.errors), &number),
        figure("Total", nanos(node.total), &format::duration),
        figure("Itself", nanos(node.own), &format::duration),
    ];
    let heads = vec![element("td", ""), head("A"), head("B"), head("change")];
    let mut parts = vec![
        element("header", "map__panel-head")
            .with(titles)
            .with(close),
        table("data-table data-table--small", "", heads, rows),
    ];
    let sides = [
        ("A", node.before, diff.baselines.first().copied()),
        ("B", node.after, diff.other),
    ];
    let links = sides.into_iter().filter_map(|(side, window, id)| {
        let address = format!("/trace/{}?span={}", id?, window?.span);
        Some(link("button", &address, &format!("Open in {side}")))
    });
    parts.push(element("p", "map__links").all(links.collect()));
    if !node.attributes.is_empty() {
        parts.push(attributes(node));
    }
    parts
}

/// The parameters and attributes of a place that have other values.
fn attributes(node: &DiffNode) -> Markup {
    let rows = node.attributes.iter().flat_map(|attribute| {
        let more = (attribute.pairs as usize).saturating_sub(attribute.examples.len());
        let shown = |value: &Option<String>| match value {
            Some(value) => text("td", "data-table__value", value),
            None => text("td", "data-table__value data-table__none", "none"),
        };
        let mut rows: Vec<Markup> = attribute
            .examples
            .iter()
            .map(|(from, to)| {
                row(
                    "",
                    text("code", "", &attribute.key),
                    vec![shown(from), shown(to)],
                )
            })
            .collect();
        if more > 0 {
            let label = format!("and {more} more");
            rows.push(row(
                "",
                text("code", "", &attribute.key),
                vec![cell(&label), cell("")],
            ));
        }
        rows
    });
    let heads = vec![head("Attribute"), head("A"), head("B")];
    table(
        "data-table data-table--values",
        "Other values",
        heads,
        rows.collect(),
    )
}

/// How many places have attributes with other values, in words; empty where none has.
#[must_use]
pub fn parameters(diff: &TraceDiff) -> String {
    let changed = diff
        .nodes
        .iter()
        .filter(|node| !node.attributes.is_empty())
        .count();
    match changed {
        0 => String::new(),
        count => format!(
            "Parameters and attributes differ in {}; pick one to see them.",
            format::counted(count as u64, "place")
        ),
    }
}

fn times(node: &DiffNode) -> String {
    let usual = |compared: Compared<DurationNanos>| {
        if compared.least == compared.most {
            format::duration(compared.most.0)
        } else {
            format!(
                "{}–{}",
                format::duration(compared.least.0),
                format::duration(compared.most.0)
            )
        }
    };
    match (node.count.most, node.count.other) {
        (0, _) => format!("→ {}", format::duration(node.total.other.0)),
        (_, 0) => format!("{} →", usual(node.total)),
        _ => format!(
            "{} → {}",
            usual(node.total),
            format::duration(node.total.other.0)
        ),
    }
}

fn sign(change: Change) -> &'static str {
    match change {
        Change::Added => "+",
        Change::Removed => "−",
        Change::Count => "×",
        Change::Failing => "✕",
        Change::Recovered => "✓",
        Change::Slower | Change::SlowerBelow => "▲",
        Change::Faster | Change::FasterBelow => "▼",
        Change::Moved => "↕",
        Change::Renamed => "✎",
    }
}

fn word(node: &DiffNode, change: Change) -> String {
    match change {
        Change::Added => "new".to_owned(),
        Change::Removed => "gone".to_owned(),
        Change::Count => {
            let usual = if node.count.least == node.count.most {
                format!("×{}", node.count.most)
            } else {
                format!("×{}–{}", node.count.least, node.count.most)
            };
            format!("{usual} → ×{}", node.count.other)
        }
        Change::Failing => "fails".to_owned(),
        Change::Recovered => "no longer fails".to_owned(),
        Change::Slower => "slower".to_owned(),
        Change::Faster => "faster".to_owned(),
        Change::SlowerBelow => "waits longer".to_owned(),
        Change::FasterBelow => "waits less".to_owned(),
        Change::Moved => "other order".to_owned(),
        Change::Renamed => "renamed".to_owned(),
    }
}

fn signed(duration: DurationNanos) -> String {
    let sign = if duration.0 < 0 { "−" } else { "+" };
    format!("{sign}{}", format::duration(duration.0.saturating_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixture::span;
    use shared::diff::{Limits, diff};
    use shared::span::SpanRecord;
    use shared::trace::assemble;

    fn booking(charge: &str, millis: u64) -> Vec<SpanRecord> {
        vec![
            span(1, 0, "shop", "POST /book", 0, millis + 100),
            span(2, 1, "shop", "validate", 10, 40),
            span(3, 1, "payment", charge, 50, 50 + millis),
        ]
    }

    fn compared() -> TraceDiff {
        let (usual, other) = (
            booking("charge", 40),
            booking("<script>charge</script>", 2_000),
        );
        diff(&[&assemble(usual)], &assemble(other), &Limits::default())
    }

    #[test]
    fn rows_show_what_changed_with_their_ancestors_or_all() {
        let found = compared();
        let some = waterfall(&found, Shown::default());
        let all = waterfall(
            &found,
            Shown {
                all: true,
                at: None,
            },
        );
        let rows = |parts: &[Markup]| parts[1].contents.len();
        assert!(rows(&some) < rows(&all), "unchanged places are folded away");
        assert_eq!(rows(&all), found.nodes.len());
        let said: String = some.iter().map(Markup::inner_text).collect();
        assert!(said.contains("new") && said.contains("gone"), "{said}");
        assert!(said.contains("<script>charge</script>"), "as text");
    }

    #[test]
    fn the_verdict_begins_with_the_first_reason() {
        let found = compared();
        let said = verdict(&found);
        assert!(said[0].inner_text().contains(&found.reasons[0].text));
        let panel = panel(&found, found.reasons[0].node);
        assert!(
            panel[0]
                .inner_text()
                .contains(&found.nodes[found.reasons[0].node as usize].operation)
        );
        assert!(super::panel(&found, 9_999).is_empty());
    }

    #[test]
    fn alike_traces_say_so() {
        let one = assemble(booking("charge", 40));
        let found = diff(&[&one], &one, &Limits::default());
        assert!(verdict(&found)[0].inner_text().contains("alike"));
        assert_eq!(parameters(&found), "");
    }
}
