//! What a replay is given: the values that no session records, headers and a login.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::Deserialize;
use shared::session::{Instruction, Script, ValueReference};

/// The file that `--fixtures` names, in JSON.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fixtures {
    /// By the name in `{{input:NAME}}`.
    #[serde(default)]
    inputs: BTreeMap<String, Value>,
    /// By the name in `{{secret:NAME}}`.
    #[serde(default)]
    secrets: BTreeMap<String, Value>,
    /// Headers of every request to the environment, such as `Authorization`.
    #[serde(default)]
    headers: BTreeMap<String, Value>,
    /// A file of cookies and storage as Playwright's `storageState` writes it: somebody who is logged in.
    pub storage_state: Option<PathBuf>,
}

/// A value, or where to find it.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Value {
    /// As it stands.
    Text(String),
    /// In an environment variable.
    Variable {
        /// Its name.
        env: String,
    },
}

impl Value {
    fn read(&self) -> anyhow::Result<String> {
        match self {
            Self::Text(text) => Ok(text.clone()),
            Self::Variable { env } => std::env::var(env)
                .with_context(|| format!("the fixtures name the environment variable {env}")),
        }
    }
}

impl Fixtures {
    /// Reads the file.
    ///
    /// # Errors
    /// When it cannot be read or has a key that means nothing.
    pub fn read(path: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = path else {
            return Ok(Self::default());
        };
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the fixtures {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("in the fixtures {}", path.display()))
    }

    /// The headers for the environment.
    ///
    /// # Errors
    /// When a variable is not set.
    pub fn headers(&self) -> anyhow::Result<BTreeMap<String, String>> {
        self.headers
            .iter()
            .map(|(name, value)| Ok((name.to_ascii_lowercase(), value.read()?)))
            .collect()
    }

    /// What to enter; `None` where the fixtures do not say.
    ///
    /// # Errors
    /// When a variable is not set.
    pub fn value(&self, reference: &ValueReference) -> anyhow::Result<Option<String>> {
        let values = match reference {
            ValueReference::Input(_) => &self.inputs,
            ValueReference::Secret(_) => &self.secrets,
        };
        values.get(reference.name()).map(Value::read).transpose()
    }

    /// Fails where something has to be entered that the fixtures do not have.
    ///
    /// # Errors
    /// With the part of a fixtures file that is missing.
    pub fn suffice_for(&self, script: &Script) -> anyhow::Result<()> {
        let mut missing: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
        for one in script.instructions.iter().filter(|one| is_entered(one)) {
            if let Some(reference) = &one.step.value
                && self.value(reference)?.is_none()
            {
                let part = if reference.is_secret() {
                    "secrets"
                } else {
                    "inputs"
                };
                missing
                    .entry(part)
                    .or_default()
                    .insert(reference.name(), "…");
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        bail!(
            "no session records what was entered; give these values in a file with --fixtures:\n{}",
            serde_json::to_string_pretty(&missing)?
        )
    }
}

/// Whether the instruction enters a value, and does not merely press.
fn is_entered(instruction: &Instruction) -> bool {
    const PRESSED: [&str; 3] = ["radio", "checkbox", "switch"];
    let role = |selector: &shared::session::Selector| match selector.parts.last() {
        Some(shared::session::By::Role(role, _)) => PRESSED.contains(&role.as_str()),
        _ => false,
    };
    instruction.kind == "change" && !instruction.step.selectors.iter().any(role)
}

#[cfg(test)]
mod tests {
    use shared::session::{Selector, Step};

    use super::*;

    fn change(selector: &str, value: &str) -> Instruction {
        Instruction {
            kind: "change".to_owned(),
            name: String::new(),
            tab: 0,
            path: String::new(),
            step: Step {
                selectors: Selector::parse(selector).into_iter().collect(),
                value: ValueReference::parse(value),
                ..Step::default()
            },
            trace: None,
            leads_to: None,
        }
    }

    #[test]
    fn what_is_missing_is_told_as_it_must_be_written() {
        let script = Script {
            instructions: vec![
                change("testid=email", "{{input:email}}"),
                change("testid=card", "{{secret:card}}"),
                change("role=radio[name=\"Today\"]", "{{input:date}}"),
            ],
            ..Script::default()
        };
        let none = Fixtures::default();
        let error = none.suffice_for(&script).expect_err("values are missing");
        let text = error.to_string();
        assert!(
            text.contains("\"card\": \"…\"") && text.contains("\"email\""),
            "{text}"
        );
        assert!(!text.contains("date"), "a radio button is pressed: {text}");
        let all: Fixtures =
            serde_json::from_str(r#"{"inputs":{"email":"a@b.c"},"secrets":{"card":"42"}}"#)
                .expect("fixtures");
        assert!(all.suffice_for(&script).is_ok());
    }

    #[test]
    fn a_misspelt_key_is_refused() {
        assert!(serde_json::from_str::<Fixtures>(r#"{"secret":{}}"#).is_err());
    }
}
