//! The open spans of a page.
//!
//! Invariant: a handle names one span for ever. Its low half is the slot, its high half counts how often the slot was
//! used before, so a handle of an ended span finds nothing, and every call on it does nothing. 0 is never a handle.

use alloc::string::String;
use alloc::vec::Vec;

use shared::id::{SpanId, TraceId};
use shared::kind::{SpanKind, StatusCode};
use shared::otlp::encode::{Attributes, FLAG_HAS_IS_REMOTE, FLAG_SAMPLED, SpanFields, event, link};
use shared::semconv;
use shared::time::UnixNanos;

use crate::queue::Queue;
use crate::random::{Random, Source};
use crate::redact;

/// The name of the instrumentation scope.
const SCOPE: &str = "throughline";
/// The version of the tracer.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Longer texts are cut: a stack or an address of this length says all that it will say.
const LONGEST_TEXT: usize = 4096;
const SLOT_BITS: u32 = 16;
/// How many bytes the ids of a span have together.
const IDS: usize = TraceId::LEN + SpanId::LEN;

/// Names a span; 0 names none.
pub type Handle = u32;

/// The open spans, and what is known of the page.
pub struct Tracer {
    random: Random,
    slots: Vec<Slot>,
    free: Vec<u16>,
    queue: Queue,
    resource: Attributes,
}

#[derive(Default)]
struct Slot {
    uses: u16,
    span: Option<Open>,
}

struct Open {
    trace_id: TraceId,
    span_id: SpanId,
    parent: Option<SpanId>,
    kind: SpanKind,
    name: String,
    start: UnixNanos,
    attributes: Attributes,
    events: Vec<u8>,
    links: Vec<u8>,
    failed: bool,
    message: String,
}

impl Open {
    fn put_url(&mut self, origin: &str, address: &redact::Address) {
        let mut url = String::from(origin);
        url.push_str(&address.path);
        url.push_str(&address.rest);
        self.attributes.put_str("url.full", &url);
    }
}

impl Tracer {
    /// A tracer without spans, which draws its ids from `source`.
    #[must_use]
    pub const fn new(source: Source) -> Self {
        Self {
            random: Random::new(source),
            slots: Vec::new(),
            free: Vec::new(),
            queue: Queue::new(),
            resource: Attributes::of_resource(),
        }
    }

    /// Describes the page by one more attribute; `service.name` begins the description anew. `true` and
    /// `false` are truth values.
    pub fn resource(&mut self, key: &str, value: &str) {
        if key == semconv::SERVICE_NAME {
            self.resource.clear();
        }
        match value {
            "true" | "false" => self.resource.put_bool(key, value == "true"),
            _ => self.resource.put_str(key, value),
        }
    }

    /// Starts a span below `parent`, a `traceparent`; anything else starts a trace. `millis` is Unix time. The name is
    /// redacted. Returns 0 when 65,535 spans are
    /// open, and where chance gives all zeros for an id.
    pub fn start(&mut self, parent: &str, kind: SpanKind, millis: f64, name: &str) -> Handle {
        let Some((trace_id, span_id)) = self.random.ids() else {
            return 0;
        };
        let parent = parse_ids(parent);
        let open = Open {
            trace_id: parent.map_or(trace_id, |(trace_id, _)| trace_id),
            span_id,
            parent: parent.map(|(_, span_id)| span_id),
            kind,
            name: redact::text(name),
            start: UnixNanos::from_millis_f64(millis),
            attributes: Attributes::of_span(),
            events: Vec::new(),
            links: Vec::new(),
            failed: false,
            message: String::new(),
        };
        let index = match self.free.pop() {
            Some(index) => index,
            None if self.slots.len() < usize::from(u16::MAX) => {
                self.slots.push(Slot::default());
                (self.slots.len() - 1) as u16
            }
            None => return 0,
        };
        let slot = &mut self.slots[usize::from(index)];
        slot.span = Some(open);
        u32::from(slot.uses) << SLOT_BITS | (u32::from(index) + 1)
    }

    /// Starts the client span of an HTTP request. `method` is as it is sent; the URL comes in two parts.
    pub fn request(
        &mut self,
        parent: &str,
        millis: f64,
        method: &str,
        origin: &str,
        address: &str,
    ) -> Handle {
        let address = redact::address(address);
        let mut name = String::from(method);
        name.push(' ');
        name.push_str(&address.route);
        let handle = self.start(parent, SpanKind::Client, millis, &name);
        if let Some(open) = self.open(handle) {
            open.attributes.put_str("http.request.method", method);
            open.put_url(origin, &address);
        }
        handle
    }

    /// Notes the page's address, in two parts, and the session.
    pub fn page(&mut self, handle: Handle, origin: &str, address: &str, session: &str) {
        if let Some(open) = self.open(handle) {
            let address = redact::address(address);
            open.put_url(origin, &address);
            open.attributes.put_str("url.path", &address.path);
            open.attributes.put_str("session.id", session);
        }
    }

    /// The span's trace id and span id; `None` when it has ended.
    pub fn ids(&mut self, handle: Handle) -> Option<[u8; IDS]> {
        let open = self.open(handle)?;
        let mut ids = [0; IDS];
        let (trace_id, span_id) = ids.split_at_mut(TraceId::LEN);
        trace_id.copy_from_slice(open.trace_id.as_bytes());
        span_id.copy_from_slice(open.span_id.as_bytes());
        Some(ids)
    }

    /// Adds a text, redacted and cut.
    pub fn text(&mut self, handle: Handle, key: &str, value: &str) {
        if let Some(open) = self.open(handle) {
            open.attributes.put_str(key, &redact::text(cut(value)));
        }
    }

    /// Adds a number; a whole one as an integer.
    pub fn number(&mut self, handle: Handle, key: &str, value: f64) {
        if let Some(open) = self.open(handle) {
            if value as i64 as f64 == value {
                open.attributes.put_int(key, value as i64);
            } else {
                open.attributes.put_double(key, value);
            }
        }
    }

    /// Adds an event. `millis` is Unix time.
    pub fn event(&mut self, handle: Handle, name: &str, millis: f64) {
        if let Some(open) = self.open(handle) {
            event(
                &mut open.events,
                UnixNanos::from_millis_f64(millis),
                name,
                None,
            );
        }
    }

    /// Adds a link to the span of a `traceparent`; anything else is left out.
    pub fn link(&mut self, handle: Handle, traceparent: &str) {
        if let (Some(open), Some((trace_id, span_id))) = (self.open(handle), parse_ids(traceparent))
        {
            link(
                &mut open.links,
                trace_id,
                span_id,
                FLAG_SAMPLED | FLAG_HAS_IS_REMOTE,
                None,
            );
        }
    }

    /// Marks the span as failed with a class of error and a message, which may be empty.
    pub fn fail(&mut self, handle: Handle, kind: &str, message: &str) {
        if let Some(open) = self.open(handle) {
            open.attributes.put_str("error.type", cut(kind));
            open.failed = true;
            open.message = redact::text(cut(message));
        }
    }

    /// Records an error that was thrown within the span, and marks the span as failed.
    pub fn exception(
        &mut self,
        handle: Handle,
        millis: f64,
        kind: &str,
        message: &str,
        stack: &str,
    ) {
        if let Some(open) = self.open(handle) {
            let mut attributes = Attributes::of_event();
            attributes.put_str("exception.type", cut(kind));
            attributes.put_str("exception.message", &redact::text(cut(message)));
            if !stack.is_empty() {
                attributes.put_str("exception.stacktrace", &redact::text(cut(stack)));
            }
            event(
                &mut open.events,
                UnixNanos::from_millis_f64(millis),
                "exception",
                Some(&attributes),
            );
        }
        self.fail(handle, kind, message);
    }

    /// Ends the span and puts it into the queue. `millis` is Unix time; an end before the start is the start.
    pub fn end(&mut self, handle: Handle, millis: f64) {
        let Some(slot) = self.slot(handle) else {
            return;
        };
        let Some(open) = slot.span.take() else { return };
        slot.uses = slot.uses.wrapping_add(1);
        self.free.push(((handle & 0xffff) - 1) as u16);
        let end = UnixNanos::from_millis_f64(millis).max(open.start);
        self.queue.push(&SpanFields {
            parent: open.parent,
            kind: open.kind,
            attributes: Some(&open.attributes),
            events: &open.events,
            links: &open.links,
            status: if open.failed {
                StatusCode::Error
            } else {
                StatusCode::Unset
            },
            status_message: &open.message,
            ..SpanFields::new(open.trace_id, open.span_id, &open.name, open.start, end)
        });
    }

    /// An OTLP request with the oldest ended spans, of about at most `bytes`; `None` when nothing waits.
    pub fn take(&mut self, bytes: usize) -> Option<Vec<u8>> {
        self.queue.take(bytes, &self.resource, (SCOPE, VERSION))
    }

    #[inline(never)]
    fn slot(&mut self, handle: Handle) -> Option<&mut Slot> {
        let index = (handle & 0xffff).checked_sub(1)?;
        self.slots
            .get_mut(index as usize)
            .filter(|slot| u32::from(slot.uses) == handle >> SLOT_BITS)
    }

    #[inline(never)]
    fn open(&mut self, handle: Handle) -> Option<&mut Open> {
        self.slot(handle)?.span.as_mut()
    }
}

/// The ids in a `traceparent` that `js/spans.js` wrote from [`Tracer::ids`]. Headers from elsewhere never come here:
/// they would need the strict reader in `shared`, which is larger than everything else that this crate does with one.
fn parse_ids(traceparent: &str) -> Option<(TraceId, SpanId)> {
    let mut bytes = [0; IDS];
    let mut digits = 0;
    // `00-`, then the two ids with a hyphen between them.
    for digit in traceparent.bytes().skip(3).filter(|byte| *byte != b'-') {
        let byte = bytes.get_mut(digits / 2)?;
        *byte = *byte << 4 | char::from(digit).to_digit(16)? as u8;
        digits += 1;
        if digits == 2 * bytes.len() {
            let (trace_id, span_id) = bytes.split_at(TraceId::LEN);
            return Some((
                TraceId::from_slice(trace_id).ok()?,
                SpanId::from_slice(span_id).ok()?,
            ));
        }
    }
    None
}

/// The text, or its beginning where it is long.
fn cut(text: &str) -> &str {
    let mut end = text.len().min(LONGEST_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use opentelemetry_proto::tonic::trace::v1::Span;
    use prost::Message;

    use super::*;

    fn count_up(bytes: &mut [u8]) {
        use std::sync::atomic::{AtomicU8, Ordering};
        static NEXT: AtomicU8 = AtomicU8::new(1);
        bytes.fill_with(|| NEXT.fetch_add(1, Ordering::Relaxed));
    }

    fn spans(tracer: &mut Tracer) -> Vec<Span> {
        let mut spans = Vec::new();
        while let Some(bytes) = tracer.take(1_000) {
            let request = ExportTraceServiceRequest::decode(&bytes[..]).expect("valid OTLP");
            spans.extend(
                request
                    .resource_spans
                    .into_iter()
                    .flat_map(|of| of.scope_spans)
                    .flat_map(|of| of.spans),
            );
        }
        spans
    }

    fn traceparent(tracer: &mut Tracer, handle: Handle) -> String {
        let ids = tracer.ids(handle).expect("an open span");
        let hex: String = ids.iter().map(|byte| std::format!("{byte:02x}")).collect();
        std::format!("00-{}-{}-01", &hex[..32], &hex[32..])
    }

    #[test]
    fn a_request_is_a_child_of_its_action() {
        let mut tracer = Tracer::new(count_up);
        let root = tracer.start("", SpanKind::Internal, 1_000.0, "click \"Book Now\"");
        let parent = traceparent(&mut tracer, root);
        let request = tracer.request(
            &parent,
            1_001.5,
            "POST",
            "http://h:8080",
            "/api/bookings/42?card=1",
        );
        tracer.number(request, "http.response.status_code", 409.0);
        tracer.fail(request, "409", "");
        tracer.end(request, 1_002.0);
        tracer.end(root, 1_003.0);
        let spans = spans(&mut tracer);
        let [request, root] = &spans[..] else {
            panic!("two spans")
        };
        assert_eq!(request.parent_span_id, root.span_id);
        assert_eq!(request.trace_id, root.trace_id);
        assert!(root.parent_span_id.is_empty());
        assert_eq!(request.name, "POST /api/bookings/{id}");
        assert_eq!(request.start_time_unix_nano, 1_001_500_000);
        assert_eq!(request.status.as_ref().map(|status| status.code), Some(2));
    }

    #[test]
    fn a_handle_of_an_ended_span_does_nothing() {
        let mut tracer = Tracer::new(count_up);
        let first = tracer.start("", SpanKind::Internal, 1.0, "first");
        tracer.end(first, 2.0);
        let second = tracer.start("", SpanKind::Internal, 1.0, "second");
        assert_ne!(first, second);
        tracer.text(first, "key", "value");
        tracer.end(first, 3.0);
        tracer.end(second, 2.0);
        let spans = spans(&mut tracer);
        assert_eq!(spans.len(), 2);
        assert!(spans[1].attributes.is_empty());
        assert_eq!(tracer.ids(second), None);
        assert_eq!(tracer.ids(0), None);
    }

    #[test]
    fn an_end_before_the_start_is_the_start() {
        let mut tracer = Tracer::new(count_up);
        let span = tracer.start("", SpanKind::Internal, 5.0, "x");
        tracer.end(span, 4.0);
        assert_eq!(spans(&mut tracer)[0].end_time_unix_nano, 5_000_000);
    }

    #[test]
    fn cuts_long_texts_between_characters() {
        let long = "ß".repeat(LONGEST_TEXT);
        assert_eq!(cut(&long).len(), LONGEST_TEXT);
        let odd = std::format!("x{long}");
        assert_eq!(cut(&odd).len(), LONGEST_TEXT - 1);
    }

    #[test]
    fn drops_the_oldest_when_too_many_wait() {
        let mut tracer = Tracer::new(count_up);
        let text = "x ".repeat(LONGEST_TEXT / 2);
        for number in 0..1_000 {
            let span = tracer.start("", SpanKind::Internal, f64::from(number), "x");
            tracer.text(span, "key", &text);
            tracer.end(span, f64::from(number));
        }
        assert!(tracer.queue.len() <= crate::queue::MOST_BYTES);
        let dropped = tracer.queue.dropped();
        let kept = spans(&mut tracer);
        assert_eq!(kept.len() as u32 + dropped, 1_000);
        assert_eq!(
            kept.last().map(|span| span.start_time_unix_nano),
            Some(999_000_000)
        );
    }
}
