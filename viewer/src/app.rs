//! The frame of every page: router, top bar, theme and help.

use leptos::prelude::*;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::path;

use crate::components::help::HelpSheet;
use crate::components::theme::ThemeChoice;
use crate::components::top_bar::TopBar;
use crate::pages::not_found::NotFoundPage;
use crate::pages::search::SearchPage;
use crate::pages::services::ServicesPage;
use crate::pages::setup::SetupPage;
use crate::pages::trace::TracePage;

/// The viewer.
#[component]
pub fn App() -> impl IntoView {
    provide_context(ThemeChoice::new());
    view! {
        <Router>
            <a class="skip" href="#main">"Skip to the page"</a>
            <TopBar />
            <main id="main" class="app__main" tabindex="-1">
                <Routes fallback=NotFoundPage>
                    <Route path=path!("/") view=SearchPage />
                    <Route path=path!("/search") view=SearchPage />
                    <Route path=path!("/trace/:id") view=TracePage />
                    <Route path=path!("/services") view=ServicesPage />
                    <Route path=path!("/setup") view=SetupPage />
                </Routes>
            </main>
            <HelpSheet />
        </Router>
    }
}
