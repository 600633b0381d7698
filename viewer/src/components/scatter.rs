//! The listed traces as points: when they began and how long they took. A point leads to its trace, a
//! brush narrows the search to what is under it. Arrow keys do both: it is a slider through the points by time.

use std::sync::Arc;

use leptos::html::Div;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use shared::query::TraceSummary;

use crate::api::SearchResponse;
use crate::format;
use crate::model::scatter::{Brushed, Cell, Cursor, MOST_POINTS, Pair, Scatter, Step, axis};

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
    let open = Callback::new(move |trace: TraceSummary| {
        let address = format!("/trace/{}", trace.trace_id.to_hex());
        navigate(&address, NavigateOptions::default());
    });
    // What is asked of the plot and the traces together.
    let ask = move |with: &mut dyn FnMut(&Scatter, &[TraceSummary])| {
        if let (Some(scatter), Some(answer)) = (scatter.get(), answer.get()) {
            with(&scatter, &answer.traces);
        }
    };
    let plot = NodeRef::<Div>::new();
    let brush = RwSignal::new(None::<(Pair, Pair)>);
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
        let size = plot.get_untracked().map_or((1.0, 1.0), |plot| {
            (
                f64::from(plot.client_width()),
                f64::from(plot.client_height()),
            )
        });
        untrack(|| {
            ask(&mut |scatter, traces| match scatter.brushed(one, other) {
                Some(brushed) => on_brush.run(brushed),
                None => {
                    if let Some(trace) = scatter.nearest(traces, one, size) {
                        open.run(trace.clone());
                    }
                }
            });
        });
    };
    let cursor = RwSignal::new(Cursor::default());
    let press = move |event: web_sys::KeyboardEvent| {
        let step = match event.key().as_str() {
            "ArrowLeft" | "ArrowDown" => Some(Step::Earlier),
            "ArrowRight" | "ArrowUp" => Some(Step::Later),
            "Home" => Some(Step::First),
            "End" => Some(Step::Last),
            "Enter" | "Escape" => None,
            _ => return,
        };
        if event.ctrl_key() || event.alt_key() || event.meta_key() {
            return;
        }
        event.prevent_default();
        let now = cursor.get_untracked();
        let draws = event.shift_key();
        untrack(|| {
            ask(
                &mut |scatter, traces| match (step, now.region(scatter, traces)) {
                    (Some(step), _) => cursor.set(now.step(step, draws, traces)),
                    (None, _) if event.key() == "Escape" => cursor.set(Cursor::default()),
                    (None, Some((one, other))) => {
                        cursor.set(Cursor::default());
                        if let Some(brushed) = scatter.brushed(one, other) {
                            on_brush.run(brushed);
                        }
                    }
                    (None, None) => {
                        if let Some((_, trace)) = now.point(traces) {
                            open.run(trace.clone());
                        }
                    }
                },
            );
        });
    };
    let reached = Memo::new(move |_| {
        let mut reached = Reached::default();
        ask(&mut |scatter, traces| reached = Reached::new(cursor.get(), scatter, traces));
        reached
    });
    let rectangle = move || {
        let drawn = brush
            .get()
            .or_else(|| reached.with(|reached| reached.region));
        let ((left, top), (right, bottom)) = drawn?;
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
            role="slider"
            tabindex="0"
            aria-label="Traces by time. Arrow keys go from one to the next, Enter opens it; with Shift they draw a region, to which Enter narrows the search"
            aria-valuemin="0"
            aria-valuemax=move || answer.with(|answer| answer.as_ref().map_or(0, |answer| answer.traces.len())).to_string()
            aria-valuenow=move || reached.with(|reached| reached.number).to_string()
            aria-valuetext=move || reached.with(|reached| reached.words.clone())
            title="Drag to narrow, click a point to open it"
            node_ref=plot
            on:pointerdown=begin
            on:pointermove=go_on
            on:pointerup=end
            on:pointercancel=move |_| brush.set(None)
            on:keydown=press
            on:blur=move |_| cursor.set(Cursor::default())
        >
            {move || {
                let scatter = scatter.get()?;
                let traces = answer.get()?;
                Some(view! { <Grid scatter=scatter /><Points scatter=scatter answer=traces /> })
            }}
            {rectangle}
            {move || {
                let (x, y) = reached.with(|reached| reached.at)?;
                let (x, y) = (format!("{:.3}%", x * 100.0), format!("{:.3}%", y * 100.0));
                Some(view! {
                    <i class="scatter__reached" style=("--x", x) style=("--y", y)></i>
                    <span class="scatter__words" aria-hidden="true">{reached.with(|reached| reached.words.clone())}</span>
                })
            }}
        </div>
    }
}

/// What the keys have reached.
#[derive(Clone, PartialEq, Default)]
struct Reached {
    at: Option<Pair>,
    region: Option<(Pair, Pair)>,
    /// Counted from one; zero where they have reached none.
    number: usize,
    words: String,
}

impl Reached {
    fn new(cursor: Cursor, scatter: &Scatter, traces: &[TraceSummary]) -> Self {
        let Some((place, trace)) = cursor.point(traces) else {
            return Self {
                words: "none chosen".to_owned(),
                ..Self::default()
            };
        };
        Self {
            at: Some(scatter.place(trace)),
            region: cursor.region(scatter, traces),
            number: place + 1,
            words: format!(
                "{} · {} · {}",
                format::quoted(&trace.root_name),
                format::duration(trace.duration.0),
                format::clock(trace.start)
            ),
        }
    }
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
