//! Where telemetry is kept.
//!
//! [`Store`] is what the rest of the server knows. It has two implementations that one behavioural
//! suite holds to the same answers: [`memory`], which keeps everything in maps and forgets it at the
//! end, and [`sqlite`], which keeps a file a day. [`writer`] stands before both and makes one
//! transaction of the batches of many requests.
//!
//! Invariant: when [`Store::append`] returns `Ok`, what it was given survives a crash of the machine
//! (where the store keeps anything at all) and every later read sees it.

mod content;
pub mod erasure;
pub mod memory;
pub mod replay;
pub mod run;
pub mod sqlite;
pub mod writer;

#[cfg(test)]
pub mod interposed;
#[cfg(test)]
pub mod suite;

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Instant;

use erasure::Erasure;
use replay::{ReplayChunk, ReplayPart};
use run::KeptRun;

use shared::attribute::AttributeValue;
use shared::id::{SpanId, TraceId};
use shared::log::LogEntry;
use shared::query::erase::ErasedResponse;
use shared::query::run::{RunReport, RunSummary};
use shared::query::{Note, View};
use shared::resource::{Resource, Scope};
use shared::span::SpanRecord;
use shared::time::{DurationNanos, UnixNanos};

/// What one request brings.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// Spans.
    pub spans: Vec<SpanRecord>,
    /// Log records.
    pub logs: Vec<LogEntry>,
    /// Metrics.
    pub metrics: Vec<MetricRecord>,
    /// Parts of pages' recordings.
    pub replays: Vec<ReplayChunk>,
    /// Re-runs of sessions.
    pub runs: Vec<KeptRun>,
}

impl Batch {
    /// How many records it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.spans.len()
            + self.logs.len()
            + self.metrics.len()
            + self.replays.len()
            + self.runs.len()
    }

    /// Whether there is nothing to keep.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// One metric with its data points, as OTLP sent it.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricRecord {
    /// Who sent it.
    pub resource: Arc<Resource>,
    /// The library that recorded it.
    pub scope: Arc<Scope>,
    /// The metric's name.
    pub name: String,
    /// The latest time among its points.
    pub time: UnixNanos,
    /// How many data points it carries.
    pub point_count: u32,
    /// The `opentelemetry.proto.metrics.v1.Metric` message with the points.
    pub message: Vec<u8>,
}

/// Which traces a search must look at: each condition is necessary, none need be sufficient.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    /// The earliest start of a trace.
    pub start: UnixNanos,
    /// The latest start of a trace.
    pub end: UnixNanos,
    /// One span of the trace must carry all of these …
    pub terms: Vec<Term>,
    /// … and have failed, where this is set …
    pub failed: bool,
    /// … and have lasted at least this long.
    pub lasted: Option<DurationNanos>,
    /// Only this trace.
    pub trace: Option<TraceId>,
    /// One span of the trace must link to this one.
    pub links_to: Option<TraceId>,
    /// Only traces that come behind this one.
    pub after: Option<Candidate>,
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            start: UnixNanos(0),
            end: UnixNanos(u64::MAX),
            terms: Vec::new(),
            failed: false,
            lasted: None,
            trace: None,
            links_to: None,
            after: None,
        }
    }
}

/// An equality that a store can look up.
#[derive(Debug, Clone, PartialEq)]
pub enum Term {
    /// The span's service.
    Service(String),
    /// The span's name.
    Name(String),
    /// An attribute of the span or of its resource.
    Attribute {
        /// The attribute's key.
        key: String,
        /// Its value; integers and doubles of the same amount are one value.
        value: AttributeValue,
    },
}

/// How many spans of one name a service sent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Operation {
    /// The service's name.
    pub service: String,
    /// The spans' name.
    pub name: String,
    /// Whether the service is a browser.
    pub browser: bool,
    /// How many.
    pub spans: u64,
}

/// A trace in the order of a search: the newest start first, equal starts by trace id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// Where the trace stands in the order by start.
    pub start: std::cmp::Reverse<UnixNanos>,
    /// The trace.
    pub id: TraceId,
}

/// Candidate traces of a search, in their order.
pub type Candidates<'store> = Box<dyn Iterator<Item = Result<Candidate, StoreError>> + 'store>;

/// Keeps telemetry. Every method blocks; callers on the asynchronous runtime go through
/// `spawn_blocking` or [`writer::Writer`].
pub trait Store: Send + Sync + 'static {
    /// Keeps the batches, all or none. The same span again is one span; a span with the same ids and
    /// another content is kept beside the first.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing of the batches is kept and a later call may succeed.
    fn append(&self, batches: &[Batch]) -> Result<(), StoreError>;

    /// Every span of a trace, in no particular order; empty where the trace is unknown.
    ///
    /// # Errors
    /// [`StoreError`] where the spans cannot be read.
    fn trace(&self, id: TraceId) -> Result<Vec<SpanRecord>, StoreError>;

    /// Gives every span of a trace to `take`, one after the other, so that a large trace need not be in memory as a
    /// whole; where `only` is given, the spans with that id. With each comes a hash of its content: copies of one
    /// span, of which a trace may have several, have the same.
    ///
    /// # Errors
    /// [`StoreError`] where the spans cannot be read.
    fn each_span(
        &self,
        id: TraceId,
        only: Option<SpanId>,
        take: &mut dyn FnMut(SpanRecord, i64),
    ) -> Result<(), StoreError> {
        for record in self.trace(id)? {
            if only.is_none_or(|only| only == record.span.span_id) {
                let content = content::Senders::default().span(&record);
                take(record, content);
            }
        }
        Ok(())
    }

    /// Where a trace stands in the order by start; `None` where it is unknown.
    ///
    /// # Errors
    /// [`StoreError`] where an index cannot be read.
    fn trace_start(&self, id: TraceId) -> Result<Option<UnixNanos>, StoreError>;

    /// At most `limit` spans of a trace: what it is like, where reading all would take long.
    ///
    /// # Errors
    /// [`StoreError`] where the spans cannot be read.
    fn some_spans(&self, id: TraceId, limit: usize) -> Result<Vec<SpanRecord>, StoreError> {
        let mut spans = self.trace(id)?;
        spans.truncate(limit);
        Ok(spans)
    }

    /// Every log record of a trace, by time.
    ///
    /// # Errors
    /// [`StoreError`] where the records cannot be read.
    fn logs(&self, id: TraceId) -> Result<Vec<LogEntry>, StoreError>;

    /// The traces that meet a filter's conditions as far as the store's indexes can tell: every
    /// trace that meets them, perhaps some that do not.
    ///
    /// # Errors
    /// [`StoreError`] where an index cannot be read.
    fn candidates(&self, filter: &Filter) -> Result<Candidates<'_>, StoreError>;

    /// How many spans of which name each service sent, by service and name. The same may come more than once: the
    /// counts of both are right together.
    ///
    /// # Errors
    /// [`StoreError`] where the list cannot be read.
    fn operations(&self) -> Result<Vec<Operation>, StoreError>;

    /// In how many traces a service has spans; `None` where that cannot be counted before the deadline.
    ///
    /// # Errors
    /// [`StoreError`] where an index cannot be read.
    fn count_traces(&self, service: &str, deadline: Instant) -> Result<Option<u64>, StoreError>;

    /// When the earliest and the latest trace started that have spans here; `None` where there are none. Of a trace that
    /// is in two days, the part in the second may count as the latest.
    ///
    /// # Errors
    /// [`StoreError`] where an index cannot be read.
    fn range(&self) -> Result<Option<(UnixNanos, UnixNanos)>, StoreError>;

    /// The metrics with this name, in the order of arrival.
    ///
    /// # Errors
    /// [`StoreError`] where they cannot be read.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "metrics are charted by a later issue")
    )]
    fn metrics(&self, name: &str) -> Result<Vec<MetricRecord>, StoreError>;

    /// The notes of a trace, oldest first. They outlive the trace's retention.
    ///
    /// # Errors
    /// [`StoreError`] where they cannot be read.
    fn notes(&self, trace: TraceId) -> Result<Vec<Note>, StoreError>;

    /// Keeps a note of a trace, in the place of one with the same id; the first writing's time
    /// stays.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be written.
    fn put_note(&self, trace: TraceId, note: &Note) -> Result<(), StoreError>;

    /// Drops a note of a trace; whether there was one.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be dropped.
    fn delete_note(&self, trace: TraceId, id: SpanId) -> Result<bool, StoreError>;

    /// Every view of the team, by name.
    ///
    /// # Errors
    /// [`StoreError`] where they cannot be read.
    fn views(&self) -> Result<Vec<View>, StoreError>;

    /// Keeps a view, in the place of one with the same id; the first writing's time stays.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be written.
    fn put_view(&self, view: &View) -> Result<(), StoreError>;

    /// Drops a view; whether there was one.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be dropped.
    fn delete_view(&self, id: SpanId) -> Result<bool, StoreError>;

    /// Which chunks there are of a session's recordings, by stream and number.
    ///
    /// # Errors
    /// [`StoreError`] where they cannot be read.
    fn replay_parts(&self, session: &str) -> Result<Vec<ReplayPart>, StoreError>;

    /// The events of a stream's chunks with these numbers: a JSON array for each, packed by zstd, by number.
    ///
    /// # Errors
    /// [`StoreError`] where they cannot be read.
    fn replay_events(
        &self,
        session: &str,
        stream: &str,
        numbers: RangeInclusive<u32>,
    ) -> Result<Vec<Vec<u8>>, StoreError>;

    /// What is known of the re-runs of a session, newest first.
    ///
    /// # Errors
    /// [`StoreError`] where they cannot be read.
    fn runs(&self, session: &str) -> Result<Vec<RunSummary>, StoreError>;

    /// A re-run by its id.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be read.
    fn run(&self, id: &str) -> Result<Option<RunReport>, StoreError>;

    /// A picture of a re-run.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be read.
    fn run_picture(&self, id: &str, number: u32) -> Result<Option<Vec<u8>>, StoreError>;

    /// Gives every log record to `take`, in no particular order; one that arrived twice may come twice.
    ///
    /// # Errors
    /// [`StoreError`] where the records cannot be read.
    fn each_log(&self, take: &mut dyn FnMut(&LogEntry)) -> Result<(), StoreError>;

    /// Drops everything of a visitor for good: spans, log records, metrics, recordings, notes, and what the indexes
    /// know of them; nothing of it is left in the bytes of a file. With `dry_run` it is only counted. What a crash
    /// interrupts is finished when the store is next opened. Returns the counts other than of traces and sessions.
    ///
    /// # Errors
    /// [`StoreError`]; it may be done in part, and is finished by the next call.
    fn erase(&self, erasure: &Erasure, dry_run: bool) -> Result<ErasedResponse, StoreError>;

    /// Drops what is past its retention; called about once a minute.
    ///
    /// # Errors
    /// [`StoreError`] where a file cannot be dropped.
    fn expire(&self) -> Result<(), StoreError>;

    /// Brings everything into its final place before the process ends.
    ///
    /// # Errors
    /// [`StoreError`] where that fails; nothing acknowledged is lost by it.
    fn close(&self) -> Result<(), StoreError>;
}

/// Why a store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused: a full disk, an I/O error.
    #[error("{doing}: {source}")]
    Database {
        /// What the store was doing, and to which file.
        doing: String,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// The file system refused.
    #[error("{doing}: {source}")]
    File {
        /// What the store was doing, and to which file.
        doing: String,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// A file holds what this version of the store does not understand.
    #[error("{0}")]
    Format(String),
    /// The writer ended or panicked.
    #[error("the store's writer has stopped")]
    Stopped,
}

/// Tells the time: the system's clock, or a test's.
pub type Clock = Arc<dyn Fn() -> UnixNanos + Send + Sync>;

/// The system's clock.
#[must_use]
pub fn system_clock() -> Clock {
    Arc::new(|| {
        let since_epoch = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        UnixNanos(u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX))
    })
}

/// The first instant of the year 2000.
const YEAR_2000: UnixNanos = UnixNanos(946_684_800 * 1_000_000_000);

/// Where a span stands in the order of traces by start.
///
/// That is its start, unless the sender's clock cannot be right: before the year 2000 or more than a
/// day after the span arrived. Such a span counts by its arrival, or one phone without a battery
/// would put its traces before all others for ever, or out of every search.
#[must_use]
pub fn sorting_start(start: UnixNanos, arrival: UnixNanos) -> UnixNanos {
    let latest = arrival + DurationNanos(86_400 * 1_000_000_000);
    if start < YEAR_2000 || start > latest {
        arrival
    } else {
        start
    }
}
