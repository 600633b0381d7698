//! The outcome for people: the verdict first, then a row a step.

use std::fmt::Write as _;

use shared::query::run::{Finding, FindingKind, Outcome, Run, StepOutcome};

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
    if let Some(page) = &outcome.page {
        let _ = writeln!(out, "\n{page}");
    }
    out
}

fn one_run(out: &mut String, outcome: &Outcome, run: &Run) {
    let _ = writeln!(out, "\nRun {}: {}", run.id, run.verdict.as_str());
    for step in &run.steps {
        let _ = writeln!(out, "  {} {:>2} {}", step.mark(), step.number, step.name);
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
        // Beside the recorded trace where both are there.
        if let Some(address) = step.address() {
            let _ = writeln!(out, "       {}{address}", outcome.server);
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
