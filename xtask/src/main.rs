//! `cargo xtask`: builds, runs, tests and measures Throughline.
//!
//! Every task is a module. Tasks run programs and move files; what they build knows nothing of them.

mod build;
mod demo;
mod process;
mod step;
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
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A backtrace through this program would hide the line that says which command failed.
            eprintln!("\ncargo xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<()> {
    let workspace = Workspace::find()?;
    match task {
        Task::Build { part } => build::build(&workspace, part),
        Task::Demo(options) => demo::demo(&workspace, &options),
    }
}
