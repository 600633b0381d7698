//! What stands for the value of a field in the step log.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A name for a value that is nowhere recorded.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ValueReference {
    /// What the user entered into the field of this name.
    Input(String),
    /// The same of a password, a card or a one-time code.
    Secret(String),
}

impl ValueReference {
    /// Reads `{{input:email}}` and `{{secret:card}}`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let inner = text.strip_prefix("{{")?.strip_suffix("}}")?;
        let (kind, name) = inner.split_once(':')?;
        match kind {
            "input" => Some(Self::Input(name.to_owned())),
            "secret" => Some(Self::Secret(name.to_owned())),
            _ => None,
        }
    }

    /// The name of the value.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Input(name) | Self::Secret(name) => name,
        }
    }

    /// Whether it must never be written down.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        matches!(self, Self::Secret(_))
    }
}

impl fmt::Display for ValueReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(name) => write!(f, "{{{{input:{name}}}}}"),
            Self::Secret(name) => write!(f, "{{{{secret:{name}}}}}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_and_written_alike() {
        for text in ["{{input:email}}", "{{secret:card}}", "{{input:a:b}}"] {
            let parsed = ValueReference::parse(text).expect(text);
            assert_eq!(parsed.to_string(), text);
        }
        for text in [
            "",
            "ada@example.org",
            "{{input}}",
            "{{other:x}}",
            "{{input:x",
        ] {
            assert_eq!(ValueReference::parse(text), None, "{text}");
        }
    }
}
