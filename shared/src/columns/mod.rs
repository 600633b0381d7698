//! A trace in columns: structure, timing and what a timeline says of each span, for traces of a million spans.
//!
//! What is only read of single spans (attributes, events' attributes, `tracestate`) is not included: it is asked
//! for when it is needed. The spans come in preorder, so that any beginning of the stream is a beginning of the
//! timeline, and a span's place follows from the sizes of the subtrees alone.
//!
//! On the wire a stream is [`MAGIC`] and then chunks: a byte for what it is, four bytes of length (little-endian),
//! and the content. Numbers are LEB128, signed ones in zigzag; texts are sent once, before what names them.
//!
//! ```text
//! progress   spans read, spans expected         any number, while the server still reads
//! head       trace, times, root, services       once, before all rows
//! texts      texts that get the next numbers
//! rows       up to 8192 spans, column by column
//! failures   row, reason, message  ·  marks   row, offset, name  ·  links   row, trace, span
//! notes      what is odd about the trace, in words
//! end        that was all
//! ```

mod attribute;
mod builder;
mod decode;
mod encode;
mod fields;
mod wire;

pub use attribute::{AttributeColumn, AttributeEncoder};
pub use builder::Builder;
pub use decode::{ColumnsError, Decoder};
pub use encode::{Encoder, encode_trace, progress};
pub use fields::{
    FieldColumn, Fields, FieldsDecoder, FieldsEncoder, MAGIC as FIELDS_MAGIC, MOST_BYTES,
    MOST_FIELDS, digest, encode_fields,
};

use crate::id::{SpanId, TraceId};
use crate::kind::{SpanKind, StatusCode};
use crate::time::UnixNanos;

/// What a stream begins with; the digit is the version.
pub const MAGIC: [u8; 4] = *b"TLC1";

/// The media type of a stream.
pub const MEDIA_TYPE: &str = "application/vnd.throughline.columns";

/// Stands for "no row" and "no text".
pub const NONE: u32 = u32::MAX;

/// Longer names and messages are cut in columns, with an ellipsis; the span itself has all of them.
pub const MOST_CHARACTERS: usize = 1_000;
/// So many events and links of one span are marked; [`flag::MORE`] says that there are others.
pub const MOST_MARKS: usize = 64;

/// What a row's flags mean.
pub mod flag {
    /// Its parent has not arrived.
    pub const ORPHAN: u16 = 1;
    /// Its parents lead back to itself; the circle is cut above it.
    pub const CYCLE: u16 = 1 << 1;
    /// An earlier span has the same id and other content.
    pub const DUPLICATE: u16 = 1 << 2;
    /// Its times cannot be right.
    pub const IMPLAUSIBLE: u16 = 1 << 3;
    /// It starts before its parent.
    pub const STARTS_BEFORE_PARENT: u16 = 1 << 4;
    /// It ends after its parent.
    pub const ENDS_AFTER_PARENT: u16 = 1 << 5;
    /// Its parent is of another service, or on another host.
    pub const ACROSS_SERVICES: u16 = 1 << 6;
    /// It says that it has no parent.
    pub const ROOT: u16 = 1 << 7;
    /// It has attributes of a database call.
    pub const DATABASE: u16 = 1 << 8;
    /// It is a user's action, but not the load of a page.
    pub const ACTION: u16 = 1 << 9;
    /// It has more events or links than are marked.
    pub const MORE: u16 = 1 << 10;
}

/// One service of a trace on one host: whatever has a clock of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Whether it is a browser.
    pub browser: bool,
    /// The host; see [`Resource::host`](crate::resource::Resource::host).
    pub host: String,
}

/// Why a span failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// The span's row.
    pub row: u32,
    /// The status code, the class of error or the message, as a text's number; [`NONE`] where nothing is said.
    pub reason: u32,
    /// The status message as a text's number; [`NONE`] where there is none.
    pub message: u32,
}

/// A moment within a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The span's row.
    pub row: u32,
    /// What happened, as a text's number.
    pub name: u32,
    /// When, in nanoseconds from the start of the trace.
    pub time: i64,
}

/// A relation to another span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The span's row.
    pub row: u32,
    /// The other's trace.
    pub trace_id: TraceId,
    /// The other.
    pub span_id: SpanId,
}

/// A kind of warning; see [`Warning`](crate::trace::Warning).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoteKind {
    /// Parents have not arrived.
    Orphan,
    /// Parents lead back to their children.
    Cycle,
    /// Several spans say that they have no parent.
    SeveralRoots,
    /// Spans start before their parents, of the same service.
    StartsBeforeParent,
    /// Spans end after their parents, of the same service.
    EndsAfterParent,
    /// Spans start before their parents, of other services.
    StartsBeforeOtherService,
    /// Spans end after their parents, of other services.
    EndsAfterOtherService,
    /// Spans end before they start.
    NegativeDuration,
    /// Spans end in the moment they start.
    ZeroDuration,
    /// Two different spans have one id.
    DuplicateSpanId,
    /// Times cannot be right.
    ClockImplausible,
}

impl NoteKind {
    const ALL: [Self; 11] = [
        Self::Orphan,
        Self::Cycle,
        Self::SeveralRoots,
        Self::StartsBeforeParent,
        Self::EndsAfterParent,
        Self::StartsBeforeOtherService,
        Self::EndsAfterOtherService,
        Self::NegativeDuration,
        Self::ZeroDuration,
        Self::DuplicateSpanId,
        Self::ClockImplausible,
    ];
}

/// What is odd about a trace: all warnings of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What is odd.
    pub kind: NoteKind,
    /// The first row concerned.
    pub row: u32,
    /// How many rows.
    pub count: u32,
    /// The first, in a sentence.
    pub text: String,
}

/// Texts by number, in one piece of memory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Texts {
    text: String,
    ends: Vec<u32>,
}

impl Texts {
    /// The text with this number; empty for numbers that were not given out.
    #[must_use]
    pub fn get(&self, number: u32) -> &str {
        let number = number as usize;
        let start = match number.checked_sub(1) {
            Some(before) => self.ends.get(before).copied().unwrap_or_default(),
            None => 0,
        };
        let end = self.ends.get(number).copied().unwrap_or(start);
        self.text.get(start as usize..end as usize).unwrap_or("")
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Adds a text under the next number; `false` where four gigabytes are full.
    fn push(&mut self, text: &str) -> bool {
        let Ok(end) = u32::try_from(self.text.len() + text.len()) else {
            return false;
        };
        self.text.push_str(text);
        self.ends.push(end);
        true
    }
}

/// A trace in columns; a row is a span's place in preorder. Invariant: all columns of rows are equally long.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Columns {
    /// The trace; none before the head of a stream.
    pub trace_id: Option<TraceId>,
    /// How many rows the whole trace has.
    pub total: u32,
    /// The earliest start, which all other times count from.
    pub start: UnixNanos,
    /// The latest end.
    pub end: UnixNanos,
    /// The row that stands for the whole trace.
    pub root: u32,
    /// The first session that a span or a resource names; empty where none does.
    pub session: String,
    /// Browsers first, then by their first span. Rows name them by index.
    pub services: Vec<Service>,
    /// Names, reasons and messages.
    pub texts: Texts,
    /// The id of each span.
    pub span_ids: Vec<SpanId>,
    /// When each began, in nanoseconds from the start of the trace.
    pub starts: Vec<i64>,
    /// How long each took; negative where a clock was set back.
    pub durations: Vec<i64>,
    /// Rows in each subtree, its head included.
    pub subtrees: Vec<u32>,
    /// The row of each parent or [`NONE`].
    pub parents: Vec<u32>,
    /// How many ancestors each has.
    pub depths: Vec<u32>,
    /// The service of each.
    pub service: Vec<u16>,
    /// The name of each, as a text's number.
    pub names: Vec<u32>,
    /// Kind and status of each, see [`Columns::kind`] and [`Columns::status`].
    pub kinds: Vec<u8>,
    /// What else is known of each: [`flag`].
    pub flags: Vec<u16>,
    /// The failed, by row.
    pub failures: Vec<Failure>,
    /// Events, by row and time.
    pub marks: Vec<Mark>,
    /// Links, by row.
    pub links: Vec<Link>,
    /// What is odd.
    pub notes: Vec<Note>,
}

impl Columns {
    /// How many rows are there by now.
    #[must_use]
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether there is no row yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// The kind of a row.
    #[must_use]
    pub fn kind(&self, row: u32) -> SpanKind {
        SpanKind::from_otlp(i32::from(self.kinds[row as usize] & 7))
    }

    /// The status of a row.
    #[must_use]
    pub fn status(&self, row: u32) -> StatusCode {
        StatusCode::from_otlp(i32::from(self.kinds[row as usize] >> 3))
    }

    /// The name of a row.
    #[must_use]
    pub fn name(&self, row: u32) -> &str {
        self.texts.get(self.names[row as usize])
    }

    /// Why a row failed.
    #[must_use]
    pub fn failure(&self, row: u32) -> Option<Failure> {
        let place = self
            .failures
            .binary_search_by_key(&row, |failure| failure.row)
            .ok()?;
        Some(self.failures[place])
    }

    /// The events of a row, by time.
    #[must_use]
    pub fn marks_of(&self, row: u32) -> &[Mark] {
        of(&self.marks, row, |mark| mark.row)
    }

    /// The links of a row.
    #[must_use]
    pub fn links_of(&self, row: u32) -> &[Link] {
        of(&self.links, row, |link| link.row)
    }
}

fn of<T>(sorted: &[T], row: u32, row_of: impl Fn(&T) -> u32) -> &[T] {
    let first = sorted.partition_point(|entry| row_of(entry) < row);
    let count = sorted[first..].partition_point(|entry| row_of(entry) == row);
    &sorted[first..first + count]
}

fn kind_byte(kind: SpanKind, status: StatusCode) -> u8 {
    (kind.to_otlp() | status.to_otlp() << 3) as u8
}
