//! The address of the page, true to what is shown.

use std::time::Duration;

use leptos::prelude::*;

use crate::browser;
use crate::components::find_bar::Find;
use crate::components::waterfall::{WaterfallState, likes_compact};
use crate::model::colour::ColourBy;
use crate::url::{FlameKind, Tab, TraceAddress};

/// The address follows what a person does after so many milliseconds of rest.
const ADDRESS_MILLIS: u64 = 150;

/// Keeps the address true to what is shown.
pub fn follow_address(
    state: WaterfallState,
    find: Find,
    tab: RwSignal<Tab>,
    flame: RwSignal<Option<FlameKind>>,
    address: StoredValue<TraceAddress>,
) {
    let timer: StoredValue<Option<TimeoutHandle>, LocalStorage> = StoredValue::new_local(None);
    Effect::new(move |previous: Option<()>| {
        let next = state.model.with_value(|model| {
            let id = |node: u32| model.span_id(node).to_hex();
            TraceAddress {
                span: state.selected.get().map(id),
                tab: tab.get(),
                details_closed: state.openness.with(|openness| openness.details_closed),
                collapsed: state
                    .openness
                    .with(|openness| openness.exceptions.iter().copied().map(id).collect()),
                unfolded: state
                    .openness
                    .with(|openness| openness.unfolded.iter().copied().map(id).collect()),
                zoom: state.window.get(),
                line_off: !state.line.get(),
                find: find.text.get(),
                rest: find.mode.get().key().to_owned(),
                flame: flame.get(),
                focus: state.narrowing.with(|narrowing| narrowing.focus).map(id),
                least: state.narrowing.with(|narrowing| narrowing.least),
                within: state.within.get(),
                colour: state.colour.with(ColourBy::key),
                // Whoever likes rows low says so only where a link must show them high.
                compact: Some(state.compact.get()).filter(|compact| *compact || likes_compact()),
                follow: state.follow.get(),
                adjusted: state.clock.adjusted.get_untracked(),
                offsets: untrack(|| state.clock.offsets()),
            }
        });
        address.set_value(next.clone());
        if previous.is_none() {
            return;
        }
        timer.update_value(|timer| {
            if let Some(timer) = timer.take() {
                timer.clear();
            }
            *timer = set_timeout_with_handle(
                move || {
                    let path = window().location().pathname().unwrap_or_default();
                    browser::replace_address(&format!("{path}{}", next.query()));
                },
                Duration::from_millis(ADDRESS_MILLIS),
            )
            .ok();
        });
    });
    on_cleanup(move || {
        timer.try_update_value(|timer| {
            if let Some(timer) = timer.take() {
                timer.clear();
            }
        });
    });
}
