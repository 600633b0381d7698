//! The tables of one day's file.
//!
//! ```text
//! resource, scope   who sent it: once each, by content hash
//! operation         service and span name, with a count: the list of services
//! trace             one row a trace: start, end, longest span, failures; ordered by start
//! span              clustered by trace, so that a trace is one range scan
//! doc, token        which traces carry which `key=value`: an FTS5 index without content whose
//!                   documents are the spans of one trace in one transaction
//! log               log records, by trace
//! metric            metrics with their points
//! link              which traces link to which (`links`)
//! run, run_picture  re-runs of sessions, and pictures of them (`run`)
//! replay            chunks of pages' recordings, by session, tab and number (`replay`)
//! ```
//!
//! Attributes, events, links and whatever else a span has are one compressed blob (`codec`). FTS5 is
//! an LSM tree underneath: a plain `(hash, trace)` table costs three times the CPU and the space,
//! since its insertions are random.

use rusqlite::Connection;

/// `Thrl` in ASCII; tells `file(1)` and this program whose file it is.
pub const APPLICATION_ID: i32 = 0x5468_726c;

/// Rises whenever a file of the previous version could not be read by this program.
pub const VERSION: i32 = 1;

const TABLES: &str = "
CREATE TABLE resource (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    message BLOB NOT NULL
);
CREATE TABLE scope (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    message BLOB NOT NULL
);
CREATE TABLE operation (
    id INTEGER PRIMARY KEY,
    service TEXT NOT NULL,
    name TEXT NOT NULL,
    browser INTEGER NOT NULL,
    spans INTEGER NOT NULL DEFAULT 0,
    UNIQUE (service, name, browser)
);
CREATE TABLE trace (
    id INTEGER PRIMARY KEY,
    trace_id BLOB NOT NULL UNIQUE,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    longest INTEGER NOT NULL,
    spans INTEGER NOT NULL,
    errors INTEGER NOT NULL
);
CREATE INDEX trace_by_start ON trace (start DESC, trace_id);
CREATE TABLE span (
    trace INTEGER NOT NULL,
    span_id INTEGER NOT NULL,
    content INTEGER NOT NULL,
    start INTEGER NOT NULL,
    duration INTEGER NOT NULL,
    operation INTEGER NOT NULL,
    resource INTEGER NOT NULL,
    scope INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    status INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (trace, span_id, content)
) WITHOUT ROWID;
CREATE TABLE doc (
    id INTEGER PRIMARY KEY,
    trace INTEGER NOT NULL
);
CREATE VIRTUAL TABLE token USING fts5 (words, content = '', columnsize = 0, detail = none, tokenize = 'ascii');
CREATE TABLE log (
    id INTEGER PRIMARY KEY,
    content INTEGER NOT NULL UNIQUE,
    trace_id BLOB,
    time INTEGER NOT NULL,
    severity INTEGER NOT NULL,
    resource INTEGER NOT NULL,
    scope INTEGER NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX log_by_trace ON log (trace_id, time) WHERE trace_id IS NOT NULL;
CREATE TABLE metric (
    id INTEGER PRIMARY KEY,
    content INTEGER NOT NULL UNIQUE,
    name TEXT NOT NULL,
    time INTEGER NOT NULL,
    points INTEGER NOT NULL,
    resource INTEGER NOT NULL,
    scope INTEGER NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX metric_by_name ON metric (name, time);
";

/// What a file is, by its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Header {
    /// Nothing was written to it yet.
    New,
    /// A day's file of this version.
    Current,
    /// A day's file of another version.
    Other(i32),
    /// Some other program's database.
    Foreign,
}

/// Reads a file's header.
///
/// # Errors
/// When the file is not a database or cannot be read.
pub fn header(connection: &Connection) -> rusqlite::Result<Header> {
    let application: i32 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let version: i32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(match (application, version, tables) {
        (0, 0, 0) => Header::New,
        (APPLICATION_ID, VERSION, _) => Header::Current,
        (APPLICATION_ID, other, _) => Header::Other(other),
        _ => Header::Foreign,
    })
}

/// Makes the tables of a new file, in one transaction: a crash leaves either none or all.
///
/// # Errors
/// When the file cannot be written.
pub fn create(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    transaction.execute_batch(TABLES)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}
