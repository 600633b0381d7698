//! Traces that began as another one did: with the same root of the same service.

use shared::id::TraceId;
use shared::query::{AlikeResponse, summarise};
use shared::trace::assemble;

use super::search::Bounds;
use crate::store::{Filter, Store, StoreError, Term};

/// How many traces are found at most.
const LIMIT: usize = 100;

/// The trace and the newest that are like it; `None` where it is unknown.
///
/// # Errors
/// [`StoreError`] where the store cannot be read.
pub fn alike(
    store: &dyn Store,
    id: TraceId,
    bounds: &Bounds,
) -> Result<Option<AlikeResponse>, StoreError> {
    let Some(trace) = summarise(&assemble(store.trace(id)?)) else {
        return Ok(None);
    };
    let filter = Filter {
        terms: vec![
            Term::Service(trace.root_service.clone()),
            Term::Name(trace.root_name.clone()),
        ],
        ..Filter::default()
    };
    let mut alike = Vec::new();
    let mut scanned_traces = 0;
    let mut more = false;
    for candidate in store.candidates(&filter)? {
        let candidate = candidate?;
        if alike.len() == LIMIT || bounds.reached() {
            more = true;
            break;
        }
        if candidate.id == id {
            continue;
        }
        scanned_traces += 1;
        let same_root = |other: &shared::query::TraceSummary| {
            other.root_name == trace.root_name && other.root_service == trace.root_service
        };
        alike.extend(summarise(&assemble(store.trace(candidate.id)?)).filter(same_root));
    }
    Ok(Some(AlikeResponse {
        trace,
        alike,
        scanned_traces,
        more,
    }))
}
