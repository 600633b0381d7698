//! OTLP over gRPC: the three export services (OTLP §OTLP/gRPC).

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::{
    LogsService, LogsServiceServer,
};
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{
    MetricsService, MetricsServiceServer,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message as _;
use tonic::codec::CompressionEncoding;
use tonic::service::Routes;

use super::body::Metered;
use super::http::{logs_answer, metrics_answer, trace_answer};
use super::refusal::Refusal;
use super::rpc_status::RpcStatus;
use super::{Decoded, Partial, Receiver, metrics};
use crate::otlp_protobuf::decode;
use crate::telemetry::Signal;

/// The routes of the receiver.
pub fn router(receiver: Receiver) -> Router {
    let limit = receiver.limits.decompressed_bytes;
    macro_rules! service {
        ($server:ident) => {
            $server::new(receiver.clone())
                .accept_compressed(CompressionEncoding::Gzip)
                .accept_compressed(CompressionEncoding::Zstd)
                .max_decoding_message_size(limit)
        };
    }
    Routes::new(service!(TraceServiceServer))
        .add_service(service!(LogsServiceServer))
        .add_service(service!(MetricsServiceServer))
        .into_axum_router()
        .layer(middleware::from_fn_with_state(receiver, meter))
}

/// Holds a request's bytes against the limit and the common room, and counts what tonic refuses.
async fn meter(State(receiver): State<Receiver>, request: Request, next: Next) -> Response {
    let signal = match request.uri().path() {
        path if path.contains(".collector.logs.") => Signal::Logs,
        path if path.contains(".collector.metrics.") => Signal::Metrics,
        _ => Signal::Traces,
    };
    let reservation = receiver.budget.reservation();
    let request = request.map(|body| Body::new(Metered::new(body, receiver.limits, reservation)));
    let response = next.run(request).await;
    if let Some(status) = tonic::Status::from_header_map(response.headers()) {
        // `Receiver::store` has counted what the store refuses.
        if !matches!(status.code(), tonic::Code::Ok | tonic::Code::Unavailable) {
            receiver
                .telemetry
                .refused(signal, 0, format!("gRPC: {}", status.message()));
        }
    }
    response
}

/// A refusal as gRPC tells it.
pub fn status(refusal: &Refusal) -> tonic::Status {
    let code = refusal.code();
    let message = refusal.to_string();
    let details = RpcStatus::new(code, message.clone(), refusal.retry_after_seconds());
    tonic::Status::with_details(
        tonic::Code::from_i32(code as i32),
        message,
        details.encode_to_vec().into(),
    )
}

impl Receiver {
    async fn receive(
        &self,
        signal: Signal,
        encoded_bytes: usize,
        decode: impl FnOnce() -> Decoded + Send + 'static,
    ) -> Result<Option<Partial>, tonic::Status> {
        let mut reservation = self.budget.reservation();
        reservation
            .grow(encoded_bytes)
            .map_err(|exhausted| status(&Refusal::Busy(exhausted)))?;
        let decoded = tokio::task::spawn_blocking(decode)
            .await
            .map_err(|_| tonic::Status::internal("the message cannot be decoded"))?;
        self.store(signal, decoded, reservation)
            .await
            .map_err(|refusal| status(&refusal))
    }
}

#[tonic::async_trait]
impl TraceService for Receiver {
    async fn export(
        &self,
        request: tonic::Request<ExportTraceServiceRequest>,
    ) -> Result<tonic::Response<ExportTraceServiceResponse>, tonic::Status> {
        let request = request.into_inner();
        let size = request.encoded_len();
        let decode = move || Decoded::spans(decode::spans(request));
        let partial = self.receive(Signal::Traces, size, decode).await?;
        Ok(tonic::Response::new(trace_answer(partial)))
    }
}

#[tonic::async_trait]
impl LogsService for Receiver {
    async fn export(
        &self,
        request: tonic::Request<ExportLogsServiceRequest>,
    ) -> Result<tonic::Response<ExportLogsServiceResponse>, tonic::Status> {
        let request = request.into_inner();
        let size = request.encoded_len();
        let decode = move || Decoded::logs(decode::logs(request));
        let partial = self.receive(Signal::Logs, size, decode).await?;
        Ok(tonic::Response::new(logs_answer(partial)))
    }
}

#[tonic::async_trait]
impl MetricsService for Receiver {
    async fn export(
        &self,
        request: tonic::Request<ExportMetricsServiceRequest>,
    ) -> Result<tonic::Response<ExportMetricsServiceResponse>, tonic::Status> {
        let request = request.into_inner();
        let size = request.encoded_len();
        let decode = move || Decoded::metrics(metrics::records(request));
        let partial = self.receive(Signal::Metrics, size, decode).await?;
        Ok(tonic::Response::new(metrics_answer(partial)))
    }
}
