//! The views of a trace beside its timeline, each at its own address below the trace's.

use std::sync::Arc;

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate, use_query_map};
use shared::graph::MapResponse;
use shared::trace::statistics::Statistics;
use shared::trace::story::Story;

use crate::api::{self, ApiError, Remote, SearchResponse, use_fetch};
use crate::browser;
use crate::components::copy_button::CopyButton;
use crate::components::drawn::Drawn;
use crate::components::state::Failure;
use crate::components::trace_title::{TraceFacts, TraceTitle};
use crate::format;
use crate::markup::{Markup, element};
use crate::model::filter::quoted;
use crate::model::map_picture::picture;
use crate::model::map_tables::tables;
use crate::model::service_map::{Direction, part_of_id};
use crate::model::trace_views::{
    View, address, groupings, indented, lines, logs, statistics, story, tabs,
};
use crate::url::{QueryString, encode};

/// The height of a line of raw text, in pixels.
const LINE_HEIGHT: f64 = 18.0;
/// So many lines are drawn at a time.
const LINES: usize = 120;

/// The page at `/trace/{id}/{view}`.
#[component]
pub fn TraceViewPage(
    /// The trace.
    id: String,
    /// The view's name in the address.
    view: String,
) -> impl IntoView {
    let search = use_location().search;
    let known = View::from_key(&view);
    let label = View::ALL
        .iter()
        .find(|one| Some(one.0) == known)
        .map_or("Trace", |one| one.2);
    let title = format!("{label} of {} · Throughline", format::short_id(&id));
    Effect::new(move |_| document().set_title(&title));
    let heads = Signal::derive({
        let id = id.clone();
        move || vec![tabs(&id, &view, &search.get())]
    });
    let id = Memo::new(move |_| id.clone());
    let body = match known {
        Some(View::Story) => shown(id, "story", api::json::<Story>, |told, id, _| {
            story(told, id)
        }),
        Some(View::Logs) => shown(id, "logs", api::logs, |entries, id, _| logs(entries, id)),
        Some(View::Graph) => shown(id, "graph", api::json::<MapResponse>, graph),
        Some(View::Statistics) => view! { <StatisticsView id=id /> }.into_any(),
        Some(View::Raw) => view! { <RawView id=id /> }.into_any(),
        None => view! { <p class="page__lead">"There is no such view of a trace."</p> }.into_any(),
    };
    let of = use_fetch(
        id,
        |id: &String| {
            let mut query = QueryString::new("/api/v1/search");
            query.push("q", &format!("{{ trace:id = {} }}", quoted(id)));
            query.push("limit", "1");
            query.finish()
        },
        api::json::<SearchResponse>,
    );
    // Until it is known what the trace is, and where the server cannot tell, the head is as high.
    let head = move || {
        let found = of.state.get().ready();
        let trace = found.as_ref().and_then(|found| found.traces.first());
        let title = match trace {
            Some(trace) => {
                view! { <TraceTitle root=trace.root_name.clone() caused=trace.caused.clone() /> }
                    .into_any()
            }
            None => view! { <h1>{label} " of a trace"</h1> }.into_any(),
        };
        let facts = trace.map(|trace| {
            view! { <TraceFacts start=trace.start services=trace.services.len() spans=trace.span_count as usize /> }
        });
        view! {
            <div class="trace__title">{title}</div>
            <div class="facts">
                {facts}
                <span class="facts__id">
                    "trace " <code title=id.get()>{format::short_id(&id.get())}</code>
                    <CopyButton text=move |()| id.get_untracked() what="the trace id" quiet=true />
                </span>
            </div>
        }
    };
    view! {
        <div class="trace-view">
            <header class="trace__head">
                {head}
                <Drawn contents=heads class="trace__views" on_pick=Callback::new(|_: String| ()) />
            </header>
            <div class="trace-view__body">{body}</div>
        </div>
    }
}

/// The graph of a trace above its tables; `at` names what is picked.
fn graph(map: &MapResponse, _: &str, at: &str) -> Vec<Markup> {
    let picked = part_of_id(map, at);
    let direction = if browser::is_narrow() {
        Direction::Down
    } else {
        Direction::Right
    };
    let picture = picture(map, direction, None, picked);
    let mut parts = vec![element("div", "trace-view__picture").with(picture)];
    parts.extend(tables(map, None, picked));
    parts
}

/// Something that the server tells of a trace below its address, drawn for the trace's id and what is
/// picked, which is in the address.
fn shown<T: Send + Sync + 'static>(
    id: Memo<String>,
    path: &'static str,
    decode: fn(&[u8]) -> Result<T, ApiError>,
    draw: fn(&T, &str, &str) -> Vec<Markup>,
) -> AnyView {
    let fetched = use_fetch(
        id,
        move |id: &String| format!("/api/v1/traces/{}/{path}", encode(id)),
        decode,
    );
    let query = use_query_map();
    let at = Memo::new(move |_| query.with(|query| query.get("at").unwrap_or_default()));
    let navigate = use_navigate();
    let search = use_location().search;
    let pick = Callback::new(move |picked: String| {
        let kept = address(&id.get_untracked(), path, &search.get_untracked());
        let sign = if kept.contains('?') { '&' } else { '?' };
        let next = if picked == at.get_untracked() {
            kept
        } else {
            format!("{kept}{sign}at={}", encode(&picked))
        };
        navigate(&next, replacing());
    });
    (move || match fetched.state.get() {
        Remote::Loading => view! { <div class="skeleton skeleton--block"></div> }.into_any(),
        Remote::Failed(error) => {
            view! { <Failure error=error what="the trace" retry=Callback::new(move |()| fetched.refresh()) /> }.into_any()
        }
        Remote::Ready(answer) => {
            let drawn = Signal::derive(move || draw(&answer, &id.get(), &at.get()));
            view! { <Drawn contents=drawn class="trace-view__drawn" on_pick=pick /> }.into_any()
        }
    })
    .into_any()
}

#[component]
fn StatisticsView(id: Memo<String>) -> impl IntoView {
    let query = use_query_map();
    let text = move |key: &'static str, usual: &'static str| {
        Memo::new(move |_| {
            let given = query.with(|query| query.get(key));
            given
                .filter(|given| !given.is_empty())
                .unwrap_or_else(|| usual.to_owned())
        })
    };
    let (by, sort) = (text("by", "service,name"), text("sort", "own"));
    let asked = Memo::new(move |_| (id.get(), by.get()));
    let fetched = use_fetch(
        asked,
        |(id, by): &(String, String)| {
            let mut query = QueryString::new(&format!("/api/v1/traces/{}/statistics", encode(id)));
            query.push("by", by);
            query.finish()
        },
        api::json::<Statistics>,
    );
    let navigate = use_navigate();
    let search = use_location().search;
    let pick = Callback::new(move |picked: String| {
        let (by, sort) = match picked.strip_prefix("by:") {
            Some(by) => (by.to_owned(), sort.get_untracked()),
            None => (by.get_untracked(), picked),
        };
        let kept = address(&id.get_untracked(), "statistics", &search.get_untracked());
        let sign = if kept.contains('?') { '&' } else { '?' };
        navigate(
            &format!("{kept}{sign}by={}&sort={sort}", encode(&by)),
            replacing(),
        );
    });
    let choices = Signal::derive(move || vec![groupings(&by.get())]);
    let keys = move || {
        fetched
            .state
            .get()
            .ready()
            .map(|found| found.keys.clone())
            .unwrap_or_default()
    };
    view! {
        <div class="trace-view__controls">
            <Drawn contents=choices class="trace-view__choices" on_pick=pick />
            <input
                class="input"
                list="group-keys"
                placeholder="or any attribute, such as http.route"
                aria-label="Group by an attribute"
                on:change:target=move |event| pick.run(format!("by:{}", event.target().value()))
            />
            <datalist id="group-keys">{move || keys().into_iter().map(|key| view! { <option value=key></option> }).collect_view()}</datalist>
        </div>
        {move || match fetched.state.get() {
            Remote::Loading => view! { <div class="skeleton skeleton--block"></div> }.into_any(),
            Remote::Failed(error) => {
                view! { <Failure error=error what="the statistics" retry=Callback::new(move |()| fetched.refresh()) /> }.into_any()
            }
            Remote::Ready(found) => {
                let drawn = Signal::derive(move || statistics(&found, &id.get(), &sort.get()));
                view! { <Drawn contents=drawn class="trace-view__drawn" on_pick=pick /> }.into_any()
            }
        }}
    }
}

#[component]
fn RawView(id: Memo<String>) -> impl IntoView {
    let fetched = use_fetch(
        id,
        |id: &String| format!("/api/v1/traces/{}", encode(id)),
        |body| Ok(indented(&String::from_utf8_lossy(body))),
    );
    let (top, set_top) = signal(0.0);
    move || {
        match fetched.state.get() {
        Remote::Loading => view! { <div class="skeleton skeleton--block"></div> }.into_any(),
        Remote::Failed(error) => {
            view! { <Failure error=error what="the trace" retry=Callback::new(move |()| fetched.refresh()) /> }.into_any()
        }
        Remote::Ready(text) => {
            let copied = Arc::clone(&text);
            let count = text.len();
            // Drawn anew every half window, so that scrolling within it costs nothing.
            let first = Memo::new(move |_| {
                let line = (top.get() / LINE_HEIGHT) as usize;
                (line / (LINES / 4) * (LINES / 4)).saturating_sub(LINES / 4)
            });
            let drawn = Signal::derive(move || lines(&text, first.get(), LINES, LINE_HEIGHT));
            view! {
                <div class="trace-view__controls">
                    <span>{format::counted(count as u64, "line")} " of OTLP/JSON"</span>
                    <CopyButton text=move |()| copied.join("\n") what="the trace as OTLP/JSON" />
                    <a class="button" href=move || format!("/api/v1/traces/{}", encode(&id.get())) download=move || format!("trace-{}.json", id.get()) rel="external">"Download"</a>
                </div>
                <div class="raw" tabindex="0" role="region" aria-label="OTLP/JSON" on:scroll:target=move |event| set_top.set(f64::from(event.target().scroll_top()))>
                    <Drawn contents=drawn class="raw__all" on_pick=Callback::new(|_: String| ()) />
                </div>
            }
            .into_any()
        }
    }
    }
}

fn replacing() -> NavigateOptions {
    NavigateOptions {
        replace: true,
        scroll: false,
        ..NavigateOptions::default()
    }
}
