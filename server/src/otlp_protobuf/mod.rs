//! Conversions between the trace model and OTLP's protobuf messages.
//!
//! They live apart from the model, which knows nothing of `prost`, and apart from ingest and the
//! store, which both need them: one decodes what arrives, the other encodes what it keeps.

pub mod decode;
pub mod encode;

#[cfg(test)]
mod tests;
