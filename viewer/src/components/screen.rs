//! What the visitor saw, in the player's frame.
//!
//! The frame's page stands on another host name, so that a recording could not reach this page even if it acted. This
//! page reads the recording and hands it over; messages go to the player's exact origin and are taken from it alone.
//! See `player/player.js` for what they are.

use std::sync::Arc;
use std::time::Duration;

use js_sys::{Array, Object, Reflect, Uint8Array};
use leptos::html::Iframe;
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::query::session::{ReplayPlayer, ReplayResponse};
use shared::time::UnixNanos;
use wasm_bindgen::JsValue;
use web_sys::AbortController;

use super::playhead::Playhead;
use super::state::Failure;
use crate::api::{self, ApiError, Fetched, Remote, use_fetch};
use crate::model::recording::{self, RecordedPage};
use crate::model::session as model;

/// After this the player is taken for absent.
const PATIENCE: Duration = Duration::from_secs(10);

/// How far the picture is.
#[derive(Debug, Clone, PartialEq)]
enum Phase {
    /// The player or the recording is not there yet.
    Loading,
    /// It is shown; whole pictures of the page were taken at these times.
    Shown(Vec<i64>),
    /// The recording cannot be read.
    Unread(ApiError),
    /// It cannot be shown, in words.
    Failed(String),
}

/// Asks which recordings there are, and lets the playhead go to their end.
pub fn use_recordings(playhead: Playhead) -> Fetched<ReplayResponse> {
    let id = playhead
        .session
        .with_untracked(|session| session.summary.session_id.clone());
    let path = format!("/api/v1/sessions/{}/replay", crate::url::encode(&id));
    let found: Fetched<ReplayResponse> = use_fetch(
        Memo::new(move |_| path.clone()),
        String::clone,
        api::json::<ReplayResponse>,
    );
    Effect::new(move |_| {
        let replay = found.state.get().ready();
        let ends = replay
            .iter()
            .flat_map(|replay| &replay.streams)
            .map(|stream| stream.end);
        if let Some(end) = ends.max() {
            let end = playhead
                .session
                .with_untracked(|session| model::millis_at(session, end));
            playhead.reach(end);
        }
    });
    Effect::new(move |previous: Option<()>| {
        playhead.beat.track();
        if previous.is_some() {
            found.refresh();
        }
    });
    found
}

/// What there is of a recording. What is in it may change while this stays.
#[derive(Debug, Clone, PartialEq)]
enum Found {
    Loading,
    Failed(ApiError),
    /// It is past its retention.
    Nothing,
    /// This server plays none.
    Unplayed,
    /// This page must be open at another origin.
    Elsewhere(String),
    /// It is played here.
    Here(ReplayPlayer),
}

/// What the visitor saw, where a recording of it has arrived.
#[component]
pub fn Stage(playhead: Playhead, found: Fetched<ReplayResponse>) -> impl IntoView {
    let pages = Memo::new(move |_| {
        let replay = found.state.get().ready();
        let streams = replay.map(|replay| replay.streams.clone());
        playhead
            .session
            .with(|session| Arc::new(recording::pages(session, &streams.unwrap_or_default())))
    });
    let kind = Memo::new(move |_| match found.state.get() {
        Remote::Loading => Found::Loading,
        Remote::Failed(error) => Found::Failed(error),
        Remote::Ready(replay) => match &replay.player {
            _ if replay.streams.is_empty() => Found::Nothing,
            None => Found::Unplayed,
            Some(player) if !is_here(&player.viewer) => Found::Elsewhere(player.viewer.clone()),
            Some(player) => Found::Here(player.clone()),
        },
    });
    move || {
        match kind.get() {
        Found::Loading => {
            view! { <div class="screen__frame skeleton" aria-hidden="true"></div> }.into_any()
        }
        Found::Failed(error) => {
            view! { <Failure error=error what="the recordings" retry=Callback::new(move |()| found.refresh()) /> }.into_any()
        }
        Found::Nothing => {
            view! { <p class="screen__note">"The recording of the screen is past its retention."</p> }.into_any()
        }
        Found::Unplayed => view! {
            <p class="screen__note">"The screen was recorded, but this server plays no recordings: start it without " <code>"--listen-player off"</code> "."</p>
        }
        .into_any(),
        Found::Elsewhere(viewer) => {
            let address = elsewhere(&viewer);
            view! {
                <p class="screen__note">
                    "Recordings are played apart from everything else, for which this page must be open as "
                    <a href=address>{viewer}</a> "."
                </p>
            }
            .into_any()
        }
        Found::Here(player) => view! { <Screen playhead=playhead pages=pages player=player /> }.into_any(),
    }
    }
}

type Pages = Memo<Arc<Vec<RecordedPage>>>;

#[component]
fn Screen(playhead: Playhead, pages: Pages, player: ReplayPlayer) -> impl IntoView {
    let shown = Memo::new(move |_| {
        let (at, page) = (playhead.at.get(), playhead.page.get());
        pages
            .with(|pages| recording::shown(pages, page.as_deref(), at))
            .unwrap_or_default()
    });
    let frame = NodeRef::<Iframe>::new();
    let phase = RwSignal::new(Phase::Loading);
    let player = Player {
        frame,
        origin: StoredValue::new(player.url),
        starts: RwSignal::new(0),
        phase,
    };
    player.listen(playhead);
    player.hand_over(playhead, pages, shown);
    player.follow(playhead);
    let said = move || {
        let pictures = match phase.get() {
            Phase::Shown(pictures) => pictures,
            _ => return None,
        };
        let (at, index) = (playhead.at.get(), shown.get());
        pages.with(|pages| recording::doubt(pages.get(index)?, &pictures, at))
    };
    let missing = Memo::new(move |_| {
        let gaps = pages.with(|pages| pages.get(shown.get()).map(|page| page.gaps.clone()));
        gaps.unwrap_or_default()
    });
    let gaps = move || {
        missing
            .get()
            .into_iter()
            .map(|gap| {
                let at = gap.start.unwrap_or(gap.end);
                view! { <button type="button" class="mark mark--warn" on:click=move |_| playhead.go(at)>{gap.in_words()}</button> }
            })
            .collect_view()
    };
    let address = player.origin.get_value();
    view! {
        <div class="screen">
            <div class="screen__bar">
                <PageChoice playhead=playhead pages=pages shown=shown />
                {gaps}
            </div>
            <div class="screen__frame" aria-busy=move || (phase.get() == Phase::Loading).to_string()>
                <iframe
                    node_ref=frame
                    title="The screen"
                    sandbox="allow-scripts allow-same-origin"
                    referrerpolicy="no-referrer"
                    src=format!("{address}/")
                ></iframe>
                {move || match phase.get() {
                    Phase::Loading => view! { <div class="screen__cover skeleton"><span class="visually-hidden" role="status">"Loading the recording"</span></div> }.into_any(),
                    Phase::Shown(_) => ().into_any(),
                    Phase::Unread(error) => view! {
                        <div class="screen__cover">
                            <Failure error=error what="the recording" retry=Callback::new(move |()| player.starts.update(|starts| *starts += 1)) />
                        </div>
                    }
                    .into_any(),
                    Phase::Failed(reason) => view! { <div class="screen__cover"><p class="screen__note" role="alert">{reason}</p></div> }.into_any(),
                }}
            </div>
            <p class="screen__said" role="status">{said}</p>
        </div>
    }
}

/// Which of several recorded pages is shown.
#[component]
fn PageChoice(playhead: Playhead, pages: Pages, shown: Memo<usize>) -> impl IntoView {
    let choose = move |chosen: String| {
        let page =
            pages.with_untracked(|pages| pages.iter().find(|page| page.stream == chosen).cloned());
        let at = playhead.at.get_untracked();
        if let Some(page) = page
            .as_ref()
            .filter(|page| at < page.start || at > page.end)
        {
            playhead.go(page.start);
        }
        playhead.page.set(page.map(|page| page.stream));
    };
    let label = move |index: usize| {
        let label = pages.with(|pages| Some(recording::label(index, pages.get(index)?)));
        label.unwrap_or_default()
    };
    let listed = move || {
        let pages = pages.get();
        let streams = pages.iter().map(|page| page.stream.clone());
        streams.enumerate().collect::<Vec<_>>()
    };
    let several = Memo::new(move |_| pages.with(|pages| pages.len() > 1));
    view! {
        <Show when=move || several.get()>
            <select
                class="select"
                aria-label="Recorded page"
                prop:value=move || playhead.page.get().unwrap_or_default()
                on:change:target=move |event| choose(event.target().value())
            >
                <option value="">{move || format!("Follow the playhead ({})", label(shown.get()))}</option>
                <For each=listed key=Clone::clone children=move |(index, stream)| {
                    view! { <option value=stream>{move || label(index)}</option> }
                } />
            </select>
        </Show>
    }
}

/// The frame, and the page in it.
#[derive(Debug, Clone, Copy)]
struct Player {
    frame: NodeRef<Iframe>,
    origin: StoredValue<String>,
    /// How often the page in the frame has begun.
    starts: RwSignal<u32>,
    phase: RwSignal<Phase>,
}

impl Player {
    fn window(self) -> Option<web_sys::Window> {
        self.frame.get_untracked()?.content_window()
    }

    fn send(self, message: &[(&str, JsValue)], transfer: &Array) {
        let object = Object::new();
        for (key, value) in message {
            // A new object takes any property.
            let _ = Reflect::set(&object, &(*key).into(), value);
        }
        if let Some(window) = self.window() {
            // A frame that is gone hears nothing.
            let _ = self
                .origin
                .with_value(|origin| window.post_message_with_transfer(&object, origin, transfer));
        }
    }

    /// Hears what the player says.
    fn listen(self, playhead: Playhead) {
        let listener = window_event_listener(leptos::ev::message, move |event| {
            let window = self.window().map(JsValue::from);
            let source = event.source().map(JsValue::from);
            let is_players = self.origin.with_value(|origin| event.origin() == *origin)
                && source.is_some()
                && source == window;
            if !is_players {
                return;
            }
            let data = event.data();
            let get = |key: &str| Reflect::get(&data, &key.into()).unwrap_or_default();
            match get("kind").as_string().as_deref() {
                Some("hello") => self.starts.update(|starts| *starts += 1),
                Some("ready") => {
                    let times = |key: &str| -> Vec<i64> {
                        let millis = Array::from(&get(key));
                        let instants = millis
                            .iter()
                            .filter_map(|millis| millis.as_f64())
                            .map(UnixNanos::from_millis_f64);
                        playhead.session.with_untracked(|session| {
                            instants
                                .map(|instant| model::millis_at(session, instant))
                                .collect()
                        })
                    };
                    let deeds = times("deeds");
                    let deeds = deeds.chunks_exact(2).map(|pair| (pair[0], pair[1]));
                    playhead.deeds.set(deeds.collect());
                    self.phase.set(Phase::Shown(times("pictures")));
                }
                Some("failed") => {
                    let reason = get("reason").as_string().unwrap_or_default();
                    self.phase.set(Phase::Failed(format!(
                        "The recording cannot be played: {reason}."
                    )));
                }
                _ => {}
            }
        });
        on_cleanup(move || listener.remove());
        let absent = set_timeout_with_handle(
            move || {
                if self.starts.try_get_untracked() == Some(0) {
                    let origin = self.origin.get_value();
                    self.phase.set(Phase::Failed(format!(
                        "The player at {origin} does not answer: this browser must be able to reach that address, and nothing may block frames from it."
                    )));
                }
            },
            PATIENCE,
        );
        on_cleanup(move || {
            if let Ok(absent) = absent {
                absent.clear();
            }
        });
    }

    /// Reads the page that is shown and gives it to the player, whenever either changes; what it has of a page that is
    /// still recorded it keeps, and gets what has come since.
    fn hand_over(self, playhead: Playhead, pages: Pages, shown: Memo<usize>) {
        let session = playhead
            .session
            .with_untracked(|session| crate::url::encode(&session.summary.session_id));
        let colours = playhead
            .session
            .with_untracked(|session| session.summary.color_scheme);
        let base = StoredValue::new(format!("/api/v1/sessions/{session}/replay"));
        let page = move |pages: &Vec<RecordedPage>| pages.get(shown.get()).cloned();
        let last = Memo::new(move |_| pages.with(|pages| page(pages).map(|page| page.last_chunk)));
        // Chunks that came late belong among those that were handed over.
        let repaired = Memo::new(move |before: Option<&(u32, usize)>| {
            let gaps = pages.with(|pages| page(pages).map_or(0, |page| page.gaps.len()));
            match before {
                Some((times, known)) => (times + u32::from(gaps < *known), gaps),
                None => (0, gaps),
            }
        });
        let wanted = Memo::new(move |_| {
            let stream = pages.with(|pages| page(pages).map(|page| page.stream));
            (stream, self.starts.get(), repaired.get().0)
        });
        let open: StoredValue<Option<AbortController>, LocalStorage> = StoredValue::new_local(None);
        let abort = move || {
            open.try_update_value(|open| {
                if let Some(controller) = open.take() {
                    controller.abort();
                }
            });
        };
        let busy = StoredValue::new(false);
        // The number of the first chunk that the player has not got.
        let next = StoredValue::new(0);
        Effect::new(move |known: Option<(Option<String>, u32, u32)>| {
            let wanted = wanted.get();
            let until = last.get();
            let (Some(stream), false, Some(_)) = (wanted.0.clone(), wanted.1 == 0, until) else {
                return wanted;
            };
            if known.as_ref() != Some(&wanted) {
                abort();
                next.set_value(0);
                self.phase.set(Phase::Loading);
            } else if busy.get_value() {
                return wanted;
            }
            busy.set_value(true);
            let controller = AbortController::new().ok();
            let signal = controller.as_ref().map(AbortController::signal);
            open.set_value(controller);
            let path = base.with_value(|base| format!("{base}/{}", crate::url::encode(&stream)));
            spawn_local(async move {
                // What could not be shown may be able to be with what has come since.
                let is_unseen = matches!(
                    self.phase.try_get_untracked(),
                    Some(Phase::Unread(_) | Phase::Failed(_))
                );
                let mut from = if is_unseen { 0 } else { next.get_value() };
                while let Some(until) = last.try_get_untracked().flatten()
                    && from <= until
                {
                    let part = format!("{path}?from={from}&until={until}");
                    let events = api::bytes(&part, signal.as_ref()).await;
                    if signal.as_ref().is_some_and(web_sys::AbortSignal::aborted) {
                        return;
                    }
                    let events = match events {
                        Ok(events) => Uint8Array::from(events.as_slice()).buffer(),
                        Err(error) => {
                            // What is shown stays: more is asked for with the next chunk.
                            if from == 0 {
                                self.phase.try_set(Phase::Unread(error));
                            }
                            break;
                        }
                    };
                    let kind = if from == 0 { "recording" } else { "more" };
                    let scheme = colours.map_or(JsValue::NULL, |scheme| scheme.as_str().into());
                    let message = [
                        ("kind", kind.into()),
                        ("stream", stream.as_str().into()),
                        ("scheme", scheme),
                        ("events", events.clone().into()),
                    ];
                    self.send(&message, &Array::of1(&events));
                    from = until.saturating_add(1);
                    next.try_set_value(from);
                }
                busy.try_set_value(false);
            });
            wanted
        });
        on_cleanup(abort);
    }

    /// Has the player show where the playhead is.
    fn follow(self, playhead: Playhead) {
        Effect::new(move |_| {
            let (at, playing, speed) = (
                playhead.at.get(),
                playhead.playing.get(),
                playhead.speed.get(),
            );
            if self.starts.get() == 0 {
                return;
            }
            let instant = playhead
                .session
                .with_untracked(|session| model::instant_at(session, at));
            let message = [
                ("kind", "show".into()),
                ("at", (instant.0 as f64 / 1e6).into()),
                ("playing", playing.into()),
                ("speed", (speed as f64).into()),
            ];
            self.send(&message, &Array::new());
        });
    }
}

/// Whether this page has an origin.
fn is_here(origin: &str) -> bool {
    window().location().origin().is_ok_and(|own| own == origin)
}

/// This page at another origin.
fn elsewhere(origin: &str) -> String {
    let location = window().location();
    let part = |part: Result<String, JsValue>| part.unwrap_or_default();
    format!(
        "{origin}{}{}",
        part(location.pathname()),
        part(location.search())
    )
}
