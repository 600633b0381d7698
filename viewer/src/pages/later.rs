//! The pages that most visits do not open, and what few of their visitors do, in parts of the program that are loaded
//! when the first of them is opened.
//!
//! Each function here begins a part: with the feature `split`, what only it needs is cut out of the main module
//! (docs/adr/0024-pages-are-loaded-when-they-are-opened.md).

use leptos::prelude::*;
use wasm_split_helpers::SplitLoaderError;
use web_sys::HtmlCanvasElement;

use super::compare::{ChooseToComparePage, ComparePage};
use super::file::FilePage;
use super::gallery::GalleryPage;
use super::map::MapPage;
use super::run::RunPage;
use super::services::ServicesPage;
use super::session::SessionPage;
use super::sessions::SessionsPage;
use super::setup::SetupPage;
use super::trace::TracePage;
use super::trace_views::TraceViewPage;
use crate::components::clock::Clock;
use crate::components::clock_panel::ClockPanel;
use crate::components::compare_bar::{Choice, CompareBar};
use crate::components::live_tail::{Followed, LiveTail};
use crate::components::saved_views::{SavedList, Shown};
use crate::components::trace_picture;
use crate::components::waterfall::WaterfallState;
use crate::model::page::Page;

/// A part of that name, which makes something of something; or a function of a part that there is, for what else it
/// is about. Each further part would cut what several of them share into smaller pieces, which pack less well.
macro_rules! part {
    ($(#[$about:meta])* $name:ident($of:ty) -> $made:ty, $make:path) => {
        part!($(#[$about])* $name($of) -> $made, $make, $name);
    };
    ($(#[$about:meta])* $name:ident($of:ty) -> $made:ty, $make:path, $part:ident) => {
        $(#[$about])*
        ///
        /// # Errors
        /// When the part cannot be loaded.
        #[cfg(feature = "split")]
        #[wasm_split_helpers::wasm_split($part, fallible)]
        pub fn $name(of: $of) -> Result<$made, SplitLoaderError> {
            Ok($make(of))
        }

        $(#[$about])*
        ///
        /// # Errors
        /// Never: it is loaded already.
        #[cfg(not(feature = "split"))]
        pub async fn $name(of: $of) -> Result<$made, SplitLoaderError> {
            Ok($make(of))
        }
    };
}

part!(
    /// One trace, and two of them compared.
    traces(Page) -> AnyView,
    trace_pages
);
part!(
    /// The other views of a trace, sessions, services, the map and the setup.
    others(Page) -> AnyView,
    other_pages
);

part!(
    /// A file of traces.
    files(Page) -> AnyView,
    file_pages
);

part!(
    /// The views that are kept by name.
    saved(Shown) -> AnyView,
    saved_list,
    others
);
part!(
    /// What the traces that are chosen in a list can be compared with.
    compare_bar(Choice) -> AnyView,
    compare_bar_of,
    others
);

part!(
    /// The panel in which clocks are set.
    clock_panel(Clock) -> AnyView,
    clock_panel_of,
    others
);

part!(
    /// What follows a search.
    live_tail(Followed) -> AnyView,
    live_tail_of,
    others
);

part!(
    /// The component gallery.
    gallery(Page) -> AnyView,
    gallery_pages,
    others
);
part!(
    /// A waterfall as a picture, to be copied; `None` where the browser has no canvas for it.
    picture(WaterfallState) -> Option<HtmlCanvasElement>,
    trace_picture::draw,
    others
);

fn compare_bar_of(choice: Choice) -> AnyView {
    view! { <CompareBar choice=choice /> }.into_any()
}

fn clock_panel_of(clock: Clock) -> AnyView {
    view! { <ClockPanel clock=clock /> }.into_any()
}

fn live_tail_of(followed: Followed) -> AnyView {
    view! { <LiveTail followed=followed /> }.into_any()
}

fn saved_list(shown: Shown) -> AnyView {
    view! { <SavedList shown=shown /> }.into_any()
}

fn file_pages(_: Page) -> AnyView {
    view! { <FilePage /> }.into_any()
}

fn gallery_pages(_: Page) -> AnyView {
    view! { <GalleryPage /> }.into_any()
}

fn trace_pages(page: Page) -> AnyView {
    match page {
        Page::Trace(id) => view! { <TracePage id=id /> }.into_any(),
        Page::Choose(a) => view! { <ChooseToComparePage id=a /> }.into_any(),
        Page::Compare(a, b) => view! { <ComparePage a=a b=b /> }.into_any(),
        _ => ().into_any(),
    }
}

fn other_pages(page: Page) -> AnyView {
    match page {
        Page::TraceView(id, view) => view! { <TraceViewPage id=id view=view /> }.into_any(),
        Page::Sessions => view! { <SessionsPage /> }.into_any(),
        Page::Session(id) => view! { <SessionPage id=id /> }.into_any(),
        Page::Run(id) => view! { <RunPage id=id /> }.into_any(),
        Page::Services => view! { <ServicesPage /> }.into_any(),
        Page::Map => view! { <MapPage /> }.into_any(),
        Page::Setup => view! { <SetupPage /> }.into_any(),
        _ => ().into_any(),
    }
}
