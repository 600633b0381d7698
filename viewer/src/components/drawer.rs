//! The span drawer: everything that is known of one span.

use std::sync::Arc;

use leptos::prelude::*;
use shared::attribute::find_str;
use shared::log::LogEntry;
use shared::otlp::json::encode_spans;
use shared::semconv;
use shared::span::{SpanLink, SpanRecord};
use shared::time::UnixNanos;

use super::copy_button::CopyButton;
use super::drawn::Drawn;
use super::mark::ServiceDot;
use super::notes::SpanNotes;
use super::screen_link::ScreenLink;
use super::value::{Attributes, Value};
use super::waterfall::WaterfallState;
use crate::api::{self, Remote, use_fetch};
use crate::format;
use crate::model::curl::curl;
use crate::model::links::{others, target};
use crate::model::log_marks::Gravity;
use crate::model::span_figures::figures;
use crate::model::stacks::picture;
use crate::model::trace::TraceModel;
use crate::url::Tab;

/// So many events, logs or links are drawn; the rest are counted.
const MOST_ENTRIES: usize = 200;

/// The drawer of one span.
#[component]
pub fn Drawer(
    /// The trace.
    model: Arc<TraceModel>,
    /// The span's node.
    node: u32,
    /// The part that is shown.
    tab: RwSignal<Tab>,
    /// The logs of the trace.
    logs: Signal<Remote<Vec<LogEntry>>>,
    /// Closes the drawer.
    on_close: Callback<()>,
) -> impl IntoView {
    let service = model.service_of(node).clone();
    let id = model.span_id(node);
    let path = model.trace_id().map_or(String::new(), |trace| {
        format!("/api/v1/traces/{}/spans/{}", trace.to_hex(), id.to_hex())
    });
    let fetched = use_fetch(Memo::new(move |_| path.clone()), String::clone, api::spans);
    let (start, raw) = (model.sent_start(node), model.raw_duration(node));
    // Of two spans that took one id, the one that stands in this row.
    let record = Memo::new(move |_| match fetched.state.get() {
        Remote::Ready(spans) => {
            let here = |record: &&SpanRecord| {
                record.span.start == start && record.span.duration().0 == raw
            };
            match spans.iter().find(here).or_else(|| spans.first()) {
                Some(record) => Remote::Ready(Arc::new(record.clone())),
                None => Remote::Loading,
            }
        }
        Remote::Loading => Remote::Loading,
        Remote::Failed(error) => Remote::Failed(error),
    });
    let own = Memo::new(move |_| match logs.get() {
        Remote::Ready(entries) => Remote::Ready(Arc::new(
            entries
                .iter()
                .filter(|entry| entry.record.span_id == Some(id))
                .cloned()
                .collect::<Vec<LogEntry>>(),
        )),
        Remote::Loading => Remote::Loading,
        Remote::Failed(error) => Remote::Failed(error),
    });
    let linked = model.linked_from(node).len();
    let counts = move |tab: Tab| {
        record.with(|record| {
            let record = record.ready();
            let of = |count: fn(&SpanRecord) -> usize| record.as_deref().map(count);
            match tab {
                Tab::Attributes => of(|record| record.span.attributes.len()),
                Tab::Events => of(|record| record.span.events.len()),
                Tab::Logs => own.with(|own| own.ready().map(|own| own.len())),
                Tab::Links => of(|record| record.span.links.len()).map(|own| own + linked),
                Tab::Resource => of(|record| record.resource.attributes.len()),
            }
        })
    };
    let tabs = NodeRef::<leptos::html::Div>::new();
    let turn = move |event: leptos::ev::KeyboardEvent| {
        let step = match event.key().as_str() {
            "ArrowRight" => 1,
            "ArrowLeft" => Tab::ALL.len() - 1,
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        let at = Tab::ALL
            .iter()
            .position(|candidate| *candidate == tab.get_untracked())
            .unwrap_or_default();
        let next = Tab::ALL[(at + step) % Tab::ALL.len()];
        tab.set(next);
        crate::browser::focus(&format!("tab-{}", next.key()));
    };
    let json = move |()| {
        let spans = record.with_untracked(|record| {
            record
                .ready()
                .map(|record| encode_spans(std::slice::from_ref(&*record)))
        });
        spans
            .and_then(|spans| serde_json::to_string_pretty(&spans).ok())
            .unwrap_or_default()
    };
    let figures = Signal::stored(figures(&model, node));
    let (part_model, log) = (
        Arc::clone(&model),
        use_context::<WaterfallState>().map(|state| state.log),
    );
    let log = Signal::derive(move || {
        let (of, place) = log?.get()?;
        (of == node).then_some(place)
    });
    let session = model.session().map(str::to_owned);
    let name = format::quoted(model.name(node));
    let kind = model.kind(node).as_str();
    view! {
        <aside class="drawer" aria-label="Span" style=("--h", service.hue.to_string())>
            <header class="drawer__head">
                <div class="drawer__title">
                    <ServiceDot hue=service.hue browser=service.browser />
                    <h2><Value text=name /></h2>
                    <button type="button" class="icon-button drawer__close" aria-label="Close the span" title="Close (Esc)" on:click=move |_| on_close.run(())>"✕"</button>
                </div>
                <p class="drawer__who">
                    <span>{service.name.clone()}</span>
                    <span>{kind}</span>
                    {move || record.with(|record| record.ready().and_then(|record| causality(find_str(&record.span.attributes, semconv::CAUSALITY))))}
                </p>
                <Failed model=Arc::clone(&model) node=node />
                <Drawn contents=figures class="drawer__figures" on_pick=Callback::new(|_: String| ()) />
                <div class="drawer__ids">
                    {session.map(|session| view! { <ScreenLink session=session at=start /> })}
                    <CopyButton text=move |()| id.to_hex() label="Copy span id" what="" />
                    <CopyButton
                        text=json
                        label="Copy as JSON"
                        what="the span"
                    />
                    {move || record.with(|record| record.ready().and_then(|record| curl(&record.span))).map(|command| view! { <CopyButton text=move |()| command.clone() label="Copy as curl" what="the request" /> })}
                </div>
                <SpanNotes span=id />
                <div class="tabs" role="tablist" aria-label="Parts of the span" node_ref=tabs on:keydown=turn>
                    {Tab::ALL
                        .map(|part| {
                            view! {
                                <button
                                    type="button"
                                    role="tab"
                                    id=format!("tab-{}", part.key())
                                    class="tabs__tab"
                                    class:tabs__tab--none=move || counts(part) == Some(0)
                                    aria-selected=move || (tab.get() == part).to_string()
                                    aria-controls="drawer-panel"
                                    tabindex=move || if tab.get() == part { "0" } else { "-1" }
                                    on:click=move |_| tab.set(part)
                                >
                                    {part.label()}
                                    <small>{move || counts(part).map(|count| count.to_string())}</small>
                                </button>
                            }
                        })
                        .collect_view()}
                </div>
            </header>
            <div id="drawer-panel" class="drawer__panel" role="tabpanel" tabindex="0" aria-label=move || tab.get().label()>
                {move || match (tab.get(), record.get()) {
                    (Tab::Logs, _) => view! { <Logs start=start logs=own.into() picked=log /> }.into_any(),
                    (Tab::Links, Remote::Ready(record)) => view! { <Links model=Arc::clone(&part_model) node=node links=record.span.links.clone() /> }.into_any(),
                    (_, Remote::Loading) => view! { <div class="skeleton skeleton--line"></div><div class="skeleton skeleton--line"></div> }.into_any(),
                    (_, Remote::Failed(error)) => view! { <p class="drawer__note drawer__note--failed">"The span could not be read: " {error.to_string()} "."</p> }.into_any(),
                    (tab, Remote::Ready(record)) => view! { <Part record=record tab=tab /> }.into_any(),
                }}
            </div>
        </aside>
    }
}

#[component]
fn Part(record: Arc<SpanRecord>, tab: Tab) -> impl IntoView {
    let span = &record.span;
    match tab {
        Tab::Attributes if span.attributes.is_empty() => nothing("The span has no attributes."),
        Tab::Attributes => view! {
            <Drawn contents=Signal::stored(picture(span)) class="stacks" on_pick=Callback::new(|_: String| ()) />
            <Attributes attributes=span.attributes.clone() dropped=span.dropped_attributes_count tools=true /> }.into_any(),
        Tab::Events => view! { <Events record=record /> }.into_any(),
        Tab::Links | Tab::Logs => ().into_any(),
        Tab::Resource => {
            let scope = &record.scope;
            let library = if scope.name.is_empty() { String::new() } else { format!("{} {}", scope.name, scope.version) };
            view! {
                <Attributes attributes=record.resource.attributes.clone() dropped=record.resource.dropped_attributes_count tools=true />
                {(!library.is_empty()).then(|| view! { <p class="drawer__note">"Recorded by " {library}</p> })}
            }
            .into_any()
        }
    }
}

impl<T: PartialEq> PartialEq for Remote<T> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Loading, Self::Loading) => true,
            (Self::Ready(a), Self::Ready(b)) => a == b,
            (Self::Failed(a), Self::Failed(b)) => a == b,
            _ => false,
        }
    }
}

fn nothing(text: &'static str) -> AnyView {
    view! { <p class="drawer__note">{text}</p> }.into_any()
}

/// How the tracer found the span's parent, in words.
fn causality(how: Option<&str>) -> Option<impl IntoView + use<>> {
    let (label, meaning) = match how? {
        "exact" => ("cause exact", "The parent was active when this span began."),
        "task" => (
            "cause by task",
            "The parent is known by the task that this span began in.",
        ),
        "inferred" => (
            "cause inferred",
            "Exactly one action was open when this span began.",
        ),
        "none" => (
            "no cause known",
            "No action was active when this span began.",
        ),
        _ => return None,
    };
    Some(view! { <span class="tag" title=meaning>{label}</span> })
}

#[component]
fn Failed(model: Arc<TraceModel>, node: u32) -> impl IntoView {
    model.error[node as usize].then(|| {
        let message = match model.failure_message(node) {
            "" => crate::model::findings::reason(&model, node),
            message => message.to_owned(),
        };
        view! {
            <p class="drawer__failure">
                <b aria-label="Error">"✕"</b>
                <span><Value text=message /></span>
            </p>
        }
    })
}

#[component]
fn Events(record: Arc<SpanRecord>) -> impl IntoView {
    let span = &record.span;
    if span.events.is_empty() {
        return nothing("Nothing happened that was recorded as an event.");
    }
    let mut events = span.events.clone();
    events.sort_by_key(|event| event.time);
    let (start, total, dropped) = (span.start, events.len(), span.dropped_events_count);
    view! {
        <ol class="moments">
            {events
                .into_iter()
                .take(MOST_ENTRIES)
                .map(|event| {
                    let failed = event.name == "exception";
                    view! {
                        <li class="moment" class:moment--failed=failed>
                            <span class="moment__time">{signed((event.time - start).0)}</span>
                            <div class="moment__what">
                                <b>{event.name}</b>
                                {(!event.attributes.is_empty()).then(|| view! { <Attributes attributes=event.attributes /> })}
                            </div>
                        </li>
                    }
                })
                .collect_view()}
        </ol>
        {rest(total)}
        {(dropped > 0).then(|| view! { <p class="drawer__note">{format::counted(u64::from(dropped), "event")} " left out by the sender"</p> })}
    }
    .into_any()
}

#[component]
fn Logs(
    start: UnixNanos,
    logs: Signal<Remote<Vec<LogEntry>>>,
    picked: Signal<Option<usize>>,
) -> impl IntoView {
    Effect::new(move |_| {
        logs.track();
        if let Some(place) = picked.get() {
            // Once it is drawn.
            request_animation_frame(move || crate::browser::scroll_to(&format!("log-{place}")));
        }
    });
    move || {
        match logs.get() {
        Remote::Loading => view! { <div class="skeleton skeleton--line"></div><div class="skeleton skeleton--line"></div> }.into_any(),
        Remote::Failed(error) => view! { <p class="drawer__note drawer__note--failed">"The logs could not be read: " {error.to_string()} "."</p> }.into_any(),
        Remote::Ready(entries) if entries.is_empty() => nothing("Nothing was logged during the span."),
        Remote::Ready(entries) => view! {
            <ol class="moments">
                {entries
                    .iter()
                    .take(MOST_ENTRIES)
                    .cloned()
                    .enumerate()
                    .map(|(place, entry)| {
                        let record = entry.record;
                        let time = record.moment();
                        let gravity = Gravity::of(record.severity_number);
                        let (failed, warned) = (gravity == Gravity::Error, gravity == Gravity::Warning);
                        let severity = severity(record.severity_number, &record.severity_text);
                        let text = if record.event_name.is_empty() { record.body.to_string() } else { format!("{} {}", record.event_name, record.body) };
                        view! {
                            <li
                                id=format!("log-{place}")
                                class="moment"
                                class:moment--failed=failed
                                class:moment--warned=warned
                                aria-current=move || (picked.get() == Some(place)).then_some("true")
                            >
                                <span class="moment__time">{signed((time - start).0)}</span>
                                <div class="moment__what">
                                    <small class="moment__severity">{severity}</small>
                                    <Value text=text />
                                    {(!record.attributes.is_empty())
                                        .then(|| view! { <details class="moment__more"><summary>"attributes"</summary><Attributes attributes=record.attributes /></details> })}
                                </div>
                            </li>
                        }
                    })
                    .collect_view()}
            </ol>
            {rest(entries.len())}
        }
        .into_any(),
    }
    }
}

#[component]
fn Links(model: Arc<TraceModel>, node: u32, links: Vec<SpanLink>) -> impl IntoView {
    let total = links.len();
    let state = use_context::<WaterfallState>();
    let go = Callback::new(move |picked: String| {
        if let (Some(state), Ok(node)) = (state, picked.parse()) {
            state.go(node, true);
        }
    });
    let others = Signal::stored(others(&model, node));
    view! {
        {(total == 0).then(|| nothing("The span links to no other."))}
        <ol class="moments">
            {links
                .into_iter()
                .take(MOST_ENTRIES)
                .map(|link| {
                    let to = Signal::stored(vec![target(&model, link.trace_id, link.span_id)]);
                    view! {
                        <li class="moment moment--wide">
                            <div class="moment__what">
                                <Drawn contents=to class="links__to" on_pick=go />
                                {(!link.attributes.is_empty()).then(|| view! { <Attributes attributes=link.attributes /> })}
                            </div>
                        </li>
                    }
                })
                .collect_view()}
        </ol>
        {rest(total)}
        <Drawn contents=others class="links" on_pick=go />
    }
}

fn rest(total: usize) -> Option<impl IntoView + use<>> {
    (total > MOST_ENTRIES).then(|| view! { <p class="drawer__note">{MOST_ENTRIES} " of " {format::count(total as u64)} " shown"</p> })
}

fn signed(nanos: i64) -> String {
    if nanos < 0 {
        format::duration(nanos)
    } else {
        format!("+{}", format::duration(nanos))
    }
}

/// A severity in the sender's words, or else in OpenTelemetry's.
fn severity(number: i32, text: &str) -> String {
    if !text.is_empty() {
        return text.to_lowercase();
    }
    match number {
        1..=4 => "trace",
        5..=8 => "debug",
        9..=12 => "info",
        13..=16 => "warn",
        17..=20 => "error",
        21..=24 => "fatal",
        _ => "log",
    }
    .to_owned()
}
