//! What a trace is, above every view of it.

use leptos::prelude::*;
use shared::time::UnixNanos;

use crate::format;

/// What the user did, and what that caused.
#[component]
pub fn TraceTitle(
    /// The name of the trace's root.
    root: String,
    /// The first request that the root caused.
    caused: Option<String>,
) -> impl IntoView {
    let caused = caused.map(|caused| {
        view! {
            <span class="trace__arrow" aria-hidden="true">" → "</span>
            <span class="visually-hidden">" caused "</span>
            <span class="trace__caused">{format::quoted(&caused)}</span>
        }
    });
    view! {
        <h1>
            <span class="trace__root">{format::quoted(&root)}</span>
            {caused}
        </h1>
    }
}

/// When it was and how large it is.
#[component]
pub fn TraceFacts(
    /// The earliest start.
    start: UnixNanos,
    /// How many services have a part in it.
    services: usize,
    /// How many spans it has.
    spans: usize,
) -> impl IntoView {
    let (date, time) = format::date_and_time(start);
    view! {
        <span>{date} ", " <b>{time}</b></span>
        <span><b>{services}</b> {if services == 1 { " service" } else { " services" }}</span>
        <span><b>{format::count(spans as u64)}</b> {if spans == 1 { " span" } else { " spans" }}</span>
    }
}
