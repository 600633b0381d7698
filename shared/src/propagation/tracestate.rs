//! `tracestate` (W3C Trace Context Level 2 §3.3).
//!
//! A tracing system's own entry stands first; the others keep their order. Where any part of the
//! header is invalid, all of it is dropped, which never affects `traceparent`.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::trim;

/// How many members a list may have.
pub const MAX_MEMBERS: usize = 32;
/// How long the header may get; the specification asks for at least this.
pub const MAX_LENGTH: usize = 512;
/// Members longer than this are the first to go where the header gets too long.
const LONG_MEMBER: usize = 128;
/// How long keys and values may be.
const MAX_TEXT: usize = 256;

/// What tracing systems tell their own instances further down the path.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TraceState {
    members: Vec<(String, String)>,
}

/// Why a text is not a `tracestate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TraceStateError {
    /// A member has no equals sign.
    #[error("a member of a tracestate is a key, an equals sign and a value")]
    Member,
    /// A key is not 1 to 256 of the characters allowed, starting with a letter or digit.
    #[error("a key has 1 to 256 of a-z 0-9 _ - * / @ and starts with a letter or digit")]
    Key,
    /// A value is not 1 to 256 of the characters allowed, ending with a visible one.
    #[error(
        "a value has 1 to 256 printable ASCII characters other than comma and equals sign, and no space at its end"
    )]
    Value,
    /// A key comes twice.
    #[error("a key comes twice")]
    DuplicateKey,
    /// There are more than 32 members.
    #[error("a tracestate has at most 32 members")]
    TooManyMembers,
}

impl TraceState {
    /// Reads one header.
    ///
    /// # Errors
    /// [`TraceStateError`] where any member is invalid.
    pub fn parse(header: &str) -> Result<Self, TraceStateError> {
        Self::parse_all([header])
    }

    /// Reads the headers of one request, which together are one list.
    ///
    /// Empty members are allowed and do not count.
    ///
    /// # Errors
    /// [`TraceStateError`] where any member is invalid.
    pub fn parse_all<'a>(
        headers: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, TraceStateError> {
        let mut members: Vec<(String, String)> = Vec::new();
        for header in headers {
            for member in header
                .split(',')
                .map(trim)
                .filter(|member| !member.is_empty())
            {
                let (key, value) = member.split_once('=').ok_or(TraceStateError::Member)?;
                check(key, value)?;
                if members.iter().any(|(known, _)| known == key) {
                    return Err(TraceStateError::DuplicateKey);
                }
                if members.len() == MAX_MEMBERS {
                    return Err(TraceStateError::TooManyMembers);
                }
                members.push((key.into(), value.into()));
            }
        }
        Ok(Self { members })
    }

    /// The value under a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.iter()
            .find(|(known, _)| *known == key)
            .map(|(_, value)| value)
    }

    /// Keys and values in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.members
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Whether there are no members.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Adds or changes a tracing system's own member, which goes to the front (§3.5). Where there
    /// are already 32 others, the last of them goes.
    ///
    /// # Errors
    /// [`TraceStateError::Key`] or [`TraceStateError::Value`]; nothing changes then.
    pub fn put(&mut self, key: &str, value: &str) -> Result<(), TraceStateError> {
        check(key, value)?;
        self.remove(key);
        self.members.truncate(MAX_MEMBERS - 1);
        self.members.insert(0, (key.into(), value.into()));
        Ok(())
    }

    /// Removes a member; returns whether it was there.
    pub fn remove(&mut self, key: &str) -> bool {
        let before = self.members.len();
        self.members.retain(|(known, _)| known != key);
        self.members.len() < before
    }

    /// The header's value; empty where there are no members, and the header is then better left out.
    ///
    /// Where it would be longer than 512 characters, whole members are left out: first those longer
    /// than 128 characters, then from the end (§3.3.1.5).
    #[must_use]
    pub fn to_header(&self) -> String {
        let length = |member: &(String, String)| member.0.len() + 1 + member.1.len();
        let mut kept: Vec<&(String, String)> = self.members.iter().collect();
        // Every member takes a comma more than its own length, but for the first.
        let mut total = kept
            .iter()
            .map(|member| length(member) + 1)
            .sum::<usize>()
            .saturating_sub(1);
        for longest in [LONG_MEMBER, 0] {
            let mut at = kept.len();
            while total > MAX_LENGTH && at > 0 {
                at -= 1;
                if length(kept[at]) > longest {
                    total = total.saturating_sub(length(kept.remove(at)) + 1);
                }
            }
        }
        let mut out = String::with_capacity(total);
        for (key, value) in kept {
            if !out.is_empty() {
                out.push(',');
            }
            out.push_str(key);
            out.push('=');
            out.push_str(value);
        }
        out
    }
}

impl fmt::Display for TraceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_header())
    }
}

/// Level 2 has one grammar for simple keys and for Level 1's `tenant@system`; it takes every key
/// that Level 1 takes.
fn check(key: &str, value: &str) -> Result<(), TraceStateError> {
    let first = matches!(key.as_bytes().first(), Some(b'a'..=b'z' | b'0'..=b'9'));
    let key_char =
        |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'*' | b'/' | b'@');
    if !first || key.len() > MAX_TEXT || !key.bytes().all(key_char) {
        return Err(TraceStateError::Key);
    }
    let value_char = |byte| matches!(byte, b' '..=b'~') && byte != b',' && byte != b'=';
    if value.is_empty()
        || value.len() > MAX_TEXT
        || value.ends_with(' ')
        || !value.bytes().all(value_char)
    {
        return Err(TraceStateError::Value);
    }
    Ok(())
}
