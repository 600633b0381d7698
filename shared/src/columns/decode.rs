//! Reads columns, piece by piece, as the network brings them.

use super::wire::{self, Pump, Reader};
use super::{Columns, Failure, Link, MAGIC, Mark, NONE, Note, NoteKind, Service};
use crate::id::{SpanId, TraceId};
use crate::time::UnixNanos;

/// Why a stream cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ColumnsError {
    /// It does not begin as one.
    #[error("this is no trace in columns")]
    Foreign,
    /// It contradicts itself.
    #[error("the trace in columns is damaged")]
    Malformed,
    /// It stops before its end.
    #[error("the trace in columns is cut short")]
    Incomplete,
}

/// Reads a stream.
#[derive(Debug, Default)]
pub struct Decoder {
    columns: Columns,
    pump: Pump,
    /// Heads and ends of the subtrees around the next row, from the outermost in.
    around: Vec<(u32, u32)>,
    read: (u32, u32),
}

impl Decoder {
    /// Takes the next bytes of the stream.
    ///
    /// # Errors
    /// [`ColumnsError`]; what has been read before stays readable.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), ColumnsError> {
        let mut pump = std::mem::take(&mut self.pump);
        let pushed = pump.push(MAGIC, bytes, |kind, content| self.chunk(kind, content));
        self.pump = pump;
        pushed
    }

    /// What has been read so far.
    #[must_use]
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// How many spans the server has read of how many, as far as it said.
    #[must_use]
    pub fn server_progress(&self) -> (u32, u32) {
        self.read
    }

    /// The trace.
    ///
    /// # Errors
    /// [`ColumnsError::Incomplete`] where something is missing.
    pub fn finish(mut self) -> Result<Columns, ColumnsError> {
        if !self.pump.ended() || self.columns.len() != self.columns.total as usize {
            return Err(ColumnsError::Incomplete);
        }
        self.columns.failures.shrink_to_fit();
        self.columns.marks.shrink_to_fit();
        Ok(self.columns)
    }

    fn chunk(&mut self, kind: u8, content: &mut Reader<'_>) -> Result<(), ColumnsError> {
        match kind {
            wire::PROGRESS => self.read = (content.number()?, content.number()?),
            wire::HEAD => self.head(content)?,
            wire::TEXTS => {
                for _ in 0..content.number()? {
                    let text = content.text()?;
                    if !self.columns.texts.push(text) {
                        return Err(ColumnsError::Malformed);
                    }
                }
            }
            wire::ROWS => self.rows(content)?,
            wire::FAILURES => {
                while content.remaining() > 0 {
                    let last = self.columns.failures.last().map(|failure| failure.row);
                    let row = self.row(content, last)?;
                    let failure = Failure {
                        row,
                        reason: self.text(content)?,
                        message: self.text(content)?,
                    };
                    self.columns.failures.push(failure);
                }
            }
            wire::MARKS => {
                while content.remaining() > 0 {
                    let last = self.columns.marks.last().map(|mark| mark.row);
                    let mark = Mark {
                        row: self.row(content, last)?,
                        name: self.text(content)?,
                        time: content.signed()?,
                    };
                    self.columns.marks.push(mark);
                }
            }
            wire::LINKS => {
                while content.remaining() > 0 {
                    let last = self.columns.links.last().map(|link| link.row);
                    let link = Link {
                        row: self.row(content, last)?,
                        trace_id: TraceId::from_slice(content.bytes(TraceId::LEN)?)
                            .map_err(|_| ColumnsError::Malformed)?,
                        span_id: span_id(content.bytes(SpanId::LEN)?)?,
                    };
                    self.columns.links.push(link);
                }
            }
            wire::NOTES => {
                while content.remaining() > 0 {
                    let kind = NoteKind::ALL.get(usize::from(content.byte()?));
                    let note = Note {
                        kind: *kind.ok_or(ColumnsError::Malformed)?,
                        row: self.row(content, None)?,
                        count: content.number()?,
                        text: content.text()?.to_owned(),
                    };
                    self.columns.notes.push(note);
                }
            }
            // The end says nothing, and a later version may say more.
            _ => {}
        }
        Ok(())
    }

    fn head(&mut self, content: &mut Reader<'_>) -> Result<(), ColumnsError> {
        let columns = &mut self.columns;
        if columns.trace_id.is_some() {
            return Err(ColumnsError::Malformed);
        }
        let id = TraceId::from_slice(content.bytes(TraceId::LEN)?);
        columns.trace_id = Some(id.map_err(|_| ColumnsError::Malformed)?);
        columns.total = content.number()?;
        columns.start = UnixNanos(content.unsigned()?);
        columns.end = UnixNanos(content.unsigned()?);
        columns.root = content.number()?;
        if columns.root >= columns.total.max(1) || columns.total == NONE {
            return Err(ColumnsError::Malformed);
        }
        columns.session = content.text()?.to_owned();
        for _ in 0..content.number()? {
            let what = content.byte()?;
            columns.services.push(Service {
                browser: what & 1 != 0,
                name: content.text()?.to_owned(),
                host: if what & 2 == 0 {
                    String::new()
                } else {
                    content.text()?.to_owned()
                },
            });
        }
        if columns.services.len() > usize::from(u16::MAX) {
            return Err(ColumnsError::Malformed);
        }
        Ok(())
    }

    fn rows(&mut self, content: &mut Reader<'_>) -> Result<(), ColumnsError> {
        let columns = &mut self.columns;
        let count = content.number()? as usize;
        let room = columns.total as usize - columns.len();
        // A row takes fifteen bytes at least, so that a count cannot ask for memory that was not sent.
        if columns.trace_id.is_none() || count > room || count > content.remaining() / 15 {
            return Err(ColumnsError::Malformed);
        }
        grow(&mut columns.span_ids, count, room);
        grow(&mut columns.starts, count, room);
        grow(&mut columns.durations, count, room);
        grow(&mut columns.subtrees, count, room);
        grow(&mut columns.parents, count, room);
        grow(&mut columns.depths, count, room);
        grow(&mut columns.service, count, room);
        grow(&mut columns.names, count, room);
        grow(&mut columns.kinds, count, room);
        grow(&mut columns.flags, count, room);
        // The rows are read aside where they may be refused, so that all columns stay equally long.
        let ids = content.bytes(count * SpanId::LEN)?;
        let mut read = Columns::default();
        for id in ids.chunks_exact(SpanId::LEN) {
            read.span_ids.push(span_id(id)?);
        }
        let mut start = 0_i64;
        for _ in 0..count {
            start = start.wrapping_add(content.signed()?);
            read.starts.push(start);
        }
        for _ in 0..count {
            read.durations.push(content.signed()?);
        }
        for row in (columns.len() as u32..).take(count) {
            while self.around.last().is_some_and(|(_, end)| *end <= row) {
                self.around.pop();
            }
            let subtree = content.number()?;
            let parent = self.around.last().copied();
            let limit = parent.map_or(columns.total, |(_, end)| end);
            if subtree == 0 || subtree > limit - row {
                return Err(ColumnsError::Malformed);
            }
            read.subtrees.push(subtree);
            read.parents.push(parent.map_or(NONE, |(head, _)| head));
            read.depths.push(self.around.len() as u32);
            if subtree > 1 {
                self.around.push((row, row + subtree));
            }
        }
        for _ in 0..count {
            let service = content.number()?;
            if service as usize >= columns.services.len() {
                return Err(ColumnsError::Malformed);
            }
            read.service.push(service as u16);
        }
        for _ in 0..count {
            let name = content.number()?;
            read.names.push(text_number(name, columns.texts.len())?);
        }
        read.kinds.extend_from_slice(content.bytes(count)?);
        for _ in 0..count {
            let flags = u16::try_from(content.number()?);
            read.flags.push(flags.map_err(|_| ColumnsError::Malformed)?);
        }
        columns.span_ids.append(&mut read.span_ids);
        columns.starts.append(&mut read.starts);
        columns.durations.append(&mut read.durations);
        columns.subtrees.append(&mut read.subtrees);
        columns.parents.append(&mut read.parents);
        columns.depths.append(&mut read.depths);
        columns.service.append(&mut read.service);
        columns.names.append(&mut read.names);
        columns.kinds.append(&mut read.kinds);
        columns.flags.append(&mut read.flags);
        Ok(())
    }

    /// A row that has been read, and is not before the last one of its list.
    fn row(&self, content: &mut Reader<'_>, last: Option<u32>) -> Result<u32, ColumnsError> {
        let row = content.number()?;
        if row as usize >= self.columns.len() || last.is_some_and(|last| last > row) {
            return Err(ColumnsError::Malformed);
        }
        Ok(row)
    }

    fn text(&self, content: &mut Reader<'_>) -> Result<u32, ColumnsError> {
        text_number(content.number()?, self.columns.texts.len())
    }
}

/// Makes room for `count` more of the `most` that may come, twice as much as there is where that is sensible.
fn grow<T>(column: &mut Vec<T>, count: usize, most: usize) {
    if column.capacity() - column.len() < count {
        column.reserve_exact(column.len().max(count).min(most));
    }
}

fn span_id(bytes: &[u8]) -> Result<SpanId, ColumnsError> {
    SpanId::from_slice(bytes).map_err(|_| ColumnsError::Malformed)
}

/// The number of a text as columns have it: on the wire 0 says that there is none.
fn text_number(number: u32, known: usize) -> Result<u32, ColumnsError> {
    match number.checked_sub(1) {
        None => Ok(NONE),
        Some(number) if (number as usize) < known => Ok(number),
        Some(_) => Err(ColumnsError::Malformed),
    }
}
