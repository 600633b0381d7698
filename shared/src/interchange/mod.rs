//! Files that other tools write and read: OTLP, Jaeger's, Zipkin's and Chrome's trace events.
//!
//! [`read`] reads a file of any of them. [`Format::detect`] tells the format of JSON by its outermost keys, [`decode`]
//! reads it into the trace model and [`encode`] writes it. What a format cannot say is left out in the direction of
//! writing only: whatever one of these functions has written, the other reads back without a loss.
//! Jaeger and Zipkin count microseconds, and Zipkin's tags are texts.

mod attribute;
mod chrome;
mod id;
mod jaeger;
mod protobuf;
mod zipkin;

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserializer as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::otlp::json::{Decoded, JsonError, SpansJson, decode_spans};
use crate::span::SpanRecord;

/// What a file of traces is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// OTLP/JSON: one request, or one a line as the Collector's file exporter writes them.
    Otlp,
    /// What Jaeger's query API answers and its UI downloads.
    Jaeger,
    /// A list of Zipkin v2 spans.
    Zipkin,
    /// Chrome's trace events, for Perfetto and `chrome://tracing`.
    Perfetto,
}

/// Why a file has no traces in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// The file is none of the formats.
    #[error(
        "neither OTLP (protobuf, or JSON with `resourceSpans`), Jaeger (`data`), Zipkin v2 (a list of spans) nor \
         Chrome's trace events (`traceEvents`, or a list of them)"
    )]
    Unknown,
    /// The file is damaged OTLP protobuf.
    #[error("damaged OTLP protobuf: {message}, at byte {at}")]
    Protobuf {
        /// What is wrong.
        message: String,
        /// Where, from 0.
        at: usize,
    },
    /// The file is damaged. The message says where.
    #[error(transparent)]
    Json(#[from] JsonError),
}

impl From<serde_json::Error> for FormatError {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(error.into())
    }
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 4] = [Self::Otlp, Self::Jaeger, Self::Zipkin, Self::Perfetto];

    /// The format's name in addresses and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Otlp => "otlp",
            Self::Jaeger => "jaeger",
            Self::Zipkin => "zipkin",
            Self::Perfetto => "perfetto",
        }
    }

    /// Tells the format of a file, reading no further than its first telling key.
    ///
    /// # Errors
    /// [`FormatError`] where no key tells, or where the file is not JSON up to there.
    pub fn detect(file: &[u8]) -> Result<Self, FormatError> {
        let mut found = None;
        let mut deserializer = serde_json::Deserializer::from_slice(file);
        match (deserializer.deserialize_any(Telling(&mut found)), found) {
            // The visitor stops reading with an error once it knows.
            (_, Some(format)) => Ok(format),
            (Ok(()), None) => Err(FormatError::Unknown),
            (Err(error), None) => Err(error.into()),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Format {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|format| format.as_str() == text)
            .ok_or("expected otlp, jaeger, zipkin or perfetto")
    }
}

struct Telling<'a>(&'a mut Option<Format>);

impl<'de> Visitor<'de> for Telling<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or a list of spans")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(key) = members.next_key::<std::borrow::Cow<'de, str>>()? {
            *self.0 = match key.as_ref() {
                "resourceSpans" | "resource_spans" => Some(Format::Otlp),
                "data" | "traceID" | "processes" => Some(Format::Jaeger),
                "traceEvents" => Some(Format::Perfetto),
                _ => None,
            };
            if self.0.is_some() {
                return Ok(());
            }
            members.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        // An event has a phase, and a span has none. An empty list has no span.
        *self.0 = members.next_element_seed(First)?.or(Some(Format::Zipkin));
        Ok(())
    }
}

/// Tells a list by its first member.
struct First;

impl<'de> serde::de::DeserializeSeed<'de> for First {
    type Value = Format;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Format, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for First {
    type Value = Format;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a span or a trace event")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Format, A::Error> {
        let mut format = Format::Zipkin;
        while let Some(key) = members.next_key::<std::borrow::Cow<'de, str>>()? {
            if key == "ph" {
                format = Format::Perfetto;
            }
            members.next_value::<IgnoredAny>()?;
        }
        Ok(format)
    }
}

/// Reads the spans of an unpacked file of any kind: JSON of a [`Format`], or OTLP protobuf.
///
/// # Errors
/// [`FormatError`] where it is none of them, or damaged; it says at which line and column, or at which byte.
pub fn read(file: &[u8]) -> Result<Decoded<SpanRecord>, FormatError> {
    let first = file.iter().find(|byte| !byte.is_ascii_whitespace());
    // A message begins with the number 10, which is a newline.
    if matches!(first, None | Some(b'{' | b'[')) {
        let format = Format::detect(file);
        let is_message = file.first().is_some_and(|byte| *byte < b' ');
        return match format {
            Err(error) if is_message => protobuf::decode(file).map_err(|_| error),
            format => decode(format?, file),
        };
    }
    protobuf::decode(file)
}

/// Reads the spans of a file.
///
/// # Errors
/// [`FormatError`] where the file is not of this format; it says at which line and column.
pub fn decode(format: Format, file: &[u8]) -> Result<Decoded<SpanRecord>, FormatError> {
    match format {
        Format::Otlp => otlp_lines(file),
        Format::Jaeger => jaeger::decode(file),
        Format::Zipkin => zipkin::decode(file),
        Format::Perfetto => chrome::decode(file),
    }
}

/// Writes spans as a file; parents should stand before their children, as in an assembled trace.
#[must_use]
pub fn encode(format: Format, spans: &[SpanRecord]) -> Vec<u8> {
    let written = match format {
        Format::Otlp => serde_json::to_vec(&SpansJson(spans)),
        Format::Jaeger => serde_json::to_vec(&jaeger::file(spans)),
        Format::Zipkin => serde_json::to_vec(&zipkin::file(spans)),
        Format::Perfetto => serde_json::to_vec(&chrome::file(spans)),
    };
    // Only maps with other keys than strings and failing `Serialize`s make this fail.
    written.unwrap_or_default()
}

/// One request, or one a line.
fn otlp_lines(file: &[u8]) -> Result<Decoded<SpanRecord>, FormatError> {
    let whole = decode_spans(file);
    let lines = || {
        file.split(|byte| *byte == b'\n')
            .enumerate()
            .filter(|(_, line)| !line.trim_ascii().is_empty())
    };
    let several = lines().nth(1).is_some()
        && lines()
            .next()
            .is_some_and(|(_, first)| decode_spans(first).is_ok());
    if whole.is_ok() || !several {
        return Ok(whole?);
    }
    let mut all = Decoded {
        records: Vec::new(),
        rejected: 0,
        reason: None,
    };
    for (index, line) in lines() {
        let decoded = decode_spans(line).map_err(|error| JsonError::Invalid {
            message: format!("in line {} of the file: {error}", index + 1),
        })?;
        all.records.extend(decoded.records);
        all.rejected = all.rejected.saturating_add(decoded.rejected);
        all.reason = all.reason.or(decoded.reason);
    }
    Ok(all)
}
