//! By what a new trace is judged: the recorded session, earlier good runs, or checked-in expectations.

use std::fmt;

use anyhow::Context as _;
use shared::attribute::find_str;
use shared::diff::{Limits, diff};
use shared::query::run::{Finding, Outcome};
use shared::semconv;
use shared::span::{SpanKind, SpanRecord};
use shared::time::DurationNanos;
use shared::trace::{Trace, assemble};

use super::expectation::Expectations;
use super::findings::findings;
use crate::config::Replay;
use crate::recorded::Recorded;
use crate::source::Source;

/// The good traces of every step.
pub struct Yardstick {
    /// By step; a step without any is not judged.
    steps: Vec<Vec<Trace>>,
    limits: Limits,
    /// Whether they ran in this environment, so that their times mean something.
    with_time: bool,
    described: String,
}

impl Yardstick {
    /// Reads what the command line names. Times are judged by runs in the environment itself alone;
    /// the session, recorded elsewhere, says what is done and what fails.
    ///
    /// # Errors
    /// When a baseline or the expectations cannot be read.
    pub fn new(config: &Replay, recorded: &Recorded, target: &Source) -> anyhow::Result<Self> {
        let instructions = &recorded.script.instructions;
        let limits = Limits {
            ratio: config.ratio,
            floor: config.floor,
        };
        if let Some(path) = &config.expect {
            let expectations = Expectations::read(path)?;
            return Ok(Self {
                steps: expectations.steps(instructions)?,
                limits,
                with_time: true,
                described: format!("the expectations in {}", path.display()),
            });
        }
        if config.baseline.is_empty() {
            let steps = instructions
                .iter()
                .map(|one| {
                    let trace = one.trace.and_then(|id| recorded.traces.get(&id));
                    trace.map(comparable).into_iter().collect()
                })
                .collect();
            return Ok(Self {
                steps,
                limits,
                with_time: false,
                described:
                    "the recorded session: what is done and what fails, not how long it takes"
                        .to_owned(),
            });
        }
        let mut steps: Vec<Vec<Trace>> = vec![Vec::new(); instructions.len()];
        let mut runs = 0;
        for path in &config.baseline {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read the baseline {}", path.display()))?;
            let outcome: Outcome = serde_json::from_str(&text)
                .with_context(|| format!("{} is not what --save writes", path.display()))?;
            for run in &outcome.runs {
                runs += 1;
                for step in &run.steps {
                    let Some(id) = step.trace else { continue };
                    let kept = target
                        .traces(&[id.to_string()])
                        .with_context(|| format!("a baseline of {} is gone", path.display()))?;
                    if let Some(of_step) = steps.get_mut(step.number - 1) {
                        of_step.extend(kept);
                    }
                }
            }
        }
        Ok(Self {
            steps: steps
                .iter()
                .map(|of_step| of_step.iter().map(comparable).collect())
                .collect(),
            limits,
            with_time: true,
            described: format!("{runs} earlier runs here"),
        })
    }

    /// The good traces of a step.
    #[must_use]
    pub fn of(&self, step: usize) -> &[Trace] {
        self.steps.get(step).map_or(&[], Vec::as_slice)
    }

    /// What differs in a step's new trace; `None` stands for one that did not come.
    #[must_use]
    pub fn judge(&self, step: usize, trace: Option<&Trace>) -> Vec<Finding> {
        let baselines: Vec<&Trace> = self.of(step).iter().collect();
        if baselines.is_empty() {
            return Vec::new();
        }
        let other = trace.map_or_else(Trace::default, comparable);
        let difference = diff(&baselines, &other, &self.limits);
        findings(&difference, self.with_time)
    }
}

/// A trace without what depends on the browser's cache and the machine's load: resources that the page
/// names, unless they failed, and long frames. Whether they have a span depends on how long they took.
#[must_use]
pub fn comparable(trace: &Trace) -> Trace {
    let kept = trace
        .nodes
        .iter()
        .filter(|node| node.subtree > 1 || !is_incidental(&node.record));
    assemble(kept.map(|node| node.record.clone()).collect())
}

fn is_incidental(record: &SpanRecord) -> bool {
    let span = &record.span;
    if !record.resource.is_browser() || span.is_error() || span.parent_span_id.is_none() {
        return false;
    }
    let method = find_str(&span.attributes, semconv::HTTP_REQUEST_METHOD).unwrap_or_default();
    let is_request = !method.is_empty() && span.name.starts_with(method);
    span.name == "long frame" || (span.kind == SpanKind::Client && !is_request)
}

impl fmt::Display for Yardstick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.described)?;
        if self.with_time {
            let floor = DurationNanos(self.limits.floor.0);
            write!(
                f,
                "; slower is beyond the slowest × {} and {} more",
                self.limits.ratio,
                shared::trace::Short(floor)
            )?;
        }
        Ok(())
    }
}
