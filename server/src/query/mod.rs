//! Answers questions over a store. Knows no HTTP.
//!
//! A search is planned onto the store's indexes ([`plan`]), which offer candidates newest first, and
//! every candidate is assembled and asked the query itself ([`search`]): the indexes only have to
//! leave out nothing, and both stores give the same answers. What is asked about a whole range of
//! time is counted by the minute ([`map`]).

pub mod map;
pub mod plan;
pub mod search;
pub mod time;

use shared::id::TraceId;
use shared::span::SpanRecord;
use shared::trace::assemble;

use crate::store::{Store, StoreError};

/// The distinct spans of a trace, parents before their children; empty where it is unknown.
///
/// # Errors
/// [`StoreError`] where the trace cannot be read.
pub fn trace(store: &dyn Store, id: TraceId) -> Result<Vec<SpanRecord>, StoreError> {
    let trace = assemble(store.trace(id)?);
    Ok(trace.nodes.into_iter().map(|node| node.record).collect())
}
