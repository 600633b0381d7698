//! The bodies of the native query API: what the server answers and the viewer reads; and the query
//! language, [`traceql`].
//!
//! 64-bit numbers travel as decimal strings. Every list is complete unless the body says otherwise.

mod summary;
pub mod traceql;

pub use summary::{error_reason, summarise};

use serde::{Deserialize, Serialize};

use crate::id::TraceId;
use crate::time::{DurationNanos, UnixNanos};

/// The answer to `GET /api/v1/search`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SearchResponse {
    /// The traces found, newest first; equal starts are ordered by trace id.
    pub traces: Vec<TraceSummary>,
    /// How many traces the search looked at.
    pub scanned_traces: u64,
    /// Whether older matching traces may exist beyond `limit` or beyond what was scanned.
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
    /// A word for programs: `not_found`, `invalid_query`, `invalid_argument`, `unavailable`.
    pub code: String,
    /// What is wrong and what to do next, for people.
    pub message: String,
    /// Where in the query the error lies, in bytes from its start.
    pub position: Option<usize>,
}
