//! Writes batches into a day's file.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use shared::id::TraceId;
use shared::resource::Resource;
use shared::time::{DurationNanos, UnixNanos};

use super::codec::Packer;
use super::{links, replay, run, tokens};
use crate::otlp_protobuf::encode;
use crate::store::content::{Ordinals, Sender, SenderHash, Senders};
use crate::store::{Batch, MetricRecord, sorting_start};
use shared::log::LogEntry;
use shared::span::SpanRecord;

/// Rows that are remembered so that they need not be looked up again.
const MAX_ROWS_KEPT: usize = 50_000;

/// The writing side of a day's file. After an error it must be dropped: it may remember rows of a
/// transaction that was rolled back.
pub struct Appender {
    connection: Connection,
    packer: Packer,
    rows: Rows,
}

#[derive(Default)]
struct Rows {
    resources: HashMap<SenderHash, i64>,
    scopes: HashMap<SenderHash, i64>,
    operations: HashMap<(String, String, bool), i64>,
}

/// What one transaction adds to a trace.
struct TraceChange {
    row: i64,
    start: UnixNanos,
    end: UnixNanos,
    longest: DurationNanos,
    spans: u32,
    errors: u32,
    words: BTreeSet<u64>,
}

impl Appender {
    /// Takes over the writing connection of a day's file.
    ///
    /// # Errors
    /// When zstd has no memory.
    pub fn new(connection: Connection) -> std::io::Result<Self> {
        Ok(Self {
            connection,
            packer: Packer::new()?,
            rows: Rows::default(),
        })
    }

    /// Writes the batches in one transaction and returns once it is on disk.
    ///
    /// # Errors
    /// When SQLite refuses; nothing is written then.
    pub fn append(&mut self, batches: &[Batch], arrival: UnixNanos) -> rusqlite::Result<()> {
        self.rows.forget_if_many();
        let transaction = self.connection.transaction()?;
        let mut append = Append {
            transaction: &transaction,
            packer: &mut self.packer,
            rows: &mut self.rows,
            senders: Senders::default(),
            sender_words: HashMap::new(),
            arrival,
            traces: HashMap::new(),
            order: Vec::new(),
            operations: HashMap::new(),
        };
        for batch in batches {
            for record in &batch.spans {
                append.span(record)?;
            }
            let mut ordinals = Ordinals::default();
            for entry in &batch.logs {
                append.log(entry, &mut ordinals)?;
            }
            for metric in &batch.metrics {
                append.metric(metric)?;
            }
            for chunk in &batch.replays {
                replay::append(&transaction, chunk)?;
            }
            for one in &batch.runs {
                run::append(&transaction, one)?;
            }
        }
        append.finish()?;
        transaction.commit()
    }

    /// Folds the log into the file and closes it.
    ///
    /// # Errors
    /// When SQLite refuses; what was committed stays in the log then.
    pub fn close(self) -> rusqlite::Result<()> {
        self.connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        self.connection.close().map_err(|(_, error)| error)
    }

    /// The connection, for tests that make SQLite refuse.
    #[cfg(test)]
    pub fn connection(&self) -> &Connection {
        &self.connection
    }
}

impl Rows {
    fn forget_if_many(&mut self) {
        if self.resources.len() + self.scopes.len() + self.operations.len() > MAX_ROWS_KEPT {
            *self = Self::default();
        }
    }
}

/// One transaction in the making.
struct Append<'run, 'batch> {
    transaction: &'run Transaction<'run>,
    packer: &'run mut Packer,
    rows: &'run mut Rows,
    senders: Senders<'batch>,
    /// The index words of a resource's attributes.
    sender_words: HashMap<*const Resource, Arc<[u64]>>,
    arrival: UnixNanos,
    traces: HashMap<TraceId, TraceChange>,
    /// Traces in the order of their first span, so that equal input makes equal files.
    order: Vec<TraceId>,
    /// New spans by operation.
    operations: HashMap<i64, i64>,
}

impl<'batch> Append<'_, 'batch> {
    fn span(&mut self, record: &'batch SpanRecord) -> rusqlite::Result<()> {
        let span = &record.span;
        let content = self.senders.span(record);
        let trace = self.trace(span.trace_id, span.start)?;
        let resource = self.resource(&record.resource)?;
        let scope = self.scope(&record.scope)?;
        let service = record.resource.service_name();
        let operation = self.operation(service, &span.name, record.resource.is_browser())?;
        let duration = span.duration();

        let mut body = encode::span(span);
        body.trace_id.clear();
        body.span_id.clear();
        body.name.clear();
        body.kind = 0;
        body.status = (!span.status.message.is_empty()).then(|| {
            opentelemetry_proto::tonic::trace::v1::Status {
                message: span.status.message.clone(),
                code: 0,
            }
        });
        // SQLite's integers end at 2^63. Instants beyond, in the year 2262, stay in the blob.
        let start = column(span.start);
        if start.is_some() && column(span.end).is_some() {
            body.start_time_unix_nano = 0;
            body.end_time_unix_nano = 0;
        }
        let inserted = self
            .transaction
            .prepare_cached(
                "INSERT OR IGNORE INTO span (trace, span_id, content, start, duration, operation, \
                 resource, scope, kind, status, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                trace,
                i64::from_be_bytes(*span.span_id.as_bytes()),
                content,
                start.unwrap_or(i64::MAX),
                duration.0,
                operation,
                resource,
                scope,
                span.kind.to_otlp(),
                span.status.code.to_otlp(),
                self.packer.pack(&body),
            ])?;
        if inserted == 0 {
            return Ok(());
        }
        links::append(self.transaction, trace, &span.links)?;
        *self.operations.entry(operation).or_insert(0) += 1;
        let sender_words = self.sender_words(&record.resource);
        let sorting_start = sorting_start(span.start, self.arrival);
        if let Some(change) = self.traces.get_mut(&span.trace_id) {
            change.start = change.start.min(sorting_start);
            change.end = change
                .end
                .max(sorting_start + DurationNanos(duration.0.max(0)));
            change.longest = change.longest.max(duration);
            change.spans += 1;
            change.errors += u32::from(span.is_error());
            change.words.extend(sender_words.iter());
            change.words.insert(tokens::span_name(&span.name));
            tokens::of_attributes(&span.attributes, &mut |word| {
                change.words.insert(word);
            });
        }
        Ok(())
    }

    /// The row of a trace, which is made where there is none.
    fn trace(&mut self, id: TraceId, start: UnixNanos) -> rusqlite::Result<i64> {
        if let Some(change) = self.traces.get(&id) {
            return Ok(change.row);
        }
        let start = sorting_start(start, self.arrival);
        let found: Option<i64> = self
            .transaction
            .prepare_cached("SELECT id FROM trace WHERE trace_id = ?")?
            .query_row([id.as_bytes()], |row| row.get(0))
            .optional()?;
        let row = match found {
            Some(row) => row,
            None => self
                .transaction
                .prepare_cached(
                    "INSERT INTO trace (trace_id, start, end, longest, spans, errors) \
                     VALUES (?1, ?2, ?2, -9223372036854775808, 0, 0)",
                )?
                .insert(params![id.as_bytes(), start.0 as i64])?,
        };
        let change = TraceChange {
            row,
            start,
            end: start,
            longest: DurationNanos(i64::MIN),
            spans: 0,
            errors: 0,
            words: BTreeSet::new(),
        };
        self.traces.insert(id, change);
        self.order.push(id);
        Ok(row)
    }

    fn log(&mut self, entry: &'batch LogEntry, ordinals: &mut Ordinals) -> rusqlite::Result<()> {
        let ordinal = ordinals.next(self.senders.log(entry, 0));
        let content = self.senders.log(entry, ordinal);
        let resource = self.resource(&entry.resource)?;
        let scope = self.scope(&entry.scope)?;
        let record = &entry.record;
        let mut body = encode::log_record(record);
        body.trace_id.clear();
        if column(record.time).is_some() {
            body.time_unix_nano = 0;
        }
        self.transaction
            .prepare_cached(
                "INSERT OR IGNORE INTO log (content, trace_id, time, severity, resource, scope, \
                 body) VALUES (?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                content,
                record.trace_id.as_ref().map(|id| id.as_bytes()),
                column(record.time).unwrap_or(i64::MAX),
                record.severity_number,
                resource,
                scope,
                self.packer.pack(&body),
            ])?;
        Ok(())
    }

    fn metric(&mut self, metric: &'batch MetricRecord) -> rusqlite::Result<()> {
        let content = self.senders.metric(metric);
        let resource = self.resource(&metric.resource)?;
        let scope = self.scope(&metric.scope)?;
        self.transaction
            .prepare_cached(
                "INSERT OR IGNORE INTO metric (content, name, time, points, resource, scope, body) \
                 VALUES (?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                content,
                metric.name,
                column(metric.time).unwrap_or(i64::MAX),
                metric.point_count,
                resource,
                scope,
                self.packer.pack_bytes(&metric.message),
            ])?;
        Ok(())
    }

    /// Writes what the transaction has gathered: the traces' new extents, the index, the counts.
    fn finish(self) -> rusqlite::Result<()> {
        let mut words = String::new();
        for change in self.order.iter().filter_map(|id| self.traces.get(id)) {
            if change.spans == 0 {
                continue;
            }
            self.transaction
                .prepare_cached(
                    "UPDATE trace SET start = min(start, ?2), end = max(end, ?3), \
                     longest = max(longest, ?4), spans = spans + ?5, errors = errors + ?6 \
                     WHERE id = ?1",
                )?
                .execute(params![
                    change.row,
                    change.start.0 as i64,
                    column(change.end).unwrap_or(i64::MAX),
                    change.longest.0,
                    change.spans,
                    change.errors,
                ])?;
            words.clear();
            for word in &change.words {
                tokens::push_word(*word, &mut words);
                words.push(' ');
            }
            let doc = self
                .transaction
                .prepare_cached("INSERT INTO doc (trace) VALUES (?)")?
                .insert([change.row])?;
            self.transaction
                .prepare_cached("INSERT INTO token (rowid, words) VALUES (?, ?)")?
                .execute(params![doc, words])?;
        }
        for (operation, spans) in &self.operations {
            self.transaction
                .prepare_cached("UPDATE operation SET spans = spans + ? WHERE id = ?")?
                .execute([spans, operation])?;
        }
        Ok(())
    }

    fn sender_words(&mut self, resource: &Arc<Resource>) -> Arc<[u64]> {
        let words = self
            .sender_words
            .entry(Arc::as_ptr(resource))
            .or_insert_with(|| {
                let mut words = vec![tokens::service(resource.service_name())];
                tokens::of_attributes(&resource.attributes, &mut |word| words.push(word));
                words.into()
            });
        Arc::clone(words)
    }

    fn resource(&mut self, resource: &'batch Arc<Resource>) -> rusqlite::Result<i64> {
        let sender = self.senders.resource(resource);
        sender_row(
            self.transaction,
            &mut self.rows.resources,
            &sender,
            "resource",
        )
    }

    fn scope(&mut self, scope: &'batch Arc<shared::resource::Scope>) -> rusqlite::Result<i64> {
        let sender = self.senders.scope(scope);
        sender_row(self.transaction, &mut self.rows.scopes, &sender, "scope")
    }

    fn operation(&mut self, service: &str, name: &str, browser: bool) -> rusqlite::Result<i64> {
        let key = (service.to_owned(), name.to_owned(), browser);
        if let Some(row) = self.rows.operations.get(&key) {
            return Ok(*row);
        }
        let found: Option<i64> = self
            .transaction
            .prepare_cached(
                "SELECT id FROM operation WHERE service = ? AND name = ? AND browser = ?",
            )?
            .query_row(params![service, name, browser], |row| row.get(0))
            .optional()?;
        let row = match found {
            Some(row) => row,
            None => self
                .transaction
                .prepare_cached("INSERT INTO operation (service, name, browser) VALUES (?, ?, ?)")?
                .insert(params![service, name, browser])?,
        };
        self.rows.operations.insert(key, row);
        Ok(row)
    }
}

fn sender_row(
    transaction: &Transaction<'_>,
    rows: &mut HashMap<SenderHash, i64>,
    sender: &Sender,
    table: &str,
) -> rusqlite::Result<i64> {
    if let Some(row) = rows.get(&sender.hash) {
        return Ok(*row);
    }
    let found: Option<i64> = transaction
        .prepare_cached(&format!("SELECT id FROM {table} WHERE hash = ?"))?
        .query_row([&sender.hash], |row| row.get(0))
        .optional()?;
    let row = match found {
        Some(row) => row,
        None => transaction
            .prepare_cached(&format!(
                "INSERT INTO {table} (hash, message) VALUES (?, ?)"
            ))?
            .insert(params![sender.hash, sender.message])?,
    };
    rows.insert(sender.hash, row);
    Ok(row)
}

/// An instant as SQLite holds it; `None` from the year 2262 on.
fn column(instant: UnixNanos) -> Option<i64> {
    i64::try_from(instant.0).ok()
}
