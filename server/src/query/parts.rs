//! Why nothing was found: what a search finds without each of its parts.

use std::time::Instant;

use shared::query::traceql::Query;
use shared::query::{PartsResponse, SearchPart};
use shared::time::UnixNanos;

use super::search::{Bounds, Search, search};
use crate::store::{Store, StoreError};

/// More parts than this are not tried: nobody reads on.
const MAX_PARTS: usize = 12;

/// Leaves out each part in turn. The time is shared out evenly, so that one part that takes long
/// does not take the answers about the others away.
///
/// # Errors
/// [`StoreError`] where the store cannot be read.
pub fn parts(
    store: &dyn Store,
    whole: &Search,
    bounds: &Bounds,
) -> Result<PartsResponse, StoreError> {
    let narrowed = whole.start > UnixNanos(0) || whole.end < UnixNanos(u64::MAX);
    let probes = whole.query.probes();
    let untried = probes.len().saturating_sub(MAX_PARTS) as u32;
    let mut tries: Vec<(Option<String>, Search)> = probes
        .into_iter()
        .take(MAX_PARTS)
        .map(|probe| {
            let without = Search {
                query: probe.without,
                ..whole.clone()
            };
            (Some(probe.part), without)
        })
        .collect();
    if narrowed {
        let always = Search {
            start: UnixNanos(0),
            end: UnixNanos(u64::MAX),
            ..whole.clone()
        };
        tries.push((None, always));
    }
    let mut parts = Vec::with_capacity(tries.len());
    let mut left = tries.len() as u32;
    for (part, without) in tries {
        let now = Instant::now();
        let share = Bounds {
            deadline: now + bounds.deadline.saturating_duration_since(now) / left,
            ..bounds.clone()
        };
        left -= 1;
        let query = text(&without.query);
        let first = Search {
            limit: 1,
            spans: 0,
            after: None,
            ..without
        };
        let found = if bounds.reached() {
            None
        } else {
            let answer = search(store, &first, &share)?;
            match answer.traces.is_empty() {
                false => Some(true),
                true if answer.more => None,
                true => Some(false),
            }
        };
        parts.push(SearchPart { part, query, found });
    }
    Ok(PartsResponse { parts, untried })
}

/// The query as text, without the spansets that leave nothing out.
fn text(query: &Query) -> String {
    if query.finds_all() {
        String::new()
    } else {
        query.to_string()
    }
}
