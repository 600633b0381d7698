//! The listed traces as points: when they began and how long they took.

use std::sync::Arc;

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use shared::query::{SearchResponse, TraceSummary};

use crate::format;
use crate::model::scatter::{Scatter, axis};

/// A point for each trace; a failed one is a crossed diamond. A point leads to its trace.
#[component]
pub fn ScatterPlot(
    /// The traces.
    answer: Signal<Option<Arc<SearchResponse>>>,
) -> impl IntoView {
    let scatter = Memo::new(move |_| {
        answer.with(|answer| answer.as_ref().map(|answer| Scatter::new(&answer.traces)))
    });
    let navigate = use_navigate();
    let open = Callback::new(move |id: String| {
        navigate(&format!("/trace/{id}"), NavigateOptions::default())
    });
    view! {
        <div class="scatter" aria-hidden="true">
            {move || {
                let scatter = scatter.get()?;
                let traces = answer.get()?;
                let ticks = axis(scatter.longest);
                Some(
                    view! {
                        {ticks
                            .into_iter()
                            .map(|nanos| {
                                let y = format!("{:.3}%", (1.0 - nanos as f64 / scatter.top as f64) * 100.0);
                                view! {
                                    <div class="scatter__grid" style=("--y", y)>
                                        <span>{if nanos == 0 { "0".to_owned() } else { format::mark(nanos) }}</span>
                                    </div>
                                }
                            })
                            .collect_view()}
                        {traces.traces.iter().map(|trace| view! { <ScatterPoint trace=trace.clone() scatter=scatter open=open /> }).collect_view()}
                        <span class="scatter__time scatter__time--first">{format::clock(scatter.first)}</span>
                        <span class="scatter__time scatter__time--last">{format::clock(scatter.last)} " UTC"</span>
                    },
                )
            }}
        </div>
    }
}

#[component]
fn ScatterPoint(trace: TraceSummary, scatter: Scatter, open: Callback<String>) -> impl IntoView {
    let (x, y) = scatter.place(&trace);
    let id = trace.trace_id.to_hex();
    let title = format!(
        "{} · {}",
        format::quoted(&trace.root_name),
        format::duration(trace.duration.0)
    );
    let browser = trace
        .services
        .first()
        .is_some_and(|service| service.browser);
    view! {
        <i
            class="scatter__point"
            class:scatter__point--failed=trace.error_count != 0
            class:scatter__point--service=!browser
            style=("--x", format!("{:.3}%", x * 100.0))
            style=("--y", format!("{:.3}%", y * 100.0))
            title=title
            on:click=move |_| open.run(id.clone())
        ></i>
    }
}
