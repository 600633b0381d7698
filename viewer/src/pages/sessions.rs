//! The sessions: who was here, what they did, and what went wrong for them.

use std::sync::Arc;

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};
use shared::query::session::{SessionSummary, SessionsResponse};
use shared::time::UnixNanos;

use crate::api::{self, Remote, use_fetch};
use crate::browser;
use crate::components::state::{Failure, Message, StaleNotice};
use crate::format;
use crate::model::filter::Range;
use crate::model::session_filter::SessionFilter;

/// How often the list is asked for again, in seconds.
const REFRESH_SECONDS: u32 = 10;
/// How many rows stand in while the first answer is awaited.
const SKELETONS: usize = 6;

/// The page at `/sessions`.
#[component]
pub fn SessionsPage() -> impl IntoView {
    let query = use_query_map();
    let filter =
        Memo::new(move |_| query.with(|query| SessionFilter::from_address(|key| query.get(key))));
    let found = use_fetch(
        filter,
        |filter: &SessionFilter| filter.api_path(browser::now()),
        api::json::<SessionsResponse>,
    );
    browser::every(REFRESH_SECONDS, move || found.refresh());
    let navigate = use_navigate();
    let go = Callback::new(move |next: SessionFilter| {
        let options = NavigateOptions {
            scroll: false,
            ..NavigateOptions::default()
        };
        navigate(&next.address(), options);
    });
    Effect::new(|_| document().set_title("Sessions · Throughline"));
    view! {
        <div class="page sessions">
            <h1 class="page__title">"Sessions"</h1>
            <Controls filter=filter on_change=go />
            <StaleNotice error=found.stale />
            {move || match found.state.get() {
                Remote::Loading => view! {
                    <p class="visually-hidden" role="status">"Loading the sessions"</p>
                    {(0..SKELETONS).map(|_| view! { <div class="skeleton sessions__skeleton" aria-hidden="true"></div> }).collect_view()}
                }
                .into_any(),
                Remote::Failed(error) => {
                    view! { <Failure error=error what="the sessions" retry=Callback::new(move |()| found.refresh()) /> }.into_any()
                }
                Remote::Ready(answer) if answer.sessions.is_empty() => view! { <Nothing answer=answer filter=filter on_change=go /> }.into_any(),
                Remote::Ready(answer) => view! { <List answer=answer filter=filter on_change=go /> }.into_any(),
            }}
        </div>
    }
}

#[component]
fn Controls(filter: Memo<SessionFilter>, on_change: Callback<SessionFilter>) -> impl IntoView {
    let change = move |edit: &dyn Fn(&mut SessionFilter)| {
        let mut next = filter.get_untracked();
        next.after.clear();
        edit(&mut next);
        on_change.run(next);
    };
    let pill =
        move |label: &'static str, get: fn(&SessionFilter) -> bool, set: fn(&mut SessionFilter)| {
            view! {
                <button
                    type="button"
                    class="pill"
                    aria-pressed=move || filter.with(get).to_string()
                    on:click=move |_| change(&|filter| set(filter))
                >
                    {label}
                </button>
            }
        };
    view! {
        <div class="sessions__controls" role="group" aria-label="Filters">
            <input
                class="input"
                type="search"
                placeholder="User: name, e-mail or id"
                aria-label="User"
                prop:value=move || filter.with(|filter| filter.user.clone())
                on:change:target=move |event| {
                    let user = event.target().value();
                    change(&|filter| filter.user.clone_from(&user));
                }
            />
            <input
                class="input"
                type="search"
                placeholder="Route"
                aria-label="Route"
                prop:value=move || filter.with(|filter| filter.route.clone())
                on:change:target=move |event| {
                    let route = event.target().value();
                    change(&|filter| filter.route.clone_from(&route));
                }
            />
            {pill("Errors", |filter| filter.error, |filter| filter.error = !filter.error)}
            {pill("Poor vitals", |filter| filter.poor, |filter| filter.poor = !filter.poor)}
            {pill("Rage clicks", |filter| filter.rage, |filter| filter.rage = !filter.rage)}
            <select
                class="select"
                aria-label="Duration"
                on:change:target=move |event| {
                    let longer = event.target().value().parse().ok();
                    change(&|filter| filter.longer = longer);
                }
            >
                {[("", "Any length"), ("10", "10 s and longer"), ("60", "1 min and longer"), ("600", "10 min and longer")]
                    .map(|(key, label)| {
                        let value: Option<u32> = key.parse().ok();
                        view! { <option value=key selected=move || filter.with(|filter| filter.longer == value)>{label}</option> }
                    })
                    .collect_view()}
            </select>
            <select
                class="select"
                aria-label="Time range"
                on:change:target=move |event| {
                    let range = Range::from_key(&event.target().value());
                    change(&|filter| filter.range = range);
                }
            >
                {Range::CHOICES
                    .map(|(range, key, label)| {
                        view! { <option value=key selected=move || filter.with(|filter| filter.range == range)>{label}</option> }
                    })
                    .collect_view()}
            </select>
        </div>
    }
}

#[component]
fn List(
    answer: Arc<SessionsResponse>,
    filter: Memo<SessionFilter>,
    on_change: Callback<SessionFilter>,
) -> impl IntoView {
    let now = browser::ticking_now(1);
    let next = answer.next.clone();
    view! {
        <p class="sessions__scanned">
            {format::counted(answer.sessions.len() as u64, "session")}
            {if answer.more { " so far; looked at " } else { "; looked at " }}
            {format::counted(answer.scanned_sessions, "session")} " in " {format::counted(answer.scanned_traces, "trace")} "."
        </p>
        <ul class="sessions__list">
            {answer.sessions.iter().cloned().map(|session| view! { <li><Row session=session now=now /></li> }).collect_view()}
        </ul>
        {next
            .map(|next| {
                view! {
                    <button
                        type="button"
                        class="button"
                        on:click=move |_| on_change.run(SessionFilter { after: next.clone(), ..filter.get_untracked() })
                    >
                        "Older sessions"
                    </button>
                }
            })}
    }
}

/// A session in the list; the whole row is a link to it.
#[component]
fn Row(session: SessionSummary, now: ReadSignal<UnixNanos>) -> impl IntoView {
    let start = session.start;
    let who = ["user.name", "user.email", "user.id"]
        .into_iter()
        .find_map(|key| session.user.get(key).cloned());
    let poor: Vec<String> = session
        .vitals
        .iter()
        .filter(|vital| vital.rating == "poor")
        .map(ToString::to_string)
        .collect();
    let errors = u64::from(session.error_count);
    let rage = u64::from(session.rage_count);
    view! {
        <a class="session-row" class:session-row--failed={errors > 0} href=format!("/session/{}", crate::url::encode(&session.session_id))>
            <span class="session-row__what">
                <b>{who.unwrap_or_else(|| format!("visitor {}", format::short_id(&session.session_id)))}</b>
                <span class="session-row__routes">{session.routes.join(" → ")}</span>
                {session.error.clone().map(|error| view! { <span class="session-row__error"><b aria-label="Error">"✕"</b> " " {format::quoted(&error)}</span> })}
            </span>
            <span class="session-row__marks">
                {(errors > 0).then(|| view! { <i class="mark mark--error">{format::counted(errors, "error")}</i> })}
                {(rage > 0).then(|| view! { <i class="mark mark--warn">{format::counted(rage, "rage click")}</i> })}
                {poor.into_iter().map(|vital| view! { <i class="mark mark--warn">{vital}</i> }).collect_view()}
                {session.recorded.then(|| view! { <i class="mark">"recorded"</i> })}
            </span>
            <span class="session-row__figures">
                <b>{format::duration((session.end - session.start).0)}</b>
                <small>{format::counted(u64::from(session.action_count), "action")}</small>
            </span>
            <span class="session-row__when">{move || format::relative(now.get(), start)}<small>{session.service.clone()}</small></span>
        </a>
    }
}

#[component]
fn Nothing(
    answer: Arc<SessionsResponse>,
    filter: Memo<SessionFilter>,
    on_change: Callback<SessionFilter>,
) -> impl IntoView {
    if filter.with_untracked(SessionFilter::is_open) {
        return view! {
            <Message title="Nobody has been here yet">
                <p>"A session begins when a page that carries the tag is opened."</p>
                <p><a class="button button--primary" href="/setup">"Set it up"</a></p>
            </Message>
        }
        .into_any();
    }
    view! {
        <Message title="No session meets all of this">
            <p>"Looked at " {format::counted(answer.scanned_sessions, "session")} " in " {format::counted(answer.scanned_traces, "trace")} "."</p>
            <p><button type="button" class="button button--primary" on:click=move |_| on_change.run(SessionFilter::default())>"Show all sessions"</button></p>
        </Message>
    }
    .into_any()
}
