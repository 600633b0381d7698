//! What is open in a page: spans, their events, log records, metrics and the page's own description.
//!
//! Each is a slot with attributes, known by a handle. Invariant: a handle names one thing for ever. Its low half is the
//! slot, its high half counts how often the slot was used before, so a handle of what has ended finds nothing, and
//! every call on it does nothing. 0 is never a handle.

use alloc::string::String;
use alloc::vec::Vec;

use shared::id::{SpanId, TraceId};
use shared::kind::{SpanKind, StatusCode};
use shared::otlp::encode::{
    self, Attributes, FLAG_HAS_IS_REMOTE, FLAG_SAMPLED, LogFields, SpanFields, SumFields,
};
use shared::time::UnixNanos;

use crate::queue::Queue;
use crate::random::Random;
use crate::redact;

/// The name of the instrumentation scope.
const SCOPE: &str = "throughline";
/// The version of the tracer.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// How many events, and how many links, a span may have; OpenTelemetry's default limit.
pub const MOST_PARTS: u32 = 128;
/// How many bytes of each signal may wait: about 10,000 spans.
pub const MOST_WAITING: [usize; SIGNALS] = [2 << 20, 1 << 19, 1 << 16];
/// How many bytes of spans and of log records the flight recorder holds: 1 MiB together.
pub const MOST_HELD: [usize; 2] = [3 << 18, 1 << 18];
/// How much of the past the flight recorder keeps.
const HELD_SECONDS: u32 = 300;
/// What is too old goes when this much of it has gathered, so that the rest is not moved for every span.
const SLACK_SECONDS: u32 = 30;
const SLOT_BITS: u32 = 16;
/// How many bytes the ids of a span have together.
pub const IDS: usize = TraceId::LEN + SpanId::LEN;
/// The signals, which [`Tracer::take`] knows by number.
const TRACES: usize = 0;
const LOGS: usize = 1;
const METRICS: usize = 2;
const SIGNALS: usize = 3;
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
    /// What waits to be sent, by signal, and then what the flight recorder holds.
    queues: [Queue; 5],
    recording: bool,
    /// How many spans and log records had to go since [`Tracer::lost`] was asked.
    lost: [u32; SIGNALS],
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

/// What a slot stands for, and what [`Tracer::open`]'s `detail` then is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A span; its kind as OTLP has it.
    Span,
    /// A log record; its severity.
    Log,
    /// An event of a span; the span's handle.
    Event,
    /// The page's description; nothing.
    Resource,
    /// A count's growth since the start; how much.
    Growth,
    /// A level; how high.
    Level,
}

struct Open {
    role: Role,
    detail: u32,
    ids: Option<(TraceId, SpanId)>,
    parent: Option<SpanId>,
    name: String,
    /// Why a span failed, the text of a log record, a metric's unit.
    message: String,
    start: UnixNanos,
    attributes: Attributes,
    events: Vec<u8>,
    links: Vec<u8>,
    /// How many events and links there were, even those that were left out.
    parts: [u32; 2],
    failed: bool,
}

impl Tracer {
    /// A tracer with nothing open. It starts no trace before it is seeded.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            random: Random::new(),
            slots: Vec::new(),
            free: Vec::new(),
            queues: [
                Queue::new(MOST_WAITING[0]),
                Queue::new(MOST_WAITING[1]),
                Queue::new(MOST_WAITING[2]),
                Queue::new(MOST_HELD[0]),
                Queue::new(MOST_HELD[1]),
            ],
            recording: false,
            lost: [0; SIGNALS],
            resource: Attributes::of_resource(),
            flags: FLAG_SAMPLED,
            trace_state: String::new(),
        }
    }

    /// Gives trace ids a shape; see [`Random::shape`].
    pub const fn shape(&mut self, shape: u32) {
        self.random.shape = shape;
    }

    /// Gives the ids their randomness.
    pub fn seed(&mut self, seed: [u64; 2]) {
        self.random.seed(seed);
    }

    /// Opens a slot at `millis`, Unix time. `parent` is a `traceparent`: a span joins its trace, or starts one where there is none;
    /// a log record belongs to its span. Name and message are redacted. Returns 0 when 65,535 slots are open.
    pub fn open(
        &mut self,
        role: Role,
        detail: u32,
        millis: f64,
        parent: &str,
        name: &str,
        message: &str,
    ) -> Handle {
        let mut ids = parse_ids(parent);
        let mut parent = None;
        if role == Role::Span {
            parent = ids.map(|(_, span_id)| span_id);
            ids = self
                .random
                .ids(ids.map(|(trace_id, _)| trace_id), seconds(millis));
        }
        let index = match self.free.pop() {
            Some(index) => index,
            None if self.slots.len() < usize::from(u16::MAX) => {
                self.slots.push(Slot::default());
                (self.slots.len() - 1) as u16
            }
            None => return 0,
        };
        let slot = &mut self.slots[usize::from(index)];
        slot.open = Some(Open {
            role,
            detail,
            ids,
            parent,
            name: redact::text(name),
            message: redact::text(message),
            start: UnixNanos::from_millis_f64(millis),
            attributes: match role {
                Role::Span => Attributes::of_span(),
                Role::Log => Attributes::of_log(),
                Role::Event => Attributes::of_event(),
                Role::Resource => Attributes::of_resource(),
                Role::Growth | Role::Level => Attributes::of_point(),
            },
            events: Vec::new(),
            links: Vec::new(),
            parts: [0; 2],
            failed: false,
        });
        u32::from(slot.uses) << SLOT_BITS | (u32::from(index) + 1)
    }

    /// The span's trace id and span id; `None` when it has ended.
    pub fn ids(&mut self, handle: Handle) -> Option<(TraceId, SpanId)> {
        self.get(handle)?.ids
    }

    /// Where attributes go.
    pub fn attributes(&mut self, handle: Handle) -> Option<&mut Attributes> {
        Some(&mut self.get(handle)?.attributes)
    }

    /// Adds a text, redacted.
    pub fn text(&mut self, handle: Handle, key: &str, value: &str) {
        if let Some(attributes) = self.attributes(handle) {
            attributes.put_str(key, &redact::text(value));
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

    /// Adds a list of texts, redacted. In `values` a NUL follows each.
    pub fn texts(&mut self, handle: Handle, key: &str, mut values: &str) {
        if let Some(attributes) = self.attributes(handle) {
            let list = attributes.begin_list(key);
            while !values.is_empty() {
                let (value, rest) = redact::split(values, 0);
                values = rest;
                attributes.put_member(&redact::text(value));
            }
            attributes.finish_list(list);
        }
    }

    /// Adds an address, in two parts and redacted; `with` is a sum of [`WITH_PATH`] and [`WITH_ROUTE`], or
    /// [`ONLY_ROUTE`].
    pub fn url(&mut self, handle: Handle, key: &str, origin: &str, address: &str, with: u32) {
        if let Some(open) = self.get(handle) {
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
        if let (Some(open), Some((trace_id, span_id))) = (self.get(handle), parse_ids(traceparent))
            && has_room(&mut open.parts[1])
        {
            let flags = FLAG_SAMPLED | FLAG_HAS_IS_REMOTE;
            encode::link(&mut open.links, trace_id, span_id, flags, None);
        }
    }

    /// Marks the span as failed, with a message that may be empty.
    pub fn fail(&mut self, handle: Handle, message: &str) {
        if let Some(open) = self.get(handle) {
            open.failed = true;
            open.message = redact::text(message);
        }
    }

    /// Gives a span another name, which is redacted.
    pub fn rename(&mut self, handle: Handle, name: &str) {
        if let Some(open) = self.get(handle) {
            open.name = redact::text(name);
        }
    }

    /// Forgets what is open.
    pub fn drop(&mut self, handle: Handle) {
        self.close(handle);
    }

    /// Ends it: a span, log record or metric waits from now on, an event joins its span, a description is in force.
    /// `millis` is Unix time; an end before the start is the start.
    pub fn end(&mut self, handle: Handle, millis: f64) {
        let Some(open) = self.close(handle) else {
            return;
        };
        let signal = match open.role {
            Role::Span => TRACES,
            Role::Log => LOGS,
            Role::Event => {
                if let Some(span) = self.get(open.detail)
                    && has_room(&mut span.parts[0])
                {
                    let attributes = Some(&open.attributes);
                    encode::event(&mut span.events, open.start, &open.name, attributes);
                }
                return;
            }
            Role::Resource => {
                self.resource = open.attributes;
                return;
            }
            Role::Growth | Role::Level => METRICS,
        };
        let holds = self.recording && signal != METRICS;
        let queue = &mut self.queues[signal + if holds { SIGNALS } else { 0 }];
        let buffer = queue.buffer();
        let before = buffer.len();
        let end = UnixNanos::from_millis_f64(millis).max(open.start);
        match (open.role, open.ids) {
            (Role::Span, Some((trace_id, span_id))) => {
                let fields = SpanFields {
                    parent: open.parent,
                    trace_state: &self.trace_state,
                    flags: self.flags | FLAG_HAS_IS_REMOTE,
                    kind: SpanKind::from_otlp(open.detail as i32),
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
                encode::span(buffer, &fields);
            }
            (Role::Span, None) => return,
            (Role::Log, span) => encode::log_record(
                buffer,
                &LogFields {
                    time: open.start,
                    observed: end,
                    severity: open.detail,
                    event_name: &open.name,
                    body: &open.message,
                    attributes: &open.attributes,
                    span,
                    flags: self.flags,
                },
            ),
            _ => encode::sum(
                buffer,
                &SumFields {
                    name: &open.name,
                    unit: &open.message,
                    start: open.start,
                    time: end,
                    value: u64::from(open.detail),
                    attributes: &open.attributes,
                    growth: open.role == Role::Growth,
                },
            ),
        }
        let seconds = seconds(millis);
        let too_many = queue.commit(before, seconds);
        if !holds {
            self.lost[signal] += too_many;
        } else if queue.oldest() < Some(seconds.saturating_sub(HELD_SECONDS + SLACK_SECONDS)) {
            queue.expire(seconds.saturating_sub(HELD_SECONDS));
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
        let (waiting, held) = self.queues.split_at_mut(SIGNALS);
        for ((waiting, held), lost) in waiting.iter_mut().zip(held).zip(&mut self.lost) {
            held.expire(seconds(millis).saturating_sub(HELD_SECONDS));
            *lost += waiting.append(held);
        }
    }

    /// How many of a signal had to go since this was asked, because too many waited.
    pub fn lost(&mut self, signal: usize) -> u32 {
        self.lost.get_mut(signal).map_or(0, core::mem::take)
    }

    /// How many of a signal wait.
    #[must_use]
    pub fn waiting(&self, signal: usize) -> u32 {
        self.queues.get(signal).map_or(0, Queue::count)
    }

    /// An OTLP request of one signal (0 traces, 1 logs, 2 metrics) with the oldest that waits, of about at most `bytes`;
    /// `None` when nothing waits.
    pub fn take(&mut self, signal: usize, bytes: usize) -> Option<Vec<u8>> {
        let queue = self.queues.get_mut(signal)?;
        if queue.is_empty() {
            return None;
        }
        // Tags, lengths and the scope take less than 64 bytes beside the resource.
        let room = bytes.saturating_sub(self.resource.len() + 64);
        let resource = &self.resource;
        Some(queue.take(room, |items| {
            encode::request(resource, SCOPE, VERSION, items)
        }))
    }

    #[inline(never)]
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
    fn get(&mut self, handle: Handle) -> Option<&mut Open> {
        self.slot(handle)?.open.as_mut()
    }
}

impl Default for Tracer {
    fn default() -> Self {
        Self::new()
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
    use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
    use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use opentelemetry_proto::tonic::common::v1::any_value;
    use opentelemetry_proto::tonic::logs::v1::LogRecord;
    use opentelemetry_proto::tonic::trace::v1::Span;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use prost::Message;

    use super::*;

    fn tracer() -> Tracer {
        let mut tracer = Tracer::new();
        tracer.seed([1, 2]);
        tracer
    }

    fn start(tracer: &mut Tracer, parent: &str, millis: f64, name: &str) -> Handle {
        tracer.open(
            Role::Span,
            SpanKind::Internal.to_otlp() as u32,
            millis,
            parent,
            name,
            "",
        )
    }

    fn spans(tracer: &mut Tracer) -> Vec<Span> {
        let mut spans = Vec::new();
        while let Some(bytes) = tracer.take(TRACES, 1_000) {
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
        let ids = [ids.0.as_bytes().as_slice(), ids.1.as_bytes()].concat();
        let hex: String = ids.iter().map(|byte| std::format!("{byte:02x}")).collect();
        std::format!("00-{}-{}-01", &hex[..32], &hex[32..])
    }

    #[test]
    fn a_request_is_a_child_of_its_action() {
        let mut tracer = tracer();
        let root = start(&mut tracer, "", 1_000.0, "click \"Book Now\"");
        let parent = traceparent(&mut tracer, root);
        let request = start(&mut tracer, &parent, 1_001.5, "POST ");
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
        let mut tracer = tracer();
        let first = start(&mut tracer, "", 1.0, "first");
        tracer.end(first, 2.0);
        let second = start(&mut tracer, "", 1.0, "second");
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
    fn a_route_stands_for_all_paths_of_a_kind() {
        let mut tracer = tracer();
        let span = start(&mut tracer, "", 1.0, "x");
        tracer.url(span, "key", "", "/films/4711?seat=C7", ONLY_ROUTE);
        tracer.end(span, 2.0);
        let sent = &spans(&mut tracer)[0];
        let value = sent.attributes[0].value.clone().and_then(|any| any.value);
        assert_eq!(
            value,
            Some(any_value::Value::StringValue("/films/{id}".into()))
        );
        assert_eq!(sent.name, "x");
    }

    #[test]
    fn an_end_before_the_start_is_the_start() {
        let mut tracer = tracer();
        let span = start(&mut tracer, "", 5.0, "x");
        tracer.end(span, 4.0);
        assert_eq!(spans(&mut tracer)[0].end_time_unix_nano, 5_000_000);
    }

    #[test]
    fn drops_the_oldest_when_too_many_wait_and_says_so() {
        let mut tracer = tracer();
        let text = "x ".repeat(2_000);
        for number in 0..1_000 {
            let span = start(&mut tracer, "", f64::from(number), "x");
            tracer.text(span, "key", &text);
            tracer.end(span, f64::from(number));
        }
        assert_eq!(tracer.waiting(TRACES) + tracer.lost(TRACES), 1_000);
        assert_eq!(tracer.lost(TRACES), 0, "told once");
        let waiting = tracer.waiting(TRACES);
        let kept = spans(&mut tracer);
        assert_eq!(kept.len() as u32, waiting);
        assert!(kept.len() > 300, "about 2 MiB");
        assert_eq!(
            kept.last().map(|span| span.start_time_unix_nano),
            Some(999_000_000)
        );
    }

    fn logs(tracer: &mut Tracer, bytes: usize) -> Vec<LogRecord> {
        let mut logs = Vec::new();
        while let Some(bytes) = tracer.take(LOGS, bytes) {
            let request = ExportLogsServiceRequest::decode(&bytes[..]).expect("valid OTLP");
            let of_scope = request
                .resource_logs
                .into_iter()
                .flat_map(|of| of.scope_logs);
            logs.extend(of_scope.flat_map(|of| of.log_records));
        }
        logs
    }

    #[test]
    fn a_log_record_belongs_to_its_span_and_is_redacted() {
        let mut tracer = tracer();
        let span = start(&mut tracer, "", 1.0, "click");
        let parent = traceparent(&mut tracer, span);
        let log = tracer.open(
            Role::Log,
            17,
            2.0,
            &parent,
            "exception",
            "of ann@example.org",
        );
        tracer.text(log, "note", "4111 1111 1111 1111");
        tracer.end(log, 3.0);
        let alone = tracer.open(Role::Log, 9, 4.0, "", "browser.web_vital", "");
        tracer.end(alone, 4.0);
        let ids = tracer.ids(span).expect("an open span");
        let logs = logs(&mut tracer, 1_000);
        assert_eq!(logs[0].trace_id, ids.0.as_bytes());
        assert_eq!(logs[0].span_id, ids.1.as_bytes());
        assert_eq!(logs[0].time_unix_nano, 2_000_000);
        assert_eq!(logs[0].observed_time_unix_nano, 3_000_000);
        let text = std::format!("{:?}", logs[0]);
        assert!(!text.contains("ann@") && !text.contains("4111"), "{text}");
        assert!(logs[1].trace_id.is_empty() && logs[1].body.is_none());
    }

    #[test]
    fn an_event_joins_its_span_only_while_that_is_open() {
        let mut tracer = tracer();
        let span = start(&mut tracer, "", 1.0, "click");
        for number in 0..MOST_PARTS + 3 {
            let event = tracer.open(Role::Event, span, 2.0, "", "phase", "");
            tracer.number(event, "number", f64::from(number));
            tracer.end(event, 2.0);
        }
        let late = tracer.open(Role::Event, span, 2.0, "", "late", "");
        tracer.end(span, 3.0);
        tracer.end(late, 3.0);
        let spans = spans(&mut tracer);
        assert_eq!(spans.len(), 1);
        assert_eq!(spans[0].events.len() as u32, MOST_PARTS);
        assert_eq!(spans[0].dropped_events_count, 3);
        assert_eq!(spans[0].events[5].attributes.len(), 1);
    }

    #[test]
    fn the_flight_recorder_holds_five_minutes_and_a_mebibyte() {
        let mut tracer = tracer();
        let add = |tracer: &mut Tracer, seconds: u32| {
            let millis = f64::from(seconds) * 1_000.0;
            let span = start(tracer, "", millis, "x");
            tracer.end(span, millis);
            let log = tracer.open(Role::Log, 9, millis, "", "x", "");
            tracer.end(log, millis);
        };
        add(&mut tracer, 1);
        tracer.record(true, 0.0);
        for seconds in 2..1_002 {
            add(&mut tracer, seconds);
        }
        assert_eq!(
            (spans(&mut tracer).len(), logs(&mut tracer, 100).len()),
            (1, 1),
            "what was sampled goes out"
        );
        tracer.record(false, 1_001_000.0);
        let seconds = |nanos: u64| nanos / 1_000_000_000;
        let held = spans(&mut tracer);
        assert_eq!(
            (held.len(), seconds(held[0].end_time_unix_nano)),
            (301, 701)
        );
        assert_eq!(logs(&mut tracer, 100).len(), 301);

        tracer.record(true, 0.0);
        for _ in 0..20_000 {
            add(&mut tracer, 2_000);
        }
        assert!(tracer.queues[3].len() <= MOST_HELD[0] && tracer.queues[4].len() <= MOST_HELD[1]);
        tracer.record(false, 2_000_000.0);
        assert!(spans(&mut tracer).len() > 5_000);
        assert_eq!(
            (tracer.lost(TRACES), tracer.lost(LOGS)),
            (0, 0),
            "what fell out was never to be sent"
        );
    }

    #[derive(Debug, Clone)]
    enum Call {
        Open(usize, u32, f64, usize, String, String),
        Text(usize, String, String),
        Texts(usize, String, String),
        Number(usize, String, f64),
        Url(usize, String, u32),
        Link(usize, usize),
        Fail(usize, String),
        End(usize, f64),
        Drop(usize),
        Record(bool, f64),
        Sampling(u32, String),
        Take(usize, usize),
    }

    const ROLES: [Role; 6] = [
        Role::Span,
        Role::Log,
        Role::Event,
        Role::Resource,
        Role::Growth,
        Role::Level,
    ];

    fn call() -> impl Strategy<Value = Call> {
        let handle = 0..40usize;
        let text = || prop_oneof![4 => ".{0,20}", 1 => "[a-z0-9@. ]{200,400}"];
        prop_oneof![
            8 => (0..ROLES.len(), any::<u32>(), any::<f64>(), handle.clone(), text(), text())
                .prop_map(|(role, detail, at, parent, name, body)| Call::Open(role, detail, at, parent, name, body)),
            4 => (handle.clone(), text(), text()).prop_map(|(at, key, value)| Call::Text(at, key, value)),
            1 => (handle.clone(), text(), text()).prop_map(|(at, key, value)| Call::Texts(at, key, value)),
            2 => (handle.clone(), text(), any::<f64>()).prop_map(|(at, key, value)| Call::Number(at, key, value)),
            2 => (handle.clone(), text(), 0..4u32).prop_map(|(at, url, with)| Call::Url(at, url, with)),
            1 => (handle.clone(), handle.clone()).prop_map(|(at, to)| Call::Link(at, to)),
            1 => (handle.clone(), text()).prop_map(|(at, message)| Call::Fail(at, message)),
            6 => (handle.clone(), any::<f64>()).prop_map(|(at, millis)| Call::End(at, millis)),
            1 => handle.prop_map(Call::Drop),
            1 => (any::<bool>(), any::<f64>()).prop_map(|(on, millis)| Call::Record(on, millis)),
            1 => (any::<u32>(), text()).prop_map(|(flags, state)| Call::Sampling(flags, state)),
            2 => (0..5usize, 0..2_000usize).prop_map(|(signal, bytes)| Call::Take(signal, bytes)),
        ]
    }

    proptest! {
        /// Whatever JavaScript asks for, nothing traps, all that is taken is valid OTLP, each end gives one item, and
        /// nothing is lost uncounted but by the flight recorder.
        #[test]
        fn any_calls_in_any_order_are_harmless(calls in vec(call(), 0..200)) {
            let mut tracer = tracer();
            // Handles of what is open, has ended, or never was.
            let mut handles = Vec::from([0, u32::MAX]);
            let (mut ended, mut taken, mut recorded) = ([0; SIGNALS], [0; SIGNALS], false);
            let mut open = std::collections::HashMap::new();
            let mut parents = Vec::from([String::new(), String::from("00-zz"), "0".repeat(99)]);
            for call in calls {
                let at = |index: usize| handles[index % handles.len()];
                match call {
                    Call::Open(role, detail, millis, parent, name, body) => {
                        // An event's detail is a handle.
                        let detail = if role == 2 { at(detail as usize) } else { detail };
                        let parent = parents[parent % parents.len()].clone();
                        let handle = tracer.open(ROLES[role], detail, millis, &parent, &name, &body);
                        prop_assert!(!handles.contains(&handle), "a handle of its own");
                        if role == 0 {
                            parents.push(traceparent(&mut tracer, handle));
                        }
                        open.insert(handle, ROLES[role]);
                        handles.push(handle);
                    }
                    Call::Text(index, key, value) => tracer.text(at(index), &key, &value),
                    Call::Texts(index, key, values) => tracer.texts(at(index), &key, &values),
                    Call::Number(index, key, value) => tracer.number(at(index), &key, value),
                    Call::Url(index, url, with) => tracer.url(at(index), "url.full", "https://h", &url, with),
                    Call::Link(index, to) => tracer.link(at(index), &parents[to % parents.len()]),
                    Call::Fail(index, message) => tracer.fail(at(index), &message),
                    Call::End(index, millis) => {
                        match open.remove(&at(index)) {
                            Some(Role::Span) => ended[TRACES] += 1,
                            Some(Role::Log) => ended[LOGS] += 1,
                            Some(Role::Growth | Role::Level) => ended[METRICS] += 1,
                            _ => {}
                        }
                        tracer.end(at(index), millis);
                    }
                    Call::Drop(index) => {
                        open.remove(&at(index));
                        tracer.drop(at(index));
                    }
                    Call::Record(on, millis) => {
                        recorded |= on;
                        tracer.record(on, millis);
                    }
                    Call::Sampling(flags, state) => tracer.sampling(flags, &state),
                    Call::Take(signal, bytes) => {
                        if signal < SIGNALS {
                            taken[signal] += count(signal, tracer.take(signal, bytes));
                        }
                    }
                }
            }
            for signal in 0..SIGNALS {
                while tracer.waiting(signal) > 0 {
                    let items = count(signal, tracer.take(signal, 500));
                    prop_assert!(items > 0);
                    taken[signal] += items;
                }
                prop_assert!(tracer.take(signal, 500).is_none());
                let all = taken[signal] + tracer.lost(signal);
                let may_vanish = recorded && signal != METRICS;
                prop_assert!(all == ended[signal] || (may_vanish && all < ended[signal]));
            }
        }

        #[test]
        fn a_queue_never_holds_more_than_it_may_and_counts_what_goes(
            lengths in vec(0..400usize, 1..200),
            most in 0..2_000usize,
        ) {
            let mut queue = Queue::new(most);
            let mut gone = 0;
            for (number, length) in lengths.iter().enumerate() {
                let before = queue.buffer().len();
                queue.buffer().extend(core::iter::repeat_n(0, *length));
                gone += queue.commit(before, number as u32);
                prop_assert!(queue.len() <= most);
                prop_assert_eq!(gone + queue.count(), number as u32 + 1);
                // The youngest are the ones that stay.
                prop_assert!(queue.is_empty() || queue.oldest() == Some(gone));
            }
            let seconds = lengths.len() as u32 / 2;
            queue.expire(seconds);
            prop_assert!(queue.oldest().is_none_or(|oldest| oldest >= seconds));
            let whole: usize = lengths.iter().rev().take(queue.count() as usize).sum();
            prop_assert_eq!(queue.len(), whole);
        }
    }

    /// How many items a request has; none at all where there is no request.
    fn count(signal: usize, request: Option<Vec<u8>>) -> u32 {
        let Some(bytes) = request else { return 0 };
        let items = match signal {
            TRACES => ExportTraceServiceRequest::decode(&bytes[..])
                .expect("traces")
                .resource_spans[0]
                .scope_spans[0]
                .spans
                .len(),
            LOGS => ExportLogsServiceRequest::decode(&bytes[..])
                .expect("logs")
                .resource_logs[0]
                .scope_logs[0]
                .log_records
                .len(),
            _ => ExportMetricsServiceRequest::decode(&bytes[..])
                .expect("metrics")
                .resource_metrics[0]
                .scope_metrics[0]
                .metrics
                .len(),
        };
        items as u32
    }
}
