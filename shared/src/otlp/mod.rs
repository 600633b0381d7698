//! OTLP, OpenTelemetry's wire format.
//!
//! [`encode`] is the browser tracer's protobuf writer; `json` reads and writes OTLP/JSON.

pub mod encode;
#[cfg(feature = "std")]
pub mod json;
mod wire;
