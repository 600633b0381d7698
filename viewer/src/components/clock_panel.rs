//! The panel in which somebody sets by how much each clock is ahead. It floats over the page, which is drawn anew with
//! each step, so that the field keeps the focus.

use std::collections::HashMap;

use leptos::prelude::*;

use super::clock::Clock;
use super::drawn::Drawn;
use crate::browser;
use crate::model::clock_panel::{Act, Panel, Unit, panel, read};
use crate::model::offsets::with;
use crate::model::trace_tools::CLOCKS_BUTTON;

/// The panel.
#[component]
pub fn ClockPanel(
    /// Whose clock tells the times.
    clock: Clock,
) -> impl IntoView {
    // A field keeps its unit while its number grows.
    let units = RwSignal::new(HashMap::<u16, Unit>::new());
    let shown = Memo::new(move |_| {
        let sent = clock.sent()?;
        let unit = |number: u16, nanos: i64| {
            let known = units.with(|units| units.get(&number).copied());
            known.unwrap_or_else(|| Unit::fitting(nanos))
        };
        let adjusted = clock.adjusted.get();
        Some(Panel::new(&sent, &clock.offsets(), adjusted, unit))
    });
    let keep_units = move || {
        let rows = shown.with_untracked(|shown| shown.as_ref().map(|shown| shown.rows.clone()));
        units.update_untracked(|units| {
            for row in rows.unwrap_or_default() {
                units.entry(row.clock).or_insert(row.unit);
            }
        });
    };
    let contents =
        Signal::derive(move || shown.with(|shown| shown.as_ref().map(panel).unwrap_or_default()));
    let close = move || {
        clock.open.set(false);
        browser::focus(CLOCKS_BUTTON);
    };
    let set = move |number: u16, nanos: Option<i64>| {
        let Some(sent) = untrack(|| clock.sent()) else {
            return;
        };
        let next = with(&sent, number, nanos, &untrack(|| clock.offsets()));
        clock.set(next);
    };
    let pick = Callback::new(move |picked: String| {
        keep_units();
        match Act::of(&picked) {
            Some(Act::Set(number, text)) => {
                let unit = units.with_untracked(|units| units.get(&number).copied());
                if let Some(nanos) = read(&text, unit.unwrap_or(Unit::Millis)) {
                    set(number, Some(nanos));
                }
            }
            Some(Act::Write(number, unit)) => {
                units.update(|units| {
                    units.insert(number, unit);
                });
            }
            Some(Act::Estimate(number)) => set(number, None),
            Some(Act::Trust(number)) => set(number, Some(0)),
            Some(Act::Toggle) => clock.toggle(),
            Some(Act::Close) => close(),
            None => {}
        }
    });
    let frame = NodeRef::<leptos::html::Section>::new();
    Effect::new(move |_| {
        if let Some(frame) = frame.get() {
            // Whoever opens it by keyboard is in it.
            let _ = frame.focus();
        }
    });
    view! {
        <section
            class="clocks"
            role="dialog"
            aria-labelledby="clocks-title"
            tabindex="-1"
            node_ref=frame
            on:keydown=move |event| {
                if event.key() == "Escape" {
                    // What lies below has something of its own to close with the next press.
                    event.stop_propagation();
                    close();
                }
            }
        >
            <Drawn contents=contents class="clocks__contents" on_pick=pick />
        </section>
    }
}
