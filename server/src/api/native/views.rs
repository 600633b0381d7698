//! `GET /api/v1/traces/{id}/story` and `…/statistics`.

use axum::Json;
use axum::extract::{Path, Query, State};
use shared::trace::statistics::{GroupBy, Statistics, measure, statistics as group};
use shared::trace::story::{Story, tell};
use shared::trace::{Trace, assemble};

use super::error::ApiError;
use super::parameters::Parameters;
use super::{Api, no_such_trace, trace_id};

/// So many groupings may be combined.
const MAX_GROUPINGS: usize = 3;

/// The trace in sentences.
pub async fn story(
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Json<Story>, ApiError> {
    of_trace(api, &id, |trace| tell(&trace)).await
}

/// Parameters: `by`, groupings separated by commas; `sort`, what the groups are listed by; `limit`, how many at most.
pub async fn statistics(
    State(api): State<Api>,
    Path(id): Path<String>,
    Query(given): Query<Vec<(String, String)>>,
) -> Result<Json<Statistics>, ApiError> {
    let parameters = Parameters::new(&given, &["by", "sort", "limit"])?;
    let sort = parameters.text("sort").unwrap_or("own");
    let sort = measure(sort).ok_or_else(|| {
        ApiError::InvalidArgument(format!(
            "`sort` cannot be {sort:?}: expected count, errors, total, own, share, p50, p95 or longest"
        ))
    })?;
    let most = parameters.number("limit")?.unwrap_or(usize::MAX);
    let by = parameters.text("by").unwrap_or("service,name");
    let by: Vec<GroupBy> = by
        .split(',')
        .filter(|text| !text.is_empty())
        .map(GroupBy::from_text)
        .collect();
    if by.is_empty() || by.len() > MAX_GROUPINGS {
        return Err(ApiError::InvalidArgument(format!(
            "`by` names one to {MAX_GROUPINGS} groupings: service, name, kind, or an attribute's key"
        )));
    }
    of_trace(api, &id, move |trace| group(&trace, &by).first(sort, most)).await
}

async fn of_trace<T: Send + 'static>(
    api: Api,
    id: &str,
    view: impl FnOnce(Trace) -> T + Send + 'static,
) -> Result<Json<T>, ApiError> {
    let id = trace_id(id)?;
    let found = api
        .read(move |store| {
            let trace = assemble(store.trace(id)?);
            Ok((!trace.nodes.is_empty()).then(|| view(trace)))
        })
        .await?;
    found.map(Json).ok_or_else(|| no_such_trace(id))
}
