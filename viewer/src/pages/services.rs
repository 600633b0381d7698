//! The services that sent spans, and what they do.

use std::sync::Arc;

use leptos::prelude::*;
use shared::query::{Service, ServicesResponse};

use crate::api::{self, Remote, use_fetch};
use crate::components::mark::ServiceDot;
use crate::components::state::{Failure, Message};
use crate::format;
use crate::model::filter::{Filter, PAGE};
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
    Effect::new(|_| document().set_title("Services · Throughline"));
    view! {
        <div class="page services">
            <h1 class="page__title">"Services"</h1>
            {move || match services.state.get() {
                Remote::Loading => view! { <div class="skeleton skeleton--block"></div><div class="skeleton skeleton--block"></div> }.into_any(),
                Remote::Failed(error) => {
                    view! { <Failure error=error what="the services" retry=Callback::new(move |()| services.refresh()) /> }.into_any()
                }
                Remote::Ready(answer) if answer.services.is_empty() => view! {
                    <Message title="No service has sent spans yet">
                        <p><a class="button button--primary" href="/setup">"Set it up"</a></p>
                    </Message>
                }
                .into_any(),
                Remote::Ready(answer) => view! { <Services answer=answer again=Callback::new(move |()| services.refresh()) /> }.into_any(),
            }}
        </div>
    }
}

#[component]
fn Services(answer: Arc<ServicesResponse>, again: Callback<()>) -> impl IntoView {
    let (wanted, set_wanted) = signal(String::new());
    let total = answer.span_count;
    let of_time = answer.start.zip(answer.end).map(|(start, end)| {
        format!(
            ", all that are kept, of traces that started {}",
            format::range(start, end)
        )
    });
    let services = answer.services.clone();
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
            .map(|service| view! { <ServiceCard service=service total=total wanted=wanted.clone() /> })
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
fn ServiceCard(service: Service, total: u64, wanted: String) -> impl IntoView {
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
        <section class="service-card" class:service-card--browser=service.browser style=("--h", palette::BROWSER.to_string())>
            <div class="service-card__head">
                <h2>
                    <ServiceDot hue=palette::BROWSER browser=service.browser />
                    <a href=address("")>{service.name.clone()}</a>
                    {service.browser.then(|| view! { <span class="tag">"browser"</span> })}
                </h2>
                <span class="service-card__count">{format::counted(service.span_count, "span")}</span>
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
