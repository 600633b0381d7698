//! The bar between what is found and what is drawn: waterfall or flame graph, and what of the waterfall is left out.

use leptos::prelude::*;

use super::waterfall::WaterfallState;
use crate::format;
use crate::url::FlameKind;

/// Below how many nanoseconds spans can be hidden.
const LEAST: [i64; 6] = [0, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// The tools of a trace.
#[component]
pub fn TraceTools(
    /// What is shown, and what people change.
    state: WaterfallState,
    /// The flame graph that is shown instead of the waterfall.
    flame: RwSignal<Option<FlameKind>>,
) -> impl IntoView {
    let kinds = [
        ("Waterfall", None),
        ("Flame", Some(FlameKind::WallClock)),
        ("Aggregate", Some(FlameKind::Aggregate)),
    ];
    let focused = Memo::new(move |_| state.narrowing.with(|narrowing| narrowing.focus));
    let left_out = Memo::new(move |_| state.rows.with(|rows| rows.left_out));
    let everything = move |_| {
        state.narrowing.set(Default::default());
        state.within.set(false);
    };
    view! {
        <div class="trace-tools" role="toolbar" aria-label="How the trace is drawn">
            <div class="trace-tools__kinds" role="group" aria-label="Drawing">
                {kinds
                    .map(|(label, kind)| {
                        view! {
                            <button type="button" aria-pressed=move || (flame.get() == kind).to_string() on:click=move |_| flame.set(kind)>
                                {label}
                            </button>
                        }
                    })
                    .collect_view()}
            </div>
            <Show when=move || flame.with(Option::is_none)>
                <label class="trace-tools__least">
                    "Hide below "
                    <select on:change=move |event| {
                        let least = event_target_value(&event).parse().unwrap_or(0);
                        state.narrowing.update(|narrowing| narrowing.least = least);
                    }>
                        {LEAST
                            .map(|least| {
                                let label = if least == 0 { "nothing".to_owned() } else { format::duration(least) };
                                view! {
                                    <option value=least.to_string() selected=move || state.narrowing.with(|narrowing| narrowing.least == least)>
                                        {label}
                                    </option>
                                }
                            })
                            .collect_view()}
                    </select>
                </label>
                <button
                    type="button"
                    aria-pressed=move || state.within.get().to_string()
                    title="Hide rows that have nothing in the time shown"
                    on:click=move |_| state.within.update(|within| *within = !*within)
                >
                    "Only what is in view"
                </button>
                <Show when=move || focused.get() != state.selected.get() && state.selected.with(Option::is_some)>
                    <button type="button" on:click=move |_| state.narrowing.update(|narrowing| narrowing.focus = state.selected.get_untracked())>
                        "Only this subtree"
                    </button>
                </Show>
                <Show when=move || left_out.get() != 0>
                    <span class="trace-tools__left" role="status">
                        {move || format::counted(u64::from(left_out.get()), "span")}
                        " left out "
                        <button type="button" class="link" on:click=everything>"Show all"</button>
                    </span>
                </Show>
            </Show>
        </div>
    }
}
