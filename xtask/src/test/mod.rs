//! `cargo xtask test`: everything that must hold, in stages.
//!
//! A stage that fails does not stop the later ones: one run tells everything. The last line on stdout is
//! `N passed, N failed`, summed over what cargo test, Node's test runner and Playwright counted; a check that counts
//! nothing itself counts as one.

mod cold;
mod count;
mod stages;

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Args;

use crate::step::duration;
use crate::test::count::Counts;
use crate::test::stages::{Ran, Stage, Stages};
use crate::workspace::Workspace;

/// Which tests are run, and where.
#[derive(Args)]
pub struct Options {
    /// Only these stages, in the given order; all when none is named.
    stages: Vec<Stage>,
    /// Run .ci/run in a fresh clone of the last commit with an empty home, cargo home, cache and target directory.
    #[arg(long, conflicts_with = "stages")]
    cold: bool,
}

/// What became of a stage.
struct Outcome {
    stage: Stage,
    counts: Counts,
    elapsed: Duration,
    /// Printed behind the table: whoever reads a log from its end finds what to do.
    remarks: Option<String>,
}

/// Runs the stages and prints the counts.
///
/// # Errors
/// When anything failed.
pub fn test(workspace: &Workspace, options: &Options) -> Result<()> {
    if options.cold {
        return cold::run(workspace);
    }
    let chosen = match options.stages.as_slice() {
        [] => Stage::ALL.to_vec(),
        stages => stages.to_vec(),
    };
    let start = Instant::now();
    let stages = Stages::new(workspace);
    let outcomes: Vec<Outcome> = chosen.iter().map(|stage| run(&stages, *stage)).collect();

    eprintln!(
        "\n{:<10} {:>12} {:>8} {:>8} {:>8} {:>9}",
        "stage", "time", "passed", "failed", "skipped", "repeated"
    );
    let mut total = Counts::default();
    for outcome in &outcomes {
        total += outcome.counts;
        print_row(&outcome.stage.to_string(), outcome.elapsed, outcome.counts);
    }
    print_row("all", start.elapsed(), total);
    for outcome in &outcomes {
        if let Some(remarks) = &outcome.remarks {
            eprintln!("\n{}: {remarks}", outcome.stage);
        }
    }
    println!("\n{total}");
    match total.failed {
        0 => Ok(()),
        _ => bail!("the tests do not pass"),
    }
}

fn run(stages: &Stages<'_>, stage: Stage) -> Outcome {
    eprintln!("\n━━━ {stage}");
    let start = Instant::now();
    let (counts, remarks) = match stages.run(stage) {
        Ok(Ran { counts, account }) => (counts, remarks(counts, &account)),
        Err(error) => (Counts::one_failed(), Some(format!("{error:#}"))),
    };
    let elapsed = start.elapsed();
    eprintln!("━━━ {stage}: {counts} ({})", duration(elapsed));
    Outcome {
        stage,
        counts,
        elapsed,
        remarks,
    }
}

fn remarks(counts: Counts, account: &str) -> Option<String> {
    match (counts.failed, counts.repeated) {
        (0, 0) => None,
        (0, repeated) => Some(format!("{repeated} passed only when repeated\n{account}")),
        (failed, _) if account.is_empty() => Some(format!("{failed} failed, see above")),
        (failed, _) => Some(format!("{failed} failed\n{account}")),
    }
}

fn print_row(name: &str, elapsed: Duration, counts: Counts) {
    eprintln!(
        "{name:<10} {:>12} {:>8} {:>8} {:>8} {:>9}",
        duration(elapsed),
        counts.passed,
        counts.failed,
        counts.skipped,
        counts.repeated
    );
}
