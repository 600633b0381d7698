//! The service map over a range of time, from a graph for each minute that is kept once it is known.
//!
//! A trace counts for the minute in which it started. A minute that was asked for is read from the
//! store once; afterwards only what arrives for it has it read again. Nothing is done for minutes
//! that nobody asks for, so that taking spans in costs no more than a note of their traces.
//!
//! A range that cannot be read within the deadline is answered as far as it was read, newest first,
//! and the answer says since when it is complete; asking again goes on from there.

mod red;
mod touched;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use shared::graph::{Counted, ServiceGraph};
use shared::time::UnixNanos;
use shared::trace::assemble;

use crate::store::{Batch, Filter, Store, StoreError};
pub use red::red;
use touched::Touched;

/// What a rollup covers.
pub const MINUTE_NANOS: u64 = 60_000_000_000;

/// A trace that grows at its front moves to an earlier minute. So far after its present start the
/// minutes are read anew that may have counted it before.
const MOVED_MINUTES: u64 = 60;

/// Beyond so many minutes the oldest are forgotten: two weeks, the two that they are compared with, and the minutes at
/// their ends.
const MAX_MINUTES: usize = 2 * (14 * 24 * 60 + 1);

/// Retention drops what a kept minute has counted, which nobody tells of.
const MAX_AGE: Duration = Duration::from_secs(3_600);

/// The minutes that are known.
#[derive(Default)]
pub struct Minutes {
    /// Held while a range is read, so that what a slow reader has seen cannot replace what is newer.
    known: Mutex<BTreeMap<u64, Known>>,
    touched: Touched,
}

struct Known {
    minute: Arc<Minute>,
    read: Instant,
}

/// What started in a minute.
#[derive(Debug, Clone, Default)]
pub struct Minute {
    /// Its calls.
    pub graph: ServiceGraph,
    /// How many traces.
    pub traces: u64,
    /// How many spans they have.
    pub spans: u64,
}

/// The minutes of a range, oldest first, without those in which nothing started.
pub struct Read {
    /// The minutes by number since the epoch.
    pub minutes: Vec<(u64, Arc<Minute>)>,
    /// What was counted.
    pub counted: Counted,
}

impl Minutes {
    /// Takes note of what has been written to the store.
    pub fn written(&self, batches: &[Batch]) {
        self.touched.add(batches);
    }

    /// Forgets every minute: something has been taken out of the store.
    pub fn changed(&self) {
        self.touched.all();
    }

    /// Reads the minutes that a range touches, until the deadline.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    pub fn read(
        &self,
        store: &dyn Store,
        start: UnixNanos,
        end: UnixNanos,
        deadline: Instant,
    ) -> Result<Read, StoreError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        self.forget(&mut known, store)?;
        let range = start.0 / MINUTE_NANOS..end.0.div_ceil(MINUTE_NANOS);
        let mut found = Found {
            minutes: Vec::new(),
            since: range.end,
        };
        while found.since > range.start {
            let minute = found.since - 1;
            if let Some(one) = known.get(&minute) {
                found.minutes.push((minute, Arc::clone(&one.minute)));
                found.since = minute;
                continue;
            }
            let oldest_known = known.range(..minute).next_back();
            let from = oldest_known.map_or(range.start, |(known, _)| known + 1);
            let run = from.max(range.start)..found.since;
            if !read_run(store, run, deadline, &mut known, &mut found)? {
                break;
            }
        }
        while known.len() > MAX_MINUTES {
            known.pop_first();
        }
        drop(known);
        Ok(found.finish(range))
    }

    /// Drops the minutes that are no longer true.
    fn forget(
        &self,
        known: &mut BTreeMap<u64, Known>,
        store: &dyn Store,
    ) -> Result<(), StoreError> {
        known.retain(|_, one| one.read.elapsed() < MAX_AGE);
        let Some(traces) = self.touched.take() else {
            known.clear();
            return Ok(());
        };
        if known.is_empty() {
            return Ok(());
        }
        for id in traces {
            if let Some(start) = store.trace_start(id)? {
                let minute = start.0 / MINUTE_NANOS;
                let stale: Vec<u64> = known
                    .range(minute..=minute + MOVED_MINUTES)
                    .map(|(minute, _)| *minute)
                    .collect();
                for minute in stale {
                    known.remove(&minute);
                }
            }
        }
        Ok(())
    }
}

struct Found {
    /// Newest first.
    minutes: Vec<(u64, Arc<Minute>)>,
    /// The oldest minute that is complete; all from it on are.
    since: u64,
}

impl Found {
    fn finish(mut self, range: Range<u64>) -> Read {
        self.minutes.reverse();
        self.minutes.retain(|(_, minute)| minute.traces > 0);
        let at = |minute: u64| UnixNanos(minute.saturating_mul(MINUTE_NANOS));
        let sum = |figure: fn(&Minute) -> u64| {
            self.minutes
                .iter()
                .map(|(_, minute)| figure(minute))
                .sum::<u64>()
        };
        let counted = Counted {
            start: at(range.start),
            end: at(range.end),
            since: at(self.since.max(range.start)),
            traces: sum(|minute| minute.traces),
            spans: sum(|minute| minute.spans),
        };
        Read {
            minutes: self.minutes,
            counted,
        }
    }
}

/// Reads minutes that follow each other, newest first; whether all of them could be read in time.
/// What was read of the minute that the deadline fell into counts for this answer and is not kept.
fn read_run(
    store: &dyn Store,
    run: Range<u64>,
    deadline: Instant,
    known: &mut BTreeMap<u64, Known>,
    found: &mut Found,
) -> Result<bool, StoreError> {
    let filter = Filter {
        start: UnixNanos(run.start.saturating_mul(MINUTE_NANOS)),
        end: UnixNanos(run.end.saturating_mul(MINUTE_NANOS).saturating_sub(1)),
        ..Filter::default()
    };
    let mut current = Minute::default();
    let mut at = run.end - 1;
    let mut finish = |minute: Minute, number: u64, found: &mut Found| {
        let minute = Arc::new(minute);
        found.minutes.push((number, Arc::clone(&minute)));
        found.since = number;
        let read = Instant::now();
        known.insert(number, Known { minute, read });
    };
    for candidate in store.candidates(&filter)? {
        let candidate = candidate?;
        if Instant::now() >= deadline {
            found.minutes.push((at, Arc::new(current)));
            return Ok(false);
        }
        let started = (candidate.start.0.0 / MINUTE_NANOS).clamp(run.start, at);
        while at > started {
            finish(std::mem::take(&mut current), at, found);
            at -= 1;
        }
        let trace = assemble(store.trace(candidate.id)?);
        current.graph.add(&trace);
        current.traces += 1;
        current.spans += trace.nodes.len() as u64;
    }
    loop {
        finish(std::mem::take(&mut current), at, found);
        if at == run.start {
            return Ok(true);
        }
        at -= 1;
    }
}

#[cfg(test)]
mod tests;
