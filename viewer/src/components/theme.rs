//! Light or dark: the system's choice until a person makes another, which the browser remembers.

use leptos::prelude::*;

const KEY: &str = "throughline.theme";

/// The theme of the page, in the context of every component.
#[derive(Debug, Clone, Copy)]
pub struct ThemeChoice {
    dark: RwSignal<bool>,
}

impl ThemeChoice {
    /// Reads what was chosen before, or else what the system prefers, and follows the system from then on.
    #[must_use]
    pub fn new() -> Self {
        let system = window()
            .match_media("(prefers-color-scheme: dark)")
            .ok()
            .flatten();
        let chosen = storage().and_then(|storage| storage.get_item(KEY).ok().flatten());
        let dark = RwSignal::new(match chosen.as_deref() {
            Some("dark") => true,
            Some("light") => false,
            _ => system
                .as_ref()
                .is_some_and(web_sys::MediaQueryList::matches),
        });
        Effect::new(move |_| {
            if let Some(root) = document().document_element() {
                // Setting an attribute with a valid name cannot fail.
                let _ = root.set_attribute("data-theme", if dark.get() { "dark" } else { "light" });
            }
        });
        if let Some(system) = system {
            let query = system.clone();
            let follow = wasm_bindgen::closure::Closure::<dyn Fn()>::new(move || {
                let chosen = storage().and_then(|storage| storage.get_item(KEY).ok().flatten());
                if chosen.is_none() {
                    dark.set(query.matches());
                }
            });
            system.set_onchange(Some(wasm_bindgen::JsCast::unchecked_ref(follow.as_ref())));
            // The page's theme lives as long as the page.
            follow.forget();
        }
        Self { dark }
    }

    /// Whether the page is dark.
    #[must_use]
    pub fn dark(self) -> bool {
        self.dark.get()
    }

    fn toggle(self) {
        let dark = !self.dark.get_untracked();
        self.dark.set(dark);
        if let Some(storage) = storage() {
            // A browser that stores nothing forgets the choice with the page.
            let _ = storage.set_item(KEY, if dark { "dark" } else { "light" });
        }
    }
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

/// The button that changes the theme.
#[component]
pub fn ThemeToggle() -> impl IntoView {
    let theme = expect_context::<ThemeChoice>();
    view! {
        <button
            type="button"
            class="icon-button"
            aria-label=move || if theme.dark() { "Use the light theme" } else { "Use the dark theme" }
            title=move || if theme.dark() { "Light theme" } else { "Dark theme" }
            on:click=move |_| theme.toggle()
        >
            <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
                <circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" stroke-width="1.5" />
                <path d="M8 2a6 6 0 0 1 0 12z" fill="currentColor" />
            </svg>
        </button>
    }
}
