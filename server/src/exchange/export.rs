//! `throughline export`: traces by their ids, or those that a search finds, as a file.
//!
//! A data directory is asked through the same API as a server, in this process, so that both give
//! the same answers.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use clap::{Args, Subcommand, ValueEnum};
use http_body_util::BodyExt as _;
use serde::Deserialize;
use shared::interchange::{Format, encode};
use shared::otlp::json::decode_spans;
use shared::query::{ErrorResponse, Note, NotesResponse};
use shared::span::SpanRecord;
use shared::trace::assemble;
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt as _;

use super::document::Document;
use super::file;
use super::http::{Server, ServerArgs, encoded};
use super::session::ExportSession;
use crate::api::native::{self, Api};
use crate::auth::gate::Gate;
use crate::query::tail::Journal;
use crate::source;
use crate::store::system_clock;

/// What to export, and where to.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Export {
    #[command(subcommand)]
    part: Option<Part>,

    /// The traces' ids; without any, --query finds them
    #[arg(
        value_name = "TRACE",
        required_unless_present = "query",
        conflicts_with = "query"
    )]
    traces: Vec<String>,

    /// A TraceQL query that finds the traces, newest first; '{}' is every trace
    #[arg(long, short, env = "THROUGHLINE_EXPORT_QUERY", value_name = "TRACEQL")]
    query: Option<String>,

    /// Only traces that start at this time or later: Unix time or RFC 3339
    #[arg(long, value_name = "TIME", requires = "query")]
    start: Option<String>,

    /// Only traces that start at this time or earlier
    #[arg(long, value_name = "TIME", requires = "query")]
    end: Option<String>,

    /// How many traces to find at most; what is left out is said
    #[arg(long, value_name = "NUMBER", default_value = "100", value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,

    /// What to write
    #[arg(
        long,
        short,
        env = "THROUGHLINE_EXPORT_FORMAT",
        value_name = "FORMAT",
        default_value = "otlp"
    )]
    format: ExportFormat,

    /// The file to write; packed if its name ends in .gz or .zst [default: stdout]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    server: ServerArgs,

    /// Read the traces from this data directory, which no server may be using, instead of asking one
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// What else can be exported.
#[derive(Debug, Subcommand)]
enum Part {
    /// Write a session as a test, as a flow for Chrome's recorder, as a bug report or as a page
    Session(ExportSession),
}

/// What a file may be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ExportFormat {
    /// OTLP/JSON, which every OpenTelemetry tool reads
    Otlp,
    /// What Jaeger's UI opens
    Jaeger,
    /// Zipkin v2
    Zipkin,
    /// Trace events for ui.perfetto.dev and chrome://tracing
    Perfetto,
    /// A page of one trace that needs nothing but itself
    Html,
    /// A bug report about one trace
    Markdown,
}

impl ExportFormat {
    fn document(self) -> Document {
        match self {
            Self::Otlp => Document::File(Format::Otlp),
            Self::Jaeger => Document::File(Format::Jaeger),
            Self::Zipkin => Document::File(Format::Zipkin),
            Self::Perfetto => Document::File(Format::Perfetto),
            Self::Html => Document::Html,
            Self::Markdown => Document::Markdown,
        }
    }
}

/// Exports.
///
/// # Errors
/// When a trace cannot be had, or the file cannot be written.
pub fn run(config: &Export) -> anyhow::Result<ExitCode> {
    if let Some(Part::Session(session)) = &config.part {
        return super::session::run(session);
    }
    let source = Source::new(config)?;
    let ids = match &config.query {
        Some(query) => source.find(query, config)?,
        None => config.traces.clone(),
    };
    let document = config.format.document();
    let mut spans = Vec::new();
    for id in &ids {
        spans.extend(source.trace(id)?);
    }
    let count = spans.len();
    let bytes = match (document, &ids[..]) {
        (Document::File(format), _) => encode(format, &spans),
        (_, [id]) => document.write(&assemble(spans), &source.notes(id)?, None),
        (_, several) => bail!(
            "a report is about one trace, not {}: name it",
            several.len()
        ),
    };
    match &config.output {
        Some(path) => {
            let bytes = file::pack_for(&path.to_string_lossy(), bytes)?;
            std::fs::write(path, bytes)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        // Whoever read it may have had enough.
        None => drop(std::io::stdout().lock().write_all(&bytes)),
    }
    let traces = ids.len();
    eprintln!("exported {count} spans of {traces} traces");
    Ok(ExitCode::SUCCESS)
}

/// Answers the query API's requests.
enum Source {
    Server(Server),
    Directory(tokio::runtime::Runtime, Router),
}

/// The part of a search's answer that an export needs.
#[derive(Deserialize)]
struct Found {
    traces: Vec<FoundTrace>,
    #[serde(default)]
    more: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FoundTrace {
    trace_id: String,
}

impl Source {
    fn new(config: &Export) -> anyhow::Result<Self> {
        let Some(directory) = &config.data else {
            return Ok(Self::Server(config.server.server()?));
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let router = native::router(Api {
            store: Arc::new(source::open(directory)?),
            minutes: Arc::default(),
            journal: Arc::new(Journal::new(system_clock()())),
            streams: Arc::new(Semaphore::new(0)),
            stopping: watch::channel(false).1,
            telemetry: Arc::default(),
            ingest_url: "".into(),
            grpc_url: "".into(),
            gate: Gate::default(),
            player: None,
        });
        Ok(Self::Directory(runtime, router))
    }

    fn find(&self, query: &str, config: &Export) -> anyhow::Result<Vec<String>> {
        let mut path = format!("/api/v1/search?q={}&limit={}", encoded(query), config.limit);
        for (name, value) in [("start", &config.start), ("end", &config.end)] {
            if let Some(value) = value {
                path.push_str(&format!("&{name}={}", encoded(value)));
            }
        }
        let body = self.get(&path)?.context("this server cannot search")?;
        let found: Found = serde_json::from_slice(&body).context("the answer of the search")?;
        ensure!(!found.traces.is_empty(), "no trace matches {query}");
        if found.more {
            eprintln!(
                "more than the newest {} traces match: raise --limit, or narrow with --start and --end",
                found.traces.len()
            );
        }
        Ok(found
            .traces
            .into_iter()
            .map(|trace| trace.trace_id)
            .collect())
    }

    fn trace(&self, id: &str) -> anyhow::Result<Vec<SpanRecord>> {
        let body = self
            .get(&format!("/api/v1/traces/{}", encoded(id)))?
            .with_context(|| format!("there is no trace {id}"))?;
        Ok(decode_spans(&body)
            .with_context(|| format!("trace {id} is not OTLP/JSON"))?
            .records)
    }

    fn notes(&self, id: &str) -> anyhow::Result<Vec<Note>> {
        let body = self.get(&format!("/api/v1/traces/{}/notes", encoded(id)))?;
        let notes: NotesResponse = match body {
            Some(body) => serde_json::from_slice(&body).context("the notes")?,
            None => NotesResponse::default(),
        };
        Ok(notes.notes)
    }

    /// The body of an answer; `None` where there is no such thing.
    fn get(&self, path: &str) -> anyhow::Result<Option<Vec<u8>>> {
        let (status, body) = match self {
            Self::Server(server) => server.get(path)?,
            Self::Directory(runtime, router) => runtime.block_on(answer(router.clone(), path))?,
        };
        match status {
            200 => Ok(Some(body)),
            404 => Ok(None),
            status => match self {
                Self::Server(server) => Err(server.refusal(status, &body)),
                Self::Directory(..) => match serde_json::from_slice::<ErrorResponse>(&body) {
                    Ok(error) => bail!("{}", error.message),
                    Err(_) => bail!("the directory cannot be asked ({status})"),
                },
            },
        }
    }
}

async fn answer(router: Router, path: &str) -> anyhow::Result<(u16, Vec<u8>)> {
    let response = router
        .oneshot(Request::get(path).body(Body::empty())?)
        .await?;
    let status = response.status().as_u16();
    let body = response.into_body().collect().await?.to_bytes();
    Ok((status, body.into()))
}
