//! Expectations: what good runs have in common, in a file to be checked in.
//!
//! A step's spans are a tree with how often each runs, how often it fails and how long it works
//! itself. To judge a new trace by them they become two traces, of the least and of the most that
//! was seen, which are its baselines: one comparison serves all yardsticks.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use serde::{Deserialize, Serialize};
use shared::attribute::Attribute;
use shared::diff::{Limits, TraceDiff, diff};
use shared::id::{SpanId, TraceId};
use shared::query::run::{Outcome, Verdict};
use shared::resource::{Resource, Scope};
use shared::semconv;
use shared::session::Instruction;
use shared::span::{Span, SpanKind, SpanRecord, Status, StatusCode};
use shared::time::{DurationNanos, UnixNanos};
use shared::trace::{Trace, assemble};

use super::yardstick::comparable;

const VERSION: u32 = 1;

/// The file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Expectations {
    version: u32,
    /// The session that the good runs did again.
    session: String,
    /// How many runs these are.
    runs: usize,
    /// The steps that caused something.
    steps: Vec<ExpectedStep>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ExpectedStep {
    number: usize,
    name: String,
    /// In preorder.
    spans: Vec<ExpectedSpan>,
}

/// The spans with one operation at one place. A range is one number where both ends are the same.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ExpectedSpan {
    depth: u32,
    service: String,
    operation: String,
    #[serde(with = "kind")]
    kind: SpanKind,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    browser: bool,
    count: [u32; 2],
    #[serde(default, skip_serializing_if = "is_never")]
    errors: [u32; 2],
    /// How long they work themselves, together.
    own_millis: [f64; 2],
}

fn is_never(errors: &[u32; 2]) -> bool {
    *errors == [0, 0]
}

/// The expectations that an outcome's runs make, as the file's text. `read` gives a trace.
///
/// # Errors
/// When the runs diverged, or a trace of them cannot be read any more.
pub fn write(
    outcome: &Outcome,
    read: &dyn Fn(TraceId) -> anyhow::Result<Vec<SpanRecord>>,
) -> anyhow::Result<String> {
    ensure!(
        outcome.verdict != Verdict::Diverged,
        "a run that diverged is no good run, and makes no expectations"
    );
    let mut steps = Vec::new();
    let first = outcome.runs.first().context("there is no run")?;
    for step in &first.steps {
        let of_runs = outcome.runs.iter().flat_map(|run| &run.steps);
        let ids: Vec<TraceId> = of_runs
            .filter(|other| other.number == step.number)
            .filter_map(|other| other.trace)
            .collect();
        if ids.is_empty() {
            continue;
        }
        let mut traces = Vec::new();
        for id in ids {
            let spans = read(id)?;
            ensure!(
                !spans.is_empty(),
                "the trace {id} of step {} is gone: it is past its retention",
                step.number
            );
            traces.push(comparable(&assemble(spans)));
        }
        let good: Vec<&Trace> = traces.iter().collect();
        steps.push(ExpectedStep {
            number: step.number,
            name: step.name.clone(),
            spans: spans_of(&diff(&good, good[0], &Limits::default())),
        });
    }
    ensure!(
        !steps.is_empty(),
        "no step caused anything that could be expected"
    );
    let file = Expectations {
        version: VERSION,
        session: outcome.session.clone(),
        runs: outcome.runs.len(),
        steps,
    };
    Ok(serde_json::to_string_pretty(&file)? + "\n")
}

fn spans_of(seen: &TraceDiff) -> Vec<ExpectedSpan> {
    let millis = |time: DurationNanos| (time.0 as f64 / 1e4).round() / 1e2;
    seen.nodes
        .iter()
        .map(|node| ExpectedSpan {
            depth: node.depth,
            service: node.service.clone(),
            operation: node.operation.clone(),
            kind: node.kind,
            browser: node.browser,
            count: [node.count.least, node.count.most],
            errors: [node.errors.least, node.errors.most],
            own_millis: [millis(node.own.least), millis(node.own.most)],
        })
        .collect()
}

impl Expectations {
    /// Reads a file.
    ///
    /// # Errors
    /// When it is none of this version.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the expectations {shown}"))?;
        let read: Self =
            serde_json::from_str(&text).with_context(|| format!("in the expectations {shown}"))?;
        ensure!(
            read.version == VERSION,
            "{shown} has version {}; this program reads {VERSION}: write it anew with --expect-write",
            read.version
        );
        Ok(read)
    }

    /// The baselines of each instruction.
    ///
    /// # Errors
    /// When they are another session's.
    pub fn steps(&self, instructions: &[Instruction]) -> anyhow::Result<Vec<Vec<Trace>>> {
        let mut steps: Vec<Vec<Trace>> = vec![Vec::new(); instructions.len()];
        for expected in &self.steps {
            let at = expected.number.wrapping_sub(1);
            match instructions.get(at) {
                Some(one) if one.name == expected.name => {
                    steps[at] = vec![expected.trace(0), expected.trace(1)];
                }
                _ => bail!(
                    "the expectations are of session {}: its step {} is {}, this session's is not",
                    self.session,
                    expected.number,
                    expected.name
                ),
            }
        }
        Ok(steps)
    }
}

impl ExpectedStep {
    /// A trace of the least (0) or the most (1) that is expected.
    fn trace(&self, end: usize) -> Trace {
        let mut builder = Builder::default();
        let lengths = self.lengths(end);
        // The first span of the last place seen at each depth, and where its next child begins.
        let mut open: Vec<(Option<SpanId>, u64)> = Vec::new();
        for (place, length) in self.spans.iter().zip(&lengths) {
            open.truncate(place.depth as usize);
            let (parent, start) = open.last().copied().unwrap_or((None, 0));
            let missing = !open.is_empty() && parent.is_none();
            let count = if missing { 0 } else { place.count[end] };
            let first = builder.add(place, parent, start, *length, count, place.errors[end]);
            if let Some((_, next)) = open.last_mut() {
                *next += length;
            }
            open.push((first, start));
        }
        assemble(builder.records)
    }

    /// How long each place takes with all below it, in nanoseconds.
    fn lengths(&self, end: usize) -> Vec<u64> {
        let mut lengths: Vec<u64> = self
            .spans
            .iter()
            .map(|place| {
                if place.count[end] == 0 {
                    0
                } else {
                    (place.own_millis[end].max(0.0) * 1e6) as u64
                }
            })
            .collect();
        for at in (0..self.spans.len()).rev() {
            let depth = self.spans[at].depth;
            let parent = self.spans[..at]
                .iter()
                .rposition(|other| other.depth < depth);
            if let Some(parent) = parent {
                lengths[parent] += lengths[at];
            }
        }
        lengths
    }
}

#[derive(Default)]
struct Builder {
    records: Vec<SpanRecord>,
}

impl Builder {
    /// Adds the spans of a place, one after the other; what is below them is below the first, which
    /// is therefore the longest. Returns the first one's id.
    fn add(
        &mut self,
        place: &ExpectedSpan,
        parent: Option<SpanId>,
        start: u64,
        length: u64,
        count: u32,
        errors: u32,
    ) -> Option<SpanId> {
        let mut attributes = vec![Attribute::new(
            semconv::SERVICE_NAME,
            place.service.as_str(),
        )];
        if place.browser {
            attributes.push(Attribute::new(semconv::TELEMETRY_SDK_LANGUAGE, "webjs"));
        }
        let resource = Arc::new(Resource {
            attributes,
            dropped_attributes_count: 0,
        });
        let mut first = None;
        for index in 0..count {
            let id = SpanId::from_bytes((self.records.len() as u64 + 1).to_be_bytes());
            let (Some(span_id), Some(trace_id)) = (id, TraceId::from_bytes([1; 16])) else {
                continue;
            };
            first = first.or(id);
            let end = if index == 0 { start + length } else { start };
            self.records.push(SpanRecord {
                resource: Arc::clone(&resource),
                scope: Arc::new(Scope::default()),
                span: Span {
                    trace_id,
                    span_id,
                    parent_span_id: parent,
                    trace_state: String::new(),
                    flags: 0,
                    name: place.operation.clone(),
                    kind: place.kind,
                    start: UnixNanos(EPOCH + start),
                    end: UnixNanos(EPOCH + end),
                    attributes: vec![Attribute::new(semconv::OPERATION, place.operation.as_str())],
                    dropped_attributes_count: 0,
                    events: Vec::new(),
                    dropped_events_count: 0,
                    links: Vec::new(),
                    dropped_links_count: 0,
                    status: Status {
                        code: if index < errors {
                            StatusCode::Error
                        } else {
                            StatusCode::Unset
                        },
                        message: String::new(),
                    },
                },
            });
        }
        first
    }
}

/// Expected spans are at no real time; before the year 2000 a clock counts as wrong.
const EPOCH: u64 = 1_000_000_000_000_000_000;

mod kind {
    //! A span's kind as TraceQL writes it.

    use serde::{Deserialize as _, Deserializer, Serializer};
    use shared::span::SpanKind;

    pub fn serialize<S: Serializer>(kind: &SpanKind, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(kind.as_str())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SpanKind, D::Error> {
        let text = String::deserialize(deserializer)?;
        (0..6)
            .map(SpanKind::from_otlp)
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| serde::de::Error::custom(format!("{text:?} is no span kind")))
    }
}
