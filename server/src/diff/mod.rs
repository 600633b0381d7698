//! `throughline diff`: what differs between traces, as a table or as JSON.

mod table;

use std::io::Write as _;
use std::process::ExitCode;

use shared::diff::{Limits, TraceDiff, diff};

use crate::config::{Diff, DiffFormat};
use crate::source::Source;

/// The traces do not differ.
const SAME: u8 = 0;
/// They differ.
const DIFFERENT: u8 = 1;
/// They could not be compared.
const TROUBLE: u8 = 2;

/// Compares, prints, and says by the exit code what came of it, as `diff` does.
pub fn run(config: &Diff) -> ExitCode {
    let code = match compare(config) {
        Ok(found) => {
            let text = match config.format {
                DiffFormat::Table => Ok(table::table(&found)),
                DiffFormat::Json => serde_json::to_string_pretty(&found).map(|json| json + "\n"),
            };
            match text {
                Ok(text) => {
                    // Nobody may be reading any more.
                    let _ = std::io::stdout().lock().write_all(text.as_bytes());
                    if differs(&found, config.parameters) {
                        DIFFERENT
                    } else {
                        SAME
                    }
                }
                Err(error) => trouble(&error.into()),
            }
        }
        Err(error) => trouble(&error),
    };
    ExitCode::from(code)
}

fn trouble(error: &anyhow::Error) -> u8 {
    eprintln!("error: {error:#}");
    TROUBLE
}

fn compare(config: &Diff) -> anyhow::Result<TraceDiff> {
    let source = match &config.data {
        Some(path) => Source::Directory(path.clone()),
        None => Source::Server(config.server.server()?),
    };
    let traces = source.traces(&config.traces)?;
    let limits = Limits {
        ratio: config.ratio,
        floor: config.floor,
    };
    // The command line takes two traces at least.
    let (baselines, other) = traces.split_at(traces.len() - 1);
    let baselines: Vec<_> = baselines.iter().collect();
    Ok(diff(&baselines, &other[0], &limits))
}

fn differs(found: &TraceDiff, parameters: bool) -> bool {
    let changed = |node: &shared::diff::DiffNode| !node.attributes.is_empty();
    !found.reasons.is_empty() || (parameters && found.nodes.iter().any(changed))
}
