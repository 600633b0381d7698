//! A visit that is still under way is asked for again and again, and shown as far as it is known.

use leptos::prelude::*;
use shared::query::session::SessionResponse;

use super::playhead::Playhead;
use crate::api::Fetched;
use crate::browser;
use crate::model::live::{self, Pulse};

/// How often it is looked whether to ask, in seconds.
const LOOK_SECONDS: u32 = 1;

/// Takes newer answers into the playhead, asks for them while the visit is under way, and says how far behind they are.
pub fn follow_visit(playhead: Playhead, found: Fetched<SessionResponse>) {
    let asked = StoredValue::new(browser::uptime_millis());
    let took = StoredValue::new(0.0);
    // When the server answered, by the page's own clock.
    let answered = StoredValue::new(browser::uptime_millis());
    Effect::new(move |previous: Option<()>| {
        let Some(session) = found.state.get().ready() else {
            return;
        };
        let now = browser::uptime_millis();
        answered.set_value(now);
        if previous.is_some() {
            took.set_value(now - asked.get_value());
            playhead.renew(session);
        }
    });
    let look = move || {
        let now = browser::uptime_millis();
        let age = playhead.age_millis() + (now - answered.get_value()) as i64;
        let pulse = live::pulse(age);
        playhead.live.set((pulse == Pulse::Live).then_some(age));
        if live::is_due(pulse, now - asked.get_value(), took.get_value()) {
            asked.set_value(now);
            found.refresh();
            playhead.beat.update(|beat| *beat += 1);
        }
    };
    look();
    browser::every(LOOK_SECONDS, look);
}

/// `Recording, 4 s behind`: leads to the newest moment, and goes on from there.
#[component]
pub fn LiveMark(playhead: Playhead) -> impl IntoView {
    let recorded = Memo::new(move |_| playhead.session.with(|session| session.summary.recorded));
    let is_live = Memo::new(move |_| playhead.live.with(Option::is_some));
    let newest = move |_| {
        playhead.go(playhead.end.get_untracked());
        playhead.playing.set(true);
    };
    move || {
        is_live.get().then(|| {
            view! {
                <button type="button" class="mark mark--live" title="Go to the newest moment" on:click=newest>
                    {move || live::in_words(recorded.get(), playhead.live.get().unwrap_or_default())}
                </button>
            }
        })
    }
}
