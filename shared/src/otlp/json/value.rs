//! Attributes and their values, resources and scopes.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::scalar::{Float, Number, is_zero, null_as_default};
use crate::attribute::{Attribute, AttributeValue};
use crate::resource::{Resource, Scope};

/// Standard alphabet; padding is written, and read where it is there.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A list of key-value pairs on its way in.
#[derive(Deserialize, Default)]
#[serde(transparent)]
pub(in crate::otlp::json) struct AttributesIn(Vec<KeyValueIn>);

impl From<AttributesIn> for Vec<Attribute> {
    fn from(attributes: AttributesIn) -> Self {
        let attribute = |pair: KeyValueIn| Attribute {
            key: pair.key,
            value: pair.value.0,
        };
        attributes.0.into_iter().map(attribute).collect()
    }
}

#[derive(Deserialize)]
struct KeyValueIn {
    #[serde(default, deserialize_with = "null_as_default")]
    key: String,
    #[serde(default, deserialize_with = "null_as_default")]
    value: AnyValueIn,
}

/// An `AnyValue` on its way in.
#[derive(Default)]
pub(in crate::otlp::json) struct AnyValueIn(pub(in crate::otlp::json) AttributeValue);

#[derive(Deserialize)]
enum Kind {
    #[serde(rename = "stringValue", alias = "string_value")]
    String,
    #[serde(rename = "boolValue", alias = "bool_value")]
    Bool,
    #[serde(rename = "intValue", alias = "int_value")]
    Int,
    #[serde(rename = "doubleValue", alias = "double_value")]
    Double,
    #[serde(rename = "bytesValue", alias = "bytes_value")]
    Bytes,
    #[serde(rename = "arrayValue", alias = "array_value")]
    Array,
    #[serde(rename = "kvlistValue", alias = "kvlist_value")]
    Map,
    #[serde(other)]
    Unknown,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
struct List<T> {
    #[serde(default = "Vec::new", deserialize_with = "null_as_default")]
    values: Vec<T>,
}

impl<'de> Deserialize<'de> for AnyValueIn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(AnyValueVisitor)
    }
}

struct AnyValueVisitor;

impl<'de> Visitor<'de> for AnyValueVisitor {
    type Value = AnyValueIn;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with one member such as stringValue")
    }

    /// A `null` member counts as absent; of several members the last counts.
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<AnyValueIn, A::Error> {
        let mut value = AttributeValue::Empty;
        while let Some(kind) = members.next_key::<Kind>()? {
            let read = match kind {
                Kind::String => members
                    .next_value::<Option<_>>()?
                    .map(AttributeValue::String),
                Kind::Bool => members.next_value::<Option<_>>()?.map(AttributeValue::Bool),
                Kind::Int => members
                    .next_value::<Option<Number<i64>>>()?
                    .map(|number| AttributeValue::Int(number.0)),
                Kind::Double => members
                    .next_value::<Option<Float>>()?
                    .map(|number| AttributeValue::Double(number.0)),
                Kind::Bytes => match members.next_value::<Option<String>>()? {
                    Some(text) => Some(AttributeValue::Bytes(
                        decode_base64(text).map_err(A::Error::custom)?,
                    )),
                    None => None,
                },
                Kind::Array => members.next_value::<Option<List<Nullable>>>()?.map(|list| {
                    AttributeValue::Array(list.values.into_iter().map(|value| value.0).collect())
                }),
                Kind::Map => members
                    .next_value::<Option<List<KeyValueIn>>>()?
                    .map(|list| AttributeValue::Map(AttributesIn(list.values).into())),
                Kind::Unknown => {
                    members.next_value::<IgnoredAny>()?;
                    None
                }
            };
            value = read.unwrap_or(value);
        }
        Ok(AnyValueIn(value))
    }
}

/// A member of an array, where `null` is the empty value.
struct Nullable(AttributeValue);

impl<'de> Deserialize<'de> for Nullable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        null_as_default::<AnyValueIn, D>(deserializer).map(|value| Self(value.0))
    }
}

/// Protobuf's JSON mapping takes the standard and the URL-safe alphabet.
fn decode_base64(text: String) -> Result<Vec<u8>, String> {
    let standard = text.replace('-', "+").replace('_', "/");
    BASE64
        .decode(standard)
        .map_err(|error| format!("bytesValue is not base64: {error}"))
}

/// Attributes on their way out.
pub(in crate::otlp::json) struct AttributesOut<'a>(pub(in crate::otlp::json) &'a [Attribute]);

impl AttributesOut<'_> {
    pub(in crate::otlp::json) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for AttributesOut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|attribute| KeyValueOut {
            key: &attribute.key,
            value: AnyValueOut(&attribute.value),
        }))
    }
}

#[derive(Serialize)]
struct KeyValueOut<'a> {
    key: &'a str,
    value: AnyValueOut<'a>,
}

/// A value on its way out.
pub(in crate::otlp::json) struct AnyValueOut<'a>(pub(in crate::otlp::json) &'a AttributeValue);

#[derive(Serialize)]
struct ListOut<T> {
    values: T,
}

struct ValuesOut<'a>(&'a [AttributeValue]);

impl Serialize for ValuesOut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(AnyValueOut))
    }
}

impl Serialize for AnyValueOut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self.0 {
            AttributeValue::Empty => {}
            AttributeValue::String(text) => map.serialize_entry("stringValue", text)?,
            AttributeValue::Bool(value) => map.serialize_entry("boolValue", value)?,
            AttributeValue::Int(value) => map.serialize_entry("intValue", &value.to_string())?,
            AttributeValue::Double(value) => map.serialize_entry("doubleValue", &Float(*value))?,
            AttributeValue::Bytes(bytes) => {
                map.serialize_entry("bytesValue", &BASE64.encode(bytes))?
            }
            AttributeValue::Array(values) => {
                map.serialize_entry(
                    "arrayValue",
                    &ListOut {
                        values: ValuesOut(values),
                    },
                )?;
            }
            AttributeValue::Map(attributes) => {
                map.serialize_entry(
                    "kvlistValue",
                    &ListOut {
                        values: AttributesOut(attributes),
                    },
                )?;
            }
        }
        map.end()
    }
}

/// A resource on its way in.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::otlp::json) struct ResourceIn {
    #[serde(deserialize_with = "null_as_default")]
    attributes: AttributesIn,
    #[serde(
        alias = "dropped_attributes_count",
        deserialize_with = "null_as_default"
    )]
    dropped_attributes_count: Number<u32>,
}

impl From<ResourceIn> for Arc<Resource> {
    fn from(resource: ResourceIn) -> Self {
        Self::new(Resource {
            attributes: resource.attributes.into(),
            dropped_attributes_count: resource.dropped_attributes_count.0,
        })
    }
}

/// A resource on its way out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::otlp::json) struct ResourceOut<'a> {
    #[serde(skip_serializing_if = "AttributesOut::is_empty")]
    attributes: AttributesOut<'a>,
    #[serde(skip_serializing_if = "is_zero")]
    dropped_attributes_count: u32,
}

impl<'a> From<&'a Resource> for ResourceOut<'a> {
    fn from(resource: &'a Resource) -> Self {
        Self {
            attributes: AttributesOut(&resource.attributes),
            dropped_attributes_count: resource.dropped_attributes_count,
        }
    }
}

/// A scope on its way in.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::otlp::json) struct ScopeIn {
    #[serde(deserialize_with = "null_as_default")]
    name: String,
    #[serde(deserialize_with = "null_as_default")]
    version: String,
    #[serde(deserialize_with = "null_as_default")]
    attributes: AttributesIn,
    #[serde(
        alias = "dropped_attributes_count",
        deserialize_with = "null_as_default"
    )]
    dropped_attributes_count: Number<u32>,
}

impl From<ScopeIn> for Arc<Scope> {
    fn from(scope: ScopeIn) -> Self {
        Self::new(Scope {
            name: scope.name,
            version: scope.version,
            attributes: scope.attributes.into(),
            dropped_attributes_count: scope.dropped_attributes_count.0,
        })
    }
}

/// A scope on its way out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::otlp::json) struct ScopeOut<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    version: &'a str,
    #[serde(skip_serializing_if = "AttributesOut::is_empty")]
    attributes: AttributesOut<'a>,
    #[serde(skip_serializing_if = "is_zero")]
    dropped_attributes_count: u32,
}

impl<'a> From<&'a Scope> for ScopeOut<'a> {
    fn from(scope: &'a Scope) -> Self {
        Self {
            name: &scope.name,
            version: &scope.version,
            attributes: AttributesOut(&scope.attributes),
            dropped_attributes_count: scope.dropped_attributes_count,
        }
    }
}
