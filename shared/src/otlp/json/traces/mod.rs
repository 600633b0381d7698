//! `ExportTraceServiceRequest` and `TracesData`, which are the same in JSON.

mod read;
mod write;

pub use read::decode_spans;
pub use write::{SpansJson, encode_spans};
