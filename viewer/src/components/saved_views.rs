//! Searches that a person keeps by name. They live in this browser.

use leptos::prelude::*;

use crate::browser;
use crate::model::saved::{self, SavedView};

const KEY: &str = "throughline.views";

/// A button with the list: keep this view, go to one, rename it, drop it and take that back.
#[component]
pub fn SavedViews(
    /// The address of the view that is shown.
    #[prop(into)]
    address: Signal<String>,
    /// Goes to an address.
    on_open: Callback<String>,
) -> impl IntoView {
    let views = RwSignal::new(saved::read_views(&browser::kept(KEY).unwrap_or_default()));
    let dropped = RwSignal::new(None::<Vec<SavedView>>);
    let keep = move |next: Vec<SavedView>| {
        browser::keep(KEY, &saved::write_views(&next));
        views.set(next);
    };
    let name = RwSignal::new(String::new());
    let save = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let view = SavedView {
            name: name.get_untracked().trim().to_owned(),
            address: address.get_untracked(),
        };
        if !view.name.is_empty() {
            dropped.set(None);
            keep(saved::with(&views.get_untracked(), view));
            name.set(String::new());
        }
    };
    let row = move |view: SavedView| {
        let SavedView { name, address: to } = view;
        let (shown, renaming, dropping, here) =
            (name.clone(), name.clone(), name.clone(), to.clone());
        view! {
            <li class="saved__view">
                <a
                    href=to.clone()
                    aria-current=move || address.with(|address| *address == here).then_some("true")
                    on:click=move |event| {
                        event.prevent_default();
                        on_open.run(to.clone());
                    }
                >
                    {shown}
                </a>
                <button type="button" class="link" on:click=move |_| {
                    let next = window().prompt_with_message_and_default("Name of the view", &renaming).ok().flatten();
                    if let Some(next) = next {
                        keep(saved::renamed(&views.get_untracked(), &renaming, next.trim()));
                    }
                }>
                    "Rename"
                </button>
                <button type="button" class="link" aria-label=format!("Drop {name}") on:click=move |_| {
                    let before = views.get_untracked();
                    keep(saved::without(&before, &dropping));
                    dropped.set(Some(before));
                }>
                    "Drop"
                </button>
            </li>
        }
    };
    view! {
        <details class="saved">
            <summary class="button saved__button">"Saved"</summary>
            <div class="saved__list">
                <form class="saved__new" on:submit=save>
                    <input
                        class="input"
                        aria-label="Name for this view"
                        placeholder="Name for this view"
                        maxlength="60"
                        prop:value=move || name.get()
                        on:input:target=move |event| name.set(event.target().value())
                    />
                    <button type="submit" class="button">"Save"</button>
                </form>
                <ul>{move || views.get().into_iter().map(row).collect_view()}</ul>
                {move || dropped.get().map(|before| view! {
                    <p class="saved__note" role="status">
                        "Dropped. "
                        <button type="button" class="link" on:click=move |_| { keep(before.clone()); dropped.set(None); }>"Undo"</button>
                    </p>
                })}
                <p class="saved__note">"Kept in this browser, with query, filters and time."</p>
            </div>
        </details>
    }
}
