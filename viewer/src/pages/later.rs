//! The pages that most visits do not open, in parts of the program that are loaded when the first of them is opened.
//!
//! Each function here begins a part: with the feature `split`, what only it needs is cut out of the main module
//! (docs/adr/0024-pages-are-loaded-when-they-are-opened.md).

use leptos::prelude::*;
use wasm_split_helpers::SplitLoaderError;

use super::compare::{ChooseToComparePage, ComparePage};
use super::file::FilePage;
use super::map::MapPage;
use super::run::RunPage;
use super::services::ServicesPage;
use super::session::SessionPage;
use super::sessions::SessionsPage;
use super::setup::SetupPage;
use super::trace::TracePage;
use super::trace_views::TraceViewPage;
use crate::components::compare_bar::{Choice, CompareBar};
use crate::components::saved_views::{SavedList, Shown};
use crate::model::page::Page;

/// A part of that name, which makes what is given for a page; or a function of a part that there is, for what else it
/// is about. Each further part would cut what several of them share into smaller pieces, which pack less well.
macro_rules! part {
    ($(#[$about:meta])* $name:ident, $pages:ident) => {
        part!($(#[$about])* $name, $pages, Page, $name);
    };
    ($(#[$about:meta])* $name:ident, $pages:ident, $of:ty, $part:ident) => {
        $(#[$about])*
        ///
        /// # Errors
        /// When the part cannot be loaded.
        #[cfg(feature = "split")]
        #[wasm_split_helpers::wasm_split($part, fallible)]
        pub fn $name(page: $of) -> Result<AnyView, SplitLoaderError> {
            Ok($pages(page))
        }

        $(#[$about])*
        ///
        /// # Errors
        /// Never: it is loaded already.
        #[cfg(not(feature = "split"))]
        pub async fn $name(page: $of) -> Result<AnyView, SplitLoaderError> {
            Ok($pages(page))
        }
    };
}

part!(
    /// One trace and its views, and two of them compared.
    traces,
    trace_pages
);
part!(
    /// Sessions, services, the map and the setup.
    others,
    other_pages
);

part!(
    /// A file of traces.
    files,
    file_pages
);

part!(
    /// The views that are kept by name.
    saved,
    saved_list,
    Shown,
    others
);
part!(
    /// What the traces that are chosen in a list can be compared with.
    compare_bar,
    compare_bar_of,
    Choice,
    others
);

fn compare_bar_of(choice: Choice) -> AnyView {
    view! { <CompareBar choice=choice /> }.into_any()
}

fn saved_list(shown: Shown) -> AnyView {
    view! { <SavedList shown=shown /> }.into_any()
}

fn file_pages(_: Page) -> AnyView {
    view! { <FilePage /> }.into_any()
}

fn trace_pages(page: Page) -> AnyView {
    match page {
        Page::Trace(id) => view! { <TracePage id=id /> }.into_any(),
        Page::TraceView(id, view) => view! { <TraceViewPage id=id view=view /> }.into_any(),
        Page::Choose(a) => view! { <ChooseToComparePage id=a /> }.into_any(),
        Page::Compare(a, b) => view! { <ComparePage a=a b=b /> }.into_any(),
        _ => ().into_any(),
    }
}

fn other_pages(page: Page) -> AnyView {
    match page {
        Page::Sessions => view! { <SessionsPage /> }.into_any(),
        Page::Session(id) => view! { <SessionPage id=id /> }.into_any(),
        Page::Run(id) => view! { <RunPage id=id /> }.into_any(),
        Page::Services => view! { <ServicesPage /> }.into_any(),
        Page::Map => view! { <MapPage /> }.into_any(),
        Page::Setup => view! { <SetupPage /> }.into_any(),
        _ => ().into_any(),
    }
}
