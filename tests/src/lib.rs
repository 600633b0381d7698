//! A Throughline server for tests in Rust: started over an empty directory on free ports, stopped and removed when it
//! is dropped. The browser's tests have the same in `harness/throughline.js`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// How long something may take on a busy machine; no test asserts a duration.
const DEADLINE: Duration = Duration::from_secs(60);

/// How often a condition is looked at.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// A running server.
#[derive(Debug)]
pub struct Server {
    /// The public face: OTLP over HTTP.
    pub ingest_url: String,
    /// The OTLP/gRPC receiver.
    pub grpc_url: String,
    /// The private face: the query API.
    pub viewer_url: String,
    data_directory: PathBuf,
    _process: Child,
}

impl Server {
    /// Starts a server and waits until it listens. `name` keeps the data of tests apart.
    ///
    /// # Errors
    /// When the binary is missing, ends, or does not name its listeners in time.
    pub async fn start(name: &str) -> anyhow::Result<Self> {
        let data_directory =
            std::env::temp_dir().join(format!("throughline-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&data_directory)?;
        let binary = binary()?;
        let mut process = Command::new(&binary)
            .arg("serve")
            .arg("--data")
            .arg(&data_directory)
            .args(["--listen-ingest", "127.0.0.1:0"])
            .args(["--listen-grpc", "127.0.0.1:0"])
            .args(["--listen-viewer", "localhost:0"])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("start {}", binary.display()))?;
        let stdout = process.stdout.take().context("stdout is piped")?;
        let mut urls = tokio::time::timeout(DEADLINE, listeners(stdout))
            .await
            .context("the server names its listeners")??;
        let mut url = |listener: &str| {
            urls.remove(listener)
                .with_context(|| format!("no listener {listener}"))
        };
        Ok(Self {
            ingest_url: url("ingest")?,
            grpc_url: url("grpc")?,
            viewer_url: url("viewer")?,
            data_directory,
            _process: process,
        })
    }

    /// The JSON body of a path of the private face; `None` where it answers 404.
    ///
    /// # Errors
    /// When the server cannot be reached or answers anything but 200 and 404.
    pub async fn api(&self, path: &str) -> anyhow::Result<Option<Value>> {
        let response = reqwest::get(format!("{}{path}", self.viewer_url)).await?;
        if response.status() == reqwest::StatusCode::NOT_FOUND {
            return Ok(None);
        }
        ensure!(
            response.status().is_success(),
            "{path} answered {}",
            response.status()
        );
        Ok(Some(response.json().await?))
    }

    /// Waits until a path of the private face answers with a body that `accept` likes, and returns that.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn wait_for(
        &self,
        path: &str,
        accept: impl Fn(&Value) -> bool,
    ) -> anyhow::Result<Value> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let seen = self.api(path).await?;
            match seen {
                Some(body) if accept(&body) => return Ok(body),
                seen if Instant::now() > deadline => bail!("{path} still answers {seen:?}"),
                _ => tokio::time::sleep(POLL_INTERVAL).await,
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The process is killed by its own drop; what it leaves behind is only a temporary directory.
        let _ = std::fs::remove_dir_all(&self.data_directory);
    }
}

/// The URLs of the three listeners by name, from lines `listening NAME URL`.
async fn listeners(
    stdout: impl tokio::io::AsyncRead + Unpin,
) -> anyhow::Result<HashMap<String, String>> {
    let mut lines = BufReader::new(stdout).lines();
    let mut urls = HashMap::new();
    while urls.len() < 3 {
        let line = lines
            .next_line()
            .await?
            .context("the server ended before it listened")?;
        let mut words = line.split(' ');
        if let (Some("listening"), Some(name), Some(url)) =
            (words.next(), words.next(), words.next())
        {
            urls.insert(name.to_owned(), url.to_owned());
        }
    }
    Ok(urls)
}

/// `THROUGHLINE_BIN`, else the binary beside this test in Cargo's target directory.
fn binary() -> anyhow::Result<PathBuf> {
    let path = match std::env::var_os("THROUGHLINE_BIN") {
        Some(path) => PathBuf::from(path),
        None => std::env::current_exe()?
            .ancestors()
            .nth(2)
            .unwrap_or(Path::new("."))
            .join(format!("throughline{}", std::env::consts::EXE_SUFFIX)),
    };
    ensure!(
        path.is_file(),
        "{} does not exist: run `cargo build -p throughline`, or set THROUGHLINE_BIN",
        path.display()
    );
    Ok(path)
}

/// The spans of an OTLP/JSON body, each with the name of its service.
#[must_use]
pub fn spans(body: &Value) -> Vec<(String, &Value)> {
    members(body, "resourceSpans", "scopeSpans", "spans")
}

/// The log records of an OTLP/JSON body, each with the name of its service.
#[must_use]
pub fn log_records(body: &Value) -> Vec<(String, &Value)> {
    members(body, "resourceLogs", "scopeLogs", "logRecords")
}

fn members<'a>(
    body: &'a Value,
    outer: &str,
    middle: &str,
    inner: &str,
) -> Vec<(String, &'a Value)> {
    let list = |value: &'a Value, key: &str| value[key].as_array().map_or(&[][..], Vec::as_slice);
    let mut found = Vec::new();
    for resource in list(body, outer) {
        let service = attribute(&resource["resource"], "service.name")
            .and_then(|value| value["stringValue"].as_str())
            .unwrap_or_default();
        for scope in list(resource, middle) {
            for member in list(scope, inner) {
                found.push((service.to_owned(), member));
            }
        }
    }
    found
}

/// The OTLP/JSON value of an attribute.
#[must_use]
pub fn attribute<'a>(holder: &'a Value, key: &str) -> Option<&'a Value> {
    holder["attributes"]
        .as_array()?
        .iter()
        .find(|attribute| attribute["key"] == key)
        .map(|attribute| &attribute["value"])
}
