//! `throughline replay`: does a recorded session again in a real browser, and says which call to the
//! backend now differs.
//!
//! ```text
//! recorded (session, script) ─ driver (Playwright) ─▶ environment ─▶ its Throughline server
//!                                                                        │ arrival: until quiet
//!          original, --baseline, --expect ──── shared::diff ◀────────────┘
//!                                                  │ findings, outcome
//!                                                  ▼ report
//! ```

mod arrival;
mod driver;
pub mod expectation;
mod findings;
mod fixtures;
mod outcome;
mod perform;
mod report;
mod yardstick;

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::{Context as _, bail};

use crate::config::{Replay, ReplayFormat};
use crate::exchange::http::Server;
use crate::recorded::Recorded;
use crate::source::Source;
use perform::Performance;
use shared::query::run::{Outcome, PictureRequest, RunPublished, RunRequest, Verdict};
use yardstick::Yardstick;

/// It could not be run.
const TROUBLE: u8 = 2;

/// Does the session again, prints what came of it, and says it by the exit code.
pub fn run(config: &Replay) -> ExitCode {
    let code = match replay(config).and_then(|outcome| {
        tell(config, &outcome)?;
        Ok(outcome.verdict.exit_code())
    }) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            TROUBLE
        }
    };
    ExitCode::from(code)
}

fn replay(config: &Replay) -> anyhow::Result<Outcome> {
    let server = config.server.server()?;
    let target = Source::Server(server.clone());
    let origin = match (&config.from, &config.data) {
        (Some(name), _)
            if name.trim_end_matches('/') == server.url && config.from_token.is_none() =>
        {
            Source::Server(server.clone())
        }
        (Some(name), _) => Source::named(name, config.from_token.as_deref())?,
        (None, Some(directory)) => Source::Directory(directory.clone()),
        (None, None) => Source::Server(server.clone()),
    };
    let recorded = Recorded::load(&origin, &config.session)?;
    if recorded.script.instructions.is_empty() {
        bail!(
            "the session {} has no step that can be done again",
            config.session
        );
    }
    let yardstick = Yardstick::new(config, &recorded, &target)?;
    let mut performance = Performance::new(config, &recorded, &target, &yardstick)?;
    let mut runs = Vec::new();
    for _ in 0..config.runs {
        runs.push(performance.run()?);
    }
    let verdict = runs
        .iter()
        .fold(Verdict::Reproduced, |worst, run| worst.worse(run.verdict));
    let mut outcome = Outcome {
        verdict,
        session: config.session.clone(),
        environment: performance.origin().to_owned(),
        server: server.url.clone(),
        judged_by: yardstick.to_string(),
        not_compared: performance.not_compared(&runs),
        runs,
        page: None,
    };
    if config.minimise {
        minimise(&mut performance, &mut outcome)?;
    }
    if let Some(path) = &config.expect_write {
        let text = expectation::write(&outcome, &|id| target.spans(id))
            .with_context(|| format!("{} is not written", path.display()))?;
        std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
        eprintln!("expectations written to {}", path.display());
        outcome.verdict = Verdict::Reproduced;
    }
    if config.publishes() {
        match publish(&server, &outcome, performance.take_pictures()) {
            Ok(page) => outcome.page = Some(page),
            // The result is printed all the same.
            Err(error) => eprintln!("not shown in the viewer: {error:#}"),
        }
    }
    Ok(outcome)
}

/// Has the server keep the outcome; where the viewer shows it.
fn publish(
    server: &Server,
    outcome: &Outcome,
    pictures: Vec<PictureRequest>,
) -> anyhow::Result<String> {
    let mut request = RunRequest {
        outcome: outcome.clone(),
        pictures,
    };
    // What a machine calls a file is of no use on another one.
    for step in request
        .outcome
        .runs
        .iter_mut()
        .flat_map(|run| &mut run.steps)
    {
        step.screenshot = None;
    }
    let (status, body) = server.post_json("/api/v1/runs", &serde_json::to_vec(&request)?)?;
    if status != 201 {
        return Err(server.refusal(status, &body));
    }
    let kept: RunPublished = serde_json::from_slice(&body)?;
    Ok(format!("{}/run/{}", server.url, kept.id))
}

/// Leaves out one step after the other for as long as the verdict stays, and says which are needed.
fn minimise(performance: &mut Performance<'_>, outcome: &mut Outcome) -> anyhow::Result<()> {
    if outcome.verdict == Verdict::Reproduced && !performance.was_recorded_failing() {
        outcome
            .not_compared
            .push("nothing to minimise: no step shows anything wrong".to_owned());
        return Ok(());
    }
    let wanted = performance.signature(outcome);
    let mut needed = performance.steps_until(outcome);
    let mut at = needed.len().saturating_sub(1);
    while at > 0 {
        at -= 1;
        // The first page has to be opened whatever follows.
        if needed[at] == 0 {
            continue;
        }
        let without: Vec<usize> = needed
            .iter()
            .copied()
            .filter(|&step| step != needed[at])
            .collect();
        let run = performance.run_only(&without)?;
        if performance.shows(&run, &wanted) {
            needed = without;
        }
    }
    let names: Vec<String> = needed
        .iter()
        .map(|&step| format!("{} {}", step + 1, performance.name(step)))
        .collect();
    outcome.not_compared.push(format!(
        "fewest steps that show the same: {}",
        names.join("; ")
    ));
    Ok(())
}

fn tell(config: &Replay, outcome: &Outcome) -> anyhow::Result<()> {
    let text = match config.format {
        ReplayFormat::Table => report::table(outcome),
        ReplayFormat::Json => serde_json::to_string_pretty(outcome)? + "\n",
    };
    // Nobody may be reading any more.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
    for (path, text) in [
        (&config.junit, report::junit(outcome)),
        (&config.save, serde_json::to_string_pretty(outcome)? + "\n"),
    ] {
        if let Some(path) = path {
            std::fs::write(path, text)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    Ok(())
}
