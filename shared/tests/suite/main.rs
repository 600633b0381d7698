//! The crate's tests beside the units': vectors of the specifications, properties, and whole traces.

mod propagation;

#[cfg(feature = "std")]
mod columns;
#[cfg(feature = "std")]
mod critical_path;
#[cfg(feature = "std")]
mod diff;
#[cfg(feature = "std")]
mod fields;
mod generate;
#[cfg(feature = "std")]
mod graph;
#[cfg(feature = "std")]
mod interchange;
#[cfg(feature = "std")]
mod otlp_json;
#[cfg(feature = "std")]
mod otlp_protobuf;
#[cfg(feature = "std")]
mod report;
#[cfg(feature = "std")]
mod session;
#[cfg(feature = "std")]
mod shop;
#[cfg(feature = "std")]
mod story;
#[cfg(feature = "std")]
mod summary;
#[cfg(feature = "std")]
mod trace;
#[cfg(feature = "std")]
mod traceql;
mod unfinished;
#[cfg(feature = "std")]
mod visit;
