//! The private face over real sockets.

mod access;
mod columns;
mod description;
mod runs;
mod searching;
mod tailing;

use reqwest::{Client, RequestBuilder, Response};
use serde_json::Value;
use shared::attribute::Attribute;
use shared::query::{ErrorResponse, SearchResponse, ServicesResponse};
use shared::span::StatusCode;
use shared::trace::statistics::Statistics;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::running::{INDEX, Running};
use crate::sample::{NOON, after_noon, log, rich_span, service, span, spans, trace_id};
use crate::store::Batch;

async fn send(request: RequestBuilder) -> Response {
    request.send().await.expect("an answer")
}

async fn get(server: &Running, path: &str) -> Response {
    send(Client::new().get(format!("{}{path}", server.viewer))).await
}

fn header<'r>(response: &'r Response, name: &str) -> Option<&'r str> {
    response
        .headers()
        .get(name)
        .map(|value| value.to_str().expect("text"))
}

/// The hour around noon.
const HOUR: &str = "start=2026-11-22T11:30:00Z&end=2026-11-22T12:30:00Z";

/// Three traces, a second apart; the second failed and has a log record.
async fn server() -> Running {
    let server = Running::usual().await;
    let mut parts = vec![span(1, 1), rich_span(2, 1), span(3, 1)];
    for (index, record) in parts.iter_mut().enumerate() {
        record.span.start = after_noon(index as i64);
        record.span.end = after_noon(index as i64 + 1);
        record
            .span
            .attributes
            .push(Attribute::new("index", index as i64));
    }
    let mut child = span(1, 2);
    child.span.parent_span_id = Some(parts[0].span.span_id);
    child.resource = service("payment");
    child.span.status.code = StatusCode::Error;
    parts.push(child);
    let logs = vec![log(2, "seat taken", NOON)];
    let batch = Batch {
        logs,
        ..spans(parts)
    };
    server.store.append(&[batch]).expect("stored");
    server
}

#[tokio::test]
async fn gives_a_trace_as_otlp_json_in_either_case_of_its_id() {
    let server = server().await;
    for id in [trace_id(1).to_hex(), trace_id(1).to_hex().to_uppercase()] {
        let response = get(&server, &format!("/api/v1/traces/{id}")).await;
        assert_eq!(response.status(), 200);
        assert_eq!(header(&response, "content-type"), Some("application/json"));
        assert_eq!(header(&response, "cache-control"), Some("no-store"));
        let body = response.bytes().await.expect("a body");
        let decoded = shared::otlp::json::decode_spans(&body).expect("OTLP/JSON");
        assert_eq!((decoded.records.len(), decoded.rejected), (2, 0));
    }
    let response = get(&server, &format!("/api/v1/traces/{}/logs", trace_id(2))).await;
    let body = response.bytes().await.expect("a body");
    let decoded = shared::otlp::json::decode_logs(&body).expect("OTLP/JSON");
    assert_eq!(decoded.records, [log(2, "seat taken", NOON)]);
    let response = get(&server, &format!("/api/v1/traces/{}/logs", trace_id(9))).await;
    assert_eq!(
        response.text().await.expect("text"),
        "{\"resourceLogs\":[]}"
    );
}

#[tokio::test]
async fn a_part_says_of_how_much_it_is() {
    let server = server().await;
    let trace = trace_id(1);
    for (parameters, expected) in [
        ("", 2),
        ("?limit=1", 1),
        ("?from=1&limit=5", 1),
        ("?from=2", 0),
        ("?limit=0", 0),
    ] {
        let response = get(&server, &format!("/api/v1/traces/{trace}{parameters}")).await;
        assert_eq!(
            header(&response, "x-total-count"),
            Some("2"),
            "{parameters}"
        );
        let body = response.bytes().await.expect("a body");
        let decoded = shared::otlp::json::decode_spans(&body).expect("OTLP/JSON");
        assert_eq!(decoded.records.len(), expected, "{parameters}");
    }
    for (parameters, expected) in [
        ("by=service", &["payment", "shop"][..]),
        ("by=service&limit=1", &["payment"]),
        ("by=service&sort=errors&limit=1", &["payment"]),
    ] {
        let path = format!("/api/v1/traces/{trace}/statistics?{parameters}");
        let found: Statistics = get(&server, &path).await.json().await.expect("a body");
        let keys: Vec<&str> = found
            .groups
            .iter()
            .map(|group| group.key[0].as_str())
            .collect();
        assert_eq!(
            (keys.as_slice(), found.count),
            (expected, 2),
            "{parameters}"
        );
    }
    for path in [
        "?limit=some",
        "?from=-1",
        "?first=1",
        "/statistics?sort=name",
    ] {
        let response = get(&server, &format!("/api/v1/traces/{trace}{path}")).await;
        assert_eq!(response.status(), 400, "{path}");
    }
}

#[tokio::test]
async fn searches_with_query_range_and_limit() {
    let server = server().await;
    for (parameters, expected, more) in [
        (vec![], &[3, 2, 1][..], false),
        (vec![("limit", "2")], &[3, 2], true),
        (vec![("q", "{ status = error }")], &[2, 1], false),
        (
            vec![("q", "{ resource.service.name = \"payment\" }")],
            &[1],
            false,
        ),
        (vec![("q", "{ .index >= 1 }"), ("limit", "1")], &[3], true),
        (
            vec![("start", "1795348801"), ("end", "1795348801000")],
            &[2],
            false,
        ),
        (vec![("start", "2026-11-22T12:00:01.5Z")], &[3], false),
        (vec![("end", "1795348799")], &[], false),
    ] {
        let request = Client::new()
            .get(format!("{}/api/v1/search", server.viewer))
            .query(&parameters);
        let response: SearchResponse = send(request).await.json().await.expect("a body");
        let found: Vec<_> = response.traces.iter().map(|trace| trace.trace_id).collect();
        let expected: Vec<_> = expected.iter().map(|number| trace_id(*number)).collect();
        assert_eq!((found, response.more), (expected, more), "{parameters:?}");
    }
    let services: ServicesResponse = get(&server, "/api/v1/services")
        .await
        .json()
        .await
        .expect("a body");
    let names: Vec<_> = services
        .services
        .iter()
        .map(|service| service.name.as_str())
        .collect();
    assert_eq!(names, ["payment", "rich", "shop"]);
    assert_eq!(services.span_count, 4);
    let range = (services.start, services.end);
    assert_eq!(range, (Some(after_noon(0)), Some(after_noon(2))));
    assert!(services.as_of > NOON);
}

#[tokio::test]
async fn says_what_is_wrong_with_a_request() {
    let server = server().await;
    for (path, status, code, position) in [
        (
            "/api/v1/traces/00000000000000000000000000000001",
            404,
            "not_found",
            None,
        ),
        ("/api/v1/traces/xyz", 400, "invalid_argument", None),
        (
            "/api/v1/traces/00000000000000000000000000000000",
            400,
            "invalid_argument",
            None,
        ),
        ("/api/v1/traces/xyz/logs", 400, "invalid_argument", None),
        (
            "/api/v1/search?q=%7B%20duration%20%3E%20fast%20%7D",
            400,
            "invalid_query",
            Some(13),
        ),
        ("/api/v1/search?limit=0", 400, "invalid_argument", None),
        ("/api/v1/search?limit=1001", 400, "invalid_argument", None),
        ("/api/v1/search?limit=ten", 400, "invalid_argument", None),
        (
            "/api/v1/search?start=yesterday",
            400,
            "invalid_argument",
            None,
        ),
        (
            "/api/v1/search?start=20&end=10",
            400,
            "invalid_argument",
            None,
        ),
        ("/api/v1/search?query=%7B%7D", 400, "invalid_argument", None),
        (
            "/api/v1/search?limit=1&limit=2",
            400,
            "invalid_argument",
            None,
        ),
        ("/api/v1/nothing", 404, "not_found", None),
        ("/api/", 404, "not_found", None),
    ] {
        let response = get(&server, path).await;
        assert_eq!(response.status(), status, "{path}");
        let error: ErrorResponse = response.json().await.expect("an error");
        assert_eq!(
            (error.code.as_str(), error.position),
            (code, position),
            "{path}"
        );
        assert!(!error.message.is_empty(), "{path}");
    }
    let response = send(Client::new().post(format!("{}/api/v1/search", server.viewer))).await;
    assert_eq!(response.status(), 405);
    assert_eq!(header(&response, "allow"), Some("GET,HEAD"));
}

#[tokio::test]
async fn answers_only_to_names_of_this_machine() {
    let server = server().await;
    let port = server.viewer.rsplit(':').next().expect("a port").to_owned();
    for (host, expected, reason) in [
        (format!("localhost:{port}"), 200, "as it is announced"),
        ("LOCALHOST".to_owned(), 200, "in capitals, without a port"),
        (format!("127.0.0.1:{port}"), 200, "an address"),
        (
            "[::1]:1".to_owned(),
            200,
            "IPv6, through a tunnel with another port",
        ),
        ("throughline.localhost".to_owned(), 200, "below localhost"),
        ("evil.example".to_owned(), 403, "a name that was rebound"),
        (format!("evil.example:{port}"), 403, "with the port"),
        (
            "localhost.evil.example".to_owned(),
            403,
            "localhost as a prefix",
        ),
        (
            "localhost@evil.example".to_owned(),
            403,
            "localhost as a user",
        ),
        (
            "127.0.0.1.evil.example".to_owned(),
            403,
            "an address as a prefix",
        ),
        ("192.168.0.5".to_owned(), 403, "the local network"),
        (String::new(), 403, "nothing"),
    ] {
        for path in ["/api/v1/status", "/"] {
            let request =
                format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
            assert_eq!(raw(&port, &request).await, expected, "{path}: {reason}");
        }
    }
    let none = "GET /api/v1/status HTTP/1.0\r\n\r\n";
    assert_eq!(raw(&port, none).await, 403, "no Host");
    let two =
        "GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    assert_ne!(raw(&port, two).await, 200, "two hosts");
    let absolute =
        "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_ne!(raw(&port, absolute).await, 200, "two opinions");
}

/// The status of a hand-written request.
async fn raw(port: &str, request: &str) -> u16 {
    let mut stream = tokio::net::TcpStream::connect(format!("127.0.0.1:{port}"))
        .await
        .expect("a connection");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    answer
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .expect("a status")
}

#[tokio::test]
async fn pages_of_other_origins_may_not_use_the_api() {
    let server = server().await;
    for (site, mode, dest, expected, reason) in [
        ("same-origin", "cors", "empty", 200, "the viewer"),
        ("none", "navigate", "document", 200, "a typed address"),
        ("cross-site", "navigate", "document", 200, "a link"),
        ("cross-site", "no-cors", "script", 403, "a script tag"),
        ("cross-site", "cors", "empty", 403, "a fetch"),
        ("same-site", "cors", "empty", 403, "a page on another port"),
        ("cross-site", "navigate", "iframe", 403, "a frame"),
    ] {
        let request = Client::new()
            .get(format!("{}/api/v1/status", server.viewer))
            .header("sec-fetch-site", site)
            .header("sec-fetch-mode", mode)
            .header("sec-fetch-dest", dest);
        let response = send(request).await;
        assert_eq!(response.status(), expected, "{reason}");
        assert_eq!(
            header(&response, "access-control-allow-origin"),
            None,
            "{reason}"
        );
    }
}

#[tokio::test]
async fn serves_the_viewer_with_its_page_for_every_path() {
    let server = server().await;
    for path in [
        "/",
        "/search?q=%7B%7D",
        "/trace/abc",
        "/index.html",
        "/compare/a/b",
    ] {
        let response = get(&server, path).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(
            header(&response, "content-type"),
            Some("text/html; charset=utf-8")
        );
        assert_eq!(header(&response, "cache-control"), Some("no-cache"));
        let policy = header(&response, "content-security-policy").expect("a policy");
        for directive in [
            "default-src 'none'",
            "script-src 'self' 'wasm-unsafe-eval'",
            "style-src 'self' 'unsafe-inline'",
            "connect-src 'self'",
            "frame-ancestors 'none'",
            &format!("frame-src {}", server.player),
        ] {
            assert!(policy.contains(directive), "{directive}");
        }
        assert_eq!(
            header(&response, "cross-origin-resource-policy"),
            Some("same-origin")
        );
        assert_eq!(header(&response, "x-content-type-options"), Some("nosniff"));
        assert_eq!(response.text().await.expect("text"), INDEX);
    }
    for (path, content_type, cache_control) in [
        (
            "/viewer-0123456789abcdef_bg.wasm",
            "application/wasm",
            "public, max-age=31536000, immutable",
        ),
        ("/fonts/inter.woff2", "font/woff2", "no-cache"),
    ] {
        let response = get(&server, path).await;
        assert_eq!(
            header(&response, "content-type"),
            Some(content_type),
            "{path}"
        );
        assert_eq!(
            header(&response, "cache-control"),
            Some(cache_control),
            "{path}"
        );
    }
    for path in [
        "/viewer-fedcba9876543210_bg.wasm",
        "/nothing.js",
        "/..%2fCargo.toml",
    ] {
        assert_eq!(get(&server, path).await.status(), 404, "{path}");
    }
    let response = send(Client::new().delete(&server.viewer)).await;
    assert_eq!(response.status(), 405);
}
