//! The listed traces as points: when they began and how long they took. A point leads to its trace, a
//! brush narrows the search to what is under it.

use std::sync::Arc;

use leptos::html::Div;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use shared::query::TraceSummary;

use crate::api::SearchResponse;
use crate::format;
use crate::model::scatter::{Brushed, Cell, MOST_POINTS, Scatter, axis};

/// A point for each trace, a failed one a crossed diamond; cells where there are too many.
#[component]
pub fn ScatterPlot(
    /// The traces.
    answer: Signal<Option<Arc<SearchResponse>>>,
    /// Narrows the search.
    on_brush: Callback<Brushed>,
) -> impl IntoView {
    let scatter = Memo::new(move |_| {
        answer.with(|answer| answer.as_ref().map(|answer| Scatter::new(&answer.traces)))
    });
    let navigate = use_navigate();
    let open = Callback::new(move |id: String| {
        navigate(&format!("/trace/{id}"), NavigateOptions::default())
    });
    let plot = NodeRef::<Div>::new();
    let brush = RwSignal::new(None::<((f64, f64), (f64, f64))>);
    let place = move |event: &web_sys::PointerEvent| {
        let bounds = plot.get_untracked()?.get_bounding_client_rect();
        let x = (f64::from(event.client_x()) - bounds.left()) / bounds.width().max(1.0);
        let y = (f64::from(event.client_y()) - bounds.top()) / bounds.height().max(1.0);
        Some((x, y))
    };
    let begin = move |event: web_sys::PointerEvent| {
        if event.button() != 0 {
            return;
        }
        if let (Some(at), Some(plot)) = (place(&event), plot.get_untracked()) {
            event.prevent_default();
            // Without the capture the brush ends at the plot's edge.
            let _ = plot.set_pointer_capture(event.pointer_id());
            brush.set(Some((at, at)));
        }
    };
    let go_on = move |event: web_sys::PointerEvent| {
        if brush.with_untracked(Option::is_some)
            && let Some(at) = place(&event)
        {
            brush.update(|brush| {
                if let Some(brush) = brush {
                    brush.1 = at;
                }
            });
        }
    };
    let end = move |_| {
        let Some((one, other)) = brush.get_untracked() else {
            return;
        };
        brush.set(None);
        let Some(scatter) = scatter.get_untracked() else {
            return;
        };
        match scatter.brushed(one, other) {
            Some(brushed) => on_brush.run(brushed),
            None => {
                let near = answer.with_untracked(|answer| {
                    answer
                        .as_ref()
                        .and_then(|answer| nearest(&scatter, &answer.traces, one))
                });
                if let Some(id) = near {
                    open.run(id);
                }
            }
        }
    };
    let rectangle = move || {
        let ((left, top), (right, bottom)) = brush.get()?;
        let edge = |share: f64| share.clamp(0.0, 1.0) * 100.0;
        let (left, right) = (edge(left.min(right)), edge(left.max(right)));
        let (top, bottom) = (edge(top.min(bottom)), edge(top.max(bottom)));
        let style = format!(
            "left:{left:.2}%;width:{:.2}%;top:{top:.2}%;height:{:.2}%",
            right - left,
            bottom - top
        );
        Some(view! { <i class="scatter__brush" style=style></i> })
    };
    view! {
        <div
            class="scatter"
            aria-hidden="true"
            title="Drag to narrow, click a point to open it"
            node_ref=plot
            on:pointerdown=begin
            on:pointermove=go_on
            on:pointerup=end
            on:pointercancel=move |_| brush.set(None)
        >
            {move || {
                let scatter = scatter.get()?;
                let traces = answer.get()?;
                Some(view! { <Grid scatter=scatter /><Points scatter=scatter answer=traces /> })
            }}
            {rectangle}
        </div>
    }
}

/// The trace of the point that was clicked, within the reach of a finger.
fn nearest(scatter: &Scatter, traces: &[TraceSummary], at: (f64, f64)) -> Option<String> {
    let distance = |trace: &TraceSummary| {
        let (x, y) = scatter.place(trace);
        // The plot is about eight times as wide as it is high.
        ((x - at.0) * 8.0).hypot(y - at.1)
    };
    let found = traces
        .iter()
        .min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
    (distance(found) < 0.2).then(|| found.trace_id.to_hex())
}

#[component]
fn Grid(scatter: Scatter) -> impl IntoView {
    let lines = axis(scatter.longest)
        .into_iter()
        .map(|nanos| {
            let y = format!("{:.3}%", (1.0 - nanos as f64 / scatter.top as f64) * 100.0);
            view! {
                <div class="scatter__grid" style=("--y", y)>
                    <span>{if nanos == 0 { "0".to_owned() } else { format::mark(nanos) }}</span>
                </div>
            }
        })
        .collect_view();
    view! {
        {lines}
        <span class="scatter__time scatter__time--first">{format::clock(scatter.first)}</span>
        <span class="scatter__time scatter__time--last">{format::clock(scatter.last)} " " {format::zone(scatter.last)}</span>
    }
}

#[component]
fn Points(scatter: Scatter, answer: Arc<SearchResponse>) -> impl IntoView {
    let at = |x: f64, y: f64| (format!("{:.3}%", x * 100.0), format!("{:.3}%", y * 100.0));
    if answer.traces.len() > MOST_POINTS {
        let cell = |cell: Cell| {
            let (x, y) = at(cell.x, cell.y);
            view! {
                <i
                    class="scatter__cell"
                    class:scatter__cell--failed=cell.failed
                    style=("--x", x)
                    style=("--y", y)
                    style=("--weight", format!("{:.2}", 0.15 + 0.85 * cell.weight))
                ></i>
            }
        };
        let cells = scatter.cells(&answer.traces);
        return cells.into_iter().map(cell).collect_view().into_any();
    }
    let point = |trace: &TraceSummary| {
        let (x, y) = scatter.place(trace);
        let (x, y) = at(x, y);
        let name = format::quoted(&trace.root_name);
        let browser = trace
            .services
            .first()
            .is_some_and(|service| service.browser);
        view! {
            <i
                class="scatter__point"
                class:scatter__point--failed=trace.error_count != 0
                class:scatter__point--service=!browser
                style=("--x", x)
                style=("--y", y)
                title=format!("{name} · {}", format::duration(trace.duration.0))
            ></i>
        }
    };
    answer.traces.iter().map(point).collect_view().into_any()
}
