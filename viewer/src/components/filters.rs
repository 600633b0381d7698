//! The filters beside the list of traces. Each choice is a new address.

use std::sync::Arc;

use leptos::prelude::*;
use shared::query::{Service, ServicesResponse};

use super::mark::ServiceDot;
use crate::api::Fetched;
use crate::format;
use crate::model::filter::{Filter, PAGE};
use crate::palette;

/// The least durations that are offered, in milliseconds.
const LEAST_MILLIS: [(u32, &str); 5] = [
    (100, "100 ms"),
    (500, "500 ms"),
    (1_000, "1 s"),
    (5_000, "5 s"),
    (30_000, "30 s"),
];

/// The column of filters.
#[component]
pub fn Filters(
    /// What is asked for.
    filter: Memo<Filter>,
    /// The services to choose from.
    services: Fetched<ServicesResponse>,
    /// Asks for something else.
    on_change: Callback<Filter>,
) -> impl IntoView {
    let change = move |change: &dyn Fn(&mut Filter)| {
        let mut next = filter.get_untracked();
        change(&mut next);
        next.limit = PAGE;
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
                        {LEAST_MILLIS
                            .map(|(millis, label)| {
                                let on = move || filter.with(|filter| filter.min_millis == Some(millis));
                                view! {
                                    <button
                                        type="button"
                                        class="pill"
                                        aria-pressed=move || on().to_string()
                                        on:click=move |_| change(&|filter| {
                                            filter.min_millis = if filter.min_millis == Some(millis) { None } else { Some(millis) };
                                        })
                                    >
                                        {label}
                                    </button>
                                }
                            })
                            .collect_view()}
                    </div>
                </fieldset>
                <fieldset class="filters__group">
                    <legend>"Service"</legend>
                    {move || match known() {
                        None => view! { <div class="skeleton skeleton--line"></div><div class="skeleton skeleton--line"></div> }.into_any(),
                        Some(answer) if answer.services.is_empty() => view! { <p class="filters__none">"None has sent spans yet."</p> }.into_any(),
                        Some(answer) => answer
                            .services
                            .iter()
                            .cloned()
                            .map(|service| view! { <ServiceChoice service=service filter=filter on_change=on_change /> })
                            .collect_view()
                            .into_any(),
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
                <Show when=move || filter.with(|filter| count_of(filter) > 0)>
                    <button
                        type="button"
                        class="button button--quiet filters__clear"
                        on:click=move |_| {
                            let old = filter.get_untracked();
                            on_change.run(Filter { query: old.query, range: old.range, live: old.live, limit: PAGE, ..Filter::default() });
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
        filter.min_millis.is_some(),
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
