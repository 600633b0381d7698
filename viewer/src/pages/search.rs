//! The search page: a query, filters, and the traces that they find.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};
use send_wrapper::SendWrapper;
use shared::query::{ServicesResponse, Stopped, TraceSummary};
use shared::time::UnixNanos;

use super::later;
use crate::api::{self, ApiError, Fetched, Remote, SearchResponse, use_fetch};
use crate::browser;
use crate::components::compare_bar::Choice;
use crate::components::filters::Filters;
use crate::components::live_tail::Followed;
use crate::components::nothing::Nothing;
use crate::components::query_bar::QueryBar;
use crate::components::saved_views::SavedViews;
use crate::components::scatter::ScatterPlot;
use crate::components::state::{Failure, Message, StaleNotice};
use crate::components::trace_row::TraceRow;
use crate::format;
use crate::model::filter::{Filter, MOST, PAGE, Range};
use crate::model::picked::Picked;
use crate::model::scatter::Brushed;
use crate::traceql::Mistake;

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
    let followed = Followed {
        filter: asked,
        found,
        services,
    };
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
            after: String::new(),
            ..filter.get_untracked()
        };
        if next == filter.get_untracked() {
            found.refresh();
        } else {
            go.run(next);
        }
    });
    let navigate = use_navigate();
    let open = Callback::new(move |address: String| navigate(&address, NavigateOptions::default()));
    let answer = Signal::derive(move || found.state.get().ready());
    let problem = Signal::derive(move || match found.state.get() {
        Remote::Failed(ApiError::Refused {
            status: 400,
            message,
            position,
        }) => {
            let typed = filter.with(|filter| filter.query.len());
            Some(Mistake {
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
                <SavedViews address=Signal::derive(move || filter.with(Filter::address)) on_open=open />
                <button
                    type="button"
                    class="button live"
                    aria-pressed=move || live.get().to_string()
                    on:click=move |_| go.run(Filter { live: !live.get_untracked(), after: String::new(), ..filter.get_untracked() })
                >
                    <i class="live__dot" aria-hidden="true"></i>
                    "Live"
                </button>
            </div>
            <div class="search__body">
                <Filters filter=filter services=services answer=answer on_change=go />
                <div class="search__results">
                    {move || {
                        // Another search is followed from its beginning; what arrives is on the first page.
                        (live.get() && asked.with(|asked| asked.after.is_empty())).then(|| {
                            let part = SendWrapper::new(async move {
                                let missing = || view! { <p class="live__said">"Live: this part of the viewer did not load; reload the page"</p> };
                                later::live_tail(followed).await.unwrap_or_else(|_| missing().into_any())
                            });
                            Suspend::new(part)
                        })
                    }}
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
                on_change.run(Filter { range, limit: PAGE, after: String::new(), ..filter.get_untracked() });
            }
        >
            {move || match filter.with(|filter| filter.range) {
                Range::Between(from, to) => {
                    let clock = |millis: u64| format::clock(UnixNanos(millis.saturating_mul(1_000_000)));
                    Some(view! { <option value="between" selected=true>{clock(from)} "–" {clock(to)}</option> })
                }
                _ => None,
            }}
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
    problem: Signal<Option<Mistake>>,
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
    let narrow = Callback::new(move |brushed: Brushed| {
        on_change.run(Filter {
            range: Range::Between(brushed.between.0, brushed.between.1),
            min_micros: brushed.min_micros,
            max_micros: brushed.max_micros,
            limit: PAGE,
            after: String::new(),
            ..filter.get_untracked()
        });
    });
    let more = move || answer.with(|answer| answer.as_ref().is_some_and(|answer| answer.more));
    let picked = RwSignal::new(Picked::default());
    // Once something was chosen, the bar is there, and empty where nothing is any more.
    let picking = Memo::new(move |was: Option<&bool>| {
        was == Some(&true) || picked.with(|picked| picked.len() > 0)
    });
    let row = move |trace: TraceSummary| {
        let id = trace.trace_id;
        let label = format!("Choose {} to compare", format::quoted(&trace.root_name));
        view! {
            <li
                class="trace-list__item"
                on:keydown=move |event| {
                    if event.key() == "x" && !event.ctrl_key() && !event.meta_key() && !event.alt_key() {
                        picked.update(|picked| picked.toggle(id));
                    }
                }
            >
                <TraceRow trace=trace longest=longest now=now />
                <label class="trace-pick" title="Choose to compare (x)">
                    <input
                        type="checkbox"
                        aria-label=label
                        prop:checked=move || picked.with(|picked| picked.has(id))
                        on:change=move |_| picked.update(|picked| picked.toggle(id))
                    />
                </label>
            </li>
        }
    };
    let limit = move || filter.with(|filter| filter.limit);
    view! {
        <div class="overview">
            <div class="overview__figures">{move || answer.get().map(|answer| view! { <Figures answer=(*answer).clone() /> })}</div>
            <ScatterPlot answer=answer on_brush=narrow />
        </div>
        <div class="trace-list__head" aria-hidden="true">
            <span>"What happened, and what it caused"</span>
            <span>"Timeline"</span>
            <span class="trace-list__right">"Duration"</span>
            <span>"Services"</span>
            <span class="trace-list__right">"When"</span>
        </div>
        <ol class="trace-list" class:trace-list--picking=move || picked.with(|picked| picked.len() > 0)>
            <For each=traces key=key children=row />
        </ol>
        {move || picking.get().then(|| {
            let part = SendWrapper::new(async move {
                // Without its part there is no bar, and the boxes say what is chosen.
                later::compare_bar(Choice { picked, answer }).await.unwrap_or_else(|_| ().into_any())
            });
            Suspend::new(part)
        })}
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
            {move || {
                let next = answer.with(|answer| answer.as_ref().and_then(|answer| answer.next.clone()))?;
                let address = Filter { after: next, live: false, ..filter.get() }.address();
                Some(view! { " · " <a href=address>"next page"</a> })
            }}
            <Show when=move || filter.with(|filter| !filter.after.is_empty())>
                " · "
                <a href=move || Filter { after: String::new(), ..filter.get() }.address()>"first page"</a>
            </Show>
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
    let scanned = format::counted(answer.scanned_traces, "trace");
    let spans = format::counted(answer.scanned_spans, "span");
    match answer.stopped {
        Stopped::End => format!(
            "{shown}, newest first: the last that match, of {scanned} with {spans} looked at"
        ),
        Stopped::Limit => {
            format!(
                "{shown} shown, newest first, of {scanned} with {spans} looked at; there are more"
            )
        }
        Stopped::Deadline => format!(
            "{shown} found before time was up, of {scanned} with {spans} looked at; there may be older ones"
        ),
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
        <span>"of " {format::count(answer.scanned_traces)} " looked at"</span>
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
