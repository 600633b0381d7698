//! Small marks: the logo, the dot of a service.

use leptos::prelude::*;

use crate::palette::dot;

/// The line of the logo.
#[component]
pub fn Logo() -> impl IntoView {
    view! {
        <svg class="logo__mark" width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
            <path d="M2.6 5H8v10h9.4" fill="none" stroke="currentColor" stroke-width="2.4" stroke-linejoin="round" stroke-linecap="round" />
            <circle cx="3" cy="5" r="2.4" fill="currentColor" />
        </svg>
    }
}

/// The mark of a service in its hue and the pattern of that: round for a browser, square for a service.
#[component]
pub fn ServiceDot(
    /// The service's hue in degrees.
    hue: u16,
    /// Whether it is a browser.
    browser: bool,
    /// The name shown on hover; empty where it is written beside the dot.
    #[prop(into, optional)]
    name: String,
) -> impl IntoView {
    view! { <i class=dot(hue, browser) style=("--h", hue.to_string()) title=name></i> }
}
