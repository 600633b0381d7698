//! Reports of traces, of which every text may come from an attacker.

use proptest::prelude::*;
use shared::attribute::Attribute;
use shared::query::Note;
use shared::report::{facts, html, markdown};
use shared::time::UnixNanos;
use shared::trace::{Trace, assemble};

use crate::generate::span_records;
use crate::shop;

fn note(trace: &Trace, text: &str) -> Note {
    Note {
        id: "00000000000000a1".parse().expect("an id"),
        span_id: trace.nodes.first().map(|node| node.record.span.span_id),
        author: "Ada <ada@example.com>".to_owned(),
        text: text.to_owned(),
        created: UnixNanos(1_795_348_800_123_000_000),
        updated: UnixNanos(1_795_348_800_123_000_000),
    }
}

/// The tags of a page: everything from `<` to the next white space or `>`.
fn tags(page: &str) -> Vec<&str> {
    page.split('<')
        .skip(1)
        .map(|rest| rest.split([' ', '>', '\n']).next().unwrap_or_default())
        .collect()
}

#[test]
fn says_what_the_time_went_to_and_what_failed() {
    let trace = assemble(shop::booking());
    let facts = facts(&trace).expect("spans");
    let first = &facts.parts[0];
    assert!(
        facts
            .story
            .starts_with("click \"Book Now\" → POST /api/bookings took "),
        "{}",
        facts.story
    );
    assert!(facts.story.contains(&first.name), "{}", facts.story);
    let shares: f64 = facts.parts.iter().map(|part| part.share).sum();
    assert!(shares > 0.5 && shares <= 1.000_001, "{shares}");

    let page = html(&trace, &[note(&trace, "look here")]);
    assert!(page.contains("look here") && page.contains("2026-11-22 12:00:00.123 UTC"));
    let rows = tags(&page).iter().filter(|tag| **tag == "details").count();
    let warnings = usize::from(!trace.warnings.is_empty());
    assert_eq!(rows, trace.nodes.len() + warnings);
}

#[test]
fn what_is_written_in_a_trace_is_never_markup() {
    let evil =
        "</title><script>alert(1)</script>\"'><img src=x onerror=alert(1)> ![x](http://e) @all | `";
    let mut spans = shop::booking();
    for record in &mut spans {
        record.span.name = evil.to_owned();
        record.span.status.message = evil.to_owned();
        record.span.attributes = vec![Attribute::new(evil, evil)];
        let mut resource = record.resource.as_ref().clone();
        resource.attributes = vec![Attribute::new("service.name", evil)];
        record.resource = resource.into();
    }
    let trace = assemble(spans);
    let page = html(&trace, &[note(&trace, evil)]);
    assert!(page.contains("&lt;script&gt;"), "it is there as a text");
    assert!(
        tags(&page)
            .iter()
            .all(|tag| !matches!(*tag, "script" | "img" | "/script"))
    );
    assert!(page.contains("default-src 'none'"));
    let text = markdown(
        &trace,
        &[note(&trace, evil)],
        Some("http://localhost:4319/trace/1"),
    );
    for part in ["![", "@all", " | `"] {
        assert!(!text.contains(part), "{part:?} in {text}");
    }
    let bare = text
        .match_indices('<')
        .filter(|(at, _)| !text[..*at].ends_with('\\'));
    assert_eq!(bare.count(), 1, "the link alone is in angle brackets");
    assert!(text.contains("- Link: <http://localhost:4319/trace/1>"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn every_trace_has_reports_with_no_tag_of_its_own(spans in span_records()) {
        let trace = assemble(spans);
        let page = html(&trace, &[]);
        let known = [
            "!doctype", "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "p",
            "ul", "li", "strong", "code", "table", "tr", "td", "th", "caption", "details",
            "summary", "span", "b", "em", "i",
        ];
        for tag in tags(&page) {
            prop_assert!(known.contains(&tag.trim_start_matches('/')), "{:?}", tag);
        }
        prop_assert!(!markdown(&trace, &[], None).is_empty());
    }
}
