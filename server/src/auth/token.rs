//! A token as it is configured: a name, roles, and where its value is. The value itself is never in a configuration.

use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context as _, bail, ensure};
use clap::ValueEnum as _;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::Role;

/// A shorter value could be guessed.
const MIN_VALUE_BYTES: usize = 20;

const MAX_NAME_BYTES: usize = 64;

/// `NAME ROLES SECRET`, such as `ci view,replay file:/run/secrets/ci`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenSpec {
    /// What the audit log calls it.
    pub name: String,
    /// What it allows.
    pub roles: Vec<Role>,
    secret: Secret,
}

/// Where a token's value is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Secret {
    /// Its SHA-256.
    Sha256([u8; 32]),
    /// A file whose only line it is.
    File(PathBuf),
    /// An environment variable.
    Env(String),
}

/// One `[[token]]` of the configuration file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenTable {
    name: String,
    roles: Vec<String>,
    sha256: Option<String>,
    file: Option<String>,
    env: Option<String>,
}

impl TokenTable {
    /// As the flag `--tokens` has it.
    ///
    /// # Errors
    /// When it does not say in exactly one way where the value is.
    pub fn to_flag(&self) -> anyhow::Result<String> {
        let secret = match (&self.sha256, &self.file, &self.env) {
            (Some(hash), None, None) => format!("sha256:{hash}"),
            (None, Some(path), None) => format!("file:{path}"),
            (None, None, Some(name)) => format!("env:{name}"),
            _ => bail!(
                "the token {} needs one of `sha256`, `file` and `env`",
                self.name
            ),
        };
        Ok(format!("{} {} {secret}", self.name, self.roles.join(",")))
    }
}

impl FromStr for TokenSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "expected NAME ROLES SECRET, such as \"ci view,replay file:/run/secrets/ci\"; \
                                a secret is sha256:HEX, file:PATH or env:NAME";
        let mut parts = text.trim().splitn(3, ' ');
        let (Some(name), Some(roles), Some(secret)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(EXPECTED.to_owned());
        };
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.@".contains(&byte);
        if name.is_empty() || name.len() > MAX_NAME_BYTES || !name.bytes().all(is_name) {
            return Err(format!(
                "{name:?} is no token's name: 1 to {MAX_NAME_BYTES} letters, digits, -, _, . and @"
            ));
        }
        let roles = roles
            .split(',')
            .map(|role| {
                Role::from_str(role, false)
                    .map_err(|_| format!("{role:?} is no role: view, replay, admin"))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let secret = match secret.trim().split_once(':') {
            Some(("sha256", hex)) => Secret::Sha256(digest(hex).ok_or(
                "a SHA-256 has 64 hexadecimal digits; `printf %s \"$TOKEN\" | sha256sum` writes it",
            )?),
            Some(("file", path)) if !path.is_empty() => Secret::File(path.into()),
            Some(("env", name)) if !name.is_empty() => Secret::Env(name.to_owned()),
            _ => return Err(EXPECTED.to_owned()),
        };
        Ok(Self {
            name: name.to_owned(),
            roles,
            secret,
        })
    }
}

impl TokenSpec {
    /// The SHA-256 of the token's value.
    ///
    /// # Errors
    /// When the value cannot be read, or is none.
    pub fn digest(&self) -> anyhow::Result<[u8; 32]> {
        let name = &self.name;
        let value = match &self.secret {
            Secret::Sha256(digest) => return Ok(*digest),
            Secret::File(path) => std::fs::read_to_string(path)
                .with_context(|| format!("the token {name}: cannot read {}", path.display()))?,
            Secret::Env(variable) => std::env::var(variable).with_context(|| {
                format!("the token {name}: the environment has no variable {variable}")
            })?,
        };
        let value = value.trim();
        ensure!(
            value.len() >= MIN_VALUE_BYTES && !value.contains(char::is_whitespace),
            "the token {name}: its value must be one word of {MIN_VALUE_BYTES} characters or more; \
             `openssl rand -base64 32` makes one"
        );
        Ok(Sha256::digest(value).into())
    }
}

fn digest(hex: &str) -> Option<[u8; 32]> {
    let bytes = hex.as_bytes();
    if bytes.len() != 64 || !bytes.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut digest = [0; 32];
    for (byte, pair) in digest.iter_mut().zip(bytes.chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(digest)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_wrong_token_says_what_is_wrong_with_it() {
        let hash = "0".repeat(64);
        for (text, part) in [
            ("ci", "expected NAME ROLES SECRET"),
            ("c/i view env:X", "no token's name"),
            ("ci look env:X", "no role"),
            ("ci view,look env:X", "no role"),
            ("ci view sha256:12", "64 hexadecimal digits"),
            ("ci view hunter2", "a secret is"),
            ("ci view file:", "a secret is"),
        ] {
            let error = text.parse::<TokenSpec>().expect_err(text);
            assert!(error.contains(part), "{text}: {error}");
        }
        let good: TokenSpec = format!("a-b.c view,admin sha256:{hash}")
            .parse()
            .expect("a token");
        assert_eq!(good.digest().expect("a digest"), [0; 32]);
        assert_eq!(good.roles, [Role::View, Role::Admin]);
    }

    #[test]
    fn a_value_is_read_from_a_file_without_its_newline() {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        let spec: TokenSpec = format!("ci view file:{}", file.path().display())
            .parse()
            .expect("a token");
        assert!(spec.digest().is_err(), "an empty file");
        writeln!(file, "a-value-that-is-long-enough").expect("written");
        let expected: [u8; 32] = Sha256::digest("a-value-that-is-long-enough").into();
        assert_eq!(spec.digest().expect("a digest"), expected);
        let missing: TokenSpec = "ci view env:THROUGHLINE_NO_SUCH_VARIABLE"
            .parse()
            .expect("a token");
        let error = missing.digest().expect_err("there is none").to_string();
        assert!(error.contains("THROUGHLINE_NO_SUCH_VARIABLE"), "{error}");
    }
}
