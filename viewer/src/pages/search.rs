//! The search page: a query, filters, and the traces that they find.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};
use shared::query::{SearchResponse, ServicesResponse, TraceSummary};

use crate::api::{self, ApiError, Fetched, Remote, use_fetch};
use crate::browser;
use crate::components::filters::Filters;
use crate::components::query_bar::{QueryBar, QueryProblem};
use crate::components::scatter::ScatterPlot;
use crate::components::state::{Failure, Message, StaleNotice};
use crate::components::trace_row::TraceRow;
use crate::format;
use crate::model::filter::{Filter, MOST, PAGE, Range};

/// How often a live list is asked for, in seconds.
const LIVE_SECONDS: u32 = 2;
/// How many rows stand in while the first answer is awaited.
const SKELETONS: usize = 8;

/// The page at `/` and `/search`.
#[component]
pub fn SearchPage() -> impl IntoView {
    let query = use_query_map();
    let filter = Memo::new(move |_| query.with(|query| Filter::from_address(|key| query.get(key))));
    // Whether the list is followed does not change what is asked.
    let asked = Memo::new(move |_| Filter {
        live: false,
        ..filter.get()
    });
    let found = use_fetch(
        asked,
        |filter: &Filter| filter.api_path(browser::now()),
        api::json::<SearchResponse>,
    );
    let services = use_fetch(
        Memo::new(|_| ()),
        |()| "/api/v1/services".to_owned(),
        api::json::<ServicesResponse>,
    );
    let live = Memo::new(move |_| filter.with(|filter| filter.live));
    browser::every(LIVE_SECONDS, move || {
        if live.try_get_untracked() == Some(true) {
            found.refresh();
            services.refresh();
        }
    });
    let navigate = use_navigate();
    let go = Callback::new(move |next: Filter| {
        let options = NavigateOptions {
            scroll: false,
            ..NavigateOptions::default()
        };
        navigate(&next.address(), options);
    });
    let ask = Callback::new(move |query: String| {
        let next = Filter {
            query,
            limit: PAGE,
            ..filter.get_untracked()
        };
        if next == filter.get_untracked() {
            found.refresh();
        } else {
            go.run(next);
        }
    });
    let problem = Signal::derive(move || match found.state.get() {
        Remote::Failed(ApiError::Refused {
            status: 400,
            message,
            position,
        }) => {
            let typed = filter.with(|filter| filter.query.len());
            Some(QueryProblem {
                message,
                position: position.filter(|position| *position <= typed),
            })
        }
        _ => None,
    });
    Effect::new(|_| document().set_title("Traces · Throughline"));
    view! {
        <div class="search">
            <h1 class="visually-hidden">"Traces"</h1>
            <div class="search__head">
                <QueryBar value=Signal::derive(move || filter.with(|filter| filter.query.clone())) on_submit=ask problem=problem />
                <RangeSelect filter=filter on_change=go />
                <button
                    type="button"
                    class="button live"
                    aria-pressed=move || live.get().to_string()
                    on:click=move |_| go.run(Filter { live: !live.get_untracked(), ..filter.get_untracked() })
                >
                    <i class="live__dot" aria-hidden="true"></i>
                    "Live"
                </button>
            </div>
            <div class="search__body">
                <Filters filter=filter services=services on_change=go />
                <div class="search__results">
                    <Results filter=filter found=found problem=problem on_change=go />
                </div>
            </div>
        </div>
    }
}

#[component]
fn RangeSelect(filter: Memo<Filter>, on_change: Callback<Filter>) -> impl IntoView {
    view! {
        <select
            class="select search__range"
            aria-label="Time range, in UTC"
            on:change:target=move |event| {
                let range = Range::from_key(&event.target().value());
                on_change.run(Filter { range, limit: PAGE, ..filter.get_untracked() });
            }
        >
            {Range::CHOICES
                .map(|(range, key, label)| {
                    view! { <option value=key selected=move || filter.with(|filter| filter.range == range)>{label}</option> }
                })
                .collect_view()}
        </select>
    }
}

#[component]
fn Results(
    filter: Memo<Filter>,
    found: Fetched<SearchResponse>,
    problem: Signal<Option<QueryProblem>>,
    on_change: Callback<Filter>,
) -> impl IntoView {
    // The frame follows the kind of answer alone, so that a live list keeps its rows.
    #[derive(PartialEq, Eq, Clone, Copy)]
    enum Frame {
        Loading,
        Rows,
        Nothing,
        Failed,
    }
    let frame = Memo::new(move |_| match found.state.get() {
        Remote::Loading => Frame::Loading,
        Remote::Ready(answer) if answer.traces.is_empty() => Frame::Nothing,
        Remote::Ready(_) => Frame::Rows,
        Remote::Failed(_) => Frame::Failed,
    });
    move || {
        match frame.get() {
        Frame::Loading => view! { <Skeleton /> }.into_any(),
        Frame::Rows => view! { <StaleNotice error=found.stale /><Traces filter=filter found=found on_change=on_change /> }.into_any(),
        Frame::Nothing => view! { <StaleNotice error=found.stale /><Nothing filter=filter found=found on_change=on_change /> }.into_any(),
        Frame::Failed if problem.with_untracked(Option::is_some) => view! {
            <Message title="The query is not understood" failed=true>
                <p>"The mark under the query shows where. A query names what the spans of a trace must have:"</p>
                <Examples on_change=on_change filter=filter />
            </Message>
        }
        .into_any(),
        Frame::Failed => {
            let Remote::Failed(error) = found.state.get_untracked() else { return ().into_any() };
            view! { <Failure error=error what="the traces" retry=Callback::new(move |()| found.refresh()) /> }.into_any()
        }
    }
    }
}

#[component]
fn Traces(
    filter: Memo<Filter>,
    found: Fetched<SearchResponse>,
    on_change: Callback<Filter>,
) -> impl IntoView {
    let now = browser::ticking_now(1);
    let answer = Signal::derive(move || found.state.get().ready());
    let traces = move || {
        answer
            .get()
            .map(|answer| answer.traces.clone())
            .unwrap_or_default()
    };
    let longest = Memo::new(move |_| {
        traces()
            .iter()
            .map(|trace| trace.duration.0)
            .max()
            .unwrap_or_default()
    });
    let more = move || answer.with(|answer| answer.as_ref().is_some_and(|answer| answer.more));
    let limit = move || filter.with(|filter| filter.limit);
    view! {
        <div class="overview">
            <div class="overview__figures">{move || answer.get().map(|answer| view! { <Figures answer=(*answer).clone() /> })}</div>
            <ScatterPlot answer=answer />
        </div>
        <div class="trace-list__head" aria-hidden="true">
            <span>"What happened, and what it caused"</span>
            <span>"Timeline"</span>
            <span class="trace-list__right">"Duration"</span>
            <span>"Services"</span>
            <span class="trace-list__right">"When"</span>
        </div>
        <ol class="trace-list">
            <For each=traces key=key let:trace>
                <li><TraceRow trace=trace longest=longest now=now /></li>
            </For>
        </ol>
        <p class="trace-list__end">
            {move || answer.get().map(|answer| extent(&answer))}
            <Show when=move || more() && limit() < MOST>
                " · "
                <button
                    type="button"
                    class="link"
                    on:click=move |_| {
                        let filter = filter.get_untracked();
                        on_change.run(Filter { limit: (filter.limit + PAGE).min(MOST), ..filter });
                    }
                >
                    "more"
                </button>
            </Show>
            <Show when=move || more() && limit() == MOST>" · narrow the query or the time to see older ones"</Show>
        </p>
    }
}

/// What makes a row another row: a trace that has grown is drawn anew.
fn key(trace: &TraceSummary) -> (shared::id::TraceId, u32, u32, i64) {
    (
        trace.trace_id,
        trace.span_count,
        trace.error_count,
        trace.duration.0,
    )
}

/// How much of what there is the list shows.
fn extent(answer: &SearchResponse) -> String {
    let shown = format::counted(answer.traces.len() as u64, "trace");
    let scanned = format::count(answer.scanned_traces);
    if answer.more {
        format!("{shown} shown, newest first, of {scanned} scanned; there may be older ones")
    } else {
        format!("{shown}, newest first: all that match, of {scanned} scanned")
    }
}

#[component]
fn Figures(answer: SearchResponse) -> impl IntoView {
    let mut durations: Vec<i64> = answer.traces.iter().map(|trace| trace.duration.0).collect();
    durations.sort_unstable();
    let at = |share: usize| {
        durations
            .get((durations.len().saturating_sub(1)) * share / 100)
            .copied()
            .unwrap_or_default()
    };
    let failed = answer
        .traces
        .iter()
        .filter(|trace| trace.error_count > 0)
        .count();
    let plus = if answer.more { "+" } else { "" };
    let noun = if answer.traces.len() == 1 && !answer.more {
        "trace"
    } else {
        "traces"
    };
    view! {
        <b class="overview__count">{format::count(answer.traces.len() as u64)} {plus} " " {noun}</b>
        <span>"of " {format::count(answer.scanned_traces)} " scanned"</span>
        <span>
            "p50 " <b>{format::duration(at(50))}</b> " · p95 " <b>{format::duration(at(95))}</b>
        </span>
        {if failed > 0 {
            view! { <span class="overview__failed">"✕ " {format::count(failed as u64)} " with errors"</span> }.into_any()
        } else {
            view! { <span class="overview__good">"✓ none failed"</span> }.into_any()
        }}
    }
}

#[component]
fn Nothing(
    filter: Memo<Filter>,
    found: Fetched<SearchResponse>,
    on_change: Callback<Filter>,
) -> impl IntoView {
    let scanned = move || {
        found
            .state
            .get()
            .ready()
            .map_or(0, |answer| answer.scanned_traces)
    };
    let narrowed = Memo::new(move |_| filter.with(Filter::narrows));
    move || {
        if narrowed.get() {
            let parts = excluding(&filter.get());
            view! {
                <Message title="No trace matches">
                    <p>{move || format::counted(scanned(), "trace")} " looked at. What narrows the search:"</p>
                    <ul class="message__parts">
                        {parts
                            .into_iter()
                            .map(|(label, without)| {
                                view! {
                                    <li>
                                        <code>{label}</code>
                                        <button type="button" class="link" on:click=move |_| on_change.run(without.clone())>"leave out"</button>
                                    </li>
                                }
                            })
                            .collect_view()}
                    </ul>
                </Message>
            }
            .into_any()
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

/// The parts of a search, each with the search that leaves it out.
fn excluding(filter: &Filter) -> Vec<(String, Filter)> {
    let mut out = Vec::new();
    let without = |change: fn(&mut Filter)| {
        let mut next = filter.clone();
        change(&mut next);
        next
    };
    if !filter.query.is_empty() {
        out.push((filter.query.clone(), without(|filter| filter.query.clear())));
    }
    if !filter.service.is_empty() {
        out.push((
            format!("service {}", filter.service),
            without(|filter| filter.service.clear()),
        ));
    }
    if !filter.operation.is_empty() {
        out.push((
            format!("operation {}", filter.operation),
            without(|filter| filter.operation.clear()),
        ));
    }
    if filter.errors {
        out.push((
            "errors only".to_owned(),
            without(|filter| filter.errors = false),
        ));
    }
    if let Some(millis) = filter.min_millis {
        let least = format::duration(i64::from(millis) * 1_000_000);
        out.push((
            format!("at least {least}"),
            without(|filter| filter.min_millis = None),
        ));
    }
    if let Some((_, _, label)) = Range::CHOICES
        .into_iter()
        .find(|choice| choice.0 == filter.range && choice.0 != Range::Any)
    {
        out.push((
            label.to_lowercase(),
            without(|filter| filter.range = Range::Any),
        ));
    }
    out
}

const EXAMPLES: [(&str, &str); 4] = [
    ("{ status = error }", "something failed"),
    (
        "{ resource.service.name = \"payment\" && duration > 1s }",
        "one service was slow",
    ),
    (
        "{ name =~ \"click.*\" } >> { status = error }",
        "a click that led to a failure",
    ),
    ("{ span.http.response.status_code >= 500 }", "by attribute"),
];

#[component]
fn Examples(filter: Memo<Filter>, on_change: Callback<Filter>) -> impl IntoView {
    view! {
        <ul class="message__parts">
            {EXAMPLES
                .map(|(query, meaning)| {
                    view! {
                        <li>
                            <button
                                type="button"
                                class="link"
                                on:click=move |_| on_change.run(Filter { query: query.to_owned(), ..filter.get_untracked() })
                            >
                                <code>{query}</code>
                            </button>
                            <span>{meaning}</span>
                        </li>
                    }
                })
                .collect_view()}
        </ul>
    }
}

#[component]
fn Skeleton() -> impl IntoView {
    view! {
        <div class="overview overview--loading" aria-hidden="true"></div>
        <div class="trace-list__head" aria-hidden="true"></div>
        <p class="visually-hidden" role="status">"Searching"</p>
        <ol class="trace-list" aria-hidden="true">
            {(0..SKELETONS)
                .map(|_| {
                    view! {
                        <li class="trace-row trace-row--skeleton">
                            <div><div class="skeleton skeleton--name"></div><div class="skeleton skeleton--detail"></div></div>
                            <div class="skeleton skeleton--mini"></div>
                            <div class="skeleton skeleton--figure"></div>
                            <div class="skeleton skeleton--figure"></div>
                            <div class="skeleton skeleton--figure"></div>
                        </li>
                    }
                })
                .collect_view()}
        </ol>
    }
}
