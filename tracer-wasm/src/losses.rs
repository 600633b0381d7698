//! The tracer's own telemetry: what was lost and why, and how much waits, as OpenTelemetry's metrics for SDKs.
//!
//! Nothing is said as long as nothing was lost.
//!
//! Source: OpenTelemetry semantic conventions, "SDK metrics" (`otel.sdk.*`).

use alloc::string::String;
use alloc::vec::Vec;
use core::mem;

use shared::otlp::encode::{self, Attributes, SumFields};
use shared::time::UnixNanos;

/// Why an item had to go that never left the queue; any other reason is one of the exporter's.
pub const QUEUE_FULL: &str = "queue_full";
/// How many reasons are told apart; they are a few words and the status codes of HTTP.
const MOST_REASONS: usize = 64;

/// What was lost since it was last told.
pub struct Losses {
    since: UnixNanos,
    losses: Vec<Loss>,
}

struct Loss {
    signal: usize,
    reason: String,
    count: usize,
}

impl Losses {
    /// Nothing was lost.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            since: UnixNanos(0),
            losses: Vec::new(),
        }
    }

    /// When the counting began.
    pub fn since(&mut self, time: UnixNanos) {
        if self.since.0 == 0 {
            self.since = time;
        }
    }

    /// Counts spans (signal 0) or log records (1).
    pub fn add(&mut self, signal: usize, reason: &str, count: usize) {
        if count == 0 {
            return;
        }
        for loss in &mut self.losses {
            if loss.signal == signal && loss.reason == reason {
                loss.count = loss.count.saturating_add(count);
                return;
            }
        }
        if self.losses.len() < MOST_REASONS {
            self.losses.push(Loss {
                signal,
                reason: String::from(reason),
                count,
            });
        }
    }

    /// The losses until `now` and the lengths of the queues as OTLP metrics; `None` when nothing was lost.
    pub fn take(&mut self, now: UnixNanos, waiting: [usize; 2]) -> Option<Vec<u8>> {
        if self.losses.is_empty() {
            return None;
        }
        let start = mem::replace(&mut self.since, now);
        let mut out = Vec::new();
        for loss in mem::take(&mut self.losses) {
            let mut attributes = Attributes::of_point();
            attributes.put_str("error.type", &loss.reason);
            let (component, what) = if loss.reason == QUEUE_FULL {
                ("processor.", ".processed")
            } else {
                ("exporter.", ".exported")
            };
            put(
                &mut out,
                component,
                loss.signal,
                what,
                &SumFields {
                    name: "",
                    unit: "",
                    start,
                    time: now,
                    value: loss.count as u64,
                    attributes: &attributes,
                    growth: true,
                },
            );
        }
        for (signal, count) in waiting.into_iter().enumerate() {
            put(
                &mut out,
                "processor.",
                signal,
                ".queue.size",
                &SumFields {
                    name: "",
                    unit: "",
                    start,
                    time: now,
                    value: count as u64,
                    attributes: &Attributes::of_point(),
                    growth: false,
                },
            );
        }
        Some(out)
    }
}

/// Names a metric and writes it: `otel.sdk.processor.span.processed`.
#[inline(never)]
fn put(out: &mut Vec<u8>, component: &str, signal: usize, what: &str, fields: &SumFields<'_>) {
    let (item, unit) = if signal == 0 {
        ("span", "{span}")
    } else {
        ("log", "{log_record}")
    };
    let mut name = String::from("otel.sdk.");
    name.push_str(component);
    name.push_str(item);
    name.push_str(what);
    encode::sum(
        out,
        &SumFields {
            name: &name,
            unit,
            ..*fields
        },
    );
}
