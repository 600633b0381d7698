//! A file that is dropped anywhere in the viewer is opened.

use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_navigate};

use crate::local;

/// Listens for files, and says while one is above the page that it may be dropped.
#[component]
pub fn FileDrop() -> impl IntoView {
    let over = RwSignal::new(false);
    let navigate = use_navigate();
    let path = use_location().pathname;
    let has_files = |event: &web_sys::DragEvent| {
        let types = event.data_transfer().map(|transfer| transfer.types());
        types.is_some_and(|types| types.includes(&"Files".into(), 0))
    };
    let above = window_event_listener(leptos::ev::dragover, move |event| {
        if has_files(&event) {
            // Without this the browser would leave the viewer for the file.
            event.prevent_default();
            over.set(true);
        }
    });
    let left = window_event_listener(leptos::ev::dragleave, move |event| {
        if event.related_target().is_none() {
            over.set(false);
        }
    });
    let dropped = window_event_listener(leptos::ev::drop, move |event| {
        over.set(false);
        let files = event.data_transfer().and_then(|transfer| transfer.files());
        let Some(file) = files.and_then(|files| files.get(0)) else {
            return;
        };
        event.prevent_default();
        local::drop_file(file);
        if path.with_untracked(|path| path == "/file") {
            local::announce();
        } else {
            navigate("/file", Default::default());
        }
    });
    on_cleanup(move || {
        above.remove();
        left.remove();
        dropped.remove();
    });
    view! {
        <div class="file-drop" hidden=move || !over.get()>
            <p>"Drop the file to open its traces here. It is sent nowhere."</p>
        </div>
    }
}
