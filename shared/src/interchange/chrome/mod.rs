//! Chrome's trace events ("Trace Event Format"), for Perfetto and `chrome://tracing`.
//!
//! A service is a process; its spans are laid onto as few tracks as hold them without an overlap
//! that is no nesting, since a track may only nest. Calls between services are flows. Times are
//! microseconds with their nanoseconds as decimals.
//!
//! The format has no ids, links or types, so the same file carries the spans as OTLP/JSON under a
//! key of its own, which other programs pass over and from which [`decode`] reads them back whole.
//! What other programs wrote becomes one trace ([`events`]).

mod events;

use std::collections::HashMap;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

use self::events::EventIn;
use super::FormatError;
use super::attribute::{ignored, object};
use crate::id::{SpanId, TraceId};
use crate::otlp::json::{Decoded, SpansJson, SpansRequest};
use crate::span::{Span, SpanRecord};

/// A file of trace events.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct File<'a> {
    trace_events: Vec<Value>,
    display_time_unit: &'static str,
    otlp: SpansJson<'a>,
}

/// The file of these spans.
pub fn file(spans: &[SpanRecord]) -> File<'_> {
    let mut tracks = Tracks::default();
    let mut order: Vec<usize> = (0..spans.len()).collect();
    // A span that holds others comes before them.
    order.sort_by_key(|&index| {
        let span = &spans[index].span;
        (span.start, std::cmp::Reverse(span.end))
    });
    let mut places: HashMap<(TraceId, SpanId), Place> = HashMap::with_capacity(spans.len());
    let mut events = Vec::with_capacity(spans.len() * 2);
    for &index in &order {
        let record = &spans[index];
        let place = tracks.place(record.resource.service_name(), &record.span, &mut events);
        places.insert((record.span.trace_id, record.span.span_id), place);
        events.push(complete(record, place));
        events.extend(instants(&record.span, place));
    }
    for (number, &index) in order.iter().enumerate() {
        let span = &spans[index].span;
        let ends = span.parent_span_id.and_then(|parent| {
            let from = places.get(&(span.trace_id, parent))?;
            Some((*from, *places.get(&(span.trace_id, span.span_id))?))
        });
        if let Some((from, to)) = ends
            && from.process != to.process
        {
            events.push(flow("s", number, from, span));
            events.push(flow("f", number, to, span));
        }
    }
    File {
        trace_events: events,
        display_time_unit: "ns",
        otlp: SpansJson(spans),
    }
}

#[derive(Clone, Copy)]
struct Place {
    process: usize,
    track: usize,
}

/// The tracks of each service, each with the ends of the spans that are open on it.
#[derive(Default)]
struct Tracks {
    processes: HashMap<String, usize>,
    open: Vec<Vec<Vec<u64>>>,
}

impl Tracks {
    /// Finds room for a span; spans come by start. Names what is new.
    fn place(&mut self, service: &str, span: &Span, events: &mut Vec<Value>) -> Place {
        let next = self.processes.len();
        let process = *self.processes.entry(service.to_owned()).or_insert_with(|| {
            events.push(
                json!({"ph": "M", "name": "process_name", "pid": next + 1, "tid": 0,
                "args": {"name": service}}),
            );
            next
        });
        if process == self.open.len() {
            self.open.push(Vec::new());
        }
        let end = span.end.max(span.start).0;
        let tracks = &mut self.open[process];
        for open in tracks.iter_mut() {
            while open.last().is_some_and(|last| *last <= span.start.0) {
                open.pop();
            }
        }
        let free = tracks
            .iter()
            .position(|open| open.last().is_none_or(|last| end <= *last));
        let track = free.unwrap_or_else(|| {
            tracks.push(Vec::new());
            tracks.len() - 1
        });
        tracks[track].push(end);
        Place { process, track }
    }
}

fn complete(record: &SpanRecord, place: Place) -> Value {
    let span = &record.span;
    let nanos = span.end.0.saturating_sub(span.start.0);
    let mut args = object(&span.attributes);
    if let Some(args) = args.as_object_mut() {
        args.insert("trace id".to_owned(), span.trace_id.to_hex().into());
        args.insert("span id".to_owned(), span.span_id.to_hex().into());
        if span.is_error() {
            args.insert("error".to_owned(), span.status.message.as_str().into());
        }
    }
    json!({"ph": "X", "name": span.name, "cat": span.kind.as_str(), "ts": micros(span.start.0),
        "dur": micros(nanos), "pid": place.process + 1, "tid": place.track + 1, "args": args})
}

fn instants(span: &Span, place: Place) -> impl Iterator<Item = Value> {
    span.events.iter().map(move |event| {
        json!({"ph": "i", "s": "t", "name": event.name, "ts": micros(event.time.0),
            "pid": place.process + 1, "tid": place.track + 1, "args": object(&event.attributes)})
    })
}

fn flow(phase: &str, number: usize, place: Place, span: &Span) -> Value {
    json!({"ph": phase, "bp": "e", "id": number, "name": "call", "cat": "call",
        "ts": micros(span.start.0), "pid": place.process + 1, "tid": place.track + 1})
}

/// Microseconds with their decimals. A double holds today's to a quarter of a microsecond, which
/// suits drawing; the nanoseconds themselves are in the OTLP part.
fn micros(nanos: u64) -> f64 {
    nanos as f64 / 1_000.0
}

#[derive(Deserialize)]
struct OurFile {
    #[serde(rename = "traceEvents", deserialize_with = "ignored")]
    _events: (),
    otlp: Option<SpansRequest>,
}

#[derive(Deserialize)]
struct ForeignFile {
    #[serde(rename = "traceEvents")]
    events: Vec<EventIn>,
}

/// Reads a file: the spans that [`file`] put into it, or else the events of another program.
///
/// A list of events may break off: programs write it as they go, and the closing bracket may be left out.
///
/// # Errors
/// [`FormatError`] where it is damaged, or has no event.
pub fn decode(file: &[u8]) -> Result<Decoded<SpanRecord>, FormatError> {
    if file.trim_ascii_start().first() == Some(&b'[') {
        let mut events = Vec::new();
        let mut deserializer = serde_json::Deserializer::from_slice(file);
        let read = deserializer
            .deserialize_seq(Events(&mut events))
            .and_then(|()| deserializer.end());
        return match read {
            Err(error) if !error.is_eof() || events.is_empty() => Err(error.into()),
            _ => Ok(events::spans(events, file)),
        };
    }
    let OurFile { otlp, .. } = serde_json::from_slice(file)?;
    if let Some(otlp) = otlp {
        return Ok(otlp.into_decoded());
    }
    let ForeignFile { events } = serde_json::from_slice(file)?;
    Ok(events::spans(events, file))
}

/// Keeps what has been read of a list, whatever comes of the rest.
struct Events<'a>(&'a mut Vec<EventIn>);

impl<'de> Visitor<'de> for Events<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of trace events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(event) = members.next_element()? {
            self.0.push(event);
        }
        Ok(())
    }
}
