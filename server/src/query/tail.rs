//! What arrives for a search: a journal of the traces that got spans, and a look at those of them that are new to a
//! reader.
//!
//! The journal is bounded, and so is each look. What falls out of either is counted, and the newest is looked at first:
//! a list that is followed may have gaps, which it names, but it does not fall behind.

use std::cmp::Reverse;
use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use shared::id::TraceId;
use shared::query::summarise;
use shared::query::tail::{MAX_TAILED, TailEvent};
use shared::time::UnixNanos;
use shared::trace::assemble;
use tokio::sync::watch;

use super::search::{Search, matched, noted};
use crate::store::{Batch, Candidate, Store, StoreError};

/// So many entries are kept: what a reader may have missed while its connection was lost.
const MAX_ENTRIES: usize = 65_536;

/// Which traces got spans, in the order in which they were written.
pub struct Journal {
    entries: Mutex<Entries>,
    /// The number of the next entry, for whoever waits for one.
    head: watch::Sender<u64>,
    /// Tells the numbers of this process from those of another.
    epoch: u64,
}

#[derive(Default)]
struct Entries {
    traces: VecDeque<TraceId>,
    next: u64,
}

/// A place in a journal, between two entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    epoch: u64,
    next: u64,
}

impl Place {
    /// A place of no journal.
    pub const UNKNOWN: Self = Self { epoch: 0, next: 0 };
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.epoch, self.next)
    }
}

impl FromStr for Place {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (epoch, next) = text.split_once('-').unwrap_or((text, ""));
        Ok(Self {
            epoch: epoch.parse()?,
            next: next.parse()?,
        })
    }
}

/// What a journal has behind a place.
#[derive(Debug, PartialEq, Eq)]
struct Since {
    /// The traces, each once, the one that got spans last first.
    traces: Vec<TraceId>,
    /// How many more there were.
    dropped: u64,
    /// Whether the place is not of this journal.
    missed: bool,
    /// Where to go on.
    place: Place,
}

impl Journal {
    /// An empty one; `started` differs from that of any other process that a reader may have asked.
    #[must_use]
    pub fn new(started: UnixNanos) -> Self {
        Self {
            entries: Mutex::default(),
            head: watch::Sender::new(0),
            epoch: started.0,
        }
    }

    /// Takes note of what has been written to the store.
    pub fn written(&self, batches: &[Batch]) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let before = entries.next;
        for span in batches.iter().flat_map(|batch| &batch.spans) {
            // Spans of one trace often come one after another.
            let id = span.span.trace_id;
            if entries.next > before && entries.traces.back() == Some(&id) {
                continue;
            }
            if entries.traces.len() == MAX_ENTRIES {
                entries.traces.pop_front();
            }
            entries.traces.push_back(id);
            entries.next += 1;
        }
        let next = entries.next;
        drop(entries);
        if next > before {
            self.head.send_replace(next);
        }
    }

    /// The place behind everything that has been written.
    #[must_use]
    pub fn end(&self) -> Place {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        self.place(entries.next)
    }

    fn place(&self, next: u64) -> Place {
        Place {
            epoch: self.epoch,
            next,
        }
    }

    /// Until there is an entry behind a place.
    pub async fn wait(&self, place: Place) {
        if place.epoch == self.epoch {
            // It ends with the journal alone, which lives while it is asked.
            let _ = self
                .head
                .subscribe()
                .wait_for(|next| *next > place.next)
                .await;
        }
    }

    fn since(&self, place: Place, most: usize) -> Since {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let end = self.place(entries.next);
        if place.epoch != self.epoch || place.next > entries.next {
            return Since {
                traces: Vec::new(),
                dropped: 0,
                missed: true,
                place: end,
            };
        }
        let asked = entries.next - place.next;
        let fallen_out = asked.saturating_sub(entries.traces.len() as u64);
        let mut seen = HashSet::new();
        let mut traces = Vec::new();
        let kept = (asked - fallen_out) as usize;
        for id in entries.traces.iter().rev().take(kept) {
            if seen.insert(*id) && traces.len() < most {
                traces.push(*id);
            }
        }
        Since {
            dropped: fallen_out + (seen.len() - traces.len()) as u64,
            traces,
            missed: false,
            place: end,
        }
    }
}

/// Looks at the traces that got spans since a place, and says where to go on. `now` is taken before.
///
/// # Errors
/// [`StoreError`] where the store cannot be read.
pub fn look(
    store: &dyn Store,
    journal: &Journal,
    place: Place,
    search: &Search,
    now: UnixNanos,
    deadline: Instant,
) -> Result<(TailEvent, Place), StoreError> {
    let since = journal.since(place, MAX_TAILED);
    let mut event = TailEvent {
        dropped: since.dropped,
        missed: since.missed,
        as_of: now,
        ..TailEvent::default()
    };
    let mut found = Vec::new();
    for (index, id) in since.traces.iter().enumerate() {
        // At least one is looked at, or a slow store would never show any.
        if index > 0 && Instant::now() >= deadline {
            event.dropped += (since.traces.len() - index) as u64;
            break;
        }
        let Some(start) = store.trace_start(*id)? else {
            continue;
        };
        if !(search.start..=search.end).contains(&start) {
            continue;
        }
        let trace = assemble(store.trace(*id)?);
        event.scanned_traces += 1;
        event.scanned_spans += trace.nodes.len() as u64;
        let nodes = search.query.find(&trace);
        let summary = (!nodes.nodes.is_empty())
            .then(|| summarise(&trace))
            .flatten();
        let Some(mut summary) = summary else {
            event.others.push(*id);
            continue;
        };
        summary.noted = noted(&matched(&search.query, &trace, &nodes, search.spans));
        let order = Candidate {
            start: Reverse(start),
            id: *id,
        };
        found.push((order, summary));
    }
    found.sort_by_key(|(order, _)| *order);
    event.traces = found.into_iter().map(|(_, summary)| summary).collect();
    event.others.sort_unstable();
    Ok((event, since.place))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use shared::query::traceql;

    use super::*;
    use crate::sample::{NOON, span, spans, trace_id};
    use crate::store::memory::MemoryStore;
    use crate::store::system_clock;

    fn journal(traces: impl IntoIterator<Item = u32>) -> Journal {
        let journal = Journal::new(NOON);
        for number in traces {
            journal.written(&[spans([span(number, 1)])]);
        }
        journal
    }

    #[test]
    fn a_reader_gets_each_trace_once_the_latest_first() {
        let journal = journal([1, 2, 1, 3]);
        let since = journal.since(journal.place(0), 10);
        assert_eq!(since.traces, [3, 1, 2].map(trace_id));
        assert_eq!((since.dropped, since.missed), (0, false));
        let again = journal.since(since.place, 10);
        assert_eq!((again.traces, again.place), (vec![], since.place));
        journal.written(&[spans([span(2, 2), span(2, 3)])]);
        assert_eq!(journal.since(since.place, 10).traces, [trace_id(2)]);
    }

    #[test]
    fn what_is_not_looked_at_is_counted() {
        let short = journal([1, 2, 3, 1]);
        let since = short.since(short.place(0), 2);
        assert_eq!(
            (since.traces, since.dropped),
            (vec![trace_id(1), trace_id(3)], 1)
        );
        let long = journal(1..=MAX_ENTRIES as u32 + 2);
        let since = long.since(long.place(0), 1);
        assert_eq!(
            since.dropped,
            MAX_ENTRIES as u64 + 1,
            "with two that fell out of the journal"
        );
    }

    #[test]
    fn a_place_of_another_process_is_told_from_one_of_this() {
        let old = journal([1, 2]);
        let new = Journal::new(UnixNanos(NOON.0 + 1));
        for place in [old.end(), new.place(7), Place::UNKNOWN] {
            let since = new.since(place, 10);
            assert_eq!((since.missed, since.place), (true, new.end()));
        }
        assert_eq!(old.end().to_string().parse(), Ok(old.end()));
        for text in ["", "x", "5", "5-", "-5", "5-x", "99999999999999999999-1"] {
            assert!(text.parse::<Place>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_event_says_what_matches_and_what_does_not() {
        let store = MemoryStore::new(system_clock());
        let journal = Journal::new(NOON);
        let mut named = span(2, 1);
        named.span.name = "wanted".to_owned();
        let batches = [spans([span(1, 1), named, span(3, 1)])];
        store.append(&batches).expect("room");
        journal.written(&batches);
        let ask = |query: &str, deadline| {
            let search = Search {
                query: traceql::parse(query).expect("a query"),
                ..Search::default()
            };
            look(&store, &journal, journal.place(0), &search, NOON, deadline).expect("readable")
        };
        let later = Instant::now() + Duration::from_secs(600);
        let (event, place) = ask(r#"{ name = "wanted" }"#, later);
        let found: Vec<_> = event.traces.iter().map(|trace| trace.trace_id).collect();
        assert_eq!(found, [trace_id(2)]);
        assert_eq!(event.others, [1, 3].map(trace_id));
        assert_eq!(
            (event.scanned_traces, event.scanned_spans, event.dropped),
            (3, 3, 0)
        );
        assert_eq!((event.as_of, place), (NOON, journal.end()));
        let (event, _) = ask("{ }", Instant::now());
        assert_eq!((event.traces.len(), event.dropped), (1, 2), "time was up");
    }
}
