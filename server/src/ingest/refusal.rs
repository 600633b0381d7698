//! Why a request is refused, and what its sender is told over HTTP and over gRPC.
//!
//! OTLP lets exporters retry 429, 502, 503 and 504, and the gRPC codes `UNAVAILABLE` and, with a
//! `RetryInfo`, `RESOURCE_EXHAUSTED` (OTLP §Failures). What is wrong with the request itself must
//! have a code that is not retried.

use std::sync::Arc;

use axum::http::StatusCode;

use super::budget::Exhausted;
use super::rpc_status::Code;
use crate::store::StoreError;

/// When a sender that is told to wait may come back.
pub const RETRY_AFTER_SECONDS: u64 = 1;

/// Why a request is refused.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The body is longer than the limit.
    #[error("the body is larger than {limit} bytes{}; send smaller batches or raise {flag}", if *.decompressed { " once decompressed" } else { "" })]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
        /// Whether the limit is that of the unpacked body.
        decompressed: bool,
        /// The flag that sets the limit.
        flag: &'static str,
    },
    /// The body is not what its headers say.
    #[error("{0}")]
    Malformed(String),
    /// The body is of a kind that is not understood.
    #[error(
        "the content type {0:?} is not supported; send application/x-protobuf or application/json"
    )]
    ContentType(String),
    /// The body is packed in a way that is not understood.
    #[error("the content encoding {0:?} is not supported; send gzip, zstd or identity")]
    ContentEncoding(String),
    /// The body did not arrive.
    #[error("the body did not arrive: {0}")]
    Interrupted(String),
    /// There is no room for the request now.
    #[error(transparent)]
    Busy(#[from] Exhausted),
    /// The store refused.
    #[error(
        "the server cannot store data now; nothing of this request was kept, send it again later"
    )]
    Store(Arc<StoreError>),
}

impl Refusal {
    /// The HTTP status.
    #[must_use]
    pub fn http_status(&self) -> StatusCode {
        match self {
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::ContentType(_) | Self::ContentEncoding(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Interrupted(_) => StatusCode::REQUEST_TIMEOUT,
            Self::Busy(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The gRPC code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Malformed(_) => Code::InvalidArgument,
            Self::ContentType(_) | Self::ContentEncoding(_) => Code::Unimplemented,
            Self::Interrupted(_) => Code::DeadlineExceeded,
            // Only with a `RetryInfo`, which a body that is too large does not get, may it be sent
            // again.
            Self::TooLarge { .. } | Self::Busy(_) => Code::ResourceExhausted,
            Self::Store(_) => Code::Unavailable,
        }
    }

    /// After how many seconds the sender may try again, where it may.
    #[must_use]
    pub fn retry_after_seconds(&self) -> Option<u64> {
        matches!(self, Self::Busy(_) | Self::Store(_)).then_some(RETRY_AFTER_SECONDS)
    }

    /// The refusal with what only the server's operators should read.
    #[must_use]
    pub fn for_operators(&self) -> String {
        match self {
            Self::Store(error) => error.to_string(),
            other => other.to_string(),
        }
    }
}
