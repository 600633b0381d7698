//! What only a store with files does.

use std::path::Path;

use shared::attribute::Attribute;
use shared::query::Note;
use shared::time::UnixNanos;
use tempfile::TempDir;

use super::*;
use crate::sample::{TestClock, after_noon, rich_span, span, spans, trace_id};
use crate::store::Term;
use crate::store::replay::ReplayChunk;

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
    assert!(store.operations().expect("readable").is_empty());
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
    assert_eq!(store.operations().expect("readable").len(), 2);
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

/// A visitor's name whose span is too small to be packed, so that it can be seen in the bytes of a file.
const VISITOR: &str = "ada-8f3";

fn of_visitor(trace: u32, name: &str) -> SpanRecord {
    let mut record = span(trace, 1);
    record.span.flags = 0;
    record.span.name = format!("GET /of/{name}");
    record.span.attributes = vec![Attribute::new("user.id", name)];
    record
}

fn erasure(traces: &[u32]) -> Erasure {
    Erasure {
        key: "user.id".to_owned(),
        value: VISITOR.to_owned(),
        traces: traces.iter().map(|number| trace_id(*number)).collect(),
        sessions: ["the-session".to_owned()].into(),
    }
}

/// Whether a text, or a trace's id, is in the bytes of any file, or in what a file's rows are unpacked to, or in the
/// words of its index.
fn traces_left(directory: &Path, text: &str, trace: u32) -> Vec<String> {
    let mut found = Vec::new();
    let needles = [
        text.as_bytes().to_vec(),
        trace_id(trace).as_bytes().to_vec(),
        trace_id(trace).to_hex().into_bytes(),
    ];
    let has = |bytes: &[u8]| {
        needles
            .iter()
            .any(|needle| bytes.windows(needle.len()).any(|part| part == needle))
    };
    let mut word = String::new();
    let attribute = Term::Attribute {
        key: "user.id".to_owned(),
        value: text.into(),
    };
    tokens::push_word(tokens::of_term(&attribute).expect("a word"), &mut word);
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        if has(&std::fs::read(&path).expect("readable")) {
            found.push(format!("{name}: in its bytes"));
        }
        if !name.ends_with(".sqlite") {
            continue;
        }
        let connection = rusqlite::Connection::open(&path).expect("a file");
        let mut unpacker = codec::Unpacker::new().expect("an unpacker");
        for (table, column) in [
            ("span", "body"),
            ("log", "body"),
            ("metric", "body"),
            ("resource", "message"),
            ("replay", "events"),
            ("run", "report"),
            ("run", "summary"),
        ] {
            let mut statement = connection
                .prepare(&format!("SELECT {column} FROM {table}"))
                .expect("a table");
            let mut rows = statement.query([]).expect("rows");
            while let Some(row) = rows.next().expect("a row") {
                let blob: Vec<u8> = row.get(0).expect("a blob");
                let plain = unpacker.unpack_bytes(&blob).unwrap_or_default();
                if has(&blob) || has(&plain) {
                    found.push(format!("{name}: in a row of {table}"));
                }
            }
        }
        connection
            .execute_batch("CREATE VIRTUAL TABLE temp.words USING fts5vocab (main, token, row)")
            .expect("the index's words");
        let known: bool = connection
            .query_row(
                "SELECT EXISTS (SELECT 1 FROM temp.words WHERE term = ?)",
                [&word],
                |row| row.get(0),
            )
            .expect("an answer");
        if known {
            found.push(format!("{name}: in its index"));
        }
    }
    found
}

/// Three days, in each a trace of the visitor among those of others, and a recording and a note of the first.
fn with_visitor(directory: &TempDir, clock: &TestClock) -> SqliteStore {
    let store = open(directory.path(), clock, None);
    for number in 0..3 {
        clock.set(day(i64::from(number)));
        let others =
            (0..200).map(|other| of_visitor(1_000 * (number + 1) + other, &format!("bob-{other}")));
        let part = ReplayPart {
            session: "the-session".to_owned(),
            stream: "tab".to_owned(),
            number,
            start: clock.clock()(),
            end: clock.clock()(),
            bytes: 2,
        };
        let events = format!("[\"{VISITOR}\"]").into_bytes();
        let again = crate::sample::run(
            &format!("r{number}"),
            "the-session",
            Some(VISITOR),
            UnixNanos(1),
        );
        let batch = Batch {
            replays: vec![ReplayChunk { part, events }],
            runs: vec![again],
            ..spans(others)
        };
        store.append(&[batch]).expect("room");
        // A transaction of its own makes it a document of its own, and another trace grows in between.
        store
            .append(&[spans([of_visitor(number, VISITOR)])])
            .expect("room");
        store
            .append(&[spans([span(1_000 * (number + 1), 2)])])
            .expect("room");
    }
    let note = Note {
        id: shared::id::SpanId::from_bytes([1; 8]).expect("an id"),
        span_id: None,
        author: "eve".to_owned(),
        text: format!("this is {VISITOR}"),
        created: UnixNanos(1),
        updated: UnixNanos(1),
    };
    store.put_note(trace_id(0), &note).expect("room");
    store
}

fn assert_others_are_there(store: &SqliteStore) {
    for number in 0..3_u32 {
        for other in 0..200 {
            let found = store
                .trace(trace_id(1_000 * (number + 1) + other))
                .expect("readable");
            assert_eq!(found.len(), if other == 0 { 2 } else { 1 });
        }
    }
    let filter = Filter {
        terms: vec![Term::Attribute {
            key: "user.id".to_owned(),
            value: "bob-7".into(),
        }],
        ..Filter::default()
    };
    let found: Vec<_> = store
        .candidates(&filter)
        .expect("readable")
        .collect::<Result<Vec<_>, _>>()
        .expect("readable");
    assert!(found.len() >= 3, "{}", found.len());
}

#[test]
fn nothing_of_an_erased_visitor_is_left_in_the_bytes_of_any_file() {
    let directory = directory();
    let clock = TestClock::at_noon();
    let store = with_visitor(&directory, &clock);
    for number in 0..3 {
        assert!(
            !traces_left(directory.path(), VISITOR, number).is_empty(),
            "it is there at first"
        );
    }
    let erased = store.erase(&erasure(&[0, 1, 2]), false).expect("erasable");
    assert_eq!(
        (erased.spans, erased.recording_chunks, erased.notes),
        (3, 3, 1)
    );
    for number in 0..3 {
        assert_eq!(
            traces_left(directory.path(), VISITOR, number),
            Vec::<String>::new()
        );
    }
    assert_others_are_there(&store);
    // The store goes on as before.
    store
        .append(&[spans([of_visitor(9, "carl")])])
        .expect("room");
    assert_eq!(store.trace(trace_id(9)).expect("readable").len(), 1);
    store.close().expect("closable");
    drop(store);
    assert_eq!(
        traces_left(directory.path(), VISITOR, 0),
        Vec::<String>::new()
    );
}

#[test]
fn an_erasure_that_was_interrupted_is_finished_at_the_next_start() {
    let plan = serde_json::to_vec(&erasure(&[0, 1, 2])).expect("JSON");
    // After the plan was written; after the rows of one day, or two, were deleted and their files not written anew.
    for (reason, days) in [
        ("only planned", 0),
        ("one day done", 1),
        ("two days done", 2),
    ] {
        let directory = directory();
        let clock = TestClock::at_noon();
        let store = with_visitor(&directory, &clock);
        store.close().expect("closable");
        drop(store);
        std::fs::write(directory.path().join("erasure.pending"), &plan).expect("written");
        for name in files(&directory).iter().take(days) {
            let file = DayFile::new(directory.path().join(name));
            let (_, erased) = file.delete_rows(&erasure(&[0, 1, 2])).expect("deleted");
            assert_eq!(erased.spans, 1, "{reason}");
        }
        let store = open(directory.path(), &clock, None);
        for number in 0..3 {
            assert_eq!(
                traces_left(directory.path(), VISITOR, number),
                Vec::<String>::new(),
                "{reason}"
            );
        }
        assert_others_are_there(&store);
        assert!(
            !directory.path().join("erasure.pending").exists(),
            "{reason}"
        );
    }
}

#[test]
fn recordings_go_with_the_day_on_which_they_arrived() {
    let directory = directory();
    let clock = TestClock::at_noon();
    drop(with_visitor(&directory, &clock));
    let store = open(directory.path(), &clock, Some(2));
    let numbers: Vec<u32> = store
        .replay_parts("the-session")
        .expect("readable")
        .iter()
        .map(|part| part.number)
        .collect();
    assert_eq!(numbers, [1, 2]);
    clock.set(day(3));
    store.append(&[]).expect("room");
    store.expire().expect("removable");
    let events = store
        .replay_events("the-session", "tab", 0..=u32::MAX)
        .expect("readable");
    assert_eq!(events.len(), 1);
}

#[test]
fn links_are_known_of_files_of_before_there_was_their_table() {
    let directory = directory();
    let clock = TestClock::at_noon();
    let store = open(directory.path(), &clock, None);
    let link = |linked| shared::span::SpanLink {
        trace_id: trace_id(linked),
        span_id: crate::sample::span_id(1),
        trace_state: String::new(),
        attributes: Vec::new(),
        dropped_attributes_count: 0,
        flags: 0,
    };
    let linking = |trace, linked| {
        let mut record = span(trace, 1);
        record.span.links = vec![link(linked)];
        record
    };
    store
        .append(&[spans([linking(1, 7), span(2, 1)])])
        .expect("room");
    store.close().expect("closable");
    drop(store);
    let old = directory.path().join("2026-11-22.sqlite");
    let connection = rusqlite::Connection::open(&old).expect("a file");
    connection
        .execute_batch("DROP TABLE link")
        .expect("as before");
    drop(connection);

    let filter = crate::store::Filter {
        links_to: Some(trace_id(7)),
        ..crate::store::Filter::default()
    };
    let offered = |store: &SqliteStore| -> Vec<TraceId> {
        let found = store.candidates(&filter).expect("readable");
        found.map(|one| one.expect("readable").id).collect()
    };
    // Another program's reader has the file as it was: nothing is known, and nothing is left out.
    let file = DayFile::new(old);
    assert!(!file.knows_links().expect("readable"));
    drop(file);
    // A later day: the old file is not written to, and gets its table when the store is tidied up.
    clock.set(day(1));
    let store = open(directory.path(), &clock, None);
    store.append(&[spans([linking(3, 7)])]).expect("room");
    store.expire().expect("writable");
    assert_eq!(offered(&store), [1, 3].map(trace_id));
    assert!(
        store
            .files()
            .iter()
            .all(|file| file.knows_links().expect("readable"))
    );
}
