//! `GET /api/v1/traces/{id}/export?format=…`: a trace as a file of another tool's, or as a report.

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use clap::ValueEnum as _;
use serde::Deserialize;
use shared::trace::assemble;

use super::error::ApiError;
use super::{Api, Named};
use crate::auth::{Caller, Role};
use crate::exchange::document::Document;
use crate::exchange::session::{PagePicture, SessionFormat};
use crate::query::sessions;
use crate::recorded::Recorded;
use crate::store::{Store, StoreError};

/// The request's parameters.
#[derive(Deserialize)]
pub struct Parameters {
    #[serde(default)]
    format: Option<String>,
    /// Where a report says that the trace is to be seen.
    #[serde(default)]
    link: Option<String>,
}

/// `GET /api/v1/sessions/{id}/export?format=…`: a session as a test, a flow, a report or a page.
pub async fn session(
    State(api): State<Api>,
    Path(id): Path<String>,
    Extension(caller): Extension<Caller>,
    Query(parameters): Query<Parameters>,
) -> Result<Response, ApiError> {
    let name = parameters.format.as_deref().unwrap_or("playwright");
    let with_picture = caller.may(Role::Replay);
    let format = SessionFormat::from_str(name, false).map_err(|_| {
        ApiError::InvalidArgument(format!(
            "`format` cannot be {name:?}: expected playwright, userflow, userflow-traces, markdown or bundle"
        ))
    })?;
    let is_id = !id.is_empty()
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let unknown = format!("there is no session {id}");
    if !is_id {
        return Err(ApiError::NotFound(unknown));
    }
    let (ending, content_type) = format.file();
    let disposition = format!("attachment; filename=\"session-{id}.{ending}\"");
    let file = api
        .read(move |store| {
            let (mut spans, mut logs) = (Vec::new(), Vec::new());
            for candidate in sessions::traces_of(store, &id)?.0 {
                spans.extend(store.trace(candidate.id)?);
                logs.extend(store.logs(candidate.id)?);
            }
            let recorded = Recorded::of(&id, spans, &logs);
            if recorded.session.actions.is_empty() {
                return Ok(None);
            }
            let picture = if with_picture {
                last_picture(store, &id, parameters.link.as_deref())?
            } else {
                None
            };
            let link = parameters.link.as_deref();
            Ok(Some(format.write(&recorded, link, picture.as_ref())))
        })
        .await?
        .ok_or(ApiError::NotFound(unknown))?;
    let headers = [
        (CONTENT_TYPE, content_type.to_owned()),
        (CONTENT_DISPOSITION, disposition),
        (CONTENT_SECURITY_POLICY, INERT.to_owned()),
    ];
    Ok((headers, file).into_response())
}

/// The page after the last step that the session's latest re-run came to; with the viewer's address, where it is seen.
fn last_picture(
    store: &dyn Store,
    id: &str,
    viewer: Option<&str>,
) -> Result<Option<PagePicture>, StoreError> {
    for run in store.runs(id)? {
        let Some(report) = store.run(&run.id)? else {
            continue;
        };
        let latest = report
            .pictures
            .iter()
            .max_by_key(|picture| (picture.run, picture.step));
        let Some(picture) = latest else { continue };
        let bytes = store.run_picture(&run.id, picture.number)?;
        let viewer = viewer.map(|viewer| viewer.trim_end_matches('/'));
        let number = picture.number;
        return Ok(bytes.map(|bytes| PagePicture {
            address: viewer.map(|at| format!("{at}/api/v1/runs/{}/pictures/{number}", run.id)),
            page: viewer.map(|at| format!("{at}/run/{}", run.id)),
            bytes,
        }));
    }
    Ok(None)
}

/// A report that is opened at its address after all may do nothing either.
const INERT: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'";

/// The file, to be saved under a name that says what it is.
pub async fn export(
    State(api): State<Api>,
    Named(id): Named,
    Query(parameters): Query<Parameters>,
) -> Result<Response, ApiError> {
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
        (CONTENT_SECURITY_POLICY, INERT.to_owned()),
    ];
    Ok((headers, file).into_response())
}
