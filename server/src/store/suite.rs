//! What every store does. Each test runs against both.

mod finding;
mod signals;
mod spans;
mod team;
mod traces;
mod twins;

use shared::attribute::Attribute;
use shared::id::TraceId;
use shared::query::{SearchResponse, Service, traceql};
use shared::span::{SpanRecord, StatusCode};
use shared::time::{DurationNanos, UnixNanos};
use tempfile::TempDir;

use super::memory::MemoryStore;
use super::sqlite::{DataDirectory, SqliteStore};
use super::*;
use crate::query::search::{Bounds, Search, parse_cursor, search};
use crate::query::services::services;
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

    fn services(&self) -> Vec<Service> {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(600);
        services(self.store.as_ref(), NOON, Some(deadline))
            .expect("readable")
            .services
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
