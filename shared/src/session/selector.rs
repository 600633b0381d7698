//! The step log's selectors: ways to an element, each of which found it alone when it was recorded.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One way to an element: each part is found within the one before.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Selector {
    /// At least one part.
    pub parts: Vec<By>,
}

/// By what an element is found in the document, or within the part before.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum By {
    /// `data-testid`.
    TestId(String),
    /// ARIA role and accessible name, in whole and as written.
    Role(String, String),
    /// Text of an element without a role.
    Text(String),
    /// A CSS selector.
    Css(String),
}

impl Selector {
    /// Reads a selector as the tracer writes it; `None` for a kind that this version does not know.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Option<Vec<By>> = split(text).into_iter().map(By::parse).collect();
        parts
            .filter(|parts| !parts.is_empty())
            .map(|parts| Self { parts })
    }

    /// As Playwright's `page.locator` takes it.
    #[must_use]
    pub fn to_playwright(&self) -> String {
        let parts: Vec<String> = self
            .parts
            .iter()
            .map(|part| match part {
                By::TestId(id) => format!("data-testid={id}"),
                other => other.to_string(),
            })
            .collect();
        parts.join(" >> ")
    }
}

/// The parts between ` >> `, which may stand in a role's name as well.
fn split(text: &str) -> Vec<&str> {
    const BETWEEN: &str = " >> ";
    const KINDS: [&str; 4] = ["testid=", "role=", "text=", "css="];
    let mut parts = Vec::new();
    let mut from = 0;
    let mut at = 0;
    while let Some(found) = text[at..].find(BETWEEN) {
        let next = at + found + BETWEEN.len();
        if KINDS.iter().any(|kind| text[next..].starts_with(kind)) {
            parts.push(&text[from..at + found]);
            from = next;
        }
        at = next;
    }
    parts.push(&text[from..]);
    parts
}

impl By {
    fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once('=')?;
        match kind {
            "testid" => Some(Self::TestId(rest.to_owned())),
            "text" => Some(Self::Text(rest.to_owned())),
            "css" => Some(Self::Css(rest.to_owned())),
            "role" => {
                let (role, name) = rest.strip_suffix(']')?.split_once("[name=")?;
                let name: String = serde_json::from_str(name).ok()?;
                let is_role =
                    !role.is_empty() && role.bytes().all(|byte| byte.is_ascii_alphabetic());
                is_role.then(|| Self::Role(role.to_owned(), name))
            }
            _ => None,
        }
    }
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TestId(id) => write!(f, "testid={id}"),
            Self::Role(role, name) => {
                let name = serde_json::Value::String(name.clone());
                write!(f, "role={role}[name={name}]")
            }
            Self::Text(text) => write!(f, "text={text}"),
            Self::Css(css) => write!(f, "css={css}"),
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.parts.iter().enumerate() {
            if index > 0 {
                f.write_str(" >> ")?;
            }
            write!(f, "{part}")?;
        }
        Ok(())
    }
}

impl Serialize for Selector {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Selector {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| serde::de::Error::custom(format!("{text:?} is no selector")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_are_read_and_written_alike() {
        for (text, parts, playwright) in [
            ("testid=book", 1, "data-testid=book"),
            (
                r#"role=button[name="Say \"hi\""]"#,
                1,
                r#"role=button[name="Say \"hi\""]"#,
            ),
            ("text=I accept = yes", 1, "text=I accept = yes"),
            (
                r#"testid=person-1 >> role=button[name="Delete"]"#,
                2,
                r#"data-testid=person-1 >> role=button[name="Delete"]"#,
            ),
            (
                r#"css=#card >> css=button:nth-of-type(1)"#,
                2,
                r#"css=#card >> css=button:nth-of-type(1)"#,
            ),
            (
                r#"role=link[name="a >> b"]"#,
                1,
                r#"role=link[name="a >> b"]"#,
            ),
        ] {
            let parsed = Selector::parse(text).expect(text);
            assert_eq!(parsed.parts.len(), parts, "{text}");
            assert_eq!(parsed.to_string(), text);
            assert_eq!(parsed.to_playwright(), playwright);
        }
    }

    #[test]
    fn what_is_no_selector_is_left_out() {
        for text in [
            "",
            "book",
            "xpath=//a",
            "role=button",
            "role=button[name=x]",
            "role=[name=\"x\"]",
        ] {
            assert_eq!(Selector::parse(text), None, "{text}");
        }
    }
}
