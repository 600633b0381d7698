//! `google.rpc.Status`, the body of every refusal in OTLP, as protobuf and as JSON.

use prost::Message;

/// The codes of gRPC that this server answers with
/// (<https://grpc.github.io/grpc/core/md_doc_statuscodes.html>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Code {
    /// The request is wrong in itself.
    InvalidArgument = 3,
    /// The request did not arrive in time.
    DeadlineExceeded = 4,
    /// The server has no room now.
    ResourceExhausted = 8,
    /// The server does not understand requests of this kind.
    Unimplemented = 12,
    /// The server cannot do its work now.
    Unavailable = 14,
}

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, Message)]
pub struct RpcStatus {
    /// A gRPC code.
    #[prost(int32, tag = "1")]
    pub code: i32,
    /// What is wrong.
    #[prost(string, tag = "2")]
    pub message: String,
    /// Further messages.
    #[prost(message, repeated, tag = "3")]
    pub details: Vec<Any>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Message)]
pub struct Any {
    /// The message's type.
    #[prost(string, tag = "1")]
    pub type_url: String,
    /// The message.
    #[prost(bytes = "vec", tag = "2")]
    pub value: Vec<u8>,
}

/// `google.rpc.RetryInfo`.
#[derive(Clone, PartialEq, Message)]
pub struct RetryInfo {
    /// How long to wait.
    #[prost(message, optional, tag = "1")]
    pub retry_delay: Option<Duration>,
}

/// `google.protobuf.Duration`.
#[derive(Clone, PartialEq, Message)]
pub struct Duration {
    /// Whole seconds.
    #[prost(int64, tag = "1")]
    pub seconds: i64,
    /// The rest.
    #[prost(int32, tag = "2")]
    pub nanos: i32,
}

impl RpcStatus {
    /// A status; with `retry_after_seconds` it tells the sender when to come back.
    #[must_use]
    pub fn new(code: Code, message: String, retry_after_seconds: Option<u64>) -> Self {
        let details = retry_after_seconds
            .map(|seconds| {
                let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
                let info = RetryInfo {
                    retry_delay: Some(Duration { seconds, nanos: 0 }),
                };
                Any {
                    type_url: "type.googleapis.com/google.rpc.RetryInfo".to_owned(),
                    value: info.encode_to_vec(),
                }
            })
            .into_iter()
            .collect();
        Self {
            code: code as i32,
            message,
            details,
        }
    }

    /// The status as protobuf's JSON mapping writes it; the details are left to the `Retry-After`
    /// header.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::json!({ "code": self.code, "message": self.message })
            .to_string()
            .into_bytes()
    }
}
