//! Throughline's viewer: search, trace, services and setup, drawn by Leptos in the browser.
//!
//! Logic lives in [`model`] and [`timeline`], which know no browser and are tested natively; [`pages`] and
//! [`components`] are markup over it. What a page shows is in its address.

mod api;
mod app;
mod browser;
mod components;
mod format;
mod identity;
mod loading;
mod local;
mod markup;
mod model;
mod pages;
mod palette;
mod timeline;
mod traceql;
mod url;

fn main() {
    console_error_panic_hook::set_once();
    if let Some(sample) = browser::sample_number() {
        format::use_separators(&sample);
    }
    if browser::shows_local_time() {
        format::use_zone(Some(browser::minutes_ahead));
    }
    // What the page shows while the program loads.
    if let Some(boot) = leptos::prelude::document().get_element_by_id("boot") {
        boot.remove();
    }
    leptos::mount::mount_to_body(app::App);
}
