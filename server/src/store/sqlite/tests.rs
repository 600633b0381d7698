//! What only a store with files does.

use std::path::Path;

use shared::time::UnixNanos;
use tempfile::TempDir;

use super::*;
use crate::sample::{TestClock, after_noon, rich_span, span, spans, trace_id};

fn open(directory: &Path, clock: &TestClock, retention_days: Option<u32>) -> SqliteStore {
    let held = DataDirectory::hold(directory).expect("a data directory");
    SqliteStore::open(held, clock.clock(), retention_days).expect("a store")
}

fn directory() -> TempDir {
    TempDir::new().expect("a directory")
}

fn day(number: i64) -> UnixNanos {
    after_noon(number * 86_400)
}

fn files(directory: &TempDir) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(directory.path())
        .expect("a directory")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .filter(|name| name.ends_with(".sqlite"))
        .collect();
    names.sort();
    names
}

#[test]
fn has_everything_again_after_it_was_closed_or_just_dropped() {
    let directory = directory();
    let clock = TestClock::at_noon();
    for (number, close) in [(1, true), (2, false), (3, true)] {
        let store = open(directory.path(), &clock, None);
        store
            .append(&[spans([rich_span(number, 1)])])
            .expect("room");
        for earlier in 1..=number {
            let found = store.trace(trace_id(earlier)).expect("readable");
            assert_eq!(found, [rich_span(earlier, 1)]);
        }
        if close {
            store.close().expect("closable");
            let wal = directory.path().join("2026-11-22.sqlite-wal");
            assert!(!wal.exists(), "the log is folded into the file");
        }
    }
}

#[test]
fn makes_a_file_a_day_and_drops_those_past_retention() {
    let directory = directory();
    let clock = TestClock::at_noon();
    let store = open(directory.path(), &clock, Some(2));
    for number in 0..4 {
        clock.set(day(number));
        store
            .append(&[spans([span(number as u32, 1)])])
            .expect("room");
        store.expire().expect("removable");
    }
    assert_eq!(
        files(&directory),
        ["2026-11-24.sqlite", "2026-11-25.sqlite"]
    );
    assert!(store.trace(trace_id(1)).expect("readable").is_empty());
    assert_eq!(store.trace(trace_id(2)).expect("readable").len(), 1);
    drop(store);

    clock.set(day(10));
    let store = open(directory.path(), &clock, Some(2));
    assert_eq!(files(&directory), ["2026-12-02.sqlite"]);
    assert!(store.services().expect("readable").is_empty());
}

#[test]
fn takes_no_part_of_a_batch_when_the_disk_is_full_and_goes_on_when_it_is_not() {
    let directory = directory();
    let clock = TestClock::at_noon();
    let store = open(directory.path(), &clock, None);
    store.append(&[spans([span(1, 1)])]).expect("room");
    {
        // SQLite answers SQLITE_FULL, as it does when the disk is. The limit ends with the connection.
        let slot = store.appender.lock().expect("not poisoned");
        let connection = slot.as_ref().expect("open").1.connection();
        let pages: i64 = connection
            .query_row("PRAGMA page_count", [], |row| row.get(0))
            .expect("a page count");
        connection
            .query_row(
                &format!("PRAGMA max_page_count = {}", pages + 4),
                [],
                |_| Ok(()),
            )
            .expect("a limit");
    }
    let many = spans((1..=500).map(|number| rich_span(2, number)));
    let error = store
        .append(&[spans([span(3, 1)]), many.clone()])
        .expect_err("no room");
    assert!(error.to_string().contains("2026-11-22.sqlite"), "{error}");
    assert!(store.trace(trace_id(2)).expect("readable").is_empty());
    assert!(store.trace(trace_id(3)).expect("readable").is_empty());

    store.append(&[many]).expect("there is room again");
    assert_eq!(store.trace(trace_id(2)).expect("readable").len(), 500);
    assert_eq!(store.trace(trace_id(1)).expect("readable").len(), 1);
    assert_eq!(store.services().expect("readable").len(), 2);
}

#[test]
fn goes_on_after_a_panic_in_the_middle_of_a_write() {
    let directory = directory();
    let clock = TestClock::at_noon();
    let store = open(directory.path(), &clock, None);
    let panicked = std::thread::scope(|scope| {
        scope
            .spawn(|| {
                let _slot = store.appender.lock().expect("not poisoned");
                panic!("in the middle of a write");
            })
            .join()
    });
    assert!(panicked.is_err());
    store
        .append(&[spans([span(1, 1)])])
        .expect("the lock is cleared");
    assert_eq!(store.trace(trace_id(1)).expect("readable").len(), 1);
}

#[test]
fn one_server_at_a_time_holds_a_directory() {
    let directory = directory();
    let first = DataDirectory::hold(directory.path()).expect("free");
    let error = DataDirectory::hold(directory.path())
        .expect_err("held")
        .to_string();
    assert!(
        error.contains(&format!("process {}", std::process::id())),
        "{error}"
    );
    assert!(error.contains("--data"), "{error}");
    drop(first);
    DataDirectory::hold(directory.path()).expect("free again");
}

#[test]
fn refuses_files_that_it_does_not_understand() {
    let clock = TestClock::at_noon();
    for (application, version, expected) in [
        (schema::APPLICATION_ID, 99, "format version 99"),
        (7, 1, "not one of Throughline's files"),
    ] {
        let directory = directory();
        let path = directory.path().join("2026-11-20.sqlite");
        let connection = rusqlite::Connection::open(path).expect("a database");
        connection
            .execute_batch("CREATE TABLE t (x)")
            .expect("a table");
        connection
            .pragma_update(None, "application_id", application)
            .expect("set");
        connection
            .pragma_update(None, "user_version", version)
            .expect("set");
        drop(connection);
        let held = DataDirectory::hold(directory.path()).expect("free");
        let error = SqliteStore::open(held, clock.clock(), None)
            .err()
            .expect("refused");
        assert!(error.to_string().contains(expected), "{error}");
    }
    let directory = directory();
    std::fs::write(
        directory.path().join("2026-11-20.sqlite"),
        "not a database at all, but text",
    )
    .expect("written");
    let held = DataDirectory::hold(directory.path()).expect("free");
    let error = SqliteStore::open(held, clock.clock(), None)
        .err()
        .expect("refused");
    assert!(error.to_string().contains("2026-11-20.sqlite"), "{error}");
}

#[test]
fn drops_a_file_that_a_crash_left_without_tables() {
    let directory = directory();
    let clock = TestClock::at_noon();
    for name in ["2026-11-20.sqlite", "2026-11-22.sqlite"] {
        std::fs::write(directory.path().join(name), "").expect("written");
    }
    let store = open(directory.path(), &clock, None);
    store.append(&[spans([span(1, 1)])]).expect("room");
    assert_eq!(store.trace(trace_id(1)).expect("readable").len(), 1);
    assert_eq!(files(&directory), ["2026-11-22.sqlite"]);
}

#[test]
fn walks_more_traces_than_fit_a_page_or_are_fetched_one_by_one() {
    let directory = directory();
    let clock = TestClock::at_noon();
    let store = open(directory.path(), &clock, None);
    let count = 2_500;
    store
        .append(&[spans((0..count).map(|number| {
            let mut record = span(number, 1);
            // Five traces at a time start together.
            record.span.start = after_noon(i64::from(number / 5));
            record
        }))])
        .expect("room");
    let walk = |terms| -> Vec<TraceId> {
        let filter = Filter {
            terms,
            ..Filter::default()
        };
        store
            .candidates(&filter)
            .expect("readable")
            .map(|candidate| candidate.expect("readable").id)
            .collect()
    };
    let mut expected: Vec<u32> = (0..count).collect();
    expected.sort_by_key(|number| (std::cmp::Reverse(number / 5), *number));
    let expected: Vec<TraceId> = expected.into_iter().map(trace_id).collect();
    assert_eq!(walk(Vec::new()), expected);
    assert_eq!(
        walk(vec![crate::store::Term::Name("GET /".to_owned())]),
        expected
    );
    assert!(walk(vec![crate::store::Term::Name("other".to_owned())]).is_empty());
}
