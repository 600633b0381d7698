//! The head of the page: what the trace is, its story and its findings.

use std::sync::Arc;

use leptos::prelude::*;

use crate::components::copy_button::CopyButton;
use crate::components::drawn::Drawn;
use crate::components::share::Share;
use crate::components::waterfall::WaterfallState;
use crate::format;
use crate::model::findings::{chips, findings, origins_of_errors};
use crate::model::story::{sentence, story};
use crate::model::trace::TraceModel;
use crate::model::trace_views::tabs;
use crate::pages::trace_title::{TraceFacts, TraceTitle};
use crate::url::QueryString;

/// The head.
#[component]
pub fn TraceHead(
    /// The trace.
    model: Arc<TraceModel>,
    /// What of it is shown.
    state: WaterfallState,
) -> impl IntoView {
    let caused = model.caused().map(|node| model.name(node).to_owned());
    let trace_id = model.trace_id().map(|id| id.to_hex()).unwrap_or_default();
    let session = model.session().map(str::to_owned);
    let file = crate::local::file_of(&trace_id);
    let served = file.is_none();
    let errors = u64::from(model.error_count);
    let first_error = origins_of_errors(&model).first().copied();
    let views = Signal::derive({
        let (model, id) = (Arc::clone(&model), trace_id.clone());
        move || {
            let mut kept = QueryString::new("");
            if let Some(node) = state.selected.get() {
                kept.push("span", &model.span_id(node).to_hex());
            }
            if let Some((from, to)) = state.window.get() {
                kept.push("zoom", &format!("{from}-{to}"));
            }
            // The other views are made by the server.
            served
                .then(|| tabs(&id, "", &kept.finish()))
                .into_iter()
                .collect()
        }
    });
    // Large traces are shown before it is known what their time went to.
    fn reading<T>(state: WaterfallState, what: fn(&TraceModel) -> T) -> T {
        state.analysed.track();
        state.model.with_value(|model| what(model))
    }
    let found = Signal::derive(move || {
        let mut out = vec![sentence(&reading(state, story))];
        out.extend(chips(&reading(state, findings)));
        out
    });
    let go = Callback::new(move |picked: String| {
        if let Ok(node) = picked.parse() {
            state.go(node, true);
        }
    });
    view! {
        <header class="trace__head">
            <div class="trace__title">
                <TraceTitle root=model.name(model.root).to_owned() caused=caused />
                <span class="trace__duration">{format::duration(model.headline_duration())}</span>
                {(errors > 0)
                    .then(|| {
                        view! {
                            <button
                                type="button"
                                class="badge"
                                title="Go to where it began"
                                on:click=move |_| if let Some(node) = first_error { state.go(node, true) }
                            >
                                {format::counted(errors, "error")}
                            </button>
                        }
                    })}
            </div>
            <div class="facts">
                <TraceFacts start=model.start_time() services=model.services.len() spans=model.len() />
                {session
                    .map(|session| {
                        let address = format!("/session/{}?span={trace_id}", crate::url::encode(&session));
                        view! { <span>"session " <a href=address title="Who it was, and what they had done before">{format::short_id(&session)}</a></span> }
                    })}
                <span class="facts__id">
                    "trace " <code>{format::short_id(&trace_id)}</code>
                    <CopyButton text=move |()| trace_id.clone() what="the trace id" quiet=true />
                </span>
                {match file {
                    Some(file) => view! { <span>"from the file " <b>{format::clipped(&file, 60)}</b> ", on no server"</span> }.into_any(),
                    None => view! { <Share id=model.trace_id().map(|id| id.to_hex()).unwrap_or_default() /> }.into_any(),
                }}
            </div>
            <Drawn contents=found class="trace__found" on_pick=go />
            <Drawn contents=views class="trace__views" on_pick=Callback::new(|_: String| ()) />
        </header>
    }
}
