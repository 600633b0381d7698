//! Trace and span ids.
//!
//! Invariant: an id is never all zeros; W3C Trace Context §3.2.2 and OTLP call that value invalid.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

/// Why a text or a byte string is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text or byte string has another length than the id.
    #[error("an id of this kind has {expected} bytes")]
    Length {
        /// How many bytes the id has; its text has twice as many characters.
        expected: usize,
    },
    /// A character is not a lowercase hexadecimal digit.
    #[error("an id is written in lowercase hexadecimal digits")]
    Digit,
    /// Every byte is zero.
    #[error("an id must not be all zeros")]
    Zero,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; $len]);

        impl $name {
            /// How many bytes the id has.
            pub const LEN: usize = $len;

            /// Takes the bytes of an id; `None` when all are zero.
            #[must_use]
            pub fn from_bytes(bytes: [u8; $len]) -> Option<Self> {
                (bytes != [0; $len]).then_some(Self(bytes))
            }

            /// Takes an id from a slice, as protobuf carries it.
            ///
            /// # Errors
            /// [`IdError::Length`] or [`IdError::Zero`].
            pub fn from_slice(bytes: &[u8]) -> Result<Self, IdError> {
                let bytes = bytes.try_into().map_err(|_| IdError::Length { expected: $len })?;
                Self::from_bytes(bytes).ok_or(IdError::Zero)
            }

            /// The bytes of the id.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }

            /// Writes the id's lowercase hexadecimal digits to the end of `out`.
            pub fn push_hex(&self, out: &mut String) {
                for byte in self.0 {
                    out.push(hex_digit(byte >> 4));
                    out.push(hex_digit(byte & 15));
                }
            }

            /// The id in lowercase hexadecimal digits.
            #[must_use]
            pub fn to_hex(&self) -> String {
                let mut out = String::with_capacity($len * 2);
                self.push_hex(&mut out);
                out
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            /// Reads lowercase hexadecimal digits only, as W3C Trace Context demands.
            fn from_str(text: &str) -> Result<Self, IdError> {
                let text = text.as_bytes();
                if text.len() != $len * 2 {
                    return Err(IdError::Length { expected: $len });
                }
                let mut bytes = [0; $len];
                for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
                    *byte = hex_value(pair[0])? << 4 | hex_value(pair[1])?;
                }
                Self::from_bytes(bytes).ok_or(IdError::Zero)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        #[cfg(feature = "std")]
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.to_hex())
            }
        }

        #[cfg(feature = "std")]
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <alloc::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

id! {
    /// The id of a trace: 16 bytes, 32 hexadecimal digits.
    TraceId, 16
}
id! {
    /// The id of a span within its trace: 8 bytes, 16 hexadecimal digits.
    SpanId, 8
}

fn hex_digit(value: u8) -> char {
    char::from(if value < 10 {
        b'0' + value
    } else {
        b'a' + value - 10
    })
}

fn hex_value(digit: u8) -> Result<u8, IdError> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(IdError::Digit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_the_example_of_the_specification() {
        let text = "4bf92f3577b34da6a3ce929d0e0e4736";
        let id: TraceId = text.parse().expect("a valid trace id");
        assert_eq!(id.to_hex(), text);
        assert_eq!(id.as_bytes()[0], 0x4b);
    }

    #[test]
    fn refuses_what_is_not_an_id() {
        for (text, expected, reason) in [
            (
                "00f067aa0ba902b",
                IdError::Length { expected: 8 },
                "one digit short",
            ),
            (
                "00f067aa0ba902b70",
                IdError::Length { expected: 8 },
                "one digit long",
            ),
            ("00F067AA0BA902B7", IdError::Digit, "uppercase"),
            ("00f067aa0ba902bg", IdError::Digit, "not a digit"),
            ("0000000000000000", IdError::Zero, "all zeros"),
        ] {
            assert_eq!(text.parse::<SpanId>(), Err(expected), "{reason}");
        }
    }
}
