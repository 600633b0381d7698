//! `throughline import`: the spans of files into a running server or a data directory.

use std::io::{IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use clap::{Args, ValueEnum};
use shared::interchange::Format;
use shared::otlp::json::SpansJson;
use shared::span::SpanRecord;

use super::{file, http};
use crate::store::sqlite::{DataDirectory, SqliteStore};
use crate::store::{Batch, Store as _, system_clock};

/// How many spans go into one request or transaction.
const CHUNK: usize = 5_000;

/// How often a server that has no room is asked again.
const ATTEMPTS: u32 = 30;

/// How often a long import says how far it is.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);

const ENDINGS: [&str; 5] = [".json", ".jsonl", ".ndjson", ".pb", ".binpb"];

/// What to import, and where to.
#[derive(Debug, Args)]
pub struct Import {
    /// Files, directories of files, or - for stdin
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,

    /// The files' format
    #[arg(
        long,
        short,
        env = "THROUGHLINE_IMPORT_FORMAT",
        value_name = "FORMAT",
        default_value = "auto"
    )]
    format: ImportFormat,

    /// The running server to send the spans to: the address of its ingest face
    #[arg(
        long,
        env = "THROUGHLINE_INGEST",
        value_name = "URL",
        default_value = "http://127.0.0.1:4318"
    )]
    server: String,

    /// Write into this data directory, which no server may be using, instead of sending to one
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// What a file is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ImportFormat {
    /// As its contents tell
    Auto,
    /// OTLP/JSON; one request, or one a line
    Otlp,
    /// What Jaeger's UI and query API give
    Jaeger,
    /// Zipkin v2
    Zipkin,
    /// Chrome's trace events: the Performance panel's, or what `export --format perfetto` wrote
    Perfetto,
}

impl ImportFormat {
    fn given(self) -> Option<Format> {
        match self {
            Self::Auto => None,
            Self::Otlp => Some(Format::Otlp),
            Self::Jaeger => Some(Format::Jaeger),
            Self::Zipkin => Some(Format::Zipkin),
            Self::Perfetto => Some(Format::Perfetto),
        }
    }
}

/// Imports. A file that cannot be read does not keep the others out; the exit code tells.
///
/// # Errors
/// When there is no file, or the spans cannot be kept.
pub fn run(config: &Import) -> anyhow::Result<ExitCode> {
    let files = files(&config.paths)?;
    let mut target = Target::open(config.data.as_deref(), &config.server)?;
    let mut progress = Progress::new(files.len());
    for path in &files {
        let shown = if is_stdin(path) {
            Path::new("stdin")
        } else {
            path
        };
        match read(path, config.format.given()) {
            Ok(decoded) => {
                if decoded.rejected > 0 {
                    let reason = decoded.reason.unwrap_or_default();
                    let (file, rejected) = (shown.display(), decoded.rejected);
                    eprintln!("{file}: {rejected} spans left out, the first: {reason}");
                    progress.left_out += u64::from(rejected);
                }
                for chunk in decoded.records.chunks(CHUNK) {
                    target
                        .keep(chunk)
                        .with_context(|| format!("while importing {}", shown.display()))?;
                    progress.kept(chunk.len());
                }
                progress.files += 1;
            }
            Err(error) => {
                eprintln!("error: {}: {error:#}", shown.display());
                progress.failed += 1;
            }
        }
    }
    target.close()?;
    progress.finish();
    Ok(if progress.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

fn read(
    path: &Path,
    format: Option<Format>,
) -> anyhow::Result<shared::otlp::json::Decoded<SpanRecord>> {
    let mut bytes = Vec::new();
    if is_stdin(path) {
        std::io::stdin().lock().read_to_end(&mut bytes)?;
    } else {
        bytes = std::fs::read(path)?;
    }
    file::decode(bytes, format)
}

/// The files that the paths name, those of a directory by name.
fn files(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in paths {
        if !path.is_dir() {
            found.push(path.clone());
            continue;
        }
        let before = found.len();
        let mut passed_over = 0;
        let mut directories = vec![path.clone()];
        while let Some(directory) = directories.pop() {
            let entries = std::fs::read_dir(&directory)
                .with_context(|| format!("cannot list {}", directory.display()))?;
            for entry in entries {
                let entry = entry?.path();
                if entry.is_dir() {
                    directories.push(entry);
                } else if is_of_traces(&entry) {
                    found.push(entry);
                } else {
                    passed_over += 1;
                }
            }
        }
        found[before..].sort();
        if passed_over > 0 {
            let directory = path.display();
            eprintln!(
                "{directory}: passed over {passed_over} files whose names do not end like traces'"
            );
        }
    }
    ensure!(!found.is_empty(), "there is no file to import");
    Ok(found)
}

fn is_of_traces(path: &Path) -> bool {
    let name = path.to_string_lossy();
    let name = name.trim_end_matches(".gz").trim_end_matches(".zst");
    ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// Where spans are kept.
pub enum Target {
    /// A running server's ingest face.
    Server(String),
    /// A data directory that no server holds.
    Directory(Box<SqliteStore>),
}

impl Target {
    /// Opens a data directory, made where it is missing, or else names a server.
    ///
    /// # Errors
    /// When the directory cannot be opened.
    pub fn open(data: Option<&Path>, server: &str) -> anyhow::Result<Self> {
        Ok(match data {
            Some(directory) => {
                let directory = DataDirectory::hold(directory)
                    .context("spans can be written to a data directory while no server runs")?;
                let store = SqliteStore::open(directory, system_clock(), None)?;
                Self::Directory(Box::new(store))
            }
            None => Self::Server(server.to_owned()),
        })
    }

    /// Keeps spans; `Ok` means that they are on disk.
    ///
    /// # Errors
    /// When the store or the server refuses them.
    pub fn keep(&mut self, spans: &[SpanRecord]) -> anyhow::Result<()> {
        match self {
            Self::Server(url) => send(url, spans),
            Self::Directory(store) => {
                let batch = Batch {
                    spans: spans.to_vec(),
                    ..Batch::default()
                };
                Ok(store.append(&[batch])?)
            }
        }
    }

    /// Brings everything into its final place.
    ///
    /// # Errors
    /// When the store does not close.
    pub fn close(self) -> anyhow::Result<()> {
        match self {
            Self::Server(_) => Ok(()),
            Self::Directory(store) => Ok(store.close()?),
        }
    }
}

fn send(url: &str, spans: &[SpanRecord]) -> anyhow::Result<()> {
    let body = serde_json::to_vec(&SpansJson(spans))?;
    for _ in 0..ATTEMPTS {
        let (status, answer) = http::post_json(url, "/v1/traces", &body)?;
        match status {
            200 => return Ok(()),
            429 | 503 => std::thread::sleep(Duration::from_secs(1)),
            // A chunk with large attributes may be more than the server takes at once.
            413 if spans.len() > 1 => {
                let (first, second) = spans.split_at(spans.len() / 2);
                send(url, first)?;
                return send(url, second);
            }
            status => bail!(
                "{url} answers {status}: {}; is it the address of the ingest face?",
                String::from_utf8_lossy(&answer)
            ),
        }
    }
    bail!("{url} has had no room for {ATTEMPTS} seconds")
}

struct Progress {
    of: usize,
    files: usize,
    failed: usize,
    spans: usize,
    left_out: u64,
    said: Instant,
    terminal: bool,
}

impl Progress {
    fn new(of: usize) -> Self {
        Self {
            of,
            files: 0,
            failed: 0,
            spans: 0,
            left_out: 0,
            said: Instant::now(),
            terminal: std::io::stderr().is_terminal(),
        }
    }

    fn kept(&mut self, spans: usize) {
        self.spans += spans;
        if self.said.elapsed() >= PROGRESS_EVERY {
            self.said = Instant::now();
            // On a terminal one line is written over; in a log each is a line.
            let (start, end) = if self.terminal {
                ("\r\x1b[K", "")
            } else {
                ("", "\n")
            };
            eprint!(
                "{start}{} spans, {} of {} files{end}",
                self.spans, self.files, self.of
            );
        }
    }

    fn finish(&self) {
        let start = if self.terminal { "\r\x1b[K" } else { "" };
        eprint!(
            "{start}imported {} spans from {} files",
            self.spans, self.files
        );
        if self.left_out > 0 {
            eprint!("; {} spans left out", self.left_out);
        }
        if self.failed > 0 {
            eprint!("; {} files could not be read", self.failed);
        }
        eprintln!();
    }
}
