//! The trace page: the answer first, then the waterfall and the span in the drawer.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::use_location;
use shared::log::LogEntry;

use crate::api::{self, ApiError, Remote, use_fetch};
use crate::browser;
use crate::components::attribute_over_trace::{FollowStrip, follow_colour, follow_value};
use crate::components::copy_button::CopyButton;
use crate::components::drawer::Drawer;
use crate::components::drawn::Drawn;
use crate::components::find_bar::{Fields, Find, FindBar};
use crate::components::flame::FlameGraph;
use crate::components::notes::Notes;
use crate::components::share::Share;
use crate::components::state::{Failure, Message, StaleNotice};
use crate::components::trace_tools::TraceTools;
use crate::components::waterfall::view::Screen;
use crate::components::waterfall::{Waterfall, WaterfallState, likes_compact};
use crate::format;
use crate::loading::{LoadedTrace, Loading, adjust, analyse, use_trace};
use crate::model::colour::ColourBy;
use crate::model::findings::{chips, findings, origins_of_errors};
use crate::model::log_marks::LogMarks;
use crate::model::rows::{Narrowing, Openness, RowKey, Rows};
use crate::model::story::{sentence, story};
use crate::model::trace::TraceModel;
use crate::model::trace_views::tabs;
use crate::url::{FlameKind, QueryString, Tab, TraceAddress};

/// A trace that ended less than so many seconds ago may still grow.
const SETTLED_SECONDS: i64 = 30;
/// Larger traces are not asked for again and again; a reload shows what has come since.
const MOST_REFRESHED: usize = 100_000;
/// How often a trace that may grow is asked for, in seconds.
const REFRESH_SECONDS: u32 = 2;
/// How often a trace that has not arrived is asked for before that is said.
const PATIENCE: u32 = 5;
/// The address follows what a person does after so many milliseconds of rest.
const ADDRESS_MILLIS: u64 = 150;

/// The page at `/trace/{id}`.
#[component]
pub fn TracePage(
    /// The trace.
    id: String,
) -> impl IntoView {
    let path = format!("/api/v1/traces/{}", crate::url::encode(&id));
    let loaded = use_trace(path.clone());
    let path = Memo::new(move |_| path.clone());
    let logs = use_fetch(path, |path: &String| format!("{path}/logs"), api::logs);
    provide_context(Notes::of(&id));
    Fields::provide();
    // What a person sees survives the arrival of further spans: it is kept here, by the ids of spans.
    let address = StoredValue::new(TraceAddress::parse(&use_location().search.get_untracked()));
    let (waited, set_waited) = signal(0_u32);
    browser::every(REFRESH_SECONDS, move || {
        let again = match loaded.state.get_untracked() {
            Loading::Ready(model) => {
                model.len() <= MOST_REFRESHED
                    && (browser::now() - model.end_time()).0 < SETTLED_SECONDS * 1_000_000_000
            }
            Loading::Failed(ApiError::Refused { status: 404, .. }) => {
                set_waited.update(|waited| *waited += 1);
                waited.get_untracked() < PATIENCE
            }
            _ => false,
        };
        if again {
            loaded.refresh();
            logs.refresh();
        }
    });
    let logs = Signal::derive(move || logs.state.get());
    let shown_id = id.clone();
    let clock = Clock::provide(loaded, address);
    let shown = Memo::new(move |_| match loaded.state.get() {
        Loading::Ready(model) => clock.told(model).map_or(Shown::Nothing, Shown::Trace),
        Loading::Failed(error) => Shown::Failure(error),
        Loading::Asked | Loading::Reading(_) | Loading::Arriving(..) => Shown::Nothing,
    });
    let progress = Signal::derive(move || match loaded.state.get() {
        Loading::Reading(read) => Some(format!("{} spans read", format::count(u64::from(read)))),
        Loading::Arriving(loaded, total) => Some(format!(
            "{} of {} spans loaded",
            format::count(u64::from(loaded)),
            format::count(u64::from(total))
        )),
        _ => None,
    });
    view! {
        <StaleNotice error=loaded.stale />
        {move || match shown.get() {
            Shown::Trace(model) if model.is_empty() => view! { <Missing id=id.clone() waiting=false /> }.into_any(),
            Shown::Trace(model) => view! { <TraceView model=model address=address logs=logs toggle_clock=clock.toggle /> }.into_any(),
            Shown::Nothing => view! { <Skeleton progress=progress /> }.into_any(),
            Shown::Failure(ApiError::Refused { status: 404, .. }) => {
                let id = shown_id.clone();
                view! { {move || view! { <Missing id=id.clone() waiting=waited.get() < PATIENCE /> }} }.into_any()
            }
            Shown::Failure(error) => {
                view! { <Failure error=error what="the trace" retry=Callback::new(move |()| loaded.refresh()) /> }.into_any()
            }
        }}
    }
}

/// Whose clock tells the times.
#[derive(Clone, Copy)]
struct Clock {
    adjusted: RwSignal<bool>,
    /// A trace as it was sent, and as one clock would have told it.
    known: RwSignal<Option<(Arc<TraceModel>, Arc<TraceModel>)>>,
    /// Whether somebody has turned to the other.
    turned: StoredValue<bool>,
    /// Turns to the other.
    toggle: Callback<()>,
}

impl Clock {
    /// Adjusts the trace whenever that is wanted.
    fn provide(loaded: LoadedTrace, address: StoredValue<TraceAddress>) -> Self {
        let adjusted = RwSignal::new(address.with_value(|address| address.adjusted));
        let known = RwSignal::new(None::<(Arc<TraceModel>, Arc<TraceModel>)>);
        let turned = StoredValue::new(false);
        Effect::new(move |_| {
            let (true, Loading::Ready(sent)) = (adjusted.get(), loaded.state.get()) else {
                return;
            };
            let done = known.with_untracked(|known| {
                known.as_ref().is_some_and(|(of, _)| Arc::ptr_eq(of, &sent))
            });
            if done {
                return;
            }
            if !sent.clocks_apart() {
                return known.set(None);
            }
            spawn_local(async move {
                let model = Arc::new(adjust(&sent).await);
                known.try_set(Some((sent, model)));
            });
        });
        let toggle = Callback::new(move |()| {
            let state = loaded.state.get_untracked();
            if !matches!(state, Loading::Ready(sent) if sent.clocks_apart()) {
                return;
            }
            let next = !adjusted.get_untracked();
            address.update_value(|address| {
                address.adjusted = next;
                // The time shown is counted from another start.
                address.zoom = None;
            });
            let path = window().location().pathname().unwrap_or_default();
            browser::replace_address(&format!(
                "{path}{}",
                address.with_value(TraceAddress::query)
            ));
            turned.set_value(true);
            adjusted.set(next);
        });
        Self {
            adjusted,
            known,
            turned,
            toggle,
        }
    }

    /// The trace by the clock that is wanted. `None` where an address wants adjusted times and they are not known yet;
    /// whoever turns to them sees the trace as it was sent until then, and whoever sees them keeps them while it grows.
    fn told(self, sent: Arc<TraceModel>) -> Option<Arc<TraceModel>> {
        if !self.adjusted.get() {
            return Some(sent);
        }
        match self.known.get() {
            Some((_, model)) => Some(model),
            None if self.turned.get_value() || !sent.clocks_apart() => Some(sent),
            None => None,
        }
    }
}

/// What the page shows.
#[derive(Clone)]
enum Shown {
    Nothing,
    Trace(Arc<TraceModel>),
    Failure(ApiError),
}

impl PartialEq for Shown {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Nothing, Self::Nothing) => true,
            (Self::Trace(a), Self::Trace(b)) => Arc::ptr_eq(a, b),
            (Self::Failure(a), Self::Failure(b)) => a == b,
            _ => false,
        }
    }
}

#[component]
fn Missing(id: String, waiting: bool) -> impl IntoView {
    Effect::new(|_| document().set_title("No such trace · Throughline"));
    if waiting {
        return view! {
            <h1 class="visually-hidden">"Trace"</h1>
            <Message title="Waiting for the trace">
                <p>"None of its spans has arrived yet. A page sends its spans a moment after the work is done."</p>
                <p class="message__detail"><code>{id}</code></p>
            </Message>
        }
        .into_any();
    }
    view! {
        <h1 class="visually-hidden">"Trace"</h1>
        <Message title="There is no such trace">
            <p>"It may not have arrived, may have been too old to keep, or the id may be mistyped."</p>
            <p class="message__detail"><code>{format::clipped(&id, 80)}</code></p>
            <p><a class="button button--primary" href="/">"Go to the traces"</a></p>
        </Message>
    }
    .into_any()
}

#[component]
fn TraceView(
    model: Arc<TraceModel>,
    address: StoredValue<TraceAddress>,
    logs: Signal<Remote<Vec<LogEntry>>>,
    toggle_clock: Callback<()>,
) -> impl IntoView {
    let opened = address.get_value();
    let nodes = |ids: &[String]| ids.iter().filter_map(|id| model.node_of_span(id)).collect();
    let openness = RwSignal::new(Openness {
        collapsed: nodes(&opened.collapsed),
        unfolded: nodes(&opened.unfolded),
    });
    let selected = RwSignal::new(
        opened
            .span
            .as_deref()
            .and_then(|span| model.node_of_span(span)),
    );
    let active = RwSignal::new(RowKey {
        node: selected.get_untracked().unwrap_or(0),
        fold: false,
    });
    let kept = StoredValue::new(Arc::clone(&model));
    let find = Find::provide(&opened.find, &opened.rest);
    let window = RwSignal::new(opened.zoom.or_else(|| model.focus()));
    let within = RwSignal::new(opened.within);
    let narrowing = RwSignal::new(Narrowing {
        focus: opened
            .focus
            .as_deref()
            .and_then(|id| model.node_of_span(id)),
        least: opened.least,
        within: None,
    });
    let flame = RwSignal::new(opened.flame);
    let state = WaterfallState {
        openness,
        active,
        selected,
        window,
        line: RwSignal::new(!opened.line_off),
        rows: Memo::new(move |_| {
            let narrowing = Narrowing {
                within: window.get().filter(|_| within.get()),
                ..narrowing.get()
            };
            Arc::new(kept.with_value(|model| {
                let rows = openness.with(|openness| Rows::narrowed(model, openness, &narrowing));
                find.rows(model, rows)
            }))
        }),
        narrowing,
        within,
        screen: Screen::default(),
        model: kept,
        reveal: RwSignal::new((0, false)),
        analysed: RwSignal::new(model.analysis().is_some()),
        colour: RwSignal::new(ColourBy::from_key(&opened.colour)),
        colours: RwSignal::default(),
        problem: RwSignal::new(None),
        tab: RwSignal::new(opened.tab),
        logs: Memo::new(move |_| {
            let entries = logs.get().ready().unwrap_or_default();
            kept.with_value(|model| Arc::new(LogMarks::new(model, &entries)))
        }),
        log: RwSignal::new(None),
        compact: RwSignal::new(opened.compact.unwrap_or_else(likes_compact)),
        card: RwSignal::new(None),
        toggle_clock,
        follow: RwSignal::new(opened.follow),
        path: RwSignal::new(None),
    };
    provide_context(state);
    follow_colour(state);
    follow_value(state);
    if model.analysis().is_none() {
        let analysed = state.analysed;
        analyse(Arc::clone(&model), move || {
            analysed.try_set(true);
        });
    }
    let tab = state.tab;
    if let Some(node) = selected.get_untracked() {
        openness.update(|openness| openness.reveal(&model, node));
        state.show_active(false);
    }
    follow_address(state, find, tab, flame, address);
    let title = format!(
        "{} {} · Throughline",
        format::quoted(model.name(model.root)),
        format::duration(model.headline_duration())
    );
    Effect::new(move |_| document().set_title(&title));
    let drawer_model = Arc::clone(&model);
    let flame_kind = Signal::derive(move || flame.get().unwrap_or(FlameKind::WallClock));
    view! {
        <div class="trace" class:trace--drawer=move || selected.with(Option::is_some)>
            <TraceHead model=Arc::clone(&model) state=state />
            <div class="trace__body">
                <div class="trace__scroll">
                    <TraceTools state=state flame=flame />
                    <Show when=move || flame.with(Option::is_none) fallback=move || view! { <FlameGraph state=state kind=flame_kind /> }>
                        <FindBar state=state />
                        <FollowStrip state=state />
                        <Waterfall state=state />
                    </Show>
                    {follow_keys(state)}
                </div>
                {move || {
                    let model = Arc::clone(&drawer_model);
                    selected
                        .get()
                        .map(|node| {
                            let close = Callback::new(move |()| {
                                selected.set(None);
                                state.show_active(true);
                            });
                            view! { <Drawer model=model node=node tab=tab logs=logs on_close=close /> }
                        })
                }}
            </div>
        </div>
    }
}

#[component]
fn TraceHead(model: Arc<TraceModel>, state: WaterfallState) -> impl IntoView {
    let caused = model.caused().map(|node| format::quoted(model.name(node)));
    let (date, time) = format::date_and_time(model.start_time());
    let trace_id = model.trace_id().map(|id| id.to_hex()).unwrap_or_default();
    let session = model.session().map(str::to_owned);
    let file = crate::local::file_of(&trace_id);
    let served = file.is_none();
    let errors = u64::from(model.error_count);
    let first_error = origins_of_errors(&model).first().copied();
    let views = Signal::derive({
        let (model, id) = (Arc::clone(&model), trace_id.clone());
        move || {
            let mut kept = QueryString::new("");
            if let Some(node) = state.selected.get() {
                kept.push("span", &model.span_id(node).to_hex());
            }
            if let Some((from, to)) = state.window.get() {
                kept.push("zoom", &format!("{from}-{to}"));
            }
            // The other views are made by the server.
            served
                .then(|| tabs(&id, "", &kept.finish()))
                .into_iter()
                .collect()
        }
    });
    // Large traces are shown before it is known what their time went to.
    fn reading<T>(state: WaterfallState, what: fn(&TraceModel) -> T) -> T {
        state.analysed.track();
        state.model.with_value(|model| what(model))
    }
    let found = Signal::derive(move || {
        let mut out = vec![sentence(&reading(state, story))];
        out.extend(chips(&reading(state, findings)));
        out
    });
    let go = Callback::new(move |picked: String| {
        if let Ok(node) = picked.parse() {
            state.go(node, true);
        }
    });
    view! {
        <header class="trace__head">
            <div class="trace__title">
                <h1>
                    <span class="trace__root">{format::quoted(model.name(model.root))}</span>
                    {caused
                        .map(|caused| {
                            view! {
                                <span class="trace__arrow" aria-hidden="true">" → "</span>
                                <span class="visually-hidden">" caused "</span>
                                <span class="trace__caused">{caused}</span>
                            }
                        })}
                </h1>
                <span class="trace__duration">{format::duration(model.headline_duration())}</span>
                {(errors > 0)
                    .then(|| {
                        view! {
                            <button
                                type="button"
                                class="badge"
                                title="Go to where it began"
                                on:click=move |_| if let Some(node) = first_error { state.go(node, true) }
                            >
                                {format::counted(errors, "error")}
                            </button>
                        }
                    })}
            </div>
            <div class="facts">
                <span>{date} ", " <b>{time}</b></span>
                <span><b>{model.services.len()}</b> {if model.services.len() == 1 { " service" } else { " services" }}</span>
                <span><b>{format::count(model.len() as u64)}</b> {if model.len() == 1 { " span" } else { " spans" }}</span>
                {session
                    .map(|session| {
                        let address = format!("/session/{}?span={trace_id}", crate::url::encode(&session));
                        view! { <span>"session " <a href=address title="Who it was, and what they had done before">{format::short_id(&session)}</a></span> }
                    })}
                <span class="facts__id">
                    "trace " <code>{format::short_id(&trace_id)}</code>
                    <CopyButton text=move |()| trace_id.clone() what="the trace id" quiet=true />
                </span>
                {match file {
                    Some(file) => view! { <span>"from the file " <b>{format::clipped(&file, 60)}</b> ", on no server"</span> }.into_any(),
                    None => view! { <Share id=model.trace_id().map(|id| id.to_hex()).unwrap_or_default() /> }.into_any(),
                }}
            </div>
            <Drawn contents=found class="trace__found" on_pick=go />
            <Drawn contents=views class="trace__views" on_pick=Callback::new(|_: String| ()) />
        </header>
    }
}

/// Keeps the address true to what is shown.
fn follow_address(
    state: WaterfallState,
    find: Find,
    tab: RwSignal<Tab>,
    flame: RwSignal<Option<FlameKind>>,
    address: StoredValue<TraceAddress>,
) {
    let timer: StoredValue<Option<TimeoutHandle>, LocalStorage> = StoredValue::new_local(None);
    Effect::new(move |previous: Option<()>| {
        let next = state.model.with_value(|model| {
            let id = |node: u32| model.span_id(node).to_hex();
            TraceAddress {
                span: state.selected.get().map(id),
                tab: tab.get(),
                collapsed: state
                    .openness
                    .with(|openness| openness.collapsed.iter().copied().map(id).collect()),
                unfolded: state
                    .openness
                    .with(|openness| openness.unfolded.iter().copied().map(id).collect()),
                zoom: state.window.get(),
                line_off: !state.line.get(),
                find: find.text.get(),
                rest: find.mode.get().key().to_owned(),
                flame: flame.get(),
                focus: state.narrowing.with(|narrowing| narrowing.focus).map(id),
                least: state.narrowing.with(|narrowing| narrowing.least),
                within: state.within.get(),
                colour: state.colour.with(ColourBy::key),
                // Whoever likes rows low says so only where a link must show them high.
                compact: Some(state.compact.get()).filter(|compact| *compact || likes_compact()),
                follow: state.follow.get(),
                adjusted: model.adjusted,
            }
        });
        address.set_value(next.clone());
        if previous.is_none() {
            return;
        }
        timer.update_value(|timer| {
            if let Some(timer) = timer.take() {
                timer.clear();
            }
            *timer = set_timeout_with_handle(
                move || {
                    let path = window().location().pathname().unwrap_or_default();
                    browser::replace_address(&format!("{path}{}", next.query()));
                },
                Duration::from_millis(ADDRESS_MILLIS),
            )
            .ok();
        });
    });
    on_cleanup(move || {
        timer.try_update_value(|timer| {
            if let Some(timer) = timer.take() {
                timer.clear();
            }
        });
    });
}

/// The keys of the page that work wherever the focus is.
fn follow_keys(state: WaterfallState) {
    // Where the walk along the critical path is.
    let step = Cell::new(None::<usize>);
    let listener = window_event_listener(leptos::ev::keydown, move |event| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() || browser::is_typing(&event) {
            return;
        }
        match event.key().as_str() {
            "n" => go_to_error(state, true),
            "p" => go_to_error(state, false),
            "l" => state.line.update(|line| *line = !*line),
            "d" => state.toggle_compact(),
            "k" => state.toggle_clock.run(()),
            "c" | "C" => state.model.with_value(|model| {
                let count = model.critical().len();
                if count == 0 {
                    return;
                }
                let forward = event.key() == "c";
                let next = match step.get() {
                    None => 0,
                    Some(at) => (at + if forward { 1 } else { count - 1 }) % count,
                };
                step.set(Some(next));
                state.go(model.critical()[next].node, false);
            }),
            "Escape" if state.selected.get_untracked().is_some() => {
                state.selected.set(None);
                state.show_active(true);
            }
            _ => {}
        }
    });
    on_cleanup(move || listener.remove());
}

/// Goes to the next failed span in the order of the rows, around the ends.
fn go_to_error(state: WaterfallState, forward: bool) {
    let current = state.active.get_untracked().node;
    let target = state.model.with_value(|model| {
        let failed = |node: &u32| model.error[*node as usize];
        let count = model.len() as u32;
        if forward {
            (current + 1..count).chain(0..=current).find(failed)
        } else {
            (0..current)
                .rev()
                .chain((current..count).rev())
                .find(failed)
        }
    });
    if let Some(node) = target {
        state.go(node, true);
    }
}

#[component]
fn Skeleton(progress: Signal<Option<String>>) -> impl IntoView {
    view! {
        <div class="trace">
            <p class="visually-hidden" role="status">"Loading the trace"</p>
            <p class="trace__progress" aria-hidden="true">{move || progress.get()}</p>
            <div class="trace__head" aria-hidden="true">
                <div class="skeleton skeleton--title"></div>
                <div class="skeleton skeleton--detail"></div>
                <div class="skeleton skeleton--story"></div>
                <div class="skeleton skeleton--chips"></div>
            </div>
            <div class="skeleton-rows" aria-hidden="true">
                {(0..14_u32)
                    .map(|row| {
                        view! {
                            <div class="skeleton-rows__row">
                                <div class="skeleton" style=("--width", format!("{}px", 220 - (row * 37) % 90)) style=("--indent", format!("{}px", 12 + row.min(7) * 14))></div>
                                <div class="skeleton" style=("--width", format!("{}%", 96_u32.saturating_sub(row * 7).max(6))) style=("--indent", format!("{}%", row * 3))></div>
                            </div>
                        }
                    })
                    .collect_view()}
            </div>
        </div>
    }
}
