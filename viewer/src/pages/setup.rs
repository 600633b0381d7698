//! The setup page: the tag to copy, how services join, and the moment the first span arrives.

use leptos::prelude::*;
use shared::query::StatusResponse;

use crate::api::{self, Remote, SearchResponse, use_fetch};
use crate::browser;
use crate::components::arrivals::{Arrivals, Attempts};
use crate::components::copy_button::CopyButton;
use crate::components::state::Failure;
use crate::format;
use crate::model::recipes::RECIPES;

/// The page at `/setup`.
#[component]
pub fn SetupPage() -> impl IntoView {
    let status = use_fetch(
        Memo::new(|_| ()),
        |()| "/api/v1/status".to_owned(),
        api::json::<StatusResponse>,
    );
    let latest = use_fetch(
        Memo::new(|_| ()),
        |()| "/api/v1/search?limit=1".to_owned(),
        api::json::<SearchResponse>,
    );
    browser::every(2, move || {
        status.refresh();
        latest.refresh();
    });
    Effect::new(|_| document().set_title("Setup · Throughline"));
    let loaded = Memo::new(move |_| match status.state.get() {
        Remote::Loading => 0,
        Remote::Ready(_) => 1,
        Remote::Failed(_) => 2,
    });
    let addresses = Memo::new(move |_| {
        status
            .state
            .get()
            .ready()
            .map(|status| {
                (
                    status.ingest_url.trim_end_matches('/').to_owned(),
                    status.grpc_url.clone(),
                )
            })
            .unwrap_or_default()
    });
    view! {
        <div class="page setup">
            <h1 class="page__title">"Setup"</h1>
            <p class="page__lead">
                "One tag in the page, one address for the services. Traces in a file "
                <a href="/file">"can be opened"</a> " without either."
            </p>
            {move || match loaded.get() {
                0 => view! { <div class="skeleton skeleton--block"></div><div class="skeleton skeleton--block"></div> }.into_any(),
                1 => view! {
                    <ol class="steps">
                        <BrowserStep addresses=addresses />
                        <ServiceStep addresses=addresses />
                        <ArrivalStep status=status.state latest=latest.state />
                    </ol>
                }
                .into_any(),
                _ => {
                    let Remote::Failed(error) = status.state.get_untracked() else { return ().into_any() };
                    view! { <Failure error=error what="its address" retry=Callback::new(move |()| status.refresh()) /> }.into_any()
                }
            }}
        </div>
    }
}

#[component]
fn Recipe(
    /// What the text is, for its button.
    what: &'static str,
    /// The text.
    text: Signal<String>,
) -> impl IntoView {
    view! {
        <div class="recipe">
            <pre class="recipe__text" role="group" aria-label=what tabindex="0"><code>{move || text.get()}</code></pre>
            <CopyButton text=move |()| text.get_untracked() what=what />
        </div>
    }
}

#[component]
fn BrowserStep(addresses: Memo<(String, String)>) -> impl IntoView {
    let (service, set_service) = signal(String::new());
    let tag = Signal::derive(move || {
        let name = service.get();
        let name = if name.trim().is_empty() {
            "my-web"
        } else {
            name.trim()
        };
        format!(
            "<script src=\"{}/throughline.js\" crossorigin data-service=\"{}\"></script>",
            addresses.with(|addresses| addresses.0.clone()),
            attribute(name)
        )
    });
    view! {
        <li class="step">
            <h2>"Put the tag into your page"</h2>
            <p>"First in the " <code>"<head>"</code> ", before other scripts. Every click, request and page load is traced from there on."</p>
            <label class="step__field">
                "Name of the application"
                <input
                    class="input"
                    type="text"
                    placeholder="my-web"
                    spellcheck="false"
                    on:input:target=move |event| set_service.set(event.target().value())
                />
            </label>
            <Recipe what="the tag" text=tag />
            <p class="step__note">"Requests to the page's own origin carry the trace on. Name others with " <code>"data-propagate=\"https://api.example.com\""</code> "."</p>
        </li>
    }
}

#[component]
fn ServiceStep(addresses: Memo<(String, String)>) -> impl IntoView {
    let (chosen, choose) = signal(0_usize);
    let text = Signal::derive(move || {
        addresses.with(|(ingest, grpc)| RECIPES[chosen.get()].text(ingest, grpc))
    });
    view! {
        <li class="step">
            <h2>"Point your services here"</h2>
            <p>"Any OpenTelemetry SDK reads these variables; the trace context arrives with the browser's requests."</p>
            <div class="pills" role="group" aria-label="Language or proxy">
                {RECIPES
                    .iter()
                    .enumerate()
                    .map(|(index, recipe)| {
                        view! {
                            <button
                                type="button"
                                class="pill"
                                aria-pressed=move || (chosen.get() == index).to_string()
                                on:click=move |_| choose.set(index)
                            >
                                {recipe.name}
                            </button>
                        }
                    })
                    .collect_view()}
            </div>
            <Recipe what="the settings" text=text />
        </li>
    }
}

#[component]
fn ArrivalStep(
    status: ReadSignal<Remote<StatusResponse>>,
    latest: ReadSignal<Remote<SearchResponse>>,
) -> impl IntoView {
    let now = browser::ticking_now(1);
    let first = Memo::new(move |_| {
        latest
            .get()
            .ready()
            .and_then(|answer| answer.traces.first().cloned())
    });
    view! {
        <li class="step">
            <h2>"See it arrive"</h2>
            <div class="arrival" class:arrival--here=move || first.with(Option::is_some) aria-live="polite">
                <i class="arrival__dot" aria-hidden="true"></i>
                {move || match first.get() {
                    None => view! { <span>"Waiting for the first span …"</span> }.into_any(),
                    Some(trace) => view! {
                        <span class="arrival__trace">
                            <a href=format!("/trace/{}", trace.trace_id)>{format::quoted(&trace.root_name)}</a>
                            " from "
                            {trace.root_service.clone()}
                            ", "
                            {format::duration(trace.duration.0)}
                        </span>
                        <span class="arrival__when">{move || format::relative(now.get(), trace.start)}</span>
                    }
                    .into_any(),
                }}
            </div>
            <Attempts />
            {move || status.get().ready().map(|status| view! { <Counts status=(*status).clone() /> })}
            // Below what is of one height, so that nothing moves when it comes.
            <Show when=move || status.get().ready().is_some()>
                <Arrivals />
            </Show>
        </li>
    }
}

#[component]
fn Counts(status: StatusResponse) -> impl IntoView {
    let rows = [
        ("Spans", status.accepted.spans, status.refused.spans),
        ("Logs", status.accepted.logs, status.refused.logs),
        (
            "Metric points",
            status.accepted.metric_points,
            status.refused.metric_points,
        ),
    ];
    view! {
        <table class="counts">
            <thead>
                <tr><th scope="col">"Since the server started"</th><th scope="col">"Accepted"</th><th scope="col">"Refused"</th></tr>
            </thead>
            <tbody>
                {rows
                    .map(|(name, accepted, refused)| {
                        view! {
                            <tr>
                                <th scope="row">{name}</th>
                                <td>{format::count(accepted)}</td>
                                <td class:counts__refused=refused != 0>{format::count(refused)}</td>
                            </tr>
                        }
                    })
                    .collect_view()}
            </tbody>
        </table>
        <p class="step__note">"Throughline " {status.version} ", listening at " <code>{status.ingest_url}</code> " and " <code>{status.grpc_url}</code> "."</p>
    }
}

/// A text within the quotation marks of an HTML attribute.
fn attribute(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
}
