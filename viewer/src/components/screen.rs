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
        .with_value(|session| session.summary.session_id.clone());
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
                .with_value(|session| model::millis_at(session, end));
            playhead.reach(end);
        }
    });
    found
}

/// What the visitor saw, where a recording of it has arrived.
#[component]
pub fn Stage(playhead: Playhead, found: Fetched<ReplayResponse>) -> impl IntoView {
    move || {
        match found.state.get() {
        Remote::Loading => view! { <div class="screen__frame skeleton" aria-hidden="true"></div> }.into_any(),
        Remote::Failed(error) => {
            view! { <Failure error=error what="the recordings" retry=Callback::new(move |()| found.refresh()) /> }.into_any()
        }
        Remote::Ready(replay) => {
            let pages = playhead.session.with_value(|session| recording::pages(session, &replay.streams));
            match &replay.player {
                _ if pages.is_empty() => view! { <p class="screen__note">"The recording of the screen is past its retention."</p> }.into_any(),
                None => view! {
                    <p class="screen__note">"The screen was recorded, but this server plays no recordings: start it without " <code>"--listen-player off"</code> "."</p>
                }
                .into_any(),
                Some(player) if !is_here(&player.viewer) => {
                    let address = elsewhere(&player.viewer);
                    view! {
                        <p class="screen__note">
                            "Recordings are played apart from everything else, for which this page must be open as "
                            <a href=address>{player.viewer.clone()}</a> "."
                        </p>
                    }
                    .into_any()
                }
                Some(player) => view! { <Screen playhead=playhead pages=pages player=player.clone() /> }.into_any(),
            }
        }
    }
    }
}

#[component]
fn Screen(playhead: Playhead, pages: Vec<RecordedPage>, player: ReplayPlayer) -> impl IntoView {
    let pages = StoredValue::new(Arc::new(pages));
    let shown = Memo::new(move |_| {
        let (at, page) = (playhead.at.get(), playhead.page.get());
        pages
            .with_value(|pages| recording::shown(pages, page.as_deref(), at))
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
        pages.with_value(|pages| recording::doubt(pages.get(index)?, &pictures, at))
    };
    let gaps = move || {
        let gaps = pages.with_value(|pages| pages.get(shown.get()).map(|page| page.gaps.clone()));
        gaps.unwrap_or_default()
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
fn PageChoice(
    playhead: Playhead,
    pages: StoredValue<Arc<Vec<RecordedPage>>>,
    shown: Memo<usize>,
) -> impl IntoView {
    let all = pages.get_value();
    if all.len() < 2 {
        return ().into_any();
    }
    let choose = move |chosen: String| {
        let page =
            pages.with_value(|pages| pages.iter().find(|page| page.stream == chosen).cloned());
        let at = playhead.at.get_untracked();
        if let Some(page) = page
            .as_ref()
            .filter(|page| at < page.start || at > page.end)
        {
            playhead.go(page.start);
        }
        playhead.page.set(page.map(|page| page.stream));
    };
    let options = all
        .iter()
        .enumerate()
        .map(|(index, page)| view! { <option value=page.stream.clone()>{recording::label(index, page)}</option> })
        .collect_view();
    let followed = move || {
        let page = pages.with_value(|pages| {
            pages
                .get(shown.get())
                .map(|page| recording::label(shown.get(), page))
        });
        format!("Follow the playhead ({})", page.unwrap_or_default())
    };
    view! {
        <select
            class="select"
            aria-label="Recorded page"
            prop:value=move || playhead.page.get().unwrap_or_default()
            on:change:target=move |event| choose(event.target().value())
        >
            <option value="">{followed}</option>
            {options}
        </select>
    }
    .into_any()
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
                        playhead.session.with_value(|session| {
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

    /// Reads the page that is shown and gives it to the player, whenever either changes.
    fn hand_over(
        self,
        playhead: Playhead,
        pages: StoredValue<Arc<Vec<RecordedPage>>>,
        shown: Memo<usize>,
    ) {
        let session = playhead
            .session
            .with_value(|session| crate::url::encode(&session.summary.session_id));
        let open: StoredValue<Option<AbortController>, LocalStorage> = StoredValue::new_local(None);
        let abort = move || {
            open.try_update_value(|open| {
                if let Some(controller) = open.take() {
                    controller.abort();
                }
            });
        };
        Effect::new(move |_| {
            let stream =
                pages.with_value(|pages| pages.get(shown.get()).map(|page| page.stream.clone()));
            if self.starts.get() == 0 {
                return;
            }
            let Some(stream) = stream else {
                return;
            };
            abort();
            self.phase.set(Phase::Loading);
            let controller = AbortController::new().ok();
            let signal = controller.as_ref().map(AbortController::signal);
            open.set_value(controller);
            let path = format!(
                "/api/v1/sessions/{session}/replay/{}",
                crate::url::encode(&stream)
            );
            spawn_local(async move {
                let events = api::bytes(&path, signal.as_ref()).await;
                if signal.is_some_and(|signal| signal.aborted()) {
                    return;
                }
                match events {
                    Ok(events) => {
                        let events = Uint8Array::from(events.as_slice()).buffer();
                        let message = [
                            ("kind", "recording".into()),
                            ("stream", stream.as_str().into()),
                            ("events", events.clone().into()),
                        ];
                        self.send(&message, &Array::of1(&events));
                    }
                    Err(error) => {
                        self.phase.try_set(Phase::Unread(error));
                    }
                }
            });
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
                .with_value(|session| model::instant_at(session, at));
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
