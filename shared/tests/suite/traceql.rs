//! TraceQL over a booking, over small trees and over whatever text: `tests/data/traceql-*.json`, rows
//! of query, trace, expectation and reason.

use proptest::prelude::*;
use serde_json::Value;
use shared::attribute::Attribute;
use shared::id::{SpanId, TraceId};
use shared::query::traceql::{Evaluation, Query, parse};
use shared::span::{SpanEvent, SpanLink, SpanRecord};
use shared::time::DurationNanos;
use shared::trace::{Trace, assemble};

use crate::shop;

fn rows(text: &str) -> Vec<Value> {
    let rows: Vec<Value> = serde_json::from_str(text).expect("the vectors are JSON");
    assert!(rows.len() > 50, "the vectors are there");
    rows
}

fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().expect("a text")
}

/// The names of the spans that a query finds.
fn found<'a>(query: &Query, trace: &'a Trace) -> Vec<&'a str> {
    let nodes = query.matches(trace);
    assert!(nodes.is_sorted());
    let names = nodes.into_iter().map(|node| trace.span(node).name.as_str());
    names.collect()
}

/// A trace from its drawing: `a(b c) d` is `a` with two children, and `d`.
fn tree(drawing: &str) -> Trace {
    let mut records: Vec<SpanRecord> = Vec::new();
    let mut ancestors: Vec<u64> = vec![0];
    for character in drawing.chars() {
        let latest = records.len() as u64;
        match character {
            '(' => ancestors.push(latest),
            ')' => drop(ancestors.pop()),
            ' ' => {}
            name => {
                let (id, depth) = (latest + 1, ancestors.len() as f64);
                let parent = *ancestors.last().expect("brackets in pairs");
                let name = name.to_string();
                records.push(shop::span(
                    id,
                    parent,
                    "tree",
                    &name,
                    id as f64,
                    100.0 - depth,
                ));
            }
        }
    }
    assemble(records)
}

#[test]
fn queries_find_their_spans() {
    let booking = assemble(shop::booking());
    for row in rows(include_str!("../data/traceql-finds.json")) {
        let query = parse(text(&row, "query")).unwrap_or_else(|error| panic!("{row}: {error}"));
        assert_eq!(Value::from(found(&query, &booking)), row["finds"], "{row}");
    }
    for row in rows(include_str!("../data/traceql-trees.json")) {
        let query = parse(text(&row, "query")).unwrap_or_else(|error| panic!("{row}: {error}"));
        let trace = tree(text(&row, "tree"));
        assert_eq!(Value::from(found(&query, &trace)), row["finds"], "{row}");
    }
}

#[test]
fn errors_point_at_their_character() {
    for row in rows(include_str!("../data/traceql-errors.json")) {
        let error = parse(text(&row, "query")).expect_err(&row.to_string());
        let position = row["position"].as_u64().expect("a position") as usize;
        assert_eq!(error.position, position, "{row}: {error}");
        assert!(error.message.contains(text(&row, "says")), "{row}: {error}");
    }
}

#[test]
fn events_links_and_libraries_are_asked_by_their_scopes() {
    let mut records = shop::booking();
    let of = |name: &str, code: i64| SpanEvent {
        time: records[0].span.start + DurationNanos(5_000_000),
        name: name.to_owned(),
        attributes: vec![Attribute::new("code", code)],
        ..SpanEvent::default()
    };
    let events = vec![of("retry", 1), of("exception", 2)];
    records[0].span.events = events;
    records[1].span.links = vec![SpanLink {
        trace_id: TraceId::from_bytes([9; 16]).expect("not zero"),
        span_id: SpanId::from_bytes([8; 8]).expect("not zero"),
        trace_state: String::new(),
        attributes: vec![Attribute::new("kind", "follows")],
        dropped_attributes_count: 0,
        flags: 0,
    }];
    let mut scope = shared::resource::Scope::clone(&records[2].scope);
    (scope.name, scope.version) = ("forms".to_owned(), "1.2".to_owned());
    scope.attributes = vec![Attribute::new("mode", "strict")];
    records[2].scope = scope.into();
    let (click, request, form) = ("click \"Book Now\"", "POST /api/bookings", "POST /bookings");
    let trace = assemble(records);
    for (query, expected, reason) in [
        ("{ event:name = \"exception\" }", click, "one of two events"),
        ("{ event:name =~ \"exc.*\" }", click, "by a pattern"),
        ("{ event:name !~ \"exc.*\" }", "", "one fits"),
        ("{ event:name !~ \"no.*\" }", click, "none fits"),
        ("{ event:name != \"retry\" }", "", "one equals"),
        ("{ event:name != \"other\" }", click, "none equals"),
        ("{ event:name != nil }", click, "presence"),
        ("{ event.code = 2 }", click, "an attribute of an event"),
        ("{ event.code > 2 }", "", "of no event"),
        (
            "{ event:timeSinceStart = 5ms }",
            click,
            "since the start of the span",
        ),
        (
            "{ } | max(event.code) = 2 | { event.code = 1 }",
            click,
            "aggregated over events",
        ),
        (
            "{ link:spanID = \"0808080808080808\" }",
            request,
            "a link's span",
        ),
        ("{ link:traceID =~ \"0909.*\" }", request, "a link's trace"),
        (
            "{ link.kind = \"follows\" }",
            request,
            "an attribute of a link",
        ),
        (
            "{ parent.link.kind = \"follows\" }",
            form,
            "of the parent's links",
        ),
        ("{ instrumentation:name = \"forms\" }", form, "the library"),
        ("{ instrumentation:version = \"1.2\" }", form, "its version"),
        (
            "{ instrumentation.mode = \"strict\" }",
            form,
            "its attributes",
        ),
        ("{ .code = 2 }", "", "the bare dot does not mean events"),
        (
            "{ instrumentation:version = nil && name = \"POST /bookings\" }",
            "",
            "it has one",
        ),
    ] {
        let query = parse(query).unwrap_or_else(|error| panic!("{query}: {error}"));
        let expected: Vec<&str> = Some(expected)
            .filter(|name| !name.is_empty())
            .into_iter()
            .collect();
        assert_eq!(found(&query, &trace), expected, "{query}: {reason}");
    }
}

#[test]
fn spansets_carry_their_groups_and_aggregates() {
    let trace = assemble(shop::booking());
    let query = "{ kind = client } | by(resource.service.name) | avg(duration) >= 30ms | select(status, duration)";
    let query = parse(query).expect("valid");
    let spansets: Vec<(String, usize)> = query
        .find(&trace)
        .spansets
        .iter()
        .map(|spanset| {
            let values = spanset.values.iter();
            let values: Vec<String> = values
                .map(|(label, value)| format!("{label}={value}"))
                .collect();
            (values.join(" "), spanset.nodes.len())
        })
        .collect();
    let expected = |service: &str, mean: &str, count| {
        (
            format!("resource.service.name=\"{service}\" avg(duration)={mean}"),
            count,
        )
    };
    assert_eq!(
        spansets,
        [
            expected("shop-web", "2240ms", 1),
            expected("booking", "30ms", 1),
            expected("payment", "541333333ns", 3),
            expected("seating", "50ms", 1),
        ]
    );
    let selected = query.selected();
    let values: Vec<String> = selected
        .iter()
        .map(|field| field.value(&trace, 8).to_string())
        .collect();
    assert_eq!(values, ["error", "601ms"]);
}

#[test]
fn metrics_queries_are_read_and_not_executed() {
    for (query, position, says) in [
        ("{ status = error } | rate()", 21, "rate()"),
        (
            "{ } | count_over_time() by (name, span.http.route) with (sample=0.1)",
            6,
            "count_over_time()",
        ),
        (
            "{ } | quantile_over_time(duration, 0, .9, 1) by (.a) | topk(3)",
            6,
            "quantile_over_time()",
        ),
        (
            "{ } | histogram_over_time(duration)",
            6,
            "histogram_over_time()",
        ),
        ("{ } | sum_over_time(span.bytes) > 5", 6, "sum_over_time()"),
        (
            "{ } | compare({ status = error && duration > 1s }, 10)",
            6,
            "compare()",
        ),
        ("{ } | rate() | bottomk(2)", 6, "rate()"),
        ("{ } with (sample=0.1)", 10, "sample"),
    ] {
        let read = parse(query).unwrap_or_else(|error| panic!("{query}: {error}"));
        let error = read.executable().expect_err(query);
        assert_eq!(error.position, position, "{query}");
        assert!(error.message.contains(says), "{query}: {error}");
    }
    for query in ["", "{ } | count() > 2", "{ } with (most_recent=true)"] {
        assert_eq!(parse(query).expect("valid").executable(), Ok(()));
    }
}

#[test]
fn a_query_without_a_part_finds_no_less() {
    let parts = |query: &str| -> Vec<(String, String)> {
        let probes = parse(query).expect("valid").probes();
        probes
            .into_iter()
            .map(|probe| (probe.part, probe.without.to_string()))
            .collect()
    };
    let row = |part: &str, without: &str| (part.to_owned(), without.to_owned());
    assert_eq!(
        parts("{ name = \"a\" && .b > 1 } && { status = error } | count() > 2 | select(name)"),
        [
            row(
                "name = \"a\"",
                "{ .b > 1 } && { status = error } | count() > 2 | select(name)"
            ),
            row(
                ".b > 1",
                "{ name = \"a\" } && { status = error } | count() > 2 | select(name)"
            ),
            row(
                "status = error",
                "{ name = \"a\" && .b > 1 } && { } | count() > 2 | select(name)"
            ),
            row(
                "count() > 2",
                "{ name = \"a\" && .b > 1 } && { status = error } | select(name)"
            ),
        ]
    );
    assert_eq!(
        parts("{ .a || .b } >> { .c }"),
        [
            row(".a || .b", "{ } >> { .c }"),
            row(".c", "{ .a || .b } >> { }")
        ]
    );
    assert_eq!(parts("{ .a } || { .b }"), [row("{ .a } || { .b }", "")]);
    assert_eq!(parts("{ }"), []);
}

#[test]
fn brackets_nest_only_so_deep() {
    let nested = |depth: usize| format!("{{ {}true{} }}", "(".repeat(depth), ")".repeat(depth));
    assert!(parse(&nested(60)).is_ok());
    for query in [
        nested(100_000),
        "(".repeat(100_000),
        format!("{{ {}true }}", "!".repeat(100_000)),
        format!("{{ {}1 = 1 }}", "-".repeat(100_000)),
        format!("{} > 1", "(".repeat(100_000)),
    ] {
        assert!(
            parse(&query)
                .expect_err("too deep")
                .message
                .contains("deeper than")
        );
    }
    for (part, join) in [
        ("{ name = \"a\" || name = \"b\" }", " || "),
        ("{ .a }", " >> "),
        ("{ .a }", " | "),
        ("count() > 1", " | "),
    ] {
        let query = parse(&vec![part; 20_000].join(join)).expect("long is fine");
        assert_eq!(query.matches(&Trace::default()), Vec::<u32>::new());
    }
    let sum = format!("{{ {} > 1 }}", vec![".a"; 20_000].join(" + "));
    assert!(parse(&sum).is_ok());
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

/// Text that is often a query.
fn almost_a_query() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "([{}()|&=!~<>.:\"`+*/^%, -]|name|duration|span\\.|resource|parent\\.|event:name|\\.a|1|5ms|nil|error|\"x\"|é|count\\(\\)|avg\\(|by\\(|select\\(|rate\\(\\)|with \\(){0,30}",
        "\\{ (!|-|\\()?(\\.a|name|parent\\.b|duration|\\.\"1\"|event\\.c|1|\"x\") (=|!=|>|\\+|\\*|=~|&&) (\\.b|\"y\"|2|1\\.5s|nil|error) ?\\)?(\\|\\| \\.c|&& !\\.d|\\^ 2 = 4)? \\}( (&&|\\|\\||>|!>>|&~|~) \\{ \\.e < -3 \\})?( \\| (count\\(\\) > 1|by\\(name\\)|select\\(\\.a, name\\)|coalesce\\(\\)|rate\\(\\) by \\(name\\)|max\\(duration\\) - 1 > 3s)){0,3}",
    ]
}

proptest! {
    #[test]
    fn any_text_is_read_without_panic_and_written_as_it_was_meant(text in almost_a_query()) {
        match parse(&text) {
            Ok(query) => {
                let printed = query.to_string();
                let again = parse(&printed);
                prop_assert_eq!(again.as_ref(), Ok(&query), "{} of {}", printed, text);
                let trace = assemble(shop::booking());
                let found = query.matches(&trace);
                prop_assert!(found.iter().all(|node| (*node as usize) < trace.nodes.len()));
                let mut slices = Evaluation::default();
                while !slices.step(&query, &trace, 4) {}
                prop_assert_eq!(slices.finish(&query, &trace).nodes, found.clone());
                if !found.is_empty() {
                    for probe in query.probes() {
                        prop_assert!(!probe.without.matches(&trace).is_empty(), "{}", probe.part);
                    }
                }
            }
            Err(error) => {
                prop_assert!(text.is_char_boundary(error.position), "{} in {text:?}", error.position);
                prop_assert!(!error.message.is_empty());
            }
        }
    }
}
