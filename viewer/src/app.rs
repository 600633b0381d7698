//! The frame of every page: top bar, theme and help, and the page that the address names.

use leptos::prelude::*;
use leptos_router::components::Router;
use leptos_router::hooks::use_location;
use leptos_router::location::{BrowserUrl, LocationProvider as _};

use crate::components::help::HelpSheet;
use crate::components::theme::ThemeChoice;
use crate::components::top_bar::TopBar;
use crate::model::page::Page;
use crate::pages::compare::{ChooseToComparePage, ComparePage};
use crate::pages::map::MapPage;
use crate::pages::not_found::NotFoundPage;
use crate::pages::search::SearchPage;
use crate::pages::services::ServicesPage;
use crate::pages::session::SessionPage;
use crate::pages::sessions::SessionsPage;
use crate::pages::setup::SetupPage;
use crate::pages::trace::TracePage;
use crate::pages::trace_views::TraceViewPage;

/// The viewer.
#[component]
pub fn App() -> impl IntoView {
    provide_context(ThemeChoice::new());
    view! {
        <Router>
            <a class="skip" href="#main">"Skip to the page"</a>
            <TopBar />
            <main id="main" class="app__main" tabindex="-1">
                    <Pages />
                </main>
            <HelpSheet />
        </Router>
    }
}

#[component]
fn Pages() -> impl IntoView {
    let path = use_location().pathname;
    let page = Memo::new(move |_| path.with(|path| Page::at(path)));
    // The router writes an address into the address bar once it is told that the page stands.
    let location = use_context::<BrowserUrl>();
    Effect::new(move |_| {
        path.track();
        if let Some(location) = &location {
            location.ready_to_complete();
        }
    });
    move || match page.get() {
        Page::Search => view! { <SearchPage /> }.into_any(),
        Page::Trace(id) => view! { <TracePage id=id /> }.into_any(),
        Page::TraceView(id, view) => view! { <TraceViewPage id=id view=view /> }.into_any(),
        Page::Choose(a) => view! { <ChooseToComparePage id=a /> }.into_any(),
        Page::Compare(a, b) => view! { <ComparePage a=a b=b /> }.into_any(),
        Page::Sessions => view! { <SessionsPage /> }.into_any(),
        Page::Session(id) => view! { <SessionPage id=id /> }.into_any(),
        Page::Services => view! { <ServicesPage /> }.into_any(),
        Page::Map => view! { <MapPage /> }.into_any(),
        Page::Setup => view! { <SetupPage /> }.into_any(),
        Page::NotFound => view! { <NotFoundPage /> }.into_any(),
    }
}
