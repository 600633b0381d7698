//! A recorded session with its traces, from wherever it is kept.

use std::collections::BTreeMap;

use anyhow::ensure;
use shared::id::TraceId;
use shared::session::{Script, read, script};
use shared::span::SpanRecord;
use shared::trace::{Trace, assemble};

use crate::source::Source;

/// What a session left behind.
#[derive(Debug)]
pub struct Recorded {
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
        let script = script(&read(id, &spans, &logs));
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
        Ok(Self { script, traces })
    }
}
