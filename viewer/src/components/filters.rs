//! The filters beside the list of traces. Each choice is a new address.

use std::sync::Arc;

use leptos::prelude::*;
use shared::query::{Service, ServicesResponse};

use super::mark::ServiceDot;
use crate::api::{Fetched, SearchResponse};
use crate::format;
use crate::model::filter::{Filter, PAGE, Range};
use crate::palette;

/// The least durations that are offered, in microseconds.
const LEAST_MICROS: [(u64, &str); 5] = [
    (100_000, "100 ms"),
    (500_000, "500 ms"),
    (1_000_000, "1 s"),
    (5_000_000, "5 s"),
    (30_000_000, "30 s"),
];
/// So many actions are offered, the most frequent of those listed.
const ACTIONS: usize = 6;

/// The column of filters.
#[component]
pub fn Filters(
    /// What is asked for.
    filter: Memo<Filter>,
    /// The services to choose from.
    services: Fetched<ServicesResponse>,
    /// The traces that are listed.
    answer: Signal<Option<Arc<SearchResponse>>>,
    /// Asks for something else.
    on_change: Callback<Filter>,
) -> impl IntoView {
    let change = move |change: &dyn Fn(&mut Filter)| {
        let mut next = filter.get_untracked();
        change(&mut next);
        next.limit = PAGE;
        next.after.clear();
        on_change.run(next);
    };
    let known = move || services.state.get().ready();
    let chosen_service = move || filter.with(|filter| filter.service.clone());
    view! {
        <details class="filters" open=is_wide()>
            <summary class="filters__summary">
                "Filters"
                <Show when=move || filter.with(|filter| count_of(filter) > 0)>
                    <span class="filters__count">{move || filter.with(count_of)}</span>
                </Show>
            </summary>
            <div class="filters__groups">
                <fieldset class="filters__group">
                    <legend>"Outcome"</legend>
                    <label class="choice">
                        <input
                            type="checkbox"
                            prop:checked=move || filter.with(|filter| filter.errors)
                            on:change:target=move |event| change(&|filter| filter.errors = event.target().checked())
                        />
                        <span class="choice__name">"Errors only"</span>
                    </label>
                </fieldset>
                <fieldset class="filters__group">
                    <legend>"Takes at least"</legend>
                    <div class="pills">
                        {LEAST_MICROS
                            .map(|(micros, label)| {
                                let on = move || filter.with(|filter| filter.min_micros == Some(micros));
                                view! {
                                    <button
                                        type="button"
                                        class="pill"
                                        aria-pressed=move || on().to_string()
                                        on:click=move |_| change(&|filter| {
                                            filter.min_micros = if filter.min_micros == Some(micros) { None } else { Some(micros) };
                                        })
                                    >
                                        {label}
                                    </button>
                                }
                            })
                            .collect_view()}
                        {move || {
                            let (min, max) = filter.with(|filter| (filter.min_micros, filter.max_micros));
                            let length = |micros: u64| format::duration(i64::try_from(micros * 1_000).unwrap_or(i64::MAX));
                            let max = max?;
                            let label = match min {
                                Some(min) => format!("{} to {} ✕", length(min), length(max)),
                                None => format!("up to {} ✕", length(max)),
                            };
                            Some(view! {
                                <button
                                    type="button"
                                    class="pill"
                                    aria-pressed="true"
                                    on:click=move |_| change(&|filter| (filter.min_micros, filter.max_micros) = (None, None))
                                >
                                    {label}
                                </button>
                            })
                        }}
                    </div>
                </fieldset>
                // What comes from the server is put in at once, and what differs from list to list last: nothing moves.
                <Show when=move || known().is_some() fallback=|| view! { <div class="skeleton skeleton--line"></div><div class="skeleton skeleton--line"></div> }>
                    <fieldset class="filters__group">
                        <legend>"Service"</legend>
                        {move || match known() {
                            Some(answer) if !answer.services.is_empty() => answer
                                .services
                                .iter()
                                .cloned()
                                .map(|service| view! { <ServiceChoice service=service filter=filter on_change=on_change /> })
                                .collect_view()
                                .into_any(),
                            _ => view! { <p class="filters__none">"None has sent spans yet."</p> }.into_any(),
                        }}
                    </fieldset>
                    <fieldset class="filters__group">
                        <legend>"Operation"</legend>
                        <select
                            class="select"
                            aria-label="Operation"
                            on:change:target=move |event| {
                                let operation = event.target().value();
                                change(&|filter| filter.operation.clone_from(&operation));
                            }
                        >
                            {move || {
                                let current = filter.with(|filter| filter.operation.clone());
                                let names = operations(known(), &chosen_service(), &current);
                                view! {
                                    <option value="" selected=current.is_empty()>"Any operation"</option>
                                    {names
                                        .into_iter()
                                        .map(|name| {
                                            let label = format::clipped(&format::quoted(&name), 60);
                                            view! { <option value=name.clone() selected=name == current>{label}</option> }
                                        })
                                        .collect_view()}
                                }
                            }}
                        </select>
                    </fieldset>
                </Show>
                {move || {
                    let chosen = filter.with(|filter| filter.root.clone());
                    let names = actions(answer.get().as_deref(), &chosen);
                    (!names.is_empty()).then(|| view! {
                        <fieldset class="filters__group">
                            <legend>"Action"</legend>
                            {names
                                .into_iter()
                                .map(|(name, count)| {
                                    let (on, label) = (name == chosen, format::quoted(&name));
                                    view! {
                                        <label class="choice" title=label.clone()>
                                            <input
                                                type="checkbox"
                                                prop:checked=on
                                                on:change=move |_| change(&|filter| filter.root = if on { String::new() } else { name.clone() })
                                            />
                                            <span class="choice__name">{label.clone()}</span>
                                            <span class="choice__count">{format::count(count)}</span>
                                        </label>
                                    }
                                })
                                .collect_view()}
                        </fieldset>
                    })
                }}
                <Show when=move || filter.with(|filter| count_of(filter) > 0)>
                    <button
                        type="button"
                        class="button button--quiet filters__clear"
                        on:click=move |_| {
                            let old = filter.get_untracked();
                            let range = if let Range::Between(..) = old.range { Range::Any } else { old.range };
                            on_change.run(Filter { range, ..old.with_whole_query(old.query.clone()) });
                        }
                    >
                        "Clear filters"
                    </button>
                </Show>
            </div>
        </details>
    }
}

#[component]
fn ServiceChoice(
    service: Service,
    filter: Memo<Filter>,
    on_change: Callback<Filter>,
) -> impl IntoView {
    let name = service.name.clone();
    let on = Memo::new(move |_| filter.with(|filter| filter.service == name));
    let name = service.name.clone();
    let toggle = move |_| {
        let mut next = filter.get_untracked();
        next.service = if on.get_untracked() {
            String::new()
        } else {
            name.clone()
        };
        // An operation belongs to the service that it was chosen for.
        next.operation.clear();
        next.limit = PAGE;
        next.after.clear();
        on_change.run(next);
    };
    view! {
        <label class="choice" title=service.name.clone()>
            <input type="checkbox" prop:checked=move || on.get() on:change=toggle />
            <span class="choice__name">
                {service.name.clone()}
                {service.browser.then(|| view! { <ServiceDot hue=palette::BROWSER browser=true name="Browser" /> })}
            </span>
            <span class="choice__count">{format::count(service.span_count)}</span>
        </label>
    }
}

/// The names of the roots that are listed, with how many traces each has; what is chosen stays.
fn actions(answer: Option<&SearchResponse>, chosen: &str) -> Vec<(String, u64)> {
    let mut counts: Vec<(String, u64)> = Vec::new();
    for trace in answer.iter().flat_map(|answer| &answer.traces) {
        match counts.iter_mut().find(|(name, _)| *name == trace.root_name) {
            Some((_, count)) => *count += 1,
            None => counts.push((trace.root_name.clone(), 1)),
        }
    }
    if !chosen.is_empty() && !counts.iter().any(|(name, _)| name == chosen) {
        counts.push((chosen.to_owned(), 0));
    }
    counts.sort_by(|a, b| (a.0 != chosen, b.1, &a.0).cmp(&(b.0 != chosen, a.1, &b.0)));
    counts.truncate(ACTIONS);
    counts
}

fn operations(known: Option<Arc<ServicesResponse>>, service: &str, current: &str) -> Vec<String> {
    let mut names: Vec<String> = known
        .iter()
        .flat_map(|answer| &answer.services)
        .filter(|candidate| service.is_empty() || candidate.name == service)
        .flat_map(|service| service.operations.iter().cloned())
        .collect();
    if !current.is_empty() {
        names.push(current.to_owned());
    }
    names.sort();
    names.dedup();
    names
}

fn count_of(filter: &Filter) -> usize {
    [
        !filter.service.is_empty(),
        !filter.operation.is_empty(),
        filter.errors,
        filter.min_micros.is_some() || filter.max_micros.is_some(),
        !filter.root.is_empty(),
        matches!(filter.range, Range::Between(..)),
    ]
    .into_iter()
    .filter(|on| *on)
    .count()
}

fn is_wide() -> bool {
    window()
        .match_media("(min-width: 900px)")
        .ok()
        .flatten()
        .is_none_or(|query| query.matches())
}
