//! `baggage` (W3C Baggage §3).
//!
//! An illegal member costs only itself, as the specification allows (§4): [`Baggage::left_out`]
//! counts those. The order of the members is kept, also of those with the same key.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::trim;

/// How many members are kept and sent; the specification's limit.
pub const MAX_MEMBERS: usize = 64;
/// How many bytes the header may have; the specification's limit.
pub const MAX_BYTES: usize = 8192;

/// What an application tells everything further down the path.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Baggage {
    members: Vec<BaggageMember>,
    left_out: u32,
}

/// A key, its value and what is said about it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BaggageMember {
    /// The key; a token of RFC 9110.
    pub key: String,
    /// The value, decoded.
    pub value: String,
    /// What is said about it.
    pub properties: Vec<BaggageProperty>,
}

/// What is said about a member. Its meaning is up to the application, so it stays as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaggageProperty {
    /// The key; a token of RFC 9110.
    pub key: String,
    /// The value as it came, still percent-encoded.
    pub value: Option<String>,
}

/// Why a member cannot be put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BaggageError {
    /// The key is not a token.
    #[error("a key of baggage has letters, digits and !#$%&'*+-.^_`|~ only, and at least one")]
    Key,
    /// A property's key or value has characters that do not belong there.
    #[error(
        "a property of baggage has a token for its key and no space, quote, comma, semicolon or backslash in its value"
    )]
    Property,
    /// There would be more than 64 members or 8192 bytes.
    #[error("baggage has at most 64 members and 8192 bytes")]
    Full,
}

impl Baggage {
    /// Reads one header.
    #[must_use]
    pub fn parse(header: &str) -> Self {
        Self::parse_all([header])
    }

    /// Reads the headers of one request, which together are one list.
    ///
    /// Illegal members and those beyond the limits are left out and counted; empty ones are ignored.
    #[must_use]
    pub fn parse_all<'a>(headers: impl IntoIterator<Item = &'a str>) -> Self {
        let mut baggage = Self::default();
        let mut bytes = 0;
        for header in headers {
            for text in header.split(',').map(trim).filter(|text| !text.is_empty()) {
                let member = parse_member(text).filter(|member| {
                    let more = bytes + usize::from(bytes > 0) + member.encoded_len();
                    let fits = baggage.members.len() < MAX_MEMBERS && more <= MAX_BYTES;
                    if fits {
                        bytes = more;
                    }
                    fits
                });
                match member {
                    Some(member) => baggage.members.push(member),
                    None => baggage.left_out += 1,
                }
            }
        }
        baggage
    }

    /// How many members of the headers were illegal or beyond the limits.
    #[must_use]
    pub fn left_out(&self) -> u32 {
        self.left_out
    }

    /// The members in order; keys may come more than once.
    #[must_use]
    pub fn members(&self) -> &[BaggageMember] {
        &self.members
    }

    /// Whether there are no members.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The value under a key; where it comes more than once, the last, which was added last.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.members
            .iter()
            .rev()
            .find(|member| member.key == key)
            .map(|member| member.value.as_str())
    }

    /// Adds a member or replaces all of the same key, where the first of them stood.
    ///
    /// # Errors
    /// [`BaggageError`]; nothing changes then.
    pub fn put(&mut self, member: BaggageMember) -> Result<(), BaggageError> {
        if !is_token(&member.key) {
            return Err(BaggageError::Key);
        }
        let legal = |property: &BaggageProperty| {
            is_token(&property.key)
                && property
                    .value
                    .as_deref()
                    .is_none_or(|value| value.bytes().all(is_octet))
        };
        if !member.properties.iter().all(legal) {
            return Err(BaggageError::Property);
        }
        let others = self.members.iter().filter(|known| known.key != member.key);
        let (count, bytes) = others.fold((0, 0), |(count, bytes), known| {
            (count + 1, bytes + known.encoded_len() + 1)
        });
        if count == MAX_MEMBERS || bytes + member.encoded_len() > MAX_BYTES {
            return Err(BaggageError::Full);
        }
        let place = self
            .members
            .iter()
            .position(|known| known.key == member.key)
            .unwrap_or(self.members.len());
        self.remove(&member.key);
        self.members.insert(place, member);
        Ok(())
    }

    /// Removes all members of a key; returns whether there were any.
    pub fn remove(&mut self, key: &str) -> bool {
        let before = self.members.len();
        self.members.retain(|member| member.key != key);
        self.members.len() < before
    }

    /// The header's value; empty where there are no members, and the header is then better left out.
    #[must_use]
    pub fn to_header(&self) -> String {
        let mut out = String::new();
        for member in &self.members {
            if !out.is_empty() {
                out.push(',');
            }
            member.push(&mut out);
        }
        out
    }
}

impl fmt::Display for Baggage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_header())
    }
}

impl BaggageMember {
    /// A member without properties.
    #[must_use]
    pub fn new(key: &str, value: &str) -> Self {
        Self {
            key: key.into(),
            value: value.into(),
            properties: Vec::new(),
        }
    }

    fn encoded_len(&self) -> usize {
        let value: usize = self
            .value
            .bytes()
            .map(|byte| if is_plain(byte) { 1 } else { 3 })
            .sum();
        let property = |property: &BaggageProperty| {
            1 + property.key.len() + property.value.as_ref().map_or(0, |value| 1 + value.len())
        };
        self.key.len() + 1 + value + self.properties.iter().map(property).sum::<usize>()
    }

    fn push(&self, out: &mut String) {
        out.push_str(&self.key);
        out.push('=');
        for byte in self.value.bytes() {
            if is_plain(byte) {
                out.push(char::from(byte));
            } else {
                const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
                out.push('%');
                out.push(char::from(DIGITS[usize::from(byte >> 4)]));
                out.push(char::from(DIGITS[usize::from(byte & 15)]));
            }
        }
        for property in &self.properties {
            out.push(';');
            out.push_str(&property.key);
            if let Some(value) = &property.value {
                out.push('=');
                out.push_str(value);
            }
        }
    }
}

fn parse_member(text: &str) -> Option<BaggageMember> {
    let mut parts = text.split(';').map(trim);
    let (key, value) = parts.next()?.split_once('=')?;
    let (key, value) = (trim(key), trim(value));
    if !is_token(key) || !value.bytes().all(is_octet) {
        return None;
    }
    let mut properties = Vec::new();
    for part in parts {
        let (key, value) = match part.split_once('=') {
            Some((key, value)) => (trim(key), Some(trim(value))),
            None => (part, None),
        };
        if !is_token(key) || !value.is_none_or(|value| value.bytes().all(is_octet)) {
            return None;
        }
        properties.push(BaggageProperty {
            key: key.into(),
            value: value.map(String::from),
        });
    }
    Some(BaggageMember {
        key: key.into(),
        value: decode(value),
        properties,
    })
}

/// Undoes percent-encoding. A percent sign without two digits stays what it is; bytes that are not
/// UTF-8 become U+FFFD (§3.3.1.3).
fn decode(text: &str) -> String {
    let digit = |byte: Option<&u8>| byte.and_then(|&byte| char::from(byte).to_digit(16));
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match (
            bytes[at],
            digit(bytes.get(at + 1)),
            digit(bytes.get(at + 2)),
        ) {
            (b'%', Some(high), Some(low)) => {
                out.push((high << 4 | low) as u8);
                at += 3;
            }
            (byte, ..) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// `token` of RFC 9110 §5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// `baggage-octet`: visible ASCII without double quote, comma, semicolon and backslash.
fn is_octet(byte: u8) -> bool {
    matches!(byte, b'!'..=b'~') && !matches!(byte, b'"' | b',' | b';' | b'\\')
}

/// Whether a byte of a value stands for itself in the header.
fn is_plain(byte: u8) -> bool {
    is_octet(byte) && byte != b'%'
}
