//! Log records and events, as OpenTelemetry's data model has them.

use std::sync::Arc;

use crate::attribute::{Attribute, AttributeValue};
use crate::id::{SpanId, TraceId};
use crate::resource::{Resource, Scope};
use crate::time::UnixNanos;

/// One log record.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LogRecord {
    /// When it happened; zero where unknown.
    pub time: UnixNanos,
    /// When the collection system saw it.
    pub observed_time: UnixNanos,
    /// OTLP's severity, 1 (trace) to 24 (fatal 4); 0 where not given.
    pub severity_number: i32,
    /// The severity in the sender's words.
    pub severity_text: String,
    /// The message or the event's body.
    pub body: AttributeValue,
    /// What describes it.
    pub attributes: Vec<Attribute>,
    /// How many attributes its sender left out.
    pub dropped_attributes_count: u32,
    /// The trace that it was written in.
    pub trace_id: Option<TraceId>,
    /// The span that it was written in.
    pub span_id: Option<SpanId>,
    /// W3C trace flags in the low 8 bits.
    pub flags: u32,
    /// The event's name, where the record is an event.
    pub event_name: String,
}

impl LogRecord {
    /// When it happened, or else when it was seen.
    #[must_use]
    pub fn moment(&self) -> UnixNanos {
        if self.time.0 == 0 {
            self.observed_time
        } else {
            self.time
        }
    }
}

/// A log record together with its sender.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEntry {
    /// Who sent it; shared by the records of one batch.
    pub resource: Arc<Resource>,
    /// The library that recorded it.
    pub scope: Arc<Scope>,
    /// The record.
    pub record: LogRecord,
}
