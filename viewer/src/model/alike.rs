//! What a trace may be compared with: the fastest, the usual and the slowest that began as it did, one that
//! failed, and the newest.

use shared::query::{AlikeResponse, TraceSummary};
use shared::time::UnixNanos;

use super::order::ascending;
use crate::format;
use crate::markup::{Markup, cell, element, head, link, row, table, text};

/// So many of the newest are listed.
const LISTED: usize = 25;

/// The choices with links to the comparisons, the usual one first: what a slow trace is compared with.
#[must_use]
pub fn choices(answer: &AlikeResponse, now: UnixNanos) -> Vec<Markup> {
    let trace = &answer.trace;
    let lead = format!(
        "{} {} took {}. Compare it with:",
        format::quoted(&trace.root_name),
        format::relative(now, trace.start),
        format::duration(trace.duration.0)
    );
    let mut parts = vec![
        text("h1", "page__title", "Compare"),
        text("p", "page__lead", &lead),
    ];
    if answer.alike.is_empty() {
        let none = if answer.more {
            format!(
                "None of the newest {} has this root; older ones were not looked at in time.",
                format::counted(answer.scanned_traces, "trace")
            )
        } else {
            "No other trace with this root is kept.".to_owned()
        };
        let none = format!("{none} Any two can be compared at /compare/A/B.");
        parts.push(text("p", "", &none));
        return parts;
    }
    let address = |other: &TraceSummary| format!("/compare/{}/{}", other.trace_id, trace.trace_id);
    let good: Vec<&TraceSummary> = answer
        .alike
        .iter()
        .filter(|one| one.error_count == 0)
        .collect();
    let order = ascending(good.iter().map(|one| one.duration.0 as f64).collect());
    let by_duration: Vec<&TraceSummary> = order.into_iter().map(|place| good[place]).collect();
    let failed = answer.alike.iter().find(|one| one.error_count > 0);
    let named = [
        (
            "The median",
            by_duration.get(by_duration.len() / 2).copied(),
        ),
        ("The fastest", by_duration.first().copied()),
        ("The slowest", by_duration.last().copied()),
        ("The last that failed", failed),
    ];
    let cards = named.into_iter().filter_map(|(label, other)| {
        let other = other?;
        let card = link("choice-card", &address(other), "")
            .with(text("b", "", label))
            .with(text(
                "span",
                "choice-card__duration",
                &format::duration(other.duration.0),
            ))
            .with(text("small", "", &format::relative(now, other.start)));
        Some(card)
    });
    parts.push(element("div", "choice-cards").all(cards.collect()));
    let rows = answer.alike.iter().take(LISTED).map(|other| {
        let when = link("", &address(other), &format::relative(now, other.start));
        let failed = match other.error_count {
            0 => cell("none"),
            errors => text("td", "data-table__failed", &errors.to_string()),
        };
        let cells = vec![
            cell(&format::duration(other.duration.0)),
            cell(&other.span_count.to_string()),
            failed,
        ];
        row("", when, cells)
    });
    let caption = caption(answer);
    let heads = ["When", "Duration", "Spans", "Errors"].map(head).to_vec();
    parts.push(table(
        "data-table data-table--small",
        &caption,
        heads,
        rows.collect(),
    ));
    parts
}

/// What the table has of what there is.
fn caption(answer: &AlikeResponse) -> String {
    let found = answer.alike.len();
    let listed = found.min(LISTED);
    let of = if listed < found {
        format!(" of {found}")
    } else {
        String::new()
    };
    let looked_at = format::counted(answer.scanned_traces, "trace");
    let rest = if answer.more {
        "; older ones were not"
    } else {
        ""
    };
    format!("The newest {listed}{of} with the same root, {looked_at} looked at{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::id::TraceId;
    use shared::time::DurationNanos;

    fn summary(number: u8, millis: i64, errors: u32) -> TraceSummary {
        let span = crate::model::fixture::span(1, 0, "shop", "POST /book", 0, 10);
        let trace = shared::trace::assemble(vec![span]);
        let mut summary = shared::query::summarise(&trace).expect("a span");
        summary.trace_id = TraceId::from_bytes([number; 16]).expect("an id");
        summary.duration = DurationNanos::from_millis(millis);
        summary.error_count = errors;
        summary
    }

    #[test]
    fn the_usual_is_offered_first_and_as_the_baseline() {
        let answer = AlikeResponse {
            trace: summary(9, 900, 0),
            alike: vec![
                summary(1, 300, 0),
                summary(2, 100, 0),
                summary(3, 200, 0),
                summary(4, 5, 1),
            ],
            scanned_traces: 6,
            more: false,
        };
        assert_eq!(
            caption(&answer),
            "The newest 4 with the same root, 6 traces looked at"
        );
        let drawn = choices(&answer, UnixNanos(1));
        let crate::markup::Content::Element(median) = &drawn[2].contents[0] else {
            panic!("a card");
        };
        assert!(median.inner_text().starts_with("The median"));
        let (other, this) = ("03".repeat(16), "09".repeat(16));
        assert!(
            median
                .attributes
                .contains(&("href", format!("/compare/{other}/{this}")))
        );
        assert_eq!(
            drawn[2].contents.len(),
            4,
            "a failed one does not count as the fastest"
        );
        let alone = AlikeResponse {
            alike: Vec::new(),
            ..answer
        };
        assert_eq!(choices(&alone, UnixNanos(1)).len(), 3);
    }

    #[test]
    fn what_was_left_out_is_said() {
        let answer = AlikeResponse {
            trace: summary(9, 900, 0),
            alike: (1..=30).map(|number| summary(number, 100, 0)).collect(),
            scanned_traces: 4_000,
            more: true,
        };
        assert_eq!(
            caption(&answer),
            "The newest 25 of 30 with the same root, 4,000 traces looked at; older ones were not"
        );
        let none = AlikeResponse {
            alike: Vec::new(),
            ..answer
        };
        let drawn = choices(&none, UnixNanos(1));
        assert!(
            drawn[2]
                .inner_text()
                .contains("None of the newest 4,000 traces"),
            "it is not said that there is none"
        );
    }
}
