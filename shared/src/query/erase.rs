//! The body of `DELETE /api/v1/users/{id}`: what was deleted of a visitor's data, or would be.

use serde::{Deserialize, Serialize};

/// How much it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ErasedResponse {
    /// Whether it was only counted.
    pub dry_run: bool,
    /// Sessions.
    pub sessions: u64,
    /// Traces: those of the sessions, and those of services that name the visitor.
    pub traces: u64,
    /// Spans.
    pub spans: u64,
    /// Log records.
    pub logs: u64,
    /// Metrics.
    pub metrics: u64,
    /// Chunks of recordings.
    pub recording_chunks: u64,
    /// Re-runs of the sessions.
    pub runs: u64,
    /// Notes that people pinned to the traces.
    pub notes: u64,
}
