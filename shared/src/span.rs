//! Spans with their events, links and status, as OpenTelemetry's data model has them.

use std::sync::Arc;

use crate::attribute::Attribute;
use crate::id::{SpanId, TraceId};
pub use crate::kind::{SpanKind, StatusCode};
use crate::resource::{Resource, Scope};
use crate::time::{DurationNanos, UnixNanos};

/// One unit of work.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// The trace that it belongs to.
    pub trace_id: TraceId,
    /// Its own id.
    pub span_id: SpanId,
    /// The span that caused it; `None` for a root.
    pub parent_span_id: Option<SpanId>,
    /// The `tracestate` that it was started with, unparsed.
    pub trace_state: String,
    /// W3C trace flags in the low 8 bits, OTLP's `is_remote` bits above.
    pub flags: u32,
    /// What it did, in few different words.
    pub name: String,
    /// Its role in a call.
    pub kind: SpanKind,
    /// When it began.
    pub start: UnixNanos,
    /// When it ended; before `start` where a clock was set back.
    pub end: UnixNanos,
    /// What describes it.
    pub attributes: Vec<Attribute>,
    /// How many attributes its sender left out.
    pub dropped_attributes_count: u32,
    /// What happened during it.
    pub events: Vec<SpanEvent>,
    /// How many events its sender left out.
    pub dropped_events_count: u32,
    /// Other spans that it is related to.
    pub links: Vec<SpanLink>,
    /// How many links its sender left out.
    pub dropped_links_count: u32,
    /// Whether it failed.
    pub status: Status,
}

/// A moment within a span.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SpanEvent {
    /// When it happened.
    pub time: UnixNanos,
    /// What happened.
    pub name: String,
    /// What describes it.
    pub attributes: Vec<Attribute>,
    /// How many attributes its sender left out.
    pub dropped_attributes_count: u32,
}

/// A relation to a span that is not the parent.
#[derive(Debug, Clone, PartialEq)]
pub struct SpanLink {
    /// The other span's trace.
    pub trace_id: TraceId,
    /// The other span.
    pub span_id: SpanId,
    /// The other span's `tracestate`, unparsed.
    pub trace_state: String,
    /// What describes the relation.
    pub attributes: Vec<Attribute>,
    /// How many attributes its sender left out.
    pub dropped_attributes_count: u32,
    /// W3C trace flags in the low 8 bits.
    pub flags: u32,
}

/// Whether a span failed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Status {
    /// The verdict.
    pub code: StatusCode,
    /// Why, where it failed.
    pub message: String,
}

/// A span together with its sender: what a store keeps and a trace is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct SpanRecord {
    /// Who sent it; shared by the spans of one batch.
    pub resource: Arc<Resource>,
    /// The library that recorded it.
    pub scope: Arc<Scope>,
    /// The span.
    pub span: Span,
}

impl Span {
    /// From start to end; negative where a clock was set back.
    #[must_use]
    pub fn duration(&self) -> DurationNanos {
        self.end - self.start
    }

    /// Whether the span failed.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.status.code == StatusCode::Error
    }
}
