//! From a span to the screen as it was when the span began.

use leptos::prelude::*;
use shared::query::session::ReplayResponse;
use shared::time::UnixNanos;

use crate::api::{self, use_fetch};
use crate::url::{QueryString, encode};

/// The link, where a recording has that moment.
#[component]
pub fn ScreenLink(
    /// The session's id.
    session: String,
    /// The moment.
    at: UnixNanos,
) -> impl IntoView {
    let id = encode(&session);
    let path = format!("/api/v1/sessions/{id}/replay");
    let found = use_fetch(
        Memo::new(move |_| path.clone()),
        String::clone,
        api::json::<ReplayResponse>,
    );
    let mut address = QueryString::new(&format!("/session/{id}"));
    address.push("time", &at.0.to_string());
    let address = address.finish();
    move || {
        let replay = found.state.get().ready()?;
        let recorded = replay
            .streams
            .iter()
            .any(|stream| stream.start <= at && at <= stream.end);
        (recorded && replay.player.is_some())
            .then(|| view! { <a href=address.clone()>"The screen at this moment"</a> })
    }
}
