//! `cargo xtask bench`: measurements, each printed as a table on stderr and written to `target/bench/NAME.json`.

use anyhow::Result;
use clap::ValueEnum;

use crate::workspace::Workspace;

/// The exit code of a measurement that does not exist: neither success nor a failed one.
pub const NOT_MEASURED: u8 = 2;

/// What can be measured.
#[derive(Clone, Copy, ValueEnum)]
pub enum Name {
    /// Which action does each request belong to, ours and the peers'
    Causality,
    /// What the tracer costs a page
    Tracer,
    /// Ingest, query and durability
    Server,
    /// Large traces
    Viewer,
    /// Recording and replay
    Replay,
}

/// Runs a measurement. `Ok(false)` says that it is not measured yet.
///
/// # Errors
/// Those of the measurement.
pub fn bench(workspace: &Workspace, name: Name) -> Result<bool> {
    let key = name
        .to_possible_value()
        .map(|value| value.get_name().to_owned())
        .unwrap_or_default();
    let report = workspace.target().join("bench").join(format!("{key}.json"));
    match name {
        Name::Causality | Name::Tracer | Name::Server | Name::Viewer | Name::Replay => {
            eprintln!(
                "{key}: not measured yet; {} is not written",
                report.display()
            );
            Ok(false)
        }
    }
}
