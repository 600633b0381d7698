//! Writes OTLP as protobuf, by hand, for the browser tracer: small code and no temporary messages.
//!
//! Finished spans are kept as bytes. [`span`] appends one span as a whole `ScopeSpans.spans` field,
//! so spans are encoded one after another into one buffer as they end, and [`trace_request`] puts
//! resource and scope around that buffer when it is sent. Two such buffers may be joined, and a
//! buffer may be cut between two spans (the lengths that `span` added are the places).
//!
//! ```
//! # use shared::otlp::encode::{Attributes, SpanFields, span, trace_request};
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
//! let body = trace_request(&resource, "throughline", "0.1.0", &spans);
//! # assert!(!body.is_empty());
//! ```
//!
//! Source: `opentelemetry/proto/{trace,common,resource,collector/trace}/v1`, release 1.x. As proto3
//! has it, fields that hold their default are left out.

use alloc::vec::Vec;

use crate::id::{SpanId, TraceId};
use crate::kind::{SpanKind, StatusCode};
use crate::otlp::wire::{
    BYTES, FIXED32, FIXED64, VARINT, begin, finish, put_bytes, put_count, put_instant, put_text,
    put_varint, tag,
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
    /// How many attributes were left out.
    pub dropped_attributes_count: u32,
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
            dropped_attributes_count: 0,
            events: &[],
            dropped_events_count: 0,
            links: &[],
            dropped_links_count: 0,
            status: StatusCode::Unset,
            status_message: "",
        }
    }
}

/// Attributes as bytes, ready to be copied into their owner's message.
///
/// The owner's kind decides their field number, so attributes made for one kind of owner must not
/// be given to another; debug builds check it. A key put twice is sent twice.
#[derive(Clone)]
pub struct Attributes {
    tag: u8,
    bytes: Vec<u8>,
}

impl Attributes {
    const SPAN: u8 = tag(9, BYTES);
    const EVENT: u8 = tag(3, BYTES);
    const LINK: u8 = tag(4, BYTES);
    const RESOURCE: u8 = tag(1, BYTES);

    /// Empty attributes for a span.
    #[must_use]
    pub const fn of_span() -> Self {
        Self {
            tag: Self::SPAN,
            bytes: Vec::new(),
        }
    }

    /// Empty attributes for an event.
    #[must_use]
    pub const fn of_event() -> Self {
        Self {
            tag: Self::EVENT,
            bytes: Vec::new(),
        }
    }

    /// Empty attributes for a link.
    #[must_use]
    pub const fn of_link() -> Self {
        Self {
            tag: Self::LINK,
            bytes: Vec::new(),
        }
    }

    /// Empty attributes for a resource.
    #[must_use]
    pub const fn of_resource() -> Self {
        Self {
            tag: Self::RESOURCE,
            bytes: Vec::new(),
        }
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

    /// Forgets all of them and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    /// Adds a text.
    pub fn put_str(&mut self, key: &str, value: &str) {
        let open = self.begin(key);
        put_bytes(&mut self.bytes, tag(1, BYTES), value.as_bytes());
        self.finish(open);
    }

    /// Adds a truth value.
    pub fn put_bool(&mut self, key: &str, value: bool) {
        let open = self.begin(key);
        self.bytes
            .extend_from_slice(&[tag(2, VARINT), u8::from(value)]);
        self.finish(open);
    }

    /// Adds an integer.
    pub fn put_int(&mut self, key: &str, value: i64) {
        let open = self.begin(key);
        self.bytes.push(tag(3, VARINT));
        put_varint(&mut self.bytes, value as u64);
        self.finish(open);
    }

    /// Adds a floating-point number.
    pub fn put_double(&mut self, key: &str, value: f64) {
        let open = self.begin(key);
        self.bytes.push(tag(4, FIXED64));
        self.bytes.extend_from_slice(&value.to_le_bytes());
        self.finish(open);
    }

    /// Adds a list of texts.
    pub fn put_strs(&mut self, key: &str, values: &[&str]) {
        let open = self.begin(key);
        let list = begin(&mut self.bytes, tag(5, BYTES));
        for value in values {
            let member = begin(&mut self.bytes, tag(1, BYTES));
            put_bytes(&mut self.bytes, tag(1, BYTES), value.as_bytes());
            finish(&mut self.bytes, member);
        }
        finish(&mut self.bytes, list);
        self.finish(open);
    }

    /// Opens a `KeyValue` and its `AnyValue`. The value's field is written even where it holds its
    /// default, since it is a member of a `oneof`.
    fn begin(&mut self, key: &str) -> (usize, usize) {
        let outer = begin(&mut self.bytes, self.tag);
        put_text(&mut self.bytes, tag(1, BYTES), key);
        (outer, begin(&mut self.bytes, tag(2, BYTES)))
    }

    fn finish(&mut self, (outer, inner): (usize, usize)) {
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
    put_count(out, tag(10, VARINT), fields.dropped_attributes_count);
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

/// An `ExportTraceServiceRequest` of one resource and one scope around `spans`, which [`span`] wrote.
#[must_use]
pub fn trace_request(
    resource: &Attributes,
    scope_name: &str,
    scope_version: &str,
    spans: &[u8],
) -> Vec<u8> {
    // Tags, lengths and the scope take less than 32 bytes beside the texts.
    let mut out = Vec::with_capacity(
        spans.len() + resource.len() + scope_name.len() + scope_version.len() + 32,
    );
    let resource_spans = begin(&mut out, tag(1, BYTES));
    let message = begin(&mut out, tag(1, BYTES));
    put_attributes(&mut out, Attributes::RESOURCE, Some(resource));
    finish(&mut out, message);
    let scope_spans = begin(&mut out, tag(2, BYTES));
    let scope = begin(&mut out, tag(1, BYTES));
    put_text(&mut out, tag(1, BYTES), scope_name);
    put_text(&mut out, tag(2, BYTES), scope_version);
    finish(&mut out, scope);
    out.extend_from_slice(spans);
    finish(&mut out, scope_spans);
    finish(&mut out, resource_spans);
    out
}

fn put_attributes(out: &mut Vec<u8>, tag: u8, attributes: Option<&Attributes>) {
    if let Some(attributes) = attributes {
        debug_assert_eq!(attributes.tag, tag, "attributes of another kind of owner");
        out.extend_from_slice(&attributes.bytes);
    }
}
