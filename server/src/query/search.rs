//! Finds traces, newest first.

use std::cmp::Reverse;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use shared::query::traceql::{Found, Query};
use shared::query::{
    FieldValue, Matched, MatchedSpan, MatchedSpanset, SearchResponse, Stopped, summarise,
};
use shared::time::UnixNanos;
use shared::trace::{Trace, assemble};

use super::plan::plan;
use crate::store::{Candidate, Filter, Store, StoreError};

/// What to look for.
#[derive(Debug, Clone)]
pub struct Search {
    /// The query.
    pub query: Query,
    /// The earliest start of a trace.
    pub start: UnixNanos,
    /// The latest start of a trace.
    pub end: UnixNanos,
    /// Only traces behind this one: where the page before ended.
    pub after: Option<Candidate>,
    /// How many traces to find at most.
    pub limit: usize,
    /// How many matched spans and spansets of a trace to list at most.
    pub spans: usize,
}

impl Default for Search {
    /// The newest traces.
    fn default() -> Self {
        Self {
            query: Query::default(),
            start: UnixNanos(0),
            end: UnixNanos(u64::MAX),
            after: None,
            limit: 20,
            spans: 3,
        }
    }
}

/// How long a search may work.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// When it answers with what it has.
    pub deadline: Instant,
    /// Set when nobody waits for the answer any more.
    pub cancelled: Arc<AtomicBool>,
}

impl Bounds {
    /// Until a deadline, for someone who waits.
    #[must_use]
    pub fn until(deadline: Instant) -> Self {
        Self {
            deadline,
            cancelled: Arc::default(),
        }
    }

    /// Whether the time is up.
    #[must_use]
    pub fn reached(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed) || Instant::now() >= self.deadline
    }
}

impl Search {
    /// Which traces the store has to offer.
    #[must_use]
    pub fn filter(&self) -> Filter {
        Filter {
            start: self.start,
            end: self.end,
            after: self.after,
            ..plan(&self.query)
        }
    }
}

/// Searches until `limit` traces are found, all are looked at, or the time is up; the answer says
/// which, and where the next page begins.
///
/// # Errors
/// [`StoreError`] where the store cannot be read.
pub fn search(
    store: &dyn Store,
    search: &Search,
    bounds: &Bounds,
) -> Result<SearchResponse, StoreError> {
    let mut response = SearchResponse {
        traces: Vec::new(),
        matched: Vec::new(),
        scanned_traces: 0,
        scanned_spans: 0,
        stopped: Stopped::End,
        more: false,
        next: None,
    };
    let mut last = search.after;
    for candidate in store.candidates(&search.filter())? {
        let candidate = candidate?;
        // At least one is looked at, so that who goes on always gets further.
        if response.scanned_traces > 0 && bounds.reached() {
            response.stopped = Stopped::Deadline;
            break;
        }
        let trace = assemble(store.trace(candidate.id)?);
        response.scanned_traces += 1;
        response.scanned_spans += trace.nodes.len() as u64;
        let found = search.query.find(&trace);
        // One beyond the limit is looked for, so that `more` is known and not guessed.
        if !found.nodes.is_empty() && response.traces.len() == search.limit {
            response.stopped = Stopped::Limit;
            break;
        }
        if !found.nodes.is_empty()
            && let Some(mut summary) = summarise(&trace)
        {
            let matched = matched(&search.query, &trace, &found, search.spans);
            summary.noted = noted(&matched);
            response.traces.push(summary);
            response.matched.push(matched);
        }
        last = Some(candidate);
    }
    if response.stopped != Stopped::End {
        response.more = true;
        response.next = last.map(cursor);
    }
    Ok(response)
}

/// The first spans and spansets that a query found.
pub(super) fn matched(query: &Query, trace: &Trace, found: &Found, limit: usize) -> Matched {
    let selected = query.selected();
    let span = |node: &u32| {
        let record = &trace.nodes[*node as usize].record;
        MatchedSpan {
            span_id: record.span.span_id,
            name: record.span.name.clone(),
            service: record.resource.service_name().to_owned(),
            start: record.span.start - trace.start,
            duration: record.span.duration(),
            failed: record.span.is_error(),
            selected: selected
                .iter()
                .map(|field| FieldValue {
                    field: field.to_string(),
                    value: field.value(trace, *node).to_string(),
                })
                .collect(),
        }
    };
    let of_note = |spanset: &&shared::query::traceql::Spanset| !spanset.values.is_empty();
    Matched {
        span_count: found.nodes.len() as u32,
        spans: found.nodes.iter().take(limit).map(span).collect(),
        spanset_count: found.spansets.len() as u32,
        spansets: found
            .spansets
            .iter()
            .filter(of_note)
            .take(limit)
            .map(|spanset| MatchedSpanset {
                span_count: spanset.nodes.len() as u32,
                values: spanset
                    .values
                    .iter()
                    .map(|(field, value)| FieldValue {
                        field: field.clone(),
                        value: value.to_string(),
                    })
                    .collect(),
            })
            .collect(),
    }
}

/// What the listed spans and spansets say.
pub(super) fn noted(matched: &Matched) -> Vec<String> {
    let groups = matched.spansets.iter().flat_map(|spanset| &spanset.values);
    let selected = matched.spans.iter().flat_map(|span| &span.selected);
    let mut noted: Vec<String> = Vec::new();
    for value in groups.chain(selected) {
        let text = format!("{} = {}", value.field, value.value);
        if !noted.contains(&text) {
            noted.push(text);
        }
    }
    noted
}

/// The place behind a trace, as an address carries it.
#[must_use]
pub fn cursor(candidate: Candidate) -> String {
    format!("{}-{}", candidate.start.0.0, candidate.id)
}

/// Reads a [`cursor`].
#[must_use]
pub fn parse_cursor(text: &str) -> Option<Candidate> {
    let (start, id) = text.split_once('-')?;
    Some(Candidate {
        start: Reverse(UnixNanos(start.parse().ok()?)),
        id: id.parse().ok()?,
    })
}
