//! Attributes on their way into formats with fewer kinds of values.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::attribute::{Attribute, AttributeValue};

/// A value as JSON: 64-bit numbers as numbers, bytes in base64, maps as objects.
pub fn json(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::Empty => Value::Null,
        AttributeValue::String(text) => Value::from(text.as_str()),
        AttributeValue::Bool(truth) => Value::from(*truth),
        AttributeValue::Int(number) => Value::from(*number),
        AttributeValue::Double(number) => serde_json::Number::from_f64(*number)
            .map_or_else(|| Value::from(number.to_string()), Value::Number),
        AttributeValue::Bytes(bytes) => Value::from(base64(bytes)),
        AttributeValue::Array(values) => values.iter().map(json).collect(),
        AttributeValue::Map(attributes) => object(attributes),
    }
}

/// Attributes as an object; of equal keys the last stays.
pub fn object(attributes: &[Attribute]) -> Value {
    attributes
        .iter()
        .map(|attribute| (attribute.key.clone(), json(&attribute.value)))
        .collect()
}

/// Bytes in base64.
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The bytes of base64; `None` where it is none.
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// A value of JSON as an attribute's: lists and objects become their JSON text.
#[derive(Debug, Clone, Default)]
pub struct JsonValue(pub AttributeValue);

impl<'de> Deserialize<'de> for JsonValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonValueVisitor)
    }
}

struct JsonValueVisitor;

impl<'de> Visitor<'de> for JsonValueVisitor {
    type Value = JsonValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number or a truth value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<JsonValue, E> {
        Ok(JsonValue(text.into()))
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<JsonValue, E> {
        Ok(JsonValue(truth.into()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<JsonValue, E> {
        Ok(JsonValue(number.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<JsonValue, E> {
        Ok(JsonValue(i64::try_from(number).map_or_else(
            |_| (number as f64).into(),
            AttributeValue::from,
        )))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<JsonValue, E> {
        Ok(JsonValue(number.into()))
    }

    fn visit_unit<E: Error>(self) -> Result<JsonValue, E> {
        Ok(JsonValue(AttributeValue::Empty))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut members: A) -> Result<JsonValue, A::Error> {
        let mut values = Vec::new();
        while let Some(JsonValue(value)) = members.next_element()? {
            values.push(value);
        }
        Ok(JsonValue(AttributeValue::Array(values)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<JsonValue, A::Error> {
        let mut attributes = Vec::new();
        while let Some((key, JsonValue(value))) = members.next_entry::<String, _>()? {
            attributes.push(Attribute { key, value });
        }
        Ok(JsonValue(AttributeValue::Map(attributes)))
    }
}

/// Anything, passed over.
pub fn ignored<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| ())
}

/// Takes the first text of this key out of a list; what is no text stays.
pub fn take_text(attributes: &mut Vec<Attribute>, key: &str) -> Option<String> {
    let index = attributes.iter().position(|attribute| {
        attribute.key == key && matches!(attribute.value, AttributeValue::String(_))
    })?;
    match attributes.remove(index).value {
        AttributeValue::String(text) => Some(text),
        _ => None,
    }
}
