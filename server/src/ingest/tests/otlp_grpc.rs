//! OTLP over gRPC, with the client that OpenTelemetry generates.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::logs::v1::logs_service_client::LogsServiceClient;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_client::MetricsServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_proto::tonic::logs::v1::{ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{Metric, ResourceMetrics, ScopeMetrics};
use tonic::Code;
use tonic::codec::CompressionEncoding;
use tonic::transport::Channel;

use super::*;
use crate::ingest::Limits;
use crate::running::{Running, Setup};
use crate::sample::{NOON, log, metric, rich_span, span, trace_id};

async fn channel(server: &Running) -> Channel {
    Channel::from_shared(server.grpc.clone())
        .expect("a URL")
        .connect()
        .await
        .expect("a channel")
}

#[tokio::test]
async fn stores_all_three_signals() {
    let server = Running::usual().await;
    let channel = channel(&server).await;
    for (number, encoding) in [
        (1, None),
        (2, Some(CompressionEncoding::Gzip)),
        (3, Some(CompressionEncoding::Zstd)),
    ] {
        let mut client = TraceServiceClient::new(channel.clone());
        if let Some(encoding) = encoding {
            client = client.send_compressed(encoding);
        }
        let sent = [rich_span(number, 1), span(number, 2)];
        let answer = client
            .export(request(&sent))
            .await
            .expect("stored")
            .into_inner();
        assert_eq!(answer.partial_success, None);
        assert_eq!(
            server.store.trace(trace_id(number)).expect("readable"),
            sent
        );
    }
    let entry = log(1, "line", NOON);
    let scope_logs = vec![ScopeLogs {
        scope: Some(encode::scope(&entry.scope)),
        log_records: vec![encode::log_record(&entry.record)],
        ..ScopeLogs::default()
    }];
    let resource = Some(encode::resource(&entry.resource));
    let resource_logs = vec![ResourceLogs {
        resource,
        scope_logs,
        ..ResourceLogs::default()
    }];
    LogsServiceClient::new(channel.clone())
        .export(ExportLogsServiceRequest { resource_logs })
        .await
        .expect("stored");
    assert_eq!(server.store.logs(trace_id(1)).expect("readable"), [entry]);

    let gauge = metric("queue", 2);
    let metrics = vec![Metric::decode(gauge.message.as_slice()).expect("a metric")];
    let scope_metrics = vec![ScopeMetrics {
        metrics,
        ..ScopeMetrics::default()
    }];
    let resource_metrics = vec![ResourceMetrics {
        scope_metrics,
        ..ResourceMetrics::default()
    }];
    MetricsServiceClient::new(channel)
        .export(ExportMetricsServiceRequest { resource_metrics })
        .await
        .expect("stored");
    assert_eq!(
        server.store.metrics("queue").expect("readable")[0].point_count,
        2
    );
}

#[tokio::test]
async fn says_how_many_spans_were_bad() {
    let server = Running::usual().await;
    let mut sent = request(&[span(1, 1), span(1, 2)]);
    sent.resource_spans[0].scope_spans[0].spans[0]
        .span_id
        .clear();
    let answer = TraceServiceClient::new(channel(&server).await)
        .export(sent)
        .await
        .expect("stored")
        .into_inner();
    assert_eq!(
        answer
            .partial_success
            .expect("a partial success")
            .rejected_spans,
        1
    );
}

#[tokio::test]
async fn refuses_what_is_too_large_as_sent_or_unpacked() {
    let limits = Limits {
        request_bytes: 3_000,
        decompressed_bytes: 20_000,
    };
    let server = Running::start(Setup {
        limits,
        ..Setup::default()
    })
    .await;
    let channel = channel(&server).await;
    let mut plain = TraceServiceClient::new(channel.clone());
    let error = plain
        .export(request(&vec![rich_span(1, 1); 20]))
        .await
        .expect_err("too large");
    assert_eq!(error.code(), Code::ResourceExhausted, "{error}");
    assert!(error.details().is_empty() || !error.message().is_empty());

    let mut packed = TraceServiceClient::new(channel).send_compressed(CompressionEncoding::Gzip);
    let mut bomb = span(1, 1);
    bomb.span.name = "a".repeat(1 << 20);
    let error = packed
        .export(request(&[bomb]))
        .await
        .expect_err("too large unpacked");
    assert_eq!(error.code(), Code::ResourceExhausted, "{error}");
    assert!(
        server
            .store
            .trace(trace_id(1))
            .expect("readable")
            .is_empty()
    );

    packed
        .export(request(&[rich_span(1, 1)]))
        .await
        .expect("the server lives on");
    let response = send(Client::new().get(format!("{}/api/v1/status", server.viewer))).await;
    let status: shared::query::StatusResponse = response.json().await.expect("a status");
    assert!(status.last_refusal.expect("a reason").starts_with("gRPC: "));
}

#[tokio::test]
async fn refuses_garbage_and_unknown_services() {
    let server = Running::usual().await;
    let client = reqwest::Client::builder()
        .http2_prior_knowledge()
        .build()
        .expect("a client");
    let service = "opentelemetry.proto.collector.trace.v1.TraceService";
    for (path, body, reason) in [
        (
            format!("{service}/Export"),
            &b"\0\0\0\0\x03\xff\xff\xff"[..],
            "not protobuf",
        ),
        (
            format!("{service}/Export"),
            b"\0\0\0\0\x09\xff",
            "cut short",
        ),
        (
            format!("{service}/Export"),
            b"\x01\0\0\0\x01x",
            "packed without saying how",
        ),
        (format!("{service}/Import"), b"\0\0\0\0\0", "no such method"),
        (
            "other.Service/Export".to_owned(),
            b"\0\0\0\0\0",
            "no such service",
        ),
    ] {
        let response = client
            .post(format!("{}/{path}", server.grpc))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(body.to_vec())
            .send()
            .await
            .expect("an answer");
        let code = header(&response, "grpc-status").expect("a status");
        assert_ne!(code, "0", "{reason}");
    }
    TraceServiceClient::new(channel(&server).await)
        .export(request(&[span(1, 1)]))
        .await
        .expect("the server lives on");
}
