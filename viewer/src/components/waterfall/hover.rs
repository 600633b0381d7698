//! The card beside the row that the pointer rests on or the keyboard is at.
//!
//! It stands below or above the row, over the names while the pointer is at the bars and over the bars while it is at the
//! names, so that it covers neither the row nor where the pointer goes next.

use std::time::Duration;

use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::WaterfallState;
use super::view::View;
use crate::components::drawn::Drawn;
use crate::model::card::card;
use crate::timeline::layout::RowMeasures;

/// How long a pointer rests on a row before its card shows, in milliseconds.
const REST_MILLIS: u64 = 150;
/// No card is higher, in pixels.
const ROOM: f64 = 210.0;
/// Between the row and its card.
const GAP: f64 = 4.0;

/// Where a card is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Spot {
    row: usize,
    left: f64,
    /// The row's edges on the screen.
    top: f64,
    bottom: f64,
}

/// The card.
#[component]
pub fn HoverCard(
    /// What is shown.
    state: WaterfallState,
    /// The element of the rows.
    body: NodeRef<leptos::html::Div>,
    /// The element of the axis, where bars begin.
    timeline: NodeRef<leptos::html::Div>,
    /// The measures of a row.
    measures: Memo<RowMeasures>,
    /// What is seen: a card does not stay where its row does not.
    view_port: RwSignal<View>,
    /// Whether names stand above bars, where there is no room for a card.
    narrow: RwSignal<bool>,
) -> impl IntoView {
    let spot = RwSignal::new(None::<Spot>);
    let timer = StoredValue::new_local(None::<TimeoutHandle>);
    let show = move |next: Option<Spot>, millis: u64| {
        timer.try_update_value(|timer| {
            if let Some(timer) = timer.take() {
                timer.clear();
            }
        });
        if next == spot.get_untracked() {
            return;
        }
        if spot.with_untracked(Option::is_some) {
            spot.set(None);
        }
        if next.is_some() {
            let set = move || {
                spot.try_set(next);
            };
            timer.set_value(set_timeout_with_handle(set, Duration::from_millis(millis)).ok());
        }
    };
    // Where the card of a row stands; beside the names unless the pointer is at the bars.
    let at = move |row: usize, pointer: Option<f64>| {
        let shown = row < state.rows.with_untracked(|rows| rows.len());
        if narrow.get_untracked() || !shown {
            return None;
        }
        let rows = body.get_untracked()?.get_bounding_client_rect();
        let bars = timeline.get_untracked()?.get_bounding_client_rect().left();
        let height = measures.get_untracked().height;
        let top = rows.top() + row as f64 * height - state.screen.shift.get_untracked();
        let left = match pointer {
            Some(x) if x > bars => rows.left() + 10.0,
            _ => bars + 10.0,
        };
        Some(Spot {
            row,
            left,
            top,
            bottom: top + height,
        })
    };
    let moved = move |event: web_sys::PointerEvent| {
        if event.pointer_type() == "touch" || event.buttons() != 0 {
            return show(None, 0);
        }
        let Some(rows) = body.get_untracked() else {
            return;
        };
        let y = f64::from(event.client_y()) - rows.get_bounding_client_rect().top()
            + state.screen.shift.get_untracked();
        let row = (y / measures.get_untracked().height).max(0.0) as usize;
        if spot.with_untracked(|spot| spot.is_some_and(|spot| spot.row == row)) {
            return;
        }
        show(at(row, Some(f64::from(event.client_x()))), REST_MILLIS);
    };
    let focused = move |event: web_sys::FocusEvent| {
        let row = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
            .filter(|element| element.matches(":focus-visible").unwrap_or(false))
            .and_then(|element| element.get_attribute("aria-rowindex"))
            .and_then(|index| index.parse::<usize>().ok());
        if let Some(row) = row.and_then(|index| index.checked_sub(1)) {
            // After the page has scrolled to it.
            show(at(row, None), REST_MILLIS);
        }
    };
    Effect::new(move |_| {
        let Some(body) = body.get() else { return };
        let listen = |name: &str, handler: wasm_bindgen::JsValue| {
            let _ = body.add_event_listener_with_callback(name, handler.unchecked_ref());
        };
        let pointer = wasm_bindgen::closure::Closure::<dyn Fn(web_sys::PointerEvent)>::new(moved);
        listen("pointermove", pointer.into_js_value());
        let focus = wasm_bindgen::closure::Closure::<dyn Fn(web_sys::FocusEvent)>::new(focused);
        listen("focusin", focus.into_js_value());
        for name in ["pointerleave", "pointerdown", "focusout"] {
            let hide = wasm_bindgen::closure::Closure::<dyn Fn()>::new(move || show(None, 0));
            listen(name, hide.into_js_value());
        }
    });
    Effect::new(move |_| {
        view_port.track();
        state.rows.track();
        show(None, 0);
    });
    let listener = window_event_listener(leptos::ev::keydown, move |event| {
        if event.key() == "Escape" {
            show(None, 0);
        }
    });
    on_cleanup(move || listener.remove());
    Effect::new(move |_| state.card.set(spot.get().map(|spot| spot.row)));

    let contents = Signal::derive(move || {
        let Some(spot) = spot.get() else {
            return Vec::new();
        };
        state.analysed.track();
        let key = state
            .rows
            .with_untracked(|rows| rows.rows.get(spot.row).map(|row| row.key));
        // What stands in the drawer is told there.
        let told = key.is_some_and(|key| !key.fold && state.selected.get() == Some(key.node));
        match key {
            Some(key) if !told => {
                let logs = state.logs.get();
                state.model.with_value(|model| card(model, &logs, key))
            }
            _ => Vec::new(),
        }
    });
    let style = move || {
        spot.get().map_or(String::new(), |spot| {
            let screen = window()
                .inner_height()
                .ok()
                .and_then(|height| height.as_f64())
                .unwrap_or(900.0);
            if spot.bottom + GAP + ROOM < screen {
                format!("left:{}px;top:{}px", spot.left, spot.bottom + GAP)
            } else {
                let bottom = screen - spot.top + GAP;
                format!("left:{}px;bottom:{bottom}px", spot.left)
            }
        })
    };
    view! {
        <div id="row-card" class="card-place" role="tooltip" style=style hidden=move || contents.with(Vec::is_empty)>
            <Drawn contents=contents class="card" on_pick=Callback::new(|_: String| ()) />
        </div>
    }
}
