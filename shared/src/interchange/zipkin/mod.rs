//! Zipkin v2 (`zipkin2-api.yaml`): a list of spans whose tags are texts and whose times are
//! microseconds. The mapping is that of the OpenTelemetry specification (§Zipkin exporter).
//!
//! Zipkin's older clients let the two sides of a call share a span id and mark the server's side
//! `shared`. Here that is two spans: the server's half gets an id of its own, always the same for
//! the same span, and is the child of the client's.

mod read;
mod write;

pub use read::decode;
pub use write::file;

const STATUS_CODE: &str = "otel.status_code";
const ERROR: &str = "error";
const SCOPE_NAME: &str = "otel.scope.name";
const SCOPE_VERSION: &str = "otel.scope.version";
const PEER_SERVICE: &str = "peer.service";
