//! Whatever comes that is no export is refused with a status that tells why, and the server lives on.

use super::*;
use crate::ingest::Limits;
use crate::ingest::rpc_status::RpcStatus;
use crate::running::{Running, Setup};
use crate::sample::{rich_span, span, trace_id};

fn truncated(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.truncate(bytes.len() - 9);
    bytes
}

#[tokio::test]
async fn refuses_bodies_that_are_not_what_their_headers_say() {
    let server = Running::usual().await;
    let good = [span(1, 1)];
    let garbage = vec![0xff; 100];
    let mut garbage_after = gzip(&protobuf(&good));
    garbage_after.extend_from_slice(b"garbage");
    for (content_type, encoding, body, expected, reason) in [
        (PROTOBUF, "", garbage.clone(), 400, "not protobuf"),
        (PROTOBUF, "", json(&good), 400, "JSON instead of protobuf"),
        (
            PROTOBUF,
            "",
            truncated(protobuf(&good)),
            400,
            "protobuf cut short",
        ),
        (JSON, "", garbage.clone(), 400, "not JSON"),
        (JSON, "", protobuf(&good), 400, "protobuf instead of JSON"),
        (JSON, "", truncated(json(&good)), 400, "JSON cut short"),
        (JSON, "", b"[]".to_vec(), 400, "not an object"),
        (JSON, "", Vec::new(), 400, "nothing"),
        (
            JSON,
            "",
            "[".repeat(100_000).into_bytes(),
            400,
            "nested without end",
        ),
        (PROTOBUF, "gzip", protobuf(&good), 400, "not gzip"),
        (
            PROTOBUF,
            "gzip",
            truncated(gzip(&protobuf(&good))),
            400,
            "gzip cut short",
        ),
        (PROTOBUF, "gzip", Vec::new(), 400, "no gzip at all"),
        (PROTOBUF, "gzip", garbage_after, 400, "garbage after gzip"),
        (PROTOBUF, "zstd", protobuf(&good), 400, "not zstd"),
        (
            PROTOBUF,
            "zstd",
            truncated(zstd(&protobuf(&good))),
            400,
            "zstd cut short",
        ),
        (
            PROTOBUF,
            "br",
            protobuf(&good),
            415,
            "an encoding that is not supported",
        ),
        (PROTOBUF, "gzip, gzip", protobuf(&good), 415, "packed twice"),
        (
            "text/plain",
            "",
            protobuf(&good),
            415,
            "a type that is not supported",
        ),
        ("", "", protobuf(&good), 415, "no type"),
        (
            "application/x-protobuf-text",
            "",
            protobuf(&good),
            415,
            "a longer name",
        ),
    ] {
        let mut request = post(&server.ingest, "/v1/traces", content_type, body);
        if !encoding.is_empty() {
            request = request.header("content-encoding", encoding);
        }
        let response = send(request).await;
        assert_eq!(response.status(), expected, "{reason}");
        assert_eq!(
            header(&response, "retry-after"),
            None,
            "{reason}: never to be sent again"
        );
        let answered_in = header(&response, "content-type")
            .expect("a type")
            .to_owned();
        let body = response.bytes().await.expect("a body");
        let message = if answered_in == PROTOBUF {
            assert_eq!(content_type, PROTOBUF, "{reason}");
            RpcStatus::decode(body).expect("a status").message
        } else {
            let status: serde_json::Value = serde_json::from_slice(&body).expect("a status");
            assert!(status["code"].is_number(), "{reason}");
            status["message"].as_str().expect("a message").to_owned()
        };
        assert!(!message.is_empty(), "{reason}");
    }
    assert!(
        server
            .store
            .trace(trace_id(1))
            .expect("readable")
            .is_empty()
    );
    let response = send(post(
        &server.ingest,
        "/v1/traces",
        PROTOBUF,
        protobuf(&good),
    ))
    .await;
    assert_eq!(response.status(), 200, "the server lives on");
}

#[tokio::test]
async fn refuses_what_is_too_large_as_sent_or_unpacked() {
    let limits = Limits {
        request_bytes: 2_000,
        decompressed_bytes: 20_000,
    };
    let server = Running::start(Setup {
        limits,
        ..Setup::default()
    })
    .await;
    // A few hundred bytes of gzip that hold a megabyte.
    let zeros = vec![0; 1 << 20];
    for (encoding, body, reason) in [
        ("", protobuf(&vec![rich_span(1, 1); 10]), "as sent"),
        ("gzip", gzip(&zeros), "gzip of zeros"),
        ("zstd", zstd(&zeros), "zstd of zeros"),
    ] {
        let mut request = post(&server.ingest, "/v1/traces", PROTOBUF, body);
        if !encoding.is_empty() {
            request = request.header("content-encoding", encoding);
        }
        let response = send(request).await;
        assert_eq!(response.status(), 413, "{reason}");
        assert_eq!(header(&response, "retry-after"), None, "{reason}");
        let status = RpcStatus::decode(response.bytes().await.expect("a body")).expect("a status");
        assert!(status.message.contains("--max-"), "{}", status.message);
    }
    let body = protobuf(&[rich_span(1, 1)]);
    assert!(body.len() < 2_000);
    let response = send(post(&server.ingest, "/v1/traces", PROTOBUF, body)).await;
    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn refuses_other_methods_and_paths_in_words() {
    let server = Running::usual().await;
    for method in ["GET", "PUT", "DELETE", "PATCH"] {
        let method = method.parse().expect("a method");
        let response =
            send(Client::new().request(method, format!("{}/v1/traces", server.ingest))).await;
        assert_eq!(response.status(), 405);
        assert_eq!(header(&response, "allow"), Some("POST"));
    }
    for path in [
        "/",
        "/v1/profiles",
        "/api/v1/status",
        "/index.html",
        "/throughline.wasm",
    ] {
        let response = send(Client::new().get(format!("{}{path}", server.ingest))).await;
        assert_eq!(response.status(), 404, "{path}");
        assert!(
            response.text().await.expect("text").contains("OTLP"),
            "{path}"
        );
    }
}
