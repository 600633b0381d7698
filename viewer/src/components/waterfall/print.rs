//! Paper instead of a screen: all rows in the flow of the page, for as long as the browser prints.

use leptos::prelude::*;

use super::WaterfallState;
use crate::components::drawn::fill;
use crate::timeline::printed::{Subject, printed};

/// What is printed instead of the rows that are seen; nothing until the browser prints.
#[component]
pub fn Printed(
    /// What is shown.
    state: WaterfallState,
) -> impl IntoView {
    let sheets = NodeRef::<leptos::html::Div>::new();
    // The browser lays the sheets out as soon as its event has been heard, and not a frame later.
    let before = window_event_listener(leptos::ev::beforeprint, move |_| {
        let Some(sheets) = sheets.get_untracked() else {
            return;
        };
        let rows = state.rows.get_untracked();
        let colours = state.colours.get_untracked();
        state.model.with_value(|model| {
            let subject = Subject {
                model,
                rows: &rows,
                window: state.window.get_untracked(),
                line: state.line.get_untracked(),
                colours: &colours,
            };
            fill(&sheets, &printed(subject));
        });
    });
    let after = window_event_listener(leptos::ev::afterprint, move |_| {
        if let Some(sheets) = sheets.get_untracked() {
            fill(&sheets, &[]);
        }
    });
    on_cleanup(move || {
        before.remove();
        after.remove();
    });
    view! { <div class="printed" node_ref=sheets></div> }
}
