//! Pages, bounds, names and parts of searches.

use shared::query::Stopped;

use super::*;
use crate::query::{matches, parts, tags};

#[test]
fn a_search_goes_on_where_its_page_ended() {
    for_both(|subject| {
        // Two at a time start together, and every third has what is looked for.
        subject.append(spans((0..30).map(|trace| {
            with(trace, i64::from(trace / 2), |record| {
                record.span.attributes = vec![Attribute::new("wanted", trace % 3 == 0)];
            })
        })));
        for text in ["", "{ .wanted }", "{ .wanted = true && name =~ \"G.*\" }"] {
            let search_for = Search {
                query: query(text),
                limit: 4,
                ..Search::default()
            };
            let all = subject.found(text);
            let (found, pages) = subject.pages(&search_for, &long());
            assert_eq!(found, all);
            assert_eq!(pages, all.len().div_ceil(4));
            // Time that is always up still gets through, a trace at a time.
            let over = Bounds::until(std::time::Instant::now());
            let (found, pages) = subject.pages(&search_for, &over);
            assert_eq!(found, all);
            assert!(pages > all.len() / 2);
        }
    });
}

#[test]
fn a_link_is_found_from_both_ends() {
    for_both(|subject| {
        // Of thirty traces the fifth links to the second, which came before it, and to the twentieth, which comes later.
        subject.append(spans((1..=30).map(|trace| {
            with(trace, i64::from(trace), |record| {
                let linked = if trace == 5 { &[2, 20][..] } else { &[] };
                record.span.links = linked.iter().map(|linked| link(*linked)).collect();
            })
        })));
        for linked in [2, 20] {
            let text = format!("{{ link:traceID = \"{}\" }}", trace_id(linked));
            let found = subject.find(&text, UnixNanos(0), UnixNanos(u64::MAX), 10);
            assert_eq!(found.traces, ids(&[5]), "who links to {linked}");
            let looked_at = if subject.name == "memory" { 30 } else { 1 };
            assert_eq!(found.scanned, looked_at, "{}", subject.name);
            let text = format!("{{ trace:id = \"{}\" }}", trace_id(linked));
            let found = subject.find(&text, UnixNanos(0), UnixNanos(u64::MAX), 10);
            assert_eq!(
                (found.traces, found.scanned),
                (ids(&[linked]), 1),
                "what 5 links to"
            );
        }
        let nobody = format!("{{ link:traceID = \"{}\" }}", trace_id(9));
        assert_eq!(subject.found(&nobody), []);
        // Together with what the other index has.
        let both = format!(
            "{{ link:traceID = \"{}\" && name = \"none\" }}",
            trace_id(2)
        );
        assert_eq!(subject.found(&both), []);
    });
}

fn link(trace: u32) -> shared::span::SpanLink {
    shared::span::SpanLink {
        trace_id: trace_id(trace),
        span_id: span_id(1),
        trace_state: String::new(),
        attributes: Vec::new(),
        dropped_attributes_count: 0,
        flags: 0,
    }
}

#[test]
fn a_search_says_what_it_looked_at_and_why_it_ended() {
    for_both(|subject| {
        let mut records: Vec<_> = (1..=5)
            .map(|trace| with(trace, i64::from(trace), |_| {}))
            .collect();
        let mut child = with(5, 6, |_| {});
        child.span.span_id = span_id(2);
        records.push(child);
        subject.append(spans(records));
        let looked = |limit, bounds: &Bounds| {
            let search_for = Search {
                limit,
                ..Search::default()
            };
            let found = search(subject.store.as_ref(), &search_for, bounds).expect("searchable");
            (found.scanned_traces, found.scanned_spans, found.stopped)
        };
        assert_eq!(looked(10, &long()), (5, 6, Stopped::End));
        assert_eq!(looked(2, &long()), (3, 4, Stopped::Limit));
        let over = Bounds::until(std::time::Instant::now());
        assert_eq!(looked(10, &over), (1, 2, Stopped::Deadline));
        let gone = long();
        gone.cancelled
            .store(true, std::sync::atomic::Ordering::Relaxed);
        assert_eq!(looked(10, &gone).0, 1, "nobody waits");
    });
}

#[test]
fn a_found_trace_lists_its_spans_groups_and_selection() {
    for_both(|subject| {
        let record = |number: u32, name: &str| {
            let mut record = with(1, i64::from(number), |_| {});
            record.span.span_id = span_id(number);
            record.span.name = name.to_owned();
            record
        };
        subject.append(spans([
            record(1, "pay"),
            record(2, "pay"),
            record(3, "seat"),
        ]));
        let found = subject.search(&Search {
            query: query("{ } | by(name) | avg(duration) > 0s | select(status, .nothing)"),
            spans: 2,
            ..Search::default()
        });
        let matched = &found.matched[0];
        assert_eq!((matched.span_count, matched.spanset_count), (3, 2));
        let spans: Vec<_> = matched.spans.iter().map(|span| span.span_id).collect();
        assert_eq!(spans, [span_id(1), span_id(2)]);
        let values = |values: &[shared::query::FieldValue]| -> Vec<String> {
            let values = values.iter();
            values
                .map(|value| format!("{}={}", value.field, value.value))
                .collect()
        };
        assert_eq!(
            values(&matched.spans[0].selected),
            ["status=unset", ".nothing=nil"]
        );
        assert_eq!(
            values(&matched.spansets[0].values),
            ["name=\"pay\"", "avg(duration)=1s"]
        );
        assert_eq!(matched.spansets[1].span_count, 1);
        let noted = [
            "name = \"pay\"",
            "avg(duration) = 1s",
            "name = \"seat\"",
            "status = unset",
            ".nothing = nil",
        ];
        assert_eq!(found.traces[0].noted, noted);
        assert_eq!(matched.spans[1].start, DurationNanos(1_000_000_000));
    });
}

#[test]
fn one_trace_is_found_by_its_id() {
    for_both(|subject| {
        subject.append(spans(
            (1..=5).map(|trace| with(trace, i64::from(trace), |_| {})),
        ));
        let found = subject.search(&Search {
            query: query(&format!("{{ trace:id = \"{}\" }}", trace_id(2))),
            ..Search::default()
        });
        assert_eq!(found.traces[0].trace_id, trace_id(2));
        assert_eq!(found.scanned_traces, 1, "no other was looked at");
        let ids = |text: &str| {
            matches(subject.store.as_ref(), trace_id(2), &query(text)).expect("readable")
        };
        assert_eq!(ids("{ name = \"GET /\" }"), Some(vec![span_id(1)]));
        assert_eq!(ids("{ name = \"other\" }"), Some(Vec::new()));
        assert_eq!(
            matches(subject.store.as_ref(), trace_id(9), &query("")).expect("readable"),
            None
        );
    });
}

#[test]
fn names_and_values_are_those_of_the_newest_traces() {
    for_both(|subject| {
        let store = subject.store.as_ref();
        subject.append(spans((0..5).map(|trace| {
            with(trace, i64::from(trace), |record| {
                record.span.attributes = vec![
                    Attribute::new("http.route", if trace < 3 { "/a" } else { "/b" }),
                    Attribute::new("odd name", i64::from(trace)),
                ];
            })
        })));
        subject.append(spans([rich_span(9, 1)]));
        let all = Search::default();
        let names = |scope: &str| -> Vec<(String, u64)> {
            let found = tags::names(store, &all, Some(scope), &long()).expect("readable");
            assert!(!found.more);
            found
                .tags
                .into_iter()
                .map(|tag| (tag.name, tag.span_count))
                .collect()
        };
        let of_span = names("span");
        assert_eq!(of_span[0], ("span.\"odd name\"".to_owned(), 5));
        assert_eq!(of_span[1], ("span.http.route".to_owned(), 5));
        assert!(of_span.contains(&("span.int".to_owned(), 1)));
        assert_eq!(
            names("resource")[0],
            ("resource.service.name".to_owned(), 6)
        );
        assert_eq!(
            names("instrumentation"),
            [("instrumentation.scoped".to_owned(), 1)]
        );
        assert!(
            names("intrinsic")
                .iter()
                .any(|(name, _)| name == "duration")
        );
        let values = |field: &str, of: &str| -> Vec<(String, u64)> {
            let select = query(&format!("select({field})"));
            let search_for = Search {
                query: query(of),
                ..Search::default()
            };
            let found =
                tags::values(store, &search_for, select.selected()[0], &long()).expect("readable");
            found
                .values
                .into_iter()
                .map(|value| (value.value, value.span_count))
                .collect()
        };
        let row = |value: &str, count| (value.to_owned(), count);
        assert_eq!(
            values("span.http.route", ""),
            [row("\"/a\"", 3), row("\"/b\"", 2)]
        );
        assert_eq!(
            values("span.http.route", "{ span.\"odd name\" > 3 }"),
            [row("\"/b\"", 1)]
        );
        assert_eq!(
            values("span.list", ""),
            [row("\"a\"", 1), row("1", 1)],
            "members of a list"
        );
        assert_eq!(
            values(".service.name", ""),
            [row("\"shop\"", 5), row("\"rich\"", 1)]
        );
        assert_eq!(
            values("status", "{ .http.route = \"/a\" }"),
            [row("unset", 3)]
        );
        assert_eq!(values("event:name", ""), [row("\"exception\"", 1)]);
        assert_eq!(values("parent.name", ""), []);
    });
}

#[test]
fn says_which_part_of_a_search_leaves_nothing() {
    for_both(|subject| {
        subject.append(spans([with(1, 0, |record| {
            record.resource = service("payment")
        })]));
        let found = |text: &str, start: UnixNanos| -> Vec<(Option<String>, String, Option<bool>)> {
            let search_for = Search {
                query: query(text),
                start,
                ..Search::default()
            };
            let answer =
                parts::parts(subject.store.as_ref(), &search_for, &long()).expect("readable");
            answer
                .parts
                .into_iter()
                .map(|part| (part.part, part.query, part.found))
                .collect()
        };
        let part =
            |part: &str, query: &str, found| (Some(part.to_owned()), query.to_owned(), Some(found));
        assert_eq!(
            found(
                "{ .service.name = \"payment\" && name = \"other\" }",
                UnixNanos(0)
            ),
            [
                part(".service.name = \"payment\"", "{ name = \"other\" }", false),
                part("name = \"other\"", "{ .service.name = \"payment\" }", true),
            ]
        );
        assert_eq!(
            found("{ name = \"GET /\" }", after_noon(10)),
            [
                part("name = \"GET /\"", "", false),
                (None, "{ name = \"GET /\" }".to_owned(), Some(true))
            ]
        );
    });
}
