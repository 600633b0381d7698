//! What the API answers when it cannot answer.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use shared::query::ErrorResponse;
use shared::query::traceql::QueryError;

use crate::store::StoreError;

/// Why a request to the API has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// The query is not TraceQL.
    #[error("{0}")]
    InvalidQuery(#[from] QueryError),
    /// A parameter is not what it must be.
    #[error("{0}")]
    InvalidArgument(String),
    /// Nobody is known behind the request.
    #[error("{0}")]
    Unauthenticated(String),
    /// Whoever asks may not have it.
    #[error("{0}")]
    Forbidden(String),
    /// The address does not take this method.
    #[error("this address does not take this method; the header Allow names those that it takes")]
    MethodNotAllowed,
    /// The request is understood, and what it asks for cannot be done as things are.
    #[error("{0}")]
    Refused(String),
    /// The store cannot be read.
    #[error("the store cannot be read now; the server's log says why")]
    Unavailable(#[from] StoreError),
    /// A defect in this program.
    #[error("the server failed to answer; its log says why")]
    Internal,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, code) = match &self {
            Self::NotFound(_) => (StatusCode::NOT_FOUND, "not_found"),
            Self::InvalidQuery(_) => (StatusCode::BAD_REQUEST, "invalid_query"),
            Self::InvalidArgument(_) => (StatusCode::BAD_REQUEST, "invalid_argument"),
            Self::Unauthenticated(_) => (StatusCode::UNAUTHORIZED, "unauthenticated"),
            Self::Forbidden(_) => (StatusCode::FORBIDDEN, "forbidden"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "invalid_argument"),
            Self::Refused(_) => (StatusCode::CONFLICT, "refused"),
            Self::Unavailable(error) => {
                tracing::error!(%error, "the store cannot be read");
                (StatusCode::SERVICE_UNAVAILABLE, "unavailable")
            }
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "unavailable"),
        };
        let position = match &self {
            Self::InvalidQuery(error) => Some(error.position),
            _ => None,
        };
        let body = ErrorResponse {
            code: code.to_owned(),
            message: self.to_string(),
            position,
        };
        (status, Json(body)).into_response()
    }
}
