//! The session page's one playhead: the screen, the actions, the waterfall and the console follow it.

use std::sync::Arc;
use std::time::Duration;

use leptos::leptos_dom::helpers::IntervalHandle;
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_query_map};
use shared::query::session::SessionResponse;
use shared::time::UnixNanos;

use crate::browser;
use crate::model::live;
use crate::model::session as model;
use crate::url::QueryString;

/// How often the playhead moves while playing, in milliseconds.
const TICK_MILLIS: u64 = 100;
/// The speeds of playing.
const SPEEDS: [i64; 4] = [1, 2, 4, 8];
/// How far a key moves it.
const STEP_MILLIS: i64 = 5_000;

/// Where the playhead is, whether and how it runs, and what the screen shows. Times are milliseconds from the session's
/// start.
#[derive(Debug, Clone, Copy)]
pub struct Playhead {
    /// The session, as far as it is known.
    pub session: RwSignal<Arc<SessionResponse>>,
    /// Where it is.
    pub at: RwSignal<i64>,
    /// Whether it runs.
    pub playing: RwSignal<bool>,
    /// How fast.
    pub speed: RwSignal<i64>,
    /// Whether silence is left out.
    pub skip: RwSignal<bool>,
    /// Where it ends: recordings go on after the last action.
    pub end: RwSignal<i64>,
    /// The recorded page that was chosen, by its stream's id; else the one that it stands in is shown.
    pub page: RwSignal<Option<String>>,
    /// When the visitor did something on the page that is shown, as far as its recording tells.
    pub deeds: RwSignal<Vec<(i64, i64)>>,
    /// Whether the steps are shown in place of the screen.
    pub steps: RwSignal<bool>,
    /// How old the newest moment is while the visit is under way, in milliseconds.
    pub live: RwSignal<Option<i64>>,
    /// Changes whenever the session is asked for again.
    pub beat: RwSignal<u32>,
}

impl Playhead {
    /// As the address says. A link from a trace names a span or a time, a link of this page how far it is.
    pub fn from_address(session: &Arc<SessionResponse>) -> Self {
        let query = use_query_map();
        let get = |key: &str| query.with_untracked(|query| query.get(key));
        let of_span = get("span").and_then(|span| {
            let action = session.actions.iter().find(|action| {
                let of = |id: Option<String>| id.is_some_and(|id| id == span);
                of(action.span_id.map(|id| id.to_hex()))
                    || of(action.trace_id.map(|id| id.to_hex()))
            })?;
            Some(model::millis_at(session, action.start))
        });
        let of_time = || {
            let nanos = get("time")?.parse().ok()?;
            Some(model::millis_at(session, UnixNanos(nanos)))
        };
        let of_page = || get("at")?.parse().ok();
        let at = of_span.or_else(of_time).or_else(of_page).unwrap_or(0);
        let end = model::length(session);
        let speed = get("speed").and_then(|speed| speed.parse().ok());
        Self {
            // It may stand in what was recorded after the last action, of which nothing is known yet.
            at: RwSignal::new(at.max(0)),
            session: RwSignal::new(Arc::clone(session)),
            playing: RwSignal::new(false),
            speed: RwSignal::new(speed.filter(|speed| SPEEDS.contains(speed)).unwrap_or(1)),
            skip: RwSignal::new(get("skip").as_deref() != Some("off")),
            end: RwSignal::new(end),
            page: RwSignal::new(get("page").filter(|page| !page.is_empty())),
            deeds: RwSignal::new(Vec::new()),
            steps: RwSignal::new(get("stage").as_deref() == Some("steps")),
            live: RwSignal::new(None),
            beat: RwSignal::new(0),
        }
    }

    /// Takes what is known of the session now, and stays at the moment where it is.
    pub fn renew(self, session: Arc<SessionResponse>) {
        let (same, shift) = self.session.with_untracked(|known| {
            let same = known.summary == session.summary
                && known.actions == session.actions
                && known.entries == session.entries
                && (known.more, known.recording_withheld)
                    == (session.more, session.recording_withheld);
            (same, model::millis_at(&session, known.summary.start))
        });
        if same {
            // Only the time of the answer is another.
            self.session.update_untracked(|known| *known = session);
            return;
        }
        let end = model::length(&session);
        self.session.set(session);
        if shift != 0 {
            self.end.update(|known| *known += shift);
            self.at.update(|at| *at += shift);
        }
        self.end.update(|known| *known = (*known).max(end));
    }

    /// How old the newest moment was when the server answered, in milliseconds.
    #[must_use]
    pub fn age_millis(self) -> i64 {
        let end = self.end.get_untracked();
        self.session
            .with_untracked(|session| live::age_millis(session, end))
    }

    /// Lets it go as far as this.
    pub fn reach(self, end: i64) {
        self.end.update(|known| *known = (*known).max(end));
        self.go(self.at.get_untracked());
    }

    /// Moves it.
    pub fn go(self, at: i64) {
        self.at.set(at.clamp(0, self.end.get_untracked()));
    }

    /// Plays, or stops.
    pub fn toggle(self) {
        let at_end = self.at.get_untracked() >= self.end.get_untracked();
        if !self.playing.get_untracked() && at_end {
            self.at.set(0);
        }
        self.playing.update(|playing| *playing = !*playing);
    }

    /// The next speed.
    pub fn faster(self) {
        self.speed.update(|speed| {
            let at = SPEEDS.iter().position(|known| known == speed).unwrap_or(0);
            *speed = SPEEDS[(at + 1) % SPEEDS.len()];
        });
    }

    /// Goes to the next failure after it, or to the one before.
    pub fn go_to_error(self, forward: bool) {
        let at = self.at.get_untracked();
        let find = if forward {
            model::next_error
        } else {
            model::previous_error
        };
        if let Some(error) = self.session.with_untracked(|session| find(session, at)) {
            self.go(error);
        }
    }

    /// Moves it with the clock, keeps the address true to it, and hears the keys.
    pub fn follow(self) {
        self.follow_clock();
        self.follow_address();
        self.follow_keys();
    }

    /// Moves it by what has passed since the last tick.
    fn tick(self, passed_millis: f64) {
        let moved = passed_millis * self.speed.get_untracked() as f64;
        let at = self.at.get_untracked() + moved.round() as i64;
        let next = if self.skip.get_untracked() {
            let end = self.end.get_untracked();
            self.deeds.with_untracked(|deeds| {
                self.session
                    .with_untracked(|session| model::skip_idle(session, deeds, end, at))
            })
        } else {
            at
        };
        self.go(next);
        // At the end of what is under way it waits for more.
        if next >= self.end.get_untracked() && self.live.get_untracked().is_none() {
            self.playing.set(false);
        }
    }

    fn follow_clock(self) {
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
            if self.playing.get() {
                let last = StoredValue::new_local(browser::uptime_millis());
                let handle = set_interval_with_handle(
                    move || {
                        let now = browser::uptime_millis();
                        self.tick(now - last.get_value());
                        last.set_value(now);
                    },
                    Duration::from_millis(TICK_MILLIS),
                );
                timer.set_value(handle.ok());
            }
        });
        on_cleanup(stop);
    }

    /// While it runs, the address stands.
    fn follow_address(self) {
        let path = use_location().pathname.get_untracked();
        Effect::new(move |previous: Option<()>| {
            let mut address = QueryString::new(&path);
            address.push("at", &self.at.get().to_string());
            if self.speed.get() != 1 {
                address.push("speed", &self.speed.get().to_string());
            }
            address.push_unless_empty("skip", if self.skip.get() { "" } else { "off" });
            address.push_unless_empty("page", &self.page.get().unwrap_or_default());
            address.push_unless_empty("stage", if self.steps.get() { "steps" } else { "" });
            if previous.is_some() && !self.playing.get() {
                browser::replace_address(&address.finish());
            }
        });
    }

    fn follow_keys(self) {
        let listener = window_event_listener(leptos::ev::keydown, move |event| {
            if event.ctrl_key() || event.meta_key() || event.alt_key() || browser::is_typing(&event)
            {
                return;
            }
            let at = self.at.get_untracked();
            match event.key().as_str() {
                "n" => self.go_to_error(true),
                "p" => self.go_to_error(false),
                "k" => self.toggle(),
                "j" => self.go(at - STEP_MILLIS),
                "l" => self.go(at + STEP_MILLIS),
                "s" => self.skip.update(|skip| *skip = !*skip),
                ">" => self.faster(),
                _ => {}
            }
        });
        on_cleanup(move || listener.remove());
    }
}
