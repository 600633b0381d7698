//! Who calls whom over a range of time, compared with another, through to the traces behind it.

use std::sync::Arc;

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};
use shared::graph::{Counted, MapResponse};

use crate::api::{self, Fetched, Remote, use_fetch};
use crate::browser;
use crate::components::drawn::Drawn;
use crate::components::state::{Failure, Message, StaleNotice};
use crate::format;
use crate::model::filter::{Filter, Range};
use crate::model::map_address::{Compare, MapAddress};
use crate::model::map_picture::picture;
use crate::model::map_tables::{panel, tables};
use crate::model::service_map::{Direction, part_of_id};

/// A map that is complete is asked for again so often, in seconds.
const REFRESH_SECONDS: u32 = 15;

/// The page at `/map`.
#[component]
pub fn MapPage() -> impl IntoView {
    let query = use_query_map();
    let address =
        Memo::new(move |_| query.with(|query| MapAddress::from_address(|key| query.get(key))));
    let asked = Memo::new(move |_| address.with(|address| (address.range, address.compare)));
    let fetched = use_fetch(
        asked,
        |asked| MapAddress::api_path(*asked, browser::now()),
        api::json::<MapResponse>,
    );
    keep_asking(fetched);
    // The same figures again are the same picture: what has the focus keeps it.
    let shown = Memo::new_with_compare(
        move |_| fetched.state.get(),
        |old: Option<&Remote<MapResponse>>, new| match (old, new) {
            (Some(Remote::Ready(old)), Some(Remote::Ready(new))) => {
                old.nodes != new.nodes || old.edges != new.edges || complete(old) != complete(new)
            }
            _ => true,
        },
    );
    let navigate = use_navigate();
    let go = Callback::new(move |next: MapAddress| {
        let options = NavigateOptions {
            replace: true,
            scroll: false,
            ..NavigateOptions::default()
        };
        navigate(&next.address(), options);
    });
    Effect::new(|_| document().set_title("Service map · Throughline"));
    view! {
        <div class="map">
            <header class="map__head">
                <h1 class="page__title">"Service map"</h1>
                <Controls address=address go=go />
            </header>
            <StaleNotice error=fetched.stale />
            {move || match shown.get() {
                Remote::Loading => view! {
                    <p class="visually-hidden" role="status">"Counting calls"</p>
                    <div class="skeleton map__skeleton" aria-hidden="true"></div>
                }
                .into_any(),
                Remote::Failed(error) => {
                    view! { <Failure error=error what="the map" retry=Callback::new(move |()| fetched.refresh()) /> }.into_any()
                }
                Remote::Ready(map) if map.nodes.is_empty() => view! { <Nothing range=map.range address=address go=go /> }.into_any(),
                Remote::Ready(map) => view! { <MapView map=map address=address go=go /> }.into_any(),
            }}
        </div>
    }
}

/// Asks again at once while something is missing, and from time to time when nothing is.
fn keep_asking(fetched: Fetched<MapResponse>) {
    let seconds = StoredValue::new(0);
    browser::every(1, move || {
        let Some(map) = fetched.state.get_untracked().ready() else {
            return;
        };
        seconds.update_value(|seconds| *seconds += 1);
        if !complete(&map) || seconds.get_value() >= REFRESH_SECONDS {
            seconds.set_value(0);
            fetched.refresh();
        }
    });
}

fn complete(map: &MapResponse) -> bool {
    let whole = |counted: &Counted| counted.since <= counted.start;
    whole(&map.range) && map.before.as_ref().is_none_or(whole)
}

/// What the figures are counted from.
fn extent(map: &MapResponse) -> String {
    let counted = |counted: &Counted| {
        format!(
            "{} with {} that started {}",
            format::counted(counted.traces, "trace"),
            format::counted(counted.spans, "span"),
            format::range(counted.start, counted.end),
        )
    };
    let now = counted(&map.range);
    match &map.before {
        Some(before) => format!("counted from {now}, compared with {}", counted(before)),
        None => format!("counted from {now}"),
    }
}

#[component]
fn Controls(address: Memo<MapAddress>, go: Callback<MapAddress>) -> impl IntoView {
    view! {
        <div class="map__controls">
            <select
                class="select"
                aria-label="Time range"
                on:change:target=move |event| go.run(MapAddress { range: Range::from_key(&event.target().value()), ..address.get_untracked() })
            >
                {move || {
                    let range = address.get().range;
                    Range::CHOICES[1..]
                        .iter()
                        .map(|(choice, key, label)| view! { <option value=*key selected=*choice == range>{*label}</option> })
                        .collect_view()
                }}
            </select>
            <select
                class="select"
                aria-label="Compare with"
                on:change:target=move |event| go.run(MapAddress { compare: Compare::from_key(&event.target().value()), ..address.get_untracked() })
            >
                {move || {
                    let compare = address.get().compare;
                    Compare::CHOICES
                        .iter()
                        .map(|(choice, key, label)| view! { <option value=*key selected=*choice == compare>{*label}</option> })
                        .collect_view()
                }}
            </select>
            <div class="pills" role="group" aria-label="Show as">
                {[(false, "Map"), (true, "Table")]
                    .map(|(table, label)| {
                        view! {
                            <button
                                type="button"
                                class="pill"
                                aria-pressed=move || (address.get().table == table).to_string()
                                on:click=move |_| go.run(MapAddress { table, ..address.get_untracked() })
                            >
                                {label}
                            </button>
                        }
                    })
                    .collect_view()}
            </div>
        </div>
    }
}

#[component]
fn Nothing(range: Counted, address: Memo<MapAddress>, go: Callback<MapAddress>) -> impl IntoView {
    let counting = range.since > range.start;
    if counting {
        return view! { <Message title="Counting"><p>"Nothing so far; the older part of the range is still being counted."</p></Message> }.into_any();
    }
    view! {
        <Message title="No calls in this time">
            <p>"No trace started in it."</p>
            <p>
                <button
                    type="button"
                    class="button button--primary"
                    on:click=move |_| go.run(MapAddress { range: Range::Last(604_800), ..address.get_untracked() })
                >
                    "Look at 7 days"
                </button>
                " "
                <a class="button" href="/setup">"Set it up"</a>
            </p>
        </Message>
    }
    .into_any()
}

#[component]
fn MapView(
    map: Arc<MapResponse>,
    address: Memo<MapAddress>,
    go: Callback<MapAddress>,
) -> impl IntoView {
    let counted = map.range;
    let lead = format!(
        "{} and {}, {}",
        format::counted(map.nodes.len() as u64, "node"),
        format::counted(map.edges.len() as u64, "connection"),
        extent(&map),
    );
    let since = map
        .before
        .filter(|before| before.since > before.start)
        .map_or(counted.since, |before| before.since);
    let missing = (!complete(&map)).then(|| {
        let (day, time) = format::date_and_time(since);
        let time = format::clipped(&time, 8);
        format!(" · complete since {day}, {time}; the rest is being counted")
    });
    let map = StoredValue::new(map);
    let picked = Memo::new(move |_| map.with_value(|map| part_of_id(map, &address.get().at)));
    let pick = Callback::new(move |at: String| {
        let address = address.get_untracked();
        let at = if at == address.at { String::new() } else { at };
        go.run(MapAddress { at, ..address });
    });
    let length = (counted.end - counted.start).0;
    let drawn = Signal::derive(move || {
        map.with_value(|map| {
            if address.get().table {
                return tables(map, Some(length), picked.get());
            }
            let direction = if browser::is_narrow() {
                Direction::Down
            } else {
                Direction::Right
            };
            vec![picture(map, direction, Some(length), picked.get())]
        })
    });
    let known = Signal::derive(move || {
        let range = address.get().range;
        let search = |query: String| {
            let filter = Filter {
                query,
                range,
                ..Filter::default()
            };
            filter.address()
        };
        let of = |part| map.with_value(|map| panel(map, part, &search));
        picked.get().map(of).unwrap_or_default()
    });
    view! {
        <p class="map__lead">{lead} <span class="map__missing" role="status">{missing}</span></p>
        <div class="map__body" class:map__body--open=move || picked.get().is_some()>
            <Drawn contents=drawn class="map__scroll" on_pick=pick />
            <Show when=move || picked.get().is_some()>
                <aside class="map__panel" aria-label="Picked">
                    <Drawn contents=known class="map__panel-parts" on_pick=pick />
                </aside>
            </Show>
        </div>
    }
}
