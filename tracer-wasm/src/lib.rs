//! Throughline's browser tracer: the half that lives in WASM.
//!
//! `js/` patches the browser and follows causality; this crate owns the spans. A span is a slot in linear memory,
//! known to JavaScript by a number; when it ends it becomes OTLP bytes in the [`queue`]. Everything but [`exports`] is pure and tested natively.
#![cfg_attr(all(target_arch = "wasm32", not(test)), no_std)]

extern crate alloc;

#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code)]
mod allocator;
#[cfg(target_arch = "wasm32")]
pub mod exports;
pub mod queue;
pub mod redact;
pub mod tracer;
