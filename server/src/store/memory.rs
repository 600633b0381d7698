//! The in-memory twin of the SQLite store: for tests, demonstrations and short-lived servers.
//!
//! It answers every question by looking at everything, which makes it the reference for what the
//! indexes of the other store must find.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};
use std::ops::RangeInclusive;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use shared::id::{SpanId, TraceId};
use shared::log::LogEntry;
use shared::query::erase::ErasedResponse;
use shared::query::run::{RunReport, RunSummary};
use shared::query::{Note, View};
use shared::span::SpanRecord;
use shared::time::UnixNanos;

use super::content::{Ordinals, Senders};
use super::erasure::Erasure;
use super::replay::{ReplayChunk, ReplayPart};
use super::run::{KeptRun, newest_first};
use super::{
    Batch, Candidate, Candidates, Clock, Filter, MetricRecord, Operation, Store, StoreError,
    sorting_start,
};

/// Keeps everything in maps.
pub struct MemoryStore {
    clock: Clock,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    traces: BTreeMap<TraceId, KeptTrace>,
    span_contents: HashSet<(TraceId, SpanId, i64)>,
    other_contents: HashSet<i64>,
    logs: Vec<LogEntry>,
    metrics: Vec<MetricRecord>,
    replays: Vec<ReplayChunk>,
    runs: Vec<KeptRun>,
    notes: BTreeMap<(TraceId, SpanId), Note>,
    views: BTreeMap<SpanId, View>,
}

#[derive(Debug)]
struct KeptTrace {
    /// Where the trace stands in the order by start.
    start: UnixNanos,
    spans: Vec<SpanRecord>,
}

impl MemoryStore {
    /// A store with nothing in it.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            kept: Mutex::default(),
        }
    }

    /// A thread that panicked while it held the lock cannot have left a half-done change that
    /// matters: every change is a push.
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn append(&self, batches: &[Batch]) -> Result<(), StoreError> {
        let arrival = (self.clock)();
        let mut kept = self.kept();
        let kept = &mut *kept;
        let mut senders = Senders::default();
        for batch in batches {
            for record in &batch.spans {
                let content = senders.span(record);
                if kept
                    .span_contents
                    .insert((record.span.trace_id, record.span.span_id, content))
                {
                    let start = sorting_start(record.span.start, arrival);
                    let trace = kept
                        .traces
                        .entry(record.span.trace_id)
                        .or_insert(KeptTrace {
                            start,
                            spans: Vec::new(),
                        });
                    trace.start = trace.start.min(start);
                    trace.spans.push(record.clone());
                }
            }
            let mut ordinals = Ordinals::default();
            for entry in &batch.logs {
                let ordinal = ordinals.next(senders.log(entry, 0));
                if kept.other_contents.insert(senders.log(entry, ordinal)) {
                    kept.logs.push(entry.clone());
                }
            }
            for chunk in &batch.replays {
                let known = |other: &ReplayChunk| other.part.is_same_place(&chunk.part);
                if !kept.replays.iter().any(known) {
                    kept.replays.push(chunk.clone());
                }
            }
            for run in &batch.runs {
                if !kept
                    .runs
                    .iter()
                    .any(|known| known.report.id == run.report.id)
                {
                    kept.runs.push(run.clone());
                }
            }
            for metric in &batch.metrics {
                if kept.other_contents.insert(senders.metric(metric)) {
                    kept.metrics.push(metric.clone());
                }
            }
        }
        Ok(())
    }

    fn trace(&self, id: TraceId) -> Result<Vec<SpanRecord>, StoreError> {
        Ok(self
            .kept()
            .traces
            .get(&id)
            .map(|trace| trace.spans.clone())
            .unwrap_or_default())
    }

    fn trace_start(&self, id: TraceId) -> Result<Option<UnixNanos>, StoreError> {
        Ok(self.kept().traces.get(&id).map(|trace| trace.start))
    }

    fn logs(&self, id: TraceId) -> Result<Vec<LogEntry>, StoreError> {
        let mut found: Vec<LogEntry> = self
            .kept()
            .logs
            .iter()
            .filter(|entry| entry.record.trace_id == Some(id))
            .cloned()
            .collect();
        found.sort_by_key(|entry| entry.record.time);
        Ok(found)
    }

    fn candidates(&self, filter: &Filter) -> Result<Candidates<'_>, StoreError> {
        let kept = self.kept();
        let mut found: Vec<_> = kept
            .traces
            .iter()
            .filter(|(_, trace)| trace.start >= filter.start && trace.start <= filter.end)
            .map(|(id, trace)| Candidate {
                start: Reverse(trace.start),
                id: *id,
            })
            .filter(|candidate| filter.after.is_none_or(|after| *candidate > after))
            .filter(|candidate| filter.trace.is_none_or(|id| candidate.id == id))
            .collect();
        found.sort_unstable();
        Ok(Box::new(found.into_iter().map(Ok)))
    }

    fn operations(&self) -> Result<Vec<Operation>, StoreError> {
        let kept = self.kept();
        let mut counts: BTreeMap<(&str, &str, bool), u64> = BTreeMap::new();
        for record in kept.traces.values().flat_map(|trace| &trace.spans) {
            let (service, browser) = (record.resource.service_name(), record.resource.is_browser());
            *counts
                .entry((service, &record.span.name, browser))
                .or_default() += 1;
        }
        Ok(counts
            .into_iter()
            .map(|((service, name, browser), spans)| Operation {
                service: service.to_owned(),
                name: name.to_owned(),
                browser,
                spans,
            })
            .collect())
    }

    fn count_traces(&self, service: &str, _deadline: Instant) -> Result<Option<u64>, StoreError> {
        let of_service = |trace: &&KeptTrace| {
            let mut spans = trace.spans.iter();
            spans.any(|record| record.resource.service_name() == service)
        };
        let traces = self.kept().traces.values().filter(of_service).count();
        Ok(Some(traces as u64))
    }

    fn range(&self) -> Result<Option<(UnixNanos, UnixNanos)>, StoreError> {
        let kept = self.kept();
        let starts = || kept.traces.values().map(|trace| trace.start);
        Ok(starts().min().zip(starts().max()))
    }

    fn metrics(&self, name: &str) -> Result<Vec<MetricRecord>, StoreError> {
        Ok(self
            .kept()
            .metrics
            .iter()
            .filter(|metric| metric.name == name)
            .cloned()
            .collect())
    }

    fn notes(&self, trace: TraceId) -> Result<Vec<Note>, StoreError> {
        let kept = self.kept();
        let of_trace = kept.notes.iter().filter(|((of, _), _)| *of == trace);
        let mut found: Vec<Note> = of_trace.map(|(_, note)| note.clone()).collect();
        found.sort_by_key(|note| (note.created, note.id));
        Ok(found)
    }

    fn put_note(&self, trace: TraceId, note: &Note) -> Result<(), StoreError> {
        let mut kept = self.kept();
        let created = kept.notes.get(&(trace, note.id)).map(|known| known.created);
        let mut note = note.clone();
        note.created = created.unwrap_or(note.created);
        kept.notes.insert((trace, note.id), note);
        Ok(())
    }

    fn delete_note(&self, trace: TraceId, id: SpanId) -> Result<bool, StoreError> {
        Ok(self.kept().notes.remove(&(trace, id)).is_some())
    }

    fn views(&self) -> Result<Vec<View>, StoreError> {
        let mut found: Vec<View> = self.kept().views.values().cloned().collect();
        found.sort_by(|one, other| (&one.name, one.id).cmp(&(&other.name, other.id)));
        Ok(found)
    }

    fn put_view(&self, view: &View) -> Result<(), StoreError> {
        let mut kept = self.kept();
        let mut view = view.clone();
        if let Some(known) = kept.views.get(&view.id) {
            view.created = known.created;
        }
        kept.views.insert(view.id, view);
        Ok(())
    }

    fn delete_view(&self, id: SpanId) -> Result<bool, StoreError> {
        Ok(self.kept().views.remove(&id).is_some())
    }

    fn replay_parts(&self, session: &str) -> Result<Vec<ReplayPart>, StoreError> {
        let kept = self.kept();
        let of_session = |chunk: &&ReplayChunk| chunk.part.session == session;
        let parts = kept.replays.iter().filter(of_session);
        let mut parts: Vec<ReplayPart> = parts.map(|chunk| chunk.part.clone()).collect();
        parts.sort();
        Ok(parts)
    }

    fn replay_events(
        &self,
        session: &str,
        stream: &str,
        numbers: RangeInclusive<u32>,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        let kept = self.kept();
        let mut found: Vec<&ReplayChunk> = kept
            .replays
            .iter()
            .filter(|chunk| chunk.part.session == session && chunk.part.stream == stream)
            .filter(|chunk| numbers.contains(&chunk.part.number))
            .collect();
        found.sort_by_key(|chunk| chunk.part.number);
        Ok(found
            .into_iter()
            .map(|chunk| chunk.events.clone())
            .collect())
    }

    fn runs(&self, session: &str) -> Result<Vec<RunSummary>, StoreError> {
        let kept = self.kept();
        let runs = kept.runs.iter().rev();
        let of_session = runs.filter(|run| run.report.outcome.session == session);
        let mut found: Vec<RunSummary> = of_session.map(|run| run.report.summary()).collect();
        found.sort_by(newest_first);
        Ok(found)
    }

    fn run(&self, id: &str) -> Result<Option<RunReport>, StoreError> {
        let kept = self.kept();
        let found = kept.runs.iter().find(|run| run.report.id == id);
        Ok(found.map(|run| run.report.clone()))
    }

    fn run_picture(&self, id: &str, number: u32) -> Result<Option<Vec<u8>>, StoreError> {
        let kept = self.kept();
        let found = kept.runs.iter().find(|run| run.report.id == id);
        Ok(found.and_then(|run| run.pictures.get(number as usize).cloned()))
    }

    fn each_log(&self, take: &mut dyn FnMut(&LogEntry)) -> Result<(), StoreError> {
        self.kept().logs.iter().for_each(take);
        Ok(())
    }

    fn erase(&self, erasure: &Erasure, dry_run: bool) -> Result<ErasedResponse, StoreError> {
        let mut kept = self.kept();
        let kept = &mut *kept;
        let of_session = |chunk: &ReplayChunk| erasure.sessions.contains(&chunk.part.session);
        let run_of_session = |run: &KeptRun| erasure.sessions.contains(&run.report.outcome.session);
        let of_trace = |id: &TraceId| erasure.traces.contains(id);
        let traces = kept.traces.iter().filter(|(id, _)| of_trace(id));
        let erased = ErasedResponse {
            spans: traces.map(|(_, trace)| trace.spans.len() as u64).sum(),
            logs: count(&kept.logs, |entry| erasure.has_log(entry)),
            metrics: count(&kept.metrics, |metric| erasure.has_metric(metric)),
            recording_chunks: count(&kept.replays, of_session),
            runs: count(&kept.runs, run_of_session),
            notes: kept.notes.keys().filter(|(id, _)| of_trace(id)).count() as u64,
            ..ErasedResponse::default()
        };
        if dry_run {
            return Ok(erased);
        }
        // What comes again is new.
        let mut senders = Senders::default();
        for entry in kept.logs.iter().filter(|entry| erasure.has_log(entry)) {
            let mut ordinal = 0;
            while kept.other_contents.remove(&senders.log(entry, ordinal)) {
                ordinal += 1;
            }
        }
        for metric in kept
            .metrics
            .iter()
            .filter(|metric| erasure.has_metric(metric))
        {
            kept.other_contents.remove(&senders.metric(metric));
        }
        kept.traces.retain(|id, _| !of_trace(id));
        kept.span_contents.retain(|(id, _, _)| !of_trace(id));
        kept.logs.retain(|entry| !erasure.has_log(entry));
        kept.metrics.retain(|metric| !erasure.has_metric(metric));
        kept.replays.retain(|chunk| !of_session(chunk));
        kept.runs.retain(|run| !run_of_session(run));
        kept.notes.retain(|(id, _), _| !of_trace(id));
        Ok(erased)
    }

    fn expire(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

fn count<T>(kept: &[T], is_gone: impl Fn(&T) -> bool) -> u64 {
    kept.iter().filter(|one| is_gone(one)).count() as u64
}
