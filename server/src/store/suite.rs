//! What every store does. Each test runs against both.

mod finding;

use proptest::prelude::*;
use shared::attribute::Attribute;
use shared::id::TraceId;
use shared::query::{SearchResponse, traceql};
use shared::span::{SpanRecord, StatusCode};
use shared::time::{DurationNanos, UnixNanos};
use tempfile::TempDir;

use super::memory::MemoryStore;
use super::sqlite::{DataDirectory, SqliteStore};
use super::*;
use crate::query::search::{Bounds, Search, parse_cursor, search};
use crate::sample::{
    NOON, TestClock, after_noon, log, metric, rich_span, run, service, span, span_id, spans,
    trace_id,
};

/// A store, its clock, and its files for as long as it lives.
pub struct Subject {
    name: &'static str,
    pub store: Arc<dyn Store>,
    pub clock: TestClock,
    _directory: TempDir,
}

fn subjects() -> [Subject; 2] {
    let memory = TestClock::at_noon();
    let sqlite = TestClock::at_noon();
    let directory = TempDir::new().expect("a directory");
    let held = DataDirectory::hold(directory.path()).expect("a data directory");
    let store = SqliteStore::open(held, sqlite.clock(), None).expect("a store");
    [
        Subject {
            name: "memory",
            store: Arc::new(MemoryStore::new(memory.clock())),
            clock: memory,
            _directory: TempDir::new().expect("a directory"),
        },
        Subject {
            name: "sqlite",
            store: Arc::new(store),
            clock: sqlite,
            _directory: directory,
        },
    ]
}

/// Runs a check against either store.
pub fn for_both(check: impl Fn(&Subject)) {
    for subject in subjects() {
        eprintln!("the {} store:", subject.name);
        check(&subject);
    }
}

impl Subject {
    fn append(&self, batch: Batch) {
        self.store
            .append(&[batch])
            .expect("the store takes the batch");
    }

    fn trace(&self, number: u32) -> Vec<SpanRecord> {
        let mut found = self
            .store
            .trace(trace_id(number))
            .expect("the trace is readable");
        found.sort_by_key(|record| (record.span.span_id, record.span.name.clone()));
        found
    }

    fn find(&self, query: &str, start: UnixNanos, end: UnixNanos, limit: usize) -> Found {
        let query = traceql::parse(query).unwrap_or_else(|error| panic!("{query}: {error}"));
        let search_for = Search {
            query,
            start,
            end,
            limit,
            ..Search::default()
        };
        let response = self.search(&search_for);
        Found {
            traces: response
                .traces
                .iter()
                .map(|summary| summary.trace_id)
                .collect(),
            more: response.more,
            scanned: response.scanned_traces,
        }
    }

    fn search(&self, search_for: &Search) -> SearchResponse {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(600);
        let bounds = Bounds::until(deadline);
        search(self.store.as_ref(), search_for, &bounds).expect("searchable")
    }

    /// Every trace that a search finds, page by page, and how many pages that took.
    fn pages(&self, search_for: &Search, bounds: &Bounds) -> (Vec<TraceId>, usize) {
        let (mut found, mut pages) = (Vec::new(), 0);
        let mut next = search_for.clone();
        loop {
            let page = search(self.store.as_ref(), &next, bounds).expect("searchable");
            found.extend(page.traces.iter().map(|summary| summary.trace_id));
            pages += 1;
            assert_eq!(page.more, page.next.is_some());
            match page.next {
                Some(after) => next.after = Some(parse_cursor(&after).expect("a cursor")),
                None => return (found, pages),
            }
        }
    }

    fn found(&self, query: &str) -> Vec<TraceId> {
        self.find(query, UnixNanos(0), UnixNanos(u64::MAX), 1_000)
            .traces
    }
}

fn query(text: &str) -> traceql::Query {
    traceql::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn long() -> Bounds {
    Bounds::until(std::time::Instant::now() + std::time::Duration::from_secs(600))
}

struct Found {
    traces: Vec<TraceId>,
    more: bool,
    scanned: u64,
}

fn ids(numbers: &[u32]) -> Vec<TraceId> {
    numbers.iter().map(|number| trace_id(*number)).collect()
}

/// A span of its own trace with an attribute, starting so many seconds after noon.
fn with(trace: u32, seconds: i64, change: impl FnOnce(&mut SpanRecord)) -> SpanRecord {
    let mut record = span(trace, 1);
    record.span.start = after_noon(seconds);
    record.span.end = after_noon(seconds + 1);
    change(&mut record);
    record
}

#[test]
fn gives_back_every_field_of_a_span() {
    for_both(|subject| {
        let sent = vec![rich_span(1, 1), span(1, 2)];
        subject.append(spans(sent.clone()));
        assert_eq!(subject.trace(1), sent);
        assert_eq!(subject.trace(2), Vec::new());
    });
}

#[test]
fn keeps_values_as_deep_as_they_are_taken() {
    let nested = |open: &str, close: &str, levels: usize| {
        let (open, close) = (open.repeat(levels), close.repeat(levels));
        format!(
            r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"traceId":"{}","spanId":"{}",
            "events":[{{"attributes":[{{"key":"deep","value":{open}{{}}{close}}}]}}]}}]}}]}}]}}"#,
            trace_id(1),
            crate::sample::span_id(1),
        )
    };
    for (open, close) in [
        (r#"{"arrayValue":{"values":["#, "]}}"),
        (r#"{"kvlistValue":{"values":[{"key":"k","value":"#, "}]}}"),
    ] {
        let decode =
            |levels| shared::otlp::json::decode_spans(nested(open, close, levels).as_bytes());
        let deepest = (1..60)
            .rev()
            .find_map(|levels| decode(levels).ok())
            .expect("some depth");
        assert_eq!(deepest.records.len(), 1);
        for_both(|subject| {
            subject.append(spans(deepest.records.clone()));
            assert_eq!(subject.trace(1), deepest.records);
        });
    }
}

#[test]
fn keeps_times_that_no_calendar_has() {
    for_both(|subject| {
        for (number, start, end, reason) in [
            (1, 0, 0, "never set"),
            (2, 5, 3, "an end before the start"),
            (3, u64::MAX, u64::MAX, "the last instant"),
            (4, u64::MAX, 0, "the widest negative duration"),
            (5, 0, u64::MAX, "the widest duration"),
            (
                6,
                i64::MAX as u64,
                i64::MAX as u64 + 1,
                "across what SQLite holds",
            ),
        ] {
            let sent = with(number, 0, |record| {
                (record.span.start, record.span.end) = (UnixNanos(start), UnixNanos(end));
            });
            subject.append(spans([sent.clone()]));
            assert_eq!(subject.trace(number), [sent], "{reason}");
            assert!(subject.found("").contains(&trace_id(number)), "{reason}");
        }
    });
}

#[test]
fn keeps_a_span_once_however_often_it_arrives() {
    for_both(|subject| {
        let sent = rich_span(1, 1);
        subject.append(spans([sent.clone(), sent.clone()]));
        subject.append(spans([sent.clone()]));
        // The same content from another batch, in other memory.
        subject.append(spans([rich_span(1, 1)]));
        assert_eq!(subject.trace(1), [sent]);
        assert_eq!(subject.store.services().expect("readable")[0].span_count, 1);
    });
}

#[test]
fn keeps_a_different_span_with_the_same_ids_beside_the_first() {
    for_both(|subject| {
        let first = span(1, 1);
        let mut second = span(1, 1);
        second.span.name = "conflicting".to_owned();
        let mut third = span(1, 1);
        third.resource = service("impostor");
        subject.append(spans([first, second, third]));
        assert_eq!(subject.trace(1).len(), 3);
    });
}

#[test]
fn joins_a_trace_from_batches_of_many_services() {
    for_both(|subject| {
        for number in 1..=20 {
            let mut record = span(1, number);
            record.resource = service(&format!("service-{}", number % 5));
            subject.append(spans([record, span(2, number)]));
        }
        assert_eq!(subject.trace(1).len(), 20);
        let services = subject.store.services().expect("readable");
        let names: Vec<&str> = services
            .iter()
            .map(|service| service.name.as_str())
            .collect();
        assert_eq!(
            names,
            [
                "service-0",
                "service-1",
                "service-2",
                "service-3",
                "service-4",
                "shop"
            ]
        );
    });
}

#[test]
fn lists_services_with_their_operations_and_counts() {
    for_both(|subject| {
        let named = |number, name: &str| {
            let mut record = span(number, number);
            record.span.name = name.to_owned();
            record
        };
        subject.append(spans([
            named(1, "b"),
            named(2, "a"),
            named(3, "b"),
            rich_span(4, 1),
        ]));
        let services = subject.store.services().expect("readable");
        assert_eq!(services.len(), 2);
        assert_eq!(
            (services[0].name.as_str(), services[0].browser),
            ("rich", true)
        );
        assert_eq!(
            (services[1].name.as_str(), services[1].browser),
            ("shop", false)
        );
        assert_eq!(services[1].operations, ["a", "b"]);
        assert_eq!(services[1].span_count, 3);
    });
}

#[test]
fn gives_back_the_logs_of_a_trace_by_time() {
    for_both(|subject| {
        let late = log(1, "late", after_noon(5));
        let early = log(1, "early", after_noon(1));
        let mut loose = log(1, "of no trace", NOON);
        loose.record.trace_id = None;
        let other = log(2, "of another trace", NOON);
        let logs = vec![late.clone(), early.clone(), loose, other];
        subject.append(Batch {
            logs,
            ..Batch::default()
        });
        assert_eq!(
            subject.store.logs(trace_id(1)).expect("readable"),
            [early, late]
        );
    });
}

#[test]
fn keeps_equal_log_lines_of_a_batch_and_drops_a_batch_that_arrives_again() {
    for_both(|subject| {
        let line = log(1, "again and again", NOON);
        let batch = Batch {
            logs: vec![line.clone(), line.clone()],
            ..Batch::default()
        };
        subject.append(batch.clone());
        subject.append(batch);
        assert_eq!(
            subject.store.logs(trace_id(1)).expect("readable"),
            [line.clone(), line]
        );
    });
}

/// What may differ between two log records, and how.
type Difference = (&'static str, fn(&mut LogEntry));

#[test]
fn log_records_that_differ_in_anything_are_two() {
    for_both(|subject| {
        let line = log(1, "a line", NOON);
        let changes: [Difference; 7] = [
            ("span", |entry| entry.record.span_id = Some(span_id(9))),
            ("time", |entry| entry.record.time = after_noon(1)),
            ("severity", |entry| entry.record.severity_number = 9),
            ("body", |entry| entry.record.body = "another line".into()),
            ("event", |entry| {
                "click".clone_into(&mut entry.record.event_name)
            }),
            ("attributes", |entry| {
                entry.record.attributes.push(Attribute::new("a", "b"));
            }),
            ("resource", |entry| entry.resource = service("another")),
        ];
        let mut sent = vec![line.clone()];
        for (_, change) in changes {
            let mut other = line.clone();
            change(&mut other);
            sent.push(other);
        }
        for (index, entry) in sent.iter().enumerate() {
            // Each twice, as from a page that did not hear the answer.
            for _ in 0..2 {
                subject.append(Batch {
                    logs: vec![entry.clone()],
                    ..Batch::default()
                });
            }
            let kept = subject.store.logs(trace_id(1)).expect("readable").len();
            let what = index.checked_sub(1).map_or("line", |last| changes[last].0);
            assert_eq!(kept, index + 1, "{what}");
        }
    });
}

#[test]
fn records_that_arrive_again_after_midnight_are_not_two() {
    for_both(|subject| {
        let before_midnight = after_noon(12 * 3_600 - 5);
        let line = log(1, "said twice at once", before_midnight);
        let batch = Batch {
            logs: vec![line.clone(), line.clone()],
            metrics: vec![metric("dropped", 2)],
            ..Batch::default()
        };
        subject.clock.set(before_midnight);
        subject.append(batch.clone());
        subject.clock.set(after_noon(12 * 3_600 + 5));
        subject.append(batch);
        assert_eq!(
            subject.store.logs(trace_id(1)).expect("readable"),
            [line.clone(), line]
        );
        assert_eq!(subject.store.metrics("dropped").expect("readable").len(), 1);
    });
}

#[test]
fn keeps_metrics_with_their_points() {
    for_both(|subject| {
        let sent = [metric("queue", 3), metric("other", 1), metric("queue", 2)];
        subject.append(Batch {
            metrics: sent.to_vec(),
            ..Batch::default()
        });
        subject.append(Batch {
            metrics: sent[..1].to_vec(),
            ..Batch::default()
        });
        let found = subject.store.metrics("queue").expect("readable");
        assert_eq!(found, [sent[0].clone(), sent[2].clone()]);
    });
}

#[test]
fn finds_traces_newest_first_and_equal_starts_by_id() {
    for_both(|subject| {
        for (trace, seconds) in [(5, 10), (1, 30), (4, 20), (2, 20), (3, 20)] {
            subject.append(spans([with(trace, seconds, |_| {})]));
        }
        assert_eq!(subject.found(""), ids(&[1, 2, 3, 4, 5]));
        assert_eq!(subject.found("{ name = \"GET /\" }"), ids(&[1, 2, 3, 4, 5]));
    });
}

#[test]
fn a_trace_stands_where_its_earliest_span_does() {
    for_both(|subject| {
        subject.append(spans([with(1, 50, |_| {}), with(2, 40, |_| {})]));
        assert_eq!(subject.found(""), ids(&[1, 2]));
        let mut parent = with(1, 30, |_| {});
        parent.span.span_id = crate::sample::span_id(2);
        subject.append(spans([parent]));
        assert_eq!(subject.found(""), ids(&[2, 1]));
    });
}

#[test]
fn a_clock_that_cannot_be_right_does_not_move_a_trace() {
    for_both(|subject| {
        subject.append(spans([with(1, -10, |_| {})]));
        subject.append(spans([with(2, 0, |record| {
            record.span.start = UnixNanos(7)
        })]));
        subject.append(spans([with(3, 400 * 86_400, |_| {})]));
        subject.append(spans([with(4, -20, |_| {})]));
        // Both odd ones arrived at noon.
        assert_eq!(subject.found(""), ids(&[2, 3, 1, 4]));
    });
}

#[test]
fn says_whether_there_is_more_than_the_limit() {
    for_both(|subject| {
        subject.append(spans(
            (1..=5).map(|trace| with(trace, i64::from(trace), |_| {})),
        ));
        let all = |limit| subject.find("", UnixNanos(0), UnixNanos(u64::MAX), limit);
        assert_eq!(all(2).traces, ids(&[5, 4]));
        assert!(all(2).more);
        assert!(all(4).more);
        assert!(!all(5).more, "exactly as many as there are");
        assert_eq!(all(5).scanned, 5);
    });
}

#[test]
fn finds_traces_that_start_within_a_range_with_both_ends() {
    for_both(|subject| {
        subject.append(spans(
            (1..=5).map(|trace| with(trace, i64::from(trace) * 10, |_| {})),
        ));
        let between = |start, end| {
            subject
                .find("", after_noon(start), after_noon(end), 10)
                .traces
        };
        assert_eq!(between(20, 40), ids(&[4, 3, 2]));
        assert_eq!(between(21, 39), ids(&[3]));
        assert_eq!(between(60, 90), ids(&[]));
    });
}

#[test]
fn finds_by_service_name_status_duration_and_attribute() {
    for_both(|subject| {
        subject.append(spans([
            with(1, 5, |record| record.resource = service("payment")),
            with(2, 4, |record| record.span.name = "SELECT seats".to_owned()),
            with(3, 3, |record| record.span.status.code = StatusCode::Error),
            with(4, 2, |record| record.span.end = after_noon(30)),
            with(5, 1, |record| {
                record.span.attributes = vec![
                    Attribute::new("http.response.status_code", 500_i64),
                    Attribute::new("ratio", 2.0),
                    Attribute::new("retried", true),
                    Attribute {
                        key: "tags".to_owned(),
                        value: AttributeValue::Array(vec!["x".into(), "y".into()]),
                    },
                ];
            }),
        ]));
        for (query, expected) in [
            ("{ resource.service.name = \"payment\" }", &[1][..]),
            ("{ rootServiceName = \"payment\" }", &[1]),
            ("{ .service.name = \"payment\" }", &[1]),
            ("{ span.service.name = \"payment\" }", &[]),
            ("{ name = \"SELECT seats\" }", &[2]),
            ("{ status = error }", &[3]),
            ("{ duration > 10s }", &[4]),
            ("{ duration >= 28s && duration < 29s }", &[4]),
            ("{ .http.response.status_code = 500 }", &[5]),
            ("{ .http.response.status_code = 500.0 }", &[5]),
            ("{ .http.response.status_code >= 400 }", &[5]),
            ("{ .ratio = 2 }", &[5]),
            ("{ .retried = true }", &[5]),
            ("{ .tags = \"y\" }", &[5]),
            ("{ .tags = \"z\" }", &[]),
            ("{ .http.response.status_code = \"500\" }", &[]),
            ("{ status = error && name = \"SELECT seats\" }", &[]),
            ("{ status = error || name = \"SELECT seats\" }", &[2, 3]),
            (
                "{ resource.service.name = \"shop\" && kind = server }",
                &[2, 3, 4, 5],
            ),
        ] {
            assert_eq!(subject.found(query), ids(expected), "{query}");
        }
    });
}

#[test]
fn conditions_of_one_spanset_are_about_one_span() {
    for_both(|subject| {
        let mut first = with(1, 0, |record| {
            record.span.attributes = vec![Attribute::new("a", 1_i64)]
        });
        first.span.span_id = crate::sample::span_id(7);
        let second = with(1, 0, |record| {
            record.span.attributes = vec![Attribute::new("b", 2_i64)]
        });
        subject.append(spans([first]));
        subject.append(spans([second]));
        assert_eq!(subject.found("{ .a = 1 && .b = 2 }"), ids(&[]));
        assert_eq!(subject.found("{ .a = 1 } && { .b = 2 }"), ids(&[1]));
    });
}

#[test]
fn a_trace_that_was_under_way_at_midnight_is_one_trace() {
    for_both(|subject| {
        let before_midnight = after_noon(12 * 3_600 - 5);
        let after_midnight = after_noon(12 * 3_600 + 5);
        subject.clock.set(before_midnight);
        let mut parent = span(1, 1);
        (parent.span.start, parent.span.end) = (before_midnight, after_midnight);
        subject.append(spans([parent.clone()]));
        subject.clock.set(after_midnight);
        let mut child = span(1, 2);
        child.span.parent_span_id = Some(parent.span.span_id);
        (child.span.start, child.span.end) = (after_midnight, after_midnight);
        child.span.status.code = StatusCode::Error;
        let mut newer = span(2, 1);
        newer.span.start = before_midnight + DurationNanos(1);
        let logs = vec![log(1, "next day", after_midnight)];
        subject.append(Batch {
            spans: vec![child.clone(), newer],
            logs,
            ..Batch::default()
        });

        assert_eq!(subject.trace(1), [parent.clone(), child]);
        assert_eq!(
            subject.found(""),
            ids(&[2, 1]),
            "by the start of the whole trace"
        );
        let up_to = |end| subject.find("{ status = error }", NOON, end, 10).traces;
        assert_eq!(
            up_to(before_midnight),
            ids(&[1]),
            "by what happened the next day"
        );
        // The exporter did not hear the answer before midnight and sends again.
        subject.append(spans([parent]));
        let read = crate::query::trace(subject.store.as_ref(), trace_id(1)).expect("readable");
        assert_eq!(read.len(), 2);
        assert_eq!(subject.store.logs(trace_id(1)).expect("readable").len(), 1);
    });
}

#[test]
fn keeps_the_notes_of_a_trace_until_they_are_deleted() {
    for_both(|subject| {
        let store = &subject.store;
        let note = |id, text: &str, at| Note {
            id: span_id(id),
            span_id: (id == 1).then(|| span_id(7)),
            author: "Ada".to_owned(),
            text: text.to_owned(),
            created: after_noon(at),
            updated: after_noon(at),
        };
        let put = |trace, note: &Note| store.put_note(trace_id(trace), note).expect("kept");
        let (one, two) = (note(1, "first ü", 5), note(2, "earlier", 1));
        put(1, &one);
        put(1, &two);
        put(2, &note(1, "of another trace", 0));
        let list = || store.notes(trace_id(1)).expect("readable");
        assert_eq!(list(), [two.clone(), one.clone()], "oldest first");
        put(1, &note(1, "changed", 9));
        let changed = Note {
            created: one.created,
            ..note(1, "changed", 9)
        };
        assert_eq!(
            list(),
            [two.clone(), changed],
            "the first writing's time stays"
        );
        let delete = |id| {
            store
                .delete_note(trace_id(1), span_id(id))
                .expect("deletable")
        };
        assert!(delete(1));
        assert!(!delete(1), "it is gone");
        assert_eq!(list(), [two]);
        assert_eq!(store.notes(trace_id(2)).expect("readable").len(), 1);
    });
}

#[test]
fn keeps_the_views_of_the_team_by_name_until_they_are_deleted() {
    for_both(|subject| {
        let store = &subject.store;
        let view = |id, name: &str, at| View {
            id: span_id(id),
            name: name.to_owned(),
            address: format!("/search?q={name}"),
            author: String::new(),
            created: after_noon(at),
            updated: after_noon(at),
        };
        store.put_view(&view(1, "slow", 1)).expect("kept");
        store.put_view(&view(2, "failed ü", 2)).expect("kept");
        store.put_view(&view(1, "slowest", 3)).expect("kept again");
        let renamed = View {
            created: after_noon(1),
            ..view(1, "slowest", 3)
        };
        let list = || store.views().expect("readable");
        assert_eq!(list(), [view(2, "failed ü", 2), renamed]);
        let delete = |id| store.delete_view(span_id(id)).expect("deletable");
        assert!(delete(1));
        assert!(!delete(1), "it is gone");
        assert_eq!(list(), [view(2, "failed ü", 2)]);
    });
}

#[test]
fn runs_of_a_session_are_listed_newest_first_and_kept_once() {
    for_both(|subject| {
        let store = &subject.store;
        let runs = [
            run("a", "visit", None, after_noon(1)),
            run("b", "visit", Some("the element is gone"), after_noon(2)),
            run("c", "other", None, after_noon(3)),
        ];
        for one in [&runs[0], &runs[1], &runs[2], &runs[1]] {
            subject.append(Batch {
                runs: vec![one.clone()],
                ..Batch::default()
            });
            subject.clock.set(after_noon(86_400));
        }
        let listed = store.runs("visit").expect("readable");
        let names: Vec<&str> = listed.iter().map(|run| run.id.as_str()).collect();
        assert_eq!(names, ["b", "a"]);
        assert_eq!(
            listed[0].first.as_deref(),
            Some("1 click \"Book\": the element is gone")
        );
        assert_eq!(
            store.run("a").expect("readable"),
            Some(runs[0].report.clone())
        );
        assert_eq!(
            store.run_picture("b", 0).expect("readable"),
            Some(runs[1].pictures[0].clone())
        );
        assert_eq!(store.run_picture("b", 1).expect("readable"), None);
        assert_eq!(store.run("x").expect("readable"), None);
        assert!(store.runs("nobody").expect("readable").is_empty());
    });
}

#[test]
fn keeps_nothing_of_no_batches() {
    for_both(|subject| {
        subject.store.append(&[]).expect("nothing to do");
        subject.append(Batch::default());
        assert_eq!(subject.found(""), ids(&[]));
        assert!(subject.store.services().expect("readable").is_empty());
    });
}

fn any_span() -> impl Strategy<Value = SpanRecord> {
    let attribute = (0..3_u8, 0..3_i64).prop_map(|(key, value)| {
        let key = ["a", "b", "service.name"][usize::from(key)];
        match value {
            0 => Attribute::new(key, "shop"),
            1 => Attribute::new(key, 1_i64),
            _ => Attribute::new(key, 1.0),
        }
    });
    (
        (0..12_u32, 0..6_u32, 0..3_usize, 0..3_usize),
        (0..200_i64, 0..30_i64, any::<bool>()),
        proptest::collection::vec(attribute, 0..3),
    )
        .prop_map(
            |((trace, number, of, name), (start, length, failed), attributes)| {
                with(trace, start, |record| {
                    record.span.span_id = crate::sample::span_id(number);
                    record.resource = service(["shop", "payment", "seating"][of]);
                    record.span.name = ["load", "pay", "seat"][name].to_owned();
                    record.span.end = after_noon(start + length);
                    record.span.attributes = attributes;
                    if failed {
                        record.span.status.code = StatusCode::Error;
                    }
                })
            },
        )
}

const QUERIES: [&str; 19] = [
    "{ .service.name = \"shop\" } << { name = \"pay\" }",
    "{ .a = 1 } !>> { .b = 1 && status = error }",
    "{ name = \"pay\" } &~ { .a = \"shop\" }",
    "{ name =~ \"pay|seat\" && .a != 1 } | count() > 1",
    "{ .a = 1.0 } | by(name) | max(duration) > 5s | { status = error }",
    "count() > 2 | { .b = 1 } || { .a = 1 && status = error }",
    "{ duration - 1s > 20s && .a + 1 = 2 }",
    "",
    "{ .a = 1 }",
    "{ .a = 1 && .b = \"shop\" }",
    "{ resource.service.name = \"payment\" && status = error }",
    "{ .service.name = \"shop\" && duration > 20s }",
    "{ name = \"pay\" || duration > 25s }",
    "{ name = \"pay\" } && { name = \"seat\" && status = error }",
    "{ name = \"pay\" } || { .b = 1.0 } && { status = error }",
    "{ duration >= 10s && duration < 12s }",
    "{ rootName = \"load\" && status = error }",
    "{ rootServiceName = \"seating\" }",
    "{ .a != nil && name = \"seat\" }",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The indexes of one store leave out nothing that the other finds by looking at everything.
    #[test]
    fn both_stores_find_the_same(
        batches in proptest::collection::vec(proptest::collection::vec(any_span(), 1..12), 1..8),
        start in 0..150_i64,
        length in 0..150_i64,
        limit in 1..6_usize,
        midnight in any::<bool>(),
    ) {
        let [memory, sqlite] = subjects();
        for subject in [&memory, &sqlite] {
            for (index, batch) in batches.iter().enumerate() {
                if midnight && index == batches.len() / 2 {
                    subject.clock.set(after_noon(12 * 3_600 + 60));
                }
                subject.append(spans(batch.clone()));
            }
        }
        for query in QUERIES {
            let find = |subject: &Subject| {
                let found = subject.find(query, after_noon(start), after_noon(start + length), limit);
                (found.traces, found.more)
            };
            prop_assert_eq!(find(&memory), find(&sqlite), "{}", query);
            prop_assert_eq!(memory.found(query), sqlite.found(query), "{}", query);
            let page = Search { query: self::query(query), limit, ..Search::default() };
            for subject in [&memory, &sqlite] {
                prop_assert_eq!(subject.pages(&page, &long()).0, subject.found(query), "{}", query);
            }
        }
        let services = |subject: &Subject| subject.store.services().expect("readable");
        prop_assert_eq!(services(&memory), services(&sqlite));
    }
}
