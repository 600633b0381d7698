//! Forgets a visitor, down to the bytes of the files.
//!
//! ```text
//! plan ─▶ erasure.pending ─▶ each day: delete in one transaction, with a mark ─▶ notes ─▶ plan gone
//!                                      merge the index, VACUUM, empty the log, mark gone
//! ```
//!
//! A deleted row's bytes stay in a file's free space and in its log, so the file is written anew. A crash leaves the
//! plan behind, and a mark in a file that is not yet written anew; opening the store goes on from there. The plan names
//! sessions and traces: a later search could not find what is left once the record that names the visitor is gone.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use opentelemetry_proto::tonic::logs::v1::LogRecord as LogMessage;
use rusqlite::{Connection, Row, Transaction, params};
use shared::id::TraceId;
use shared::log::LogEntry;
use shared::query::erase::ErasedResponse;
use shared::time::UnixNanos;

use super::codec::Unpacker;
use super::day::Day;
use super::file::{DayFile, Reader};
use super::{SqliteStore, replay, run};
use crate::otlp_protobuf::decode;
use crate::store::erasure::{self, Erasure};
use crate::store::{MetricRecord, StoreError};

const PLAN: &str = "erasure.pending";

/// The table whose existence says that a file is to be written anew.
const MARK: &str = "erased_here";

/// How often the log of a file is tried to be emptied while somebody reads.
const ATTEMPTS: u32 = 5;

impl SqliteStore {
    /// Drops everything of a visitor, or counts it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) fn forget(
        &self,
        erasure: &Erasure,
        dry_run: bool,
    ) -> Result<ErasedResponse, StoreError> {
        let plan = Plan::at(self.directory.path());
        if !dry_run {
            // One that was interrupted comes first, or its plan would be lost.
            if let Some(earlier) = plan.read()? {
                self.carry_out(&earlier, &plan)?;
            }
            plan.write(erasure)?;
            return self.carry_out(erasure, &plan);
        }
        let mut total = ErasedResponse::default();
        for file in self.files() {
            erasure::add(&mut total, &file.count(erasure)?);
        }
        total.notes = self.notes.count(erasure)?;
        Ok(total)
    }

    /// Finishes what a crash interrupted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) fn finish_erasure(&self) -> Result<(), StoreError> {
        let plan = Plan::at(self.directory.path());
        if let Some(erasure) = plan.read()? {
            tracing::info!("finishing the deletion of a visitor's data");
            self.carry_out(&erasure, &plan)?;
        }
        Ok(())
    }

    fn carry_out(&self, erasure: &Erasure, plan: &Plan) -> Result<ErasedResponse, StoreError> {
        let mut total = ErasedResponse::default();
        let days: Vec<Day> = {
            let days = self.days.read().unwrap_or_else(PoisonError::into_inner);
            days.keys().copied().collect()
        };
        for day in days {
            // Whoever writes to the file remembers rows of it. Senders wait meanwhile.
            let mut slot = self.appender.lock().unwrap_or_else(PoisonError::into_inner);
            let is_open = slot.as_ref().is_some_and(|(open, _)| *open == day);
            if is_open && let Some((day, appender)) = slot.take() {
                appender
                    .close()
                    .map_err(|source| self.write_error(day, "cannot close", source))?;
            }
            let _held = (is_open || day == self.today()).then_some(slot);
            let file = {
                let days = self.days.read().unwrap_or_else(PoisonError::into_inner);
                days.get(&day).cloned()
            };
            if let Some(file) = file {
                erasure::add(&mut total, &file.erase(erasure)?);
            }
        }
        total.notes = self.notes.erase(erasure)?;
        plan.remove()?;
        Ok(total)
    }
}

/// The file that says what is under way.
struct Plan {
    path: PathBuf,
}

impl Plan {
    fn at(directory: &Path) -> Self {
        Self {
            path: directory.join(PLAN),
        }
    }

    fn error(&self, doing: &str, source: std::io::Error) -> StoreError {
        StoreError::File {
            doing: format!("{doing} {}", self.path.display()),
            source,
        }
    }

    fn read(&self) -> Result<Option<Erasure>, StoreError> {
        let text = match std::fs::read(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.error("cannot read", error)),
        };
        serde_json::from_slice(&text).map(Some).map_err(|error| {
            StoreError::Format(format!(
                "{} is damaged ({error}): remove it and delete the visitor's data again",
                self.path.display()
            ))
        })
    }

    /// Written beside its place and moved there, so that it is whole or not there.
    fn write(&self, erasure: &Erasure) -> Result<(), StoreError> {
        let text = serde_json::to_vec(erasure).map_err(|error| {
            StoreError::Format(format!("cannot write down what is to go: {error}"))
        })?;
        let beside = self.path.with_extension("new");
        let write = || {
            let mut file = File::create(&beside)?;
            file.write_all(&text)?;
            file.sync_all()?;
            std::fs::rename(&beside, &self.path)?;
            self.sync_directory()
        };
        write().map_err(|source| self.error("cannot write", source))
    }

    fn remove(&self) -> Result<(), StoreError> {
        let remove = || {
            std::fs::remove_file(&self.path)?;
            self.sync_directory()
        };
        remove().map_err(|source| self.error("cannot remove", source))
    }

    fn sync_directory(&self) -> std::io::Result<()> {
        match self.path.parent() {
            Some(directory) => File::open(directory)?.sync_all(),
            None => Ok(()),
        }
    }
}

/// Rows that go, beside those of whole traces.
#[derive(Default)]
struct Doomed {
    logs: Vec<i64>,
    metrics: Vec<i64>,
}

impl DayFile {
    /// Gives every log record to `take`, with its row.
    ///
    /// # Errors
    /// [`StoreError`] where the file cannot be read.
    pub fn each_log(&self, take: &mut dyn FnMut(i64, &LogEntry)) -> Result<(), StoreError> {
        let query = "SELECT id, trace_id, time, resource, scope, body FROM log";
        self.each_row(query, &mut |row, connection, unpacker| {
            let failed = |source| self.error("cannot read", source);
            let read = || {
                Ok((
                    row.get::<_, i64>(0)?,
                    row.get::<_, Option<Vec<u8>>>(1)?,
                    row.get::<_, i64>(2)?,
                    (row.get::<_, i64>(3)?, row.get::<_, i64>(4)?),
                    row.get::<_, Vec<u8>>(5)?,
                ))
            };
            let (id, trace, time, (resource, scope), body) = read().map_err(failed)?;
            let mut message: LogMessage = unpacker
                .unpack(&body)
                .map_err(|error| self.damaged(&error))?;
            message.trace_id = trace.unwrap_or_default();
            if message.time_unix_nano == 0 {
                message.time_unix_nano = time as u64;
            }
            let (resource, scope) = self.sender(connection, resource, scope)?;
            let record = decode::log_record(message);
            take(
                id,
                &LogEntry {
                    resource,
                    scope,
                    record,
                },
            );
            Ok(())
        })
    }

    /// Gives every row of a query to `take`, with what it takes to read it.
    fn each_row(
        &self,
        query: &str,
        take: &mut dyn FnMut(&Row<'_>, &Connection, &mut Unpacker) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.read(|reader| {
            let Reader {
                connection,
                unpacker,
            } = reader;
            let failed = |source| self.error("cannot read", source);
            let mut statement = connection.prepare_cached(query).map_err(failed)?;
            let mut rows = statement.query([]).map_err(failed)?;
            while let Some(row) = rows.next().map_err(failed)? {
                take(row, connection, unpacker)?;
            }
            Ok(())
        })
    }

    fn doomed(&self, erasure: &Erasure) -> Result<Doomed, StoreError> {
        let mut doomed = Doomed::default();
        self.each_log(&mut |id, entry| {
            if erasure.has_log(entry) {
                doomed.logs.push(id);
            }
        })?;
        let query = "SELECT id, name, time, points, resource, scope, body FROM metric";
        self.each_row(query, &mut |row, connection, unpacker| {
            let failed = |source| self.error("cannot read", source);
            let read = || {
                Ok((
                    row.get::<_, i64>(0)?,
                    row.get::<_, String>(1)?,
                    (row.get::<_, i64>(2)?, row.get::<_, u32>(3)?),
                    (row.get::<_, i64>(4)?, row.get::<_, i64>(5)?),
                    row.get::<_, Vec<u8>>(6)?,
                ))
            };
            let (id, name, (time, point_count), (resource, scope), body) =
                read().map_err(failed)?;
            let (resource, scope) = self.sender(connection, resource, scope)?;
            let metric = MetricRecord {
                resource,
                scope,
                name,
                time: UnixNanos(time as u64),
                point_count,
                message: unpacker
                    .unpack_bytes(&body)
                    .map_err(|error| self.damaged(&error))?,
            };
            if erasure.has_metric(&metric) {
                doomed.metrics.push(id);
            }
            Ok(())
        })?;
        Ok(doomed)
    }

    /// How much of a visitor's is in the file.
    ///
    /// # Errors
    /// [`StoreError`] where the file cannot be read.
    pub fn count(&self, erasure: &Erasure) -> Result<ErasedResponse, StoreError> {
        let doomed = self.doomed(erasure)?;
        let (mut chunks, mut runs) = (0, Vec::new());
        for session in &erasure.sessions {
            let mut parts = std::collections::BTreeMap::new();
            self.replay_parts(session, &mut parts)?;
            chunks += parts.len() as u64;
            self.runs(session, &mut runs)?;
        }
        let mut spans = 0;
        for id in &erasure.traces {
            spans += self.span_count(*id)?;
        }
        Ok(ErasedResponse {
            spans,
            logs: doomed.logs.len() as u64,
            metrics: doomed.metrics.len() as u64,
            recording_chunks: chunks,
            runs: runs.len() as u64,
            ..ErasedResponse::default()
        })
    }

    fn span_count(&self, id: TraceId) -> Result<u64, StoreError> {
        self.read(|reader| {
            reader
                .connection
                .prepare_cached(
                    "SELECT count(*) FROM trace JOIN span ON span.trace = trace.id WHERE trace.trace_id = ?",
                )
                .and_then(|mut statement| statement.query_row([id.as_bytes()], |row| row.get::<_, i64>(0)))
                .map(i64::unsigned_abs)
                .map_err(|source| self.error("cannot read", source))
        })
    }

    /// Drops what is in the file of a visitor's, and writes the file anew where there was something.
    ///
    /// # Errors
    /// [`StoreError`] where the file cannot be written.
    pub fn erase(&self, erasure: &Erasure) -> Result<ErasedResponse, StoreError> {
        let (connection, erased) = self.delete_rows(erasure)?;
        let marked: bool = connection
            .query_row(
                "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = ?)",
                [MARK],
                |row| row.get(0),
            )
            .map_err(|source| self.error("cannot read", source))?;
        if marked {
            self.forget_senders();
            self.close_idle();
            self.write_anew(&connection)?;
        }
        Ok(erased)
    }

    /// The first half: the rows are gone, their bytes are not.
    ///
    /// # Errors
    /// [`StoreError`] where the file cannot be written.
    pub(super) fn delete_rows(
        &self,
        erasure: &Erasure,
    ) -> Result<(Connection, ErasedResponse), StoreError> {
        let doomed = self.doomed(erasure)?;
        let mut connection = self.open_writer()?;
        let failed = |source| self.error("cannot delete from", source);
        let transaction = connection.transaction().map_err(failed)?;
        let erased = delete(&transaction, erasure, &doomed).map_err(failed)?;
        if erased != ErasedResponse::default() {
            transaction
                .execute_batch(&format!("CREATE TABLE IF NOT EXISTS {MARK} (x)"))
                .map_err(failed)?;
        }
        transaction.commit().map_err(failed)?;
        Ok((connection, erased))
    }

    /// Leaves nothing of deleted rows in the bytes of the file and its log.
    fn write_anew(&self, connection: &Connection) -> Result<(), StoreError> {
        let failed = |source| self.error("cannot write anew", source);
        connection
            .execute_batch(
                // The index keeps what is deleted until its parts are merged. A day does not fit in memory.
                "INSERT INTO token (token) VALUES ('optimize');
                 PRAGMA temp_store = FILE;
                 VACUUM;",
            )
            .map_err(failed)?;
        empty_log(connection).map_err(failed)?;
        connection
            .execute_batch(&format!("DROP TABLE {MARK}"))
            .map_err(failed)?;
        empty_log(connection).map_err(failed)
    }
}

/// Folds the log into the file and cuts it to nothing, which those who read may delay.
pub(super) fn empty_log(connection: &Connection) -> rusqlite::Result<()> {
    for _ in 0..ATTEMPTS {
        let busy: bool =
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        if !busy {
            return Ok(());
        }
    }
    Err(rusqlite::Error::SqliteFailure(
        rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY),
        Some("somebody has been reading it all the time: delete again later".to_owned()),
    ))
}

fn delete(
    transaction: &Transaction<'_>,
    erasure: &Erasure,
    doomed: &Doomed,
) -> rusqlite::Result<ErasedResponse> {
    let mut erased = ErasedResponse {
        spans: delete_traces(transaction, erasure)?,
        logs: doomed.logs.len() as u64,
        metrics: doomed.metrics.len() as u64,
        ..ErasedResponse::default()
    };
    for (table, rows) in [("log", &doomed.logs), ("metric", &doomed.metrics)] {
        let mut statement = transaction.prepare(&format!("DELETE FROM {table} WHERE id = ?"))?;
        for row in rows {
            statement.execute([row])?;
        }
    }
    for session in &erasure.sessions {
        erased.recording_chunks += replay::delete(transaction, session)?;
        erased.runs += run::delete(transaction, session)?;
    }
    if erased != ErasedResponse::default() {
        delete_orphans(transaction)?;
    }
    Ok(erased)
}

/// Drops the traces with their spans and what the index knows of them; how many spans they had.
fn delete_traces(transaction: &Transaction<'_>, erasure: &Erasure) -> rusqlite::Result<u64> {
    transaction.execute_batch(
        "CREATE TEMP TABLE gone (trace INTEGER PRIMARY KEY);
         CREATE VIRTUAL TABLE temp.words USING fts5vocab (main, token, instance);",
    )?;
    let mut found = 0;
    {
        let mut statement =
            transaction.prepare("INSERT INTO temp.gone SELECT id FROM trace WHERE trace_id = ?")?;
        for id in &erasure.traces {
            found += statement.execute([id.as_bytes()])?;
        }
    }
    if found == 0 {
        return Ok(0);
    }
    delete_words(transaction)?;
    transaction.execute_batch(
        "DELETE FROM doc WHERE trace IN (SELECT trace FROM temp.gone);
         UPDATE operation SET spans = operation.spans - found.spans
         FROM (SELECT operation AS id, count(*) AS spans FROM span
               WHERE trace IN (SELECT trace FROM temp.gone) GROUP BY operation) AS found
         WHERE operation.id = found.id;",
    )?;
    let spans = transaction.execute(
        "DELETE FROM span WHERE trace IN (SELECT trace FROM temp.gone)",
        [],
    )?;
    transaction.execute_batch(
        "DELETE FROM link WHERE trace IN (SELECT trace FROM temp.gone);
         DELETE FROM trace WHERE id IN (SELECT trace FROM temp.gone);",
    )?;
    Ok(spans as u64)
}

/// Takes the traces' documents out of the index. It has no content of its own, so it has to be told every word that a
/// document had, and it alone knows them: one pass over the index finds them.
fn delete_words(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let documents = transaction
        .prepare(
            "SELECT doc, group_concat(term, ' ') FROM temp.words
             WHERE doc IN (SELECT id FROM doc WHERE trace IN (SELECT trace FROM temp.gone)) GROUP BY doc",
        )?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<Vec<(i64, String)>>>()?;
    let mut statement =
        transaction.prepare("INSERT INTO token (token, rowid, words) VALUES ('delete', ?, ?)")?;
    for (document, words) in documents {
        statement.execute(params![document, words])?;
    }
    Ok(())
}

/// Drops senders and operations that nothing is left of.
fn delete_orphans(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute_batch("DELETE FROM operation WHERE spans <= 0")?;
    for sender in ["resource", "scope"] {
        transaction.execute_batch(&format!(
            "DELETE FROM {sender} WHERE id NOT IN (SELECT {sender} FROM span)
             AND id NOT IN (SELECT {sender} FROM log) AND id NOT IN (SELECT {sender} FROM metric)"
        ))?;
    }
    Ok(())
}
