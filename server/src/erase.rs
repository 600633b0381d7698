//! `throughline erase`: deletes everything of one visitor, from a server or a data directory.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use clap::builder::PossibleValuesParser;
use shared::query::audit::Event;
use shared::query::erase::ErasedResponse;

use crate::auth::audit::{Audit, told_of};
use crate::exchange::http::{ServerArgs, encoded};
use crate::query::erase::{KEYS, erase};
use crate::source;

/// Whose data, and where.
#[derive(Debug, Args)]
pub struct Erase {
    /// The visitor: the value of the attribute, as a whole
    #[arg(long, value_name = "ID")]
    user: String,

    /// The attribute by which the visitor is known
    #[arg(long, value_name = "KEY", default_value = KEYS[0], value_parser = PossibleValuesParser::new(KEYS))]
    attribute: String,

    /// Delete; without this it is only counted
    #[arg(long)]
    yes: bool,

    #[command(flatten)]
    server: ServerArgs,

    /// Delete from this data directory, which no server may be using, instead of asking one
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// Deletes, or counts.
///
/// # Errors
/// When the store or the server refuses.
pub fn run(config: &Erase) -> anyhow::Result<ExitCode> {
    let erased = match &config.data {
        Some(directory) => {
            let store = source::open(directory)?;
            let audit = Audit::open(directory).context("cannot open the audit log")?;
            let told = told_of(&config.attribute, &config.user);
            let done = if config.yes {
                "is deleted"
            } else {
                "is counted"
            };
            audit
                .note(
                    Some("throughline erase"),
                    Event::UserErased,
                    Vec::new(),
                    Some(format!("the data of {told} {done}")),
                )
                .context("cannot write the audit log")?;
            let erased = erase(&store, &config.attribute, &config.user, !config.yes)?;
            crate::store::Store::close(&store)?;
            erased
        }
        None => {
            let server = config.server.server()?;
            let path = format!(
                "/api/v1/users/{}?attribute={}&dry-run={}",
                encoded(&config.user),
                config.attribute,
                !config.yes
            );
            let (status, body) = server.delete(&path)?;
            if status != 200 {
                return Err(server.refusal(status, &body));
            }
            serde_json::from_slice(&body).context("the server's answer is of another version")?
        }
    };
    println!("{}", told(&erased));
    if erased.dry_run {
        eprintln!("nothing is deleted yet: repeat it with --yes");
    }
    Ok(ExitCode::SUCCESS)
}

fn told(erased: &ErasedResponse) -> String {
    format!(
        "{}: {} sessions, {} traces, {} spans, {} log records, {} metrics, {} chunks of recordings, {} re-runs, {} notes",
        if erased.dry_run {
            "would be deleted"
        } else {
            "deleted"
        },
        erased.sessions,
        erased.traces,
        erased.spans,
        erased.logs,
        erased.metrics,
        erased.recording_chunks,
        erased.runs,
        erased.notes
    )
}
