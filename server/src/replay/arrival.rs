//! Waits until the trace of a step is whole in the target's server.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use shared::attribute::find_str;
use shared::id::TraceId;
use shared::semconv;
use shared::trace::{Trace, assemble};

use crate::source::Source;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(100);
/// A trace that lacks nothing is quiet when nothing of it has arrived for this long.
const SETTLED: Duration = Duration::from_millis(700);

/// What a trace must have before it is whole.
pub struct Expected<'a> {
    /// The kind of the action at its root.
    pub kind: &'a str,
    /// The services that had a part in it.
    pub services: BTreeSet<String>,
}

/// The services of a trace.
#[must_use]
pub fn services(trace: &Trace) -> BTreeSet<String> {
    let names = trace.nodes.iter();
    names
        .map(|node| node.record.resource.service_name().to_owned())
        .collect()
}

/// The trace that an action began, once all of it is there; or what there is of it once `patience`
/// is over. `candidates` asks the browser, which sends what it has, for the ids that the step's
/// requests carried: an action's, and perhaps those of timers that ran meanwhile.
///
/// # Errors
/// When the server or the browser cannot be asked.
pub fn wait(
    source: &Source,
    expected: &Expected<'_>,
    patience: Duration,
    mut candidates: impl FnMut() -> anyhow::Result<Vec<TraceId>>,
) -> anyhow::Result<Option<Trace>> {
    let until = Instant::now() + patience;
    let mut seen = (0, Instant::now());
    let mut best = None;
    loop {
        let mut found: Option<Trace> = None;
        for id in candidates()? {
            let trace = assemble(source.spans(id)?);
            if is_begun_by(&trace, expected.kind) {
                found = Some(trace);
                break;
            }
            // An action's root ends last; until then its parts are all there is.
            if found
                .as_ref()
                .is_none_or(|other| other.nodes.len() < trace.nodes.len())
            {
                found = Some(trace);
            }
        }
        if let Some(trace) = found.filter(|trace| !trace.nodes.is_empty()) {
            if trace.nodes.len() != seen.0 {
                seen = (trace.nodes.len(), Instant::now());
            }
            let whole = is_begun_by(&trace, expected.kind)
                && has_no_orphan(&trace)
                && expected.services.is_subset(&services(&trace));
            best = Some(trace);
            if whole && seen.1.elapsed() >= SETTLED {
                return Ok(best);
            }
        }
        if Instant::now() >= until {
            return Ok(best);
        }
        std::thread::sleep(LOOK);
    }
}

fn is_begun_by(trace: &Trace, kind: &str) -> bool {
    trace.root().is_some_and(|root| {
        let span = trace.span(root);
        span.parent_span_id.is_none() && find_str(&span.attributes, semconv::ACTION) == Some(kind)
    })
}

fn has_no_orphan(trace: &Trace) -> bool {
    trace
        .roots()
        .all(|root| trace.span(root).parent_span_id.is_none())
}
