//! `GET /api/v1/search`.

use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::{Query, State};
use shared::query::SearchResponse;
use shared::query::traceql;
use shared::time::UnixNanos;

use super::Api;
use super::error::ApiError;
use crate::query;

/// How many traces are found where the request does not say.
pub const DEFAULT_LIMIT: usize = 20;

/// How many traces a request may ask for.
pub const MAX_LIMIT: usize = 1_000;

/// After this a search answers with what it has found.
const DEADLINE: Duration = Duration::from_secs(10);

/// Parameters: `q`, `start`, `end`, `limit`, each at most once. A name that is misspelt must not
/// widen the search in silence.
pub async fn search(
    State(api): State<Api>,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Result<Json<SearchResponse>, ApiError> {
    let search = parse(&parameters)?;
    let deadline = Instant::now() + DEADLINE;
    let found = api
        .read(move |store| query::search::search(store, &search, deadline))
        .await?;
    Ok(Json(found))
}

fn parse(parameters: &[(String, String)]) -> Result<query::search::Search, ApiError> {
    let mut search = query::search::Search {
        query: traceql::Query::default(),
        start: UnixNanos(0),
        end: UnixNanos(u64::MAX),
        limit: DEFAULT_LIMIT,
    };
    for (index, (name, value)) in parameters.iter().enumerate() {
        if parameters[..index].iter().any(|(other, _)| other == name) {
            return Err(ApiError::InvalidArgument(format!(
                "`{name}` is given twice"
            )));
        }
        match name.as_str() {
            "q" => search.query = traceql::parse(value)?,
            "start" => search.start = time(name, value)?,
            "end" => search.end = time(name, value)?,
            "limit" => search.limit = limit(value)?,
            _ => {
                return Err(ApiError::InvalidArgument(format!(
                    "there is no parameter `{name}`; there are q, start, end and limit"
                )));
            }
        }
    }
    if search.start > search.end {
        return Err(ApiError::InvalidArgument(
            "`start` is later than `end`".to_owned(),
        ));
    }
    Ok(search)
}

fn time(name: &str, value: &str) -> Result<UnixNanos, ApiError> {
    query::time::parse(value)
        .map_err(|error| ApiError::InvalidArgument(format!("`{name}`: {error}")))
}

fn limit(value: &str) -> Result<usize, ApiError> {
    value
        .parse()
        .ok()
        .filter(|limit| (1..=MAX_LIMIT).contains(limit))
        .ok_or_else(|| {
            ApiError::InvalidArgument(format!(
                "`limit` must be a number from 1 to {MAX_LIMIT}, not {value:?}"
            ))
        })
}
