//! What arrives at a server now: the body of `GET /api/v1/ingest/status`.

use serde::{Deserialize, Serialize};

use crate::time::UnixNanos;

/// Who sends what, and what was refused lately.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IngestStatusResponse {
    /// Every service that has sent something since the server started, by name.
    pub services: Vec<ServiceArrivals>,
    /// How many records came from further services than the server tells apart.
    pub others: u64,
    /// The latest refusals, newest first.
    pub refusals: Vec<RefusedRequests>,
    /// How many requests were refused for reasons that are no longer listed, since others came after them.
    pub other_refusals: u64,
}

/// What one service sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceArrivals {
    /// The service's name.
    pub name: String,
    /// Whether it is a browser.
    pub browser: bool,
    /// When something of it arrived last.
    pub last: UnixNanos,
    /// Its spans.
    pub spans: SignalArrivals,
    /// Its log records.
    pub logs: SignalArrivals,
    /// Its metric data points.
    pub metric_points: SignalArrivals,
}

/// How much of one signal arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignalArrivals {
    /// Since the server started.
    pub total: u64,
    /// In the last minute.
    pub last_minute: u64,
}

/// Requests that were refused for the same reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefusedRequests {
    /// What they carried: `spans`, `log records` or `metric points`.
    pub signal: String,
    /// Why they were refused and what to do about it.
    pub reason: String,
    /// How many requests.
    pub times: u64,
    /// How many records they are known to have had; none where they could not be read.
    pub records: u64,
    /// When the latest came.
    pub last: UnixNanos,
}
