//! One request as one service lives it: its place in the trace, the booking it carries, and the spans it starts.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use opentelemetry::baggage::{Baggage, BaggageExt as _};
use opentelemetry::logs::{AnyValue, LogRecord as _, Logger as _, Severity};
use opentelemetry::trace::{SpanKind, SpanRef, Status, TraceContextExt as _, Tracer as _};
use opentelemetry::{Context, KeyValue, Value};

use crate::faults::Faults;
use crate::panic::Report;
use crate::problem::Problem;
use crate::telemetry::{Clock, Telemetry};

/// The baggage member and span attribute that names the booking.
pub const BOOKING_ID: &str = "booking.id";
/// The baggage member and span attribute that says how far the booking has come.
pub const BOOKING_STATUS: &str = "booking.status";

/// How far a booking has come: each service of the chain adds one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BookingStatus {
    /// A has the form.
    Received,
    /// B has written the customer and the booking.
    Recorded,
    /// C has charged the card.
    Paid,
    /// D has given the seat to this booking alone.
    SeatHeld,
    /// E has made the ticket.
    Ticketed,
    /// The booking came to nothing, and what was done for it has been undone.
    Cancelled,
}

impl BookingStatus {
    /// The value as attribute, in baggage and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Recorded => "recorded",
            Self::Paid => "paid",
            Self::SeatHeld => "seat_held",
            Self::Ticketed => "ticketed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A request in one service. Cloning is cheap; spans that it starts are children of its current span.
#[derive(Clone, Debug)]
pub struct Stage {
    telemetry: Arc<Telemetry>,
    http: reqwest::Client,
    context: Context,
    server_span: Context,
    faults: Faults,
    clock: Clock,
}

impl Stage {
    /// Starts the SERVER span of a request whose propagated context is `parent`.
    pub fn begin(
        telemetry: Arc<Telemetry>,
        http: reqwest::Client,
        parent: &Context,
        faults: Faults,
        clock: Clock,
        name: String,
        attributes: Vec<KeyValue>,
    ) -> (Self, ActiveSpan) {
        let span = start(
            &telemetry,
            parent,
            clock,
            name.into(),
            SpanKind::Server,
            attributes,
        );
        let stage = Self {
            telemetry,
            http,
            context: span.context.clone(),
            server_span: span.context.clone(),
            faults,
            clock,
        };
        (stage, span)
    }

    /// What the visitor chose to break.
    pub fn faults(&self) -> Faults {
        self.faults
    }

    /// The service's name.
    pub fn service(&self) -> &'static str {
        self.telemetry.service()
    }

    /// The client for calls to other services.
    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// The trace's id, as support can look it up.
    pub fn trace_id(&self) -> String {
        self.context.span().span_context().trace_id().to_string()
    }

    /// The booking's number from the baggage.
    pub fn booking_id(&self) -> Option<String> {
        self.context
            .baggage()
            .get(BOOKING_ID)
            .map(|id| id.as_str().to_owned())
    }

    /// The headers that hand trace context and baggage of `span` on.
    pub fn propagation_headers(&self, span: &ActiveSpan) -> axum::http::HeaderMap {
        self.telemetry.inject(&span.context)
    }

    /// Names the booking: in the baggage for everything that follows, and on the server span.
    pub fn with_booking_id(self, id: &str) -> Self {
        self.server_span
            .span()
            .set_attribute(KeyValue::new(BOOKING_ID, id.to_owned()));
        self.with_baggage(BOOKING_ID, id.to_owned())
    }

    /// The booking has come one step further: the server span says so, and whoever is called next is told.
    pub fn advance(self, status: BookingStatus) -> Self {
        let mut change = vec![KeyValue::new("booking.status.to", status.as_str())];
        if let Some(before) = self.context.baggage().get(BOOKING_STATUS) {
            change.push(KeyValue::new("booking.status.from", before.clone()));
        }
        let span = self.server_span.span();
        span.set_attribute(KeyValue::new(BOOKING_STATUS, status.as_str()));
        span.add_event_with_timestamp("booking.status.changed", self.clock.now(), change);
        self.with_baggage(BOOKING_STATUS, status.as_str().to_owned())
    }

    fn with_baggage(mut self, key: &'static str, value: String) -> Self {
        let mut baggage = Baggage::new();
        for (known, (value, metadata)) in self.context.baggage() {
            baggage.insert_with_metadata(known.clone(), value.clone(), metadata.clone());
        }
        baggage.insert(key, value);
        self.context = self.context.with_baggage(baggage);
        self
    }

    /// The same request inside `span`: what starts from here on is a child of it.
    pub fn within(&self, span: &ActiveSpan) -> Self {
        Self {
            context: span.context.clone(),
            ..self.clone()
        }
    }

    /// Starts a span for work inside the service.
    pub fn internal(&self, name: &'static str) -> ActiveSpan {
        self.start(name, SpanKind::Internal, Vec::new())
    }

    /// Starts a span for a call out of the service.
    pub fn client(
        &self,
        name: impl Into<Cow<'static, str>>,
        attributes: Vec<KeyValue>,
    ) -> ActiveSpan {
        self.start(name, SpanKind::Client, attributes)
    }

    fn start(
        &self,
        name: impl Into<Cow<'static, str>>,
        kind: SpanKind,
        attributes: Vec<KeyValue>,
    ) -> ActiveSpan {
        start(
            &self.telemetry,
            &self.context,
            self.clock,
            name.into(),
            kind,
            attributes,
        )
    }

    /// Writes a log line that belongs to the current span: over OTLP, and on stderr for whoever watches.
    pub fn log(&self, severity: Severity, message: String) {
        let span = self.context.span();
        let span_context = span.span_context();
        eprintln!(
            "{} {message} trace_id={}",
            severity.name(),
            span_context.trace_id()
        );
        let logger = self.telemetry.logger();
        let mut record = logger.create_log_record();
        record.set_timestamp(self.clock.now());
        record.set_observed_timestamp(self.clock.now());
        record.set_severity_number(severity);
        record.set_severity_text(severity.name());
        record.set_trace_context(
            span_context.trace_id(),
            span_context.span_id(),
            Some(span_context.trace_flags()),
        );
        for attribute in booking_attributes(&self.context) {
            record.add_attribute(attribute.key, AnyValue::from(attribute.value.to_string()));
        }
        record.set_body(AnyValue::from(message));
        logger.emit(record);
    }

    /// A failure inside this service, for the customer; the cause goes to the log.
    pub fn fail(&self, cause: &dyn std::fmt::Display, detail: &str) -> Problem {
        self.log(Severity::Error, cause.to_string());
        Problem::internal(self.service(), detail)
    }
}

fn start(
    telemetry: &Telemetry,
    parent: &Context,
    clock: Clock,
    name: Cow<'static, str>,
    kind: SpanKind,
    mut attributes: Vec<KeyValue>,
) -> ActiveSpan {
    attributes.extend(booking_attributes(parent));
    let tracer = telemetry.tracer();
    let builder = tracer
        .span_builder(name)
        .with_kind(kind)
        .with_start_time(clock.now())
        .with_attributes(attributes);
    let span = tracer.build_with_context(builder, parent);
    ActiveSpan {
        context: parent.with_span(span),
        clock,
    }
}

/// What the baggage knows of the booking, for every span and log line.
fn booking_attributes(context: &Context) -> Vec<KeyValue> {
    [BOOKING_ID, BOOKING_STATUS]
        .into_iter()
        .filter_map(|key| {
            let value = context.baggage().get(key)?;
            Some(KeyValue::new(key, Value::from(value.clone())))
        })
        .collect()
}

impl<S: Sync> FromRequestParts<S> for Stage {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        parts
            .extensions
            .get::<Stage>()
            .cloned()
            .ok_or_else(|| Problem::internal("shop", "the route is not instrumented"))
    }
}

/// A span that has begun; it ends when it is dropped, on the service's own clock.
#[derive(Debug)]
pub struct ActiveSpan {
    context: Context,
    clock: Clock,
}

impl ActiveSpan {
    fn span(&self) -> SpanRef<'_> {
        self.context.span()
    }

    /// The span as the header `traceparent` writes it (W3C Trace Context §3.2).
    pub fn traceparent(&self) -> String {
        let span = self.span();
        let context = span.span_context();
        format!(
            "00-{}-{}-{:02x}",
            context.trace_id(),
            context.span_id(),
            context.trace_flags().to_u8()
        )
    }

    /// Sets an attribute.
    pub fn set(&self, key: &'static str, value: impl Into<Value>) {
        self.span().set_attribute(KeyValue::new(key, value));
    }

    /// Adds an event that happens now.
    pub fn event(&self, name: &'static str, attributes: Vec<KeyValue>) {
        self.span()
            .add_event_with_timestamp(name, self.clock.now(), attributes);
    }

    /// Records an HTTP response's status. A caller counts everything from 400 on as an error, a server what is its own
    /// fault, from 500 on.
    pub fn http_status(&self, status: StatusCode, kind: SpanKind) {
        self.set("http.response.status_code", i64::from(status.as_u16()));
        let error_from = match kind {
            SpanKind::Client => 400,
            _ => 500,
        };
        if status.as_u16() >= error_from {
            self.error(status.as_u16().to_string(), "");
        }
    }

    /// Marks the span as failed.
    pub fn error(&self, error_type: impl Into<String>, description: impl Into<String>) {
        let span = self.span();
        span.set_attribute(KeyValue::new("error.type", error_type.into()));
        span.set_status(Status::error(description.into()));
    }

    /// Marks the span as failed and adds the exception.
    pub fn exception(&self, error_type: &str, message: &str, stacktrace: Option<&str>) {
        let mut attributes = vec![
            KeyValue::new("exception.type", error_type.to_owned()),
            KeyValue::new("exception.message", message.to_owned()),
        ];
        if let Some(stacktrace) = stacktrace {
            attributes.push(KeyValue::new("exception.stacktrace", stacktrace.to_owned()));
        }
        self.event("exception", attributes);
        self.error(error_type, message);
    }

    /// Marks the span as ended by a panic.
    pub fn panic(&self, report: &Report) {
        self.exception("panic", &report.message, Some(&report.stacktrace));
    }
}

impl Drop for ActiveSpan {
    fn drop(&mut self) {
        self.span().end_with_timestamp(self.clock.now());
    }
}

#[cfg(test)]
pub mod testing {
    //! Stages without a request, for the tests of the services.

    use std::path::PathBuf;

    use opentelemetry_sdk::logs::SdkLoggerProvider;
    use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};

    use super::*;

    /// Telemetry whose finished spans can be read back.
    pub fn telemetry(service: &'static str) -> (Arc<Telemetry>, InMemorySpanExporter) {
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder()
            .with_simple_exporter(exporter.clone())
            .build();
        let logs = SdkLoggerProvider::builder().build();
        let telemetry = Telemetry::from_providers(service, provider, logs);
        (Arc::new(telemetry), exporter)
    }

    /// The stage of a request that nobody traces.
    pub fn stage(service: &'static str) -> Stage {
        let (telemetry, _) = telemetry(service);
        let (stage, _span) = Stage::begin(
            telemetry,
            reqwest::Client::new(),
            &Context::new(),
            Faults::default(),
            Clock::default(),
            "test".to_owned(),
            Vec::new(),
        );
        stage
    }

    /// An empty folder of the test's own below the system's temporary one.
    pub fn temporary_dir(test: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("throughline-{test}-{}", std::process::id()));
        // Left over from an earlier process with the same id, or absent.
        let _ = std::fs::remove_dir_all(&dir);
        dir
    }
}
