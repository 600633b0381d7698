//! Re-runs in the file of the day on which they arrived; they go with it.

use rusqlite::{Connection, Transaction, params};
use shared::query::run::{RunReport, RunSummary};

use super::file::DayFile;
use crate::store::StoreError;
use crate::store::run::KeptRun;

/// Files of before there were re-runs get the tables when they are written to, and have none until then.
const TABLES: &str = "
CREATE TABLE IF NOT EXISTS run (
    id TEXT PRIMARY KEY,
    session TEXT NOT NULL,
    summary BLOB NOT NULL,
    report BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS run_by_session ON run (session);
CREATE TABLE IF NOT EXISTS run_picture (
    run TEXT NOT NULL,
    number INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (run, number)
);";

/// Makes the tables where they are missing.
///
/// # Errors
/// When SQLite refuses.
pub fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(TABLES)
}

/// Adds a re-run; one that is there already stays as it is.
///
/// # Errors
/// When SQLite refuses.
pub fn append(transaction: &Transaction<'_>, run: &KeptRun) -> rusqlite::Result<()> {
    let report = &run.report;
    let inserted = transaction
        .prepare_cached(
            "INSERT OR IGNORE INTO run (id, session, summary, report) VALUES (?, ?, ?, ?)",
        )?
        .execute(params![
            report.id,
            report.outcome.session,
            json(&report.summary())?,
            json(report)?
        ])?;
    if inserted == 0 {
        return Ok(());
    }
    let mut statement = transaction
        .prepare_cached("INSERT INTO run_picture (run, number, bytes) VALUES (?, ?, ?)")?;
    for (number, bytes) in run.pictures.iter().enumerate() {
        statement.execute(params![report.id, number as i64, bytes])?;
    }
    Ok(())
}

fn json(value: &impl serde::Serialize) -> rusqlite::Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// Drops a session's re-runs; how many there were.
///
/// # Errors
/// When SQLite refuses.
pub fn delete(transaction: &Transaction<'_>, session: &str) -> rusqlite::Result<u64> {
    transaction
        .prepare_cached(
            "DELETE FROM run_picture WHERE run IN (SELECT id FROM run WHERE session = ?)",
        )?
        .execute([session])?;
    let deleted = transaction
        .prepare_cached("DELETE FROM run WHERE session = ?")?
        .execute([session])?;
    Ok(deleted as u64)
}

impl DayFile {
    /// Adds what is known of the session's re-runs that lie in this file.
    ///
    /// # Errors
    /// [`StoreError`] where the file cannot be read.
    pub fn runs(&self, session: &str, found: &mut Vec<RunSummary>) -> Result<(), StoreError> {
        self.run_rows(
            "SELECT summary FROM run WHERE session = ?",
            &[&session],
            |bytes| {
                found.push(self.parsed(&bytes)?);
                Ok(())
            },
        )
    }

    /// A re-run, where it lies in this file.
    ///
    /// # Errors
    /// [`StoreError`] where the file cannot be read.
    pub fn run(&self, id: &str) -> Result<Option<RunReport>, StoreError> {
        let mut found = None;
        self.run_rows("SELECT report FROM run WHERE id = ?", &[&id], |bytes| {
            found = Some(self.parsed(&bytes)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// A picture, where it lies in this file.
    ///
    /// # Errors
    /// [`StoreError`] where the file cannot be read.
    pub fn run_picture(&self, id: &str, number: u32) -> Result<Option<Vec<u8>>, StoreError> {
        let mut found = None;
        let query = "SELECT bytes FROM run_picture WHERE run = ? AND number = ?";
        self.run_rows(query, &[&id, &number], |bytes| {
            found = Some(bytes);
            Ok(())
        })?;
        Ok(found)
    }

    fn parsed<T: serde::de::DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, StoreError> {
        serde_json::from_slice(bytes).map_err(|error| {
            StoreError::Format(format!(
                "{}: a re-run is damaged: {error}",
                self.path().display()
            ))
        })
    }

    fn run_rows(
        &self,
        query: &str,
        parameters: &[&dyn rusqlite::ToSql],
        mut take: impl FnMut(Vec<u8>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut blobs: Vec<Vec<u8>> = Vec::new();
        self.rows_of("run", query, parameters, |row| {
            blobs.push(row.get(0)?);
            Ok(())
        })?;
        blobs.into_iter().try_for_each(&mut take)
    }
}
