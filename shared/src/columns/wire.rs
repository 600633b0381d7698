//! Numbers and texts within chunks.

use super::decode::ColumnsError;

pub const PROGRESS: u8 = 0;
pub const HEAD: u8 = 1;
pub const TEXTS: u8 = 2;
pub const ROWS: u8 = 3;
pub const FAILURES: u8 = 4;
pub const MARKS: u8 = 5;
pub const LINKS: u8 = 6;
pub const NOTES: u8 = 7;
pub const END: u8 = 8;
pub const VALUES: u8 = 9;

/// The bytes before a chunk's content.
pub const HEADER_BYTES: usize = 5;

pub fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub fn put_signed(out: &mut Vec<u8>, value: i64) {
    put(out, (value << 1 ^ value >> 63) as u64);
}

pub fn put_text(out: &mut Vec<u8>, text: &str) {
    put(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// Begins a chunk; [`close`] ends it.
pub fn open(out: &mut Vec<u8>, kind: u8) -> usize {
    out.push(kind);
    out.extend_from_slice(&[0; 4]);
    out.len()
}

/// Writes the length of the chunk whose content began at `start`.
pub fn close(out: &mut [u8], start: usize) {
    let length = ((out.len() - start) as u32).to_le_bytes();
    out[start - 4..start].copy_from_slice(&length);
}

/// No chunk is longer: 8192 rows with texts of the greatest length stay well below.
const MOST_CHUNK_BYTES: usize = 256 << 20;

/// Cuts a stream into its chunks, piece by piece, as the network brings them.
#[derive(Debug, Default)]
pub struct Pump {
    /// Bytes of the chunk that has not arrived as a whole.
    pending: Vec<u8>,
    begun: bool,
    ended: bool,
}

impl Pump {
    /// Takes the next bytes of a stream that begins with `magic`, and hands over the chunks that are complete.
    pub fn push(
        &mut self,
        magic: [u8; 4],
        bytes: &[u8],
        mut chunk: impl FnMut(u8, &mut Reader<'_>) -> Result<(), ColumnsError>,
    ) -> Result<(), ColumnsError> {
        let mut pending = std::mem::take(&mut self.pending);
        pending.extend_from_slice(bytes);
        let mut rest = pending.as_slice();
        if !self.begun {
            let Some((found, after)) = rest.split_first_chunk::<4>() else {
                self.pending = pending;
                return Ok(());
            };
            if *found != magic {
                return Err(ColumnsError::Foreign);
            }
            self.begun = true;
            rest = after;
        }
        while let Some((header, after)) = rest.split_first_chunk::<HEADER_BYTES>() {
            let [kind, length @ ..] = *header;
            let length = u32::from_le_bytes(length) as usize;
            if length > MOST_CHUNK_BYTES || self.ended {
                return Err(ColumnsError::Malformed);
            }
            let Some((content, after)) = after.split_at_checked(length) else {
                break;
            };
            self.ended = kind == END;
            chunk(kind, &mut Reader::new(content))?;
            rest = after;
        }
        let done = pending.len() - rest.len();
        pending.drain(..done);
        self.pending = pending;
        Ok(())
    }

    /// Whether the stream's end has come.
    pub fn ended(&self) -> bool {
        self.ended
    }
}

/// Reads the content of a chunk.
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn new(content: &'a [u8]) -> Self {
        Self { rest: content }
    }

    pub fn remaining(&self) -> usize {
        self.rest.len()
    }

    pub fn byte(&mut self) -> Result<u8, ColumnsError> {
        let (first, rest) = self.rest.split_first().ok_or(ColumnsError::Malformed)?;
        self.rest = rest;
        Ok(*first)
    }

    pub fn bytes(&mut self, count: usize) -> Result<&'a [u8], ColumnsError> {
        let (bytes, rest) = self
            .rest
            .split_at_checked(count)
            .ok_or(ColumnsError::Malformed)?;
        self.rest = rest;
        Ok(bytes)
    }

    pub fn unsigned(&mut self) -> Result<u64, ColumnsError> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                // The tenth byte has room for one bit.
                return if shift == 63 && byte > 1 {
                    Err(ColumnsError::Malformed)
                } else {
                    Ok(value)
                };
            }
        }
        Err(ColumnsError::Malformed)
    }

    pub fn number(&mut self) -> Result<u32, ColumnsError> {
        u32::try_from(self.unsigned()?).map_err(|_| ColumnsError::Malformed)
    }

    pub fn signed(&mut self) -> Result<i64, ColumnsError> {
        let value = self.unsigned()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    pub fn text(&mut self) -> Result<&'a str, ColumnsError> {
        let length = self.unsigned()?;
        let length = usize::try_from(length).map_err(|_| ColumnsError::Malformed)?;
        std::str::from_utf8(self.bytes(length)?).map_err(|_| ColumnsError::Malformed)
    }
}
