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
    /// A tracer with nothing open.
    #[must_use]
    pub const fn new() -> Self {
        Self {
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

    /// Opens a slot at `millis`, Unix time. `parent` is a `traceparent`, that of the span above or of a log record's, or empty;
    /// a span has its own for `name`, and its name for `message`. Name and message are redacted. Returns 0 when 65,535 slots are open.
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
        let (mut name, mut message) = (name, message);
        if role == Role::Span {
            parent = ids.map(|(_, span_id)| span_id);
            ids = parse_ids(name);
            (name, message) = (message, "");
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

/// The ids in a `traceparent` that `js/spans.js` wrote. Headers from elsewhere never come here:
/// they would need the strict reader in `shared`, which is larger than everything else that this crate does with one.
fn parse_ids(traceparent: &str) -> Option<(TraceId, SpanId)> {
    let mut bytes = [0; TraceId::LEN + SpanId::LEN];
    let mut digits = 0;
    // `00-`, then the two ids with a hyphen between them.
    for digit in traceparent.bytes().skip(3).filter(|byte| *byte != b'-') {
        let byte = bytes.get_mut(digits / 2)?;
        *byte = *byte << 4 | char::from(digit).to_digit(16)? as u8;
        digits += 1;
        if digits == 2 * bytes.len() {
            return Some((
                TraceId::from_bytes(*bytes.first_chunk()?)?,
                SpanId::from_bytes(*bytes.last_chunk()?)?,
            ));
        }
    }
    None
}

#[cfg(test)]
mod tests;
