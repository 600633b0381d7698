//! Trace events of other programs, such as Chrome's Performance panel ("Trace Event Format"), as one trace.
//!
//! The format has no trace: it has what threads did when. So the file is the root, each thread a span below it, and what a
//! thread did nests by time. Async events are below the file, nested by their own begins and ends. Flows become links, from
//! where they lead to back to where they began; instants become events of the slice that they happened in. Counters,
//! samples and snapshots have no place in a trace and are passed over. Times are the file's own microseconds.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::Deserialize;

use crate::attribute::{Attribute, AttributeValue};
use crate::id::{SpanId, TraceId};
use crate::interchange::attribute::JsonValue;
use crate::otlp::json::{Decoded, Rejections};
use crate::resource::{Resource, Scope};
use crate::semconv;
use crate::span::{Span, SpanEvent, SpanKind, SpanLink, SpanRecord, Status, StatusCode};
use crate::time::UnixNanos;

/// A later microsecond would not fit into 64 bits of nanoseconds.
const LATEST_MICROS: f64 = 1.8e16;

/// One event, as any program may have written it.
#[derive(Debug, Deserialize)]
pub struct EventIn {
    #[serde(default)]
    ph: String,
    #[serde(default)]
    name: JsonValue,
    #[serde(default)]
    cat: JsonValue,
    #[serde(default)]
    ts: Option<f64>,
    #[serde(default)]
    dur: Option<f64>,
    #[serde(default)]
    pid: JsonValue,
    #[serde(default)]
    tid: JsonValue,
    #[serde(default)]
    id: JsonValue,
    #[serde(default)]
    id2: JsonValue,
    #[serde(default)]
    bp: JsonValue,
    #[serde(default)]
    args: JsonValue,
}

/// A thread: its process's id and its own.
type Thread = (String, String);

/// What a thread or an async operation did, and what it is within.
struct Slice {
    /// Its place among all slices.
    parent: Option<usize>,
    thread: Thread,
    start: u64,
    end: u64,
    name: String,
    attributes: Vec<Attribute>,
    events: Vec<SpanEvent>,
    links: Vec<usize>,
    is_async: bool,
}

/// A flow's end: where it is, and whether it begins the flow.
struct FlowEnd {
    key: String,
    thread: Thread,
    time: u64,
    begins: bool,
    binds_to_next: bool,
}

/// Makes a trace of a file's events; the file's bytes give it its id.
pub fn spans(events: Vec<EventIn>, file: &[u8]) -> Decoded<SpanRecord> {
    let mut reading = Reading::default();
    for (number, event) in events.into_iter().enumerate() {
        if let Err(reason) = reading.take(event) {
            reading
                .rejections
                .add(|| format!("event {}: {reason}", number + 1));
        }
    }
    reading.finish(file)
}

#[derive(Default)]
struct Reading {
    slices: Vec<Slice>,
    /// The slices of each thread that have begun and not ended.
    open: HashMap<Thread, Vec<usize>>,
    open_async: HashMap<String, Vec<usize>>,
    instants: Vec<(Thread, SpanEvent)>,
    flows: Vec<FlowEnd>,
    processes: HashMap<String, String>,
    threads: HashMap<Thread, String>,
    latest: u64,
    rejections: Rejections,
}

impl Reading {
    fn take(&mut self, event: EventIn) -> Result<(), &'static str> {
        let thread = (text(&event.pid.0), text(&event.tid.0));
        match event.ph.as_str() {
            "M" => {
                self.name(&event, thread);
                return Ok(());
            }
            "X" | "B" | "E" | "b" | "e" | "n" | "S" | "F" | "T" | "p" | "s" | "t" | "f" | "i"
            | "I" | "R" => {}
            "" => return Err("it has no phase (`ph`)"),
            // Counters, samples, snapshots, marks of clocks.
            _ => return Ok(()),
        }
        let time = nanos(event.ts).ok_or("its time (`ts`) is no number of microseconds")?;
        self.latest = self.latest.max(time);
        match event.ph.as_str() {
            "X" => {
                let length = nanos(event.dur.or(Some(0.0)));
                let length = length.ok_or("its duration (`dur`) is no number of microseconds")?;
                let end = time.saturating_add(length);
                self.latest = self.latest.max(end);
                self.begin(event, thread, time, Some(end), false);
            }
            "B" => {
                let index = self.begin(event, thread.clone(), time, None, false);
                self.open.entry(thread).or_default().push(index);
            }
            "E" => {
                let last = self.open.get_mut(&thread).and_then(Vec::pop);
                self.end(last, event, time)?;
            }
            "b" | "S" => {
                let key = key(&event);
                let parent = self.open_async.get(&key).and_then(|open| open.last());
                let parent = parent.copied();
                let index = self.begin(event, thread, time, None, true);
                self.slices[index].parent = parent;
                self.open_async.entry(key).or_default().push(index);
            }
            "e" | "F" => {
                let last = self.open_async.get_mut(&key(&event)).and_then(Vec::pop);
                self.end(last, event, time)?;
            }
            "n" | "T" | "p" => {
                let open = self.open_async.get(&key(&event));
                let instant = instant(event, time);
                match open.and_then(|open| open.last()) {
                    Some(&index) => self.slices[index].events.push(instant),
                    None => self.instants.push((thread, instant)),
                }
            }
            "s" | "t" | "f" => {
                let binds_to_next = event.ph == "f" && text(&event.bp.0) != "e";
                self.flows.push(FlowEnd {
                    key: format!("{}\0{}", text(&event.name.0), key(&event)),
                    thread,
                    time,
                    begins: event.ph == "s",
                    binds_to_next,
                });
            }
            _ => self.instants.push((thread, instant(event, time))),
        }
        Ok(())
    }

    /// Takes the name of a process or a thread.
    fn name(&mut self, event: &EventIn, thread: Thread) {
        let AttributeValue::Map(args) = &event.args.0 else {
            return;
        };
        let Some(name) = args.iter().find(|one| one.key == "name") else {
            return;
        };
        let name = text(&name.value);
        match text(&event.name.0).as_str() {
            "process_name" => drop(self.processes.insert(thread.0, name)),
            "thread_name" => drop(self.threads.insert(thread, name)),
            _ => {}
        }
    }

    fn begin(
        &mut self,
        event: EventIn,
        thread: Thread,
        start: u64,
        end: Option<u64>,
        is_async: bool,
    ) -> usize {
        let mut attributes = Vec::new();
        let category = text(&event.cat.0);
        if !category.is_empty() {
            attributes.push(Attribute::new("trace_event.category", category));
        }
        attributes.extend(args(event.args.0));
        self.slices.push(Slice {
            parent: None,
            thread,
            start,
            // What never ends lasts until the file does.
            end: end.unwrap_or(u64::MAX),
            name: text(&event.name.0),
            attributes,
            events: Vec::new(),
            links: Vec::new(),
            is_async,
        });
        self.slices.len() - 1
    }

    fn end(&mut self, open: Option<usize>, event: EventIn, time: u64) -> Result<(), &'static str> {
        let slice = &mut self.slices[open.ok_or("it ends what has not begun")?];
        slice.end = time.max(slice.start);
        slice.attributes.extend(args(event.args.0));
        Ok(())
    }

    fn finish(mut self, file: &[u8]) -> Decoded<SpanRecord> {
        for slice in &mut self.slices {
            slice.end = slice.end.min(self.latest);
        }
        let mut tracks: BTreeMap<Thread, Track> = BTreeMap::new();
        for (index, slice) in self.slices.iter().enumerate() {
            let track = tracks.entry(slice.thread.clone()).or_default();
            if !slice.is_async {
                track.slices.push(index);
            }
        }
        for track in tracks.values_mut() {
            nest(&mut self.slices, &mut track.slices);
        }
        for (thread, instant) in std::mem::take(&mut self.instants) {
            let track = tracks.entry(thread).or_default();
            match track.at(&self.slices, instant.time.0) {
                Some(index) => self.slices[index].events.push(instant),
                None => track.events.push(instant),
            }
        }
        self.link(&tracks);
        self.write(tracks, file)
    }

    /// Flows lead from where they begin through their steps to their end.
    fn link(&mut self, tracks: &BTreeMap<Thread, Track>) {
        self.flows.sort_by_key(|end| end.time);
        let mut last: HashMap<String, usize> = HashMap::new();
        for end in std::mem::take(&mut self.flows) {
            let track = tracks.get(&end.thread);
            let place = track.and_then(|track| {
                let next = end
                    .binds_to_next
                    .then(|| track.next(&self.slices, end.time));
                next.flatten().or_else(|| track.at(&self.slices, end.time))
            });
            let Some(place) = place else { continue };
            if !end.begins
                && let Some(&from) = last.get(&end.key)
                && from != place
            {
                self.slices[place].links.push(from);
            }
            last.insert(end.key, place);
        }
    }

    fn write(self, tracks: BTreeMap<Thread, Track>, file: &[u8]) -> Decoded<SpanRecord> {
        let mut records = Vec::with_capacity(self.slices.len() + tracks.len() + 1);
        if !tracks.is_empty() {
            let ids = Ids {
                trace: trace_id(file),
                threads: self.slices.len(),
            };
            let earliest = tracks
                .values()
                .flat_map(|track| &track.events)
                .map(|event| event.time.0)
                .chain(self.slices.iter().map(|slice| slice.start))
                .min()
                .unwrap_or_default();
            let scope = Arc::new(Scope {
                name: "trace_event".to_owned(),
                ..Scope::default()
            });
            let senders: HashMap<&str, Arc<Resource>> = tracks
                .keys()
                .map(|(process, _)| (process.as_str(), Arc::new(self.resource(process))))
                .collect();
            let mut push = |process: &str, span: Span| {
                records.push(SpanRecord {
                    resource: senders.get(process).map(Arc::clone).unwrap_or_default(),
                    scope: Arc::clone(&scope),
                    span,
                });
            };
            let first = tracks.keys().next().map_or("", |(process, _)| process);
            let whole = (earliest, self.latest.max(earliest));
            push(
                first,
                ids.span(ids.root(), None, "trace events".to_owned(), whole),
            );
            let mut places: HashMap<&Thread, usize> = HashMap::new();
            for (number, (thread, track)) in tracks.iter().enumerate() {
                places.insert(thread, number);
                let own = track.slices.iter().map(|index| &self.slices[*index]);
                let times = own
                    .flat_map(|slice| [slice.start, slice.end])
                    .chain(track.events.iter().map(|event| event.time.0));
                let Some((from, to)) = range(times) else {
                    continue;
                };
                let name = self.threads.get(thread).cloned();
                let name = name.unwrap_or_else(|| format!("thread {}", thread.1));
                let mut span = ids.span(ids.thread(number), Some(ids.root()), name, (from, to));
                span.attributes = vec![Attribute::new("thread.id", thread.1.as_str())];
                span.events.clone_from(&track.events);
                push(&thread.0, span);
            }
            for (index, slice) in self.slices.into_iter().enumerate() {
                let above = match slice.parent {
                    Some(parent) => ids.slice(parent),
                    None if slice.is_async => ids.root(),
                    None => ids.thread(places.get(&slice.thread).copied().unwrap_or_default()),
                };
                let times = (slice.start, slice.end);
                let mut span = ids.span(ids.slice(index), Some(above), slice.name, times);
                span.attributes = slice.attributes;
                span.events = slice.events;
                let link = |from: &usize| SpanLink {
                    trace_id: ids.trace,
                    span_id: ids.slice(*from),
                    trace_state: String::new(),
                    attributes: Vec::new(),
                    dropped_attributes_count: 0,
                    flags: 0,
                };
                span.links = slice.links.iter().map(link).collect();
                push(&slice.thread.0, span);
            }
        }
        Decoded {
            records,
            rejected: self.rejections.count,
            reason: self.rejections.reason,
        }
    }

    fn resource(&self, process: &str) -> Resource {
        let name = self.processes.get(process).cloned();
        let name = name.unwrap_or_else(|| format!("process {process}"));
        Resource {
            attributes: vec![
                Attribute::new(semconv::SERVICE_NAME, name),
                Attribute::new("process.pid", process),
            ],
            dropped_attributes_count: 0,
        }
    }
}

/// The spans' ids: the file's, then the slices' by their place, then the threads'.
struct Ids {
    trace: TraceId,
    /// How many slices there are before the threads.
    threads: usize,
}

impl Ids {
    fn root(&self) -> SpanId {
        self.numbered(0)
    }

    fn slice(&self, index: usize) -> SpanId {
        self.numbered(index + 1)
    }

    fn thread(&self, number: usize) -> SpanId {
        self.numbered(self.threads + number + 1)
    }

    /// Numbers from 1, which no id of zeros is made of.
    fn numbered(&self, number: usize) -> SpanId {
        let bytes = (number as u64 + 1).to_be_bytes();
        SpanId::from_bytes(bytes).unwrap_or_else(|| unreachable!("a number from 1"))
    }

    fn span(&self, id: SpanId, parent: Option<SpanId>, name: String, times: (u64, u64)) -> Span {
        Span {
            trace_id: self.trace,
            span_id: id,
            parent_span_id: parent,
            trace_state: String::new(),
            flags: 0,
            name,
            kind: SpanKind::Internal,
            start: UnixNanos(times.0),
            end: UnixNanos(times.1),
            attributes: Vec::new(),
            dropped_attributes_count: 0,
            events: Vec::new(),
            dropped_events_count: 0,
            links: Vec::new(),
            dropped_links_count: 0,
            status: Status {
                code: StatusCode::Unset,
                message: String::new(),
            },
        }
    }
}

/// The slices of a thread by their start, and what happened outside of all of them.
#[derive(Default)]
struct Track {
    slices: Vec<usize>,
    events: Vec<SpanEvent>,
}

impl Track {
    /// The innermost slice that holds a time.
    fn at(&self, slices: &[Slice], time: u64) -> Option<usize> {
        let begun = self
            .slices
            .partition_point(|index| slices[*index].start <= time);
        let mut place = self.slices[..begun].last().copied();
        while let Some(index) = place
            && slices[index].end < time
        {
            place = slices[index].parent;
        }
        place
    }

    /// The first slice that begins at a time or later.
    fn next(&self, slices: &[Slice], time: u64) -> Option<usize> {
        let before = self
            .slices
            .partition_point(|index| slices[*index].start < time);
        self.slices.get(before).copied()
    }
}

/// Sorts a thread's slices by their start, the longer first, and sets what each is within.
fn nest(slices: &mut [Slice], track: &mut [usize]) {
    track.sort_by_key(|&index| {
        let slice = &slices[index];
        (slice.start, std::cmp::Reverse(slice.end), index)
    });
    let mut open: Vec<usize> = Vec::new();
    for &index in track.iter() {
        let end = slices[index].end;
        // What only overlaps is no part of it.
        while let Some(&last) = open.last()
            && slices[last].end < end
        {
            open.pop();
        }
        slices[index].parent = open.last().copied();
        open.push(index);
    }
}

fn range(times: impl Iterator<Item = u64>) -> Option<(u64, u64)> {
    times.fold(None, |range: Option<(u64, u64)>, time| {
        let (from, to) = range.unwrap_or((time, time));
        Some((from.min(time), to.max(time)))
    })
}

fn instant(event: EventIn, time: u64) -> SpanEvent {
    SpanEvent {
        time: UnixNanos(time),
        name: text(&event.name.0),
        attributes: args(event.args.0),
        dropped_attributes_count: 0,
    }
}

fn args(value: AttributeValue) -> Vec<Attribute> {
    match value {
        AttributeValue::Map(members) => members,
        AttributeValue::Empty => Vec::new(),
        other => vec![Attribute {
            key: "args".to_owned(),
            value: other,
        }],
    }
}

/// What an async event or a flow is told by: its category and id, within its process where the id is only known there.
fn key(event: &EventIn) -> String {
    let category = text(&event.cat.0);
    if let AttributeValue::Map(ids) = &event.id2.0 {
        let of = |key: &str| ids.iter().find(|one| one.key == key);
        if let Some(id) = of("global") {
            return format!("{category}\0{}", text(&id.value));
        }
        if let Some(id) = of("local") {
            return format!("{category}\0{}\0{}", text(&event.pid.0), text(&id.value));
        }
    }
    format!("{category}\0{}", text(&event.id.0))
}

/// A name, a category or an id, which programs write as texts and as numbers.
fn text(value: &AttributeValue) -> String {
    match value {
        AttributeValue::String(text) => text.clone(),
        AttributeValue::Int(number) => number.to_string(),
        AttributeValue::Double(number) => number.to_string(),
        AttributeValue::Bool(truth) => truth.to_string(),
        _ => String::new(),
    }
}

fn nanos(micros: Option<f64>) -> Option<u64> {
    let micros = micros.filter(|micros| (0.0..LATEST_MICROS).contains(micros))?;
    Some((micros * 1_000.0).round() as u64)
}

/// An id for a file that has none: the same for the same bytes (two FNV-1a sums, <http://www.isthe.com/chongo/tech/comp/fnv/>).
fn trace_id(file: &[u8]) -> TraceId {
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let sum = |basis: u64| {
        file.iter().fold(basis, |sum, byte| {
            (sum ^ u64::from(*byte)).wrapping_mul(PRIME)
        })
    };
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&sum(0xcbf2_9ce4_8422_2325).to_be_bytes());
    bytes[8..].copy_from_slice(&sum(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    // An id has at least one bit.
    bytes[15] |= 1;
    TraceId::from_bytes(bytes).unwrap_or_else(|| unreachable!("a bit is set"))
}
