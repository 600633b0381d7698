//! What stands above the rows: the time axis, and the buttons over the names.

use leptos::prelude::*;

use super::WaterfallState;
use crate::format;
use crate::model::rows::Openness;
use crate::timeline::scale::Scale;
use crate::timeline::ticks::Tick;

/// The time axis. Dragging along it zooms to the stretch; a double click shows all.
#[component]
pub fn Axis(
    /// What lies where.
    scale: Memo<Scale>,
    /// The marks of the axis.
    marks: Memo<Vec<Tick>>,
    /// The time shown.
    window: RwSignal<Option<(i64, i64)>>,
    /// The element of the axis, as wide as the timeline.
    timeline: NodeRef<leptos::html::Div>,
) -> impl IntoView {
    let drag = RwSignal::new(None::<(f64, f64)>);
    let at = move |event: &leptos::ev::PointerEvent| {
        timeline.get_untracked().map(|timeline| {
            let rect = timeline.get_bounding_client_rect();
            (f64::from(event.client_x()) - rect.left()).clamp(0.0, rect.width())
        })
    };
    let begin = move |event: leptos::ev::PointerEvent| {
        if event.button() != 0 {
            return;
        }
        let Some(x) = at(&event) else { return };
        if let Some(timeline) = timeline.get_untracked() {
            // Without the capture a drag only ends at the edge.
            let _ = timeline.set_pointer_capture(event.pointer_id());
        }
        drag.set(Some((x, x)));
    };
    let follow = move |event: leptos::ev::PointerEvent| {
        if let (Some((from, _)), Some(x)) = (drag.get_untracked(), at(&event)) {
            drag.set(Some((from, x)));
        }
    };
    let end = move |_| {
        if let Some((from, to)) = drag.get_untracked() {
            drag.set(None);
            if (to - from).abs() >= 6.0 {
                window.set(scale.get_untracked().selected(from, to).window());
            }
        }
    };
    view! {
        <div
            class="axis"
            node_ref=timeline
            title="Drag to zoom, double-click to show all"
            on:pointerdown=begin
            on:pointermove=follow
            on:pointerup=end
            on:pointercancel=move |_| drag.set(None)
            on:dblclick=move |_| window.set(None)
        >
            {move || {
                marks
                    .get()
                    .into_iter()
                    .map(|mark| {
                        // A label that would be cut at the edge is left to its neighbour.
                        let taken = if window.with_untracked(Option::is_some) { 176.0 } else { 44.0 };
                        let fits = mark.px < scale.get_untracked().width() - taken;
                        view! { <span class="axis__mark" style=("--x", format!("{:.2}px", mark.px))>{fits.then_some(mark.label)}</span> }
                    })
                    .collect_view()
            }}
            {move || {
                drag.get()
                    .map(|(from, to)| {
                        let length = scale.with(|scale| (scale.nanos_from_px(from.max(to)) - scale.nanos_from_px(from.min(to))) as i64);
                        view! {
                            <div
                                class="axis__drag"
                                style=("--x", format!("{:.2}px", from.min(to)))
                                style=("--width", format!("{:.2}px", (to - from).abs()))
                            >
                                <span>{format::duration(length)}</span>
                            </div>
                        }
                    })
            }}
            <Show when=move || window.with(Option::is_some)>
                <button type="button" class="axis__all" on:pointerdown=|event| event.stop_propagation() on:click=move |_| window.set(None)>
                    "Whole trace"
                </button>
            </Show>
        </div>
    }
}

/// The button that collapses what happens within single services, or expands all.
#[component]
pub fn OpenButtons(
    /// What is open.
    state: WaterfallState,
) -> impl IntoView {
    let closed = Memo::new(move |_| state.openness.with(Openness::closes_some));
    let toggle = move |_| {
        let close = !closed.get_untracked();
        state
            .openness
            .update(|openness| openness.close_details(close));
    };
    view! {
        <button type="button" class="link waterfall__open" on:click=toggle>
            {move || if closed.get() { "Expand all" } else { "Collapse details" }}
        </button>
    }
}
