//! What a query asks of every span of a trace, exactly: fields as TraceQL names them, row by row, for whoever evaluates
//! queries on columns.
//!
//! On the wire it is [`MAGIC`], then chunks as those of a trace: progress, head (rows, digest of their ids, fields),
//! and for each field its distinct values and the value of each row, by number; end. A field whose values take more
//! than [`MOST_BYTES`] has a note instead of rows.

use std::collections::HashMap;

use super::Builder;
use super::decode::ColumnsError;
use super::wire::{self, Pump, Reader, close, open, put, put_signed, put_text};
use crate::attribute::{Attribute, AttributeValue};
use crate::id::SpanId;
use crate::kind::{SpanKind, StatusCode};
use crate::query::traceql::{Field, Read};
use crate::span::SpanRecord;
use crate::trace::Trace;
use crate::trace::order::order;

/// What a stream of fields begins with; the digit is the version.
pub const MAGIC: [u8; 4] = *b"TLF1";

/// So many bytes the distinct values of one field may take.
pub const MOST_BYTES: usize = 64 << 20;

/// So many fields may be asked for at once.
pub const MOST_FIELDS: usize = 16;

/// Rows in one chunk.
const ROWS: usize = 8_192;

/// Bytes of values after which a chunk ends.
const CHUNK_BYTES: usize = 1 << 20;

/// Lists within lists go no deeper than OTLP's decoders let them.
const MOST_DEPTH: usize = 128;

const OTHER: u8 = 0;
const TEXT: u8 = 1;
const BOOL: u8 = 2;
const INT: u8 = 3;
const DOUBLE: u8 = 4;
const BYTES: u8 = 5;
const LIST: u8 = 6;
const MAP: u8 = 7;
const STATUS: u8 = 8;
const KIND: u8 = 9;
const MANY: u8 = 10;

/// A number that tells one order of spans from another.
#[must_use]
pub fn digest<'a>(ids: impl Iterator<Item = &'a SpanId>) -> u64 {
    ids.fold(0, |digest: u64, id| {
        let id = u64::from_le_bytes(*id.as_bytes());
        (digest.rotate_left(5) ^ id).wrapping_mul(0x517c_c1b7_2722_0a95)
    })
}

/// Collects what spans say, in the order they come in; [`FieldsEncoder::into_bytes`] puts them in that of the trace.
#[derive(Debug)]
pub struct FieldsEncoder {
    spans: Builder,
    columns: Vec<Collected>,
}

/// What was said of one field.
#[derive(Debug)]
struct Collected {
    field: Field,
    /// Each distinct value as it is sent, with its number.
    numbers: HashMap<Box<[u8]>, u32>,
    /// The number of each span's value plus one; 0 where it has none.
    of_spans: Vec<u32>,
    bytes: usize,
}

impl Collected {
    fn take(&mut self, record: &SpanRecord) {
        if self.bytes > MOST_BYTES {
            return;
        }
        let number = match Read::of_record(record, &self.field) {
            Read::Nil => 0,
            value => {
                let mut encoded = Vec::new();
                put_read(&mut encoded, &value);
                let next = self.numbers.len() as u32;
                match self.numbers.get(encoded.as_slice()) {
                    Some(number) => number + 1,
                    None => {
                        self.bytes += encoded.len();
                        self.numbers.insert(encoded.into_boxed_slice(), next);
                        next + 1
                    }
                }
            }
        };
        self.of_spans.push(number);
    }

    fn write(&self, out: &mut Vec<u8>, field: u64, rows: &[u32]) {
        if self.bytes > MOST_BYTES {
            let content = open(out, wire::NOTES);
            put(out, field);
            close(out, content);
            return;
        }
        let mut values: Vec<(&[u8], u32)> = self
            .numbers
            .iter()
            .map(|(value, number)| (&**value, *number))
            .collect();
        values.sort_unstable_by_key(|value| value.1);
        let mut values = values.into_iter().peekable();
        while values.peek().is_some() {
            let content = open(out, wire::VALUES);
            put(out, field);
            while out.len() - content < CHUNK_BYTES
                && let Some((value, _)) = values.next()
            {
                out.extend_from_slice(value);
            }
            close(out, content);
        }
        for rows in rows.chunks(ROWS) {
            let content = open(out, wire::ROWS);
            put(out, field);
            for span in rows {
                put(out, u64::from(self.of_spans[*span as usize]));
            }
            close(out, content);
        }
    }
}

impl FieldsEncoder {
    /// For these fields.
    #[must_use]
    pub fn new(fields: Vec<Field>) -> Self {
        let collected = |field| Collected {
            field,
            numbers: HashMap::new(),
            of_spans: Vec::new(),
            bytes: 0,
        };
        Self {
            spans: Builder::default(),
            columns: fields.into_iter().map(collected).collect(),
        }
    }

    /// Takes a span. Two spans of one id are one where their `content`, a hash, is the same.
    pub fn push(&mut self, record: &SpanRecord, content: i64) {
        self.spans.push(record, content);
        self.columns
            .iter_mut()
            .for_each(|column| column.take(record));
    }

    /// How many spans came in.
    #[must_use]
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether none came in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The stream from its head on.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        let rows = order(&self.spans).spans;
        write(&self.spans, &self.columns, &rows)
    }
}

/// The stream of an assembled trace, with its magic.
#[must_use]
pub fn encode_fields(trace: &Trace, fields: Vec<Field>) -> Vec<u8> {
    let mut encoder = FieldsEncoder::new(fields);
    for node in &trace.nodes {
        // The order is known, so that nothing asks for the content.
        encoder.push(&node.record, 0);
    }
    let rows: Vec<u32> = (0..trace.nodes.len() as u32).collect();
    let mut out = MAGIC.to_vec();
    out.extend(write(&encoder.spans, &encoder.columns, &rows));
    out
}

fn write(spans: &Builder, columns: &[Collected], rows: &[u32]) -> Vec<u8> {
    let mut out = Vec::new();
    let content = open(&mut out, wire::HEAD);
    put(&mut out, rows.len() as u64);
    let ids = rows.iter().map(|span| &spans.ids[*span as usize]);
    out.extend_from_slice(&digest(ids).to_le_bytes());
    put(&mut out, columns.len() as u64);
    for column in columns {
        put_text(&mut out, &column.field.to_string());
    }
    close(&mut out, content);
    for (field, column) in (0..).zip(columns) {
        column.write(&mut out, field, rows);
    }
    let content = open(&mut out, wire::END);
    close(&mut out, content);
    out
}

fn put_read(out: &mut Vec<u8>, value: &Read<'_>) {
    match value {
        Read::Nil | Read::Other => out.push(OTHER),
        Read::Text(text) => {
            out.push(TEXT);
            put_text(out, text);
        }
        Read::Int(value) => {
            out.push(INT);
            put_signed(out, *value);
        }
        Read::Float(value) => {
            out.push(DOUBLE);
            out.extend_from_slice(&value.to_bits().to_le_bytes());
        }
        Read::Bool(value) => out.extend_from_slice(&[BOOL, u8::from(*value)]),
        Read::Status(status) => out.extend_from_slice(&[STATUS, status.to_otlp() as u8]),
        Read::Kind(kind) => out.extend_from_slice(&[KIND, kind.to_otlp() as u8]),
        Read::List(values) => put_list(out, values),
        Read::Many(values) => {
            out.push(MANY);
            put(out, values.len() as u64);
            values.iter().for_each(|value| put_read(out, value));
        }
    }
}

fn put_list(out: &mut Vec<u8>, values: &[AttributeValue]) {
    out.push(LIST);
    put(out, values.len() as u64);
    values.iter().for_each(|value| put_value(out, value));
}

/// Members of lists are sent whole: a list is read as the text of all of them.
fn put_value(out: &mut Vec<u8>, value: &AttributeValue) {
    match value {
        AttributeValue::Bytes(bytes) => {
            out.push(BYTES);
            put(out, bytes.len() as u64);
            out.extend_from_slice(bytes);
        }
        AttributeValue::Map(attributes) => {
            out.push(MAP);
            put(out, attributes.len() as u64);
            for attribute in attributes {
                put_text(out, &attribute.key);
                put_value(out, &attribute.value);
            }
        }
        value => put_read(out, &Read::from(value)),
    }
}

/// A value that was sent.
#[derive(Debug, Clone, PartialEq)]
enum Held {
    One(AttributeValue),
    Status(StatusCode),
    Kind(SpanKind),
    Many(Vec<Self>),
}

impl Held {
    fn decode(content: &mut Reader<'_>) -> Result<Self, ColumnsError> {
        match content.byte()? {
            STATUS => Ok(Self::Status(StatusCode::from_otlp(i32::from(
                content.byte()?,
            )))),
            KIND => Ok(Self::Kind(SpanKind::from_otlp(i32::from(content.byte()?)))),
            MANY => {
                let values = (0..content.number()?).map(|_| match content.byte()? {
                    MANY => Err(ColumnsError::Malformed),
                    tag => value(content, tag, MOST_DEPTH).map(Self::One),
                });
                values.collect::<Result<_, _>>().map(Self::Many)
            }
            tag => value(content, tag, MOST_DEPTH).map(Self::One),
        }
    }

    fn read(&self) -> Read<'_> {
        match self {
            Self::One(value) => Read::from(value),
            Self::Status(status) => Read::Status(*status),
            Self::Kind(kind) => Read::Kind(*kind),
            Self::Many(values) => Read::Many(values.iter().map(Self::read).collect()),
        }
    }
}

fn value(content: &mut Reader<'_>, tag: u8, depth: usize) -> Result<AttributeValue, ColumnsError> {
    let depth = depth.checked_sub(1).ok_or(ColumnsError::Malformed)?;
    Ok(match tag {
        OTHER => AttributeValue::Empty,
        TEXT => AttributeValue::String(content.text()?.to_owned()),
        BOOL => AttributeValue::Bool(content.byte()? != 0),
        INT => AttributeValue::Int(content.signed()?),
        DOUBLE => {
            let bytes = content.bytes(8)?.try_into();
            let bytes = bytes.map_err(|_| ColumnsError::Malformed)?;
            AttributeValue::Double(f64::from_bits(u64::from_le_bytes(bytes)))
        }
        BYTES => {
            let length = content.number()? as usize;
            AttributeValue::Bytes(content.bytes(length)?.to_vec())
        }
        LIST => {
            let values = (0..content.number()?).map(|_| {
                let tag = content.byte()?;
                value(content, tag, depth)
            });
            AttributeValue::Array(values.collect::<Result<_, _>>()?)
        }
        MAP => {
            let attributes = (0..content.number()?).map(|_| {
                let key = content.text()?.to_owned();
                let tag = content.byte()?;
                let value = value(content, tag, depth)?;
                Ok(Attribute { key, value })
            });
            AttributeValue::Map(attributes.collect::<Result<_, _>>()?)
        }
        _ => return Err(ColumnsError::Malformed),
    })
}

/// What every span says of one field, by row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FieldColumn {
    values: Vec<Held>,
    /// The number of each row's value plus one; 0 where it has none.
    rows: Vec<u32>,
    too_large: bool,
}

impl FieldColumn {
    /// What the span of a row says.
    #[must_use]
    pub fn read(&self, row: u32) -> Read<'_> {
        let number = self.rows.get(row as usize).copied().unwrap_or(0);
        let held = number
            .checked_sub(1)
            .and_then(|number| self.values.get(number as usize));
        held.map_or(Read::Nil, Held::read)
    }

    /// Whether its values take more than [`MOST_BYTES`], and none of them was sent.
    #[must_use]
    pub fn is_too_large(&self) -> bool {
        self.too_large
    }
}

/// Fields of a trace.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Fields {
    /// How many rows the trace has.
    pub rows: u32,
    /// The [`digest`] of the rows' ids.
    pub digest: u64,
    /// Each field as a query writes it, with what the spans say.
    pub columns: Vec<(String, FieldColumn)>,
}

/// Reads a stream of fields.
#[derive(Debug, Default)]
pub struct FieldsDecoder {
    pump: Pump,
    fields: Fields,
    read: u32,
}

impl FieldsDecoder {
    /// Takes the next bytes of the stream.
    ///
    /// # Errors
    /// [`ColumnsError`].
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), ColumnsError> {
        let (fields, read) = (&mut self.fields, &mut self.read);
        self.pump.push(MAGIC, bytes, |kind, content| match kind {
            wire::PROGRESS => {
                *read = content.number()?;
                Ok(())
            }
            _ => chunk(fields, kind, content),
        })
    }

    /// How many spans the server has read, as far as it said.
    #[must_use]
    pub fn server_progress(&self) -> u32 {
        self.read
    }

    /// The fields.
    ///
    /// # Errors
    /// [`ColumnsError::Incomplete`] where something is missing.
    pub fn finish(self) -> Result<Fields, ColumnsError> {
        let rows = self.fields.rows as usize;
        let whole = |column: &FieldColumn| column.too_large || column.rows.len() == rows;
        if !self.pump.ended() || !self.fields.columns.iter().all(|(_, column)| whole(column)) {
            return Err(ColumnsError::Incomplete);
        }
        Ok(self.fields)
    }
}

fn chunk(fields: &mut Fields, kind: u8, content: &mut Reader<'_>) -> Result<(), ColumnsError> {
    if kind == wire::HEAD {
        fields.rows = content.number()?;
        let digest = content.bytes(8)?.try_into();
        fields.digest = u64::from_le_bytes(digest.map_err(|_| ColumnsError::Malformed)?);
        for _ in 0..content.number()? {
            let name = content.text()?.to_owned();
            fields.columns.push((name, FieldColumn::default()));
        }
        return Ok(());
    }
    if !matches!(kind, wire::VALUES | wire::ROWS | wire::NOTES) {
        return Ok(());
    }
    let field = content.number()? as usize;
    let (_, column) = fields
        .columns
        .get_mut(field)
        .ok_or(ColumnsError::Malformed)?;
    column.too_large |= kind == wire::NOTES;
    while content.remaining() > 0 {
        if kind == wire::VALUES {
            column.values.push(Held::decode(content)?);
            continue;
        }
        let number = content.number()?;
        if number as usize > column.values.len() || column.rows.len() == fields.rows as usize {
            return Err(ColumnsError::Malformed);
        }
        column.rows.push(number);
    }
    Ok(())
}
