//! Where a command takes traces from: a file of OTLP, a running server, or a data directory that no
//! server holds.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use shared::id::TraceId;
use shared::log::LogEntry;
use shared::otlp::json::{decode_logs, decode_spans};
use shared::query::SearchResponse;
use shared::semconv::SESSION_ID;
use shared::span::SpanRecord;
use shared::trace::{Trace, assemble};

use crate::exchange::file;
use crate::exchange::http::Server;
use crate::store::sqlite::{DataDirectory, SqliteStore};
use crate::store::{Filter, Store as _, Term, system_clock};

/// Where traces that are named by their ids come from.
#[derive(Debug)]
pub enum Source {
    /// A running server's viewer and query API, such as `http://localhost:4319`.
    Server(Server),
    /// The files of a server that is not running.
    Directory(PathBuf),
}

impl Source {
    /// The traces with these names: ids, files, or `FILE#ID` for one trace of several in a file.
    ///
    /// # Errors
    /// When one of them cannot be had, with what to do about it.
    pub fn traces(&self, names: &[String]) -> anyhow::Result<Vec<Trace>> {
        let mut opened = None;
        let mut found = Vec::new();
        for name in names {
            let records = match name_of(name) {
                Name::File(path, id) => from_file(&path, id)?,
                Name::Id(id) => match self {
                    Self::Server(server) => from_server(server, id)?,
                    Self::Directory(path) => {
                        let store = match &opened {
                            Some(store) => store,
                            None => opened.insert(open(path)?),
                        };
                        store.trace(id)?
                    }
                },
                Name::Neither => bail!(
                    "{name:?} is neither a file nor a trace id, which has 32 hexadecimal digits"
                ),
            };
            ensure!(
                !records.is_empty(),
                "there is no trace {name}: it may be past its retention, or not have arrived yet"
            );
            found.push(assemble(records));
        }
        Ok(found)
    }

    /// The source with this name: a directory, or else a server's address.
    ///
    /// # Errors
    /// When the token could not stand in a header.
    pub fn named(name: &str, token: Option<&str>) -> anyhow::Result<Self> {
        Ok(if Path::new(name).is_dir() {
            Self::Directory(name.into())
        } else {
            Self::Server(Server::new(name, token)?)
        })
    }

    /// Every span and log record of the traces that belong to a session; none where it is unknown.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn session(&self, id: &str) -> anyhow::Result<(Vec<SpanRecord>, Vec<LogEntry>)> {
        ensure!(
            !id.is_empty()
                && id
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'),
            "{id:?} is not a session id"
        );
        let mut spans = Vec::new();
        let mut logs = Vec::new();
        match self {
            Self::Server(server) => {
                // The server notes that somebody looked at the session; what it says is read from the traces.
                answer(server, &format!("/api/v1/sessions/{id}"))?;
                let query = format!("%7B%20span.session.id%20%3D%20%22{id}%22%20%7D");
                let body = answer(
                    server,
                    &format!("/api/v1/search?q={query}&limit={MOST_TRACES}"),
                )?
                .unwrap_or_default();
                let found: SearchResponse = serde_json::from_slice(&body)
                    .with_context(|| format!("{} is not a Throughline server", server.url))?;
                for summary in found.traces {
                    spans.extend(from_server(server, summary.trace_id)?);
                    logs.extend(logs_from_server(server, summary.trace_id)?);
                }
            }
            Self::Directory(path) => {
                let store = open(path)?;
                let filter = Filter {
                    terms: vec![Term::Attribute {
                        key: SESSION_ID.to_owned(),
                        value: id.into(),
                    }],
                    ..Filter::default()
                };
                let found = store.candidates(&filter)?.collect::<Result<Vec<_>, _>>()?;
                for candidate in found {
                    spans.extend(store.trace(candidate.id)?);
                    logs.extend(store.logs(candidate.id)?);
                }
            }
        }
        Ok((spans, logs))
    }

    /// What is known of a trace now; empty where that is nothing.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn spans(&self, id: TraceId) -> anyhow::Result<Vec<SpanRecord>> {
        match self {
            Self::Server(server) => from_server(server, id),
            Self::Directory(path) => Ok(open(path)?.trace(id)?),
        }
    }
}

/// So many traces of one session are read at most; a session lasts four hours.
const MOST_TRACES: usize = 1_000;

enum Name {
    File(PathBuf, Option<TraceId>),
    Id(TraceId),
    Neither,
}

fn name_of(name: &str) -> Name {
    let id = |text: &str| text.to_ascii_lowercase().parse::<TraceId>().ok();
    if Path::new(name).is_file() {
        return Name::File(name.into(), None);
    }
    if let Some((file, of_file)) = name.rsplit_once('#')
        && Path::new(file).is_file()
        && let Some(id) = id(of_file)
    {
        return Name::File(file.into(), Some(id));
    }
    id(name).map_or(Name::Neither, Name::Id)
}

/// The spans of a file's only trace, or of the one that is named.
fn from_file(path: &Path, wanted: Option<TraceId>) -> anyhow::Result<Vec<SpanRecord>> {
    let shown = path.display();
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {shown}"))?;
    let decoded = file::decode(bytes, None).with_context(|| format!("in {shown}"))?;
    let mut traces: BTreeMap<TraceId, Vec<SpanRecord>> = BTreeMap::new();
    for record in decoded.records {
        traces.entry(record.span.trace_id).or_default().push(record);
    }
    if let Some(id) = wanted {
        return Ok(traces.remove(&id).unwrap_or_default());
    }
    if traces.len() > 1 {
        let ids: Vec<String> = traces.keys().take(5).map(TraceId::to_hex).collect();
        bail!(
            "{shown} holds {} traces: name one of them as {shown}#ID, such as {}",
            traces.len(),
            ids.join(", ")
        );
    }
    traces
        .pop_first()
        .map(|(_, records)| records)
        .with_context(|| format!("{shown} holds no span with valid ids"))
}

/// The store in a data directory that no server holds.
///
/// # Errors
/// When there is none, or a server holds it.
pub fn open(path: &Path) -> anyhow::Result<SqliteStore> {
    ensure!(
        path.is_dir(),
        "there is no data directory {}",
        path.display()
    );
    let directory = DataDirectory::hold(path).context(
        "a data directory can be read while no server runs; ask the server instead with --server",
    )?;
    Ok(SqliteStore::open(directory, system_clock(), None)?)
}

fn from_server(server: &Server, id: TraceId) -> anyhow::Result<Vec<SpanRecord>> {
    match answer(server, &format!("/api/v1/traces/{id}"))? {
        Some(body) => Ok(decode_spans(&body)
            .with_context(|| {
                format!(
                    "{} answers with something that is not OTLP/JSON",
                    server.url
                )
            })?
            .records),
        None => Ok(Vec::new()),
    }
}

fn logs_from_server(server: &Server, id: TraceId) -> anyhow::Result<Vec<LogEntry>> {
    match answer(server, &format!("/api/v1/traces/{id}/logs"))? {
        Some(body) => Ok(decode_logs(&body)
            .with_context(|| {
                format!(
                    "{} answers with something that is not OTLP/JSON",
                    server.url
                )
            })?
            .records),
        None => Ok(Vec::new()),
    }
}

/// The body of what a server answers; `None` where it says that there is no such thing.
fn answer(server: &Server, path: &str) -> anyhow::Result<Option<Vec<u8>>> {
    let (status, body) = server.get(path)?;
    match status {
        200 => Ok(Some(body)),
        404 => Ok(None),
        status => Err(server.refusal(status, &body)),
    }
}
