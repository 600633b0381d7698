//! Which traces link to a trace: a table beside the spans, filled in the same transaction, so that the other end of a
//! link is found without a look at every span.
//!
//! Files of before there was the table get it when they are next written to or tidied up, from their spans; until then
//! nothing is known of them, and a search looks at all of their traces.

use std::collections::HashSet;

use opentelemetry_proto::tonic::trace::v1::Span as SpanMessage;
use rusqlite::{Connection, Transaction};
use shared::id::TraceId;
use shared::span::SpanLink;

use super::codec::Unpacker;

/// The trace that is linked to, and the row of the one that links.
const TABLE: &str = "
CREATE TABLE link (
    linked BLOB NOT NULL,
    trace INTEGER NOT NULL,
    PRIMARY KEY (linked, trace)
) WITHOUT ROWID;";

/// Whether a file has the table.
///
/// # Errors
/// When SQLite refuses.
pub fn is_known(connection: &Connection) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'link')")?
        .query_row([], |row| row.get(0))
}

/// Makes the table where it is missing, and fills it from the spans that are there, in one transaction.
///
/// # Errors
/// When SQLite refuses, or a span cannot be read.
pub fn prepare(connection: &mut Connection) -> rusqlite::Result<()> {
    if is_known(connection)? {
        return Ok(());
    }
    let transaction = connection.transaction()?;
    transaction.execute_batch(TABLE)?;
    fill(&transaction)?;
    transaction.commit()
}

fn fill(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let unreadable = |error: Box<dyn std::error::Error + Send + Sync>| {
        rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Blob, error)
    };
    let mut unpacker = Unpacker::new().map_err(|error| unreadable(error.into()))?;
    let mut statement = transaction.prepare("SELECT trace, body FROM span")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let body: Vec<u8> = row.get(1)?;
        let span: SpanMessage = unpacker
            .unpack(&body)
            .map_err(|error| unreadable(error.into()))?;
        for link in span.links {
            // What is no id links to nothing.
            if let Ok(linked) = TraceId::from_slice(&link.trace_id) {
                insert(transaction, linked, row.get(0)?)?;
            }
        }
    }
    Ok(())
}

/// Notes the links of a span of the trace in a row.
///
/// # Errors
/// When SQLite refuses.
pub fn append(
    transaction: &Transaction<'_>,
    trace: i64,
    links: &[SpanLink],
) -> rusqlite::Result<()> {
    links
        .iter()
        .try_for_each(|link| insert(transaction, link.trace_id, trace))
}

fn insert(transaction: &Transaction<'_>, linked: TraceId, trace: i64) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("INSERT OR IGNORE INTO link (linked, trace) VALUES (?, ?)")?
        .execute(rusqlite::params![linked.as_bytes(), trace])?;
    Ok(())
}

/// The rows of the traces that link to a trace; `None` where the file does not know.
///
/// # Errors
/// When SQLite refuses.
pub fn to(connection: &Connection, linked: TraceId) -> rusqlite::Result<Option<HashSet<i64>>> {
    if !is_known(connection)? {
        return Ok(None);
    }
    connection
        .prepare_cached("SELECT trace FROM link WHERE linked = ?")?
        .query_map([linked.as_bytes()], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()
        .map(Some)
}
