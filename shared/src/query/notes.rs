//! Notes that people pin to a trace: the bodies of `/api/v1/traces/{id}/notes`.

use serde::{Deserialize, Serialize};

use crate::id::SpanId;
use crate::time::UnixNanos;

/// The longest text of a note, in bytes.
pub const MAX_NOTE_BYTES: usize = 10_000;

/// The longest name of an author, in bytes.
pub const MAX_AUTHOR_BYTES: usize = 200;

/// So many notes may be pinned to one trace.
pub const MAX_NOTES: usize = 500;

/// A note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Note {
    /// Its id, 16 hexadecimal digits that whoever writes it makes up.
    pub id: SpanId,
    /// The span that it is pinned to; none where it is about the whole trace.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub span_id: Option<SpanId>,
    /// Who wrote it, in their own words.
    pub author: String,
    /// What it says: plain text.
    pub text: String,
    /// When it was written first.
    pub created: UnixNanos,
    /// When it was written last.
    pub updated: UnixNanos,
}

/// The body of `PUT /api/v1/traces/{id}/notes/{note}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NoteRequest {
    /// The span that it is pinned to.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub span_id: Option<SpanId>,
    /// Who writes it.
    #[serde(default)]
    pub author: String,
    /// What it says.
    pub text: String,
}

/// The answer to `GET /api/v1/traces/{id}/notes`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NotesResponse {
    /// Every note of the trace, oldest first.
    pub notes: Vec<Note>,
}
