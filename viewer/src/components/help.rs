//! The sheet of keys, opened with `?`.

use leptos::prelude::*;

use crate::browser;

const KEYS: [(&str, &[(&str, &str)]); 4] = [
    (
        "Timeline",
        &[
            ("↑ ↓", "move from span to span"),
            ("→ ←", "open and close, or go to child and parent"),
            ("Enter", "open the span"),
            ("Esc", "close the span, then stop following"),
            ("n p", "next and previous error"),
            ("n N", "next and previous hit of a filter"),
            ("c", "walk along the critical path"),
            ("l", "show or hide the critical path"),
            ("d", "lower rows, more of them"),
            ("v V", "walk along a value that is followed"),
        ],
    ),
    (
        "Time",
        &[
            ("+ −", "zoom in and out"),
            ("0", "show the whole trace"),
            ("Ctrl wheel", "zoom where the pointer is"),
            ("Drag the axis", "zoom to a stretch"),
            (", .", "move along, or Shift wheel"),
            ("k", "adjust clocks that disagree"),
        ],
    ),
    (
        "Session",
        &[
            ("k", "play and pause"),
            ("j l", "five seconds back and on"),
            ("n p", "next and previous error"),
            ("s", "leave out silence, or not"),
            (">", "faster"),
        ],
    ),
    (
        "Everywhere",
        &[
            ("/", "write a query, in a trace filter it"),
            ("x", "choose a trace of the list to compare"),
            ("← →", "walk the plot; with Shift, draw a region"),
            ("Drop a file", "open its traces without the server"),
            ("?", "this sheet"),
        ],
    ),
];

/// The sheet; listens for its key.
#[component]
pub fn HelpSheet() -> impl IntoView {
    let dialog = NodeRef::<leptos::html::Dialog>::new();
    let listener = window_event_listener(leptos::ev::keydown, move |event| {
        if event.key() == "?" && !browser::is_typing(&event) {
            open(dialog);
        }
    });
    on_cleanup(move || listener.remove());
    let opener = window_event_listener(
        leptos::ev::Custom::<leptos::ev::Event>::new(OPEN_EVENT),
        move |_| open(dialog),
    );
    on_cleanup(move || opener.remove());
    view! {
        <dialog class="help" node_ref=dialog aria-labelledby="help-title">
            <form method="dialog" class="help__head">
                <h2 id="help-title">"Keys"</h2>
                <button class="icon-button" aria-label="Close">"✕"</button>
            </form>
            <div class="help__groups">
                {KEYS
                    .map(|(title, keys)| {
                        view! {
                            <section>
                                <h3>{title}</h3>
                                <dl>
                                    {keys
                                        .iter()
                                        .map(|(key, action)| view! { <dt><kbd>{*key}</kbd></dt><dd>{*action}</dd> })
                                        .collect_view()}
                                </dl>
                            </section>
                        }
                    })
                    .collect_view()}
            </div>
            <p class="help__zone">
                {if browser::shows_local_time() { "Times are shown in your time zone. " } else { "Times are shown in UTC. " }}
                <button type="button" class="link" on:click=|_| browser::show_local_time(!browser::shows_local_time())>
                    {if browser::shows_local_time() { "Show UTC" } else { "Show local time" }}
                </button>
            </p>
        </dialog>
    }
}

const OPEN_EVENT: &str = "throughline-help";

/// Opens the sheet from anywhere.
pub fn open_help() {
    if let Ok(event) = web_sys::Event::new(OPEN_EVENT) {
        // Only a malformed event could be refused.
        let _ = window().dispatch_event(&event);
    }
}

fn open(dialog: NodeRef<leptos::html::Dialog>) {
    if let Some(dialog) = dialog.get_untracked()
        && !dialog.open()
    {
        // A dialog that is open already stays open.
        let _ = dialog.show_modal();
    }
}
