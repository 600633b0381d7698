//! TraceQL over the booking: `tests/data/traceql-*.json`, rows of query, expectation and reason.

use proptest::prelude::*;
use serde_json::Value;
use shared::query::traceql::parse;
use shared::trace::{Trace, assemble};

use crate::shop;

fn rows(text: &str) -> Vec<Value> {
    let rows: Vec<Value> = serde_json::from_str(text).expect("the vectors are JSON");
    assert!(rows.len() > 50, "the vectors are there");
    rows
}

#[test]
fn queries_find_their_spans() {
    let trace = assemble(shop::booking());
    for row in rows(include_str!("../data/traceql-finds.json")) {
        let query = parse(row["query"].as_str().expect("a query"))
            .unwrap_or_else(|error| panic!("{row}: {error}"));
        let found = query.matches(&trace);
        assert!(found.is_sorted(), "{row}");
        let names: Vec<&str> = found
            .into_iter()
            .map(|node| trace.span(node).name.as_str())
            .collect();
        assert_eq!(Value::from(names), row["finds"], "{row}");
    }
}

#[test]
fn errors_point_at_their_character() {
    for row in rows(include_str!("../data/traceql-errors.json")) {
        let error = parse(row["query"].as_str().expect("a query")).expect_err(&row.to_string());
        assert_eq!(
            error.position,
            row["position"].as_u64().expect("a position") as usize,
            "{row}: {error}"
        );
        assert!(
            error
                .message
                .contains(row["says"].as_str().expect("a text")),
            "{row}: {error}"
        );
    }
}

#[test]
fn brackets_nest_only_so_deep() {
    let nested = |depth: usize| format!("{{ {}true{} }}", "(".repeat(depth), ")".repeat(depth));
    assert!(parse(&nested(60)).is_ok());
    for query in [
        nested(100_000),
        "(".repeat(100_000),
        format!("{{ {}true }}", "!".repeat(100_000)),
    ] {
        assert!(
            parse(&query)
                .expect_err("too deep")
                .message
                .contains("deeper than")
        );
    }
    let long = vec!["{ name = \"a\" || name = \"b\" }"; 20_000].join(" || ");
    assert_eq!(
        parse(&long)
            .expect("long is fine")
            .matches(&Trace::default()),
        Vec::<u32>::new()
    );
}

#[test]
fn the_empty_trace_matches_nothing_and_some_queries_match_everything() {
    for (query, finds_all) in [
        ("", true),
        ("{ }", true),
        ("{ true }", false),
        ("{ } && { }", false),
    ] {
        let query = parse(query).expect("valid");
        assert_eq!(query.matches(&Trace::default()), Vec::<u32>::new());
        assert_eq!(query.finds_all(), finds_all);
    }
}

proptest! {
    #[test]
    fn any_text_is_read_without_panic(
        text in prop_oneof![
            any::<String>(),
            "([{}()|&=!~<>.:\"`+* -]|name|duration|span|resource|\\.a|1|5ms|nil|error|\"x\"|é){0,30}",
        ],
    ) {
        match parse(&text) {
            Ok(query) => {
                let trace = assemble(shop::booking());
                prop_assert!(query.matches(&trace).iter().all(|node| (*node as usize) < trace.nodes.len()));
            }
            Err(error) => {
                prop_assert!(text.is_char_boundary(error.position), "{} in {text:?}", error.position);
                prop_assert!(!error.message.is_empty());
            }
        }
    }
}
