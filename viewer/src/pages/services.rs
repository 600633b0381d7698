//! The services that sent spans, and what they do.

use std::collections::HashMap;
use std::sync::Arc;

use leptos::prelude::*;
use shared::query::{Service, ServicesResponse};

use crate::api::{self, Remote, SearchResponse, use_fetch};
use crate::browser;
use crate::components::mark::ServiceDot;
use crate::components::state::{Failure, Message, StaleNotice};
use crate::format;
use crate::model::filter::{Filter, PAGE};
use crate::model::service_list::{hues, traces};
use crate::palette;

/// Operations that a service shows before `show all`.
const SHOWN: usize = 12;

/// The page at `/services`.
#[component]
pub fn ServicesPage() -> impl IntoView {
    let services = use_fetch(
        Memo::new(|_| ()),
        |()| "/api/v1/services".to_owned(),
        api::json::<ServicesResponse>,
    );
    // Both of these take longer, and the list does not wait for them.
    let counted = use_fetch(
        Memo::new(|_| ()),
        |()| "/api/v1/services?traces=true".to_owned(),
        api::json::<ServicesResponse>,
    );
    let latest = use_fetch(
        Memo::new(|_| ()),
        |()| {
            let newest = Filter {
                limit: PAGE,
                ..Filter::default()
            };
            newest.api_path(browser::now())
        },
        api::json::<SearchResponse>,
    );
    let again = Callback::new(move |()| {
        services.refresh();
        counted.refresh();
        latest.refresh();
    });
    Effect::new(|_| document().set_title("Services · Throughline"));
    view! {
        <div class="page services">
            <h1 class="page__title">"Services"</h1>
            <StaleNotice error=services.stale />
            {move || match services.state.get() {
                Remote::Loading => view! { <div class="skeleton skeleton--block"></div><div class="skeleton skeleton--block"></div> }.into_any(),
                Remote::Failed(error) => view! { <Failure error=error what="the services" retry=again /> }.into_any(),
                Remote::Ready(answer) if answer.services.is_empty() => view! {
                    <Message title="No service has sent spans yet">
                        <p><a class="button button--primary" href="/setup">"Set it up"</a></p>
                    </Message>
                }
                .into_any(),
                Remote::Ready(answer) => {
                    let known = Known {
                        counted: Signal::derive(move || counted.state.get().ready()),
                        latest: Signal::derive(move || latest.state.get().ready()),
                    };
                    view! { <Services answer=answer known=known again=again /> }.into_any()
                }
            }}
        </div>
    }
}

/// What is asked for beside the list.
#[derive(Clone, Copy)]
struct Known {
    /// The services with the numbers of their traces.
    counted: Signal<Option<Arc<ServicesResponse>>>,
    /// The newest traces.
    latest: Signal<Option<Arc<SearchResponse>>>,
}

impl Known {
    /// The hue of each of the services; of none until the traces have come.
    fn hues(self, services: &[Service]) -> HashMap<String, u16> {
        let Some(latest) = self.latest.get() else {
            return HashMap::new();
        };
        let names = services.iter().map(|service| service.name.clone());
        names.zip(hues(services, &latest.traces)).collect()
    }

    /// In how many traces a service is, in words.
    fn traces(self, name: &str) -> Option<String> {
        let answer = self.counted.get()?;
        Some(traces(
            answer
                .services
                .iter()
                .find(|service| service.name == name)?,
        ))
    }
}

#[component]
fn Services(answer: Arc<ServicesResponse>, known: Known, again: Callback<()>) -> impl IntoView {
    let (wanted, set_wanted) = signal(String::new());
    let total = answer.span_count;
    let of_time = answer.start.zip(answer.end).map(|(start, end)| {
        format!(
            ", all that are kept, of traces that started {}",
            format::range(start, end)
        )
    });
    let services = answer.services.clone();
    let of_all = Arc::clone(&answer);
    let hues = Memo::new(move |_| known.hues(&of_all.services));
    let shown = move || {
        let wanted = wanted.get().to_lowercase();
        services
            .iter()
            .filter(|service| {
                wanted.is_empty()
                    || service.name.to_lowercase().contains(&wanted)
                    || service.operations.iter().any(|operation| operation.to_lowercase().contains(&wanted))
            })
            .cloned()
            .map(|service| {
                let (name, named) = (service.name.clone(), service.name.clone());
                let hue = Signal::derive(move || hues.with(|hues| hues.get(&name).copied().unwrap_or(palette::NEUTRAL)));
                let traces = Signal::derive(move || known.traces(&named));
                view! { <ServiceCard service=service hue=hue traces=traces total=total wanted=wanted.clone() /> }
            })
            .collect_view()
    };
    view! {
        <p class="page__lead">
            {format::counted(answer.services.len() as u64, "service")} " sent " {format::counted(total, "span")} {of_time} "."
        </p>
        <p class="page__lead">
            "Counted at " {format::clock(answer.as_of)} ", without log records and metrics. "
            <button type="button" class="link" on:click=move |_| again.run(())>"Count again"</button>
        </p>
        <input
            class="input services__filter"
            type="search"
            placeholder="Filter services and operations"
            aria-label="Filter services and operations"
            on:input:target=move |event| set_wanted.set(event.target().value())
        />
        <div class="services__list">{shown}</div>
    }
}

#[component]
fn ServiceCard(
    service: Service,
    hue: Signal<u16>,
    traces: Signal<Option<String>>,
    total: u64,
    wanted: String,
) -> impl IntoView {
    let (all, set_all) = signal(false);
    let address = |operation: &str| {
        Filter {
            service: service.name.clone(),
            operation: operation.to_owned(),
            limit: PAGE,
            ..Filter::default()
        }
        .address()
    };
    // A filter that names the service itself leaves all of its operations to choose from.
    let by_name = service.name.to_lowercase().contains(&wanted);
    let operations: Vec<(String, String)> = service
        .operations
        .iter()
        .filter(|operation| by_name || operation.to_lowercase().contains(&wanted))
        .map(|operation| (address(operation), format::quoted(operation)))
        .collect();
    let count = operations.len();
    let share = service.span_count as f64 / total.max(1) as f64;
    view! {
        <section class="service-card" class:service-card--grey=move || hue.get() == palette::NEUTRAL style=("--h", move || hue.get().to_string())>
            <div class="service-card__head">
                <h2>
                    {move || view! { <ServiceDot hue=hue.get() browser=service.browser /> }}
                    <a href=address("")>{service.name.clone()}</a>
                    {service.browser.then(|| view! { <span class="tag">"browser"</span> })}
                </h2>
                <span class="service-card__count">
                    {format::counted(service.span_count, "span")} {move || traces.get().map(|traces| format!(" {traces}"))}
                </span>
            </div>
            <i class="service-card__share" style=("--share", format!("{:.4}", share.clamp(0.004, 1.0))) aria-hidden="true"></i>
            <ul class="service-card__operations">
                {move || {
                    let shown = if all.get() { count } else { SHOWN.min(count) };
                    operations[..shown]
                        .iter()
                        .cloned()
                        .map(|(address, name)| view! { <li><a href=address title=name.clone()>{name.clone()}</a></li> })
                        .collect_view()
                }}
            </ul>
            <Show when=move || { count > SHOWN && !all.get() }>
                <button type="button" class="link" on:click=move |_| set_all.set(true)>"Show all " {count} " operations"</button>
            </Show>
        </section>
    }
}
