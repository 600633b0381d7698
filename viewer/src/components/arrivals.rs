//! What the setup page shows and does about telemetry: who sends now, what was refused and why, a
//! test span and sample data.

use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::query::{IngestStatusResponse, RefusedRequests, ServiceArrivals};

use crate::api::{self, use_fetch};
use crate::{browser, format};

/// The buttons that make something arrive.
#[component]
pub fn Attempts() -> impl IntoView {
    let (said, say) = signal(None::<Result<String, String>>);
    let (busy, set_busy) = signal(false);
    let attempt = move |path: &'static str, done: &'static str| {
        set_busy.set(true);
        spawn_local(async move {
            let answer = api::send("POST", path, None).await;
            let answer = answer.map(|_| done.to_owned());
            say.try_set(Some(answer.map_err(|error| error.to_string())));
            set_busy.try_set(false);
        });
    };
    view! {
        <div class="attempts">
            <button type="button" class="button" disabled=busy on:click=move |_| attempt("/api/v1/test-span", "A test span was sent and is on disk.")>
                "Send a test span"
            </button>
            <button type="button" class="button" disabled=busy on:click=move |_| attempt("/api/v1/sample-data", "An hour of a sample shop is there.")>
                "Add sample data"
            </button>
            {move || match said.get() {
                None => ().into_any(),
                Some(Ok(text)) => view! { <p role="status">{text} " " <a href="/search">"Look at the traces"</a></p> }.into_any(),
                Some(Err(reason)) => view! { <p class="attempts__failed" role="alert">{reason}</p> }.into_any(),
            }}
        </div>
    }
}

/// Who sends what now, and the latest refusals.
#[component]
pub fn Arrivals() -> impl IntoView {
    let fetched = use_fetch(
        Memo::new(|_| ()),
        |()| "/api/v1/ingest/status".to_owned(),
        api::json::<IngestStatusResponse>,
    );
    browser::every(2, move || fetched.refresh());
    move || {
        fetched.state.get().ready().map(|status| {
            let (services, refusals) = (status.services.clone(), status.refusals.clone());
            let (others, other_refusals) = (status.others, status.other_refusals);
            view! {
                {(!services.is_empty()).then(|| view! { <Senders services=services /> })}
                {(others > 0).then(|| view! { <p>"And " {format::counted(others, "record")} " of further services, which are not told apart."</p> })}
                {(!refusals.is_empty()).then(|| view! { <Refused refusals=refusals /> })}
                {(other_refusals > 0).then(|| view! { <p>"And " {format::counted(other_refusals, "request")} " refused before these."</p> })}
            }
        })
    }
}

#[component]
fn Senders(services: Vec<ServiceArrivals>) -> impl IntoView {
    view! {
        <table class="counts">
            <thead>
                <tr><th scope="col">"In the last minute"</th><th scope="col">"Spans"</th><th scope="col">"Logs"</th><th scope="col">"Metric points"</th></tr>
            </thead>
            <tbody>
                {services
                    .into_iter()
                    .map(|service| {
                        let counts = [service.spans, service.logs, service.metric_points];
                        view! {
                            <tr>
                                <th scope="row">{service.name}</th>
                                {counts.map(|count| view! { <td>{format::count(count.last_minute)}</td> })}
                            </tr>
                        }
                    })
                    .collect_view()}
            </tbody>
        </table>
    }
}

#[component]
fn Refused(refusals: Vec<RefusedRequests>) -> impl IntoView {
    let now = browser::now();
    view! {
        <h3 class="refused__title">"Refused lately"</h3>
        <ul class="refused">
            {refusals
                .into_iter()
                .map(|refusal| {
                    view! {
                        <li class="notice notice--warn">
                            <b>{refusal.signal}</b> ": " {refusal.reason}
                            <small>
                                {(refusal.times > 1).then(|| format!(" {} times,", format::count(refusal.times)))}
                                " " {format::relative(now, refusal.last)}
                            </small>
                        </li>
                    }
                })
                .collect_view()}
        </ul>
    }
}
