//! `cargo xtask`: builds, runs, tests and measures Throughline.
//!
//! Every task is a module. Tasks run programs and move files; what they build knows nothing of them.

mod bench;
mod build;
mod demo;
mod docs;
mod process;
mod size;
mod step;
mod test;
mod tidy;
mod tools;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::workspace::Workspace;

/// Builds, runs, tests and measures Throughline.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build everything into target/dist, or one part of it.
    Build {
        /// Only this part.
        part: Option<build::Part>,
    },
    /// Install what is missing, build, and run the demo shop and the server.
    Demo(demo::Options),
    /// Run the tests: format, lint, unit, wasm, trunk, e2e, interop, smoke.
    Test(test::Options),
    /// Print what a browser downloads, and fail beyond the budgets.
    Size,
    /// Check the rules of this repository that no other tool checks.
    Tidy,
    /// Write the documentation of the tracer's options from their table.
    Docs(docs::Options),
    /// Measure; the results go to target/bench/NAME.json.
    Bench {
        /// What to measure.
        name: bench::Name,
        #[command(flatten)]
        options: bench::Options,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(code) => code,
        Err(error) => {
            // A backtrace through this program would hide the line that says which command failed.
            eprintln!("\ncargo xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<ExitCode> {
    let workspace = Workspace::find()?;
    match task {
        Task::Build { part } => build::build(&workspace, part)?,
        Task::Demo(options) => demo::demo(&workspace, &options)?,
        Task::Test(options) => test::test(&workspace, &options)?,
        Task::Size => size::size(&workspace)?,
        Task::Tidy => step::step("check the rules of the repository", || {
            tidy::tidy(&workspace)
        })?,
        Task::Docs(options) => docs::docs(&workspace, &options)?,
        Task::Bench { name, options } if !bench::bench(&workspace, name, &options)? => {
            return Ok(ExitCode::from(bench::NOT_MEASURED));
        }
        Task::Bench { .. } => {}
    }
    Ok(ExitCode::SUCCESS)
}
