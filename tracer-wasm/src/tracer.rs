//! What is open in a page: spans, their events, log records and the page's own description.
//!
//! Each is a slot with attributes, known by a handle. Invariant: a handle names one thing for ever. Its low half is the
//! slot, its high half counts how often the slot was used before, so a handle of what has ended finds nothing, and
//! every call on it does nothing. 0 is never a handle.

use alloc::string::String;
use alloc::vec::Vec;

use shared::id::{SpanId, TraceId};
use shared::kind::{SpanKind, StatusCode};
use shared::otlp::encode::{
    self, Attributes, FLAG_HAS_IS_REMOTE, FLAG_SAMPLED, LogFields, SpanFields,
};
use shared::time::UnixNanos;

use crate::losses::{Losses, QUEUE_FULL};
use crate::queue::Queue;
use crate::random::{Random, Source};
use crate::redact;

/// The name of the instrumentation scope.
const SCOPE: &str = "throughline";
/// The version of the tracer.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// How many events, and how many links, a span may have; OpenTelemetry's default limit.
pub const MOST_PARTS: u32 = 128;
/// How many bytes of spans and of log records may wait: about 10,000 spans.
pub const MOST_WAITING: [usize; 2] = [2 << 20, 1 << 19];
/// How many bytes of each the flight recorder holds: 1 MiB together.
pub const MOST_HELD: [usize; 2] = [3 << 18, 1 << 18];
/// How much of the past the flight recorder keeps.
const HELD_SECONDS: u32 = 300;
/// What is too old goes when this much of it has gathered, so that the rest is not moved for every span.
const SLACK_SECONDS: u32 = 30;
const SLOT_BITS: u32 = 16;
/// How many bytes the ids of a span have together.
const IDS: usize = TraceId::LEN + SpanId::LEN;
/// [`Tracer::take`]'s signals.
const LOGS: usize = 1;
const METRICS: usize = 2;
/// [`Tracer::url`] adds the path as `url.path`.
pub const WITH_PATH: u32 = 1;
/// [`Tracer::url`] adds the route to the span's name.
pub const WITH_ROUTE: u32 = 2;
/// For [`Tracer::url`]: the address's route, and nothing else, is the attribute.
pub const ONLY_ROUTE: u32 = 4;

/// Names what is open; 0 names nothing.
pub type Handle = u32;

/// All that is open or waits, and what is known of the page.
pub struct Tracer {
    random: Random,
    slots: Vec<Slot>,
    free: Vec<u16>,
    /// Spans and log records that wait to be sent, and the same for the flight recorder.
    queues: [Queue; 4],
    recording: bool,
    losses: Losses,
    resource: Attributes,
    /// The W3C flags and the `tracestate` of this session's spans.
    flags: u32,
    trace_state: String,
}

#[derive(Default)]
struct Slot {
    uses: u16,
    open: Option<Open>,
}

/// What a slot stands for.
#[derive(Clone, Copy)]
enum Role {
    Span(SpanKind),
    /// A log record of this severity.
    Log(u32),
    /// An event of this span.
    Event(Handle),
    Resource,
}

struct Open {
    role: Role,
    ids: Option<(TraceId, SpanId)>,
    parent: Option<SpanId>,
    name: String,
    start: UnixNanos,
    attributes: Attributes,
    events: Vec<u8>,
    links: Vec<u8>,
    /// How many events and links there were, even those that were left out.
    parts: [u32; 2],
    failed: bool,
    /// Why a span failed, or the text of a log record.
    message: String,
}

impl Tracer {
    /// A tracer with nothing open, which draws its ids from `source`.
    #[must_use]
    pub const fn new(source: Source) -> Self {
        Self {
            random: Random::new(source),
            slots: Vec::new(),
            free: Vec::new(),
            queues: [
                Queue::new(MOST_WAITING[0]),
                Queue::new(MOST_WAITING[1]),
                Queue::new(MOST_HELD[0]),
                Queue::new(MOST_HELD[1]),
            ],
            recording: false,
            losses: Losses::new(),
            resource: Attributes::of_resource(),
            flags: FLAG_SAMPLED,
            trace_state: String::new(),
        }
    }

    /// Starts a span below `parent`, a `traceparent`; anything else starts a trace. `millis` is Unix time. The name is
    /// redacted. Returns 0 when 65,535 things are open, and where chance gives all zeros for an id.
    pub fn start(&mut self, parent: &str, kind: SpanKind, millis: f64, name: &str) -> Handle {
        let Some((trace_id, span_id)) = self.random.ids(seconds(millis)) else {
            return 0;
        };
        let parent = parse_ids(parent);
        let trace_id = parent.map_or(trace_id, |(trace_id, _)| trace_id);
        self.put(Open {
            ids: Some((trace_id, span_id)),
            parent: parent.map(|(_, span_id)| span_id),
            name: redact::text(name),
            ..Open::new(Role::Span(kind), Attributes::of_span(), millis)
        })
    }

    /// Gives trace ids a shape; see [`Random::shape`].
    pub const fn shape(&mut self, shape: u32) {
        self.random.shape = shape;
    }

    /// Opens a log record of the span of `parent`, a `traceparent`, or of none. The body is redacted.
    pub fn log(
        &mut self,
        parent: &str,
        severity: u32,
        millis: f64,
        name: &str,
        body: &str,
    ) -> Handle {
        self.put(Open {
            ids: parse_ids(parent),
            name: String::from(name),
            message: redact::text(body),
            ..Open::new(Role::Log(severity), Attributes::of_log(), millis)
        })
    }

    /// Opens an event of a span, which it joins when it is ended.
    pub fn event(&mut self, span: Handle, millis: f64, name: &str) -> Handle {
        self.put(Open {
            name: String::from(name),
            ..Open::new(Role::Event(span), Attributes::of_event(), millis)
        })
    }

    /// Opens a description of the page, which is in force when it is ended. Its texts are not redacted.
    pub fn describe(&mut self, millis: f64) -> Handle {
        self.put(Open::new(Role::Resource, Attributes::of_resource(), millis))
    }

    /// The span's trace id and span id; `None` when it has ended.
    pub fn ids(&mut self, handle: Handle) -> Option<[u8; IDS]> {
        let (trace, span) = self.open(handle)?.ids?;
        let mut ids = [0; IDS];
        let (trace_id, span_id) = ids.split_at_mut(TraceId::LEN);
        trace_id.copy_from_slice(trace.as_bytes());
        span_id.copy_from_slice(span.as_bytes());
        Some(ids)
    }

    /// Where attributes go.
    pub fn attributes(&mut self, handle: Handle) -> Option<&mut Attributes> {
        Some(&mut self.open(handle)?.attributes)
    }

    /// Adds a text, redacted unless it describes the page.
    pub fn text(&mut self, handle: Handle, key: &str, value: &str) {
        if let Some(open) = self.open(handle) {
            match open.role {
                Role::Resource => open.attributes.put_str(key, value),
                _ => open.attributes.put_str(key, &redact::text(value)),
            }
        }
    }

    /// Adds a number; a whole one as an integer.
    pub fn number(&mut self, handle: Handle, key: &str, value: f64) {
        if let Some(attributes) = self.attributes(handle) {
            if value as i64 as f64 == value {
                attributes.put_int(key, value as i64);
            } else {
                attributes.put_double(key, value);
            }
        }
    }

    /// Adds a list of texts, redacted unless it describes the page. In `values` a NUL follows each.
    pub fn texts(&mut self, handle: Handle, key: &str, mut values: &str) {
        if let Some(open) = self.open(handle) {
            let whole = matches!(open.role, Role::Resource);
            let list = open.attributes.begin_list(key);
            while !values.is_empty() {
                let (value, rest) = redact::split(values, 0);
                values = rest;
                if whole {
                    open.attributes.put_member(value);
                } else {
                    open.attributes.put_member(&redact::text(value));
                }
            }
            open.attributes.finish_list(list);
        }
    }

    /// Adds an address, in two parts and redacted; `with` is a sum of [`WITH_PATH`] and [`WITH_ROUTE`], or
    /// [`ONLY_ROUTE`].
    pub fn url(&mut self, handle: Handle, key: &str, origin: &str, address: &str, with: u32) {
        if let Some(open) = self.open(handle) {
            let address = redact::address(address);
            if with == ONLY_ROUTE {
                open.attributes.put_str(key, &address.route);
                return;
            }
            let mut url = String::from(origin);
            url.push_str(&address.path);
            url.push_str(&address.rest);
            open.attributes.put_str(key, &url);
            if with & WITH_PATH != 0 {
                open.attributes.put_str("url.path", &address.path);
            }
            if with & WITH_ROUTE != 0 {
                open.name.push_str(&address.route);
            }
        }
    }

    /// Adds a link to the span of a `traceparent`; anything else is left out.
    pub fn link(&mut self, handle: Handle, traceparent: &str) {
        if let (Some(open), Some((trace_id, span_id))) = (self.open(handle), parse_ids(traceparent))
            && has_room(&mut open.parts[1])
        {
            let flags = FLAG_SAMPLED | FLAG_HAS_IS_REMOTE;
            encode::link(&mut open.links, trace_id, span_id, flags, None);
        }
    }

    /// Marks the span as failed, with a message that may be empty.
    pub fn fail(&mut self, handle: Handle, message: &str) {
        if let Some(open) = self.open(handle) {
            open.failed = true;
            open.message = redact::text(message);
        }
    }

    /// Forgets what is open.
    pub fn drop(&mut self, handle: Handle) {
        self.close(handle);
    }

    /// Ends it: a span or a log record waits from now on, an event joins its span, a description is in force. `millis` is
    /// Unix time; an end before the start is the start.
    pub fn end(&mut self, handle: Handle, millis: f64) {
        let Some(open) = self.close(handle) else {
            return;
        };
        let end = UnixNanos::from_millis_f64(millis);
        match open.role {
            Role::Span(kind) => {
                let (Some((trace_id, span_id)), end) = (open.ids, end.max(open.start)) else {
                    return;
                };
                let fields = SpanFields {
                    parent: open.parent,
                    trace_state: &self.trace_state,
                    flags: self.flags | FLAG_HAS_IS_REMOTE,
                    kind,
                    attributes: Some(&open.attributes),
                    events: &open.events,
                    dropped_events_count: open.parts[0].saturating_sub(MOST_PARTS),
                    links: &open.links,
                    dropped_links_count: open.parts[1].saturating_sub(MOST_PARTS),
                    status: if open.failed {
                        StatusCode::Error
                    } else {
                        StatusCode::Unset
                    },
                    status_message: &open.message,
                    ..SpanFields::new(trace_id, span_id, &open.name, open.start, end)
                };
                let buffer = self.queues[self.queue(0)].buffer();
                let before = buffer.len();
                encode::span(buffer, &fields);
                self.commit(0, before, millis);
            }
            Role::Log(severity) => {
                let fields = LogFields {
                    time: open.start,
                    observed: end,
                    severity,
                    event_name: &open.name,
                    body: &open.message,
                    attributes: &open.attributes,
                    span: open.ids,
                    flags: self.flags,
                };
                let buffer = self.queues[self.queue(LOGS)].buffer();
                let before = buffer.len();
                encode::log_record(buffer, &fields);
                self.commit(LOGS, before, millis);
            }
            Role::Event(span) => {
                if let Some(span) = self.open(span)
                    && has_room(&mut span.parts[0])
                {
                    encode::event(
                        &mut span.events,
                        open.start,
                        &open.name,
                        Some(&open.attributes),
                    );
                }
            }
            Role::Resource => {
                self.losses.since(open.start);
                self.resource = open.attributes;
            }
        }
    }

    /// What the session's spans tell from now on.
    pub fn sampling(&mut self, flags: u32, trace_state: &str) {
        self.flags = flags;
        self.trace_state = String::from(trace_state);
    }

    /// Switches the flight recorder: while it is on, what ends is held, and the oldest of it goes uncounted; when it
    /// is switched off at `millis`, all that is held waits to be sent.
    pub fn record(&mut self, on: bool, millis: f64) {
        self.recording = on;
        if on {
            return;
        }
        let (waiting, held) = self.queues.split_at_mut(2);
        for (signal, (waiting, held)) in waiting.iter_mut().zip(held).enumerate() {
            held.expire(seconds(millis).saturating_sub(HELD_SECONDS));
            self.losses.add(signal, QUEUE_FULL, waiting.append(held));
        }
    }

    /// Counts what was lost on its way, by reason.
    pub fn dropped(&mut self, signal: usize, reason: &str, count: usize) {
        self.losses.add(signal, reason, count);
    }

    /// An OTLP request of one signal (0 traces, 1 logs, 2 metrics) with the oldest that waits, of about at most `bytes`;
    /// `None` when there is nothing to say. `millis` is now.
    pub fn take(&mut self, signal: usize, bytes: usize, millis: f64) -> Option<Vec<u8>> {
        let resource = &self.resource;
        let request = |items: &[u8]| encode::request(resource, SCOPE, VERSION, items);
        if signal == METRICS {
            let counts = [self.queues[0].count(), self.queues[1].count()];
            let now = UnixNanos::from_millis_f64(millis);
            return self.losses.take(now, counts).map(|items| request(&items));
        }
        let queue = self.queues.get_mut(signal)?;
        if queue.is_empty() {
            return None;
        }
        // Tags, lengths and the scope take less than 64 bytes beside the resource.
        Some(queue.take(bytes.saturating_sub(resource.len() + 64), request))
    }

    /// Which queue takes what ends now.
    fn queue(&self, signal: usize) -> usize {
        signal + 2 * usize::from(self.recording)
    }

    fn commit(&mut self, signal: usize, before: usize, millis: f64) {
        let seconds = seconds(millis);
        let index = self.queue(signal);
        let queue = &mut self.queues[index];
        let too_many = queue.commit(before, seconds);
        if !self.recording {
            self.losses.add(signal, QUEUE_FULL, too_many);
        } else if queue.oldest() < Some(seconds.saturating_sub(HELD_SECONDS + SLACK_SECONDS)) {
            queue.expire(seconds.saturating_sub(HELD_SECONDS));
        }
    }

    fn put(&mut self, open: Open) -> Handle {
        let index = match self.free.pop() {
            Some(index) => index,
            None if self.slots.len() < usize::from(u16::MAX) => {
                self.slots.push(Slot::default());
                (self.slots.len() - 1) as u16
            }
            None => return 0,
        };
        let slot = &mut self.slots[usize::from(index)];
        slot.open = Some(open);
        u32::from(slot.uses) << SLOT_BITS | (u32::from(index) + 1)
    }

    fn close(&mut self, handle: Handle) -> Option<Open> {
        let slot = self.slot(handle)?;
        let open = slot.open.take()?;
        slot.uses = slot.uses.wrapping_add(1);
        self.free.push((handle - 1) as u16);
        Some(open)
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
        self.slot(handle)?.open.as_mut()
    }
}

impl Open {
    fn new(role: Role, attributes: Attributes, millis: f64) -> Self {
        Self {
            role,
            ids: None,
            parent: None,
            name: String::new(),
            start: UnixNanos::from_millis_f64(millis),
            attributes,
            events: Vec::new(),
            links: Vec::new(),
            parts: [0; 2],
            failed: false,
            message: String::new(),
        }
    }
}

/// Counts one more part of a span, and whether it has room.
fn has_room(count: &mut u32) -> bool {
    *count = count.saturating_add(1);
    *count <= MOST_PARTS
}

fn seconds(millis: f64) -> u32 {
    (millis / 1_000.0) as u32
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

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use opentelemetry_proto::tonic::common::v1::any_value::Value;
    use opentelemetry_proto::tonic::metrics::v1::{Metric, metric, number_data_point};
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
        while let Some(bytes) = tracer.take(0, 1_000, 0.0) {
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

    /// The metrics that wait: name, reason and count.
    fn metrics(tracer: &mut Tracer, millis: f64) -> Vec<(String, i64)> {
        let Some(bytes) = tracer.take(METRICS, 0, millis) else {
            return Vec::new();
        };
        let request = ExportMetricsServiceRequest::decode(&bytes[..]).expect("valid OTLP");
        let metrics = &request.resource_metrics[0].scope_metrics[0].metrics;
        let read = |metric: &Metric| {
            let Some(metric::Data::Sum(sum)) = &metric.data else {
                panic!("a sum")
            };
            let point = &sum.data_points[0];
            let reason = point.attributes.first().and_then(|attribute| {
                match attribute.value.clone()?.value? {
                    Value::StringValue(text) => Some(text),
                    _ => None,
                }
            });
            let Some(number_data_point::Value::AsInt(count)) = point.value else {
                panic!("a whole number")
            };
            assert_eq!(point.time_unix_nano, millis as u64 * 1_000_000);
            assert_eq!(sum.is_monotonic, reason.is_some());
            assert_eq!(sum.aggregation_temporality, 2 - i32::from(reason.is_some()));
            (
                std::format!("{} {}", metric.name, reason.unwrap_or_default()),
                count,
            )
        };
        metrics.iter().map(read).collect()
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
        let request = tracer.start(&parent, SpanKind::Client, 1_001.5, "POST ");
        let address = "/api/bookings/42?card=1";
        tracer.url(request, "url.full", "http://h:8080", address, WITH_ROUTE);
        tracer.number(request, "http.response.status_code", 409.0);
        tracer.fail(request, "");
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
    fn drops_the_oldest_when_too_many_wait_and_says_so() {
        let mut tracer = Tracer::new(count_up);
        let text = "x ".repeat(2_000);
        for number in 0..1_000 {
            let span = tracer.start("", SpanKind::Internal, f64::from(number), "x");
            tracer.text(span, "key", &text);
            tracer.end(span, f64::from(number));
        }
        let told = metrics(&mut tracer, 2_000.0);
        let kept = spans(&mut tracer);
        assert!(kept.len() > 300, "about 2 MiB");
        assert_eq!(
            told,
            [
                (
                    String::from("otel.sdk.processor.span.processed queue_full"),
                    1_000 - kept.len() as i64
                ),
                (
                    String::from("otel.sdk.processor.span.queue.size "),
                    kept.len() as i64
                ),
                (String::from("otel.sdk.processor.log.queue.size "), 0),
            ]
        );
        assert_eq!(
            kept.last().map(|span| span.start_time_unix_nano),
            Some(999_000_000)
        );
        assert!(metrics(&mut tracer, 3_000.0).is_empty(), "told once");
    }
}
