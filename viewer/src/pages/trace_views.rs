//! The views of a trace beside its timeline, each at its own address below the trace's.

use std::sync::Arc;

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate, use_query_map};
use shared::graph::MapResponse;
use shared::trace::statistics::Statistics;
use shared::trace::story::Story;

use crate::api::{self, ApiError, Remote, SearchResponse, use_fetch, use_part};
use crate::browser;
use crate::components::copy_button::CopyButton;
use crate::components::drawn::Drawn;
use crate::components::state::Failure;
use crate::format;
use crate::markup::{Markup, element};
use crate::model::filter::quoted;
use crate::model::map_picture::picture;
use crate::model::map_tables::tables;
use crate::model::service_map::{Direction, part_of_id};
use crate::model::trace_views::{
    FROM, MOST_GROUPS, PAGE, Part, View, address, groupings, indented, lines, logs, statistics,
    story, tabs,
};
use crate::pages::trace_title::{TraceFacts, TraceTitle};
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
        Some(View::Story) => shown(id, "story", api::json::<Story>, |told, id, _, _| {
            story(told, id)
        }),
        Some(View::Logs) => shown(id, "logs", api::logs, |entries, id, _, from| {
            logs(entries, id, from)
        }),
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
fn graph(map: &MapResponse, _: &str, at: &str, _: usize) -> Vec<Markup> {
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

/// The place of the first row that is shown of a list, as the address has it.
fn from_address() -> Memo<usize> {
    let query = use_query_map();
    Memo::new(move |_| {
        let from = query.with(|query| query.get("from"));
        from.and_then(|from| from.parse().ok()).unwrap_or(0)
    })
}

/// The state that a view adds to its address.
fn with_state(kept: &str, state: &[(&str, &str)]) -> String {
    let mut address = kept.to_owned();
    for (key, value) in state.iter().filter(|(_, value)| !value.is_empty()) {
        let sign = if address.contains('?') { '&' } else { '?' };
        address.extend([sign.to_string().as_str(), key, "=", &encode(value)]);
    }
    address
}

/// Something that the server tells of a trace below its address, drawn for the trace's id, what is picked, and the
/// place of the first row, which are in the address.
fn shown<T: Send + Sync + 'static>(
    id: Memo<String>,
    path: &'static str,
    decode: fn(&[u8]) -> Result<T, ApiError>,
    draw: fn(&T, &str, &str, usize) -> Vec<Markup>,
) -> AnyView {
    let fetched = use_fetch(
        id,
        move |id: &String| format!("/api/v1/traces/{}/{path}", encode(id)),
        decode,
    );
    let query = use_query_map();
    let at = Memo::new(move |_| query.with(|query| query.get("at").unwrap_or_default()));
    let from = from_address();
    let navigate = use_navigate();
    let search = use_location().search;
    let pick = Callback::new(move |picked: String| {
        let kept = address(&id.get_untracked(), path, &search.get_untracked());
        let (at, from) = match picked.strip_prefix(FROM) {
            Some(from) => (at.get_untracked(), from),
            None if picked == at.get_untracked() => (String::new(), ""),
            None => (picked.clone(), ""),
        };
        navigate(
            &with_state(&kept, &[("at", &at), ("from", from)]),
            replacing(),
        );
    });
    (move || match fetched.state.get() {
        Remote::Loading => view! { <div class="skeleton skeleton--block"></div> }.into_any(),
        Remote::Failed(error) => {
            view! { <Failure error=error what="the trace" retry=Callback::new(move |()| fetched.refresh()) /> }.into_any()
        }
        Remote::Ready(answer) => {
            let drawn = Signal::derive(move || draw(&answer, &id.get(), &at.get(), from.get()));
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
    let (by, sort, from) = (
        text("by", "service,name"),
        text("sort", "own"),
        from_address(),
    );
    // Where not all groups are listed, those are asked for that another column begins with.
    let partly = RwSignal::new(false);
    let asked = Memo::new(move |_| {
        let sort = if partly.get() {
            sort.get()
        } else {
            String::new()
        };
        (id.get(), by.get(), sort)
    });
    let fetched = use_fetch(
        asked,
        |(id, by, sort): &(String, String, String)| {
            let mut query = QueryString::new(&format!("/api/v1/traces/{}/statistics", encode(id)));
            query.push("by", by);
            query.push_unless_empty("sort", sort);
            query.push("limit", &MOST_GROUPS.to_string());
            query.finish()
        },
        api::json::<Statistics>,
    );
    Effect::new(move |_| {
        if let Some(found) = fetched.state.get().ready() {
            partly.set(found.groups.len() < found.count as usize);
        }
    });
    let navigate = use_navigate();
    let search = use_location().search;
    let pick = Callback::new(move |picked: String| {
        let (mut by, mut sort, mut from) = (by.get_untracked(), sort.get_untracked(), "");
        if let Some(other) = picked.strip_prefix("by:") {
            other.clone_into(&mut by);
        } else if let Some(place) = picked.strip_prefix(FROM) {
            from = place;
        } else {
            picked.clone_into(&mut sort);
        }
        let kept = address(&id.get_untracked(), "statistics", &search.get_untracked());
        let state = [("by", by.as_str()), ("sort", &sort), ("from", from)];
        navigate(&with_state(&kept, &state), replacing());
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
                let drawn = Signal::derive(move || statistics(&found, &id.get(), &sort.get(), from.get()));
                view! { <Drawn contents=drawn class="trace-view__drawn" on_pick=pick /> }.into_any()
            }
        }}
    }
}

/// Some of a trace's spans as they are kept, as lines, and how many spans there are.
struct RawPart {
    lines: Vec<String>,
    spans: usize,
}

#[component]
fn RawView(id: Memo<String>) -> impl IntoView {
    let from = from_address();
    let asked = Memo::new(move |_| (id.get(), from.get() / PAGE * PAGE));
    let fetched = use_part(
        asked,
        |(id, from): &(String, usize)| {
            let mut query = QueryString::new(&format!("/api/v1/traces/{}", encode(id)));
            query.push("from", &from.to_string());
            query.push("limit", &PAGE.to_string());
            query.finish()
        },
        |body, total| {
            Ok(RawPart {
                lines: indented(&String::from_utf8_lossy(body)),
                spans: total.unwrap_or(0),
            })
        },
    );
    let navigate = use_navigate();
    let search = use_location().search;
    let pick = Callback::new(move |picked: String| {
        let kept = address(&id.get_untracked(), "raw", &search.get_untracked());
        let from = picked.strip_prefix(FROM).unwrap_or_default();
        navigate(&with_state(&kept, &[("from", from)]), replacing());
    });
    let (top, set_top) = signal(0.0);
    move || {
        match fetched.state.get() {
        Remote::Loading => view! { <div class="skeleton skeleton--block"></div> }.into_any(),
        Remote::Failed(error) => {
            view! { <Failure error=error what="the trace" retry=Callback::new(move |()| fetched.refresh()) /> }.into_any()
        }
        Remote::Ready(part) => {
            let copied = Arc::clone(&part);
            let count = part.lines.len();
            let pager = Part::new(from.get_untracked(), part.spans).pager(part.spans, "span", "");
            let pager = Signal::stored(pager.into_iter().collect::<Vec<_>>());
            set_top.set(0.0);
            // Drawn anew every half window, so that scrolling within it costs nothing.
            let first = Memo::new(move |_| {
                let line = (top.get() / LINE_HEIGHT) as usize;
                (line / (LINES / 4) * (LINES / 4)).saturating_sub(LINES / 4)
            });
            let drawn = Signal::derive(move || lines(&part.lines, first.get(), LINES, LINE_HEIGHT));
            view! {
                <div class="trace-view__controls">
                    <span>{format::counted(count as u64, "line")} " of OTLP/JSON"</span>
                    <CopyButton text=move |()| copied.lines.join("\n") what="the trace as OTLP/JSON" />
                    <a class="button" href=move || format!("/api/v1/traces/{}", encode(&id.get())) download=move || format!("trace-{}.json", id.get()) rel="external">"Download"</a>
                    <Drawn contents=pager class="trace-view__pager" on_pick=pick />
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
