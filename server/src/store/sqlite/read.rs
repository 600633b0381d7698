//! Reads spans, logs and metrics back out of a day's file.

use std::collections::HashSet;
use std::sync::Arc;

use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::logs::v1::LogRecord as LogMessage;
use opentelemetry_proto::tonic::resource::v1::Resource as ResourceMessage;
use opentelemetry_proto::tonic::trace::v1::{Span as SpanMessage, Status as StatusMessage};
use prost::Message as _;
use rusqlite::{Connection, OptionalExtension as _, Row};
use shared::id::{SpanId, TraceId};
use shared::log::LogEntry;
use shared::resource::{Resource, Scope};
use shared::span::SpanRecord;
use shared::time::{DurationNanos, UnixNanos};

use super::codec::CodecError;
use super::file::{DayFile, Reader};
use crate::otlp_protobuf::decode;
use crate::store::{MetricRecord, Operation, StoreError};

macro_rules! spans_of_trace {
    () => {
        "SELECT span.span_id, span.start, span.duration, operation.name, span.resource, \
         span.scope, span.kind, span.status, span.body, span.content \
         FROM trace JOIN span ON span.trace = trace.id \
         JOIN operation ON operation.id = span.operation \
         WHERE trace.trace_id = ?1"
    };
}

impl DayFile {
    /// Gives at most `limit` spans of a trace to `take`, each with its content hash; of `only` that id where it is
    /// given. They come by id.
    ///
    /// # Errors
    /// [`StoreError`] where the file or a record in it cannot be read.
    pub fn each_span(
        &self,
        id: TraceId,
        only: Option<SpanId>,
        limit: usize,
        take: &mut dyn FnMut(SpanRecord, i64),
    ) -> Result<(), StoreError> {
        let error = |source| self.error("cannot read", source);
        self.read(|reader| {
            let Reader {
                connection,
                unpacker,
            } = reader;
            let mut statement = connection
                .prepare_cached(if only.is_some() {
                    concat!(spans_of_trace!(), " AND span.span_id = ?3 LIMIT ?2")
                } else {
                    concat!(spans_of_trace!(), " LIMIT ?2")
                })
                .map_err(error)?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let mut rows = match only {
                Some(only) => statement.query(rusqlite::params![
                    id.as_bytes(),
                    limit,
                    i64::from_be_bytes(*only.as_bytes())
                ]),
                None => statement.query(rusqlite::params![id.as_bytes(), limit]),
            }
            .map_err(error)?;
            while let Some(row) = rows.next().map_err(error)? {
                let row = SpanRow::read(row).map_err(error)?;
                let (resource, scope) = self.sender(connection, row.resource, row.scope)?;
                let message: SpanMessage = unpacker
                    .unpack(&row.body)
                    .map_err(|error| self.damaged(&error))?;
                let content = row.content;
                let span = decode::span(row.restore(id, message))
                    .map_err(|error| StoreError::Format(format!("{}: {error}", self.name())))?;
                let record = SpanRecord {
                    resource,
                    scope,
                    span,
                };
                take(record, content);
            }
            Ok(())
        })
    }

    /// Adds the log records of a trace to `found`, but for those in `seen`: the contents that other
    /// files had, to which this one's are added.
    ///
    /// # Errors
    /// [`StoreError`] where the file or a record in it cannot be read.
    pub fn logs(
        &self,
        id: TraceId,
        seen: &mut HashSet<i64>,
        found: &mut Vec<LogEntry>,
    ) -> Result<(), StoreError> {
        self.read(|reader| {
            let rows = (|| {
                reader
                    .connection
                    .prepare_cached(
                        "SELECT content, time, resource, scope, body FROM log WHERE trace_id = ? \
                         ORDER BY time, id",
                    )?
                    .query_map([id.as_bytes()], |row| {
                        Ok((
                            row.get(0)?,
                            row.get(1)?,
                            row.get(2)?,
                            row.get(3)?,
                            row.get(4)?,
                        ))
                    })?
                    .collect::<rusqlite::Result<Vec<(i64, i64, i64, i64, Vec<u8>)>>>()
            })()
            .map_err(|source| self.error("cannot read", source))?;
            for (content, time, resource, scope, body) in rows {
                if !seen.insert(content) {
                    continue;
                }
                let (resource, scope) = self.sender(&reader.connection, resource, scope)?;
                let mut message: LogMessage = reader
                    .unpacker
                    .unpack(&body)
                    .map_err(|error| self.damaged(&error))?;
                message.trace_id = id.as_bytes().to_vec();
                if message.time_unix_nano == 0 {
                    message.time_unix_nano = time as u64;
                }
                found.push(LogEntry {
                    resource,
                    scope,
                    record: decode::log_record(message),
                });
            }
            Ok(())
        })
    }

    /// Adds the metrics with this name to `found`, but for those in `seen`, as for `logs`.
    ///
    /// # Errors
    /// [`StoreError`] where the file or a record in it cannot be read.
    pub fn metrics(
        &self,
        name: &str,
        seen: &mut HashSet<i64>,
        found: &mut Vec<MetricRecord>,
    ) -> Result<(), StoreError> {
        self.read(|reader| {
            let rows = (|| {
                reader
                    .connection
                    .prepare_cached(
                        "SELECT content, time, points, resource, scope, body FROM metric WHERE name = ? \
                         ORDER BY id",
                    )?
                    .query_map([name], |row| {
                        Ok((
                            row.get(0)?,
                            row.get(1)?,
                            row.get(2)?,
                            row.get(3)?,
                            row.get(4)?,
                            row.get(5)?,
                        ))
                    })?
                    .collect::<rusqlite::Result<Vec<(i64, i64, u32, i64, i64, Vec<u8>)>>>()
            })()
            .map_err(|source| self.error("cannot read", source))?;
            for (content, time, point_count, resource, scope, body) in rows {
                if !seen.insert(content) {
                    continue;
                }
                let (resource, scope) = self.sender(&reader.connection, resource, scope)?;
                let message = reader
                    .unpacker
                    .unpack_bytes(&body)
                    .map_err(|error| self.damaged(&error))?;
                found.push(MetricRecord {
                    resource,
                    scope,
                    name: name.to_owned(),
                    time: UnixNanos(time as u64),
                    point_count,
                    message,
                });
            }
            Ok(())
        })
    }

    /// Every operation with the number of its spans.
    ///
    /// # Errors
    /// [`StoreError`] where the file cannot be read.
    pub fn operations(&self) -> Result<Vec<Operation>, StoreError> {
        self.read(|reader| {
            (|| {
                reader
                    .connection
                    .prepare_cached(
                        "SELECT service, name, browser, spans FROM operation WHERE spans > 0",
                    )?
                    .query_map([], |row| {
                        Ok(Operation {
                            service: row.get(0)?,
                            name: row.get(1)?,
                            browser: row.get(2)?,
                            spans: row.get::<_, i64>(3)?.unsigned_abs(),
                        })
                    })?
                    .collect::<rusqlite::Result<_>>()
            })()
            .map_err(|source| self.error("cannot read", source))
        })
    }

    /// Where the file's earliest and its latest trace start; `None` where it has none.
    ///
    /// # Errors
    /// [`StoreError`] where the file cannot be read.
    pub fn range(&self) -> Result<Option<(UnixNanos, UnixNanos)>, StoreError> {
        self.read(|reader| {
            let instant = |start: i64| UnixNanos(start.unsigned_abs());
            // Each of the two is one step in the index; both in one question are a walk over all of it.
            reader
                .connection
                .prepare_cached(
                    "SELECT (SELECT min(start) FROM trace), (SELECT max(start) FROM trace)",
                )
                .and_then(|mut statement| {
                    statement.query_row([], |row| {
                        let (earliest, latest): (Option<i64>, Option<i64>) =
                            (row.get(0)?, row.get(1)?);
                        Ok(earliest.map(instant).zip(latest.map(instant)))
                    })
                })
                .map_err(|source| self.error("cannot read", source))
        })
    }

    /// Where the file's part of a trace starts; `None` where it has none.
    ///
    /// # Errors
    /// [`StoreError`] where the file cannot be read.
    pub fn trace_start(&self, id: TraceId) -> Result<Option<UnixNanos>, StoreError> {
        self.read(|reader| {
            reader
                .connection
                .prepare_cached("SELECT start FROM trace WHERE trace_id = ?")
                .and_then(|mut statement| {
                    statement
                        .query_row([id.as_bytes()], |row| row.get::<_, i64>(0))
                        .optional()
                })
                .map(|start| start.map(|start| UnixNanos(start as u64)))
                .map_err(|source| self.error("cannot read", source))
        })
    }

    pub(super) fn sender(
        &self,
        connection: &Connection,
        resource: i64,
        scope: i64,
    ) -> Result<(Arc<Resource>, Arc<Scope>), StoreError> {
        let mut senders = self.senders();
        let found_resource = match senders.resources.get(&resource) {
            Some(found) => Arc::clone(found),
            None => {
                let message = self.message(connection, "resource", resource)?;
                let message = ResourceMessage::decode(message.as_slice())
                    .map_err(|error| self.damaged(&error.into()))?;
                let decoded = Arc::new(decode::resource(message));
                senders.resources.insert(resource, Arc::clone(&decoded));
                decoded
            }
        };
        let found_scope = match senders.scopes.get(&scope) {
            Some(found) => Arc::clone(found),
            None => {
                let message = self.message(connection, "scope", scope)?;
                let message = InstrumentationScope::decode(message.as_slice())
                    .map_err(|error| self.damaged(&error.into()))?;
                let decoded = Arc::new(decode::scope(message));
                senders.scopes.insert(scope, Arc::clone(&decoded));
                decoded
            }
        };
        Ok((found_resource, found_scope))
    }

    fn message(
        &self,
        connection: &Connection,
        table: &str,
        row: i64,
    ) -> Result<Vec<u8>, StoreError> {
        connection
            .prepare_cached(&format!("SELECT message FROM {table} WHERE id = ?"))
            .and_then(|mut statement| statement.query_row([row], |row| row.get(0)))
            .map_err(|source| self.error("cannot read", source))
    }

    pub(super) fn damaged(&self, error: &CodecError) -> StoreError {
        StoreError::Format(format!("{}: {error}", self.name()))
    }

    fn name(&self) -> std::path::Display<'_> {
        self.path().display()
    }
}

struct SpanRow {
    span_id: i64,
    start: i64,
    duration: i64,
    name: String,
    resource: i64,
    scope: i64,
    kind: i32,
    status: i32,
    body: Vec<u8>,
    content: i64,
}

impl SpanRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            span_id: row.get(0)?,
            start: row.get(1)?,
            duration: row.get(2)?,
            name: row.get(3)?,
            resource: row.get(4)?,
            scope: row.get(5)?,
            kind: row.get(6)?,
            status: row.get(7)?,
            body: row.get(8)?,
            content: row.get(9)?,
        })
    }

    /// Puts back what the columns hold.
    fn restore(self, id: TraceId, message: SpanMessage) -> SpanMessage {
        let in_columns = message.start_time_unix_nano == 0 && message.end_time_unix_nano == 0;
        let start = UnixNanos(self.start as u64);
        let (start, end) = if in_columns {
            (start, start + DurationNanos(self.duration))
        } else {
            (
                UnixNanos(message.start_time_unix_nano),
                UnixNanos(message.end_time_unix_nano),
            )
        };
        SpanMessage {
            trace_id: id.as_bytes().to_vec(),
            span_id: self.span_id.to_be_bytes().to_vec(),
            name: self.name,
            kind: self.kind,
            start_time_unix_nano: start.0,
            end_time_unix_nano: end.0,
            status: Some(StatusMessage {
                message: message.status.unwrap_or_default().message,
                code: self.status,
            }),
            ..message
        }
    }
}
