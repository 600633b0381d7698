//! Finds traces, newest first.

use std::time::Instant;

use shared::query::traceql::Query;
use shared::query::{SearchResponse, summarise};
use shared::time::UnixNanos;
use shared::trace::assemble;

use super::plan::plan;
use crate::store::{Filter, Store, StoreError};

/// What to look for.
#[derive(Debug, Clone)]
pub struct Search {
    /// The query.
    pub query: Query,
    /// The earliest start of a trace.
    pub start: UnixNanos,
    /// The latest start of a trace.
    pub end: UnixNanos,
    /// How many traces to find at most.
    pub limit: usize,
}

/// Searches until `limit` traces are found, all are looked at, or the deadline is reached; the
/// answer says whether there may be more.
///
/// # Errors
/// [`StoreError`] where the store cannot be read.
pub fn search(
    store: &dyn Store,
    search: &Search,
    deadline: Instant,
) -> Result<SearchResponse, StoreError> {
    let filter = Filter {
        start: search.start,
        end: search.end,
        ..plan(&search.query)
    };
    let mut response = SearchResponse {
        traces: Vec::new(),
        scanned_traces: 0,
        more: false,
    };
    for id in store.candidates(&filter)? {
        let id = id?;
        if Instant::now() >= deadline {
            response.more = true;
            break;
        }
        let trace = assemble(store.trace(id)?);
        response.scanned_traces += 1;
        if search.query.matches(&trace).is_empty() {
            continue;
        }
        // One beyond the limit is looked for, so that `more` is known and not guessed.
        if response.traces.len() == search.limit {
            response.more = true;
            break;
        }
        response.traces.extend(summarise(&trace));
    }
    Ok(response)
}
