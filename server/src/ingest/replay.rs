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
/// An element is two levels of JSON, and HTML parsers nest 512 of them.
const MAX_NESTING: usize = 1_200;
/// What reading, writing and dropping so many levels takes, and as much again.
const STACK_BYTES: usize = 16 << 20;
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
        Ok((on_deep_stack(|| chunk(&body))?, reservation))
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

/// Does something that recurses as deep as a page nests.
fn on_deep_stack<T: Send>(work: impl FnOnce() -> Result<T, Refusal> + Send) -> Result<T, Refusal> {
    let unread = |what: &str| Refusal::Malformed(format!("the recording cannot be read: {what}"));
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .name("recording".to_owned())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, work)
            .map_err(|error| unread(&error.to_string()))?
            .join()
            .unwrap_or_else(|_| Err(unread("it is damaged")))
    })
}

/// How deep arrays and objects nest.
fn nesting(json: &[u8]) -> usize {
    let (mut depth, mut deepest, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for &byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

fn chunk(body: &[u8]) -> Result<ReplayChunk, Refusal> {
    let malformed = |what: &str| Refusal::Malformed(format!("the recording: {what}"));
    if nesting(body) > MAX_NESTING {
        return Err(malformed("its page nests deeper than pages do"));
    }
    let Sent {
        session,
        stream,
        number,
        events,
    } = read(body).map_err(|error| malformed(&error.to_string()))?;
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

fn read(body: &[u8]) -> serde_json::Result<Sent> {
    let mut json = serde_json::Deserializer::from_slice(body);
    // Its 128 levels are 61 elements; how many there are is known.
    json.disable_recursion_limit();
    let sent = Sent::deserialize(&mut json)?;
    json.end()?;
    Ok(sent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(elements: usize) -> Vec<u8> {
        let mut node = String::from(r#"{"type":3,"id":1,"textContent":"]\\\"["}"#);
        for _ in 0..elements {
            node = format!(
                r#"{{"type":2,"id":1,"tagName":"div","attributes":{{}},"childNodes":[{node}]}}"#
            );
        }
        format!(
            r#"{{"session":"s","stream":"t","number":0,"events":[{{"type":2,"timestamp":1,"data":{{"node":{node}}}}}]}}"#
        )
        .into_bytes()
    }

    #[test]
    fn a_page_may_nest_as_deep_as_browsers_let_it_and_no_deeper() {
        for (elements, taken) in [(1, true), (100, true), (512, true), (5_000, false)] {
            let body = nested(elements);
            let read = on_deep_stack(|| chunk(&body));
            assert_eq!(read.is_ok(), taken, "{elements}: {:?}", read.err());
        }
    }

    #[test]
    fn brackets_in_texts_do_not_nest() {
        for (json, expected) in [
            (r#"{"a":"[[[{"}"#, 1),
            (r#"["\"[[", [[]]]"#, 3),
            (r#""\\", []"#, 1),
            ("]]]][", 1),
        ] {
            assert_eq!(nesting(json.as_bytes()), expected, "{json}");
        }
    }
}
