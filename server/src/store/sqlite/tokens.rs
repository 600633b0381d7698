//! The words of the attribute index: each stands for one `key=value` pair, service or span name.
//!
//! A word is a hash. That two pairs share one is harmless, since a search checks what it finds; that
//! a pair which a query may match has no word, or another one, would lose traces.

use shared::attribute::{Attribute, AttributeValue};

use crate::store::Term;

/// The word of a search term; `None` where the index does not hold such terms.
#[must_use]
pub fn of_term(term: &Term) -> Option<u64> {
    match term {
        Term::Service(name) => Some(service(name)),
        Term::Name(name) => Some(span_name(name)),
        Term::Attribute { key, value } => attribute(key, value),
    }
}

/// The word of a service.
#[must_use]
pub fn service(name: &str) -> u64 {
    Hash::new(b'S').text(name).finish()
}

/// The word of a span's name.
#[must_use]
pub fn span_name(name: &str) -> u64 {
    Hash::new(b'N').text(name).finish()
}

/// Calls `found` with the word of each attribute; a list has a word for each of its members.
pub fn of_attributes(attributes: &[Attribute], found: &mut impl FnMut(u64)) {
    for Attribute { key, value } in attributes {
        match value {
            AttributeValue::Array(members) => {
                members
                    .iter()
                    .filter_map(|member| attribute(key, member))
                    .for_each(&mut *found);
            }
            value => attribute(key, value).into_iter().for_each(&mut *found),
        }
    }
}

fn attribute(key: &str, value: &AttributeValue) -> Option<u64> {
    let hash = Hash::new(b'A').text(key);
    Some(match value {
        AttributeValue::String(text) => hash.bytes(b"s").text(text).finish(),
        AttributeValue::Bool(value) => hash.bytes(if *value { b"t" } else { b"f" }).finish(),
        // 1 and 1.0 are one value to a query. Integers beyond 2^53 share words with their neighbours.
        AttributeValue::Int(value) => hash.number(*value as f64).finish(),
        AttributeValue::Double(value) => hash.number(*value).finish(),
        AttributeValue::Empty
        | AttributeValue::Bytes(_)
        | AttributeValue::Array(_)
        | AttributeValue::Map(_) => return None,
    })
}

/// Writes a word as the index spells it. 60 bits are enough: of a million distinct pairs one in a
/// million shares a word.
pub fn push_word(word: u64, out: &mut String) {
    for shift in (0..12).rev() {
        let digit = (word >> (shift * 5)) & 31;
        out.push(char::from(
            b"0123456789abcdefghijklmnopqrstuv"[digit as usize],
        ));
    }
}

/// FNV-1a with 64 bits, and a final mix since only some of the bits are used.
struct Hash(u64);

impl Hash {
    fn new(kind: u8) -> Self {
        Self(0xcbf2_9ce4_8422_2325).bytes(&[kind])
    }

    fn bytes(mut self, bytes: &[u8]) -> Self {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        self
    }

    /// The terminator keeps `ab` + `c` apart from `a` + `bc`; no UTF-8 text holds 0xFF.
    fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes()).bytes(&[0xff])
    }

    fn number(self, number: f64) -> Self {
        let number = if number == 0.0 { 0.0 } else { number };
        self.bytes(b"n").bytes(&number.to_bits().to_le_bytes())
    }

    fn finish(self) -> u64 {
        let mixed = (self.0 ^ (self.0 >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        mixed ^ (mixed >> 33)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_amounts_are_one_word_and_other_kinds_are_not() {
        let word = |value: AttributeValue| attribute("k", &value);
        assert_eq!(word(500_i64.into()), word(500.0.into()));
        assert_eq!(word((-0.0).into()), word(0_i64.into()));
        assert_ne!(word("500".into()), word(500_i64.into()));
        assert_ne!(word(true.into()), word("true".into()));
        assert_ne!(attribute("ab", &"c".into()), attribute("a", &"bc".into()));
    }

    #[test]
    fn a_word_is_one_token_to_the_index() {
        let mut text = String::new();
        push_word(u64::MAX, &mut text);
        assert_eq!(text, "vvvvvvvvvvvv");
    }
}
