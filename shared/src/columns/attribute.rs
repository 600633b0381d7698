//! One attribute of every span of a trace, as text: what colouring by an attribute and following a value ask for.
//!
//! On the wire it is [`MAGIC`], then chunks as those of a trace: texts, values (span id and the number of a text),
//! end.

use super::Texts;
use super::decode::ColumnsError;
use super::wire::{self, HEADER_BYTES, Reader, close, open, put, put_text};
use crate::attribute::find;
use crate::id::SpanId;
use crate::span::SpanRecord;

/// What a stream of values begins with; the digit is the version.
pub const MAGIC: [u8; 4] = *b"TLA1";

/// Values in one chunk.
const VALUES: usize = 8_192;

/// The values of one attribute.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AttributeColumn {
    /// The distinct values.
    pub texts: Texts,
    /// Each span that has the attribute, with the number of its value.
    pub values: Vec<(SpanId, u32)>,
}

/// Collects the values of one attribute.
#[derive(Debug, Default)]
pub struct AttributeEncoder {
    numbers: std::collections::HashMap<String, u32>,
    texts: Vec<String>,
    values: Vec<(SpanId, u32)>,
}

impl AttributeEncoder {
    /// Takes the value of a span that has the attribute itself, as a member of its baggage (`baggage.` and the key, as
    /// processors write those on spans), or by its resource.
    pub fn take(&mut self, record: &SpanRecord, key: &str) {
        let own = &record.span.attributes;
        let value = find(own, key)
            .or_else(|| {
                own.iter()
                    .find(|one| one.key.strip_prefix("baggage.") == Some(key))
                    .map(|one| &one.value)
            })
            .or_else(|| find(&record.resource.attributes, key));
        if let Some(value) = value {
            self.push(record.span.span_id, &value.to_string());
        }
    }

    /// Takes the value of a span; long ones are cut.
    pub fn push(&mut self, span: SpanId, value: &str) {
        let value = super::builder::clipped(value);
        let number = match self.numbers.get(&value) {
            Some(number) => *number,
            None => {
                let number = self.texts.len() as u32;
                self.texts.push(value.clone());
                self.numbers.insert(value, number);
                number
            }
        };
        self.values.push((span, number));
    }

    /// The stream.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        for texts in self.texts.chunks(VALUES) {
            let content = open(&mut out, wire::TEXTS);
            put(&mut out, texts.len() as u64);
            for text in texts {
                put_text(&mut out, text);
            }
            close(&mut out, content);
        }
        for values in self.values.chunks(VALUES) {
            let content = open(&mut out, wire::VALUES);
            for (span, number) in values {
                out.extend_from_slice(span.as_bytes());
                put(&mut out, u64::from(*number));
            }
            close(&mut out, content);
        }
        let content = open(&mut out, wire::END);
        close(&mut out, content);
        out
    }
}

impl AttributeColumn {
    /// Reads a stream.
    ///
    /// # Errors
    /// [`ColumnsError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, ColumnsError> {
        let mut rest = bytes.strip_prefix(&MAGIC).ok_or(ColumnsError::Foreign)?;
        let mut column = Self::default();
        while let Some((header, after)) = rest.split_first_chunk::<HEADER_BYTES>() {
            let [kind, length @ ..] = *header;
            let (content, after) = after
                .split_at_checked(u32::from_le_bytes(length) as usize)
                .ok_or(ColumnsError::Incomplete)?;
            let mut content = Reader::new(content);
            match kind {
                wire::TEXTS => {
                    for _ in 0..content.number()? {
                        if !column.texts.push(content.text()?) {
                            return Err(ColumnsError::Malformed);
                        }
                    }
                }
                wire::VALUES => {
                    while content.remaining() > 0 {
                        let span = SpanId::from_slice(content.bytes(SpanId::LEN)?);
                        let span = span.map_err(|_| ColumnsError::Malformed)?;
                        let number = content.number()?;
                        if number as usize >= column.texts.len() {
                            return Err(ColumnsError::Malformed);
                        }
                        column.values.push((span, number));
                    }
                }
                wire::END => return Ok(column),
                _ => {}
            }
            rest = after;
        }
        Err(ColumnsError::Incomplete)
    }
}
