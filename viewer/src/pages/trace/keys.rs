//! The keys of the page that work wherever the focus is.

use std::cell::Cell;

use leptos::prelude::*;

use crate::browser;
use crate::components::waterfall::WaterfallState;

/// Listens to them for as long as the page is shown.
pub fn follow_keys(state: WaterfallState) {
    // Where the walk along the critical path is.
    let step = Cell::new(None::<usize>);
    let listener = window_event_listener(leptos::ev::keydown, move |event| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() || browser::is_typing(&event) {
            return;
        }
        match event.key().as_str() {
            "n" => go_to_error(state, true),
            "p" => go_to_error(state, false),
            "l" => state.line.update(|line| *line = !*line),
            "d" => state.toggle_compact(),
            "k" => state.clock.toggle(),
            "c" | "C" => state.model.with_value(|model| {
                let count = model.critical().len();
                if count == 0 {
                    return;
                }
                let forward = event.key() == "c";
                let next = match step.get() {
                    None => 0,
                    Some(at) => (at + if forward { 1 } else { count - 1 }) % count,
                };
                step.set(Some(next));
                state.go(model.critical()[next].node, false);
            }),
            "Escape" if state.selected.get_untracked().is_some() => {
                state.selected.set(None);
                state.show_active(true);
            }
            _ => {}
        }
    });
    on_cleanup(move || listener.remove());
}

/// Goes to the next failed span in the order of the rows, around the ends.
fn go_to_error(state: WaterfallState, forward: bool) {
    let current = state.active.get_untracked().node;
    let target = state.model.with_value(|model| {
        let failed = |node: &u32| model.error[*node as usize];
        let count = model.len() as u32;
        if forward {
            (current + 1..count).chain(0..=current).find(failed)
        } else {
            (0..current)
                .rev()
                .chain((current..count).rev())
                .find(failed)
        }
    });
    if let Some(node) = target {
        state.go(node, true);
    }
}
