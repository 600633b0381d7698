//! What the traces that are chosen in a list can be compared with.

use std::sync::Arc;

use leptos::prelude::*;

use crate::api::SearchResponse;
use crate::model::picked::Picked;

/// What is chosen, and of what.
#[derive(Clone, Copy)]
pub struct Choice {
    /// The chosen traces.
    pub picked: RwSignal<Picked>,
    /// The list.
    pub answer: Signal<Option<Arc<SearchResponse>>>,
}

/// The bar with what the chosen traces can be compared with; nothing where none is chosen.
#[component]
pub fn CompareBar(
    /// What is chosen, and of what.
    choice: Choice,
) -> impl IntoView {
    let Choice { picked, answer } = choice;
    // What is not in the list any more cannot be compared from it.
    Effect::new(move |_| {
        let Some(answer) = answer.get() else {
            return;
        };
        let listed = |id| answer.traces.iter().any(|trace| trace.trace_id == id);
        if picked.with_untracked(|picked| !picked.all(listed)) {
            picked.update(|picked| picked.keep(listed));
        }
    });
    let offers = Memo::new(move |_| {
        let answer = answer.get()?;
        let offers = picked.with(|picked| picked.offers(&answer.traces));
        (!offers.is_empty()).then_some(offers)
    });
    let said = move || match picked.with(Picked::len) {
        1 => "1 trace chosen. Choose another, or compare it",
        _ => "2 traces chosen.",
    };
    move || {
        offers.get().map(|offers| {
            let links = offers.into_iter().enumerate().map(|(place, offer)| {
                let main = place == 0 && picked.with_untracked(|picked| picked.len() == 2);
                view! { <a class="button" class:button--primary=main href=offer.address>{offer.label}</a> }
            });
            view! {
                <div class="compare-bar" role="region" aria-label="Compare traces">
                    <span role="status">{said}</span>
                    {links.collect_view()}
                    <button type="button" class="link" on:click=move |_| picked.set(Picked::default())>"Clear"</button>
                </div>
            }
        })
    }
}
