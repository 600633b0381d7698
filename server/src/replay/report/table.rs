//! The outcome for people: the verdict first, then a row a step.

use std::fmt::Write as _;

use crate::replay::findings::{Finding, FindingKind};
use crate::replay::outcome::{Outcome, Run, StepOutcome};

/// So many changed parameters of a step are shown; the JSON has all.
const PARAMETERS: usize = 5;

/// The whole report.
#[must_use]
pub fn table(outcome: &Outcome) -> String {
    let mut out = String::new();
    let runs = match outcome.runs.len() {
        1 => String::new(),
        count => {
            let same = outcome
                .runs
                .iter()
                .filter(|run| run.verdict == outcome.verdict);
            format!(" ({} of {count} runs)", same.count())
        }
    };
    let _ = writeln!(out, "{}{runs}", outcome.verdict.as_str());
    let _ = writeln!(
        out,
        "session {} at {}",
        outcome.session, outcome.environment
    );
    let _ = writeln!(out, "judged by {}", outcome.judged_by);
    for run in &outcome.runs {
        one_run(&mut out, outcome, run);
    }
    if !outcome.not_compared.is_empty() {
        out.push_str("\nNot compared\n");
        for line in &outcome.not_compared {
            let _ = writeln!(out, "  {line}");
        }
    }
    out
}

fn one_run(out: &mut String, outcome: &Outcome, run: &Run) {
    let _ = writeln!(out, "\nRun {}: {}", run.id, run.verdict.as_str());
    for step in &run.steps {
        let _ = writeln!(out, "  {} {:>2} {}", mark(step), step.number, step.name);
        if let Some(why) = &step.diverged {
            let _ = writeln!(out, "       {why}");
        }
        for finding in step
            .findings
            .iter()
            .filter(|one| one.kind != FindingKind::Parameters)
        {
            let _ = writeln!(out, "       {}: {}", finding.kind.as_str(), finding.text);
        }
        parameters(out, step);
        if let Some(path) = &step.screenshot {
            let _ = writeln!(out, "       picture: {path}");
        }
        if let Some(link) = link(outcome, step) {
            let _ = writeln!(out, "       {link}");
        }
    }
}

fn parameters(out: &mut String, step: &StepOutcome) {
    let changed: Vec<&Finding> = step
        .findings
        .iter()
        .filter(|one| one.kind == FindingKind::Parameters)
        .collect();
    for finding in changed.iter().take(PARAMETERS) {
        let _ = writeln!(out, "       other value: {}", finding.text);
    }
    if changed.len() > PARAMETERS {
        let _ = writeln!(out, "       … and {} more", changed.len() - PARAMETERS);
    }
}

fn mark(step: &StepOutcome) -> &'static str {
    if step.diverged.is_some() {
        "✗"
    } else if step.findings.iter().any(|one| one.kind.is_regression()) {
        "!"
    } else if step.trace.is_some() {
        "✓"
    } else {
        "·"
    }
}

/// Where the viewer shows a step that differs: beside the recorded one where both are there.
fn link(outcome: &Outcome, step: &StepOutcome) -> Option<String> {
    let trace = step.trace.filter(|_| !step.findings.is_empty())?;
    Some(match step.recorded {
        Some(recorded) => format!("{}/compare/{recorded}/{trace}", outcome.server),
        None => format!("{}/trace/{trace}", outcome.server),
    })
}
