//! Recordings in a day's file. They lie beside the spans of their day, and go with it.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use rusqlite::{Connection, Row, Transaction, params};
use shared::time::UnixNanos;

use super::file::DayFile;
use crate::store::StoreError;
use crate::store::replay::{ReplayChunk, ReplayPart};

/// Files of before there were recordings get the table when they are written to, and have none until then.
const TABLE: &str = "
CREATE TABLE IF NOT EXISTS replay (
    session TEXT NOT NULL,
    stream TEXT NOT NULL,
    number INTEGER NOT NULL,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    events BLOB NOT NULL,
    PRIMARY KEY (session, stream, number)
)";

/// Makes the table where it is missing.
///
/// # Errors
/// When SQLite refuses.
pub fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(TABLE)
}

/// Adds a chunk; one that is there already stays as it is.
///
/// # Errors
/// When SQLite refuses.
pub fn append(transaction: &Transaction<'_>, chunk: &ReplayChunk) -> rusqlite::Result<()> {
    let part = &chunk.part;
    transaction
        .prepare_cached(
            "INSERT OR IGNORE INTO replay (session, stream, number, start, end, bytes, events) \
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            part.session,
            part.stream,
            part.number,
            part.start.0 as i64,
            part.end.0 as i64,
            part.bytes as i64,
            chunk.events,
        ])?;
    Ok(())
}

/// Drops a session's chunks; how many there were.
///
/// # Errors
/// When SQLite refuses.
pub fn delete(transaction: &Transaction<'_>, session: &str) -> rusqlite::Result<u64> {
    let deleted = transaction
        .prepare_cached("DELETE FROM replay WHERE session = ?")?
        .execute([session])?;
    Ok(deleted as u64)
}

impl DayFile {
    /// Adds the session's chunks that lie in this file.
    ///
    /// # Errors
    /// [`StoreError`] where the file cannot be read.
    pub fn replay_parts(
        &self,
        session: &str,
        found: &mut BTreeMap<(String, u32), ReplayPart>,
    ) -> Result<(), StoreError> {
        self.rows_of(
            "replay",
            "SELECT session, stream, number, start, end, bytes FROM replay WHERE session = ?",
            &[&session],
            |row| {
                let part = part(row)?;
                found.insert((part.stream.clone(), part.number), part);
                Ok(())
            },
        )
    }

    /// Adds the events of a stream's chunks that lie in this file.
    ///
    /// # Errors
    /// [`StoreError`] where the file cannot be read.
    pub fn replay_events(
        &self,
        session: &str,
        stream: &str,
        numbers: &RangeInclusive<u32>,
        found: &mut BTreeMap<u32, Vec<u8>>,
    ) -> Result<(), StoreError> {
        self.rows_of(
            "replay",
            "SELECT number, events FROM replay WHERE session = ? AND stream = ? AND number BETWEEN ? AND ?",
            &[&session, &stream, numbers.start(), numbers.end()],
            |row| {
                found.insert(row.get(0)?, row.get(1)?);
                Ok(())
            },
        )
    }

    /// Gives the rows of a query to `take`; none where the file is older than the table.
    ///
    /// # Errors
    /// [`StoreError`] where the file cannot be read.
    pub(super) fn rows_of(
        &self,
        table: &str,
        query: &str,
        parameters: &[&dyn rusqlite::ToSql],
        mut take: impl FnMut(&Row<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), StoreError> {
        self.read(|reader| {
            (|| {
                let exists: bool = reader
                    .connection
                    .prepare_cached("SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = ?)")?
                    .query_row([table], |row| row.get(0))?;
                if !exists {
                    return Ok(());
                }
                let mut statement = reader.connection.prepare_cached(query)?;
                let mut rows = statement.query(parameters)?;
                while let Some(row) = rows.next()? {
                    take(row)?;
                }
                Ok(())
            })()
            .map_err(|source| self.error("cannot read", source))
        })
    }
}

fn part(row: &Row<'_>) -> rusqlite::Result<ReplayPart> {
    Ok(ReplayPart {
        session: row.get(0)?,
        stream: row.get(1)?,
        number: row.get(2)?,
        start: UnixNanos(row.get::<_, i64>(3)? as u64),
        end: UnixNanos(row.get::<_, i64>(4)? as u64),
        bytes: row.get::<_, i64>(5)? as u64,
    })
}
