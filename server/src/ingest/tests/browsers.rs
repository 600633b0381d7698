//! What pages may ask of the public face.

use super::*;
use crate::running::{Running, Setup, TRACER};
use crate::sample::span;

fn preflight(base: &str, origin: &str) -> RequestBuilder {
    Client::new()
        .request(
            "OPTIONS".parse().expect("a method"),
            format!("{base}/v1/traces"),
        )
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "content-type,content-encoding,traceparent",
        )
}

#[tokio::test]
async fn answers_preflights_of_allowed_origins_only() {
    let server = Running::usual().await;
    let response = send(preflight(&server.ingest, "http://localhost:4330")).await;
    assert_eq!(response.status(), 204);
    let header = |name: &str| header(&response, name).unwrap_or_default();
    assert_eq!(
        header("access-control-allow-origin"),
        "http://localhost:4330"
    );
    assert_eq!(header("access-control-allow-methods"), "POST");
    for name in [
        "content-type",
        "content-encoding",
        "traceparent",
        "tracestate",
        "baggage",
        "authorization",
        "x-api-key",
    ] {
        assert!(
            header("access-control-allow-headers").contains(name),
            "{name}"
        );
    }
    assert!(
        header("access-control-max-age")
            .parse::<u32>()
            .expect("seconds")
            >= 600
    );
    assert_eq!(header("access-control-allow-credentials"), "");
    assert_eq!(header("access-control-allow-private-network"), "");
    assert!(header("vary").contains("Origin"));

    let request = preflight(&server.ingest, "http://127.0.0.1:4330")
        .header("access-control-request-private-network", "true");
    let response = send(request).await;
    assert_eq!(
        super::header(&response, "access-control-allow-private-network"),
        Some("true")
    );

    let response = send(preflight(&server.ingest, "https://shop.example")).await;
    assert_eq!(response.status(), 403);
    assert_eq!(
        super::header(&response, "access-control-allow-origin"),
        None
    );
    assert!(
        response
            .text()
            .await
            .expect("text")
            .contains("--cors-origin")
    );
}

#[tokio::test]
async fn configured_origins_take_the_place_of_this_machine() {
    let setup = Setup {
        origins: vec!["https://shop.example"],
        ..Setup::default()
    };
    let server = Running::start(setup).await;
    for (origin, expected) in [
        ("https://shop.example", 204),
        ("http://localhost:4330", 403),
    ] {
        let response = send(preflight(&server.ingest, origin)).await;
        assert_eq!(response.status(), expected, "{origin}");
    }
}

#[tokio::test]
async fn pages_read_answers_and_refusals_of_their_exports() {
    let server = Running::usual().await;
    for (body, expected) in [(protobuf(&[span(1, 1)]), 200), (vec![0xff; 9], 400)] {
        let request = post(&server.ingest, "/v1/traces", PROTOBUF, body)
            .header("origin", "http://localhost:4330");
        let response = send(request).await;
        assert_eq!(response.status(), expected);
        let allowed = header(&response, "access-control-allow-origin");
        assert_eq!(allowed, Some("http://localhost:4330"));
        assert_eq!(
            header(&response, "access-control-expose-headers"),
            Some("Retry-After, Throughline-Time")
        );
        let said: u128 = header(&response, "throughline-time")
            .and_then(|millis| millis.parse().ok())
            .expect("milliseconds");
        let now = std::time::UNIX_EPOCH
            .elapsed()
            .expect("after 1970")
            .as_millis();
        assert!((now - 60_000..=now).contains(&said), "{said}, not {now}");
    }
    let request = post(
        &server.ingest,
        "/v1/traces",
        PROTOBUF,
        protobuf(&[span(2, 1)]),
    )
    .header("origin", "https://shop.example");
    let response = send(request).await;
    assert_eq!(
        response.status(),
        200,
        "a proxy in front may have made it same-origin"
    );
    assert_eq!(header(&response, "access-control-allow-origin"), None);
}

#[tokio::test]
async fn serves_the_tracer_to_pages_of_any_origin_and_encoding() {
    let server = Running::usual().await;
    let url = format!("{}/throughline.js", server.ingest);
    let response = send(
        Client::new()
            .get(&url)
            .header("origin", "https://shop.example"),
    )
    .await;
    assert_eq!(response.status(), 200);
    for (name, expected) in [
        ("content-type", "text/javascript; charset=utf-8"),
        ("access-control-allow-origin", "*"),
        ("cross-origin-resource-policy", "cross-origin"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "public, max-age=300, must-revalidate"),
        ("vary", "Accept-Encoding"),
    ] {
        assert_eq!(header(&response, name), Some(expected), "{name}");
    }
    let tag = header(&response, "etag").expect("a tag").to_owned();
    assert_eq!(response.text().await.expect("text"), TRACER);
    let again = send(Client::new().get(&url).header("if-none-match", &tag)).await;
    assert_eq!(again.status(), 304);
    assert_eq!(again.bytes().await.expect("a body").len(), 0);

    for (accept, expected, body) in [
        ("br, gzip", Some("br"), "packed by brotli"),
        ("gzip, deflate", Some("gzip"), "packed by gzip"),
        ("br;q=0, gzip;q=0.5", Some("gzip"), "packed by gzip"),
        ("*", Some("br"), "packed by brotli"),
        ("identity", None, TRACER),
        ("deflate", None, TRACER),
    ] {
        let response = send(Client::new().get(&url).header("accept-encoding", accept)).await;
        assert_eq!(header(&response, "content-encoding"), expected, "{accept}");
        assert_ne!(
            header(&response, "etag") == Some(&tag),
            expected.is_some(),
            "{accept}"
        );
        assert_eq!(response.text().await.expect("text"), body, "{accept}");
    }
}

#[tokio::test]
async fn the_hashed_script_never_changes() {
    use sha2::{Digest as _, Sha256};

    let server = Running::usual().await;
    let hash: String = Sha256::digest(TRACER)
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let get =
        async |path: String| send(Client::new().get(format!("{}{path}", server.ingest))).await;
    let response = get(format!("/throughline-{hash}.js")).await;
    assert_eq!(response.status(), 200);
    let cache_control = header(&response, "cache-control");
    assert_eq!(cache_control, Some("public, max-age=31536000, immutable"));
    for path in [
        "/throughline-0123456789abcdef.js",
        "/throughline-.js",
        "/throughline.csp.js",
    ] {
        let response = get(path.to_owned()).await;
        assert_eq!(response.status(), 404, "{path}");
        assert_eq!(
            header(&response, "cache-control"),
            Some("no-store"),
            "{path}"
        );
    }
}
