//! Answers questions over a store. Knows no HTTP.
//!
//! A search is planned onto the store's indexes ([`plan`]), which offer candidates newest first, and
//! every candidate is assembled and asked the query itself ([`search`]): the indexes only have to
//! leave out nothing, and both stores give the same answers. What is asked about a whole range of
//! time is counted by the minute ([`map`]), and what arrives is told from a journal ([`tail`]).

pub mod alike;
pub mod erase;
pub mod map;
pub mod parts;
pub mod plan;
pub mod search;
pub mod services;
pub mod sessions;
pub mod tags;
pub mod tail;
pub mod time;

use shared::id::{SpanId, TraceId};
use shared::query::traceql::Query;
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

/// The spans that a query finds in a trace, parents before their children; `None` where the trace is
/// unknown.
///
/// # Errors
/// [`StoreError`] where the trace cannot be read.
pub fn matches(
    store: &dyn Store,
    id: TraceId,
    query: &Query,
) -> Result<Option<Vec<SpanId>>, StoreError> {
    let trace = assemble(store.trace(id)?);
    if trace.nodes.is_empty() {
        return Ok(None);
    }
    let found = query.matches(&trace);
    let ids = found.into_iter().map(|node| trace.span(node).span_id);
    Ok(Some(ids.collect()))
}
