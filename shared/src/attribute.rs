//! Attributes: OpenTelemetry's key-value pairs, with every kind of value that OTLP carries.

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute {
    /// The attribute's name, such as `http.request.method`.
    pub key: String,
    /// Its value.
    pub value: AttributeValue,
}

/// A value of any kind that OTLP's `AnyValue` has.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum AttributeValue {
    /// An `AnyValue` in which nothing is set.
    #[default]
    Empty,
    /// A text.
    String(String),
    /// A truth value.
    Bool(bool),
    /// A 64-bit integer.
    Int(i64),
    /// A floating-point number.
    Double(f64),
    /// Raw bytes.
    Bytes(Vec<u8>),
    /// A list; its members may be of different kinds.
    Array(Vec<AttributeValue>),
    /// A list of key-value pairs.
    Map(Vec<Attribute>),
}

impl Attribute {
    /// Makes an attribute from anything that is a value.
    pub fn new(key: impl Into<String>, value: impl Into<AttributeValue>) -> Self {
        Self {
            key: key.into(),
            value: value.into(),
        }
    }
}

impl AttributeValue {
    /// The text, where the value is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The integer, where the value is one.
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            _ => None,
        }
    }
}

impl std::fmt::Display for AttributeValue {
    /// The value as a person reads it: texts bare, bytes in hexadecimal, lists and maps like JSON.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Empty => Ok(()),
            Self::String(text) => f.write_str(text),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Double(value) => write!(f, "{value}"),
            Self::Bytes(bytes) => bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
            Self::Array(values) => {
                f.write_str("[")?;
                for (index, value) in values.iter().enumerate() {
                    if index > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{value}")?;
                }
                f.write_str("]")
            }
            Self::Map(attributes) => {
                f.write_str("{")?;
                for (index, attribute) in attributes.iter().enumerate() {
                    if index > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{}: {}", attribute.key, attribute.value)?;
                }
                f.write_str("}")
            }
        }
    }
}

/// The value of the first attribute named `key`.
#[must_use]
pub fn find<'a>(attributes: &'a [Attribute], key: &str) -> Option<&'a AttributeValue> {
    attributes
        .iter()
        .find(|attribute| attribute.key == key)
        .map(|attribute| &attribute.value)
}

/// The text of the first attribute named `key`, where it is one.
#[must_use]
pub fn find_str<'a>(attributes: &'a [Attribute], key: &str) -> Option<&'a str> {
    find(attributes, key).and_then(AttributeValue::as_str)
}

macro_rules! from {
    ($from:ty, $variant:ident) => {
        impl From<$from> for AttributeValue {
            fn from(value: $from) -> Self {
                Self::$variant(value.into())
            }
        }
    };
}
from!(&str, String);
from!(String, String);
from!(bool, Bool);
from!(i64, Int);
from!(f64, Double);
from!(Vec<u8>, Bytes);
