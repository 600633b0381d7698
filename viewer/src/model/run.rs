//! What the page of a re-run concludes.

use shared::query::run::{Picture, RunReport, StepOutcome, Verdict};

/// Where a picture is, below the API.
#[must_use]
pub fn picture_path(run: &str, picture: Picture) -> String {
    format!("/api/v1/runs/{run}/pictures/{}", picture.number)
}

/// The page after a step, in this run and in the latest good one before it.
#[must_use]
pub fn pictures_of(
    report: &RunReport,
    run: usize,
    step: &StepOutcome,
) -> (Option<String>, Option<String>) {
    let own = report
        .pictures
        .iter()
        .find(|picture| picture.run == run && picture.step == step.number)
        .map(|picture| picture_path(&report.id, *picture));
    let good = report.good.as_ref().and_then(|good| {
        let of_step = |picture: &&Picture| picture.step == step.number;
        let picture = good.pictures.iter().find(of_step)?;
        Some(picture_path(&good.id, *picture))
    });
    (own, good)
}

/// Whether a step is what the page is looked at for.
#[must_use]
pub fn differs(step: &StepOutcome) -> bool {
    step.diverged.is_some() || step.findings.iter().any(|one| one.kind.is_regression())
}

/// The class of a verdict's mark.
#[must_use]
pub fn tone(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Reproduced => "mark mark--good",
        Verdict::NotReproduced => "mark mark--warn",
        Verdict::Diverged | Verdict::NewRegression => "mark mark--error",
    }
}

/// The command that does a session again.
#[must_use]
pub fn command(session: &str, server: &str, environment: &str) -> String {
    format!(
        "throughline replay {} --server {} --env {} --allow-writes",
        quoted(session),
        quoted(server),
        quoted(environment)
    )
}

/// A word of a shell's command line.
fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/@".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use shared::query::run::{GoodRun, Outcome};
    use shared::time::UnixNanos;

    use super::*;

    fn picture(number: u32, run: usize, step: usize) -> Picture {
        Picture { number, run, step }
    }

    #[test]
    fn a_step_has_its_picture_and_that_of_the_good_run() {
        let report = RunReport {
            id: "b".to_owned(),
            created: UnixNanos(2),
            by: None,
            outcome: Outcome {
                verdict: Verdict::Diverged,
                session: "s".to_owned(),
                environment: String::new(),
                server: String::new(),
                judged_by: String::new(),
                runs: Vec::new(),
                not_compared: Vec::new(),
                page: None,
            },
            pictures: vec![picture(0, 0, 1), picture(1, 1, 1), picture(2, 1, 2)],
            good: Some(GoodRun {
                id: "a".to_owned(),
                pictures: vec![picture(7, 0, 2)],
            }),
        };
        let step = |number| StepOutcome {
            number,
            name: String::new(),
            recorded: None,
            trace: None,
            diverged: None,
            findings: Vec::new(),
            screenshot: None,
        };
        let path = |text: &str| Some(format!("/api/v1/runs/{text}"));
        assert_eq!(
            pictures_of(&report, 1, &step(2)),
            (path("b/pictures/2"), path("a/pictures/7"))
        );
        assert_eq!(
            pictures_of(&report, 1, &step(1)),
            (path("b/pictures/1"), None)
        );
        assert_eq!(pictures_of(&report, 0, &step(3)), (None, None));
    }

    #[test]
    fn a_command_takes_any_id_as_one_word() {
        assert_eq!(
            command("a1-b", "http://localhost:4319", "https://staging.example"),
            "throughline replay a1-b --server http://localhost:4319 --env https://staging.example --allow-writes"
        );
        assert!(
            command("x'; rm -rf /", "u", "e")
                .starts_with("throughline replay 'x'\\''; rm -rf /' --server u")
        );
    }
}
