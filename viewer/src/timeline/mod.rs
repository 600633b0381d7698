//! The waterfall's geometry, without a browser, and its drawing onto a surface.
//!
//! Pixels are CSS pixels as `f64`, times nanoseconds from the start of the trace.

pub mod canvas;
pub mod detail;
pub mod draw;
pub mod flame;
pub mod layout;
pub mod line;
pub mod marks;
pub mod minimap;
pub mod picture;
pub mod printed;
pub mod scale;
pub mod scroll;
pub mod surface;
pub mod ticks;
