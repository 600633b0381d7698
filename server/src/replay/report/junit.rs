//! The outcome as JUnit XML, which every CI reads: a suite a run, a case a step.

use std::fmt::Write as _;

use shared::query::run::{Outcome, Run, StepOutcome};

/// The whole file.
#[must_use]
pub fn junit(outcome: &Outcome) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let count = |of: fn(&Run) -> usize| outcome.runs.iter().map(of).sum::<usize>();
    let _ = writeln!(
        out,
        "<testsuites name=\"throughline replay: {}\" tests=\"{}\" failures=\"{}\">",
        outcome.verdict.as_str(),
        count(|run| run.steps.len()),
        count(failures)
    );
    for run in &outcome.runs {
        let _ = writeln!(
            out,
            "  <testsuite name=\"session {} run {}: {}\" tests=\"{}\" failures=\"{}\">",
            escape(&outcome.session),
            escape(&run.id),
            run.verdict.as_str(),
            run.steps.len(),
            failures(run)
        );
        for step in &run.steps {
            case(&mut out, outcome, step);
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn failures(run: &Run) -> usize {
    run.steps
        .iter()
        .filter(|step| reasons(step).is_some())
        .count()
}

/// Why a step failed, a line each, with the first in short.
fn reasons(step: &StepOutcome) -> Option<(String, String)> {
    let findings = step.findings.iter().filter(|one| one.kind.is_regression());
    let diverged = step.diverged.iter().map(|why| ("diverged", why.as_str()));
    let all: Vec<(&str, &str)> = diverged
        .chain(findings.map(|one| (one.kind.as_str(), one.text.as_str())))
        .collect();
    let (kind, _) = all.first()?;
    let lines: Vec<&str> = all.iter().map(|(_, text)| *text).collect();
    Some(((*kind).to_owned(), lines.join("\n")))
}

fn case(out: &mut String, outcome: &Outcome, step: &StepOutcome) {
    let name = format!("{} {}", step.number, step.name);
    let _ = write!(
        out,
        "    <testcase classname=\"session {}\" name=\"{}\"",
        escape(&outcome.session),
        escape(&name)
    );
    match reasons(step) {
        None => out.push_str("/>\n"),
        Some((kind, text)) => {
            let first = text.lines().next().unwrap_or_default();
            let _ = writeln!(
                out,
                ">\n      <failure type=\"{}\" message=\"{}\">{}</failure>\n    </testcase>",
                escape(&kind),
                escape(first),
                escape(&text)
            );
        }
    }
}

/// Text for XML 1.0, which has no control characters.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(character),
            control if control.is_control() => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}
