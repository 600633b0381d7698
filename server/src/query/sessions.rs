//! Finds sessions, the one with the latest trace first, and reads one.
//!
//! A store lists traces, not sessions. So the traces that a browser has a part in are walked from the newest to the
//! oldest; each session that turns up is read whole by its id, which the stores' indexes know, and judged. A session's
//! place in the list is that of its newest trace, and a page of the list goes on behind the last trace of the one before.

use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::time::Instant;

use shared::query::session::{
    ReplayGap, ReplayStream, SessionResponse, SessionSummary, SessionTrace, SessionsResponse,
    describe, session_of,
};
use shared::semconv;
use shared::span::SpanRecord;
use shared::time::{DurationNanos, UnixNanos};
use shared::trace::assemble;

use super::search::cursor;
use crate::store::{Candidate, Filter, Store, StoreError, Term};

/// A session has four hours at most; what has more traces than this is no visit, and is cut, which the answer says.
pub const MAX_TRACES: usize = 2_000;

/// So many missing chunks are named.
const MAX_MISSING: usize = 100;

/// Which sessions to find.
#[derive(Debug, Clone)]
pub struct Search {
    /// The earliest start of a session's newest trace.
    pub start: UnixNanos,
    /// The latest.
    pub end: UnixNanos,
    /// What is asked of a session.
    pub wanted: Wanted,
    /// Where the previous page ended.
    pub after: Option<Candidate>,
    /// How many to find at most.
    pub limit: usize,
}

/// What is asked of a session; every condition must hold.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// One of the visitor's `user.*` attributes has this text, in any case.
    pub user: Option<String>,
    /// One of its routes has this text.
    pub route: Option<String>,
    /// Something went wrong.
    pub error: bool,
    /// A web vital was rated so, or worse.
    pub vitals: Option<Rating>,
    /// There were rage clicks.
    pub rage: bool,
    /// It lasted at least this long.
    pub longer: Option<DurationNanos>,
    /// It lasted at most this long.
    pub shorter: Option<DurationNanos>,
}

/// A rating of a web vital that somebody looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rating {
    /// `needs-improvement`, or worse.
    NeedsImprovement,
    /// `poor`.
    Poor,
}

impl Wanted {
    fn accepts(&self, session: &SessionSummary) -> bool {
        let has = |text: &str, wanted: &str| text.to_lowercase().contains(&wanted.to_lowercase());
        let duration = session.end - session.start;
        let rated = |rating: Rating| {
            session.vitals.iter().any(|vital| match rating {
                Rating::Poor => vital.rating == "poor",
                Rating::NeedsImprovement => vital.rating != "good",
            })
        };
        self.user
            .as_ref()
            .is_none_or(|user| session.user.values().any(|value| has(value, user)))
            && self
                .route
                .as_ref()
                .is_none_or(|route| session.routes.iter().any(|known| has(known, route)))
            && (!self.error || session.error_count > 0)
            && self.vitals.is_none_or(rated)
            && (!self.rage || session.rage_count > 0)
            && self.longer.is_none_or(|longer| duration >= longer)
            && self.shorter.is_none_or(|shorter| duration <= shorter)
    }
}

/// Searches until `limit` sessions are found, all are looked at, or the deadline is reached; the answer says whether
/// there may be more, and where to go on.
///
/// # Errors
/// [`StoreError`] where the store cannot be read.
pub fn search(
    store: &dyn Store,
    search: &Search,
    deadline: Instant,
) -> Result<SessionsResponse, StoreError> {
    let filter = Filter {
        start: search.start,
        end: search.end,
        after: search.after,
        terms: vec![Term::Attribute {
            key: semconv::TELEMETRY_SDK_LANGUAGE.to_owned(),
            value: "webjs".into(),
        }],
        ..Filter::default()
    };
    let mut response = SessionsResponse {
        sessions: Vec::new(),
        scanned_traces: 0,
        scanned_sessions: 0,
        more: false,
        next: None,
    };
    let mut seen = HashSet::new();
    let mut last = search.after;
    'walk: for candidate in store.candidates(&filter)? {
        let candidate = candidate?;
        if Instant::now() >= deadline {
            response.more = true;
            break;
        }
        response.scanned_traces += 1;
        for session in sessions_in(&store.trace(candidate.id)?) {
            if !seen.insert(session.clone()) {
                continue;
            }
            response.scanned_sessions += 1;
            let Some((found, newest)) = read(store, &session)? else {
                continue;
            };
            // It was on an earlier page, or goes on beyond the range.
            if newest < candidate || !search.wanted.accepts(&found.summary) {
                continue;
            }
            if response.sessions.len() == search.limit {
                response.more = true;
                break 'walk;
            }
            response.sessions.push(found.summary);
        }
        last = Some(candidate);
    }
    response.next = last.filter(|_| response.more).map(cursor);
    Ok(response)
}

/// One session with its actions; `None` where it is unknown.
///
/// # Errors
/// [`StoreError`] where the store cannot be read.
pub fn session(store: &dyn Store, id: &str) -> Result<Option<SessionResponse>, StoreError> {
    Ok(read(store, id)?.map(|(session, _)| session))
}

/// Which recordings there are of a session's pages, by their start.
///
/// # Errors
/// [`StoreError`] where the store cannot be read.
pub fn recordings(store: &dyn Store, id: &str) -> Result<Vec<ReplayStream>, StoreError> {
    let mut streams: Vec<ReplayStream> = Vec::new();
    let mut expected = 0;
    let mut last_end = None;
    for part in store.replay_parts(id)? {
        if streams.last().is_none_or(|last| last.stream != part.stream) {
            expected = 0;
            last_end = None;
            streams.push(ReplayStream {
                stream: part.stream.clone(),
                start: part.start,
                end: part.end,
                chunk_count: 0,
                bytes: 0,
                last_chunk: part.number,
                missing: Vec::new(),
                gaps: Vec::new(),
            });
        }
        let Some(stream) = streams.last_mut() else {
            continue;
        };
        stream.start = stream.start.min(part.start);
        stream.end = stream.end.max(part.end);
        stream.chunk_count += 1;
        stream.last_chunk = part.number;
        stream.bytes += part.bytes;
        let room = MAX_MISSING.saturating_sub(stream.missing.len());
        stream.missing.extend((expected..part.number).take(room));
        if part.number > expected && stream.gaps.len() < MAX_MISSING {
            stream.gaps.push(ReplayGap {
                start: last_end,
                end: part.start,
            });
        }
        last_end = Some(part.end);
        expected = part.number.saturating_add(1);
    }
    streams.sort_by_key(|stream| stream.start);
    Ok(streams)
}

/// The events of one recording's chunks with these numbers, as a JSON array; `None` where there are none.
///
/// # Errors
/// [`StoreError`] where the store cannot be read.
pub fn recording(
    store: &dyn Store,
    id: &str,
    stream: &str,
    numbers: RangeInclusive<u32>,
) -> Result<Option<Vec<u8>>, StoreError> {
    let chunks = store.replay_events(id, stream, numbers)?;
    if chunks.is_empty() {
        return Ok(None);
    }
    let mut out = vec![b'['];
    for chunk in chunks {
        let events =
            zstd::stream::decode_all(chunk.as_slice()).map_err(|source| StoreError::File {
                doing: format!("cannot unpack a recording of session {id}"),
                source,
            })?;
        // Each chunk is an array that has at least one event.
        let inner = events
            .strip_prefix(b"[")
            .and_then(|events| events.strip_suffix(b"]"))
            .ok_or_else(|| StoreError::Format(format!("a recording of session {id} is no list")))?;
        if out.len() > 1 {
            out.push(b',');
        }
        out.extend_from_slice(inner);
    }
    out.push(b']');
    Ok(Some(out))
}

/// The traces that a session has a part in, newest first, and whether there are more.
///
/// # Errors
/// [`StoreError`] where the store cannot be read.
pub fn traces_of(store: &dyn Store, id: &str) -> Result<(Vec<Candidate>, bool), StoreError> {
    let filter = Filter {
        terms: vec![Term::Attribute {
            key: semconv::SESSION_ID.to_owned(),
            value: id.into(),
        }],
        ..Filter::default()
    };
    let mut found = Vec::new();
    for trace in store.candidates(&filter)? {
        if found.len() == MAX_TRACES {
            return Ok((found, true));
        }
        found.push(trace?);
    }
    Ok((found, false))
}

/// A session, and the newest of its traces.
fn read(store: &dyn Store, id: &str) -> Result<Option<(SessionResponse, Candidate)>, StoreError> {
    let (candidates, more) = traces_of(store, id)?;
    let mut traces = Vec::with_capacity(candidates.len());
    let mut newest = None;
    for candidate in candidates {
        let spans = store.trace(candidate.id)?;
        if !sessions_in(&spans).iter().any(|session| session == id) {
            continue;
        }
        newest = newest.or(Some(candidate));
        traces.push(SessionTrace {
            trace: assemble(spans),
            logs: store.logs(candidate.id)?,
        });
    }
    let Some(mut session) = describe(id, &traces) else {
        return Ok(None);
    };
    session.more = more;
    session.summary.recorded = !store.replay_parts(id)?.is_empty();
    Ok(newest.map(|newest| (session, newest)))
}

/// The sessions of a trace's spans, each once.
#[must_use]
pub fn sessions_in(spans: &[SpanRecord]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for session in spans
        .iter()
        .filter_map(|record| session_of(&record.span.attributes))
    {
        if !found.iter().any(|known| known == session) {
            found.push(session.to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests;
