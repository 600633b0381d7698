//! The body of `GET /api/v1/audit`: who looked at what, and the body of `GET /api/v1/caller`.

use serde::{Deserialize, Serialize};

use crate::time::UnixNanos;

/// What is noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A trace, or what is concluded from it, was read.
    TraceViewed,
    /// A trace left as a file.
    TraceExported,
    /// A session's steps were read.
    SessionViewed,
    /// A session left as a file.
    SessionExported,
    /// A recording of what a visitor saw was read.
    RecordingViewed,
    /// A re-run of a session was read.
    RunViewed,
    /// A visitor's data was deleted, or counted.
    UserErased,
    /// The audit log was read.
    AuditRead,
    /// A request without a known token was turned away.
    Unauthenticated,
    /// A request with a token that lacks a role was turned away.
    Forbidden,
}

impl Event {
    /// Whether looking again, as whoever reads does, is the same look: it is noted once in a while.
    #[must_use]
    pub fn is_look(self) -> bool {
        matches!(
            self,
            Self::TraceViewed | Self::SessionViewed | Self::RecordingViewed | Self::RunViewed
        )
    }
}

/// One line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    /// When it was.
    pub time: UnixNanos,
    /// The name of the token; none where the server has no tokens, or the token was not known.
    pub who: Option<String>,
    /// What was done.
    pub event: Event,
    /// What it was done to, such as a session's id, or a recording's with its session's before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub what: Vec<String>,
    /// What there is to say besides, such as the role that was missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// The answer to `GET /api/v1/audit`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditResponse {
    /// The entries, newest first.
    pub entries: Vec<AuditEntry>,
    /// Where to go on, as the parameter `before`; none at the log's beginning.
    pub next: Option<u64>,
}

/// The answer to `GET /api/v1/caller`: whose token the request carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallerResponse {
    /// The token's name; none where the server has no tokens.
    pub name: Option<String>,
    /// What it may do: `view`, `replay`, `admin`.
    pub roles: Vec<String>,
}
