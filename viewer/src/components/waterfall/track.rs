//! The browser's main thread above the rows: long frames and memory, by the time scale of the bars.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::WaterfallState;
use crate::components::attribute_over_trace::values;
use crate::components::drawn::Drawn;
use crate::model::main_thread::{MEMORY, MainThread, track};
use crate::timeline::scale::Scale;

/// The server reads every span to find those with memory; of larger traces that is not asked.
const MOST_SPANS: usize = 100_000;

/// The track; nothing where the trace has nothing for it.
#[component]
pub fn Track(
    /// What is shown.
    state: WaterfallState,
    /// What lies where.
    scale: Memo<Scale>,
) -> impl IntoView {
    let (thread, ask) = state.model.with_value(|model| {
        let browser = model.services.iter().any(|service| service.browser);
        let thread = if browser {
            MainThread::new(model)
        } else {
            MainThread::default()
        };
        (thread, browser && model.len() <= MOST_SPANS)
    });
    let thread = RwSignal::new(thread);
    if ask {
        spawn_local(async move {
            // Without it the frames are shown all the same.
            if let Some(Ok(values)) = values(state, MEMORY).await
                && values.distinct() > 0
            {
                thread.try_update(|thread| thread.remember(&values));
            }
        });
    }
    let contents = Signal::derive(move || {
        let scale = scale.get();
        thread.with(|thread| {
            if thread.is_empty() {
                return Vec::new();
            }
            state.model.with_value(|model| track(model, thread, scale))
        })
    });
    let pick = Callback::new(move |picked: String| {
        if let Ok(node) = picked.parse() {
            state.go(node, true);
        }
    });
    view! {
        <Show when=move || !thread.with(MainThread::is_empty)>
            <Drawn contents=contents class="track" on_pick=pick />
        </Show>
    }
}
