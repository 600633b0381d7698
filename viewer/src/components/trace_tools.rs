//! The tools of a trace, and what its colours stand for.

use leptos::prelude::*;

use super::drawn::Drawn;
use super::waterfall::WaterfallState;
use crate::markup::text;
use crate::model::colour::{ColourBy, legend};
use crate::model::trace_tools::{Act, Clocks, Tools, attribute_tools, tools};
use crate::url::FlameKind;

/// The tools of a trace.
#[component]
pub fn TraceTools(
    /// What is shown, and what people change.
    state: WaterfallState,
    /// The flame graph that is shown instead of the waterfall.
    flame: RwSignal<Option<FlameKind>>,
) -> impl IntoView {
    let shown = Memo::new(move |_| {
        let narrowing = state.narrowing.get();
        let selected = state.selected.get();
        let clocks = state
            .model
            .with_value(|model| Clocks::of(model, &state.clock.applied(model)));
        Tools {
            flame: flame.get(),
            colour: state.colour.get(),
            least: narrowing.least,
            within: state.within.get(),
            can_focus: selected.is_some() && narrowing.focus != selected,
            left_out: state.rows.with(|rows| rows.left_out),
            compact: state.compact.get(),
            clocks,
            clocks_opened: state.clock.open.get(),
            adjusted: state.clock.adjusted.get(),
        }
    });
    let contents = Signal::derive(move || {
        let shown = shown.get();
        let mut out = vec![tools(&shown)];
        state.model.with_value(|model| {
            if shown.flame != Some(FlameKind::Aggregate) {
                out.extend(legend(&state.colours.with(|colours| colours.legend(model))));
            }
        });
        if let Some(problem) = state.problem.get() {
            let words = format!("The values could not be read: {problem}");
            out.push(text("p", "trace-tools__problem", &words).set("role", "alert"));
        }
        out
    });
    let pick = Callback::new(move |picked: String| match Act::of(&picked) {
        Some(Act::Draw(kind)) => flame.set(kind),
        Some(Act::Colour(by)) => state.colour.set(by),
        Some(Act::Least(least)) => state.narrowing.update(|narrowing| narrowing.least = least),
        Some(Act::Within) => state.within.update(|within| *within = !*within),
        Some(Act::Subtree) => state
            .narrowing
            .update(|narrowing| narrowing.focus = state.selected.get_untracked()),
        Some(Act::Everything) => {
            state.narrowing.set(Default::default());
            state.within.set(false);
        }
        Some(Act::Compact) => state.toggle_compact(),
        Some(Act::Clock) => state.clock.toggle(),
        Some(Act::Clocks) => state.clock.open.update(|open| *open = !*open),
        None => {}
    });
    view! { <Drawn contents=contents class="trace-tools-all" on_pick=pick /> }
}

/// The buttons at an attribute of a trace's page; nothing on other pages.
#[component]
pub fn AttributeTools(
    /// The attribute's name.
    name: String,
) -> impl IntoView {
    let state = use_context::<WaterfallState>()?;
    let named = name.clone();
    let contents = Signal::derive(move || {
        let coloured = state
            .colour
            .with(|by| matches!(by, ColourBy::Attribute(other) if *other == named));
        attribute_tools(&named, coloured, state.follow.with(|key| *key == named))
    });
    let pick = Callback::new(move |picked: String| {
        if picked == "colour" {
            state.colour.set(ColourBy::Attribute(name.clone()));
        } else if state.follow.with_untracked(|key| *key == name) {
            state.follow.set(String::new());
        } else {
            state.follow.set(name.clone());
        }
    });
    Some(view! { <Drawn contents=contents class="attributes__tools" on_pick=pick /> })
}
