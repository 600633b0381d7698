//! OTLP over HTTP: `POST /v1/traces`, `/v1/logs`, `/v1/metrics` (OTLP §OTLP/HTTP).
//!
//! The answer is in the encoding of the request: an `Export…ServiceResponse`, or a
//! `google.rpc.Status` where the request is refused. Its header `Throughline-Time` is the server's clock in
//! milliseconds since the Unix epoch, from which browsers learn how far theirs is off: `Date` has
//! only seconds, and pages of other origins may not read it.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{
    ALLOW, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsPartialSuccess, ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsPartialSuccess, ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;

use super::body::{self, Encoding};
use super::refusal::Refusal;
use super::rpc_status::RpcStatus;
use super::{Decoded, Partial, Receiver, metrics, metrics_json, replay};
use crate::otlp_protobuf::decode;
use crate::store::Batch;
use crate::telemetry::Signal;

const THROUGHLINE_TIME: HeaderName = HeaderName::from_static("throughline-time");

/// The encoding of a request and its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Protobuf,
    Json,
}

/// The routes of the receiver.
pub fn router(receiver: Receiver) -> Router {
    let export = |signal: Signal| {
        post(
            move |State(receiver): State<Receiver>, request: Request<Body>| async move {
                export(receiver, signal, request).await
            },
        )
        .fallback(only_post)
    };
    Router::new()
        .route("/v1/traces", export(Signal::Traces))
        .route("/v1/logs", export(Signal::Logs))
        .route("/v1/metrics", export(Signal::Metrics))
        .route("/v1/replay", post(replay::receive))
        .route("/healthz", get(async || "ok\n"))
        .with_state(receiver)
}

async fn only_post() -> Response {
    let text = "this address takes OTLP exports: POST application/x-protobuf or application/json\n";
    (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "POST")], text).into_response()
}

async fn export(receiver: Receiver, signal: Signal, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let format = match Format::of(&parts.headers) {
        Ok(format) => format,
        Err(refusal) => {
            receiver.refuse(signal, &refusal);
            return refused(&refusal, Format::Json);
        }
    };
    match receive(&receiver, signal, format, &parts.headers, body).await {
        Ok(partial) => accepted(signal, format, partial),
        Err(refusal) => refused(&refusal, format),
    }
}

async fn receive(
    receiver: &Receiver,
    signal: Signal,
    format: Format,
    headers: &HeaderMap,
    body: Body,
) -> Result<Option<Partial>, Refusal> {
    let decoded = async {
        let encoding = Encoding::from_header(text(headers.get(CONTENT_ENCODING)))?;
        let mut reservation = receiver.budget.reservation();
        let limits = receiver.limits;
        let packed = body::read(body, limits, &mut reservation).await?;
        // Unpacking and decoding may take milliseconds, which the other requests need not wait for.
        tokio::task::spawn_blocking(move || {
            let body = body::unpack(packed, encoding, limits, &mut reservation)?;
            Ok((decode(signal, format, &body)?, reservation))
        })
        .await
        .unwrap_or_else(|_| Err(Refusal::Malformed("the body cannot be decoded".to_owned())))
    };
    match decoded.await {
        Ok((decoded, reservation)) => receiver.store(signal, decoded, reservation).await,
        Err(refusal) => {
            receiver.refuse(signal, &refusal);
            Err(refusal)
        }
    }
}

fn decode(signal: Signal, format: Format, body: &Bytes) -> Result<Decoded, Refusal> {
    // serde takes a list of fields in order for an object; protobuf's JSON mapping does not.
    if format == Format::Json && body.trim_ascii_start().first() == Some(&b'[') {
        let error = "the JSON body: expected an object, found an array";
        return Err(Refusal::Malformed(error.to_owned()));
    }
    Ok(match (signal, format) {
        (Signal::Traces, Format::Protobuf) => {
            Decoded::spans(decode::spans(message::<ExportTraceServiceRequest>(body)?))
        }
        (Signal::Traces, Format::Json) => {
            Decoded::spans(shared::otlp::json::decode_spans(body).map_err(not_json)?)
        }
        (Signal::Logs, Format::Protobuf) => {
            Decoded::logs(decode::logs(message::<ExportLogsServiceRequest>(body)?))
        }
        (Signal::Logs, Format::Json) => {
            let decoded = shared::otlp::json::decode_logs(body).map_err(not_json)?;
            let (rejected, reason) = (u64::from(decoded.rejected), decoded.reason);
            Decoded {
                rejected,
                reason,
                ..Decoded::logs(decoded.records)
            }
        }
        (Signal::Metrics, Format::Protobuf) => Decoded::metrics(metrics::records(message::<
            ExportMetricsServiceRequest,
        >(body)?)),
        (Signal::Metrics, Format::Json) => {
            let request = metrics_json::decode(body)
                .map_err(|error| Refusal::Malformed(format!("the JSON body: {error}")))?;
            Decoded::metrics(metrics::records(request))
        }
    })
}

fn message<M: Message + Default>(body: &Bytes) -> Result<M, Refusal> {
    M::decode(body.clone())
        .map_err(|error| Refusal::Malformed(format!("the protobuf body: {error}")))
}

fn not_json(error: shared::otlp::json::JsonError) -> Refusal {
    Refusal::Malformed(format!("the JSON body: {error}"))
}

impl Decoded {
    /// Spans.
    pub(super) fn spans(decoded: shared::otlp::json::Decoded<shared::span::SpanRecord>) -> Self {
        Self {
            records: decoded.records.len() as u64,
            rejected: u64::from(decoded.rejected),
            reason: decoded.reason,
            batch: Batch {
                spans: decoded.records,
                ..Batch::default()
            },
        }
    }

    /// Log records.
    pub(super) fn logs(logs: Vec<shared::log::LogEntry>) -> Self {
        Self {
            records: logs.len() as u64,
            rejected: 0,
            reason: None,
            batch: Batch {
                logs,
                ..Batch::default()
            },
        }
    }

    /// Metrics.
    pub(super) fn metrics(metrics: Vec<crate::store::MetricRecord>) -> Self {
        Self {
            records: metrics
                .iter()
                .map(|metric| u64::from(metric.point_count))
                .sum(),
            rejected: 0,
            reason: None,
            batch: Batch {
                metrics,
                ..Batch::default()
            },
        }
    }
}

impl Format {
    fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        let header = text(headers.get(CONTENT_TYPE)).unwrap_or_default();
        let media_type = header.split(';').next().unwrap_or_default().trim();
        match media_type.to_ascii_lowercase().as_str() {
            "application/x-protobuf" | "application/protobuf" => Ok(Self::Protobuf),
            "application/json" => Ok(Self::Json),
            _ => Err(Refusal::ContentType(header.to_owned())),
        }
    }

    fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        })
    }
}

fn text(header: Option<&HeaderValue>) -> Option<&str> {
    // A header that is not ASCII names nothing that is supported.
    header.map(|value| value.to_str().unwrap_or("unreadable"))
}

fn accepted(signal: Signal, format: Format, partial: Option<Partial>) -> Response {
    let body = match format {
        Format::Protobuf => protobuf_answer(signal, partial),
        Format::Json => json_answer(signal, partial),
    };
    answer(StatusCode::OK, format, body)
}

fn protobuf_answer(signal: Signal, partial: Option<Partial>) -> Vec<u8> {
    match signal {
        Signal::Traces => trace_answer(partial).encode_to_vec(),
        Signal::Logs => logs_answer(partial).encode_to_vec(),
        Signal::Metrics => metrics_answer(partial).encode_to_vec(),
    }
}

pub(super) fn trace_answer(partial: Option<Partial>) -> ExportTraceServiceResponse {
    ExportTraceServiceResponse {
        partial_success: partial.map(|partial| ExportTracePartialSuccess {
            rejected_spans: partial.rejected,
            error_message: partial.message,
        }),
    }
}

pub(super) fn logs_answer(partial: Option<Partial>) -> ExportLogsServiceResponse {
    ExportLogsServiceResponse {
        partial_success: partial.map(|partial| ExportLogsPartialSuccess {
            rejected_log_records: partial.rejected,
            error_message: partial.message,
        }),
    }
}

pub(super) fn metrics_answer(partial: Option<Partial>) -> ExportMetricsServiceResponse {
    ExportMetricsServiceResponse {
        partial_success: partial.map(|partial| ExportMetricsPartialSuccess {
            rejected_data_points: partial.rejected,
            error_message: partial.message,
        }),
    }
}

fn json_answer(signal: Signal, partial: Option<Partial>) -> Vec<u8> {
    let Some(Partial { rejected, message }) = partial else {
        return b"{}".to_vec();
    };
    let count = match signal {
        Signal::Traces => "rejectedSpans",
        Signal::Logs => "rejectedLogRecords",
        Signal::Metrics => "rejectedDataPoints",
    };
    // protobuf's JSON mapping writes 64-bit numbers as strings.
    let partial = serde_json::json!({ count: rejected.to_string(), "errorMessage": message });
    serde_json::json!({ "partialSuccess": partial })
        .to_string()
        .into_bytes()
}

fn refused(refusal: &Refusal, format: Format) -> Response {
    let retry_after = refusal.retry_after_seconds();
    let status = RpcStatus::new(refusal.code(), refusal.to_string(), retry_after);
    let body = match format {
        Format::Protobuf => status.encode_to_vec(),
        Format::Json => status.to_json(),
    };
    let mut response = answer(refusal.http_status(), format, body);
    if let Some(seconds) = retry_after {
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn answer(status: StatusCode, format: Format, body: Vec<u8>) -> Response {
    let millis = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64);
    let headers = [
        (THROUGHLINE_TIME, HeaderValue::from(millis)),
        (CONTENT_TYPE, format.header()),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (status, headers, body).into_response()
}
