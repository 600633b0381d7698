//! `GET /api/v1/traces/{id}/export?format=…`: a trace as a file of another tool's, or as a report.

use axum::extract::{Path, Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use shared::trace::assemble;

use super::error::ApiError;
use super::{Api, trace_id};
use crate::exchange::document::Document;

/// The request's parameters.
#[derive(Deserialize)]
pub struct Parameters {
    #[serde(default)]
    format: Option<String>,
    /// Where a report says that the trace is to be seen.
    #[serde(default)]
    link: Option<String>,
}

/// The file, to be saved under a name that says what it is.
pub async fn export(
    State(api): State<Api>,
    Path(id): Path<String>,
    Query(parameters): Query<Parameters>,
) -> Result<Response, ApiError> {
    let id = trace_id(&id)?;
    let name = parameters.format.as_deref().unwrap_or("otlp");
    let document: Document = name.parse().map_err(|expected| {
        ApiError::InvalidArgument(format!("`format` cannot be {name:?}: {expected}"))
    })?;
    let file = api
        .read(move |store| {
            let trace = assemble(store.trace(id)?);
            if trace.nodes.is_empty() {
                return Ok(None);
            }
            let notes = store.notes(id)?;
            Ok(Some(document.write(
                &trace,
                &notes,
                parameters.link.as_deref(),
            )))
        })
        .await?
        .ok_or_else(|| ApiError::NotFound(format!("there is no trace {id}")))?;
    let ending = document.ending();
    let disposition = format!("attachment; filename=\"trace-{id}.{ending}\"");
    let headers = [
        (CONTENT_TYPE, document.content_type().to_owned()),
        (CONTENT_DISPOSITION, disposition),
        // A report that is opened at this address after all may do nothing either.
        (
            CONTENT_SECURITY_POLICY,
            "sandbox; default-src 'none'; style-src 'unsafe-inline'".to_owned(),
        ),
    ];
    Ok((headers, file).into_response())
}
