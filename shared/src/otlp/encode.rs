//! Writes OTLP as protobuf, by hand, for the browser tracer: small code and no temporary messages.
//!
//! Finished spans are kept as bytes. [`span`] appends one span as a whole `ScopeSpans.spans` field,
//! so spans are encoded one after another into one buffer as they end, and [`request`] puts
//! resource and scope around that buffer when it is sent. Two such buffers may be joined, and a
//! buffer may be cut between two spans (the lengths that `span` added are the places). The same holds for
//! [`log_record`] and [`sum`]: the requests of the three signals have the same shape.
//!
//! ```
//! # use shared::otlp::encode::{Attributes, SpanFields, request, span};
//! # use shared::id::{SpanId, TraceId};
//! # use shared::kind::{SpanKind, StatusCode};
//! # use shared::time::UnixNanos;
//! let mut attributes = Attributes::of_span();
//! attributes.put_str("http.request.method", "GET");
//! let mut spans = Vec::new();
//! span(&mut spans, &SpanFields {
//!     attributes: Some(&attributes),
//!     kind: SpanKind::Client,
//!     ..SpanFields::new(
//!         TraceId::from_bytes([1; 16]).expect("not zero"),
//!         SpanId::from_bytes([2; 8]).expect("not zero"),
//!         "GET /api/films",
//!         UnixNanos(1_795_000_000_000_000_000),
//!         UnixNanos(1_795_000_000_250_000_000),
//!     )
//! });
//! let mut resource = Attributes::of_resource();
//! resource.put_str("service.name", "shop-web");
//! let body = request(&resource, "throughline", "0.1.0", &spans);
//! # assert!(!body.is_empty());
//! ```
//!
//! Source: `opentelemetry/proto/{trace,logs,metrics,common,resource,collector}/v1`, release 1.x. As proto3
//! has it, fields that hold their default are left out.

use alloc::vec::Vec;

use crate::id::{SpanId, TraceId};
use crate::kind::{SpanKind, StatusCode};
use crate::otlp::wire::{
    BYTES, FIXED32, FIXED64, VARINT, begin, finish, put_bytes, put_count, put_fixed64, put_instant,
    put_text, put_varint, read_length, tag,
};
use crate::time::UnixNanos;

/// In a span's or link's flags: the sender knows whether the parent or linked span is remote.
pub const FLAG_HAS_IS_REMOTE: u32 = 0x100;
/// In a span's or link's flags: the parent or linked span came from another process.
pub const FLAG_IS_REMOTE: u32 = 0x200;
/// In a span's flags: the trace is sampled (W3C).
pub const FLAG_SAMPLED: u32 = 0x01;

/// What one span says; see [`crate::span::Span`] for the meaning of each.
#[derive(Clone, Copy)]
pub struct SpanFields<'a> {
    /// The trace that it belongs to.
    pub trace_id: TraceId,
    /// Its own id.
    pub span_id: SpanId,
    /// The span that caused it.
    pub parent: Option<SpanId>,
    /// The `tracestate` that it was started with; empty where there was none.
    pub trace_state: &'a str,
    /// W3C flags in the low 8 bits, [`FLAG_HAS_IS_REMOTE`] and [`FLAG_IS_REMOTE`] for the parent.
    pub flags: u32,
    /// What it did.
    pub name: &'a str,
    /// Its role in a call.
    pub kind: SpanKind,
    /// When it began.
    pub start: UnixNanos,
    /// When it ended.
    pub end: UnixNanos,
    /// What describes it, from [`Attributes::of_span`].
    pub attributes: Option<&'a Attributes>,
    /// Its events, written by [`event`].
    pub events: &'a [u8],
    /// How many events were left out.
    pub dropped_events_count: u32,
    /// Its links, written by [`link`].
    pub links: &'a [u8],
    /// How many links were left out.
    pub dropped_links_count: u32,
    /// The verdict.
    pub status: StatusCode,
    /// Why it failed; empty where it did not.
    pub status_message: &'a str,
}

impl<'a> SpanFields<'a> {
    /// A sampled internal root without attributes; set what differs.
    #[must_use]
    pub fn new(
        trace_id: TraceId,
        span_id: SpanId,
        name: &'a str,
        start: UnixNanos,
        end: UnixNanos,
    ) -> Self {
        Self {
            trace_id,
            span_id,
            parent: None,
            trace_state: "",
            flags: FLAG_SAMPLED | FLAG_HAS_IS_REMOTE,
            name,
            kind: SpanKind::Internal,
            start,
            end,
            attributes: None,
            events: &[],
            dropped_events_count: 0,
            links: &[],
            dropped_links_count: 0,
            status: StatusCode::Unset,
            status_message: "",
        }
    }
}

/// What one log record says; see [`crate::log::LogRecord`] for the meaning of each.
#[derive(Clone, Copy)]
pub struct LogFields<'a> {
    /// When it happened.
    pub time: UnixNanos,
    /// When the tracer learnt of it.
    pub observed: UnixNanos,
    /// How grave it is, from 1 to 24; 0 where nobody says.
    pub severity: u32,
    /// The name of the event that it is; empty where it is none.
    pub event_name: &'a str,
    /// Its text; may be empty.
    pub body: &'a str,
    /// What describes it, from [`Attributes::of_log`].
    pub attributes: &'a Attributes,
    /// The span that it belongs to.
    pub span: Option<(TraceId, SpanId)>,
    /// W3C flags.
    pub flags: u32,
}

/// One point of a sum.
#[derive(Clone, Copy)]
pub struct SumFields<'a> {
    /// The metric's name.
    pub name: &'a str,
    /// Its unit, in UCUM's notation.
    pub unit: &'a str,
    /// Since when it counts.
    pub start: UnixNanos,
    /// Until when it counts.
    pub time: UnixNanos,
    /// The count.
    pub value: u64,
    /// What was counted, from [`Attributes::of_point`].
    pub attributes: &'a Attributes,
    /// Whether it is a counter's growth since `start` (delta, monotonic), and not a level (cumulative).
    pub growth: bool,
}

/// How many attributes an owner may have; OpenTelemetry's default limit.
pub const MOST_ATTRIBUTES: u32 = 128;

/// Attributes as bytes, ready to be copied into their owner's message.
///
/// The owner's kind decides their field number, so attributes made for one kind of owner must not
/// be given to another; debug builds check it. Invariant: a key stands there once, with the value that was put last,
/// and there are at most [`MOST_ATTRIBUTES`]; how many more there were is told to the reader.
#[derive(Clone)]
pub struct Attributes {
    tag: u8,
    count: u32,
    dropped: u32,
    bytes: Vec<u8>,
}

impl Attributes {
    const SPAN: u8 = tag(9, BYTES);
    const EVENT: u8 = tag(3, BYTES);
    const LINK: u8 = tag(4, BYTES);
    const LOG: u8 = tag(6, BYTES);
    const POINT: u8 = tag(7, BYTES);
    const RESOURCE: u8 = tag(1, BYTES);

    const fn new(tag: u8) -> Self {
        Self {
            tag,
            count: 0,
            dropped: 0,
            bytes: Vec::new(),
        }
    }

    /// Empty attributes for a span.
    #[must_use]
    pub const fn of_span() -> Self {
        Self::new(Self::SPAN)
    }

    /// Empty attributes for an event.
    #[must_use]
    pub const fn of_event() -> Self {
        Self::new(Self::EVENT)
    }

    /// Empty attributes for a link.
    #[must_use]
    pub const fn of_link() -> Self {
        Self::new(Self::LINK)
    }

    /// Empty attributes for a log record.
    #[must_use]
    pub const fn of_log() -> Self {
        Self::new(Self::LOG)
    }

    /// Empty attributes for a metric's point.
    #[must_use]
    pub const fn of_point() -> Self {
        Self::new(Self::POINT)
    }

    /// Empty attributes for a resource.
    #[must_use]
    pub const fn of_resource() -> Self {
        Self::new(Self::RESOURCE)
    }

    /// Whether nothing has been put.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// How many bytes they take.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Adds a text.
    pub fn put_str(&mut self, key: &str, value: &str) {
        let open = self.begin(key);
        put_bytes(&mut self.bytes, tag(1, BYTES), value.as_bytes());
        self.finish(open);
    }

    /// Adds a truth value.
    pub fn put_bool(&mut self, key: &str, value: bool) {
        self.put_varint(key, tag(2, VARINT), u64::from(value));
    }

    /// Adds an integer.
    pub fn put_int(&mut self, key: &str, value: i64) {
        self.put_varint(key, tag(3, VARINT), value as u64);
    }

    /// Adds a floating-point number.
    pub fn put_double(&mut self, key: &str, value: f64) {
        let open = self.begin(key);
        put_fixed64(&mut self.bytes, tag(4, FIXED64), value.to_bits());
        self.finish(open);
    }

    /// Begins a list of texts; [`Self::finish_list`] takes what it returns.
    pub fn begin_list(&mut self, key: &str) -> (usize, usize, usize) {
        let (outer, inner) = self.begin(key);
        (outer, inner, begin(&mut self.bytes, tag(5, BYTES)))
    }

    /// Adds a text to the list that was begun.
    pub fn put_member(&mut self, value: &str) {
        let member = begin(&mut self.bytes, tag(1, BYTES));
        put_bytes(&mut self.bytes, tag(1, BYTES), value.as_bytes());
        finish(&mut self.bytes, member);
    }

    /// Adds the list.
    pub fn finish_list(&mut self, (outer, inner, list): (usize, usize, usize)) {
        finish(&mut self.bytes, list);
        self.finish((outer, inner));
    }

    #[inline(never)]
    fn put_varint(&mut self, key: &str, tag: u8, value: u64) {
        let open = self.begin(key);
        self.bytes.push(tag);
        put_varint(&mut self.bytes, value);
        self.finish(open);
    }

    /// Opens a `KeyValue` and its `AnyValue`, and removes what the key had before. The value's field is written even
    /// where it holds its default, since it is a member of a `oneof`.
    #[inline(never)]
    fn begin(&mut self, key: &str) -> (usize, usize) {
        let end = self.bytes.len();
        let mut outer = begin(&mut self.bytes, self.tag);
        put_bytes(&mut self.bytes, tag(1, BYTES), key.as_bytes());
        let mut at = 0;
        while at < end {
            let (body, length) = read_length(&self.bytes, at + 1);
            let next = body + length;
            let (before, new) = self.bytes.split_at(outer);
            if before[body..].starts_with(new) {
                self.bytes.copy_within(next.., at);
                self.bytes.truncate(self.bytes.len() - (next - at));
                self.count -= 1;
                outer -= next - at;
                break;
            }
            at = next;
        }
        (outer, begin(&mut self.bytes, tag(2, BYTES)))
    }

    /// Closes both; where there are too many already, it is left out and counted.
    #[inline(never)]
    fn finish(&mut self, (outer, inner): (usize, usize)) {
        if self.count == MOST_ATTRIBUTES {
            self.dropped += 1;
            self.bytes.truncate(outer - 2);
            return;
        }
        self.count += 1;
        finish(&mut self.bytes, inner);
        finish(&mut self.bytes, outer);
    }
}

/// Appends a span as a `ScopeSpans.spans` field; returns how many bytes it took.
pub fn span(out: &mut Vec<u8>, fields: &SpanFields<'_>) -> usize {
    let before = out.len();
    let message = begin(out, tag(2, BYTES));
    put_bytes(out, tag(1, BYTES), fields.trace_id.as_bytes());
    put_bytes(out, tag(2, BYTES), fields.span_id.as_bytes());
    put_text(out, tag(3, BYTES), fields.trace_state);
    if let Some(parent) = &fields.parent {
        put_bytes(out, tag(4, BYTES), parent.as_bytes());
    }
    put_text(out, tag(5, BYTES), fields.name);
    put_count(out, tag(6, VARINT), fields.kind.to_otlp() as u32);
    put_instant(out, tag(7, FIXED64), fields.start);
    put_instant(out, tag(8, FIXED64), fields.end);
    put_attributes(out, Attributes::SPAN, fields.attributes);
    out.extend_from_slice(fields.events);
    put_count(out, tag(12, VARINT), fields.dropped_events_count);
    out.extend_from_slice(fields.links);
    put_count(out, tag(14, VARINT), fields.dropped_links_count);
    if fields.status != StatusCode::Unset || !fields.status_message.is_empty() {
        let status = begin(out, tag(15, BYTES));
        put_text(out, tag(2, BYTES), fields.status_message);
        put_count(out, tag(3, VARINT), fields.status.to_otlp() as u32);
        finish(out, status);
    }
    if fields.flags != 0 {
        // Field 16 is the first whose tag takes two bytes.
        out.extend_from_slice(&[0x80 | FIXED32, 0x01]);
        out.extend_from_slice(&fields.flags.to_le_bytes());
    }
    finish(out, message);
    out.len() - before
}

/// Appends an event as a `Span.events` field, for [`SpanFields::events`].
pub fn event(out: &mut Vec<u8>, time: UnixNanos, name: &str, attributes: Option<&Attributes>) {
    let message = begin(out, tag(11, BYTES));
    put_instant(out, tag(1, FIXED64), time);
    put_text(out, tag(2, BYTES), name);
    put_attributes(out, Attributes::EVENT, attributes);
    finish(out, message);
}

/// Appends a link as a `Span.links` field, for [`SpanFields::links`].
pub fn link(
    out: &mut Vec<u8>,
    trace_id: TraceId,
    span_id: SpanId,
    flags: u32,
    attributes: Option<&Attributes>,
) {
    let message = begin(out, tag(13, BYTES));
    put_bytes(out, tag(1, BYTES), trace_id.as_bytes());
    put_bytes(out, tag(2, BYTES), span_id.as_bytes());
    put_attributes(out, Attributes::LINK, attributes);
    if flags != 0 {
        out.push(tag(6, FIXED32));
        out.extend_from_slice(&flags.to_le_bytes());
    }
    finish(out, message);
}

/// Appends a log record as a `ScopeLogs.log_records` field.
pub fn log_record(out: &mut Vec<u8>, fields: &LogFields<'_>) {
    let message = begin(out, tag(2, BYTES));
    put_instant(out, tag(1, FIXED64), fields.time);
    put_count(out, tag(2, VARINT), fields.severity);
    if !fields.body.is_empty() {
        let body = begin(out, tag(5, BYTES));
        put_text(out, tag(1, BYTES), fields.body);
        finish(out, body);
    }
    put_attributes(out, Attributes::LOG, Some(fields.attributes));
    if let Some((trace_id, span_id)) = &fields.span {
        out.push(tag(8, FIXED32));
        out.extend_from_slice(&fields.flags.to_le_bytes());
        put_bytes(out, tag(9, BYTES), trace_id.as_bytes());
        put_bytes(out, tag(10, BYTES), span_id.as_bytes());
    }
    put_instant(out, tag(11, FIXED64), fields.observed);
    put_text(out, tag(12, BYTES), fields.event_name);
    finish(out, message);
}

/// Appends a metric with one point as a `ScopeMetrics.metrics` field.
pub fn sum(out: &mut Vec<u8>, fields: &SumFields<'_>) {
    let metric = begin(out, tag(2, BYTES));
    put_text(out, tag(1, BYTES), fields.name);
    put_text(out, tag(3, BYTES), fields.unit);
    let sum = begin(out, tag(7, BYTES));
    let point = begin(out, tag(1, BYTES));
    put_instant(out, tag(2, FIXED64), fields.start);
    put_instant(out, tag(3, FIXED64), fields.time);
    put_fixed64(out, tag(6, FIXED64), fields.value);
    put_attributes(out, Attributes::POINT, Some(fields.attributes));
    finish(out, point);
    // AGGREGATION_TEMPORALITY_DELTA is 1, CUMULATIVE 2.
    put_count(out, tag(2, VARINT), 2 - u32::from(fields.growth));
    put_count(out, tag(3, VARINT), u32::from(fields.growth));
    finish(out, sum);
    finish(out, metric);
}

/// An `Export…ServiceRequest` of one resource and one scope around `items`, which [`span`], [`log_record`] or [`sum`]
/// wrote.
#[must_use]
pub fn request(
    resource: &Attributes,
    scope_name: &str,
    scope_version: &str,
    items: &[u8],
) -> Vec<u8> {
    // Tags, lengths and the scope take less than 32 bytes beside the texts.
    let mut out = Vec::with_capacity(
        items.len() + resource.len() + scope_name.len() + scope_version.len() + 32,
    );
    let of_resource = begin(&mut out, tag(1, BYTES));
    let message = begin(&mut out, tag(1, BYTES));
    put_attributes(&mut out, Attributes::RESOURCE, Some(resource));
    finish(&mut out, message);
    let of_scope = begin(&mut out, tag(2, BYTES));
    let scope = begin(&mut out, tag(1, BYTES));
    put_text(&mut out, tag(1, BYTES), scope_name);
    put_text(&mut out, tag(2, BYTES), scope_version);
    finish(&mut out, scope);
    out.extend_from_slice(items);
    finish(&mut out, of_scope);
    finish(&mut out, of_resource);
    out
}

/// Every owner counts what it left out in the field after its attributes.
fn put_attributes(out: &mut Vec<u8>, tag: u8, attributes: Option<&Attributes>) {
    if let Some(attributes) = attributes {
        debug_assert_eq!(attributes.tag, tag, "attributes of another kind of owner");
        out.extend_from_slice(&attributes.bytes);
        put_count(out, (tag & !BYTES) + 8, attributes.dropped);
    }
}
