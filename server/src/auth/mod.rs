//! Who may ask the private face for what: bearer tokens (RFC 6750) with roles.
//!
//! ```text
//! request ─ gate ─ Access: whose token is it? ─ policy: which role does the path need? ─▶ handler
//!                     │ 401                        │ 403              │ what policy says is noted
//!                     └────────────── audit: an append-only file ◀────┘
//! ```
//!
//! Without any token the server listens on loopback addresses alone, and whoever is on the machine may do everything.
//! With tokens every request to the API needs one, from this machine too.

pub mod audit;
pub mod gate;
pub mod policy;
mod token;

use std::fmt;
use std::sync::Arc;

use anyhow::ensure;
use clap::ValueEnum;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

pub use token::{TokenSpec, TokenTable};

/// What somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Traces, searches, the map, the step logs of sessions; notes may be written.
    View,
    /// Recordings of what visitors saw, and re-runs of sessions.
    Replay,
    /// Everything: to delete a visitor's data and to read the audit log.
    Admin,
}

impl Role {
    /// As it is configured.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Replay => "replay",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The tokens that the server knows, by the hashes of their values.
#[derive(Debug, Default)]
pub struct Access {
    tokens: Vec<Known>,
}

#[derive(Debug)]
struct Known {
    digest: [u8; 32],
    caller: Caller,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The token's name; none where the server has no tokens.
    pub name: Option<Arc<str>>,
    roles: Arc<[Role]>,
}

impl Caller {
    /// Somebody on this machine, where no token is configured.
    #[must_use]
    pub fn anyone() -> Self {
        Self {
            name: None,
            roles: [Role::Admin].into(),
        }
    }

    /// Whether a role is among those of the token; `admin` has all.
    #[must_use]
    pub fn may(&self, role: Role) -> bool {
        self.roles.contains(&role) || self.roles.contains(&Role::Admin)
    }

    /// The roles as configured.
    #[must_use]
    pub fn roles(&self) -> &[Role] {
        &self.roles
    }
}

/// Why nobody is known behind a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unknown {
    /// There is no token in it.
    #[error(
        "this server asks for a token: send it as the header `Authorization: Bearer TOKEN`, or sign in to the viewer"
    )]
    Missing,
    /// It is none of the tokens that the server knows.
    #[error("this server does not know the token: ask whoever configured it")]
    Wrong,
}

impl Access {
    /// Reads the values that the configuration points to.
    ///
    /// # Errors
    /// When a value cannot be read or is too short, or two tokens have the same name or value.
    pub fn new(specs: &[TokenSpec]) -> anyhow::Result<Self> {
        let mut tokens: Vec<Known> = Vec::new();
        for spec in specs {
            let digest = spec.digest()?;
            for known in &tokens {
                ensure!(
                    known.caller.name.as_deref() != Some(spec.name.as_str()),
                    "two tokens are named {}: the audit log could not tell them apart",
                    spec.name
                );
                ensure!(
                    known.digest != digest,
                    "the tokens {} and {} have the same value",
                    known.caller.name.as_deref().unwrap_or_default(),
                    spec.name
                );
            }
            tokens.push(Known {
                digest,
                caller: Caller {
                    name: Some(spec.name.as_str().into()),
                    roles: spec.roles.as_slice().into(),
                },
            });
        }
        Ok(Self { tokens })
    }

    /// Whether requests need a token.
    #[must_use]
    pub fn is_required(&self) -> bool {
        !self.tokens.is_empty()
    }

    /// Who sent a request, by the value of its header `Authorization`.
    ///
    /// # Errors
    /// [`Unknown`].
    pub fn caller(&self, authorization: Option<&[u8]>) -> Result<Caller, Unknown> {
        if !self.is_required() {
            return Ok(Caller::anyone());
        }
        let given = authorization.and_then(bearer).ok_or(Unknown::Missing)?;
        let digest: [u8; 32] = Sha256::digest(given).into();
        // Every token is compared, and each in the same time: how long the answer takes tells nothing.
        let mut found = None;
        for known in &self.tokens {
            if bool::from(known.digest.ct_eq(&digest)) {
                found = Some(known);
            }
        }
        found
            .map(|known| known.caller.clone())
            .ok_or(Unknown::Wrong)
    }
}

/// The token in `Bearer TOKEN`; the scheme's case does not matter (RFC 9110 §11.1).
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(7)?;
    let token = token.trim_ascii();
    (scheme.eq_ignore_ascii_case(b"bearer ") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access() -> Access {
        let specs: Vec<TokenSpec> = [
            format!("ci view,replay {}", hash_of("a value that is long enough")),
            format!("ops admin {}", hash_of("another value, also long enough")),
        ]
        .iter()
        .map(|text| text.parse().expect("a token"))
        .collect();
        Access::new(&specs).expect("tokens")
    }

    fn hash_of(value: &str) -> String {
        let digest = Sha256::digest(value);
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("sha256:{hex}")
    }

    #[test]
    fn a_token_is_known_by_its_value_alone() {
        let access = access();
        for (header, expected, reason) in [
            (
                Some("Bearer a value that is long enough"),
                Ok("ci"),
                "a token",
            ),
            (
                Some("bearer  another value, also long enough "),
                Ok("ops"),
                "another spelling",
            ),
            (
                Some("Bearer a value that is long enoug"),
                Err(Unknown::Wrong),
                "cut short",
            ),
            (Some("Bearer "), Err(Unknown::Missing), "no value"),
            (Some("Basic YTpi"), Err(Unknown::Missing), "another scheme"),
            (None, Err(Unknown::Missing), "no header"),
        ] {
            let caller = access.caller(header.map(str::as_bytes));
            let name = caller
                .as_ref()
                .map(|caller| caller.name.as_deref().expect("a name"));
            assert_eq!(name.map_err(|error| *error), expected, "{reason}");
        }
        let anyone = Access::default().caller(None).expect("no token is needed");
        assert!(anyone.may(Role::Admin));
    }

    #[test]
    fn roles_are_those_of_the_token_and_admin_has_all() {
        let access = access();
        let ci = access
            .caller(Some(b"Bearer a value that is long enough"))
            .expect("known");
        assert!(ci.may(Role::View) && ci.may(Role::Replay) && !ci.may(Role::Admin));
        let ops = access
            .caller(Some(b"Bearer another value, also long enough"))
            .expect("known");
        assert!(ops.may(Role::View) && ops.may(Role::Replay) && ops.may(Role::Admin));
    }

    #[test]
    fn tokens_that_cannot_be_told_apart_are_refused() {
        let spec = |text: String| text.parse::<TokenSpec>().expect("a token");
        let one = spec(format!("a view {}", hash_of("one")));
        let same_value = spec(format!("b admin {}", hash_of("one")));
        let same_name = spec(format!("a admin {}", hash_of("two")));
        assert!(Access::new(&[one.clone(), same_value]).is_err());
        assert!(Access::new(&[one, same_name]).is_err());
    }
}
