//! How context travels in HTTP headers.
pub mod traceparent;
