//! One session under one playhead: its storyboard, its actions as a film strip, what the pages told, and the waterfall
//! of the current action.

use std::sync::Arc;
use std::time::Duration;

use leptos::leptos_dom::helpers::IntervalHandle;
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_query_map};
use shared::query::session::{EntryKind, SessionAction, SessionResponse};

use crate::api::{self, ApiError, Fetched, Remote, use_fetch};
use crate::browser;
use crate::components::mark::ServiceDot;
use crate::components::state::{Failure, Message};
use crate::format;
use crate::model::session::{self as model, Bars};
use crate::palette;

/// How often the playhead moves while playing, in milliseconds.
const TICK_MILLIS: i64 = 100;
/// The speeds of playing.
const SPEEDS: [i64; 4] = [1, 2, 4, 8];
/// So many lines of what the pages told are shown around the playhead.
const LINES: usize = 60;

/// What a person does to the page: where the playhead is and whether it runs.
#[derive(Debug, Clone, Copy)]
struct Playhead {
    session: StoredValue<Arc<SessionResponse>>,
    at: RwSignal<i64>,
    playing: RwSignal<bool>,
    speed: RwSignal<i64>,
    skip: RwSignal<bool>,
}

impl Playhead {
    fn length(self) -> i64 {
        self.session.with_value(|session| model::length(session))
    }

    fn go(self, at: i64) {
        self.at.set(at.clamp(0, self.length()));
    }

    fn tick(self) {
        if !self.playing.get_untracked() {
            return;
        }
        let at = self.at.get_untracked() + TICK_MILLIS * self.speed.get_untracked();
        let next = if self.skip.get_untracked() {
            self.session
                .with_value(|session| model::skip_idle(session, at))
        } else {
            at
        };
        self.go(next);
        if next >= self.length() {
            self.playing.set(false);
        }
    }

    fn toggle(self) {
        if !self.playing.get_untracked() && self.at.get_untracked() >= self.length() {
            self.at.set(0);
        }
        self.playing.update(|playing| *playing = !*playing);
    }

    fn next_error(self) {
        let at = self.at.get_untracked();
        if let Some(next) = self
            .session
            .with_value(|session| model::next_error(session, at))
        {
            self.go(next);
        }
    }
}

/// The page at `/session/:id`.
#[component]
pub fn SessionPage(
    /// The session's id.
    id: String,
) -> impl IntoView {
    let id = Memo::new(move |_| id.clone());
    let found: Fetched<SessionResponse> = use_fetch(
        id,
        |id: &String| format!("/api/v1/sessions/{}", crate::url::encode(id)),
        api::json::<SessionResponse>,
    );
    Effect::new(|_| document().set_title("Session · Throughline"));
    move || {
        match found.state.get() {
        Remote::Loading => view! { <Skeleton /> }.into_any(),
        Remote::Ready(session) => view! { <SessionView session=session /> }.into_any(),
        Remote::Failed(ApiError::Refused { status: 404, .. }) => view! {
            <h1 class="visually-hidden">"Session"</h1>
            <Message title="There is no such session">
                <p>"It may not have arrived, or may have been too old to keep."</p>
                <p><a class="button button--primary" href="/sessions">"Go to the sessions"</a></p>
            </Message>
        }
        .into_any(),
        Remote::Failed(error) => {
            view! { <Failure error=error what="the session" retry=Callback::new(move |()| found.refresh()) /> }.into_any()
        }
    }
    }
}

#[component]
fn SessionView(session: Arc<SessionResponse>) -> impl IntoView {
    let query = use_query_map();
    // A link from a trace names the span; a link of this page names the time.
    let opened = query.with_untracked(|query| {
        let named = query.get("span").and_then(|span| {
            let action = session.actions.iter().find(|action| {
                let of = |id: Option<String>| id.is_some_and(|id| id == span);
                of(action.span_id.map(|id| id.to_hex()))
                    || of(action.trace_id.map(|id| id.to_hex()))
            })?;
            Some(model::millis_at(&session, action.start))
        });
        named.or_else(|| query.get("at").and_then(|at| at.parse().ok()))
    });
    let playhead = Playhead {
        at: RwSignal::new(opened.unwrap_or(0).clamp(0, model::length(&session))),
        session: StoredValue::new(Arc::clone(&session)),
        playing: RwSignal::new(false),
        speed: RwSignal::new(1),
        skip: RwSignal::new(true),
    };
    follow_clock(playhead);
    follow_address(playhead);
    follow_keys(playhead);
    let current = Memo::new(move |_| {
        let at = playhead.at.get();
        playhead
            .session
            .with_value(|session| model::current(session, at))
    });
    view! {
        <div class="session">
            <Head session=Arc::clone(&session) />
            <div class="session__body">
                <Storyboard playhead=playhead current=current />
                <Side playhead=playhead current=current />
            </div>
            <Footer playhead=playhead current=current />
        </div>
    }
}

#[component]
fn Head(session: Arc<SessionResponse>) -> impl IntoView {
    let summary = session.summary.clone();
    let (date, time) = format::date_and_time(summary.start);
    let errors = u64::from(summary.error_count);
    let rage = u64::from(summary.rage_count);
    let dead = u64::from(summary.dead_count);
    let vitals = summary
        .vitals
        .iter()
        .filter(|vital| vital.rating != "good")
        .map(|vital| view! { <span class="mark mark--warn" title=vital.rating.clone()>{vital.to_string()}</span> })
        .collect_view();
    let user = summary
        .user
        .iter()
        .map(|(key, value)| view! { <span title=key.clone()><b>{value.clone()}</b></span> })
        .collect_view();
    let traces = crate::model::filter::Filter {
        query: format!(
            "{{ span.session.id = {} }}",
            crate::model::filter::quoted(&summary.session_id)
        ),
        ..Default::default()
    }
    .address();
    view! {
        <header class="session__head">
            <div class="session__title">
                <h1>{format::quoted(&model::headline(&session))}</h1>
                {(errors > 0).then(|| view! { <span class="mark mark--error">{format::counted(errors, "error")}</span> })}
                {vitals}
                {(rage > 0).then(|| view! { <span class="mark mark--warn">{format::counted(rage, "rage click")}</span> })}
                {(dead > 0).then(|| view! { <span class="mark mark--warn">{format::counted(dead, "dead click")}</span> })}
            </div>
            <div class="facts">
                <span><code title=summary.session_id.clone()>{format::short_id(&summary.session_id)}</code></span>
                {user}
                <span>{summary.browser.clone()} {summary.viewport.clone().map(|size| format!(", {}", size.replace('x', "×")))}</span>
                <span>{date} ", " <b>{time}</b></span>
                <span><b>{format::duration((summary.end - summary.start).0)}</b></span>
                <a href=traces>{format::counted(u64::from(summary.action_count), "action")}</a>
                {session.more.then(|| view! { <span>"the latest actions of more"</span> })}
            </div>
        </header>
    }
}

/// What the visitor did, step by step, where there is no recording of the screen.
#[component]
fn Storyboard(playhead: Playhead, current: Memo<usize>) -> impl IntoView {
    let session = playhead.session.get_value();
    let steps = session
        .actions
        .iter()
        .cloned()
        .enumerate()
        .map(|(index, action)| {
            let at = model::millis_at(&session, action.start);
            view! {
                <li class="scene" class:scene--current=move || current.get() == index class:scene--failed={action.error_count > 0}>
                    <button type="button" class="scene__open" on:click=move |_| playhead.go(at)>
                        <span class="scene__time">{model::clock(at)}</span>
                        <b>{format::quoted(&action.name)}</b>
                        {action.value.clone().map(|value| view! { <code>{value}</code> })}
                        {action.selector.clone().map(|selector| view! { <code class="scene__selector">{selector}</code> })}
                        {action.route.clone().map(|route| view! { <span class="scene__route">{route}</span> })}
                        {action.error.clone().map(|error| view! { <span class="scene__error">"✕ " {format::quoted(&error)}</span> })}
                    </button>
                </li>
            }
        })
        .collect_view();
    view! {
        <section class="session__stage" aria-label="Storyboard">
            <ol class="storyboard">{steps}</ol>
        </section>
    }
}

/// The current action: its waterfall, and what the pages told around the playhead.
#[component]
fn Side(playhead: Playhead, current: Memo<usize>) -> impl IntoView {
    let action = Memo::new(move |_| {
        let index = current.get();
        playhead
            .session
            .with_value(|session| session.actions.get(index).cloned())
    });
    view! {
        <section class="session__side" aria-label="Current action">
            {move || action.get().map(|action| view! { <CurrentAction action=action playhead=playhead /> })}
            <Told playhead=playhead />
        </section>
    }
}

#[component]
fn CurrentAction(action: SessionAction, playhead: Playhead) -> impl IntoView {
    let title = view! {
        <h2>{format::quoted(&action.name)} " · " {format::duration(action.duration.0)}</h2>
        {action.error.clone().map(|error| view! { <p class="session__error">{format::quoted(&error)}</p> })}
        {action.rage.then(|| view! { <p class="session__warn">"Clicked again and again."</p> })}
        {action.dead.then(|| view! { <p class="session__warn">"Nothing answered."</p> })}
    };
    let Some(trace) = action.trace_id else {
        return view! {
            <div class="session__action">{title}<p>"It caused nothing that was traced."</p></div>
        }
        .into_any();
    };
    let found = use_fetch(
        Memo::new(move |_| trace),
        |trace| format!("/api/v1/traces/{trace}"),
        |body| api::plain_trace(body).map(|trace| model::bars(&trace)),
    );
    let address = match action.span_id {
        Some(span) => format!("/trace/{trace}?span={span}"),
        None => format!("/trace/{trace}"),
    };
    let start = playhead
        .session
        .with_value(|session| model::millis_at(session, action.start));
    let length = (action.duration.0 as f64 / 1e6).max(1.0);
    let share = move || ((playhead.at.get() - start) as f64 / length).clamp(0.0, 1.0);
    view! {
        <div class="session__action">
            {title}
            <p><a href=address>"Open the trace"</a></p>
        </div>
        <div class="mini" style=("--at", move || format!("{:.4}", share()))>
            {move || match found.state.get() {
                Remote::Loading => view! { <div class="skeleton skeleton--block" aria-hidden="true"></div> }.into_any(),
                Remote::Failed(error) => {
                    view! { <Failure error=error what="the trace" retry=Callback::new(move |()| found.refresh()) /> }.into_any()
                }
                Remote::Ready(bars) => view! { <MiniWaterfall bars=bars /> }.into_any(),
            }}
        </div>
    }
    .into_any()
}

#[component]
fn MiniWaterfall(bars: Arc<Bars>) -> impl IntoView {
    let hues = palette::hues(bars.browsers.iter().copied());
    let rows = bars
        .rows
        .iter()
        .map(|bar| {
            let hue = hues.get(bar.service).copied().unwrap_or_default();
            let browser = bars.browsers.get(bar.service).copied().unwrap_or_default();
            view! {
                <li class="mini__row" class:mini__row--failed=bar.failed style=("--h", hue.to_string())>
                    <span class="mini__name" style=("--depth", bar.depth.min(8).to_string())>
                        <ServiceDot hue=hue browser=browser />
                        {format::quoted(&bar.name)}
                        {(bar.times > 1).then(|| view! { <small>" ×" {bar.times}</small> })}
                        {bar.failed.then(|| view! { <span class="visually-hidden">" failed"</span> })}
                    </span>
                    <span class="mini__track" aria-hidden="true">
                        <i style=("--left", format!("{:.3}%", bar.left * 100.0)) style=("--width", format!("{:.3}%", bar.width * 100.0))></i>
                    </span>
                </li>
            }
        })
        .collect_view();
    let left_out = bars.left_out as u64;
    view! {
        <i class="mini__playhead" aria-hidden="true"></i>
        <ol class="mini__rows" aria-label="Waterfall">{rows}</ol>
        {(left_out > 0).then(|| view! { <p class="mini__more">{format::counted(left_out, "more row")} " in the trace."</p> })}
    }
}

/// Requests, errors, vitals and routes: what has been told so far, the newest last.
#[component]
fn Told(playhead: Playhead) -> impl IntoView {
    let lines = move || {
        let at = playhead.at.get();
        playhead.session.with_value(|session| {
            let told = session
                .entries
                .partition_point(|entry| model::millis_at(session, entry.time) <= at);
            session.entries[told.saturating_sub(LINES)..told]
                .iter()
                .map(|entry| {
                    let time = model::millis_at(session, entry.time);
                    let kind = match entry.kind {
                        EntryKind::Request => "network",
                        EntryKind::Exception => "exception",
                        EntryKind::Console => "console",
                        EntryKind::Vital => "vital",
                        EntryKind::Route => "route",
                    };
                    let address = entry.trace_id.map(|trace| match entry.span_id {
                        Some(span) => format!("/trace/{trace}?span={span}"),
                        None => format!("/trace/{trace}"),
                    });
                    view! {
                        <li class="told__line" class:told__line--failed=entry.failed>
                            <button type="button" class="told__time" on:click=move |_| playhead.go(time)>{model::clock(time)}</button>
                            <span class="told__kind">{kind}</span>
                            {match address {
                                Some(address) => view! { <a href=address>{format::quoted(&entry.text)}</a> }.into_any(),
                                None => view! { <span>{format::quoted(&entry.text)}</span> }.into_any(),
                            }}
                        </li>
                    }
                })
                .collect_view()
        })
    };
    view! { <ol class="told" aria-label="Console, network and vitals">{lines}</ol> }
}

/// The controls and the film strip.
#[component]
fn Footer(playhead: Playhead, current: Memo<usize>) -> impl IntoView {
    let session = playhead.session.get_value();
    let length = playhead.length();
    let frames = session
        .actions
        .iter()
        .cloned()
        .enumerate()
        .map(|(index, action)| {
            let at = model::millis_at(&session, action.start);
            let (note, tone) = note_of(&action);
            view! {
                <li>
                    <button
                        type="button"
                        class=format!("frame {tone}")
                        class:frame--current=move || current.get() == index
                        aria-current=move || (current.get() == index).then_some("step")
                        on:click=move |_| playhead.go(at)
                    >
                        <b>{format::quoted(&action.name)}</b>
                        <span>{note}</span>
                    </button>
                </li>
            }
        })
        .collect_view();
    let marks = session
        .actions
        .iter()
        .filter(|action| action.error_count > 0 || action.rage)
        .map(|action| {
            let share = model::millis_at(&session, action.start) as f64 / length as f64;
            let class = if action.error_count > 0 {
                "scrub__mark scrub__mark--error"
            } else {
                "scrub__mark"
            };
            view! { <i class=class style=("--at", format!("{share:.4}"))></i> }
        })
        .collect_view();
    view! {
        <footer class="session__foot">
            <div class="session__controls">
                <button type="button" class="button" on:click=move |_| playhead.toggle()>
                    {move || if playhead.playing.get() { "Pause" } else { "Play" }}
                </button>
                <b class="session__clock">{move || model::clock(playhead.at.get())}</b>
                <span>"/ " {model::clock(length)}</span>
                <button
                    type="button"
                    class="button"
                    aria-label=move || format!("{}× speed", playhead.speed.get())
                    on:click=move |_| {
                        playhead
                            .speed
                            .update(|speed| {
                                let at = SPEEDS.iter().position(|known| known == speed).unwrap_or(0);
                                *speed = SPEEDS[(at + 1) % SPEEDS.len()];
                            });
                    }
                >
                    {move || playhead.speed.get()} "×"
                </button>
                <button
                    type="button"
                    class="button"
                    aria-pressed=move || playhead.skip.get().to_string()
                    on:click=move |_| playhead.skip.update(|skip| *skip = !*skip)
                >
                    "Skip idle"
                </button>
                <button type="button" class="button" on:click=move |_| playhead.next_error()>"Next error"</button>
            </div>
            <div class="scrub">
                <input
                    type="range"
                    min="0"
                    max=length
                    step="1"
                    aria-label="Playhead"
                    aria-valuetext=move || model::clock(playhead.at.get())
                    prop:value=move || playhead.at.get().to_string()
                    on:input:target=move |event| {
                        if let Ok(at) = event.target().value().parse() {
                            playhead.go(at);
                        }
                    }
                />
                <div class="scrub__marks" aria-hidden="true">{marks}</div>
            </div>
            <ol class="strip" aria-label="Actions">{frames}</ol>
        </footer>
    }
}

/// The line under an action in the film strip, and its class.
fn note_of(action: &SessionAction) -> (String, &'static str) {
    if action.error_count > 0 {
        let error = action.error.clone().unwrap_or_default();
        return (format::quoted(&error), "frame--failed");
    }
    if action.rage {
        return ("rage click".to_owned(), "frame--warn");
    }
    if action.dead {
        return ("dead click".to_owned(), "frame--warn");
    }
    if action.rating.as_deref() == Some("poor") {
        return ("poor interaction".to_owned(), "frame--warn");
    }
    let caused = action.caused.clone().or_else(|| action.route.clone());
    (
        caused.unwrap_or_else(|| format::duration(action.duration.0)),
        "",
    )
}

/// Moves the playhead while it plays.
fn follow_clock(playhead: Playhead) {
    let timer: StoredValue<Option<IntervalHandle>, LocalStorage> = StoredValue::new_local(None);
    let stop = move || {
        timer.try_update_value(|timer| {
            if let Some(timer) = timer.take() {
                timer.clear();
            }
        });
    };
    Effect::new(move |_| {
        stop();
        if playhead.playing.get() {
            let handle = set_interval_with_handle(
                move || playhead.tick(),
                Duration::from_millis(TICK_MILLIS as u64),
            );
            timer.set_value(handle.ok());
        }
    });
    on_cleanup(stop);
}

/// Keeps the address true to the playhead while it stands.
fn follow_address(playhead: Playhead) {
    let path = use_location().pathname.get_untracked();
    Effect::new(move |previous: Option<()>| {
        let at = playhead.at.get();
        if previous.is_some() && !playhead.playing.get() {
            browser::replace_address(&format!("{path}?at={at}"));
        }
    });
}

fn follow_keys(playhead: Playhead) {
    let listener = window_event_listener(leptos::ev::keydown, move |event| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() || browser::is_typing(&event) {
            return;
        }
        match event.key().as_str() {
            "n" => playhead.next_error(),
            "k" => playhead.toggle(),
            _ => {}
        }
    });
    on_cleanup(move || listener.remove());
}

#[component]
fn Skeleton() -> impl IntoView {
    view! {
        <div class="session">
            <p class="visually-hidden" role="status">"Loading the session"</p>
            <div class="session__head" aria-hidden="true">
                <div class="skeleton skeleton--title"></div>
                <div class="skeleton skeleton--detail"></div>
            </div>
            <div class="session__body" aria-hidden="true">
                <div class="session__stage"><div class="skeleton skeleton--block"></div></div>
                <div class="session__side"><div class="skeleton skeleton--block"></div></div>
            </div>
        </div>
    }
}
