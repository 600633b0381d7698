//! The events of `GET /api/v1/search/tail`: what arrives for a search.

use serde::{Deserialize, Serialize};

use super::TraceSummary;
use crate::id::TraceId;
use crate::time::UnixNanos;

/// How many traces are looked at for one event at most.
pub const MAX_TAILED: usize = 200;

/// What arrived since the event before. An event in which nothing arrived says that the stream is alive.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TailEvent {
    /// The traces that match and got spans, newest first; one that grows comes again.
    pub traces: Vec<TraceSummary>,
    /// Those that got spans and do not match: one that was listed before is to be taken out.
    pub others: Vec<TraceId>,
    /// How many traces were looked at.
    pub scanned_traces: u64,
    /// How many spans they have.
    pub scanned_spans: u64,
    /// How many traces got spans and were not looked at, since too many did at once.
    pub dropped: u64,
    /// Whether it is not known what arrived since the event that the request names: the server was started again, or
    /// does not know the event. What was missed is found by a search.
    pub missed: bool,
    /// When it was looked, by the server's clock: whatever was answered before is in this event or an earlier one.
    pub as_of: UnixNanos,
}
