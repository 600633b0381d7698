//! What the server says about itself: its log on stderr, and the counts behind `/api/v1/status`.

mod arrivals;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use shared::query::{IngestStatusResponse, SignalCounts};
use shared::resource::Resource;
use shared::time::UnixNanos;
use tracing_subscriber::EnvFilter;

use crate::store::{Batch, system_clock};
use arrivals::{Arrivals, Refusals};

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
    arrivals: Mutex<Arrivals>,
    refusals: Mutex<Refusals>,
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
        lock(&self.refusals).add(signal, records, reason.clone(), system_clock()());
        *self
            .last_refusal
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(reason);
    }

    /// Takes note of whose records a batch has that was stored.
    pub fn arrived(&self, senders: &[Arrived]) {
        let now = system_clock()();
        let mut arrivals = lock(&self.arrivals);
        for of in senders {
            arrivals.add(&of.service, of.browser, of.signal, of.records, now);
        }
    }

    /// What arrives now, and what was refused lately.
    #[must_use]
    pub fn ingest_status(&self) -> IngestStatusResponse {
        let now: UnixNanos = system_clock()();
        let arrivals = lock(&self.arrivals);
        let refusals = lock(&self.refusals);
        IngestStatusResponse {
            services: arrivals.services(now),
            others: arrivals.others(),
            refusals: refusals.list(),
            other_refusals: refusals.others(),
        }
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

/// What a batch has of one sender.
#[derive(Debug)]
pub struct Arrived {
    service: String,
    browser: bool,
    signal: Signal,
    records: u64,
}

impl Arrived {
    /// The senders of a batch. Neighbours mostly have one sender, which they share.
    #[must_use]
    pub fn in_batch(batch: &Batch) -> Vec<Self> {
        let mut found: Vec<Self> = Vec::new();
        let mut add = |resource: &Arc<Resource>, signal, records: u64, last: &mut usize| {
            let address = Arc::as_ptr(resource) as usize;
            match found.last_mut() {
                Some(of) if *last == address => of.records += records,
                _ => found.push(Self {
                    service: resource.service_name().to_owned(),
                    browser: resource.is_browser(),
                    signal,
                    records,
                }),
            }
            *last = address;
        };
        let mut last = 0;
        for record in &batch.spans {
            add(&record.resource, Signal::Traces, 1, &mut last);
        }
        last = 0;
        for entry in &batch.logs {
            add(&entry.resource, Signal::Logs, 1, &mut last);
        }
        last = 0;
        for metric in &batch.metrics {
            let points = u64::from(metric.point_count);
            add(&metric.resource, Signal::Metrics, points, &mut last);
        }
        found
    }
}

/// What these locks guard stays whole when a thread panics.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
