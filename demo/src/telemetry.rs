//! The OpenTelemetry SDK as every service sets it up: OTLP over gRPC, W3C propagation, and the service's clock.
//!
//! Nothing here is Throughline's: the demo proves that services which know nothing of it join its traces.

use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::logs::LoggerProvider as _;
use opentelemetry::propagation::{
    Extractor, Injector, TextMapCompositePropagator, TextMapPropagator,
};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{Context, InstrumentationScope, KeyValue};
use opentelemetry_otlp::{LogExporter, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::{BatchLogProcessor, SdkLogger, SdkLoggerProvider};
use opentelemetry_sdk::propagation::{BaggagePropagator, TraceContextPropagator};
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, IdGenerator, RandomIdGenerator, SdkTracer,
    SdkTracerProvider,
};

/// How long a finished span waits for company; the trace of a booking is whole soon after its answer.
const EXPORT_DELAY: Duration = Duration::from_millis(200);
/// How long a service that ends waits for a collector that does not answer.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(2);

/// The wall clock of a service. A skewed one stamps spans, events and logs alike, as on a machine whose clock is wrong.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    slow_by: Duration,
}

impl Clock {
    /// A clock that is behind by `slow_by`.
    pub fn slow_by(slow_by: Duration) -> Self {
        Self { slow_by }
    }

    /// What this clock shows.
    pub fn now(self) -> SystemTime {
        SystemTime::now() - self.slow_by
    }
}

/// The SDK's providers of one service, and its propagators.
#[derive(Debug)]
pub struct Telemetry {
    service: &'static str,
    tracer: SdkTracer,
    logger: SdkLogger,
    tracer_provider: SdkTracerProvider,
    logger_provider: SdkLoggerProvider,
    propagator: TextMapCompositePropagator,
}

impl Telemetry {
    /// Starts the SDK for `service`, exporting to the gRPC endpoint `otlp`. A collector that is away costs nothing:
    /// the exporter connects when it has something to send and drops what it cannot.
    ///
    /// # Errors
    /// Fails where `otlp` is no URL.
    pub fn start(service: &'static str, otlp: &str) -> anyhow::Result<Self> {
        let spans = SpanExporter::builder()
            .with_tonic()
            .with_endpoint(otlp)
            .build()
            .with_context(|| format!("cannot export spans to {otlp}"))?;
        let logs = LogExporter::builder()
            .with_tonic()
            .with_endpoint(otlp)
            .build()
            .with_context(|| format!("cannot export logs to {otlp}"))?;
        let resource = resource_of(service);
        let tracer_provider = SdkTracerProvider::builder()
            .with_span_processor(
                BatchSpanProcessor::builder(spans)
                    .with_batch_config(
                        BatchConfigBuilder::default()
                            .with_scheduled_delay(EXPORT_DELAY)
                            .build(),
                    )
                    .build(),
            )
            .with_resource(resource.clone())
            .build();
        let logger_provider = SdkLoggerProvider::builder()
            .with_log_processor(
                BatchLogProcessor::builder(logs)
                    .with_batch_config(
                        opentelemetry_sdk::logs::BatchConfigBuilder::default()
                            .with_scheduled_delay(EXPORT_DELAY)
                            .build(),
                    )
                    .build(),
            )
            .with_resource(resource)
            .build();
        Ok(Self::from_providers(
            service,
            tracer_provider,
            logger_provider,
        ))
    }

    /// Telemetry over providers that exist already, as tests have them.
    pub fn from_providers(
        service: &'static str,
        tracer_provider: SdkTracerProvider,
        logger_provider: SdkLoggerProvider,
    ) -> Self {
        let scope = InstrumentationScope::builder(env!("CARGO_PKG_NAME"))
            .with_version(env!("CARGO_PKG_VERSION"))
            .build();
        Self {
            service,
            tracer: tracer_provider.tracer_with_scope(scope.clone()),
            logger: logger_provider.logger_with_scope(scope),
            tracer_provider,
            logger_provider,
            propagator: TextMapCompositePropagator::new(vec![
                Box::new(TraceContextPropagator::new()),
                Box::new(BaggagePropagator::new()),
            ]),
        }
    }

    /// The service's name.
    pub fn service(&self) -> &'static str {
        self.service
    }

    /// The service's tracer.
    pub fn tracer(&self) -> &SdkTracer {
        &self.tracer
    }

    /// The service's logger.
    pub fn logger(&self) -> &SdkLogger {
        &self.logger
    }

    /// The trace context and baggage that a request carries.
    pub fn extract(&self, headers: &HeaderMap) -> Context {
        self.propagator
            .extract_with_context(&Context::new(), &HeaderCarrier(headers))
    }

    /// The headers that hand `context` on.
    pub fn inject(&self, context: &Context) -> HeaderMap {
        let mut headers = HeaderMap::new();
        self.propagator
            .inject_context(context, &mut HeaderCarrierMut(&mut headers));
        headers
    }

    /// Sends what is queued and stops the SDK. Blocks for at most two seconds per signal.
    pub fn shutdown(&self) {
        let spans = self.tracer_provider.shutdown_with_timeout(SHUTDOWN_TIMEOUT);
        let logs = self.logger_provider.shutdown_with_timeout(SHUTDOWN_TIMEOUT);
        for result in [spans, logs] {
            if let Err(error) = result {
                eprintln!("telemetry was not delivered completely: {error}");
            }
        }
    }
}

fn resource_of(service: &'static str) -> Resource {
    let instance = RandomIdGenerator::default().new_trace_id();
    Resource::builder()
        .with_service_name(service)
        .with_attributes([
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.namespace", "movie-shop"),
            KeyValue::new("service.instance.id", instance.to_string()),
            KeyValue::new("process.pid", i64::from(std::process::id())),
            KeyValue::new("deployment.environment.name", "demo"),
        ])
        .build()
}

/// Request headers as OpenTelemetry's propagators read them.
struct HeaderCarrier<'a>(&'a HeaderMap);

impl Extractor for HeaderCarrier<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }

    fn get_all(&self, key: &str) -> Option<Vec<&str>> {
        let values: Vec<&str> = self
            .0
            .get_all(key)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .collect();
        (!values.is_empty()).then_some(values)
    }
}

/// Request headers as OpenTelemetry's propagators write them.
struct HeaderCarrierMut<'a>(&'a mut HeaderMap);

impl Injector for HeaderCarrierMut<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(key.as_bytes()),
            HeaderValue::from_str(&value),
        ) {
            self.0.insert(name, value);
        }
    }
}
