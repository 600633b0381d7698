//! The scalars of protobuf's JSON mapping, each in all the forms that the mapping allows.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::id::IdError;

/// Reads `null` as the default.
pub(crate) fn null_as_default<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Default + Deserialize<'de>,
    D: Deserializer<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A type of whole numbers.
pub(crate) trait Whole: Sized + TryFrom<i64> + TryFrom<u64> + std::str::FromStr {
    const EXPECTED: &'static str;
}

impl Whole for u32 {
    const EXPECTED: &'static str = "a 32-bit unsigned number or its decimal digits in a string";
}
impl Whole for u64 {
    const EXPECTED: &'static str = "a 64-bit unsigned number or its decimal digits in a string";
}
impl Whole for i64 {
    const EXPECTED: &'static str = "a 64-bit number or its decimal digits in a string";
}

/// A whole number, as a number or as its digits in a string.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Number<T>(pub(crate) T);

impl<'de, T: Whole> Deserialize<'de> for Number<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor(PhantomData))
    }
}

struct NumberVisitor<T>(PhantomData<T>);

impl<T: Whole> Visitor<'_> for NumberVisitor<T> {
    type Value = Number<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        let outside = |_| E::invalid_value(serde::de::Unexpected::Unsigned(value), &T::EXPECTED);
        T::try_from(value).map(Number).map_err(outside)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        let outside = |_| E::invalid_value(serde::de::Unexpected::Signed(value), &T::EXPECTED);
        T::try_from(value).map(Number).map_err(outside)
    }

    /// `1.7e18` and `5.0` are whole numbers, too.
    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        // Both limits are exact powers of two; a number below the upper one fits into 64 bits.
        if value.fract() == 0.0 && (0.0..18_446_744_073_709_551_616.0).contains(&value) {
            return self.visit_u64(value as u64);
        }
        if value.fract() == 0.0 && (-9_223_372_036_854_775_808.0..0.0).contains(&value) {
            return self.visit_i64(value as i64);
        }
        Err(E::invalid_value(serde::de::Unexpected::Float(value), &self))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        if let Ok(value) = text.parse() {
            return Ok(Number(value));
        }
        // `"1e3"` and `"5.0"` are allowed as their numbers are.
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() && text.contains(['.', 'e', 'E']) => {
                self.visit_f64(value)
            }
            _ => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
        }
    }
}

/// A floating-point number, as a number or in a string, with `"NaN"`, `"Infinity"`, `"-Infinity"`.
#[derive(Debug, Clone, Copy)]
pub(in crate::otlp::json) struct Float(pub(in crate::otlp::json) f64);

impl<'de> Deserialize<'de> for Float {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FloatVisitor)
    }
}

impl serde::Serialize for Float {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            value if value.is_nan() => serializer.serialize_str("NaN"),
            f64::INFINITY => serializer.serialize_str("Infinity"),
            f64::NEG_INFINITY => serializer.serialize_str("-Infinity"),
            value => serializer.serialize_f64(value),
        }
    }
}

struct FloatVisitor;

impl Visitor<'_> for FloatVisitor {
    type Value = Float;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, or \"NaN\", \"Infinity\" or \"-Infinity\"")
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Float, E> {
        Ok(Float(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Float, E> {
        Ok(Float(value as f64))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Float, E> {
        Ok(Float(value as f64))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Float, E> {
        match text {
            "NaN" => return Ok(Float(f64::NAN)),
            "Infinity" => return Ok(Float(f64::INFINITY)),
            "-Infinity" => return Ok(Float(f64::NEG_INFINITY)),
            _ => {}
        }
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Float(value)),
            _ => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
        }
    }
}

/// An enumeration that protobuf JSON carries as a number or as a name.
pub(in crate::otlp::json) trait Named: Sized {
    /// The value of a number; unknown numbers have one, too.
    fn from_number(number: i32) -> Self;
    /// The value of protobuf's name for it; unknown names have one, too.
    fn from_name(name: &str) -> Self;
}

/// An enumeration's value, as a number or as a name.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::otlp::json) struct Enumeration<T>(pub(in crate::otlp::json) T);

impl<'de, T: Named> Deserialize<'de> for Enumeration<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EnumerationVisitor(PhantomData))
    }
}

struct EnumerationVisitor<T>(PhantomData<T>);

impl<T: Named> Visitor<'_> for EnumerationVisitor<T> {
    type Value = Enumeration<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an enumeration's number or name")
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Enumeration(T::from_number(value.try_into().unwrap_or(-1))))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Enumeration(T::from_number(value.try_into().unwrap_or(-1))))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        // A cast from a float saturates, so that no value wraps into another's number.
        Ok(Enumeration(T::from_number(value as i32)))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        // Some senders write the number as a string.
        let number = name.parse().ok();
        Ok(Enumeration(
            number.map_or_else(|| T::from_name(name), T::from_number),
        ))
    }
}

/// An id in hexadecimal digits. What is no id stays what it is, since one bad id must not cost the
/// whole batch.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::otlp::json) enum HexId<const N: usize> {
    /// Absent, empty or `null`.
    #[default]
    Absent,
    /// As many digits as the id has; perhaps all zeros.
    Bytes([u8; N]),
    /// Anything else.
    Invalid(IdError),
}

impl<'de, const N: usize> Deserialize<'de> for HexId<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(HexIdVisitor)
    }
}

struct HexIdVisitor<const N: usize>;

impl<'de, const N: usize> Visitor<'de> for HexIdVisitor<N> {
    type Value = HexId<N>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id in hexadecimal digits")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        if text.is_empty() {
            return Ok(HexId::Absent);
        }
        if text.len() != N * 2 {
            return Ok(HexId::Invalid(IdError::Length { expected: N }));
        }
        let mut bytes = [0; N];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let digit = |digit: u8| char::from(digit).to_digit(16);
            let (Some(high), Some(low)) = (digit(pair[0]), digit(pair[1])) else {
                return Ok(HexId::Invalid(IdError::Digit));
            };
            *byte = (high << 4 | low) as u8;
        }
        Ok(HexId::Bytes(bytes))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(HexId::Absent)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(HexId::Invalid(IdError::Digit))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(HexId::Invalid(IdError::Digit))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(HexId::Invalid(IdError::Digit))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(HexId::Invalid(IdError::Digit))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        while members.next_element::<IgnoredAny>()?.is_some() {}
        Ok(HexId::Invalid(IdError::Digit))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(HexId::Invalid(IdError::Digit))
    }
}

/// A 64-bit number on its way out.
pub(in crate::otlp::json) fn as_text<T: fmt::Display, S: serde::Serializer>(
    value: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// Whether a count may be left out.
pub(in crate::otlp::json) fn is_zero(count: &u32) -> bool {
    *count == 0
}
