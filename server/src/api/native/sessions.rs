//! `GET /api/v1/sessions`, `/api/v1/sessions/{id}` and the recordings below it.

use std::time::{Duration, Instant};

use axum::extract::{Path, Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use shared::query::session::{ReplayPlayer, ReplayResponse, SessionResponse, SessionsResponse};
use shared::time::{DurationNanos, UnixNanos};

use super::Api;
use super::error::ApiError;
use super::parameters::Parameters;
use crate::auth::{Caller, Role};
use crate::query::search::parse_cursor;
use crate::query::sessions::{self, Rating, Search, Wanted};
use crate::store::system_clock;

/// How many sessions are found where the request does not say, and at most.
const DEFAULT_LIMIT: usize = 20;
const MAX_LIMIT: usize = 200;

/// After this a search answers with what it has found.
const DEADLINE: Duration = Duration::from_secs(5);

/// An id longer than this is nobody's.
const MAX_ID_BYTES: usize = 256;

const PARAMETERS: [&str; 11] = [
    "user", "route", "error", "vitals", "rage", "longer", "shorter", "start", "end", "after",
    "limit",
];

/// The sessions that meet every condition of the request.
pub async fn list(
    State(api): State<Api>,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Result<Json<SessionsResponse>, ApiError> {
    let search = parse(&parameters)?;
    let deadline = Instant::now() + DEADLINE;
    let found = api
        .read(move |store| sessions::search(store, &search, deadline))
        .await?;
    Ok(Json(found))
}

/// One session. That it was recorded is said to everybody, the recording given to the role `replay` alone.
pub async fn one(
    State(api): State<Api>,
    Path(id): Path<String>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<SessionResponse>, ApiError> {
    let id = session_id(id)?;
    let shown = id.clone();
    let mut found = api
        .read(move |store| sessions::session(store, &id))
        .await?
        .ok_or_else(|| {
            ApiError::NotFound(format!(
                "there is no session {shown}: it may be past its retention, or not have arrived yet"
            ))
        })?;
    found.server_time = system_clock()();
    found.recording_withheld = found.summary.recorded && !caller.may(Role::Replay);
    Ok(Json(found))
}

/// Which recordings there are of a session.
pub async fn recordings(
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Json<ReplayResponse>, ApiError> {
    let id = session_id(id)?;
    let streams = api
        .read(move |store| sessions::recordings(store, &id))
        .await?;
    let player = api.player.as_ref().map(|place| ReplayPlayer {
        url: place.player.to_string(),
        viewer: place.viewer.to_string(),
    });
    Ok(Json(ReplayResponse { streams, player }))
}

/// The events of one recording. Parameters: `from` and `until`, the numbers of its first and last chunk.
pub async fn recording(
    State(api): State<Api>,
    Path((id, stream)): Path<(String, String)>,
    Query(given): Query<Vec<(String, String)>>,
) -> Result<Response, ApiError> {
    let id = session_id(id)?;
    let parameters = Parameters::new(&given, &["from", "until"])?;
    let number = |name: &str, otherwise: u32| match parameters.text(name) {
        None => Ok(otherwise),
        Some(text) => text.parse().map_err(|_| {
            ApiError::InvalidArgument(format!("`{name}` must be a chunk's number, not {text:?}"))
        }),
    };
    let numbers = number("from", 0)?..=number("until", u32::MAX)?;
    if numbers.is_empty() {
        return Err(ApiError::InvalidArgument(
            "`from` is more than `until`".to_owned(),
        ));
    }
    let shown = id.clone();
    let events = api
        .read(move |store| sessions::recording(store, &id, &stream, numbers))
        .await?
        .ok_or_else(|| {
            ApiError::NotFound(format!(
                "session {shown} has no such recording, or nothing of it with these numbers"
            ))
        })?;
    Ok(([(CONTENT_TYPE, "application/json")], events).into_response())
}

/// A session's id, which is whatever its sender calls it.
pub fn session_id(id: String) -> Result<String, ApiError> {
    if id.is_empty() || id.len() > MAX_ID_BYTES {
        return Err(ApiError::InvalidArgument(format!(
            "a session's id has 1 to {MAX_ID_BYTES} bytes"
        )));
    }
    Ok(id)
}

fn parse(given: &[(String, String)]) -> Result<Search, ApiError> {
    let parameters = Parameters::new(given, &PARAMETERS)?;
    let text = |name: &str| {
        let text = parameters.text(name).map(str::trim).unwrap_or_default();
        (!text.is_empty()).then(|| text.to_owned())
    };
    let wrong = |name: &str, expected: &str| {
        let value = parameters.text(name).unwrap_or_default();
        ApiError::InvalidArgument(format!("`{name}` must be {expected}, not {value:?}"))
    };
    let flag = |name: &str| match parameters.text(name) {
        None | Some("false" | "") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(wrong(name, "true or false")),
    };
    let seconds = |name: &str| {
        let Some(text) = text(name) else {
            return Ok(None);
        };
        text.parse::<f64>()
            .ok()
            .filter(|seconds| (0.0..1e9).contains(seconds))
            .map(|seconds| Some(DurationNanos((seconds * 1e9) as i64)))
            .ok_or_else(|| wrong(name, "a number of seconds"))
    };
    let search = Search {
        start: parameters.time("start")?.unwrap_or(UnixNanos(0)),
        end: parameters.time("end")?.unwrap_or(UnixNanos(u64::MAX)),
        wanted: Wanted {
            user: text("user"),
            route: text("route"),
            error: flag("error")?,
            vitals: match parameters.text("vitals") {
                None | Some("") => None,
                Some("needs-improvement") => Some(Rating::NeedsImprovement),
                Some("poor") => Some(Rating::Poor),
                Some(_) => return Err(wrong("vitals", "poor or needs-improvement")),
            },
            rage: flag("rage")?,
            longer: seconds("longer")?,
            shorter: seconds("shorter")?,
        },
        after: text("after")
            .map(|text| {
                parse_cursor(&text)
                    .ok_or_else(|| wrong("after", "what an earlier answer gave as `next`"))
            })
            .transpose()?,
        limit: match text("limit") {
            None => DEFAULT_LIMIT,
            Some(limit) => limit
                .parse()
                .ok()
                .filter(|limit| (1..=MAX_LIMIT).contains(limit))
                .ok_or_else(|| wrong("limit", &format!("a number from 1 to {MAX_LIMIT}")))?,
        },
    };
    if search.start > search.end {
        return Err(ApiError::InvalidArgument(
            "`start` is later than `end`".to_owned(),
        ));
    }
    Ok(search)
}
