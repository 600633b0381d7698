//! Jaeger's JSON, as its query API answers and its UI downloads it: `{"data": [trace, …]}`.
//!
//! The mapping to OpenTelemetry's model is that of the OpenTelemetry specification (Compatibility,
//! §Jaeger transformation): kind, status and scope are tags, events are logs, links are references
//! that follow. Times are whole microseconds.

mod read;
mod write;

pub use read::decode;
pub use write::file;

const SPAN_KIND: &str = "span.kind";
const STATUS_CODE: &str = "otel.status_code";
const STATUS_MESSAGE: &str = "otel.status_description";
const ERROR: &str = "error";
const SCOPE_NAME: &str = "otel.scope.name";
const SCOPE_VERSION: &str = "otel.scope.version";
const TRACE_STATE: &str = "w3c.tracestate";
const EVENT: &str = "event";
