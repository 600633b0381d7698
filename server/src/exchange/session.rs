//! `throughline export session`: a session as a test, a flow, a bug report or a page.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use shared::session::export::{
    Picture, bundle, markdown, playwright, traces_of_userflow, userflow,
};

use super::http::ServerArgs;
use crate::recorded::Recorded;
use crate::source::Source;

/// What to export of a session.
#[derive(Debug, Args)]
pub struct ExportSession {
    /// The session's id
    #[arg(value_name = "SESSION")]
    session: String,

    /// What to write
    #[arg(
        long,
        short,
        env = "THROUGHLINE_EXPORT_SESSION_FORMAT",
        value_name = "FORMAT",
        default_value = "playwright"
    )]
    format: SessionFormat,

    /// The file to write; beside a UserFlow, FILE.traces.json has its traces [default: stdout]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// A picture of the page (PNG), for a report or bundle: such as `throughline replay` writes
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,

    #[command(flatten)]
    server: ServerArgs,

    /// Read the session from this data directory, which no server may be using
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// What a session may be written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SessionFormat {
    /// A test that does it again and expects the same of its traces
    Playwright,
    /// What Chrome's recorder opens
    Userflow,
    /// What is known of a UserFlow's traces
    UserflowTraces,
    /// A bug report
    Markdown,
    /// A page with all traces that needs nothing but itself
    Bundle,
}

/// A picture of the page, PNG or JPEG.
#[derive(Debug)]
pub struct PagePicture {
    /// Where it is, as a report names it.
    pub address: Option<String>,
    /// The page that shows it with what belongs to it.
    pub page: Option<String>,
    /// The picture.
    pub bytes: Vec<u8>,
}

impl SessionFormat {
    /// The document. `viewer` is where links lead, `picture` a picture of the page.
    #[must_use]
    pub fn write(
        self,
        recorded: &Recorded,
        viewer: Option<&str>,
        picture: Option<&PagePicture>,
    ) -> String {
        let exported = recorded.exported();
        match self {
            Self::Playwright => playwright(&exported),
            Self::Userflow => format!("{:#}\n", userflow(&exported)),
            Self::UserflowTraces => format!("{:#}\n", traces_of_userflow(&exported)),
            Self::Markdown => {
                let picture = picture.and_then(|picture| {
                    Some(Picture {
                        address: picture.address.as_deref()?,
                        page: picture.page.as_deref(),
                    })
                });
                markdown(&exported, viewer, picture)
            }
            Self::Bundle => bundle(&exported, picture.map(|picture| picture.bytes.as_slice())),
        }
    }

    /// How its file's name ends, and its media type.
    #[must_use]
    pub fn file(self) -> (&'static str, &'static str) {
        match self {
            Self::Playwright => ("spec.js", "text/javascript; charset=utf-8"),
            Self::Userflow => ("userflow.json", "application/json"),
            Self::UserflowTraces => ("userflow.traces.json", "application/json"),
            Self::Markdown => ("md", "text/markdown; charset=utf-8"),
            Self::Bundle => ("html", "text/html; charset=utf-8"),
        }
    }
}

/// Exports.
///
/// # Errors
/// When the session cannot be had, or the file cannot be written.
pub fn run(config: &ExportSession) -> anyhow::Result<ExitCode> {
    let (source, viewer) = match &config.data {
        Some(directory) => (Source::Directory(directory.clone()), None),
        None => (
            Source::Server(config.server.server()?),
            Some(config.server.url.as_str()),
        ),
    };
    let recorded = Recorded::load(&source, &config.session)?;
    let picture = match &config.picture {
        Some(path) => Some(PagePicture {
            address: Some(path.display().to_string()),
            page: None,
            bytes: std::fs::read(path)
                .with_context(|| format!("cannot read {}", path.display()))?,
        }),
        None => None,
    };
    let document = config.format.write(&recorded, viewer, picture.as_ref());
    let write = |path: &PathBuf, text: &str| {
        std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
    };
    match &config.output {
        Some(path) => {
            write(path, &document)?;
            if config.format == SessionFormat::Userflow {
                let traces = SessionFormat::UserflowTraces.write(&recorded, None, None);
                let mut name = path.clone().into_os_string();
                name.push(".traces.json");
                write(&name.into(), &traces)?;
            }
        }
        // Whoever read it may have had enough.
        None => drop(std::io::stdout().lock().write_all(document.as_bytes())),
    }
    for left_out in &recorded.script.left_out {
        eprintln!("left out: {left_out}");
    }
    Ok(ExitCode::SUCCESS)
}
