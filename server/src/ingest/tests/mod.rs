//! The public face over real sockets.

mod bad_input;
mod browsers;
mod otlp_grpc;
mod otlp_http;
mod overload;

use flate2::Compression;
use flate2::write::GzEncoder;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message as _;
use reqwest::{Client, RequestBuilder, Response};
use shared::span::SpanRecord;
use std::io::Write as _;

use crate::otlp_protobuf::encode;

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

/// An export request of these spans, each in a resource of its own.
fn request(spans: &[SpanRecord]) -> ExportTraceServiceRequest {
    messages(spans.iter().map(|record| {
        (
            encode::resource(&record.resource),
            encode::scope(&record.scope),
            encode::span(&record.span),
        )
    }))
}

type Parts = (
    opentelemetry_proto::tonic::resource::v1::Resource,
    opentelemetry_proto::tonic::common::v1::InstrumentationScope,
    Span,
);

fn messages(parts: impl IntoIterator<Item = Parts>) -> ExportTraceServiceRequest {
    let resource_spans = parts
        .into_iter()
        .map(|(resource, scope, span)| ResourceSpans {
            resource: Some(resource),
            scope_spans: vec![ScopeSpans {
                scope: Some(scope),
                spans: vec![span],
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        })
        .collect();
    ExportTraceServiceRequest { resource_spans }
}

fn protobuf(spans: &[SpanRecord]) -> Vec<u8> {
    request(spans).encode_to_vec()
}

fn json(spans: &[SpanRecord]) -> Vec<u8> {
    shared::otlp::json::encode_spans(spans)
        .to_string()
        .into_bytes()
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).expect("memory");
    encoder.finish().expect("memory")
}

fn zstd(plain: &[u8]) -> Vec<u8> {
    zstd::encode_all(plain, 3).expect("memory")
}

fn post(base: &str, path: &str, content_type: &str, body: Vec<u8>) -> RequestBuilder {
    Client::new()
        .post(format!("{base}{path}"))
        .header("content-type", content_type)
        .body(body)
}

async fn send(request: RequestBuilder) -> Response {
    request.send().await.expect("an answer")
}

fn header<'r>(response: &'r Response, name: &str) -> Option<&'r str> {
    response
        .headers()
        .get(name)
        .map(|value| value.to_str().expect("text"))
}
