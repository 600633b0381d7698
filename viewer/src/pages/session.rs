//! One session under one playhead: its screen or storyboard, its actions as a film strip, what the pages told, and the waterfall
//! of the current action.

use std::sync::Arc;

use leptos::prelude::*;
use shared::query::session::{EntryKind, SessionAction, SessionResponse};

use crate::api::{self, ApiError, Fetched, Remote, use_fetch};
use crate::components::live::{LiveMark, follow_visit};
use crate::components::mark::ServiceDot;
use crate::components::playhead::Playhead;
use crate::components::screen::{Stage, use_recordings};
use crate::components::session_menu::SessionMenu;
use crate::components::state::{Failure, Message};
use crate::format;
use crate::model::session::{self as model, Bars};
use crate::palette;

/// So many lines of what the pages told are shown around the playhead.
const LINES: usize = 60;

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
    // Later answers go into the page that is there.
    let failure = Memo::new(move |_| match found.state.get() {
        Remote::Loading => None,
        Remote::Ready(_) => Some(None),
        Remote::Failed(error) => Some(Some(error)),
    });
    move || {
        match failure.get() {
        None => view! { <Skeleton /> }.into_any(),
        Some(None) => {
            found.state.get_untracked().ready().map(|session| view! { <SessionView session=session found=found /> }).into_any()
        }
        Some(Some(ApiError::Refused { status: 404, .. })) => view! {
            <h1 class="visually-hidden">"Session"</h1>
            <Message title="There is no such session">
                <p>"It may not have arrived, or may have been too old to keep."</p>
                <p><a class="button button--primary" href="/sessions">"Go to the sessions"</a></p>
            </Message>
        }
        .into_any(),
        Some(Some(error)) => {
            view! { <Failure error=error what="the session" retry=Callback::new(move |()| found.refresh()) /> }.into_any()
        }
    }
    }
}

#[component]
fn SessionView(session: Arc<SessionResponse>, found: Fetched<SessionResponse>) -> impl IntoView {
    let playhead = Playhead::from_address(&session);
    playhead.follow();
    follow_visit(playhead, found);
    let current = Memo::new(move |_| {
        let at = playhead.at.get();
        playhead.session.with(|session| model::current(session, at))
    });
    view! {
        <div class="session">
            <Head playhead=playhead />
            <div class="session__body">
                <Left playhead=playhead current=current />
                <Side playhead=playhead current=current />
            </div>
            <Footer playhead=playhead current=current />
        </div>
    }
}

#[component]
fn Head(playhead: Playhead) -> impl IntoView {
    let summary = Memo::new(move |_| playhead.session.with(|session| session.summary.clone()));
    let id = summary.with_untracked(|summary| summary.session_id.clone());
    let shown_id = id.clone();
    let headline = move || {
        playhead
            .session
            .with(|session| format::quoted(&model::headline(session)))
    };
    let marks = move || {
        let summary = summary.get();
        let vitals = summary
            .vitals
            .iter()
            .filter(|vital| vital.rating != "good")
            .map(|vital| view! { <span class="mark mark--warn" title=vital.rating.clone()>{vital.to_string()}</span> })
            .collect_view();
        let errors = u64::from(summary.error_count);
        let rage = u64::from(summary.rage_count);
        let dead = u64::from(summary.dead_count);
        view! {
            {(errors > 0).then(|| view! { <span class="mark mark--error">{format::counted(errors, "error")}</span> })}
            {vitals}
            {(rage > 0).then(|| view! { <span class="mark mark--warn">{format::counted(rage, "rage click")}</span> })}
            {(dead > 0).then(|| view! { <span class="mark mark--warn">{format::counted(dead, "dead click")}</span> })}
        }
    };
    let facts = move || {
        let summary = summary.get();
        let (date, time) = format::date_and_time(summary.start);
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
        let more = playhead.session.with(|session| session.more);
        view! {
            {user}
            <span>{summary.browser.clone()} {summary.viewport.clone().map(|size| format!(", {}", size.replace('x', "×")))} {summary.color_scheme.map(|scheme| format!(", {}", scheme.as_str()))}</span>
            <span>{date} ", " <b>{time}</b></span>
            <span><b>{format::duration((summary.end - summary.start).0)}</b></span>
            <a href=traces>{format::counted(u64::from(summary.action_count), "action")}</a>
            {more.then(|| view! { <span>"the latest actions of more"</span> })}
        }
    };
    view! {
        <header class="session__head">
            <div class="session__title">
                <h1>{headline}</h1>
                <LiveMark playhead=playhead />
                {marks}
            </div>
            <div class="facts">
                <span><code title=shown_id.clone()>{format::short_id(&shown_id)}</code></span>
                {facts}
                <SessionMenu id=id />
            </div>
        </header>
    }
}

/// The actions with their numbers and when they began; what is shown of one is another's once it is known better.
fn scenes(playhead: Playhead) -> Vec<(usize, i64, SessionAction)> {
    playhead.session.with(|session| {
        let actions = session.actions.iter().cloned().enumerate();
        actions
            .map(|(index, action)| (index, model::millis_at(session, action.start), action))
            .collect()
    })
}

fn scene_key(
    (index, at, action): &(usize, i64, SessionAction),
) -> (usize, i64, i64, u32, bool, bool, bool) {
    let SessionAction {
        duration,
        error_count,
        rage,
        dead,
        caused,
        ..
    } = action;
    (
        *index,
        *at,
        duration.0,
        *error_count,
        *rage,
        *dead,
        caused.is_some(),
    )
}

/// The screen where it was recorded, or the steps.
#[component]
fn Left(playhead: Playhead, current: Memo<usize>) -> impl IntoView {
    let known = Memo::new(move |_| {
        playhead
            .session
            .with(|session| (session.summary.recorded, session.recording_withheld))
    });
    move || {
        let (recorded, withheld) = known.get();
        view! { <Stages playhead=playhead current=current recorded=recorded withheld=withheld /> }
    }
}

#[component]
fn Stages(
    playhead: Playhead,
    current: Memo<usize>,
    recorded: bool,
    withheld: bool,
) -> impl IntoView {
    if !recorded || withheld {
        let note = if withheld {
            view! { "The screen was recorded. To see it, sign in with a token that has the role " <b>"replay"</b> "." }.into_any()
        } else {
            view! {
                "The screen was not recorded: the recorder is off. Add " <code>"data-replay=\"always\""</code> " or "
                <code>"data-replay=\"error\""</code> " to the tracer's tag to see it here."
            }
            .into_any()
        };
        return view! {
            <section class="session__stage" aria-label="Steps">
                <p class="screen__note">{note}</p>
                <Storyboard playhead=playhead current=current />
            </section>
        }
        .into_any();
    }
    let found = use_recordings(playhead);
    let choice = move |name: &'static str, steps: bool| {
        view! {
            <button type="button" class="pill" aria-pressed=move || (playhead.steps.get() == steps).to_string() on:click=move |_| playhead.steps.set(steps)>
                {name}
            </button>
        }
    };
    view! {
        <section class="session__stage session__stage--screen" aria-label="Screen and steps">
            <div class="session__choice" role="group" aria-label="Shown">{choice("Screen", false)} {choice("Steps", true)}</div>
            <Show when=move || playhead.steps.get() fallback=move || view! { <Stage playhead=playhead found=found /> }>
                <Storyboard playhead=playhead current=current />
            </Show>
        </section>
    }
    .into_any()
}

/// What the visitor did, step by step.
#[component]
fn Storyboard(playhead: Playhead, current: Memo<usize>) -> impl IntoView {
    let scene = move |(index, at, action): (usize, i64, SessionAction)| {
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
    };
    view! {
        <ol class="storyboard" aria-label="Storyboard">
            <For each=move || scenes(playhead) key=scene_key children=scene />
        </ol>
    }
}

/// The current action: its waterfall, and what the pages told around the playhead.
#[component]
fn Side(playhead: Playhead, current: Memo<usize>) -> impl IntoView {
    let action = Memo::new(move |_| {
        let index = current.get();
        playhead
            .session
            .with(|session| session.actions.get(index).cloned())
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
        .with_untracked(|session| model::millis_at(session, action.start));
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
        playhead.session.with(|session| {
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
    let frame = move |(index, at, action): (usize, i64, SessionAction)| {
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
    };
    let marks = move || {
        scenes(playhead)
            .into_iter()
            .filter(|(_, _, action)| action.error_count > 0 || action.rage)
            .map(|(_, at, action)| {
                let share = move || format!("{:.4}", at as f64 / playhead.end.get() as f64);
                let class = if action.error_count > 0 {
                    "scrub__mark scrub__mark--error"
                } else {
                    "scrub__mark"
                };
                view! { <i class=class style=("--at", share)></i> }
            })
            .collect_view()
    };
    view! {
        <footer class="session__foot">
            <div class="session__controls">
                <button type="button" class="button" on:click=move |_| playhead.toggle()>
                    {move || if playhead.playing.get() { "Pause" } else { "Play" }}
                </button>
                <b class="session__clock">{move || model::clock(playhead.at.get())}</b>
                <span>"/ " {move || model::clock(playhead.end.get())}</span>
                <button
                    type="button"
                    class="button"
                    aria-label=move || format!("{}× speed", playhead.speed.get())
                    on:click=move |_| playhead.faster()
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
                <button type="button" class="button" on:click=move |_| playhead.go_to_error(true)>"Next error"</button>
            </div>
            <div class="scrub">
                <input
                    type="range"
                    min="0"
                    max=move || playhead.end.get()
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
            <ol class="strip" aria-label="Actions">
                <For each=move || scenes(playhead) key=scene_key children=frame />
            </ol>
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
