//! A store for tests that hold up its writing, or offer candidates of their own.

use std::ops::RangeInclusive;
use std::time::Instant;

use shared::id::{SpanId, TraceId};
use shared::log::LogEntry;
use shared::query::erase::ErasedResponse;
use shared::query::run::{RunReport, RunSummary};
use shared::query::{Note, View};
use shared::span::SpanRecord;
use shared::time::UnixNanos;

use super::erasure::Erasure;
use super::memory::MemoryStore;
use super::replay::ReplayPart;
use super::{Batch, Candidates, Filter, MetricRecord, Operation, Store, StoreError, system_clock};

type BeforeAppend = Box<dyn Fn() -> Result<(), StoreError> + Send + Sync>;
type Offer = Box<dyn Fn() -> Candidates<'static> + Send + Sync>;

/// A store in memory, with a test in between.
pub struct Interposed {
    inner: MemoryStore,
    before_append: Option<BeforeAppend>,
    candidates: Option<Offer>,
}

impl Interposed {
    /// Calls a function before each write, which is refused if it fails.
    pub fn before_append(
        call: impl Fn() -> Result<(), StoreError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            inner: MemoryStore::new(system_clock()),
            before_append: Some(Box::new(call)),
            candidates: None,
        }
    }

    /// Answers every search with these.
    pub fn offering(candidates: impl Fn() -> Candidates<'static> + Send + Sync + 'static) -> Self {
        Self {
            inner: MemoryStore::new(system_clock()),
            before_append: None,
            candidates: Some(Box::new(candidates)),
        }
    }
}

impl Store for Interposed {
    fn append(&self, batches: &[Batch]) -> Result<(), StoreError> {
        if let Some(call) = &self.before_append {
            call()?;
        }
        self.inner.append(batches)
    }

    fn trace(&self, id: TraceId) -> Result<Vec<SpanRecord>, StoreError> {
        self.inner.trace(id)
    }

    fn trace_start(&self, id: TraceId) -> Result<Option<UnixNanos>, StoreError> {
        self.inner.trace_start(id)
    }

    fn logs(&self, id: TraceId) -> Result<Vec<LogEntry>, StoreError> {
        self.inner.logs(id)
    }

    fn candidates(&self, filter: &Filter) -> Result<Candidates<'_>, StoreError> {
        match &self.candidates {
            Some(offer) => Ok(offer()),
            None => self.inner.candidates(filter),
        }
    }

    fn operations(&self) -> Result<Vec<Operation>, StoreError> {
        self.inner.operations()
    }

    fn count_traces(&self, service: &str, deadline: Instant) -> Result<Option<u64>, StoreError> {
        self.inner.count_traces(service, deadline)
    }

    fn range(&self) -> Result<Option<(UnixNanos, UnixNanos)>, StoreError> {
        self.inner.range()
    }

    fn metrics(&self, name: &str) -> Result<Vec<MetricRecord>, StoreError> {
        self.inner.metrics(name)
    }

    fn notes(&self, id: TraceId) -> Result<Vec<Note>, StoreError> {
        self.inner.notes(id)
    }

    fn put_note(&self, id: TraceId, note: &Note) -> Result<(), StoreError> {
        self.inner.put_note(id, note)
    }

    fn delete_note(&self, id: TraceId, note: SpanId) -> Result<bool, StoreError> {
        self.inner.delete_note(id, note)
    }

    fn views(&self) -> Result<Vec<View>, StoreError> {
        self.inner.views()
    }

    fn put_view(&self, view: &View) -> Result<(), StoreError> {
        self.inner.put_view(view)
    }

    fn delete_view(&self, id: SpanId) -> Result<bool, StoreError> {
        self.inner.delete_view(id)
    }

    fn replay_parts(&self, session: &str) -> Result<Vec<ReplayPart>, StoreError> {
        self.inner.replay_parts(session)
    }

    fn replay_events(
        &self,
        session: &str,
        stream: &str,
        numbers: RangeInclusive<u32>,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        self.inner.replay_events(session, stream, numbers)
    }

    fn runs(&self, session: &str) -> Result<Vec<RunSummary>, StoreError> {
        self.inner.runs(session)
    }

    fn run(&self, id: &str) -> Result<Option<RunReport>, StoreError> {
        self.inner.run(id)
    }

    fn run_picture(&self, id: &str, number: u32) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.run_picture(id, number)
    }

    fn each_log(&self, take: &mut dyn FnMut(&LogEntry)) -> Result<(), StoreError> {
        self.inner.each_log(take)
    }

    fn erase(&self, erasure: &Erasure, dry_run: bool) -> Result<ErasedResponse, StoreError> {
        self.inner.erase(erasure, dry_run)
    }

    fn expire(&self) -> Result<(), StoreError> {
        self.inner.expire()
    }

    fn close(&self) -> Result<(), StoreError> {
        self.inner.close()
    }
}
