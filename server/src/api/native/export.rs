//! `GET /api/v1/traces/{id}/export?format=…`: a trace as a file of another tool's.

use axum::extract::{Path, Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use shared::interchange::{self, Format};

use super::error::ApiError;
use super::{Api, trace_id};
use crate::query;

/// The request's parameters.
#[derive(Deserialize)]
pub struct Parameters {
    #[serde(default)]
    format: Option<String>,
}

/// The file, to be saved under a name that says what it is.
pub async fn export(
    State(api): State<Api>,
    Path(id): Path<String>,
    Query(parameters): Query<Parameters>,
) -> Result<Response, ApiError> {
    let id = trace_id(&id)?;
    let name = parameters.format.as_deref().unwrap_or("otlp");
    let format: Format = name.parse().map_err(|expected| {
        ApiError::InvalidArgument(format!("`format` cannot be {name:?}: {expected}"))
    })?;
    let spans = api.read(move |store| query::trace(store, id)).await?;
    if spans.is_empty() {
        return Err(ApiError::NotFound(format!("there is no trace {id}")));
    }
    let file = tokio::task::spawn_blocking(move || interchange::encode(format, &spans))
        .await
        .map_err(|_| ApiError::Internal)?;
    let disposition = format!("attachment; filename=\"trace-{id}.{format}.json\"");
    let headers = [
        (CONTENT_TYPE, "application/json".to_owned()),
        (CONTENT_DISPOSITION, disposition),
    ];
    Ok((headers, file).into_response())
}
