//! `throughline sample-data`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use shared::time::UnixNanos;

use super::{INCIDENT, hour};
use crate::exchange::http::ServerArgs;
use crate::query::time;
use crate::store::sqlite::{DataDirectory, SqliteStore};
use crate::store::{Batch, Store as _, system_clock};

/// Which hour, and where to.
#[derive(Debug, Args)]
pub struct SampleData {
    #[command(flatten)]
    server: ServerArgs,

    /// Write into this data directory, which no server may be using, instead of filling a server
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,

    /// The same seed makes the same traces
    #[arg(
        long,
        env = "THROUGHLINE_SAMPLE_SEED",
        value_name = "NUMBER",
        default_value = "1"
    )]
    seed: u64,

    /// When the hour ends: Unix time or RFC 3339 [default: now]
    #[arg(long, value_name = "TIME", value_parser = time::parse, requires = "data")]
    until: Option<UnixNanos>,

    /// Add the sample to data that is there already
    #[arg(long, env = "THROUGHLINE_SAMPLE_MIX")]
    mix: bool,
}

/// Makes the hour and keeps it.
///
/// # Errors
/// When there is other data and nobody said that the two may mix, or the sample cannot be kept.
pub fn run(config: &SampleData) -> anyhow::Result<ExitCode> {
    let place = match &config.data {
        Some(path) => {
            let directory = DataDirectory::hold(path)
                .context("a data directory can be filled while no server runs")?;
            let store = SqliteStore::open(directory, system_clock(), None)?;
            if !config.mix && store.range()?.is_some() {
                bail!(
                    "{} has traces already, and sample data cannot be taken out of a day's file \
                     again: name another directory, which can be deleted as a whole, or add --mix",
                    path.display()
                );
            }
            let end = config.until.unwrap_or_else(|| system_clock()());
            for batch in hour(config.seed, end) {
                store.append(&[batch])?;
            }
            store.close()?;
            let path = path.display();
            eprintln!(
                "remove it with the directory {path}; look at it with `throughline serve --data {path}`"
            );
            "http://localhost:4319"
        }
        None => {
            let path = format!(
                "/api/v1/sample-data?seed={}&mix={}",
                config.seed, config.mix
            );
            let server = config.server.server()?;
            let (status, body) = server.post_json(&path, b"{}")?;
            if status != 200 {
                return Err(server.refusal(status, &body));
            }
            config.server.url.trim_end_matches('/')
        }
    };
    eprintln!("an hour of a shop is there: {place}/search");
    eprintln!("something went wrong between 22 and 10 minutes before its end: {INCIDENT}");
    Ok(ExitCode::SUCCESS)
}

/// How many spans batches have.
#[must_use]
pub fn span_count(batches: &[Batch]) -> usize {
    batches.iter().map(|batch| batch.spans.len()).sum()
}
