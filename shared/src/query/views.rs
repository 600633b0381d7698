//! Searches that a team keeps by name: the bodies of `/api/v1/views`.

use serde::{Deserialize, Serialize};

use crate::id::SpanId;
use crate::time::UnixNanos;

/// The longest name of a view, in bytes.
pub const MAX_VIEW_NAME_BYTES: usize = 200;

/// The longest address of a view, in bytes.
pub const MAX_VIEW_ADDRESS_BYTES: usize = 8_000;

/// So many views are kept.
pub const MAX_VIEWS: usize = 500;

/// A search with a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct View {
    /// Its id, 16 hexadecimal digits that whoever writes it makes up.
    pub id: SpanId,
    /// Its name.
    pub name: String,
    /// The search page's path and query: `q` in TraceQL, the filters beside it, and `range`.
    pub address: String,
    /// Who keeps it, in their own words; may be empty.
    pub author: String,
    /// When it was written first.
    pub created: UnixNanos,
    /// When it was written last.
    pub updated: UnixNanos,
}

/// The body of `PUT /api/v1/views/{view}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ViewRequest {
    /// Its name.
    pub name: String,
    /// The search page's path and query.
    pub address: String,
    /// Who keeps it.
    #[serde(default)]
    pub author: String,
}

/// The answer to `GET /api/v1/views`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ViewsResponse {
    /// Every view, by name.
    pub views: Vec<View>,
}
