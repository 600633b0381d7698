//! The other views of a trace: its story, its spans in groups, its logs, and the text it came as.

use shared::log::LogEntry;
use shared::trace::statistics::{Group, Statistics, measure};
use shared::trace::story::{About, Story};

use super::order::descending;
use crate::format;
use crate::markup::{Markup, button, cards, cell, element, link, row, text};
use crate::url::{QueryString, encode};

/// So many rows are drawn at a time: what is more takes longer than a frame to lay out.
pub const PAGE: usize = 200;
/// So many groups are asked for.
pub const MOST_GROUPS: usize = 2_000;
/// Begins the pick of another part of a list, before the place of its first row.
pub const FROM: &str = "from:";

/// A view of a trace that has a page of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// Who calls whom.
    Graph,
    /// Spans in groups.
    Statistics,
    /// What was logged.
    Logs,
    /// OTLP as it is kept.
    Raw,
    /// Sentences.
    Story,
}

impl View {
    /// The views with their names in the address and for people, in order.
    pub const ALL: [(Self, &'static str, &'static str); 5] = [
        (Self::Story, "story", "Story"),
        (Self::Graph, "graph", "Graph"),
        (Self::Statistics, "statistics", "Statistics"),
        (Self::Logs, "logs", "Logs"),
        (Self::Raw, "raw", "Raw"),
    ];

    /// The view of a name in the address.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|view| view.1 == key);
        found.map(|view| view.0)
    }
}

/// Where a view of a trace is; the timeline's where there is none. `kept` is the query that the views
/// share: the span that is selected and the time that is shown.
#[must_use]
pub fn address(id: &str, view: &str, kept: &str) -> String {
    let mut path = format!("/trace/{}", encode(id));
    if !view.is_empty() {
        path += "/";
        path += view;
    }
    let mut query = QueryString::new(&path);
    for (key, value) in crate::url::parse(kept.trim_start_matches('?')) {
        if matches!(key.as_str(), "span" | "zoom") {
            query.push(&key, &value);
        }
    }
    query.finish()
}

/// Links from each view of a trace to the others.
#[must_use]
pub fn tabs(id: &str, current: &str, kept: &str) -> Markup {
    let tab = |key: &str, label: &str| {
        let tab = link("view-tabs__tab", &address(id, key, kept), label);
        if key == current {
            tab.set("aria-current", "page")
        } else {
            tab
        }
    };
    let mut all = vec![tab("", "Timeline")];
    all.extend(View::ALL.iter().map(|view| tab(view.1, view.2)));
    all.push(link(
        "view-tabs__tab",
        &format!("/compare/{}", encode(id)),
        "Compare…",
    ));
    element("nav", "view-tabs")
        .set("aria-label", "Views of the trace")
        .all(all)
}

/// Where a span is in the timeline.
fn in_timeline(id: &str, span: &str) -> String {
    format!("/trace/{}?span={span}", encode(id))
}

/// The sentences, each with its way to the span.
#[must_use]
pub fn story(story: &Story, id: &str) -> Vec<Markup> {
    let sentences = story.sentences.iter().map(|sentence| {
        let (sign, class) = match sentence.about {
            About::Whole => ("●", "sentence sentence--whole"),
            About::Time => ("◷", "sentence"),
            About::Network => ("⇄", "sentence"),
            About::Retry => ("↻", "sentence"),
            About::Repeat => ("×", "sentence"),
            About::Gap => ("…", "sentence"),
            About::Parallel => ("≡", "sentence"),
            About::Failure => ("✕", "sentence sentence--failure"),
            About::Oddity => ("!", "sentence sentence--oddity"),
        };
        element("li", class)
            .with(text("b", "sentence__sign", sign).set("aria-hidden", "true"))
            .with(text("span", "", &sentence.text))
            .with(link(
                "sentence__way",
                &in_timeline(id, &sentence.span.to_hex()),
                "show",
            ))
    });
    vec![element("ol", "sentences").all(sentences.collect())]
}

/// A column of the statistics: its name in the address, its label and its text.
type Column = (
    &'static str,
    &'static str,
    fn(&Group, &Statistics) -> String,
);

const COLUMNS: [Column; 8] = [
    ("count", "Spans", |group, _| {
        format::count(u64::from(group.count))
    }),
    ("errors", "Errors", |group, _| group.errors.to_string()),
    ("total", "Total", |group, _| format::duration(group.total.0)),
    ("own", "Itself", |group, _| format::duration(group.own.0)),
    ("share", "Share", |group, all| {
        format::percent(group.own.0, all.own.0.max(1))
    }),
    ("p50", "p50", |group, _| format::duration(group.p50.0)),
    ("p95", "p95", |group, _| format::duration(group.p95.0)),
    ("longest", "Longest", |group, _| {
        format::duration(group.longest.0)
    }),
];

/// A part of the groups, by the column with this name, the greatest first. Picking a column's head sorts by it.
#[must_use]
pub fn statistics(statistics: &Statistics, id: &str, sort: &str, from: usize) -> Vec<Markup> {
    let column = COLUMNS
        .iter()
        .find(|column| column.0 == sort)
        .unwrap_or(&COLUMNS[3]);
    let groups = &statistics.groups;
    let order = match measure(column.0) {
        Some(of) => descending(groups.iter().map(|group| of(group) as f64).collect()),
        None => (0..groups.len()).collect(),
    };
    let part = Part::new(from, groups.len());
    let mut heads = vec![text("th", "", "Group").set("scope", "col")];
    heads.extend(COLUMNS.iter().map(|one| {
        let sorted = one.0 == column.0;
        element("th", "")
            .set("scope", "col")
            .set("aria-sort", if sorted { "descending" } else { "none" })
            .with(button(
                "data-table__sort",
                one.0,
                &format!("{}{}", one.1, if sorted { " ↓" } else { "" }),
            ))
    }));
    let rows = part.of(&order).iter().map(|place| {
        let group = &groups[*place];
        let key: Vec<&str> = group
            .key
            .iter()
            .map(|part| {
                if part.is_empty() {
                    "(none)"
                } else {
                    part.as_str()
                }
            })
            .collect();
        let label = format::clipped(&key.join(" · "), 120);
        let name = link("", &in_timeline(id, &group.span.to_hex()), &label)
            .set("title", "Show the longest");
        let cells = COLUMNS.iter().map(|column| {
            let said = (column.2)(group, statistics);
            match column.0 {
                "errors" if group.errors > 0 => text("td", "data-table__failed", &said),
                _ => cell(&said),
            }
        });
        row("", name, cells.collect())
    });
    let mut parts = vec![cards("", heads, rows.collect())];
    let all = statistics.count as usize;
    let listed = (groups.len() < all).then(|| {
        let listed = format::count(groups.len() as u64);
        format!(", of which the first {listed} by “{}” are listed", column.1)
    });
    parts.extend(part.pager(all, "group", &listed.unwrap_or_default()));
    parts
}

/// A part of a list that is too long to be drawn at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    from: usize,
    listed: usize,
}

impl Part {
    /// The part that begins at a place, of a list of so many; the last one where the place is behind it.
    #[must_use]
    pub fn new(from: usize, listed: usize) -> Self {
        let from = from.min(listed.saturating_sub(1)) / PAGE * PAGE;
        Self { from, listed }
    }

    /// What of the list it is.
    #[must_use]
    pub fn of<T>(self, all: &[T]) -> &[T] {
        let to = self.to().min(all.len());
        &all[self.from.min(to)..to]
    }

    fn to(self) -> usize {
        (self.from + PAGE).min(self.listed)
    }

    /// Which part it is of how many, and the ways to the others; nothing where it is all. `listed` says why the list is
    /// not everything.
    #[must_use]
    pub fn pager(self, all: usize, noun: &str, listed: &str) -> Option<Markup> {
        if self.listed <= PAGE && all <= self.listed {
            return None;
        }
        let number = |count: usize| format::count(count as u64);
        let said = format!(
            "{}–{} of {}{listed}.",
            number(self.from + 1),
            number(self.to()),
            format::counted(all as u64, noun),
        );
        let way = |label: &str, from: Option<usize>| {
            let way = button("button", &format!("{FROM}{}", from.unwrap_or(0)), label);
            if from.is_some() {
                way
            } else {
                way.set("disabled", "")
            }
        };
        let next = self.from + PAGE;
        Some(
            element("nav", "pager")
                .set("aria-label", "Parts of the list")
                .with(text("span", "", &said).set("role", "status"))
                .with(way("Previous", self.from.checked_sub(PAGE)))
                .with(way("Next", (next < self.listed).then_some(next))),
        )
    }
}

/// A part of the log records, by time.
#[must_use]
pub fn logs(entries: &[LogEntry], id: &str, from: usize) -> Vec<Markup> {
    if entries.is_empty() {
        let none = "Nothing was logged within this trace. Log records are shown here once they carry its id.";
        return vec![text("p", "page__lead", none)];
    }
    let time = |entry: &LogEntry| entry.record.moment();
    let first = time(&entries[0]);
    let part = Part::new(from, entries.len());
    let rows = part.of(entries).iter().map(|entry| {
        let record = &entry.record;
        let class = match record.severity_number {
            17.. => "log log--failed",
            13..=16 => "log log--warned",
            _ => "log",
        };
        let said = match (record.event_name.as_str(), record.body.to_string()) {
            ("", body) => body,
            (event, body) => format!("{event} {body}"),
        };
        let attributes: Vec<String> = record
            .attributes
            .iter()
            .map(|attribute| format!("{}={}", attribute.key, attribute.value))
            .collect();
        let mut line = element("li", class)
            .with(text(
                "span",
                "log__time",
                &format!("+{}", format::duration((time(entry) - first).0)),
            ))
            .with(text(
                "b",
                "log__severity",
                &severity(record.severity_number, &record.severity_text),
            ))
            .with(text("span", "log__service", entry.resource.service_name()))
            .with(text("span", "log__text", &format::clipped(&said, 2_000)))
            .with(text(
                "code",
                "log__attributes",
                &format::clipped(&attributes.join(" "), 2_000),
            ));
        if let Some(span) = record.span_id {
            line = line.with(link("log__way", &in_timeline(id, &span.to_hex()), "span"));
        }
        line
    });
    let mut parts = vec![element("ol", "logs").all(rows.collect())];
    parts.extend(part.pager(entries.len(), "record", ""));
    parts
}

/// A severity in the sender's words, or else in OpenTelemetry's.
#[must_use]
pub fn severity(number: i32, text: &str) -> String {
    if !text.is_empty() {
        return text.to_lowercase();
    }
    match number {
        1..=4 => "trace",
        5..=8 => "debug",
        9..=12 => "info",
        13..=16 => "warn",
        17..=20 => "error",
        21..=24 => "fatal",
        _ => "log",
    }
    .to_owned()
}

/// JSON with a member a line. Only white space is added, so that every number stays as it was written.
#[must_use]
pub fn indented(json: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    let mut chars = json.chars().peekable();
    while let Some(c) = chars.next() {
        let last = lines.len() - 1;
        let new_line =
            |lines: &mut Vec<String>, depth: usize| lines.push("  ".repeat(depth.min(40)));
        if quoted {
            lines[last].push(c);
            (quoted, escaped) = (escaped || c != '"', !escaped && c == '\\');
            continue;
        }
        match c {
            '"' => {
                quoted = true;
                lines[last].push(c);
            }
            '{' | '[' => {
                lines[last].push(c);
                if !matches!(chars.peek(), Some('}' | ']')) {
                    depth += 1;
                    new_line(&mut lines, depth);
                }
            }
            '}' | ']' => {
                if !lines[last].ends_with(['{', '[']) {
                    depth = depth.saturating_sub(1);
                    new_line(&mut lines, depth);
                }
                let last = lines.len() - 1;
                lines[last].push(c);
            }
            ',' => {
                lines[last].push(c);
                new_line(&mut lines, depth);
            }
            ':' => lines[last].push_str(": "),
            c if c.is_whitespace() => {}
            c => lines[last].push(c),
        }
    }
    lines
}

/// The lines from `first` on that a window shows, at their places among all.
#[must_use]
pub fn lines(all: &[String], first: usize, count: usize, height: f64) -> Vec<Markup> {
    let shown = all
        .iter()
        .enumerate()
        .skip(first)
        .take(count)
        .map(|(number, line)| {
            element("li", "raw__line")
                .set("style", &format!("top:{}px", number as f64 * height))
                .with(text("i", "", &(number + 1).to_string()))
                .with(text("code", "", &format::clipped(line, 4_000)))
        });
    let list = element("ol", "raw__lines")
        .set("style", &format!("height:{}px", all.len() as f64 * height))
        .all(shown.collect());
    vec![list]
}

/// The choices of what to group by, as a row of buttons.
#[must_use]
pub fn groupings(chosen: &str) -> Markup {
    let choices = [
        ("service,name", "Service and name"),
        ("service", "Service"),
        ("name", "Name"),
        ("kind", "Kind"),
    ];
    let buttons = choices.map(|(by, label)| {
        button("pill", &format!("by:{by}"), label)
            .set("aria-pressed", if by == chosen { "true" } else { "false" })
    });
    element("div", "pills")
        .set("role", "group")
        .set("aria-label", "Group by")
        .all(buttons.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_views_share_the_selection_and_the_time() {
        let kept = "?span=ab&zoom=1-2&by=kind&q=<b>";
        assert_eq!(
            address("id", "logs", kept),
            "/trace/id/logs?span=ab&zoom=1-2"
        );
        assert_eq!(address("id", "", kept), "/trace/id?span=ab&zoom=1-2");
        for (view, key, _) in View::ALL {
            assert_eq!(View::from_key(key), Some(view));
        }
        assert_eq!(View::from_key("flame"), None);
    }

    #[test]
    fn json_is_indented_and_otherwise_as_it_was() {
        let json = r#"{"a":[1.50,{"b":"x,{\"y\":\\"}],"c":{},"d":[]}"#;
        let lines = indented(json);
        assert_eq!(
            lines,
            [
                "{",
                "  \"a\": [",
                "    1.50,",
                "    {",
                r#"      "b": "x,{\"y\":\\""#,
                "    }",
                "  ],",
                "  \"c\": {},",
                "  \"d\": []",
                "}"
            ]
        );
        let again: serde_json::Value = serde_json::from_str(&lines.concat()).expect("JSON");
        assert_eq!(
            again,
            serde_json::from_str::<serde_json::Value>(json).expect("JSON")
        );
    }

    #[test]
    fn only_the_lines_of_a_window_are_drawn() {
        let all: Vec<String> = (0..10_000).map(|line| line.to_string()).collect();
        let drawn = lines(&all, 500, 60, 18.0);
        assert_eq!(drawn[0].contents.len(), 60);
        assert!(drawn[0].inner_text().starts_with("501500"));
    }

    #[test]
    fn a_long_list_comes_in_parts_that_say_what_they_are_of() {
        let all: Vec<usize> = (0..450).collect();
        let second = Part::new(260, all.len());
        assert_eq!(second.of(&all), (200..400).collect::<Vec<_>>());
        let pager = second.pager(450, "record", "").expect("a pager");
        assert_eq!(pager.inner_text(), "201–400 of 450 records.PreviousNext");
        let last = Part::new(9_999, all.len());
        assert_eq!(last.of(&all).len(), 50);
        let told = last.pager(1_000, "group", ", of which some are listed");
        assert!(
            told.expect("a pager")
                .inner_text()
                .starts_with("401–450 of 1,000 groups, of which some are listed.")
        );
        assert_eq!(Part::new(0, 200).pager(200, "span", ""), None);
        assert!(Part::new(0, 0).of::<u8>(&[]).is_empty());
    }

    #[test]
    fn groups_are_sorted_by_the_column_that_is_picked() {
        let spans = vec![
            crate::model::fixture::span(1, 0, "shop", "<b>", 0, 100),
            crate::model::fixture::span(2, 1, "shop", "query", 0, 10),
            crate::model::fixture::span(3, 1, "shop", "query", 20, 30),
        ];
        let trace = shared::trace::assemble(spans);
        let groups = shared::trace::statistics::statistics(
            &trace,
            &[shared::trace::statistics::GroupBy::Name],
        );
        let first = |sort: &str| {
            let drawn = statistics(&groups, "id", sort, 0)[0].inner_text();
            drawn.find("query") < drawn.find("<b>")
        };
        assert!(
            first("count") && !first("own"),
            "two queries, one root that works longer"
        );
        let told = story(&shared::trace::story::tell(&trace), "id")[0].inner_text();
        assert!(told.contains("<b> took"), "{told}");
    }
}
