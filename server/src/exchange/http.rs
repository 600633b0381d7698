//! Requests to a server's faces, in HTTP/1.0, in which the answer ends with the connection. The
//! faces speak no TLS; a server elsewhere is reached through a tunnel.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, ensure};

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// The status and body of a GET.
///
/// # Errors
/// When the server cannot be reached or does not answer in HTTP.
pub fn get(url: &str, path: &str) -> anyhow::Result<(u16, Vec<u8>)> {
    ask(
        url,
        &format!("GET {path}"),
        "Accept: application/json\r\n",
        &[],
    )
}

/// The status and body of a POST of JSON.
///
/// # Errors
/// When the server cannot be reached or does not answer in HTTP.
pub fn post_json(url: &str, path: &str, body: &[u8]) -> anyhow::Result<(u16, Vec<u8>)> {
    let headers = format!(
        "Content-Type: application/json\r\nContent-Length: {}\r\n",
        body.len()
    );
    ask(url, &format!("POST {path}"), &headers, body)
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
