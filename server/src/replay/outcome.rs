//! The verdict on a run, and what the runs leave open.

use std::collections::BTreeMap;

use shared::query::run::{FindingKind, Run, StepOutcome, Verdict};

/// The verdict on what the steps came to. `parameters` has other values count as a regression.
#[must_use]
pub fn judge(steps: &[StepOutcome], parameters: bool) -> Verdict {
    let kinds = || {
        steps
            .iter()
            .flat_map(|step| &step.findings)
            .map(|one| one.kind)
    };
    if kinds().any(|kind| kind.is_regression() || (parameters && kind == FindingKind::Parameters)) {
        Verdict::NewRegression
    } else if steps.iter().any(|step| step.diverged.is_some()) {
        Verdict::Diverged
    } else if kinds().any(|kind| kind == FindingKind::Recovered) {
        Verdict::NotReproduced
    } else {
        Verdict::Reproduced
    }
}

/// What the runs leave open, in words: steps that were done and have nothing to be judged by, and steps behind one at
/// which a run stopped. `judged` has, for every step of the session, whether there is anything to judge it by.
#[must_use]
pub fn left_over(judged: &[bool], runs: &[Run]) -> Vec<String> {
    let is_done = |number: usize| {
        let mut steps = runs.iter().flat_map(|run| &run.steps);
        steps.any(|step| step.number == number && step.diverged.is_none())
    };
    let numbers = (1..).zip(judged);
    let quiet: Vec<usize> = numbers
        .filter(|(number, judged)| !**judged && is_done(*number))
        .map(|(number, _)| number)
        .collect();
    let mut told = Vec::new();
    if !quiet.is_empty() {
        told.push(format!(
            "nothing to compare with at {}: done, not judged",
            named(&quiet)
        ));
    }
    let mut stops: BTreeMap<usize, usize> = BTreeMap::new();
    for last in runs.iter().filter_map(|run| run.steps.last()) {
        if last.diverged.is_some() && last.number < judged.len() {
            *stops.entry(last.number).or_default() += 1;
        }
    }
    for (stop, count) in stops {
        let behind: Vec<usize> = (stop + 1..=judged.len()).collect();
        let share = match runs.len() {
            1 => String::new(),
            all => format!(" in {count} of {all} runs"),
        };
        let were = if behind.len() == 1 { "was" } else { "were" };
        told.push(format!(
            "{} {were} not done{share}: step {stop} before could not be",
            named(&behind)
        ));
    }
    told
}

/// Ascending numbers of steps, neighbours as a range: `steps 2, 5 to 7`.
fn named(numbers: &[usize]) -> String {
    let ranges: Vec<String> = numbers
        .chunk_by(|one, next| one + 1 == *next)
        .map(|range| match range {
            [one] => one.to_string(),
            [one, two] => format!("{one}, {two}"),
            _ => format!("{} to {}", range[0], range[range.len() - 1]),
        })
        .collect();
    let step = if numbers.len() == 1 { "step" } else { "steps" };
    format!("{step} {}", ranges.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A run that did the first `done` steps and stopped at the next one, if it says so.
    fn run(done: usize, stops: bool) -> Run {
        let step = |number: usize| StepOutcome {
            number,
            name: format!("step {number}"),
            recorded: None,
            trace: None,
            diverged: (number > done).then(|| "the element is gone".to_owned()),
            findings: Vec::new(),
            screenshot: None,
        };
        let steps: Vec<StepOutcome> = (1..=done + usize::from(stops)).map(step).collect();
        Run {
            id: "1".to_owned(),
            verdict: judge(&steps, false),
            steps,
        }
    }

    #[test]
    fn steps_behind_a_divergence_are_told_as_not_done() {
        // Of seven steps the second and the last three have nothing to be judged by.
        let judged = [true, false, true, true, false, false, false];
        let quiet = |steps| format!("nothing to compare with at {steps}: done, not judged");
        for (runs, expected, reason) in [
            (vec![run(7, false)], vec![quiet("steps 2, 5 to 7")], "whole"),
            (
                vec![run(3, true)],
                vec![
                    quiet("step 2"),
                    "steps 5 to 7 were not done: step 4 before could not be".to_owned(),
                ],
                "the fourth could not be done",
            ),
            (
                vec![run(0, true)],
                vec!["steps 2 to 7 were not done: step 1 before could not be".to_owned()],
                "the page could not be opened",
            ),
            (
                vec![run(6, true)],
                vec![quiet("steps 2, 5, 6")],
                "the last step, which the table shows",
            ),
            (
                vec![run(7, false), run(5, true), run(5, true)],
                vec![
                    quiet("steps 2, 5 to 7"),
                    "step 7 was not done in 2 of 3 runs: step 6 before could not be".to_owned(),
                ],
                "two runs stopped",
            ),
        ] {
            assert_eq!(left_over(&judged, &runs), expected, "{reason}");
        }
    }
}
