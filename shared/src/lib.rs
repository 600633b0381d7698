//! Throughline's trace model and its wire formats.
//!
//! Everything here is pure: no I/O, no clock, no randomness and no browser. The types follow
//! OpenTelemetry's data model; [`otlp`] and [`propagation`] turn them into bytes and headers, and
//! [`trace`] puts the spans of one trace in order.
//!
//! Without the feature `std` only what the browser tracer needs remains: ids, kinds, time, propagation and
//! the protobuf encoder.
#![cfg_attr(not(any(feature = "std", test)), no_std)]

extern crate alloc;

pub mod id;
pub mod kind;
pub mod otlp;
pub mod propagation;
pub mod semconv;
pub mod time;

#[cfg(feature = "std")]
pub mod attribute;
#[cfg(feature = "std")]
pub mod columns;
#[cfg(feature = "std")]
pub mod diff;
#[cfg(feature = "std")]
pub mod graph;
#[cfg(feature = "std")]
pub mod interchange;
#[cfg(feature = "std")]
pub mod log;
#[cfg(feature = "std")]
pub mod pace;
#[cfg(feature = "std")]
pub mod query;
#[cfg(feature = "std")]
pub mod report;
#[cfg(feature = "std")]
pub mod resource;
#[cfg(feature = "std")]
pub mod session;
#[cfg(feature = "std")]
pub mod span;
#[cfg(feature = "std")]
pub mod trace;
