//! Requests to a server's faces, in HTTP/1.0, in which the answer ends with the connection. The
//! faces speak no TLS; a server elsewhere is reached through a tunnel.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, anyhow, ensure};
use clap::Args;
use shared::query::ErrorResponse;

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Which server a command asks, and as whom.
#[derive(Debug, Clone, Args)]
pub struct ServerArgs {
    /// The running server to ask: the address of its viewer
    #[arg(
        id = "server",
        long = "server",
        env = "THROUGHLINE_SERVER",
        value_name = "URL",
        default_value = "http://localhost:4319"
    )]
    pub url: String,

    /// The token that the server asks for; a file or the environment keeps it out of the list of processes
    #[arg(
        long,
        env = "THROUGHLINE_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true
    )]
    pub token: Option<String>,

    /// A file whose only line is the token
    #[arg(
        long,
        env = "THROUGHLINE_TOKEN_FILE",
        value_name = "FILE",
        conflicts_with = "token"
    )]
    pub token_file: Option<PathBuf>,
}

impl ServerArgs {
    /// The server.
    ///
    /// # Errors
    /// When the token's file cannot be read.
    pub fn server(&self) -> anyhow::Result<Server> {
        let token = match (&self.token, &self.token_file) {
            (Some(token), _) => Some(token.clone()),
            (None, Some(path)) => Some(
                std::fs::read_to_string(path)
                    .with_context(|| format!("cannot read the token in {}", path.display()))?,
            ),
            (None, None) => None,
        };
        Server::new(&self.url, token.as_deref())
    }
}

/// A server's viewer and query API.
#[derive(Debug, Clone)]
pub struct Server {
    /// Its address, without a slash at its end.
    pub url: String,
    /// The header that says who asks.
    authorization: String,
}

impl Server {
    /// A server that is asked with a token, where it has one.
    ///
    /// # Errors
    /// When the token could not stand in a header.
    pub fn new(url: &str, token: Option<&str>) -> anyhow::Result<Self> {
        let authorization = match token.map(str::trim).filter(|token| !token.is_empty()) {
            None => String::new(),
            Some(token) => {
                ensure!(
                    token.bytes().all(|byte| byte.is_ascii_graphic()),
                    "a token is one word of ASCII"
                );
                format!("Authorization: Bearer {token}\r\n")
            }
        };
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            authorization,
        })
    }

    /// The status and body of a GET.
    ///
    /// # Errors
    /// When the server cannot be reached or does not answer in HTTP.
    pub fn get(&self, path: &str) -> anyhow::Result<(u16, Vec<u8>)> {
        let headers = format!("Accept: application/json\r\n{}", self.authorization);
        ask(&self.url, &format!("GET {path}"), &headers, &[])
    }

    /// The status and body of a POST of JSON.
    ///
    /// # Errors
    /// When the server cannot be reached or does not answer in HTTP.
    pub fn post_json(&self, path: &str, body: &[u8]) -> anyhow::Result<(u16, Vec<u8>)> {
        let headers = format!("{}{}", json_of(body), self.authorization);
        ask(&self.url, &format!("POST {path}"), &headers, body)
    }

    /// The status and body of a DELETE.
    ///
    /// # Errors
    /// When the server cannot be reached or does not answer in HTTP.
    pub fn delete(&self, path: &str) -> anyhow::Result<(u16, Vec<u8>)> {
        let headers = format!("Accept: application/json\r\n{}", self.authorization);
        ask(&self.url, &format!("DELETE {path}"), &headers, &[])
    }

    /// What an answer that is no success says, as an error.
    #[must_use]
    pub fn refusal(&self, status: u16, body: &[u8]) -> anyhow::Error {
        let url = &self.url;
        match (status, serde_json::from_slice::<ErrorResponse>(body)) {
            (401, Ok(error)) => anyhow!(
                "{url}: {}; a command takes it with --token-file FILE or from THROUGHLINE_TOKEN",
                error.message
            ),
            (_, Ok(error)) => anyhow!("{url} answers {status}: {}", error.message),
            (_, Err(_)) => anyhow!("{url} answers {status}; is it the viewer's address?"),
        }
    }
}

/// The status and body of a POST of JSON to a face that asks for no token.
///
/// # Errors
/// When the server cannot be reached or does not answer in HTTP.
pub fn post_json(url: &str, path: &str, body: &[u8]) -> anyhow::Result<(u16, Vec<u8>)> {
    ask(url, &format!("POST {path}"), &json_of(body), body)
}

fn json_of(body: &[u8]) -> String {
    format!(
        "Content-Type: application/json\r\nContent-Length: {}\r\n",
        body.len()
    )
}

fn ask(url: &str, line: &str, headers: &str, body: &[u8]) -> anyhow::Result<(u16, Vec<u8>)> {
    exchange(url, line, headers, body).with_context(|| {
        format!("the server {url} cannot be asked; is it running there? --server and --data name another one")
    })
}

fn exchange(url: &str, line: &str, headers: &str, body: &[u8]) -> anyhow::Result<(u16, Vec<u8>)> {
    let authority = url
        .strip_prefix("http://")
        .context("its address begins with http://")?
        .trim_end_matches('/');
    let has_port = authority
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let at = if has_port {
        authority.to_owned()
    } else {
        format!("{authority}:80")
    };
    let mut stream = TcpStream::connect(&at)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let head = format!("{line} HTTP/1.0\r\nHost: {authority}\r\n{headers}\r\n");
    stream.write_all(head.as_bytes())?;
    // A request that is refused may be answered before it has been sent.
    let sent = stream.write_all(body);
    let mut answer = Vec::new();
    let received = stream.read_to_end(&mut answer);
    if answer.is_empty() {
        sent?;
        received?;
    }
    let end = answer
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .context("the answer is not HTTP")?;
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .context("the answer is not HTTP")?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        (name.eq_ignore_ascii_case("content-length")).then(|| value.trim().parse::<usize>().ok())?
    });
    let body = answer.split_off(end + 4);
    ensure!(
        length.is_none_or(|length| length == body.len()),
        "the answer broke off"
    );
    Ok((status, body))
}

/// The text as a component of an address (RFC 3986 §2.3).
#[must_use]
pub fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
