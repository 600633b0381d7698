//! `GET /api/v1/caller` and `GET /api/v1/audit`.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::{Extension, Json};
use shared::query::audit::{AuditResponse, CallerResponse};

use super::Api;
use super::error::ApiError;
use super::parameters::Parameters;
use crate::auth::Caller;

const DEFAULT_LIMIT: usize = 200;
const MAX_LIMIT: usize = 1_000;

/// Whose token the request carries.
pub async fn caller(Extension(caller): Extension<Caller>) -> Json<CallerResponse> {
    Json(CallerResponse {
        name: caller.name.as_deref().map(str::to_owned),
        roles: caller
            .roles()
            .iter()
            .map(|role| role.as_str().to_owned())
            .collect(),
    })
}

/// Who looked at what. Parameters: `limit`, and `before`, which an earlier answer gave as `next`.
pub async fn audit(
    State(api): State<Api>,
    Query(given): Query<Vec<(String, String)>>,
) -> Result<Json<AuditResponse>, ApiError> {
    let parameters = Parameters::new(&given, &["limit", "before"])?;
    let number = |name: &str| {
        parameters
            .text(name)
            .map(|text| {
                text.parse::<u64>().map_err(|_| {
                    ApiError::InvalidArgument(format!("`{name}` must be a number, not {text:?}"))
                })
            })
            .transpose()
    };
    let limit = match number("limit")? {
        None => DEFAULT_LIMIT,
        Some(limit) => usize::try_from(limit)
            .ok()
            .filter(|limit| (1..=MAX_LIMIT).contains(limit))
            .ok_or_else(|| {
                ApiError::InvalidArgument(format!("`limit` must be from 1 to {MAX_LIMIT}"))
            })?,
    };
    let before = number("before")?;
    let audit = Arc::clone(&api.gate.audit);
    tokio::task::spawn_blocking(move || audit.latest(limit, before))
        .await
        .ok()
        .and_then(Result::ok)
        .map(Json)
        .ok_or(ApiError::Internal)
}
