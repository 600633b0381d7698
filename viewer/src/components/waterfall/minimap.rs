//! The strip above the axis: the whole trace, and which stretch of it is shown.

use leptos::prelude::*;

use super::WaterfallState;
use super::view::Colors;
use crate::browser::behind_next_frame;
use crate::timeline::canvas::CanvasSurface;
use crate::timeline::minimap::{buckets, draw};
use crate::timeline::scale::Scale;

/// Its height in pixels.
const HEIGHT: f64 = 40.0;
/// A shorter drag is a click.
const LEAST_DRAG: f64 = 4.0;

/// The whole trace on a strip. Dragging zooms to the stretch, a click moves what is shown there.
#[component]
pub fn Minimap(
    /// What is shown.
    state: WaterfallState,
    /// The width of the timeline.
    width: RwSignal<f64>,
    /// The colours of the theme.
    colors: Memo<Colors>,
) -> impl IntoView {
    let canvas = NodeRef::<leptos::html::Canvas>::new();
    let whole = Memo::new(move |_| {
        let total = state.model.with_value(|model| model.duration);
        Scale::new(total, None, width.get())
    });
    Effect::new(move |_| {
        state.analysed.track();
        state.colours.track();
        let (width, colors) = (width.get(), colors.get());
        let Some(canvas) = canvas.get() else { return };
        // The rows are painted first.
        behind_next_frame(move || {
            let _ = paint(&canvas, state, width, &colors);
        });
    });
    let at = move |event: &leptos::ev::PointerEvent| {
        canvas.get_untracked().map_or(0.0, |canvas| {
            let rect = canvas.get_bounding_client_rect();
            (f64::from(event.client_x()) - rect.left()).clamp(0.0, rect.width())
        })
    };
    let drag = RwSignal::new(None::<(f64, f64)>);
    let begin = move |event: leptos::ev::PointerEvent| {
        if event.button() != 0 {
            return;
        }
        if let Some(canvas) = canvas.get_untracked() {
            // Without the capture a drag only ends at the edge.
            let _ = canvas.set_pointer_capture(event.pointer_id());
        }
        drag.set(Some((at(&event), at(&event))));
    };
    let end = move |_| {
        let Some((from, to)) = drag.get_untracked() else {
            return;
        };
        drag.set(None);
        let scale = whole.get_untracked();
        if (to - from).abs() >= LEAST_DRAG {
            state.window.set(scale.selected(from, to).window());
        } else if let Some((left, right)) = state.window.get_untracked() {
            let half = (right - left) / 2;
            let middle = scale.nanos_from_px(to) as i64;
            let total = state.model.with_value(|model| model.duration);
            let moved = Scale::new(total, Some((middle - half, middle + half)), 1.0);
            state.window.set(moved.window());
        }
    };
    let shown = move || {
        let scale = whole.get();
        match drag.get() {
            Some((from, to)) => Some((from.min(to), from.max(to))),
            None => state
                .window
                .get()
                .map(|(from, to)| (scale.px_from_nanos(from), scale.px_from_nanos(to))),
        }
    };
    view! {
        <div class="minimap">
            <div class="minimap__name">"Whole trace"</div>
            <div
                class="minimap__strip"
                title="Drag to zoom, double-click to show all"
                on:pointerdown=begin
                on:pointermove=move |event| if let Some((from, _)) = drag.get_untracked() { drag.set(Some((from, at(&event)))) }
                on:pointerup=end
                on:pointercancel=move |_| drag.set(None)
                on:dblclick=move |_| state.window.set(None)
            >
                <canvas node_ref=canvas aria-hidden="true"></canvas>
                {move || {
                    shown()
                        .map(|(from, to)| {
                            view! {
                                <i class="minimap__off" style=("--x", "0px") style=("--width", format!("{from:.1}px"))></i>
                                <i class="minimap__off" style=("--x", format!("{to:.1}px")) style=("--width", format!("{:.1}px", width.get() - to))></i>
                                <i class="minimap__window" style=("--x", format!("{from:.1}px")) style=("--width", format!("{:.1}px", (to - from).max(2.0)))></i>
                            }
                        })
                }}
            </div>
        </div>
    }
}

fn paint(
    canvas: &web_sys::HtmlCanvasElement,
    state: WaterfallState,
    width: f64,
    colors: &Colors,
) -> Option<()> {
    let (theme, family) = colors;
    let mut surface = CanvasSurface::over(canvas, width, HEIGHT, family)?;
    state.model.try_with_value(|model| {
        let colours = state.colours.get_untracked();
        let found = buckets(model, &colours, width as usize);
        draw(&mut surface, &found, HEIGHT, theme);
    })
}
