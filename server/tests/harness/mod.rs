//! Starts the real program and talks to it in plain HTTP/1.1.

#![allow(dead_code, reason = "each test binary uses a part")]

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

/// A running server; killed when dropped.
pub struct Program {
    child: Child,
    stdout: BufReader<ChildStdout>,
    pub ingest: String,
    pub grpc: String,
    pub viewer: String,
    pub player: String,
}

impl Program {
    /// Starts a server on free ports with its data in `directory`.
    pub fn start(directory: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_throughline"));
        command.arg("serve").arg("--data").arg(directory);
        command.args([
            "--listen-ingest",
            "127.0.0.1:0",
            "--listen-grpc",
            "127.0.0.1:0",
        ]);
        command.args(["--listen-viewer", "localhost:0", "--log", "warn"]);
        clear_environment(&mut command);
        Self::from_command(command)
    }

    /// Starts a server and waits until it says where it listens.
    pub fn from_command(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        let [ingest, grpc, viewer, player] = ["ingest", "grpc", "viewer", "player"].map(|face| {
            let mut line = String::new();
            stdout.read_line(&mut line).expect("readable");
            let url = line.strip_prefix(&format!("listening {face} "));
            url.unwrap_or_else(|| panic!("unexpected line {line:?}"))
                .trim_end()
                .to_owned()
        });
        Self {
            child,
            stdout,
            ingest,
            grpc,
            viewer,
            player,
        }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL: no chance to do anything.
    pub fn kill(&mut self) {
        self.child.kill().expect("killable");
        self.child.wait().expect("waitable");
    }

    /// SIGTERM; the exit status and what else was on stdout.
    pub fn terminate(&mut self) -> (ExitStatus, String) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .expect("kill runs");
        assert!(sent.success());
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).expect("readable");
        (self.child.wait().expect("waitable"), rest)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The machine's own settings must not reach the program.
pub fn clear_environment(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("THROUGHLINE_") {
            command.env_remove(name);
        }
    }
}

/// Exports spans of a trace as OTLP/JSON; the answer's status.
///
/// # Errors
/// When the server goes away before it has answered.
pub fn export(base: &str, trace: u64, spans: &[u64]) -> std::io::Result<u16> {
    let spans: Vec<String> = spans
        .iter()
        .map(|span| {
            format!(
                r#"{{"traceId":"{trace:032x}","spanId":"{span:016x}","name":"work","kind":1,
                "startTimeUnixNano":"1795348800000000000","endTimeUnixNano":"1795348801000000000",
                "attributes":[{{"key":"number","value":{{"intValue":"{span}"}}}}]}}"#
            )
        })
        .collect();
    let body = format!(
        r#"{{"resourceSpans":[{{"resource":{{"attributes":[{{"key":"service.name",
        "value":{{"stringValue":"test"}}}}]}},"scopeSpans":[{{"spans":[{}]}}]}}]}}"#,
        spans.join(",")
    );
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    exchange(base, &(head + &body)).map(|(status, _)| status)
}

/// The numbers of the spans that the server has of a trace.
pub fn span_ids(viewer: &str, trace: u64) -> BTreeSet<u64> {
    let (status, body) = get(viewer, &format!("/api/v1/traces/{trace:032x}"));
    if status == 404 {
        return BTreeSet::new();
    }
    assert_eq!(status, 200, "{body}");
    let decoded = shared::otlp::json::decode_spans(body.as_bytes()).expect("OTLP/JSON");
    let number =
        |record: &shared::span::SpanRecord| u64::from_be_bytes(*record.span.span_id.as_bytes());
    decoded.records.iter().map(number).collect()
}

/// The status and body of a GET request.
pub fn get(base: &str, path: &str) -> (u16, String) {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    exchange(base, &request).expect("an answer")
}

fn exchange(base: &str, request: &str) -> std::io::Result<(u16, String)> {
    let address = base.strip_prefix("http://").expect("http");
    let mut stream = TcpStream::connect(address)?;
    // A request larger than the limit is answered while it is still being sent.
    let sent = stream.write_all(request.as_bytes());
    let mut answer = Vec::new();
    let received = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let complete = answer.split_once("\r\n\r\n").and_then(|(head, body)| {
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .and_then(|length| length.parse::<usize>().ok());
        let status = head.split(' ').nth(1)?.parse().ok()?;
        (length.is_none_or(|length| body.len() == length)).then(|| (status, body.to_owned()))
    });
    match complete {
        Some(complete) => Ok(complete),
        None => {
            sent?;
            received?;
            Err(std::io::ErrorKind::UnexpectedEof.into())
        }
    }
}
