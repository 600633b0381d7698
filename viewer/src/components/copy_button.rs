//! A button that copies a text and says so.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::browser;

/// A button that copies what `text` gives at the moment it is pressed.
#[component]
pub fn CopyButton(
    /// What is copied.
    #[prop(into)]
    text: Callback<(), String>,
    /// What the button says; also its name, together with `what`.
    #[prop(default = "Copy")]
    label: &'static str,
    /// What is copied, for those who cannot see where the button stands.
    #[prop(into)]
    what: String,
    /// Whether the button has no frame.
    #[prop(default = false)]
    quiet: bool,
) -> impl IntoView {
    let (done, set_done) = signal(None::<bool>);
    let copy = move |event: leptos::ev::MouseEvent| {
        event.stop_propagation();
        let text = text.run(());
        spawn_local(async move {
            set_done.try_set(Some(browser::copy(text).await));
            set_timeout(
                move || {
                    set_done.try_set(None);
                },
                Duration::from_millis(1_400),
            );
        });
    };
    view! {
        <button
            type="button"
            class="copy"
            class:copy--quiet=quiet
            class:copy--done=move || done.get() == Some(true)
            aria-label=format!("{label} {what}")
            on:click=copy
        >
            <span aria-live="polite">
                {move || match done.get() {
                    None => label,
                    Some(true) => "Copied",
                    Some(false) => "Not copied",
                }}
            </span>
        </button>
    }
}
