//! What OTLP/HTTP brings is stored before it is answered.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use opentelemetry_proto::tonic::logs::v1::{ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{Metric, ResourceMetrics, ScopeMetrics};
use shared::query::StatusResponse;

use super::*;
use crate::running::Running;
use crate::sample::{NOON, log, metric, rich_span, span, trace_id};

#[tokio::test]
async fn stores_spans_in_every_format_and_encoding() {
    let server = Running::usual().await;
    let mut number = 0;
    for content_type in [
        PROTOBUF,
        JSON,
        "application/json; charset=utf-8",
        "Application/X-Protobuf",
    ] {
        for encoding in ["", "identity", "gzip", "zstd", "GZIP"] {
            number += 1;
            let sent = [rich_span(number, 1), span(number, 2)];
            let is_json = content_type.contains("json");
            let plain = if is_json {
                json(&sent)
            } else {
                protobuf(&sent)
            };
            let body = match encoding {
                "gzip" | "GZIP" => gzip(&plain),
                "zstd" => zstd(&plain),
                _ => plain,
            };
            let mut request = post(&server.ingest, "/v1/traces", content_type, body);
            if !encoding.is_empty() {
                request = request.header("content-encoding", encoding);
            }
            let response = send(request).await;
            assert_eq!(response.status(), 200, "{content_type} {encoding}");
            assert_eq!(
                header(&response, "content-type"),
                Some(if is_json { JSON } else { PROTOBUF })
            );
            let body = response.bytes().await.expect("a body");
            assert_eq!(&body[..], if is_json { &b"{}"[..] } else { b"" });
            let found = server.store.trace(trace_id(number)).expect("readable");
            assert_eq!(found, sent, "{content_type} {encoding}");
        }
    }
}

#[tokio::test]
async fn an_empty_request_is_a_good_one() {
    let server = Running::usual().await;
    for (content_type, body) in [
        (PROTOBUF, ""),
        (JSON, "{}"),
        (JSON, "{\"resourceSpans\":null}"),
    ] {
        let body = body.as_bytes().to_vec();
        let response = send(post(&server.ingest, "/v1/traces", content_type, body)).await;
        assert_eq!(response.status(), 200, "{content_type}");
    }
}

#[tokio::test]
async fn stores_logs_and_metrics() {
    let server = Running::usual().await;
    let entry = log(1, "line", NOON);
    let logs = ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            resource: Some(encode::resource(&entry.resource)),
            scope_logs: vec![ScopeLogs {
                scope: Some(encode::scope(&entry.scope)),
                log_records: vec![encode::log_record(&entry.record)],
                ..ScopeLogs::default()
            }],
            ..ResourceLogs::default()
        }],
    };
    let gauge = metric("queue", 3);
    let metrics = ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: Some(encode::resource(&gauge.resource)),
            scope_metrics: vec![ScopeMetrics {
                scope: Some(encode::scope(&gauge.scope)),
                metrics: vec![
                    Metric::decode(gauge.message.as_slice()).expect("a metric"),
                    Metric {
                        name: "without points".to_owned(),
                        ..Metric::default()
                    },
                ],
                ..ScopeMetrics::default()
            }],
            ..ResourceMetrics::default()
        }],
    };
    let second = log(1, "as JSON", NOON);
    let second_json = shared::otlp::json::encode_logs(std::slice::from_ref(&second)).to_string();
    let metrics_json = r#"{"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},
        "scopeMetrics":[{"scope":{},"metrics":[{"name":"latency","unit":"ms","histogram":{"aggregationTemporality":"AGGREGATION_TEMPORALITY_DELTA",
        "dataPoints":[{"timeUnixNano":"1795348800000000007","count":3,"sum":4.5,"bucketCounts":["1",2],"explicitBounds":[10],"extra":null},
        {"time_unix_nano":1795348800000000008,"count":"0"}]}}]}]}]}"#;
    for (path, content_type, body) in [
        ("/v1/logs", PROTOBUF, logs.encode_to_vec()),
        ("/v1/metrics", PROTOBUF, metrics.encode_to_vec()),
        ("/v1/logs", JSON, second_json.into_bytes()),
        ("/v1/metrics", JSON, metrics_json.as_bytes().to_vec()),
    ] {
        let response = send(post(&server.ingest, path, content_type, body)).await;
        assert_eq!(response.status(), 200, "{path} {content_type}");
    }
    assert_eq!(
        server.store.logs(trace_id(1)).expect("readable"),
        [entry, second]
    );
    assert_eq!(server.store.metrics("queue").expect("readable"), [gauge]);
    let latency = &server.store.metrics("latency").expect("readable")[0];
    assert_eq!((latency.point_count, latency.time.0), (2, NOON.0 + 8));
    let response = send(Client::new().get(format!("{}/api/v1/status", server.viewer))).await;
    let status: StatusResponse = response.json().await.expect("a status");
    assert_eq!(
        (status.accepted.logs, status.accepted.metric_points),
        (2, 5)
    );
}

#[tokio::test]
async fn keeps_good_spans_of_a_batch_and_says_how_many_were_bad() {
    let server = Running::usual().await;
    let mut parts: Vec<Parts> = Vec::new();
    for number in 1..=3 {
        let record = span(1, number);
        let mut message = encode::span(&record.span);
        if number > 1 {
            message.trace_id.truncate(4);
        }
        parts.push((
            encode::resource(&record.resource),
            encode::scope(&record.scope),
            message,
        ));
    }
    let body = messages(parts).encode_to_vec();
    let response = send(post(&server.ingest, "/v1/traces", PROTOBUF, body)).await;
    assert_eq!(response.status(), 200);
    let answer = ExportTraceServiceResponse::decode(response.bytes().await.expect("a body"))
        .expect("an answer");
    let partial = answer.partial_success.expect("a partial success");
    assert_eq!(partial.rejected_spans, 2);
    assert!(
        partial.error_message.contains("trace id"),
        "{}",
        partial.error_message
    );
    assert_eq!(server.store.trace(trace_id(1)).expect("readable").len(), 1);

    let text = String::from_utf8(json(&[span(2, 1), span(2, 2)])).expect("text");
    let text = text.replacen(&trace_id(2).to_hex(), "xyz", 1);
    let response = send(post(&server.ingest, "/v1/traces", JSON, text.into_bytes())).await;
    assert_eq!(response.status(), 200);
    let answer: serde_json::Value = response.json().await.expect("JSON");
    assert_eq!(answer["partialSuccess"]["rejectedSpans"], "1");
    assert!(answer["partialSuccess"]["errorMessage"].is_string());

    let status: StatusResponse =
        send(Client::new().get(format!("{}/api/v1/status", server.viewer)))
            .await
            .json()
            .await
            .expect("a status");
    assert_eq!((status.accepted.spans, status.refused.spans), (2, 3));
    assert!(status.last_refusal.expect("a reason").contains("not kept"));
}

#[tokio::test]
async fn says_that_it_is_well() {
    let server = Running::usual().await;
    let response = send(Client::new().get(format!("{}/healthz", server.ingest))).await;
    assert_eq!(response.status(), 200);
    server.stop().await;
}
