//! The bodies of the native query API: what the server answers and the viewer reads; and the query
//! language, [`traceql`].
//!
//! 64-bit numbers travel as decimal strings. Every list is complete unless the body says otherwise.

pub mod audit;
pub mod erase;
mod ingest;
mod notes;
pub mod run;
pub mod session;
mod summary;
pub mod tail;
pub mod traceql;
mod views;

pub use ingest::{IngestStatusResponse, RefusedRequests, ServiceArrivals, SignalArrivals};
pub use notes::{MAX_AUTHOR_BYTES, MAX_NOTE_BYTES, MAX_NOTES, Note, NoteRequest, NotesResponse};
pub use summary::{error_reason, summarise};
pub use views::{
    MAX_VIEW_ADDRESS_BYTES, MAX_VIEW_NAME_BYTES, MAX_VIEWS, View, ViewRequest, ViewsResponse,
};

use serde::{Deserialize, Serialize};

use crate::id::{SpanId, TraceId};
use crate::time::{DurationNanos, UnixNanos};

/// The answer to `GET /api/v1/search`. Who does not need the spans reads
/// `SearchResponse<IgnoredAny>`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SearchResponse<M = Matched> {
    /// The traces found, newest first; equal starts are ordered by trace id.
    pub traces: Vec<TraceSummary>,
    /// Which spans of each trace were found, in the order of the traces.
    pub matched: Vec<M>,
    /// How many traces the search looked at.
    pub scanned_traces: u64,
    /// How many spans they have.
    pub scanned_spans: u64,
    /// Why the search ended.
    pub stopped: Stopped,
    /// Whether older matching traces may exist beyond `limit` or beyond what was scanned.
    pub more: bool,
    /// Where the next page begins: the parameter `after` of the same search. `None` where there is no
    /// more.
    pub next: Option<String>,
}

/// Why a search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Stopped {
    /// Nothing was left to look at.
    #[default]
    End,
    /// As many traces were found as were asked for, and there is another.
    Limit,
    /// Its time was up.
    Deadline,
}

/// Which spans of a trace a query found.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Matched {
    /// How many.
    pub span_count: u32,
    /// The first of them, as many as were asked for.
    pub spans: Vec<MatchedSpan>,
    /// How many spansets they form.
    pub spanset_count: u32,
    /// The first spansets of which `by()` or an aggregate says something, as many as spans.
    pub spansets: Vec<MatchedSpanset>,
}

/// A span that a query found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MatchedSpan {
    /// The span.
    pub span_id: SpanId,
    /// Its name.
    pub name: String,
    /// Its service.
    pub service: String,
    /// Its start, from the start of the trace.
    pub start: DurationNanos,
    /// From its start to its end.
    pub duration: DurationNanos,
    /// Whether it failed.
    pub failed: bool,
    /// What `select()` asked for, in its order.
    pub selected: Vec<FieldValue>,
}

/// Spans that belong together, as `by()` has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MatchedSpanset {
    /// How many spans it has.
    pub span_count: u32,
    /// What it is grouped by, and its aggregates.
    pub values: Vec<FieldValue>,
}

/// What a query asked and the answer to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldValue {
    /// The field or aggregate, as TraceQL writes it.
    pub field: String,
    /// The value, as TraceQL writes it: texts in quotes, durations with their unit, `nil` for none.
    pub value: String,
}

/// The answer to `GET /api/v1/search/parts`: what a search finds without each of its parts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PartsResponse {
    /// The parts, in the order of the query; the time range last, where there is one.
    pub parts: Vec<SearchPart>,
    /// How many further parts the query has, which were not left out.
    pub untried: u32,
}

/// A part of a search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SearchPart {
    /// The part, as TraceQL writes it; `None` for the time range.
    pub part: Option<String>,
    /// The query without it.
    pub query: String,
    /// Whether anything is found without it; `None` where time was up before that was known.
    pub found: Option<bool>,
}

/// The answer to `GET /api/v1/traces/{id}/matches`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MatchesResponse {
    /// The spans that the query finds in the trace, parents before their children.
    pub span_ids: Vec<SpanId>,
}

/// The answer to `GET /api/v1/tags`: which names queries can ask for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TagsResponse {
    /// The names, the most frequent of each scope first.
    pub tags: Vec<Tag>,
    /// How many of the newest traces were looked at.
    pub scanned_traces: u64,
    /// How many of their spans.
    pub scanned_spans: u64,
    /// Whether there are traces or spans that were not.
    pub more: bool,
}

/// A name that a query can ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tag {
    /// `span`, `resource`, `event`, `link`, `instrumentation`; `intrinsic` for what every span has.
    pub scope: String,
    /// The name as a query writes it, with its scope: `span.http.route`.
    pub name: String,
    /// How many of the spans looked at have it.
    pub span_count: u64,
}

/// The answer to `GET /api/v1/tags/{name}/values`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TagValuesResponse {
    /// The values, the most frequent first.
    pub values: Vec<TagValue>,
    /// How many of the newest traces were looked at; `None` where the values of all traces are counted as they arrive,
    /// which those of services and span names are.
    pub scanned_traces: Option<u64>,
    /// How many of their spans.
    pub scanned_spans: u64,
    /// Whether there may be other values.
    pub more: bool,
}

/// A value that a field has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TagValue {
    /// The value as TraceQL writes it.
    pub value: String,
    /// How many of the spans looked at have it.
    pub span_count: u64,
}

/// The answer to `GET /api/v1/traces/{id}/alike`: what a trace may be compared with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlikeResponse {
    /// The trace.
    pub trace: TraceSummary,
    /// The newest others whose root has the same name and service.
    pub alike: Vec<TraceSummary>,
    /// How many traces were looked at.
    pub scanned_traces: u64,
    /// Whether there may be more of them.
    pub more: bool,
}

/// What a list shows of a trace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TraceSummary {
    /// The trace.
    pub trace_id: TraceId,
    /// The name of its root: what the user did, where the trace starts in a browser.
    pub root_name: String,
    /// The service of its root.
    pub root_service: String,
    /// The first request that the root caused, such as `POST /api/bookings`.
    pub caused: Option<String>,
    /// The earliest start.
    pub start: UnixNanos,
    /// From the earliest start to the latest end.
    pub duration: DurationNanos,
    /// How many spans it has.
    pub span_count: u32,
    /// How many of them failed.
    pub error_count: u32,
    /// The message or type of the first error, with the span's name.
    pub error: Option<String>,
    /// Its services in the order of their first span; the browser first where there is one.
    pub services: Vec<ServiceShare>,
    /// What a search showed of the spans that it found: what it selects, groups by or compares, each
    /// as `field = value`, each once.
    #[serde(default)]
    pub noted: Vec<String>,
}

/// One service's part in a trace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceShare {
    /// The service's name.
    pub name: String,
    /// Whether it is a browser.
    pub browser: bool,
    /// How many of the trace's spans are its own.
    pub span_count: u32,
    /// How many of those failed.
    pub error_count: u32,
    /// Its first start, from the start of the trace.
    pub start: DurationNanos,
    /// From its first start to its last end.
    pub duration: DurationNanos,
}

/// The answer to `GET /api/v1/services`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServicesResponse {
    /// Every service that sent spans, by name.
    pub services: Vec<Service>,
    /// How many spans they sent together: all that are kept. Log records and metrics are not counted.
    pub span_count: u64,
    /// When the earliest trace of these spans started; `None` where there is none.
    pub start: Option<UnixNanos>,
    /// When the latest one did, or the part after midnight of one that began the day before.
    pub end: Option<UnixNanos>,
    /// When it was counted, by the server's clock: whatever was answered before is in it.
    pub as_of: UnixNanos,
}

/// A service and what it does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    /// The service's name.
    pub name: String,
    /// Whether it is a browser.
    pub browser: bool,
    /// The names of its spans, sorted.
    pub operations: Vec<String>,
    /// How many spans are kept of it.
    pub span_count: u64,
    /// In how many traces they are; `None` where nobody asked, or where they could not be counted in time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_count: Option<u64>,
}

/// The answer to `GET /api/v1/status`: what the server has and what it refused since it started.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusResponse {
    /// The server's version.
    pub version: String,
    /// Where the ingest face listens, as an origin.
    pub ingest_url: String,
    /// Where the gRPC receiver listens.
    pub grpc_url: String,
    /// Spans, log records and metric points accepted since the start.
    pub accepted: SignalCounts,
    /// The same, refused.
    pub refused: SignalCounts,
    /// The latest refusal in words.
    pub last_refusal: Option<String>,
}

/// A count for each signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignalCounts {
    /// Spans.
    pub spans: u64,
    /// Log records.
    pub logs: u64,
    /// Metric data points.
    pub metric_points: u64,
}

/// The body of every refused request to the API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorResponse {
    /// A word for programs: `not_found`, `invalid_query`, `invalid_argument`, `unauthenticated`,
    /// `forbidden`, `refused`, `unavailable`.
    pub code: String,
    /// What is wrong and what to do next, for people.
    pub message: String,
    /// Where in the query the error lies, in bytes from its start.
    pub position: Option<usize>,
}
