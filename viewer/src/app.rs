//! The frame of every page: top bar, theme and help, and the page that the address names.

use leptos::prelude::*;
use leptos_router::components::Router;
use leptos_router::hooks::use_location;
use leptos_router::location::{BrowserUrl, LocationProvider as _};
use send_wrapper::SendWrapper;

use crate::components::file_drop::FileDrop;
use crate::components::help::HelpSheet;
use crate::components::menu::close_menus;
use crate::components::state::Message;
use crate::components::theme::ThemeChoice;
use crate::components::top_bar::TopBar;
use crate::identity::{follow_downloads, identity};
use crate::model::page::Page;
use crate::pages::later;
use crate::pages::not_found::NotFoundPage;
use crate::pages::search::SearchPage;
use crate::pages::sign_in::SignInPage;

/// The viewer.
#[component]
pub fn App() -> impl IntoView {
    provide_context(ThemeChoice::new());
    // Made here, the identity lives as long as the page.
    let _ = identity();
    follow_downloads();
    close_menus();
    view! {
        <Router>
            <a class="skip" href="#main">"Skip to the page"</a>
            <TopBar />
            <main id="main" class="app__main" tabindex="-1">
                    <Pages />
                </main>
            <HelpSheet />
            <FileDrop />
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
    // A page that is turned away is drawn anew once somebody has signed in: what it shows is in its address.
    let refusal = Memo::new(|_| identity().refusal());
    move || match page.get() {
        _ if refusal.with(Option::is_some) => {
            view! { <SignInPage why=refusal.get().unwrap_or_default() /> }.into_any()
        }
        Page::Search => view! { <SearchPage /> }.into_any(),
        Page::NotFound => view! { <NotFoundPage /> }.into_any(),
        page => {
            let part = SendWrapper::new(async move {
                let made = match &page {
                    Page::Trace(_) | Page::Choose(_) | Page::Compare(..) => {
                        later::traces(page).await
                    }
                    Page::File => later::files(page).await,
                    Page::Gallery => later::gallery(page).await,
                    _ => later::others(page).await,
                };
                made.unwrap_or_else(|_| view! { <NotLoaded /> }.into_any())
            });
            Suspend::new(part).into_any()
        }
    }
}

/// A page whose part of the program did not come: the server is away, or has a newer viewer by now.
#[component]
fn NotLoaded() -> impl IntoView {
    view! {
        <Message title="This page could not be loaded" failed=true>
            <p>"The server does not answer, or gives out a newer viewer by now; what the address says is kept."</p>
            <p>
                <button
                    type="button"
                    class="button button--primary"
                    on:click=|_| {
                        let _ = window().location().reload();
                    }
                >
                    "Reload"
                </button>
            </p>
        </Message>
    }
}
