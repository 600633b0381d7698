//! The bar at the top of every page.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};

use super::help::open_help;
use super::mark::Logo;
use super::query_bar::QueryBar;
use super::theme::ThemeToggle;
use crate::browser;
use crate::identity::identity;
use crate::model::filter::Filter;

/// Logo, pages, a query field where the page has none of its own, theme and help.
#[component]
pub fn TopBar() -> impl IntoView {
    let path = use_location().pathname;
    let searching = Memo::new(move |_| path.with(|path| path == "/" || path == "/search"));
    let traces = move || {
        path.with(|path| {
            matches!(
                path.split('/').nth(1),
                Some("" | "search" | "trace" | "compare")
            )
        })
    };
    let is = move |page: &'static str| path.with(|path| path == page);
    let navigate = use_navigate();
    let search = Callback::new(move |query: String| {
        navigate(
            &Filter {
                query,
                ..Filter::default()
            }
            .address(),
            NavigateOptions::default(),
        );
    });
    let listener = window_event_listener(leptos::ev::keydown, |event| {
        if event.key() == "/"
            && !event.ctrl_key()
            && !event.meta_key()
            && !browser::is_typing(&event)
        {
            event.prevent_default();
            browser::focus("query");
        }
    });
    on_cleanup(move || listener.remove());
    let current = |on: bool| on.then_some("page");
    view! {
        <header class="top-bar">
            <a class="logo" href="/" aria-label="Throughline"><Logo /><span class="logo__name">"Throughline"</span></a>
            <nav class="top-bar__nav" aria-label="Pages">
                <a href="/" aria-current=move || current(traces())>"Traces"</a>
                <a href="/sessions" aria-current=move || current(path.with(|path| path.starts_with("/session") || path.starts_with("/run/")))>"Sessions"</a>
                <a href="/services" aria-current=move || current(is("/services"))>"Services"</a>
                <a href="/map" aria-current=move || current(is("/map"))>"Map"</a>
            </nav>
            <div class="top-bar__query">
                <Show when=move || !searching.get()>
                    <QueryBar value=Signal::stored(String::new()) on_submit=search compact=true />
                </Show>
            </div>
            <a class="button" href="/setup" aria-current=move || current(is("/setup"))>"Setup"</a>
            <Show when=|| identity().is_signed_in()>
                <button
                    type="button"
                    class="icon-button"
                    aria-label="Sign out"
                    title="Sign out"
                    on:click=|_| identity().sign_out()
                >
                    <svg width="16" height="16" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.5" aria-hidden="true">
                        <path d="M6.5 2.5h-4v11h4M6 8h7.5M10.5 5l3 3-3 3" />
                    </svg>
                </button>
            </Show>
            <ThemeToggle />
            <button type="button" class="icon-button top-bar__help" aria-label="Keys" title="Keys (?)" on:click=|_| open_help()>"?"</button>
        </header>
    }
}
