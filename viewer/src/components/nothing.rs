//! The list of traces when it is empty: no traces yet, or the part of the search that leaves nothing.

use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::query::{PartsResponse, SearchPart};

use super::state::Message;
use crate::api::{self, Fetched, SearchResponse};
use crate::browser;
use crate::format;
use crate::model::filter::{Filter, Range};

/// Why nothing is listed, and the one thing to do.
#[component]
pub fn Nothing(
    /// What was asked.
    filter: Memo<Filter>,
    /// The empty answer.
    found: Fetched<SearchResponse>,
    /// Asks for something else.
    on_change: Callback<Filter>,
) -> impl IntoView {
    let narrowed = Memo::new(move |_| filter.with(Filter::narrows));
    move || {
        if narrowed.get() {
            view! { <Excluded filter=filter found=found on_change=on_change /> }.into_any()
        } else {
            view! {
                <Message title="No traces yet">
                    <p>"Put one tag into a page, or point an OpenTelemetry SDK here, and the first trace shows up within a second."</p>
                    <p><a class="button button--primary" href="/setup">"Set it up"</a></p>
                </Message>
            }
            .into_any()
        }
    }
}

#[component]
fn Excluded(
    filter: Memo<Filter>,
    found: Fetched<SearchResponse>,
    on_change: Callback<Filter>,
) -> impl IntoView {
    let asked = Memo::new(move |_| Filter {
        live: false,
        after: String::new(),
        ..filter.get()
    });
    let parts = RwSignal::new(None::<PartsResponse>);
    Effect::new(move |_| {
        let filter = asked.get();
        parts.set(None);
        spawn_local(async move {
            let path = filter.parts_path(browser::now());
            let answer = api::read::<PartsResponse>(&path).await;
            // Without an answer there is still the way out below.
            let found = answer.unwrap_or(PartsResponse {
                parts: Vec::new(),
                untried: 0,
            });
            if asked.try_get_untracked() == Some(filter) {
                parts.try_set(Some(found));
            }
        });
    });
    let scanned = move || {
        let answer = found.state.get().ready();
        answer.map_or(0, |answer| answer.scanned_traces)
    };
    let row = move |part: SearchPart| {
        let label = match &part.part {
            Some(part) => view! { <code>{part.clone()}</code> }.into_any(),
            None => view! { <span>"the time range"</span> }.into_any(),
        };
        let to_blame = part.found == Some(true);
        let verdict = match part.found {
            Some(true) => "excludes everything",
            Some(false) => "changes nothing",
            None => "could not be tried in time",
        };
        let without = move || {
            let old = filter.get_untracked();
            let mut next = old.with_whole_query(part.query.clone());
            if part.part.is_none() {
                next = Filter {
                    range: Range::Any,
                    ..old
                };
            }
            on_change.run(next);
        };
        view! {
            <li class:message__part--blame=to_blame>
                {label}
                <span>{verdict}</span>
                {to_blame.then(|| view! { <button type="button" class="link" on:click=move |_| without()>"leave out"</button> })}
            </li>
        }
    };
    view! {
        <Message title="No trace matches">
            <p>{move || format::counted(scanned(), "trace")} " looked at."</p>
            {move || match parts.get() {
                None => view! { <p role="status">"Trying what is found without each part …"</p> }.into_any(),
                Some(PartsResponse { parts, untried }) => {
                    let none = !parts.is_empty() && parts.iter().all(|part| part.found == Some(false));
                    view! {
                        <ul class="message__parts">{parts.into_iter().map(row).collect_view()}</ul>
                        {(untried > 0).then(|| view! { <p>{format::counted(u64::from(untried), "further part")} " of the query not tried."</p> })}
                        {none.then(|| view! { <p>"No single part is to blame: leave out two, or look at another time."</p> })}
                    }
                    .into_any()
                }
            }}
            <p>
                <button type="button" class="button" on:click=move |_| {
                    let old = filter.get_untracked();
                    on_change.run(Filter { range: Range::Any, ..old.with_whole_query(String::new()) });
                }>
                    "Show all traces"
                </button>
            </p>
        </Message>
    }
}
