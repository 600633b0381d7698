//! The command line, the environment and the configuration file.
//!
//! Every flag is also an environment variable (`--listen-ingest`: `THROUGHLINE_LISTEN_INGEST`) and a
//! key of the file that `--config` names (`listen-ingest = "…"`). A flag wins over the environment,
//! the environment over the file, the file over the default. The file's values become the parser's
//! defaults, so one set of rules checks them all.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context as _, bail};
use clap::{
    Args, Command, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum,
};

use shared::time::DurationNanos;

use crate::assets::player::other_host;
use crate::auth::{TokenSpec, TokenTable};
use crate::check::Check;
use crate::erase::Erase;
use crate::exchange::export::Export;
use crate::exchange::http::ServerArgs;
use crate::exchange::import::Import;
use crate::ingest::cors::{OriginPattern, is_loopback_host};
use crate::sample_data::SampleData;
use origin::Origin;

pub mod origin;

/// The player's port, where none is given.
const PLAYER_PORT: u16 = 4320;

/// Distributed tracing that starts in the browser.
#[derive(Debug, Parser)]
#[command(name = "throughline", version, about, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Commands,
}

/// What the program does.
#[derive(Debug, Subcommand)]
pub enum Commands {
    /// Take in traces, logs and metrics, keep them, and show them in the viewer
    Serve(Box<Serve>),
    /// Say what differs between traces, and why one took longer than the others
    #[command(
        after_help = "The exit code is 0 where the traces are alike, 1 where they differ, and 2 where \
                      they could not be compared."
    )]
    Diff(Diff),
    /// Write traces to a file in the format of another tool
    Export(Box<Export>),
    /// Take traces out of other tools' files
    #[command(
        after_help = "Files may be packed with gzip or zstd. Of a directory, the files are read that \
                      end in .json, .jsonl, .ndjson, .pb or .binpb, perhaps with .gz or .zst behind."
    )]
    Import(Import),
    /// Fill a server or a directory with an hour of a shop that does not exist, to have something
    /// to look at
    SampleData(SampleData),
    /// Delete everything of one visitor, on request
    #[command(
        after_help = "Sessions in which the visitor was named go from their beginning, with their traces, log records, \
                      recordings and notes. What arrives later is not deleted: stop the visitor's sessions first."
    )]
    Erase(Erase),
    /// Look at a configuration and its data directory, and say what is wrong and what to do
    Check(Box<Check>),
    /// Do a recorded session again in a real browser, and say which call to the backend now differs
    #[command(
        after_help = "The exit code is 0 for REPRODUCED, 1 for NEW REGRESSION, 3 for NOT REPRODUCED, 4 for DIVERGED, \
                      and 2 where it could not be run."
    )]
    Replay(Box<Replay>),
}

/// What to compare.
#[derive(Debug, Args)]
pub struct Diff {
    /// The traces: their ids, or files of any format that `import` reads (FILE#ID for one of several
    /// in a file). The last one is compared with those before it; with several of those, what differs
    /// among them counts as usual
    #[arg(value_name = "TRACE", num_args = 2.., required = true)]
    pub traces: Vec<String>,

    #[command(flatten)]
    pub server: ServerArgs,

    /// Read the traces from this data directory, which no server may be using, instead of asking one
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,

    /// How to print the difference
    #[arg(
        long,
        env = "THROUGHLINE_DIFF_FORMAT",
        value_name = "FORMAT",
        default_value = "table"
    )]
    pub format: DiffFormat,

    /// A span counts as slower beyond the slowest before it times this
    #[arg(long, env = "THROUGHLINE_DIFF_RATIO", value_name = "NUMBER", default_value = "1.5", value_parser = ratio)]
    pub ratio: f64,

    /// … and only if it is slower by this at least: 10ms, 1.5s
    #[arg(long, env = "THROUGHLINE_DIFF_FLOOR", value_name = "DURATION", default_value = "10ms", value_parser = duration)]
    pub floor: DurationNanos,

    /// Count other parameters and attributes as a difference too
    #[arg(long, env = "THROUGHLINE_DIFF_PARAMETERS")]
    pub parameters: bool,
}

/// What to do again, and where.
#[derive(Debug, Args)]
pub struct Replay {
    /// The session's id
    #[arg(value_name = "SESSION")]
    pub session: String,

    /// The environment to do it in: the origin of its pages, whatever origin was recorded
    #[arg(long, env = "THROUGHLINE_ENV", value_name = "URL")]
    pub env: String,

    /// The Throughline server that the environment reports to.
    #[command(flatten)]
    pub server: ServerArgs,

    /// Read the session from another server, or from a data directory [default: --server]
    #[arg(long, env = "THROUGHLINE_FROM", value_name = "URL|DIR")]
    pub from: Option<String>,

    /// The token that the server of --from asks for [default: --token, where it is the same server]
    #[arg(
        long,
        env = "THROUGHLINE_FROM_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true,
        requires = "from"
    )]
    pub from_token: Option<String>,

    /// Read the session from this data directory, which no server may be using
    #[arg(long, value_name = "DIR", conflicts_with = "from")]
    pub data: Option<PathBuf>,

    /// How often to do it
    #[arg(long, env = "THROUGHLINE_RUNS", value_name = "NUMBER", default_value = "1", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub runs: u32,

    /// A JSON file with what no session records: `inputs`, `secrets`, `headers`, `storageState`
    #[arg(long, env = "THROUGHLINE_FIXTURES", value_name = "FILE")]
    pub fixtures: Option<PathBuf>,

    /// A shell command that brings the environment into the state in which the session began; it is
    /// run before every run
    #[arg(long, env = "THROUGHLINE_BEFORE_RUN", value_name = "COMMAND")]
    pub before_run: Option<String>,

    /// Let through requests that change something: all but GET, HEAD and OPTIONS
    #[arg(long, env = "THROUGHLINE_ALLOW_WRITES")]
    pub allow_writes: bool,

    /// Show the browser
    #[arg(long)]
    pub headed: bool,

    /// Accept any certificate of the environment
    #[arg(long, env = "THROUGHLINE_INSECURE")]
    pub insecure: bool,

    /// Judge by earlier good runs here: a file that --save wrote; repeatable. Without, and without
    /// --expect, the recorded session says what is done and what fails, and no time is judged
    #[arg(long, value_name = "FILE", conflicts_with = "expect")]
    pub baseline: Vec<PathBuf>,

    /// Judge by this file of expectations
    #[arg(long, env = "THROUGHLINE_EXPECT", value_name = "FILE")]
    pub expect: Option<PathBuf>,

    /// Make these runs the expectations, whatever they are judged to be
    #[arg(long, value_name = "FILE", conflicts_with = "expect")]
    pub expect_write: Option<PathBuf>,

    /// Find the fewest steps that show the same
    #[arg(long)]
    pub minimise: bool,

    /// Count other values of parameters and attributes as a regression too
    #[arg(long, env = "THROUGHLINE_REPLAY_PARAMETERS")]
    pub parameters: bool,

    /// A span counts as slower beyond the slowest good run times this
    #[arg(long, env = "THROUGHLINE_REPLAY_RATIO", value_name = "NUMBER", default_value = "2", value_parser = ratio)]
    pub ratio: f64,

    /// … and only if it is slower by this at least
    #[arg(long, env = "THROUGHLINE_REPLAY_FLOOR", value_name = "DURATION", default_value = "200ms", value_parser = duration)]
    pub floor: DurationNanos,

    /// How long an element is looked for
    #[arg(long, env = "THROUGHLINE_REPLAY_TIMEOUT", value_name = "DURATION", default_value = "10s", value_parser = duration)]
    pub timeout: DurationNanos,

    /// How long a trace that lacks something is waited for
    #[arg(long, env = "THROUGHLINE_REPLAY_PATIENCE", value_name = "DURATION", default_value = "20s", value_parser = duration)]
    pub patience: DurationNanos,

    /// A directory in which npm installed Playwright [default: this one and those above it, then
    /// npm's global packages]
    #[arg(long, env = "THROUGHLINE_PLAYWRIGHT", value_name = "DIR")]
    pub playwright: Option<PathBuf>,

    /// Where pictures of the page are written: of a step that cannot be done, or that differs
    #[arg(
        long,
        env = "THROUGHLINE_SCREENSHOTS",
        value_name = "DIR",
        default_value = "throughline-replay"
    )]
    pub screenshots: PathBuf,

    /// Do not have the server keep the result, with a picture of each step, for the viewer to show
    #[arg(long, env = "THROUGHLINE_NO_PUBLISH")]
    pub no_publish: bool,

    /// Write the result as JUnit XML as well
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,

    /// Write the result as JSON as well, for --baseline
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,

    /// How to print the result
    #[arg(
        long,
        env = "THROUGHLINE_REPLAY_FORMAT",
        value_name = "FORMAT",
        default_value = "table"
    )]
    pub format: ReplayFormat,
}

impl Replay {
    /// Whether the server keeps the result.
    #[must_use]
    pub fn publishes(&self) -> bool {
        !self.no_publish
    }
}

/// A way to print a re-run's result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReplayFormat {
    /// A table for people
    Table,
    /// JSON for programs
    Json,
}

/// A way to print a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    /// A table for people
    Table,
    /// JSON for programs
    Json,
}

/// How to serve.
#[derive(Debug, Args)]
pub struct Serve {
    /// A TOML file with the values of these flags, under their names
    #[arg(long, env = "THROUGHLINE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,

    /// The directory that telemetry is kept in: one file a day
    #[arg(
        long,
        env = "THROUGHLINE_DATA",
        value_name = "DIR",
        default_value = "throughline-data"
    )]
    pub data: PathBuf,

    /// Where telemetry is kept
    #[arg(
        long,
        env = "THROUGHLINE_STORE",
        value_name = "KIND",
        default_value = "sqlite"
    )]
    pub store: StoreKind,

    /// Drop days older than so many; 1 keeps today alone [default: keep all]
    #[arg(long, env = "THROUGHLINE_RETENTION_DAYS", value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..))]
    pub retention_days: Option<u32>,

    /// Takes OTLP over HTTP and serves the tracer's script: the public face. Port 0 picks a free one
    #[arg(
        long,
        env = "THROUGHLINE_LISTEN_INGEST",
        value_name = "HOST:PORT",
        default_value = "127.0.0.1:4318"
    )]
    pub listen_ingest: HostPort,

    /// Takes OTLP over gRPC
    #[arg(
        long,
        env = "THROUGHLINE_LISTEN_GRPC",
        value_name = "HOST:PORT",
        default_value = "127.0.0.1:4317"
    )]
    pub listen_grpc: HostPort,

    /// Serves the viewer and the query API: the private face, on a loopback address
    #[arg(
        long,
        env = "THROUGHLINE_LISTEN_VIEWER",
        value_name = "HOST:PORT",
        default_value = "localhost:4319"
    )]
    pub listen_viewer: HostPort,

    /// A token that the viewer and its API ask for, as "NAME ROLES SECRET": roles are view, replay and admin, separated
    /// by commas, a secret is sha256:HEX, file:PATH or env:NAME; repeatable or separated by semicolons. In the file, a
    /// [[token]] has `name`, `roles`, and `sha256`, `file` or `env` [default: none, and loopback addresses alone]
    #[arg(
        long,
        env = "THROUGHLINE_TOKENS",
        value_name = "TOKEN",
        value_delimiter = ';',
        hide_env_values = true
    )]
    pub tokens: Vec<TokenSpec>,

    /// Serves the page that plays recordings inside of the viewer, under another host name than the viewer's, since
    /// cookies ignore ports; `off` plays none [default: 127.0.0.1:4320, localhost:4320 where the viewer is on 127.0.0.1,
    /// a free port where the viewer's port is 0, and off where the viewer is for other machines]
    #[arg(
        long,
        env = "THROUGHLINE_LISTEN_PLAYER",
        value_name = "HOST:PORT",
        hide_default_value = true
    )]
    pub listen_player: Option<PlayerAddress>,

    /// Where browsers find the viewer, such as https://traces.example, if not where it listens
    #[arg(long, env = "THROUGHLINE_VIEWER_URL", value_name = "ORIGIN")]
    pub viewer_url: Option<Origin>,

    /// Where browsers find the player, such as https://player.example, if not where it listens
    #[arg(long, env = "THROUGHLINE_PLAYER_URL", value_name = "ORIGIN")]
    pub player_url: Option<Origin>,

    /// An origin whose pages may export, such as https://shop.example or https://*.shop.example;
    /// repeatable or separated by commas [default: pages on this machine]
    #[arg(
        long,
        env = "THROUGHLINE_CORS_ORIGIN",
        value_name = "ORIGIN",
        value_delimiter = ','
    )]
    pub cors_origin: Vec<OriginPattern>,

    /// The largest request that is taken, as sent
    #[arg(long, env = "THROUGHLINE_MAX_REQUEST_BYTES", value_name = "BYTES", default_value = "16777216", value_parser = bytes)]
    pub max_request_bytes: usize,

    /// The largest request that is taken, decompressed
    #[arg(long, env = "THROUGHLINE_MAX_DECOMPRESSED_BYTES", value_name = "BYTES", default_value = "67108864", value_parser = bytes)]
    pub max_decompressed_bytes: usize,

    /// The memory that all requests waiting to be stored may take together; beyond it senders are
    /// told to come back later
    #[arg(long, env = "THROUGHLINE_MAX_PENDING_BYTES", value_name = "BYTES", default_value = "268435456", value_parser = bytes)]
    pub max_pending_bytes: usize,

    /// What to log to stderr: a level, or directives such as info,throughline::store=debug
    #[arg(
        long,
        env = "THROUGHLINE_LOG",
        value_name = "FILTER",
        default_value = "info"
    )]
    pub log: String,
}

/// A kind of store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StoreKind {
    /// A SQLite file a day in the data directory
    Sqlite,
    /// In memory; gone when the server ends
    Memory,
}

/// Where the player listens, if at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlayerAddress {
    /// Nowhere.
    Off,
    /// Here.
    At(HostPort),
}

impl FromStr for PlayerAddress {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "off" => Ok(Self::Off),
            _ => text.parse().map(Self::At),
        }
    }
}

impl Serve {
    /// Where the player listens; `None` where it does not.
    #[must_use]
    pub fn player_at(&self) -> Option<HostPort> {
        match &self.listen_player {
            Some(PlayerAddress::Off) => None,
            Some(PlayerAddress::At(at)) => Some(at.clone()),
            // The browsers that show the viewer are elsewhere, and nobody has said where they find the player.
            None if self.viewer_url.is_some() || !is_loopback_host(&self.listen_viewer.host) => {
                None
            }
            None => Some(HostPort {
                host: other_host(&self.listen_viewer.host).to_owned(),
                port: match self.listen_viewer.port {
                    0 => 0,
                    _ => PLAYER_PORT,
                },
            }),
        }
    }
}

/// A host name or address, and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPort {
    /// The host; an IPv6 address in brackets.
    pub host: String,
    /// The port; 0 for any free one.
    pub port: u16,
}

impl FromStr for HostPort {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "expected a host and a port, such as 127.0.0.1:4318 or [::1]:0";
        let (host, port) = text.rsplit_once(':').ok_or(EXPECTED)?;
        let bare_ipv6 = host.contains(':') && !(host.starts_with('[') && host.ends_with(']'));
        if host.is_empty() || bare_ipv6 || host.contains(['/', '@', ' ']) {
            return Err(EXPECTED);
        }
        let port = port.parse().map_err(|_| EXPECTED)?;
        Ok(Self {
            host: host.to_owned(),
            port,
        })
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

fn bytes(text: &str) -> Result<usize, &'static str> {
    text.replace('_', "")
        .parse()
        .ok()
        .filter(|bytes| *bytes > 0)
        .ok_or("expected a number of bytes above 0")
}

fn ratio(text: &str) -> Result<f64, &'static str> {
    text.parse()
        .ok()
        .filter(|ratio: &f64| ratio.is_finite() && *ratio >= 1.0)
        .ok_or("expected a number from 1 up, such as 1.5")
}

fn duration(text: &str) -> Result<DurationNanos, &'static str> {
    const UNITS: [(&str, f64); 4] = [("ms", 1e6), ("us", 1e3), ("ns", 1.0), ("s", 1e9)];
    UNITS
        .into_iter()
        .find_map(|(unit, nanos)| Some((text.strip_suffix(unit)?, nanos)))
        .and_then(|(number, nanos)| Some((number.trim().parse::<f64>().ok()?, nanos)))
        .map(|(number, nanos)| number * nanos)
        .filter(|nanos| (0.0..1e18).contains(nanos))
        .map(|nanos| DurationNanos(nanos as i64))
        .ok_or("expected a duration such as 10ms or 1.5s")
}

/// Reads the command line, the environment and the file.
///
/// Usage errors and `--help` end the process, as is usual.
///
/// # Errors
/// When the configuration file cannot be read or has a key that is no flag.
pub fn read() -> anyhow::Result<Commands> {
    let command = Cli::command();
    let matches = command.clone().get_matches();
    let Some((name @ ("serve" | "check"), flags)) = matches.subcommand() else {
        return Ok(Cli::from_arg_matches(&matches)?.command);
    };
    let Some(path) = flags.get_one::<PathBuf>("config") else {
        return Ok(Cli::from_arg_matches(&matches)?.command);
    };
    let matches = with_defaults_of(command, name, path)?.get_matches();
    Ok(Cli::from_arg_matches(&matches)?.command)
}

/// The command line with the file's values as defaults of `serve`'s flags, which `check` has too.
fn with_defaults_of(command: Command, name: &str, path: &Path) -> anyhow::Result<Command> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the configuration file {}", path.display()))?;
    let table: toml::Table = text
        .parse()
        .with_context(|| format!("in the configuration file {}", path.display()))?;
    let mut serve = command
        .find_subcommand(name)
        .cloned()
        .context("the command has flags")?;
    for (mut key, mut value) in table {
        if key == "token" {
            (key, value) = ("tokens".to_owned(), tokens(value, path)?);
        }
        let id = key.replace('-', "_");
        let known = serve.get_arguments().any(|argument| {
            argument.get_long() == Some(key.as_str()) && argument.get_env().is_some()
        });
        if !known || id == "config" {
            let mut keys: Vec<&str> = serve
                .get_arguments()
                .filter(|argument| argument.get_env().is_some() && argument.get_id() != "config")
                .filter_map(|argument| argument.get_long())
                .collect();
            keys.sort_unstable();
            bail!(
                "unknown key `{key}` in the configuration file {}; the keys are {}",
                path.display(),
                keys.join(", ")
            );
        }
        let values = texts(&value)
            .with_context(|| format!("`{key}` in the configuration file {}", path.display()))?;
        // The parser names the flag when it refuses a default, which is the key as well.
        serve = serve.mut_arg(id, |argument| argument.default_values(values));
    }
    Ok(command.mut_subcommand(name, |_| serve))
}

/// The tables `[[token]]` as the flag has them.
fn tokens(value: toml::Value, path: &Path) -> anyhow::Result<toml::Value> {
    let context = || format!("`[[token]]` in the configuration file {}", path.display());
    let tables: Vec<TokenTable> = value.try_into().with_context(context)?;
    let flags = tables
        .iter()
        .map(|table| Ok(toml::Value::String(table.to_flag()?)))
        .collect::<anyhow::Result<Vec<_>>>()
        .with_context(context)?;
    Ok(toml::Value::Array(flags))
}

fn texts(value: &toml::Value) -> anyhow::Result<Vec<String>> {
    Ok(match value {
        toml::Value::String(text) => vec![text.clone()],
        toml::Value::Integer(number) => vec![number.to_string()],
        toml::Value::Boolean(truth) => vec![truth.to_string()],
        toml::Value::Array(values) => {
            let nested: Vec<Vec<String>> =
                values.iter().map(texts).collect::<anyhow::Result<_>>()?;
            nested.into_iter().flatten().collect()
        }
        _ => bail!("must be a string, a number or a list of strings"),
    })
}

#[cfg(test)]
mod tests;
