//! The notes of all traces and the views of the team, in a file of their own: they are changed and
//! deleted, which the files of the days never are.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use shared::id::{SpanId, TraceId};
use shared::query::{Note, View};
use shared::time::UnixNanos;

use super::erase::empty_log;
use super::views;
use crate::store::StoreError;
use crate::store::erasure::Erasure;

const FILE: &str = "notes.db";

/// Each brings the file from the version of its index to the next.
const MIGRATIONS: [&str; 2] = [
    "
CREATE TABLE note (
    trace_id BLOB NOT NULL,
    id BLOB NOT NULL,
    span_id BLOB,
    author TEXT NOT NULL,
    body TEXT NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    PRIMARY KEY (trace_id, id)
) WITHOUT ROWID;
",
    views::TABLE,
];

/// The file.
pub struct Notes {
    connection: Mutex<Connection>,
}

impl Notes {
    /// Opens the file in a data directory and brings it to this version.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be opened, or a later version of the program wrote it.
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        let path = directory.join(FILE);
        let failed = |source| StoreError::Database {
            doing: format!("cannot open {}", path.display()),
            source,
        };
        let mut connection = Connection::open(&path).map_err(failed)?;
        let version = (|| {
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0))
        })()
        .map_err(failed)?;
        let version = usize::try_from(version).unwrap_or(usize::MAX);
        if version > MIGRATIONS.len() {
            return Err(StoreError::Format(format!(
                "{} has format version {version}, this program reads version {}: use the program \
                 that wrote it, or move the file away",
                path.display(),
                MIGRATIONS.len()
            )));
        }
        for (index, migration) in MIGRATIONS.iter().enumerate().skip(version) {
            (|| {
                let transaction = connection.transaction()?;
                transaction.execute_batch(migration)?;
                transaction.pragma_update(None, "user_version", index as i64 + 1)?;
                transaction.commit()
            })()
            .map_err(failed)?;
        }
        Ok(Self {
            connection: Mutex::new(connection),
        })
    }

    /// The notes of a trace, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] where they cannot be read.
    pub fn list(&self, trace: TraceId) -> Result<Vec<Note>, StoreError> {
        let connection = self.connection();
        let mut notes = Vec::new();
        let read = connection
            .prepare_cached(
                "SELECT id, span_id, author, body, created, updated FROM note WHERE trace_id = ?1
                 ORDER BY created, id",
            )
            .and_then(|mut statement| {
                for note in statement.query_map([trace.as_bytes()], note)? {
                    notes.extend(note?);
                }
                Ok(())
            });
        read.map_err(|source| error("cannot read the notes", source))?;
        Ok(notes)
    }

    /// Writes a note, new or again; the first writing's time stays.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be written.
    pub fn put(&self, trace: TraceId, note: &Note) -> Result<(), StoreError> {
        self.connection()
            .execute(
                "INSERT INTO note (trace_id, id, span_id, author, body, created, updated)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT DO UPDATE SET span_id = ?3, author = ?4, body = ?5, updated = ?7",
                params![
                    trace.as_bytes(),
                    note.id.as_bytes(),
                    note.span_id.as_ref().map(SpanId::as_bytes),
                    note.author,
                    note.text,
                    note.created.0 as i64,
                    note.updated.0 as i64,
                ],
            )
            .map(|_| ())
            .map_err(|source| error("cannot write the note", source))
    }

    /// Deletes a note; whether there was one.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be deleted.
    pub fn delete(&self, trace: TraceId, id: SpanId) -> Result<bool, StoreError> {
        self.connection()
            .query_row(
                "DELETE FROM note WHERE trace_id = ?1 AND id = ?2 RETURNING 1",
                params![trace.as_bytes(), id.as_bytes()],
                |_| Ok(()),
            )
            .optional()
            .map(|deleted| deleted.is_some())
            .map_err(|source| error("cannot delete the note", source))
    }

    /// Every view, by name.
    ///
    /// # Errors
    /// [`StoreError`] where they cannot be read.
    pub fn views(&self) -> Result<Vec<View>, StoreError> {
        views::list(&self.connection()).map_err(|source| error("cannot read the views", source))
    }

    /// Writes a view, new or again; the first writing's time stays.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be written.
    pub fn put_view(&self, view: &View) -> Result<(), StoreError> {
        views::put(&self.connection(), view)
            .map_err(|source| error("cannot write the view", source))
    }

    /// Deletes a view; whether there was one.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be deleted.
    pub fn delete_view(&self, id: SpanId) -> Result<bool, StoreError> {
        views::delete(&self.connection(), id)
            .map_err(|source| error("cannot delete the view", source))
    }

    /// How many notes the traces of a visitor have.
    ///
    /// # Errors
    /// [`StoreError`] where they cannot be read.
    pub fn count(&self, erasure: &Erasure) -> Result<u64, StoreError> {
        let connection = self.connection();
        let mut count = 0;
        for id in &erasure.traces {
            count += connection
                .prepare_cached("SELECT count(*) FROM note WHERE trace_id = ?")
                .and_then(|mut statement| {
                    statement.query_row([id.as_bytes()], |row| row.get::<_, i64>(0))
                })
                .map_err(|source| error("cannot read the notes", source))?;
        }
        Ok(count.unsigned_abs())
    }

    /// Deletes the notes of a visitor's traces and leaves nothing of them in the file; how many there were.
    ///
    /// # Errors
    /// [`StoreError`] where they cannot be deleted.
    pub fn erase(&self, erasure: &Erasure) -> Result<u64, StoreError> {
        let connection = self.connection();
        let mut deleted = 0;
        let erased = (|| {
            for id in &erasure.traces {
                deleted += connection
                    .prepare_cached("DELETE FROM note WHERE trace_id = ?")?
                    .execute([id.as_bytes()])?;
            }
            // It is small: where a crash came between, the next time makes good for it.
            connection.execute_batch("VACUUM")?;
            empty_log(&connection)
        })();
        erased.map_err(|source| error("cannot delete the notes", source))?;
        Ok(deleted as u64)
    }

    /// Every statement is a transaction of its own, so a panic leaves nothing half done.
    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A row; none where the id is no id, which no writer makes.
fn note(row: &Row<'_>) -> rusqlite::Result<Option<Note>> {
    let id: [u8; 8] = row.get(0)?;
    let span: Option<[u8; 8]> = row.get(1)?;
    let instant = |column| {
        row.get::<_, i64>(column)
            .map(|nanos| UnixNanos(nanos as u64))
    };
    let Some(id) = SpanId::from_bytes(id) else {
        return Ok(None);
    };
    Ok(Some(Note {
        id,
        span_id: span.and_then(SpanId::from_bytes),
        author: row.get(2)?,
        text: row.get(3)?,
        created: instant(4)?,
        updated: instant(5)?,
    }))
}

fn error(doing: &str, source: rusqlite::Error) -> StoreError {
    StoreError::Database {
        doing: format!("{doing} in {FILE}"),
        source,
    }
}
