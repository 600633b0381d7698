//! Does the steps, one after the other, and looks at what each one caused.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;
use serde_json::{Value, json};
use shared::attribute::find_str;
use shared::id::TraceId;
use shared::query::run::{
    Finding, FindingKind, Outcome, PictureRequest, Run, StepOutcome, Verdict,
};
use shared::semconv;
use shared::session::{By, Instruction, Selector};
use shared::span::SpanKind;
use shared::trace::Trace;

use super::arrival::{self, Expected};
use super::driver::Driver;
use super::fixtures::Fixtures;
use super::outcome::{judge, left_over};
use super::yardstick::Yardstick;
use crate::config::Replay;
use crate::recorded::Recorded;
use crate::source::Source;

/// All that is the same for every run.
pub struct Performance<'a> {
    config: &'a Replay,
    recorded: &'a Recorded,
    target: &'a Source,
    yardstick: &'a Yardstick,
    fixtures: Fixtures,
    origin: String,
    runs: u32,
    /// The page after each step of the whole runs, for the viewer.
    pictures: Vec<PictureRequest>,
    whole_runs: usize,
}

/// What a shorter run has to show as well: the findings, and the step that cannot be done.
pub struct Signature {
    findings: BTreeSet<(&'static str, String, String)>,
    diverged: Option<usize>,
}

impl<'a> Performance<'a> {
    /// Checks that the session can be done again with what is given.
    ///
    /// # Errors
    /// When values are missing, or a step would change something and may not.
    pub fn new(
        config: &'a Replay,
        recorded: &'a Recorded,
        target: &'a Source,
        yardstick: &'a Yardstick,
    ) -> anyhow::Result<Self> {
        let fixtures = Fixtures::read(config.fixtures.as_deref())?;
        fixtures.suffice_for(&recorded.script)?;
        if !config.allow_writes {
            let instructions = &recorded.script.instructions;
            for (index, one) in instructions.iter().enumerate() {
                let trace = one.trace.and_then(|id| recorded.traces.get(&id));
                if let Some(request) = trace.and_then(mutating_request) {
                    bail!(
                        "step {}, {}, sends {request}: repeat it with --allow-writes where that may be done again",
                        index + 1,
                        one.name
                    );
                }
            }
        }
        Ok(Self {
            config,
            recorded,
            target,
            yardstick,
            fixtures,
            origin: origin_of(&config.env)?,
            runs: 0,
            pictures: Vec::new(),
            whole_runs: 0,
        })
    }

    /// Where the steps are done.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The name of a step.
    #[must_use]
    pub fn name(&self, step: usize) -> &str {
        &self.recorded.script.instructions[step].name
    }

    /// What the runs left out: what cannot be done again, what was not reached, and what has nothing to be judged by.
    #[must_use]
    pub fn not_compared(&self, runs: &[Run]) -> Vec<String> {
        let mut told = self.recorded.script.left_out.clone();
        let steps = 0..self.recorded.script.instructions.len();
        let judged: Vec<bool> = steps
            .map(|index| !self.yardstick.of(index).is_empty())
            .collect();
        told.extend(left_over(&judged, runs));
        told
    }

    /// Does all steps.
    ///
    /// # Errors
    /// When the browser or the server is not there.
    pub fn run(&mut self) -> anyhow::Result<Run> {
        let all: Vec<usize> = (0..self.recorded.script.instructions.len()).collect();
        let (run, pictures) = self.perform(&all, self.config.publishes())?;
        let number = self.whole_runs;
        self.whole_runs += 1;
        let pictures = pictures.into_iter();
        self.pictures
            .extend(pictures.map(|(step, data)| PictureRequest {
                run: number,
                step,
                data,
            }));
        Ok(run)
    }

    /// The pictures of the whole runs so far.
    #[must_use]
    pub fn take_pictures(&mut self) -> Vec<PictureRequest> {
        std::mem::take(&mut self.pictures)
    }

    /// Does some of the steps.
    ///
    /// # Errors
    /// When the browser or the server is not there.
    pub fn run_only(&mut self, steps: &[usize]) -> anyhow::Result<Run> {
        Ok(self.perform(steps, false)?.0)
    }

    /// Does steps; with `picture_all`, each one's number comes with a picture of the page after it, in base64.
    fn perform(
        &mut self,
        steps: &[usize],
        picture_all: bool,
    ) -> anyhow::Result<(Run, Vec<(usize, String)>)> {
        self.runs += 1;
        self.prepare()?;
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
        let id = format!(
            "{}-{}",
            since_epoch.map_or(0, |time| time.as_millis()),
            self.runs
        );
        let storage = match &self.fixtures.storage_state {
            Some(path) => Some(std::path::absolute(path)?),
            None => None,
        };
        let script = &self.recorded.script;
        let (viewport, colours) = (script.viewport, script.color_scheme);
        let mut driver = Driver::start(
            self.config.playwright.as_deref(),
            json!({
                "origin": self.origin, "run": id, "headed": self.config.headed,
                "allowWrites": self.config.allow_writes, "headers": self.fixtures.headers()?,
                "storageState": storage, "viewport": viewport.map(|(width, height)| [width, height]),
                "colorScheme": colours.map(|scheme| scheme.as_str()),
                "timeoutMillis": self.config.timeout.0 / 1_000_000, "insecure": self.config.insecure,
            }),
        )?;
        let (mut done, mut pictures) = (Vec::new(), Vec::new());
        for &index in steps {
            let step = self.step(&mut driver, index, &id)?;
            if picture_all {
                let tab = self.recorded.script.instructions[index].tab;
                let answer = driver.ask("screenshot", json!({ "tab": tab, "small": true }))?;
                let picture = answer.screenshot.filter(|data| !data.is_empty());
                pictures.extend(picture.map(|data| (step.number, data)));
            }
            let stop = step.diverged.is_some();
            eprintln!(
                "{:>3} {} {}",
                step.number,
                step.name,
                step.diverged
                    .as_deref()
                    .unwrap_or(match step.findings.len() {
                        0 => "",
                        _ => "differs",
                    })
            );
            done.push(step);
            if stop {
                break;
            }
        }
        let run = Run {
            id,
            verdict: judge(&done, self.config.parameters),
            steps: done,
        };
        Ok((run, pictures))
    }

    /// Runs the command that brings the environment into the state in which the session began.
    fn prepare(&self) -> anyhow::Result<()> {
        let Some(command) = &self.config.before_run else {
            return Ok(());
        };
        let status = std::process::Command::new("sh")
            .args(["-c", command])
            .stdout(std::process::Stdio::null())
            .status()
            .with_context(|| format!("cannot run {command:?}"))?;
        ensure!(status.success(), "{command:?} failed: {status}");
        Ok(())
    }

    fn step(&self, driver: &mut Driver, index: usize, run: &str) -> anyhow::Result<StepOutcome> {
        let instruction = &self.recorded.script.instructions[index];
        let good = self.yardstick.of(index);
        let requests = good.iter().any(asks_for_something);
        let answer = driver.ask("perform", self.command(index, instruction, requests)?)?;
        let mut outcome = StepOutcome {
            number: index + 1,
            name: instruction.name.clone(),
            recorded: instruction.trace,
            trace: None,
            diverged: answer.diverged,
            findings: Vec::new(),
            screenshot: None,
        };
        if outcome.diverged.is_some() {
            outcome.screenshot = self.keep_picture(run, index, answer.screenshot)?;
            return Ok(outcome);
        }
        if !requests {
            return Ok(outcome);
        }
        let expected = Expected {
            kind: if instruction.kind == "goto" {
                "load"
            } else {
                &instruction.kind
            },
            services: good.first().map(arrival::services).unwrap_or_default(),
        };
        let mut refused = Vec::new();
        let patience = Duration::from_nanos(self.config.patience.0.unsigned_abs());
        let trace = arrival::wait(self.target, &expected, patience, || {
            let answer = driver.ask("flush", json!({ "index": index }))?;
            refused = answer.refused;
            Ok(answer
                .traces
                .iter()
                .filter_map(|id| id.parse::<TraceId>().ok())
                .collect())
        })?;
        if !refused.is_empty() {
            bail!(
                "step {}, {}, sends {}: repeat it with --allow-writes where that may be done again",
                index + 1,
                instruction.name,
                refused.join(", ")
            );
        }
        outcome.trace = trace
            .as_ref()
            .and_then(|trace| Some(trace.span(trace.root()?).trace_id));
        outcome.findings = self.yardstick.judge(index, trace.as_ref());
        if outcome.findings.iter().any(|one| one.kind.is_regression()) {
            let answer = driver.ask("screenshot", json!({ "tab": instruction.tab }))?;
            outcome.screenshot = self.keep_picture(run, index, answer.screenshot)?;
        }
        Ok(outcome)
    }

    fn command(&self, index: usize, one: &Instruction, requests: bool) -> anyhow::Result<Value> {
        let selectors = |all: &[Selector]| -> Vec<Value> {
            all.iter()
                .map(|selector| {
                    let named = !matches!(selector.parts.last(), Some(By::Css(_)));
                    json!({ "text": selector.to_playwright(), "named": named })
                })
                .collect()
        };
        let value = match &one.step.value {
            Some(reference) => self.fixtures.value(reference)?,
            None => None,
        };
        Ok(json!({
            "index": index, "name": one.name, "kind": one.kind, "tab": one.tab, "path": one.path,
            "selectors": selectors(&one.step.selectors), "target": selectors(&one.step.target),
            "key": one.step.key, "value": value, "requests": requests,
        }))
    }

    fn keep_picture(
        &self,
        run: &str,
        index: usize,
        picture: Option<String>,
    ) -> anyhow::Result<Option<String>> {
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(picture.unwrap_or_default())
            .unwrap_or_default();
        if bytes.is_empty() {
            return Ok(None);
        }
        let directory: &PathBuf = &self.config.screenshots;
        std::fs::create_dir_all(directory)
            .with_context(|| format!("cannot write to {}", directory.display()))?;
        let path = directory.join(format!("run-{run}-step-{}.png", index + 1));
        std::fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Some(path.display().to_string()))
    }

    /// Whether something of the recorded session failed.
    #[must_use]
    pub fn was_recorded_failing(&self) -> bool {
        self.failing_step().is_some()
    }

    fn failing_step(&self) -> Option<usize> {
        let fails = |trace: &Trace| trace.nodes.iter().any(|node| node.record.span.is_error());
        let count = self.recorded.script.instructions.len();
        (0..count)
            .rev()
            .find(|&step| self.yardstick.of(step).iter().any(fails))
    }

    /// What a shorter run must show as well.
    #[must_use]
    pub fn signature(&self, outcome: &Outcome) -> Signature {
        let worst = outcome
            .runs
            .iter()
            .find(|run| run.verdict == outcome.verdict);
        worst.map_or_else(
            || Signature {
                findings: BTreeSet::new(),
                diverged: None,
            },
            signature_of,
        )
    }

    /// The steps up to the last one that shows something.
    #[must_use]
    pub fn steps_until(&self, outcome: &Outcome) -> Vec<usize> {
        let shows = |step: &&StepOutcome| {
            step.diverged.is_some() || step.findings.iter().any(|one| one.kind.is_regression())
        };
        let steps = outcome.runs.iter().flat_map(|run| &run.steps);
        let last = steps.filter(shows).map(|step| step.number - 1).max();
        let last = last.or_else(|| self.failing_step()).unwrap_or(0);
        (0..=last).collect()
    }

    /// Whether a run shows what is wanted.
    #[must_use]
    pub fn shows(&self, run: &Run, wanted: &Signature) -> bool {
        let shown = signature_of(run);
        let recovered = run
            .steps
            .iter()
            .flat_map(|step| &step.findings)
            .any(|one| one.kind == FindingKind::Recovered);
        let reached = run.verdict != Verdict::Diverged || wanted.diverged.is_some();
        shown.findings.is_superset(&wanted.findings)
            && shown.diverged == wanted.diverged
            && reached
            && !recovered
    }
}

fn signature_of(run: &Run) -> Signature {
    let regressions = run
        .steps
        .iter()
        .flat_map(|step| &step.findings)
        .filter(|one: &&Finding| one.kind.is_regression());
    Signature {
        findings: regressions
            .map(|one| {
                (
                    one.kind.as_str(),
                    one.service.clone(),
                    one.operation.clone(),
                )
            })
            .collect(),
        diverged: run
            .steps
            .iter()
            .find(|step| step.diverged.is_some())
            .map(|step| step.number),
    }
}

/// Whether the page asked a server for something, and so told of its trace.
fn asks_for_something(trace: &Trace) -> bool {
    trace.nodes.iter().any(|node| {
        (node.record.resource.is_browser() && node.record.span.kind == SpanKind::Client)
            || node.record.span.kind == SpanKind::Server
    })
}

/// The first request of the page that changes something.
fn mutating_request(trace: &Trace) -> Option<String> {
    const SAFE: [&str; 3] = ["GET", "HEAD", "OPTIONS"];
    trace.nodes.iter().find_map(|node| {
        let span = &node.record.span;
        let method = find_str(&span.attributes, semconv::HTTP_REQUEST_METHOD)?;
        let asks = node.record.resource.is_browser() && span.kind == SpanKind::Client;
        (asks && !SAFE.contains(&method)).then(|| span.name.clone())
    })
}

/// The scheme, host and port of an address, as a browser writes an origin.
fn origin_of(address: &str) -> anyhow::Result<String> {
    let (scheme, rest) = address
        .split_once("://")
        .filter(|(scheme, _)| ["http", "https"].contains(scheme))
        .with_context(|| {
            format!(
                "{address:?} is not the address of an environment, such as https://staging.example"
            )
        })?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    ensure!(
        !authority.is_empty() && !authority.contains('@'),
        "{address:?} names no host"
    );
    let default = if scheme == "http" { ":80" } else { ":443" };
    let authority = authority.strip_suffix(default).unwrap_or(authority);
    Ok(format!("{scheme}://{}", authority.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_a_browser_does() {
        for (address, origin) in [
            ("https://Shop.example:443/films?x", "https://shop.example"),
            ("http://127.0.0.1:4330", "http://127.0.0.1:4330"),
            ("http://shop:80/", "http://shop"),
        ] {
            assert_eq!(origin_of(address).ok().as_deref(), Some(origin));
        }
        for address in ["shop.example", "ftp://shop", "http://", "http://a:b@shop"] {
            assert!(origin_of(address).is_err(), "{address}");
        }
    }
}
