//! OTLP protobuf: `ExportTraceServiceRequest`, which is `TracesData` on the wire (opentelemetry-proto, `trace/v1/trace.proto`).
//!
//! A file is one message, or several with their lengths before them: as varints, as protobuf's libraries write streams, or
//! as four bytes, big-endian, as the Collector's file exporter does. Nothing is read beyond a field's own length, and
//! values nest as deep as protobuf's libraries let them.

use std::sync::Arc;

use super::FormatError;
use crate::attribute::{Attribute, AttributeValue};
use crate::id::{IdError, SpanId, TraceId};
use crate::otlp::json::{Decoded, Rejections};
use crate::resource::{Resource, Scope};
use crate::span::{Span, SpanEvent, SpanKind, SpanLink, SpanRecord, Status, StatusCode};
use crate::time::UnixNanos;

/// So deep do protobuf's libraries read.
const MOST_DEPTH: usize = 100;

/// The tag of `resource_spans`, with which every message begins.
const RESOURCE_SPANS: u8 = 0x0a;

type Result<T> = std::result::Result<T, FormatError>;

/// Reads a file.
///
/// # Errors
/// [`FormatError::Protobuf`] where it is damaged, with the byte; [`FormatError::Unknown`] where it is nothing of the kind.
pub fn decode(file: &[u8]) -> Result<Decoded<SpanRecord>> {
    let mut all = Reading::default();
    let plain = all.message(Reader::new(file, 0));
    if plain.is_ok() && !file.is_empty() {
        return Ok(all.finish());
    }
    // A message of 16 MiB or more is rare, so four bytes begin with a zero, as no varint of a message does.
    let lengths: [Length; 2] = match file.first() {
        Some(0) => [four_byte_length, varint_length],
        _ => [varint_length, four_byte_length],
    };
    let mut broken = None;
    for length in lengths {
        let mut all = Reading::default();
        match stream(file, length, &mut all) {
            Ok(()) if all.messages > 0 => return Ok(all.finish()),
            // What begins as a stream and is damaged further on.
            Err(error) if all.messages > 0 => broken = broken.or(Some(error)),
            _ => {}
        }
    }
    if let Some(error) = broken
        && file.first() != Some(&RESOURCE_SPANS)
    {
        return Err(error);
    }
    match plain {
        Err(error) if file.first() == Some(&RESOURCE_SPANS) => Err(error),
        _ => Err(FormatError::Unknown),
    }
}

type Length = fn(&mut Reader<'_>) -> Result<usize>;

fn stream(file: &[u8], length: Length, all: &mut Reading) -> Result<()> {
    let mut rest = Reader::new(file, 0);
    while !rest.bytes.is_empty() {
        let bytes = length(&mut rest)?;
        all.message(rest.take(bytes)?)?;
    }
    Ok(())
}

fn varint_length(rest: &mut Reader<'_>) -> Result<usize> {
    let length = rest.varint()?;
    usize::try_from(length).map_err(|_| rest.wrong("a length beyond the file"))
}

fn four_byte_length(rest: &mut Reader<'_>) -> Result<usize> {
    let bytes = rest.take(4)?.bytes;
    Ok(bytes
        .iter()
        .fold(0, |length, byte| length << 8 | usize::from(*byte)))
}

/// What has been read so far.
#[derive(Default)]
struct Reading {
    records: Vec<SpanRecord>,
    rejections: Rejections,
    messages: usize,
}

impl Reading {
    fn finish(self) -> Decoded<SpanRecord> {
        Decoded {
            records: self.records,
            rejected: self.rejections.count,
            reason: self.rejections.reason,
        }
    }

    fn message(&mut self, mut message: Reader<'_>) -> Result<()> {
        while let Some((number, field)) = message.field()? {
            if number != 1 {
                return Err(message.wrong("a field that no request has"));
            }
            self.resource_spans(field.message()?)?;
        }
        self.messages += 1;
        Ok(())
    }

    fn resource_spans(&mut self, mut message: Reader<'_>) -> Result<()> {
        let mut resource = Resource::default();
        let mut scopes = Vec::new();
        while let Some((number, field)) = message.field()? {
            match number {
                1 => resource = read_resource(field.message()?)?,
                2 => scopes.push(field.message()?),
                _ => {}
            }
        }
        let resource = Arc::new(resource);
        for group in scopes {
            self.scope_spans(group, &resource)?;
        }
        Ok(())
    }

    fn scope_spans(&mut self, mut message: Reader<'_>, resource: &Arc<Resource>) -> Result<()> {
        let mut scope = Scope::default();
        let mut spans = Vec::new();
        while let Some((number, field)) = message.field()? {
            match number {
                1 => scope = read_scope(field.message()?)?,
                2 => spans.push(field.message()?),
                _ => {}
            }
        }
        let scope = Arc::new(scope);
        for message in spans {
            match read_span(message)? {
                Ok(span) => self.records.push(SpanRecord {
                    resource: Arc::clone(resource),
                    scope: Arc::clone(&scope),
                    span,
                }),
                Err(reason) => self.rejections.add(|| reason),
            }
        }
        Ok(())
    }
}

fn read_resource(mut message: Reader<'_>) -> Result<Resource> {
    let mut resource = Resource::default();
    while let Some((number, field)) = message.field()? {
        match number {
            1 => resource.attributes.push(attribute(field.message()?, 0)?),
            2 => resource.dropped_attributes_count = field.count()?,
            _ => {}
        }
    }
    Ok(resource)
}

fn read_scope(mut message: Reader<'_>) -> Result<Scope> {
    let mut scope = Scope::default();
    while let Some((number, field)) = message.field()? {
        match number {
            1 => scope.name = field.text()?,
            2 => scope.version = field.text()?,
            3 => scope.attributes.push(attribute(field.message()?, 0)?),
            4 => scope.dropped_attributes_count = field.count()?,
            _ => {}
        }
    }
    Ok(scope)
}

/// A span, or why it cannot be kept.
fn read_span(mut message: Reader<'_>) -> Result<std::result::Result<Span, String>> {
    let (mut trace_id, mut span_id, mut parent): (&[u8], &[u8], &[u8]) = (&[], &[], &[]);
    let (mut trace_state, mut name) = (String::new(), String::new());
    let (mut flags, mut kind) = (0, SpanKind::from_otlp(0));
    let (mut start, mut end) = (UnixNanos(0), UnixNanos(0));
    let (mut attributes, mut events, mut links) = (Vec::new(), Vec::new(), Vec::new());
    let (mut dropped_attributes, mut dropped_events, mut dropped_links) = (0, 0, 0_u32);
    let mut status = Status {
        code: StatusCode::from_otlp(0),
        message: String::new(),
    };
    while let Some((number, field)) = message.field()? {
        match number {
            1 => trace_id = field.message()?.bytes,
            2 => span_id = field.message()?.bytes,
            3 => trace_state = field.text()?,
            4 => parent = field.message()?.bytes,
            5 => name = field.text()?,
            6 => kind = SpanKind::from_otlp(field.enumeration()?),
            7 => start = UnixNanos(field.fixed64()?),
            8 => end = UnixNanos(field.fixed64()?),
            9 => attributes.push(attribute(field.message()?, 0)?),
            10 => dropped_attributes = field.count()?,
            11 => events.push(read_event(field.message()?)?),
            12 => dropped_events = field.count()?,
            13 => match read_link(field.message()?)? {
                Some(link) => links.push(link),
                None => dropped_links = dropped_links.saturating_add(1),
            },
            14 => dropped_links = dropped_links.saturating_add(field.count()?),
            15 => status = read_status(field.message()?)?,
            16 => flags = field.fixed32()?,
            _ => {}
        }
    }
    let invalid = |what: &str, error: IdError| format!("span {name:?}: invalid {what}: {error}");
    let trace_id = match TraceId::from_slice(trace_id) {
        Ok(id) => id,
        Err(error) => return Ok(Err(invalid("trace id", error))),
    };
    let span_id = match SpanId::from_slice(span_id) {
        Ok(id) => id,
        Err(error) => return Ok(Err(invalid("span id", error))),
    };
    let parent_span_id = match SpanId::from_slice(parent) {
        Ok(id) => Some(id),
        Err(IdError::Zero) => None,
        Err(_) if parent.is_empty() => None,
        Err(error) => return Ok(Err(invalid("parent span id", error))),
    };
    Ok(Ok(Span {
        trace_id,
        span_id,
        parent_span_id,
        trace_state,
        flags,
        name,
        kind,
        start,
        end,
        attributes,
        dropped_attributes_count: dropped_attributes,
        events,
        dropped_events_count: dropped_events,
        links,
        dropped_links_count: dropped_links,
        status,
    }))
}

fn read_event(mut message: Reader<'_>) -> Result<SpanEvent> {
    let mut event = SpanEvent::default();
    while let Some((number, field)) = message.field()? {
        match number {
            1 => event.time = UnixNanos(field.fixed64()?),
            2 => event.name = field.text()?,
            3 => event.attributes.push(attribute(field.message()?, 0)?),
            4 => event.dropped_attributes_count = field.count()?,
            _ => {}
        }
    }
    Ok(event)
}

/// A link; `None` where its ids are none.
fn read_link(mut message: Reader<'_>) -> Result<Option<SpanLink>> {
    let (mut trace_id, mut span_id): (&[u8], &[u8]) = (&[], &[]);
    let (mut trace_state, mut attributes) = (String::new(), Vec::new());
    let (mut dropped_attributes_count, mut flags) = (0, 0);
    while let Some((number, field)) = message.field()? {
        match number {
            1 => trace_id = field.message()?.bytes,
            2 => span_id = field.message()?.bytes,
            3 => trace_state = field.text()?,
            4 => attributes.push(attribute(field.message()?, 0)?),
            5 => dropped_attributes_count = field.count()?,
            6 => flags = field.fixed32()?,
            _ => {}
        }
    }
    let ids = (TraceId::from_slice(trace_id), SpanId::from_slice(span_id));
    let (Ok(trace_id), Ok(span_id)) = ids else {
        return Ok(None);
    };
    Ok(Some(SpanLink {
        trace_id,
        span_id,
        trace_state,
        attributes,
        dropped_attributes_count,
        flags,
    }))
}

fn read_status(mut message: Reader<'_>) -> Result<Status> {
    let mut status = Status {
        code: StatusCode::from_otlp(0),
        message: String::new(),
    };
    while let Some((number, field)) = message.field()? {
        match number {
            2 => status.message = field.text()?,
            3 => status.code = StatusCode::from_otlp(field.enumeration()?),
            _ => {}
        }
    }
    Ok(status)
}

fn attribute(mut message: Reader<'_>, depth: usize) -> Result<Attribute> {
    let mut attribute = Attribute {
        key: String::new(),
        value: AttributeValue::Empty,
    };
    while let Some((number, field)) = message.field()? {
        match number {
            1 => attribute.key = field.text()?,
            2 => attribute.value = value(field.message()?, depth + 1)?,
            _ => {}
        }
    }
    Ok(attribute)
}

fn value(mut message: Reader<'_>, depth: usize) -> Result<AttributeValue> {
    if depth > MOST_DEPTH {
        return Err(message.wrong("a value that nests too deep"));
    }
    let mut value_read = AttributeValue::Empty;
    while let Some((number, field)) = message.field()? {
        value_read = match number {
            1 => AttributeValue::String(field.text()?),
            2 => AttributeValue::Bool(field.varint()? != 0),
            3 => AttributeValue::Int(field.varint()? as i64),
            4 => AttributeValue::Double(f64::from_bits(field.fixed64()?)),
            5 => {
                let mut list = field.message()?;
                let mut values = Vec::new();
                while let Some((number, field)) = list.field()? {
                    if number == 1 {
                        values.push(value(field.message()?, depth + 1)?);
                    }
                }
                AttributeValue::Array(values)
            }
            6 => {
                let mut list = field.message()?;
                let mut members = Vec::new();
                while let Some((number, field)) = list.field()? {
                    if number == 1 {
                        members.push(attribute(field.message()?, depth + 1)?);
                    }
                }
                AttributeValue::Map(members)
            }
            7 => AttributeValue::Bytes(field.message()?.bytes.to_vec()),
            _ => value_read,
        };
    }
    Ok(value_read)
}

/// A message's bytes, and where in the file they begin.
#[derive(Clone, Copy)]
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// A field's value, and where in the file it stands.
enum Field<'a> {
    Varint(u64, usize),
    Fixed64(u64, usize),
    Bytes(Reader<'a>),
    Fixed32(u32, usize),
}

fn wrong(at: usize, what: &str) -> FormatError {
    FormatError::Protobuf {
        message: what.to_owned(),
        at,
    }
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    fn wrong(&self, what: &str) -> FormatError {
        wrong(self.at, what)
    }

    fn take(&mut self, length: usize) -> Result<Self> {
        let Some((taken, rest)) = self.bytes.split_at_checked(length) else {
            let message = format!(
                "{length} bytes are announced and {} are left",
                self.bytes.len()
            );
            return Err(wrong(self.at, &message));
        };
        let taken = Self::new(taken, self.at);
        *self = Self::new(rest, self.at + length);
        Ok(taken)
    }

    fn varint(&mut self) -> Result<u64> {
        let mut number = 0_u64;
        for index in 0..10 {
            let byte = self.take(1)?.bytes[0];
            number |= u64::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(self.wrong("a number of more than ten bytes"))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?.bytes);
        Ok(array)
    }

    /// The next field with its number; `None` at the message's end.
    fn field(&mut self) -> Result<Option<(u64, Field<'a>)>> {
        if self.bytes.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let at = self.at;
        if tag >> 3 == 0 {
            return Err(wrong(at, "a field without a number"));
        }
        let field = match tag & 7 {
            0 => Field::Varint(self.varint()?, at),
            1 => Field::Fixed64(u64::from_le_bytes(self.array()?), at),
            2 => {
                let length = varint_length(self)?;
                Field::Bytes(self.take(length)?)
            }
            5 => Field::Fixed32(u32::from_le_bytes(self.array()?), at),
            _ => return Err(wrong(at, "a field of a kind that protobuf does not have")),
        };
        Ok(Some((tag >> 3, field)))
    }
}

impl<'a> Field<'a> {
    fn at(&self) -> usize {
        match self {
            Self::Varint(_, at) | Self::Fixed64(_, at) | Self::Fixed32(_, at) => *at,
            Self::Bytes(bytes) => bytes.at,
        }
    }

    fn message(self) -> Result<Reader<'a>> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            other => Err(wrong(other.at(), "a number where a message must be")),
        }
    }

    fn text(self) -> Result<String> {
        let bytes = self.message()?;
        std::str::from_utf8(bytes.bytes)
            .map(str::to_owned)
            .map_err(|error| wrong(bytes.at + error.valid_up_to(), "a text that is not UTF-8"))
    }

    fn varint(self) -> Result<u64> {
        match self {
            Self::Varint(number, _) => Ok(number),
            other => Err(wrong(other.at(), "another field where a number must be")),
        }
    }

    fn count(self) -> Result<u32> {
        Ok(self.varint()? as u32)
    }

    fn enumeration(self) -> Result<i32> {
        Ok(self.varint()? as i32)
    }

    fn fixed64(self) -> Result<u64> {
        match self {
            Self::Fixed64(number, _) => Ok(number),
            other => Err(wrong(other.at(), "another field where 8 bytes must be")),
        }
    }

    fn fixed32(self) -> Result<u32> {
        match self {
            Self::Fixed32(number, _) => Ok(number),
            other => Err(wrong(other.at(), "another field where 4 bytes must be")),
        }
    }
}
