//! `ExportTraceServiceRequest` and `TracesData`, which are the same in JSON.

mod read;
mod write;

pub(crate) use read::SpansRequest;
pub use read::decode_spans;
pub use write::{SpansJson, encode_spans};
