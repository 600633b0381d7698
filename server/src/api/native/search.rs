//! `GET /api/v1/search` and what helps to write a search: its parts, names and values.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::{Path, Query, State};
use shared::query::traceql::{self, Field};
use shared::query::{
    MatchesResponse, PartsResponse, SearchResponse, TagValuesResponse, TagsResponse,
};

use super::error::ApiError;
use super::parameters::Parameters;
use super::{Api, Named, no_such_trace};
use crate::query::search::{Bounds, Search, parse_cursor};
use crate::query::{self, parts, tags};

/// How many traces a request may ask for.
pub const MAX_LIMIT: usize = 1_000;

/// How many matched spans of a trace a request may ask for.
pub const MAX_SPANS: usize = 1_000;

/// After this a search answers with what it has found.
const DEADLINE: Duration = Duration::from_secs(10);

/// After this whoever completes a query has typed on.
const COMPLETION_DEADLINE: Duration = Duration::from_secs(2);

type Given = Query<Vec<(String, String)>>;

/// Parameters: `q`, `start`, `end`, `limit`, `after`, `spans`.
pub async fn search(
    State(api): State<Api>,
    Query(given): Given,
) -> Result<Json<SearchResponse>, ApiError> {
    let names = ["q", "start", "end", "limit", "after", "spans"];
    let (search, _) = parse(&given, &names)?;
    let waiting = Waiting::new(DEADLINE);
    let bounds = waiting.bounds.clone();
    let found = api
        .read(move |store| query::search::search(store, &search, &bounds))
        .await?;
    Ok(Json(found))
}

/// Parameters: `q`, `start`, `end`.
pub async fn parts(
    State(api): State<Api>,
    Query(given): Given,
) -> Result<Json<PartsResponse>, ApiError> {
    let (search, _) = parse(&given, &["q", "start", "end"])?;
    let waiting = Waiting::new(DEADLINE);
    let bounds = waiting.bounds.clone();
    let found = api
        .read(move |store| parts::parts(store, &search, &bounds))
        .await?;
    Ok(Json(found))
}

/// Parameters: `scope`, `q`, `start`, `end`.
pub async fn tags(
    State(api): State<Api>,
    Query(given): Given,
) -> Result<Json<TagsResponse>, ApiError> {
    let (search, scope) = parse(&given, &["scope", "q", "start", "end"])?;
    let waiting = Waiting::new(COMPLETION_DEADLINE);
    let bounds = waiting.bounds.clone();
    let found = api
        .read(move |store| tags::names(store, &search, scope.as_deref(), &bounds))
        .await?;
    Ok(Json(found))
}

/// Parameters: `q`, `start`, `end`.
pub async fn tag_values(
    State(api): State<Api>,
    Path(name): Path<String>,
    Query(given): Given,
) -> Result<Json<TagValuesResponse>, ApiError> {
    let field = field(&name)?;
    let (search, _) = parse(&given, &["q", "start", "end"])?;
    let waiting = Waiting::new(COMPLETION_DEADLINE);
    let bounds = waiting.bounds.clone();
    let found = api
        .read(move |store| tags::values(store, &search, &field, &bounds))
        .await?;
    Ok(Json(found))
}

/// Parameter: `q`.
pub async fn matches(
    State(api): State<Api>,
    Named(id): Named,
    Query(given): Given,
) -> Result<Json<MatchesResponse>, ApiError> {
    let (search, _) = parse(&given, &["q"])?;
    let found = api
        .read(move |store| query::matches(store, id, &search.query))
        .await?;
    match found {
        Some(span_ids) => Ok(Json(MatchesResponse { span_ids })),
        None => Err(no_such_trace(id)),
    }
}

/// A request that is being answered. When its sender is gone, the work ends.
struct Waiting {
    bounds: Bounds,
}

impl Waiting {
    fn new(deadline: Duration) -> Self {
        Self {
            bounds: Bounds::until(Instant::now() + deadline),
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.bounds.cancelled.store(true, Ordering::Relaxed);
    }
}

/// Reads those of the parameters that `known` lists, and the scope.
pub(super) fn parse(
    given: &[(String, String)],
    known: &[&str],
) -> Result<(Search, Option<String>), ApiError> {
    let parameters = Parameters::new(given, known)?;
    let mut search = Search::default();
    if let Some(text) = parameters.text("q") {
        search.query = traceql::parse(text)?;
        search.query.executable()?;
    }
    search.start = parameters.time("start")?.unwrap_or(search.start);
    search.end = parameters.time("end")?.unwrap_or(search.end);
    if search.start > search.end {
        return Err(ApiError::InvalidArgument(
            "`start` is later than `end`".to_owned(),
        ));
    }
    if let Some(text) = parameters.text("limit") {
        search.limit = number("limit", text, 1..=MAX_LIMIT)?;
    }
    if let Some(text) = parameters.text("spans") {
        search.spans = number("spans", text, 0..=MAX_SPANS)?;
    }
    if let Some(text) = parameters.text("after") {
        search.after = Some(parse_cursor(text).ok_or_else(|| {
            ApiError::InvalidArgument(
                "`after` must be what an earlier answer gave as `next`".to_owned(),
            )
        })?);
    }
    let scope = parameters.text("scope").map(known_scope).transpose()?;
    Ok((search, scope))
}

fn known_scope(value: &str) -> Result<String, ApiError> {
    if tags::SCOPES.contains(&value) {
        return Ok(value.to_owned());
    }
    Err(ApiError::InvalidArgument(format!(
        "there is no scope {value:?}; there are {}",
        tags::SCOPES.join(", ")
    )))
}

/// A field as a query writes it.
pub fn field(name: &str) -> Result<Field, ApiError> {
    Field::parse(name).ok_or_else(|| {
        ApiError::InvalidArgument(format!(
            "{name:?} is not a name that a query can ask for, such as span.http.route or name"
        ))
    })
}

fn number(
    name: &str,
    value: &str,
    range: std::ops::RangeInclusive<usize>,
) -> Result<usize, ApiError> {
    value
        .parse()
        .ok()
        .filter(|number| range.contains(number))
        .ok_or_else(|| {
            let (least, most) = (range.start(), range.end());
            ApiError::InvalidArgument(format!(
                "`{name}` must be a number from {least} to {most}, not {value:?}"
            ))
        })
}
