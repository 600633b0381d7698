//! `GET /api/v1/search/tail`: what arrives for a search, as server-sent events
//! (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use shared::query::tail::TailEvent;
use tokio::sync::mpsc;

use super::Api;
use super::chunks::{Chunks, Message};
use super::error::ApiError;
use crate::query::search::Search;
use crate::query::tail::{Place, look};
use crate::store::system_clock;

/// So many streams may be open at once: each looks at everything that arrives.
pub const MAX_STREAMS: usize = 32;

/// What arrives within this time of the first span is one event: the spans of a trace rarely come alone.
const GATHER: Duration = Duration::from_millis(300);
/// So long an event may be looked for.
const LOOK: Duration = Duration::from_secs(1);
/// A stream without news says so often that it is alive: proxies cut off what is silent, commonly after a minute.
const SILENCE: Duration = Duration::from_secs(15);
/// So soon a browser that lost the stream should ask again.
const RETRY: &str = "retry: 2000\n";

/// The place that a reader who lost its stream had come to.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Asks proxies of nginx's kind to pass events on as they come.
const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Parameters: `q`, `start`, `end`, `spans`; header: `Last-Event-ID`.
pub async fn tail(
    State(api): State<Api>,
    Query(given): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let (search, _) = super::search::parse(&given, &["q", "start", "end", "spans"])?;
    let permit = Arc::clone(&api.streams).try_acquire_owned().map_err(|_| {
        ApiError::Refused(format!(
            "{MAX_STREAMS} streams are open, which is the most: close one, or search again from time to time"
        ))
    })?;
    let place = match headers.get(LAST_EVENT_ID) {
        None => api.journal.end(),
        // What is no place of ours is one that nothing is known of.
        Some(last) => last
            .to_str()
            .ok()
            .and_then(|text| text.parse().ok())
            .unwrap_or(Place::UNKNOWN),
    };
    let (sender, rest) = mpsc::channel(1);
    tokio::spawn(async move {
        send(&api, search, place, &sender).await;
        drop(permit);
    });
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (UNBUFFERED, HeaderValue::from_static("no")),
    ];
    let first = Some(Bytes::from_static(RETRY.as_bytes()));
    Ok((headers, Body::new(Chunks::new(first, rest))).into_response())
}

/// Sends events until nobody listens or the server ends. The first comes at once, so that it is known that the rest will.
async fn send(api: &Api, search: Search, mut place: Place, sender: &mpsc::Sender<Message>) {
    let search = Arc::new(search);
    let mut stopping = api.stopping.clone();
    loop {
        let (asked, journal) = (Arc::clone(&search), Arc::clone(&api.journal));
        let now = system_clock()();
        let event = api
            .read(move |store| {
                let deadline = Instant::now() + LOOK;
                look(store, &journal, place, &asked, now, deadline)
            })
            .await;
        let message = event.and_then(|(event, next)| {
            place = next;
            written(&event, place)
        });
        let failed = message.is_err();
        if sender.send(message).await.is_err() || failed {
            return;
        }
        tokio::select! {
            () = news(api, place) => {}
            () = sender.closed() => return,
            _ = stopping.wait_for(|stop| *stop) => return,
        }
    }
}

/// Until something has arrived and what belongs to it had time to follow, or it is time to say that nothing has.
async fn news(api: &Api, place: Place) {
    if tokio::time::timeout(SILENCE, api.journal.wait(place))
        .await
        .is_ok()
    {
        tokio::time::sleep(GATHER).await;
    }
}

fn written(event: &TailEvent, place: Place) -> Message {
    let data = serde_json::to_string(event).map_err(|_| ApiError::Internal)?;
    Ok(format!("id: {place}\nevent: arrived\ndata: {data}\n\n").into())
}
