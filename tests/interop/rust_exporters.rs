//! OpenTelemetry's Rust exporters, in every protocol and for every signal, are accepted and read back as they were sent.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry::logs::{AnyValue, LogRecord as _, Logger as _, LoggerProvider as _, Severity};
use opentelemetry::metrics::MeterProvider as _;
use opentelemetry::trace::{
    Link, Span as _, SpanContext, SpanId, SpanKind, Status, TraceContextExt as _, TraceFlags,
    TraceId, TraceState, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue, StringValue};
use opentelemetry_otlp::{
    Compression, LogExporter, MetricExporter, Protocol, SpanExporter, WithExportConfig,
    WithHttpConfig, WithTonicConfig,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::SdkTracerProvider;
use serde_json::{Value, json};
use throughline_tests::{Server, attribute, log_records, spans};

/// When the stored span began; far in the past, so that only what was sent can explain it.
const START: Duration = Duration::new(1_700_000_000, 123_456_789);

/// How long it took.
const TOOK: Duration = Duration::from_nanos(100_000_001);

struct Exporters {
    spans: SpanExporter,
    logs: LogExporter,
    metrics: MetricExporter,
}

fn over_grpc(server: &Server, gzip: bool) -> Exporters {
    macro_rules! exporter {
        ($kind:ident) => {{
            let mut builder = $kind::builder()
                .with_tonic()
                .with_endpoint(&server.grpc_url);
            if gzip {
                builder = builder.with_compression(Compression::Gzip);
            }
            builder.build().expect("a gRPC exporter")
        }};
    }
    Exporters {
        spans: exporter!(SpanExporter),
        logs: exporter!(LogExporter),
        metrics: exporter!(MetricExporter),
    }
}

fn over_http(server: &Server, protocol: Protocol, gzip: bool) -> Exporters {
    macro_rules! exporter {
        ($kind:ident, $signal:literal) => {{
            let mut builder = $kind::builder()
                .with_http()
                .with_protocol(protocol)
                .with_endpoint(format!("{}/v1/{}", server.ingest_url, $signal));
            if gzip {
                builder = builder.with_compression(Compression::Gzip);
            }
            builder.build().expect("an HTTP exporter")
        }};
    }
    Exporters {
        spans: exporter!(SpanExporter, "traces"),
        logs: exporter!(LogExporter, "logs"),
        metrics: exporter!(MetricExporter, "metrics"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn accepts_every_signal_over_grpc() {
    let server = Server::start("rust-grpc").await.expect("a server");
    let exporters = over_grpc(&server, false);
    everything_arrives(&server, "rust-grpc", exporters).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn accepts_every_signal_over_gzipped_grpc() {
    let server = Server::start("rust-grpc-gzip").await.expect("a server");
    let exporters = over_grpc(&server, true);
    everything_arrives(&server, "rust-grpc-gzip", exporters).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn accepts_every_signal_over_http_with_protobuf() {
    let server = Server::start("rust-http").await.expect("a server");
    let exporters = over_http(&server, Protocol::HttpBinary, false);
    everything_arrives(&server, "rust-http", exporters).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn accepts_every_signal_over_http_with_gzipped_json() {
    let server = Server::start("rust-http-json").await.expect("a server");
    let exporters = over_http(&server, Protocol::HttpJson, true);
    everything_arrives(&server, "rust-http-json", exporters).await;
}

/// Sends two spans, a log record and two metric points, and reads them back.
async fn everything_arrives(server: &Server, service: &'static str, exporters: Exporters) {
    let resource = Resource::builder()
        .with_service_name(service)
        .with_attribute(KeyValue::new("service.instance.id", "one"))
        .build();
    let tracer_provider = SdkTracerProvider::builder()
        .with_resource(resource.clone())
        .with_batch_exporter(exporters.spans)
        .build();
    let logger_provider = SdkLoggerProvider::builder()
        .with_resource(resource.clone())
        .with_batch_exporter(exporters.logs)
        .build();
    let meter_provider = SdkMeterProvider::builder()
        .with_resource(resource)
        .with_reader(PeriodicReader::builder(exporters.metrics).build())
        .build();

    let (parent, child) = record_spans(&tracer_provider);
    record_log(&logger_provider, &child);
    record_metrics(&meter_provider);
    // Flushing blocks its thread and fails where the server refuses. Dropped providers would send their metrics again.
    let _providers = tokio::task::spawn_blocking(move || {
        tracer_provider.force_flush().expect("spans are accepted");
        logger_provider.force_flush().expect("logs are accepted");
        meter_provider.force_flush().expect("metrics are accepted");
        (tracer_provider, logger_provider, meter_provider)
    })
    .await
    .expect("flushed");

    let trace_id = child.trace_id();
    let body = server
        .wait_for(&format!("/api/v1/traces/{trace_id}"), |body| {
            spans(body).len() == 2
        })
        .await
        .expect("the trace");
    check_spans(&body, service, &parent, &child);

    let body = server
        .wait_for(&format!("/api/v1/traces/{trace_id}/logs"), |body| {
            !log_records(body).is_empty()
        })
        .await
        .expect("the log");
    let records = log_records(&body);
    assert_eq!(records.len(), 1);
    let (sender, record) = &records[0];
    assert_eq!(sender, service);
    assert_eq!(record["body"]["stringValue"], "seat held");
    assert_eq!(record["spanId"], child.span_id().to_string());

    let status = server
        .api("/api/v1/status")
        .await
        .expect("an answer")
        .expect("a status");
    assert_eq!(
        status["accepted"],
        json!({ "spans": 2, "logs": 1, "metricPoints": 2 })
    );
    assert_eq!(
        status["refused"],
        json!({ "spans": 0, "logs": 0, "metricPoints": 0 })
    );
}

fn record_spans(provider: &SdkTracerProvider) -> (SpanContext, SpanContext) {
    let tracer = provider.tracer("interop");
    let linked = SpanContext::new(
        TraceId::from_bytes([0xff; 16]),
        SpanId::from_bytes([0xee; 8]),
        TraceFlags::SAMPLED,
        true,
        TraceState::default(),
    );
    let parent = tracer
        .span_builder("receive")
        .with_kind(SpanKind::Server)
        .with_links(vec![Link::new(linked, vec![], 0)])
        .start(&tracer);
    let parent_context = parent.span_context().clone();
    let context = Context::new().with_span(parent);
    let start = UNIX_EPOCH + START;
    let mut child = tracer
        .span_builder("store")
        .with_kind(SpanKind::Client)
        .with_start_time(start)
        .with_attributes([
            KeyValue::new("text", "Grüße, 世界 🎟"),
            KeyValue::new("whole", i64::MAX),
            KeyValue::new("fraction", 0.5),
            KeyValue::new("yes", true),
            KeyValue::new(
                "texts",
                opentelemetry::Value::Array(
                    vec![StringValue::from("a"), StringValue::from("b")].into(),
                ),
            ),
        ])
        .start_with_context(&tracer, &context);
    child.add_event_with_timestamp(
        "retried",
        start + TOOK / 2,
        vec![KeyValue::new("attempt", 2)],
    );
    child.set_status(Status::error("no room"));
    child.end_with_timestamp(start + TOOK);
    let child_context = child.span_context().clone();
    context.span().end();
    (parent_context, child_context)
}

fn record_log(provider: &SdkLoggerProvider, span: &SpanContext) {
    let logger = provider.logger("interop");
    let mut record = logger.create_log_record();
    record.set_body(AnyValue::from("seat held"));
    record.set_severity_number(Severity::Warn);
    record.set_severity_text("WARN");
    record.set_timestamp(SystemTime::now());
    record.set_trace_context(span.trace_id(), span.span_id(), Some(TraceFlags::SAMPLED));
    logger.emit(record);
}

fn record_metrics(provider: &SdkMeterProvider) {
    let meter = provider.meter("interop");
    meter
        .u64_counter("orders")
        .build()
        .add(3, &[KeyValue::new("kind", "web")]);
    meter.f64_histogram("latency").build().record(12.5, &[]);
}

fn check_spans(body: &Value, service: &str, parent: &SpanContext, child: &SpanContext) {
    let spans = spans(body);
    let named = |name: &str| {
        let (sender, span) = spans
            .iter()
            .find(|(_, span)| span["name"] == name)
            .expect("the span");
        assert_eq!(sender, service);
        *span
    };

    let receive = named("receive");
    assert_eq!(receive["spanId"], parent.span_id().to_string());
    assert_eq!(receive["kind"], 2);
    assert_eq!(receive["links"][0]["traceId"], "ff".repeat(16));
    assert_eq!(receive["links"][0]["spanId"], "ee".repeat(8));

    let store = named("store");
    assert_eq!(store["spanId"], child.span_id().to_string());
    assert_eq!(store["parentSpanId"], parent.span_id().to_string());
    assert_eq!(store["kind"], 3);
    assert_eq!(
        store["startTimeUnixNano"],
        START.as_nanos().to_string(),
        "64-bit numbers travel as text"
    );
    assert_eq!(
        store["endTimeUnixNano"],
        (START + TOOK).as_nanos().to_string()
    );
    assert_eq!(store["status"]["code"], 2);
    assert_eq!(store["status"]["message"], "no room");
    for (key, value) in [
        ("text", json!({ "stringValue": "Grüße, 世界 🎟" })),
        ("whole", json!({ "intValue": i64::MAX.to_string() })),
        ("fraction", json!({ "doubleValue": 0.5 })),
        ("yes", json!({ "boolValue": true })),
        (
            "texts",
            json!({ "arrayValue": { "values": [{ "stringValue": "a" }, { "stringValue": "b" }] } }),
        ),
    ] {
        assert_eq!(attribute(store, key), Some(&value), "{key}");
    }
    let event = &store["events"][0];
    assert_eq!(event["name"], "retried");
    assert_eq!(
        attribute(event, "attempt"),
        Some(&json!({ "intValue": "2" }))
    );
}
