//! The page without a trace: while it loads, and where there is none.

use leptos::prelude::*;

use crate::components::state::Message;
use crate::format;

/// There is no such trace, or none has arrived yet.
#[component]
pub fn Missing(
    /// Its id.
    id: String,
    /// Whether it is still waited for.
    waiting: bool,
) -> impl IntoView {
    Effect::new(|_| document().set_title("No such trace · Throughline"));
    if waiting {
        return view! {
            <h1 class="visually-hidden">"Trace"</h1>
            <Message title="Waiting for the trace">
                <p>"None of its spans has arrived yet. A page sends its spans a moment after the work is done."</p>
                <p class="message__detail"><code>{id}</code></p>
            </Message>
        }
        .into_any();
    }
    view! {
        <h1 class="visually-hidden">"Trace"</h1>
        <Message title="There is no such trace">
            <p>"It may not have arrived, may have been too old to keep, or the id may be mistyped."</p>
            <p class="message__detail"><code>{format::clipped(&id, 80)}</code></p>
            <p><a class="button button--primary" href="/">"Go to the traces"</a></p>
        </Message>
    }
    .into_any()
}

/// What stands where the trace will, and how far it is.
#[component]
pub fn Skeleton(
    /// How far the trace is, in words.
    progress: Signal<Option<String>>,
) -> impl IntoView {
    view! {
        <div class="trace">
            <p class="visually-hidden" role="status">"Loading the trace"</p>
            <p class="trace__progress" aria-hidden="true">{move || progress.get()}</p>
            <div class="trace__head" aria-hidden="true">
                <div class="skeleton skeleton--title"></div>
                <div class="skeleton skeleton--detail"></div>
                <div class="skeleton skeleton--story"></div>
                <div class="skeleton skeleton--chips"></div>
            </div>
            <SkeletonRows />
        </div>
    }
}

/// What stands where the rows will.
#[component]
pub fn SkeletonRows() -> impl IntoView {
    view! {
        <div class="skeleton-rows" aria-hidden="true">
            {(0..14_u32)
                .map(|row| {
                    view! {
                        <div class="skeleton-rows__row">
                            <div class="skeleton" style=("--width", format!("{}px", 220 - (row * 37) % 90)) style=("--indent", format!("{}px", 12 + row.min(7) * 14))></div>
                            <div class="skeleton" style=("--width", format!("{}%", 96_u32.saturating_sub(row * 7).max(6))) style=("--indent", format!("{}%", row * 3))></div>
                        </div>
                    }
                })
                .collect_view()}
        </div>
    }
}
