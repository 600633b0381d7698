//! What the server says about itself: its log on stderr, and the counts behind `/api/v1/status`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use shared::query::SignalCounts;
use tracing_subscriber::EnvFilter;

/// Starts the log on stderr; stdout belongs to the lines that say where the server listens.
///
/// # Errors
/// When `filter` is not a list of log directives.
pub fn start_log(filter: &str) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(filter).map_err(|error| {
        anyhow::anyhow!(
            "--log {filter:?}: {error}; write a level (error, warn, info, debug, trace) or \
             directives such as info,throughline::store=debug"
        )
    })?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .try_init()
        .map_err(|error| anyhow::anyhow!("cannot start the log: {error}"))
}

/// A signal that is ingested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Spans.
    Traces,
    /// Log records.
    Logs,
    /// Metric data points.
    Metrics,
}

impl Signal {
    /// The plural noun of the signal's records.
    #[must_use]
    pub fn records(self) -> &'static str {
        match self {
            Self::Traces => "spans",
            Self::Logs => "log records",
            Self::Metrics => "metric points",
        }
    }
}

/// Counts since the start.
#[derive(Debug, Default)]
pub struct Telemetry {
    accepted: Counters,
    refused: Counters,
    last_refusal: Mutex<Option<String>>,
}

#[derive(Debug, Default)]
struct Counters {
    spans: AtomicU64,
    logs: AtomicU64,
    metric_points: AtomicU64,
}

impl Telemetry {
    /// Counts records that were stored.
    pub fn accepted(&self, signal: Signal, records: u64) {
        self.accepted
            .of(signal)
            .fetch_add(records, Ordering::Relaxed);
    }

    /// Counts records that were not, and keeps the reason. A body that could not be read counts as
    /// no records, since nobody knows how many it held.
    pub fn refused(&self, signal: Signal, records: u64, reason: String) {
        self.refused
            .of(signal)
            .fetch_add(records, Ordering::Relaxed);
        tracing::debug!(signal = signal.records(), records, reason, "refused");
        *self
            .last_refusal
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(reason);
    }

    /// The records stored since the start.
    #[must_use]
    pub fn accepted_counts(&self) -> SignalCounts {
        self.accepted.read()
    }

    /// The records refused since the start.
    #[must_use]
    pub fn refused_counts(&self) -> SignalCounts {
        self.refused.read()
    }

    /// The latest refusal in words.
    #[must_use]
    pub fn last_refusal(&self) -> Option<String> {
        self.last_refusal
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Counters {
    fn of(&self, signal: Signal) -> &AtomicU64 {
        match signal {
            Signal::Traces => &self.spans,
            Signal::Logs => &self.logs,
            Signal::Metrics => &self.metric_points,
        }
    }

    fn read(&self) -> SignalCounts {
        SignalCounts {
            spans: self.spans.load(Ordering::Relaxed),
            logs: self.logs.load(Ordering::Relaxed),
            metric_points: self.metric_points.load(Ordering::Relaxed),
        }
    }
}
