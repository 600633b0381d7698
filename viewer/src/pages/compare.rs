//! Two traces in one waterfall, and what to compare a trace with.

use std::sync::Arc;

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};
use shared::diff::TraceDiff;
use shared::query::AlikeResponse;

use crate::api::{self, Remote, use_fetch};
use crate::browser;
use crate::components::drawn::Drawn;
use crate::components::state::Failure;
use crate::format;
use crate::markup::{Markup, element, link, text};
use crate::model::alike::choices;
use crate::model::compare::{Shown, panel, parameters, verdict, waterfall};
use crate::url::{QueryString, encode};

/// The page at `/compare/{a}/{b}`.
#[component]
pub fn ComparePage(
    /// The baseline, or several separated by commas.
    a: String,
    /// What is compared with it.
    b: String,
) -> impl IntoView {
    let ids = Memo::new(move |_| [a.clone(), b.clone()]);
    let fetched = use_fetch(
        ids,
        |[a, b]| {
            let mut query = QueryString::new("/api/v1/diff");
            query.push("baseline", a);
            query.push("other", b);
            query.finish()
        },
        api::json::<TraceDiff>,
    );
    Effect::new(|_| document().set_title("Compare · Throughline"));
    view! {
        <div class="compare">
            {move || match fetched.state.get() {
                Remote::Loading => view! { <div class="skeleton skeleton--block"></div><div class="skeleton skeleton--block"></div> }.into_any(),
                Remote::Failed(error) => {
                    view! { <Failure error=error what="the comparison" retry=Callback::new(move |()| fetched.refresh()) /> }.into_any()
                }
                Remote::Ready(diff) => view! { <Compared diff=diff ids=ids /> }.into_any(),
            }}
        </div>
    }
}

#[component]
fn Compared(diff: Arc<TraceDiff>, ids: Memo<[String; 2]>) -> impl IntoView {
    let query = use_query_map();
    let shown = Memo::new(move |_| {
        query.with(|query| Shown {
            at: query.get("at").and_then(|at| at.parse().ok()),
            all: query.get("rows").as_deref() == Some("all"),
        })
    });
    let navigate = use_navigate();
    let diff = StoredValue::new(diff);
    let pick = Callback::new(move |picked: String| {
        let old = shown.get_untracked();
        let next = match picked.as_str() {
            "all" => Shown { all: true, ..old },
            "changed" => Shown { all: false, ..old },
            at => Shown {
                at: at.parse().ok().filter(|at| Some(*at) != old.at),
                ..old
            },
        };
        let [a, b] = ids.get_untracked();
        let mut query = QueryString::new(&format!("/compare/{}/{}", encode(&a), encode(&b)));
        query.push_unless_empty("at", &next.at.map(|at| at.to_string()).unwrap_or_default());
        query.push_unless_empty("rows", if next.all { "all" } else { "" });
        let options = NavigateOptions {
            replace: true,
            scroll: false,
            ..NavigateOptions::default()
        };
        navigate(&query.finish(), options);
        if let Some(at) = next.at {
            browser::scroll_to(&format!("place-{at}"));
        }
    });
    let head = Signal::derive(move || {
        let [a, b] = ids.get();
        diff.with_value(|diff| heading(diff, &a, &b))
    });
    let rows = Signal::derive(move || diff.with_value(|diff| waterfall(diff, shown.get())));
    let known = Signal::derive(move || {
        let of = |at| diff.with_value(|diff| panel(diff, at));
        shown.get().at.map(of).unwrap_or_default()
    });
    let open = move || shown.get().at.is_some();
    view! {
        <Drawn contents=head class="compare__head" on_pick=pick />
        <div class="map__body compare__body" class:map__body--open=open>
            <Drawn contents=rows class="compare__rows" on_pick=pick />
            <Show when=open>
                <aside class="map__panel" aria-label="Picked">
                    <Drawn contents=known class="map__panel-parts" on_pick=pick />
                </aside>
            </Show>
        </div>
    }
}

fn heading(diff: &TraceDiff, a: &str, b: &str) -> Vec<Markup> {
    let side = |name: &str, id: &str, duration: i64, spans: u32| {
        let ids: Vec<String> = id.split(',').map(format::short_id).collect();
        element("span", "compare__side")
            .with(text("b", "", name))
            .with(link(
                "",
                &format!("/trace/{}", encode(id.split(',').next().unwrap_or(id))),
                &ids.join(", "),
            ))
            .with(text(
                "span",
                "",
                &format!(
                    "{}, {}",
                    format::duration(duration),
                    format::counted(u64::from(spans), "span")
                ),
            ))
    };
    let root = diff
        .nodes
        .first()
        .map_or("Compare", |root| root.operation.as_str());
    let ways = element("p", "compare__sides")
        .with(side("A", a, diff.duration.most.0, diff.spans.most))
        .with(side("B", b, diff.duration.other.0, diff.spans.other))
        .with(link(
            "button",
            &format!("/compare/{}/{}", encode(b), encode(a)),
            "⇄ Swap",
        ))
        .with(link(
            "button",
            &format!("/compare/{}", encode(a)),
            "Compare A with another",
        ));
    let mut parts = vec![text("h1", "compare__title", &format::quoted(root)), ways];
    parts.extend(verdict(diff));
    parts.push(text("p", "compare__parameters", &parameters(diff)));
    parts
}

/// The page at `/compare/{a}`: what to compare a trace with.
#[component]
pub fn ChooseToComparePage(
    /// The trace.
    id: String,
) -> impl IntoView {
    let id = Memo::new(move |_| id.clone());
    let fetched = use_fetch(
        id,
        |id: &String| format!("/api/v1/traces/{}/alike", encode(id)),
        api::json::<AlikeResponse>,
    );
    Effect::new(|_| document().set_title("Compare · Throughline"));
    view! {
        <div class="page">
            {move || match fetched.state.get() {
                Remote::Loading => view! { <div class="skeleton skeleton--block"></div> }.into_any(),
                Remote::Failed(error) => {
                    view! { <Failure error=error what="the trace" retry=Callback::new(move |()| fetched.refresh()) /> }.into_any()
                }
                Remote::Ready(answer) => {
                    let drawn = Signal::derive(move || choices(&answer, browser::now()));
                    view! { <Drawn contents=drawn class="choices" on_pick=Callback::new(|_: String| ()) /> }.into_any()
                }
            }}
        </div>
    }
}
