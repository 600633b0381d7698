//! A recorded session with its traces, from wherever it is kept.

use std::collections::BTreeMap;

use anyhow::ensure;
use shared::id::TraceId;
use shared::log::LogEntry;
use shared::session::export::Exported;
use shared::session::{Script, Session, read, script};
use shared::span::SpanRecord;
use shared::trace::{Trace, assemble};

use crate::source::Source;

/// What a session left behind.
#[derive(Debug)]
pub struct Recorded {
    /// What its user did.
    pub session: Session,
    /// What has to be done to do it again.
    pub script: Script,
    /// Its traces.
    pub traces: BTreeMap<TraceId, Trace>,
}

impl Recorded {
    /// Reads a session by its id.
    ///
    /// # Errors
    /// When the source cannot be read or does not know the session.
    pub fn load(source: &Source, id: &str) -> anyhow::Result<Self> {
        let (spans, logs) = source.session(id)?;
        ensure!(
            !spans.is_empty(),
            "there is no session {id}: it may be past its retention, or not have arrived yet"
        );
        Ok(Self::of(id, spans, &logs))
    }

    /// Reads a session out of the spans and records of its traces.
    #[must_use]
    pub fn of(id: &str, spans: Vec<SpanRecord>, logs: &[LogEntry]) -> Self {
        let session = read(id, &spans, logs);
        let script = script(&session);
        let mut by_trace: BTreeMap<TraceId, Vec<SpanRecord>> = BTreeMap::new();
        for record in spans {
            by_trace
                .entry(record.span.trace_id)
                .or_default()
                .push(record);
        }
        let traces = by_trace
            .into_iter()
            .map(|(id, records)| (id, assemble(records)))
            .collect();
        Self {
            session,
            script,
            traces,
        }
    }

    /// As other tools and other people get it.
    #[must_use]
    pub fn exported(&self) -> Exported<'_> {
        Exported {
            session: &self.session,
            script: &self.script,
            traces: &self.traces,
        }
    }
}
