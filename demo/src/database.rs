//! SQLite with one CLIENT span per statement, after OpenTelemetry's database conventions.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use opentelemetry::KeyValue;
use rusqlite::{Connection, ErrorCode};

use crate::stage::{ActiveSpan, Stage};

/// A service's own database.
#[derive(Clone, Debug)]
pub struct Database {
    connection: Arc<Mutex<Connection>>,
    namespace: &'static str,
}

/// One SQL statement, as its span names it.
#[derive(Clone, Copy, Debug)]
pub struct Statement {
    /// `db.operation.name`.
    pub operation: &'static str,
    /// `db.collection.name`: the table.
    pub table: &'static str,
    /// `db.query.text`, with placeholders only.
    pub text: &'static str,
}

impl Database {
    /// Opens `DIR/NAMESPACE.sqlite` and creates what `schema` asks for.
    ///
    /// # Errors
    /// Fails where the folder cannot be written or the file is no database.
    pub fn open(dir: &Path, namespace: &'static str, schema: &str) -> anyhow::Result<Self> {
        std::fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
        let path = dir.join(format!("{namespace}.sqlite"));
        let connection =
            Connection::open(&path).with_context(|| format!("cannot open {}", path.display()))?;
        connection
            .pragma_update(None, "journal_mode", "wal")
            .and_then(|()| connection.pragma_update(None, "busy_timeout", 5_000))
            .and_then(|()| connection.execute_batch(schema))
            .with_context(|| format!("cannot prepare {}", path.display()))?;
        Ok(Self {
            connection: Arc::new(Mutex::new(connection)),
            namespace,
        })
    }

    /// Runs `work` on the connection, outside any trace.
    ///
    /// # Errors
    /// Returns SQLite's error.
    pub async fn untraced<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> rusqlite::Result<T> {
        let connection = Arc::clone(&self.connection);
        tokio::task::spawn_blocking(move || {
            work(&mut connection.lock().unwrap_or_else(PoisonError::into_inner))
        })
        .await
        .unwrap_or_else(|_panicked| Err(rusqlite::Error::ExecuteReturnedResults))
    }

    /// Runs one statement in its span.
    ///
    /// # Errors
    /// Returns SQLite's error, which is on the span too.
    pub async fn run<T: Send + 'static>(
        &self,
        stage: &Stage,
        statement: Statement,
        work: impl FnOnce(&Connection, &'static str) -> rusqlite::Result<T> + Send + 'static,
    ) -> rusqlite::Result<T> {
        let summary = format!("{} {}", statement.operation, statement.table);
        let span = stage.client(
            summary.clone(),
            vec![
                KeyValue::new("db.system.name", "sqlite"),
                KeyValue::new("db.namespace", self.namespace),
                KeyValue::new("db.operation.name", statement.operation),
                KeyValue::new("db.collection.name", statement.table),
                KeyValue::new("db.query.text", statement.text),
                KeyValue::new("db.query.summary", summary),
            ],
        );
        let result = self
            .untraced(move |connection| work(connection, statement.text))
            .await;
        if let Err(error) = &result {
            record_error(&span, error);
        }
        result
    }
}

/// Whether a row with the same key was there first.
pub fn is_constraint_violation(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
}

fn record_error(span: &ActiveSpan, error: &rusqlite::Error) {
    if let Some(code) = error.sqlite_error().map(|error| error.extended_code) {
        span.set("db.response.status_code", code.to_string());
    }
    let kind = match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => "constraint_violation",
        Some(ErrorCode::DatabaseBusy) => "database_busy",
        Some(ErrorCode::DiskFull) => "disk_full",
        _ => "sqlite_error",
    };
    span.exception(kind, &error.to_string(), None);
}
