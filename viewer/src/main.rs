//! Throughline's viewer: search, trace, services and setup, drawn by Leptos in the browser.
//!
//! Logic lives in [`model`] and [`timeline`], which know no browser and are tested natively; [`pages`] and
//! [`components`] are markup over it. What a page shows is in its address.

mod format;
mod model;
mod palette;
mod timeline;
mod url;

fn main() {}
