//! `POST /v1/replay`: chunks of pages' recordings.
//!
//! The body is JSON, which gzip or zstd may have packed: `events` are rrweb's, and `session`, `stream` and `number` say
//! where they belong; not in the address, for each of which a browser would ask leave anew. What comes is hostile: it is cleaned of all that acts ([`strip`]) before it is
//! kept, and played where it could do nothing even so. A chunk that is there already is answered as the first time,
//! since a page sends again what it has heard no answer to.

mod strip;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_ENCODING, RETRY_AFTER};
use axum::http::{HeaderValue, Request, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::Value;
use shared::time::UnixNanos;

use super::body::{self, Encoding};
use super::refusal::Refusal;
use super::{Limits, Receiver};
use crate::store::Batch;
use crate::store::replay::{ReplayChunk, ReplayPart};

/// The largest chunk, as sent and unpacked. A page's first picture is the largest.
const LIMITS: Limits = Limits {
    request_bytes: 4 << 20,
    decompressed_bytes: 32 << 20,
};
/// More events than this are no five seconds of a page.
const MAX_EVENTS: usize = 20_000;
/// Chunks are read again as a whole; zstd's default is quick enough for the writer.
const ZSTD_LEVEL: i32 = 3;

/// A chunk, and where it belongs.
#[derive(Debug, Deserialize)]
struct Sent {
    session: String,
    stream: String,
    number: u32,
    events: Vec<Value>,
}

/// Takes a chunk; 204 means that it is on disk.
pub async fn receive(State(receiver): State<Receiver>, request: Request<Body>) -> Response {
    match take(&receiver, request).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(refusal) => {
            tracing::debug!(%refusal, "a recording was refused");
            let mut response = (refusal.http_status(), format!("{refusal}\n")).into_response();
            if let Some(seconds) = refusal.retry_after_seconds() {
                response
                    .headers_mut()
                    .insert(RETRY_AFTER, HeaderValue::from(seconds));
            }
            response
        }
    }
}

async fn take(receiver: &Receiver, request: Request<Body>) -> Result<(), Refusal> {
    let (parts, body) = request.into_parts();
    let encoding = Encoding::from_header(
        parts
            .headers
            .get(CONTENT_ENCODING)
            .map(|value| value.to_str().unwrap_or("unreadable")),
    )?;
    let limits = Limits {
        request_bytes: LIMITS.request_bytes.min(receiver.limits.request_bytes),
        decompressed_bytes: LIMITS
            .decompressed_bytes
            .min(receiver.limits.decompressed_bytes),
    };
    let mut reservation = receiver.budget.reservation();
    let packed = body::read(body, limits, &mut reservation).await?;
    let (chunk, reservation) = tokio::task::spawn_blocking(move || {
        let body = body::unpack(packed, encoding, limits, &mut reservation)?;
        Ok((chunk(&body)?, reservation))
    })
    .await
    .unwrap_or_else(|_| Err(Refusal::Malformed("the chunk cannot be read".to_owned())))?;
    let batch = Batch {
        replays: vec![chunk],
        ..Batch::default()
    };
    receiver
        .writer
        .write(batch, reservation)
        .await
        .map_err(Refusal::Store)
}

fn chunk(body: &[u8]) -> Result<ReplayChunk, Refusal> {
    let malformed = |what: &str| Refusal::Malformed(format!("the recording: {what}"));
    let Sent {
        session,
        stream,
        number,
        events,
    } = serde_json::from_slice(body).map_err(|error| malformed(&error.to_string()))?;
    for (name, id) in [("session", &session), ("stream", &stream)] {
        let legible = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if !(1..=64).contains(&id.len()) || !id.bytes().all(legible) {
            return Err(malformed(&format!("{name} is no id")));
        }
    }
    if events.len() > MAX_EVENTS {
        return Err(malformed("too many events"));
    }
    let events: Vec<Value> = events.into_iter().filter_map(strip::event).collect();
    let times = events
        .iter()
        .filter_map(|event| event["timestamp"].as_f64());
    let instant = |millis: f64| UnixNanos::from_millis_f64(millis);
    let (Some(start), Some(end)) = (
        times.clone().reduce(f64::min).map(instant),
        times.reduce(f64::max).map(instant),
    ) else {
        return Err(malformed("no event"));
    };
    let text = serde_json::to_vec(&events).map_err(|error| malformed(&error.to_string()))?;
    let packed =
        zstd::bulk::compress(&text, ZSTD_LEVEL).map_err(|error| malformed(&error.to_string()))?;
    Ok(ReplayChunk {
        part: ReplayPart {
            session,
            stream,
            number,
            start,
            end,
            bytes: text.len() as u64,
        },
        events: packed,
    })
}
