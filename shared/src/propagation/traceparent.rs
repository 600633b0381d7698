//! `traceparent` (W3C Trace Context Level 2 §3.2).

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use super::trim;
use crate::id::{IdError, SpanId, TraceId};

/// How long a `traceparent` of version 00 is.
const LENGTH: usize = 55;

/// The caller's place in the trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceParent {
    /// The trace.
    pub trace_id: TraceId,
    /// The caller's span.
    pub parent_id: SpanId,
    /// What the caller says about the trace.
    pub flags: TraceFlags,
}

/// The flags of a `traceparent`; only those that version 00 defines can be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct TraceFlags(u8);

impl TraceFlags {
    /// The caller may have recorded the trace.
    pub const SAMPLED: Self = Self(0x01);
    /// At least the last seven bytes of the trace id are random.
    pub const RANDOM: Self = Self(0x02);

    /// Takes flags as the header has them and clears those that are reserved (§3.2.2.5).
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & (Self::SAMPLED.0 | Self::RANDOM.0))
    }

    /// The flags as the header has them.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// These flags and `other`'s.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the caller may have recorded the trace.
    #[must_use]
    pub const fn is_sampled(self) -> bool {
        self.0 & Self::SAMPLED.0 != 0
    }

    /// Whether the trace id is random.
    #[must_use]
    pub const fn is_random(self) -> bool {
        self.0 & Self::RANDOM.0 != 0
    }
}

/// Why a text is not a `traceparent`. A new trace is to be started then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TraceParentError {
    /// It is too short, or too long for version 00.
    #[error("a traceparent has 55 characters; only versions above 00 may have more")]
    Length,
    /// The version is not two lowercase hexadecimal digits, or `ff`.
    #[error("the version is two lowercase hexadecimal digits other than ff")]
    Version,
    /// The parts are not separated by dashes.
    #[error("the parts of a traceparent are separated by dashes")]
    Delimiter,
    /// The trace id is invalid.
    #[error("trace id: {0}")]
    TraceId(IdError),
    /// The parent id is invalid.
    #[error("parent id: {0}")]
    ParentId(IdError),
    /// The flags are not two lowercase hexadecimal digits.
    #[error("the flags are two lowercase hexadecimal digits")]
    Flags,
}

impl TraceParent {
    /// Reads a `traceparent`. A header that came twice is invalid and must not get here.
    ///
    /// Of versions above 00, the first 55 characters count, which the end or a dash must follow.
    ///
    /// # Errors
    /// [`TraceParentError`] for anything that the specification tells to ignore.
    pub fn parse(header: &str) -> Result<Self, TraceParentError> {
        let text = trim(header);
        if text.len() < LENGTH {
            return Err(TraceParentError::Length);
        }
        // A range off the character boundaries holds what is no hexadecimal digit.
        let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
        let version = hex_byte(part(0, 2))
            .filter(|&version| version != 0xff)
            .ok_or(TraceParentError::Version)?;
        if text.len() > LENGTH && version == 0 {
            return Err(TraceParentError::Length);
        }
        let dash = |at: usize| text.as_bytes().get(at).is_none_or(|&byte| byte == b'-');
        if !(dash(2) && dash(35) && dash(52) && dash(LENGTH)) {
            return Err(TraceParentError::Delimiter);
        }
        Ok(Self {
            trace_id: part(3, 35).parse().map_err(TraceParentError::TraceId)?,
            parent_id: part(36, 52).parse().map_err(TraceParentError::ParentId)?,
            flags: hex_byte(part(53, LENGTH))
                .map(TraceFlags::from_bits)
                .ok_or(TraceParentError::Flags)?,
        })
    }

    /// The header's value, of version 00.
    #[must_use]
    pub fn to_header(&self) -> String {
        let mut out = String::with_capacity(LENGTH);
        out.push_str("00-");
        self.trace_id.push_hex(&mut out);
        out.push('-');
        self.parent_id.push_hex(&mut out);
        out.push_str("-0");
        // Only the lowest two bits can be set.
        out.push(char::from(b'0' + self.flags.bits()));
        out
    }
}

impl FromStr for TraceParent {
    type Err = TraceParentError;

    fn from_str(header: &str) -> Result<Self, TraceParentError> {
        Self::parse(header)
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_header())
    }
}

/// The byte of two lowercase hexadecimal digits.
fn hex_byte(text: &str) -> Option<u8> {
    if text.len() != 2
        || text
            .bytes()
            .any(|byte| !matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    {
        return None;
    }
    u8::from_str_radix(text, 16).ok()
}
