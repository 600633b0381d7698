//! What the first row that is seen belongs to: its ancestors stay below the axis when they are scrolled away.

use leptos::prelude::*;

use super::WaterfallState;
use crate::components::drawn::Drawn;
use crate::model::ancestors::{MORE, line};
use crate::timeline::layout::RowMeasures;

/// The line of ancestors; nothing where all of them are seen.
#[component]
pub fn Ancestors(
    /// What is shown.
    state: WaterfallState,
    /// The measures of a row.
    measures: Memo<RowMeasures>,
) -> impl IntoView {
    let above = Memo::new(move |_| {
        let gone = state.screen.gone.get();
        if gone < 1.0 {
            return Vec::new();
        }
        let first = (gone + state.screen.shift.get()) / measures.get().height;
        state.rows.with(|rows| {
            state
                .model
                .with_value(|model| rows.scrolled_away(model, first as usize))
        })
    });
    // The nearest of those whose list is open: it closes as soon as there are others.
    let opened = RwSignal::new(None::<u32>);
    let contents = Signal::derive(move || {
        let nodes = above.get();
        let open = nodes
            .last()
            .copied()
            .is_some_and(|nearest| opened.get() == Some(nearest));
        let narrow = state.screen.narrow.get();
        state
            .model
            .with_value(|model| line(model, &nodes, narrow, open))
    });
    let pick = Callback::new(move |picked: String| {
        if picked == MORE {
            let nearest = above.with_untracked(|nodes| nodes.last().copied());
            let open = opened.get_untracked() == nearest;
            opened.set(nearest.filter(|_| !open));
        } else if let Ok(node) = picked.parse() {
            opened.set(None);
            state.go(node, false);
        }
    });
    view! {
        <div
            class="ancestors"
            on:keydown=move |event| {
                if event.key() == "Escape" && opened.get_untracked().is_some() {
                    // What lies below has something of its own to close with the next press.
                    event.stop_propagation();
                    opened.set(None);
                }
            }
        >
            <Drawn contents=contents class="ancestors__place" on_pick=pick />
        </div>
    }
}
