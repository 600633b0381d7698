//! `cargo xtask bench`: measurements, each printed as a table on stderr and written to `target/bench/NAME.json`.
//!
//! The scripts and the peers, pinned from npm, are in `bench/`. A figure means something beside the others of its run:
//! everything that is compared takes turns in one run on one machine.

use std::path::Path;

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::build;
use crate::step::{run, step};
use crate::tools::{self, NodeTools, cargo};
use crate::workspace::Workspace;

/// The exit code of a measurement that does not exist: neither success nor a failed one.
pub const NOT_MEASURED: u8 = 2;

/// What can be measured.
#[derive(Clone, Copy, ValueEnum)]
pub enum Name {
    /// Which action does each request belong to, ours and the peers'
    Causality,
    /// What the tracer costs a page, ours and the peers'
    Tracer,
    /// Ingest, query and durability
    Server,
    /// Large traces
    Viewer,
    /// Recording and replay
    Replay,
}

/// How much is measured.
#[derive(Args)]
pub struct Options {
    /// How often the causality table is run; a tracer is as good as the worst of them [default: 3]
    #[arg(long)]
    repetitions: Option<u32>,
    /// Only these setups of bench/setups.js, by their keys, for the causality table
    #[arg(long, value_delimiter = ',')]
    setups: Vec<String>,
}

/// Runs a measurement. `Ok(false)` says that it is not measured yet.
///
/// # Errors
/// Those of the measurement.
pub fn bench(workspace: &Workspace, name: Name, options: &Options) -> Result<bool> {
    let key = name
        .to_possible_value()
        .map(|value| value.get_name().to_owned())
        .unwrap_or_default();
    let report = workspace.target().join("bench").join(format!("{key}.json"));
    match name {
        Name::Causality | Name::Tracer | Name::Viewer => {
            run_script(workspace, &key, &["throughline"], &report, options)?;
            eprintln!("\nwritten to {}", report.display());
            Ok(true)
        }
        Name::Replay => {
            let packages = ["throughline", "throughline-demo"];
            run_script(workspace, "replay-player", &packages, &report, options)?;
            run_script(workspace, "recording", &packages, &report, options)?;
            run_script(workspace, "replay-faults", &packages, &report, options)?;
            eprintln!("\nwritten to {}", report.display());
            Ok(true)
        }
        Name::Server => {
            eprintln!(
                "{key}: not measured yet; {} is not written",
                report.display()
            );
            Ok(false)
        }
    }
}

/// Runs `bench/NAME.js` with the tracer and the packages of this tree.
fn run_script(
    workspace: &Workspace,
    name: &str,
    packages: &[&str],
    report: &Path,
    options: &Options,
) -> Result<()> {
    let node = NodeTools::install(workspace)?;
    let directory = workspace.root.join("bench");
    tools::npm_packages(&directory)?;
    tools::npm_packages(&workspace.root.join("tests"))?;
    let chromium = tools::chromium()?;
    build::assets(workspace, &node)?;
    step(&format!("compile {}", packages.join(" and ")), || {
        let of_packages = packages.iter().map(|name| format!("--package={name}"));
        run(cargo(workspace).arg("build").args(of_packages))
    })?;
    let mut script = std::process::Command::new("node");
    if let Some(repetitions) = options.repetitions {
        script.env("BENCH_REPETITIONS", repetitions.to_string());
    }
    if !options.setups.is_empty() {
        script.env("BENCH_SETUPS", options.setups.join(","));
    }
    step(&format!("measure: {name}"), || {
        run(script
            .arg(directory.join(format!("{name}.js")))
            .arg(report)
            .env("TRACER", workspace.embed("tracer").join("throughline.js"))
            .env("THROUGHLINE_BIN", workspace.binary("debug", "throughline"))
            .env(
                "THROUGHLINE_DEMO_BIN",
                workspace.binary("debug", "throughline-demo"),
            )
            .env("CHROMIUM_BIN", chromium))
    })
}
