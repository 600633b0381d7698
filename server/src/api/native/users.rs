//! `DELETE /api/v1/users/{id}`: everything of one visitor, gone or counted.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::{Extension, Json};
use shared::query::audit::Event;
use shared::query::erase::ErasedResponse;

use super::Api;
use super::error::ApiError;
use super::parameters::Parameters;
use crate::auth::Caller;
use crate::auth::audit::told_of;
use crate::query::erase;

/// Deletes. Parameters: `dry-run`, which only counts, and `attribute`, by which the visitor is known.
pub async fn erase(
    State(api): State<Api>,
    Path(id): Path<String>,
    Extension(caller): Extension<Caller>,
    Query(given): Query<Vec<(String, String)>>,
) -> Result<Json<ErasedResponse>, ApiError> {
    let parameters = Parameters::new(&given, &["dry-run", "attribute"])?;
    let dry_run = parameters.flag("dry-run")?;
    let key = parameters.text("attribute").unwrap_or(erase::KEYS[0]);
    if !erase::KEYS.contains(&key) {
        return Err(ApiError::InvalidArgument(format!(
            "`attribute` must be one of {}, not {key:?}",
            erase::KEYS.join(", ")
        )));
    }
    if id.is_empty() {
        return Err(ApiError::InvalidArgument("nobody is named".to_owned()));
    }
    let (audit, minutes) = (Arc::clone(&api.gate.audit), Arc::clone(&api.minutes));
    let (key, who) = (key.to_owned(), caller.name);
    let note = move |detail: String| {
        audit.note(who.as_deref(), Event::UserErased, Vec::new(), Some(detail))
    };
    // What cannot be noted is not done.
    let told = told_of(&key, &id);
    let begun = if dry_run { "is counted" } else { "is deleted" };
    note(format!("the data of {told} {begun}")).map_err(|_| ApiError::Internal)?;
    let erased = api
        .read(move |store| {
            let erased = erase::erase(store, &key, &id, dry_run)?;
            minutes.changed();
            Ok(erased)
        })
        .await?;
    if !dry_run {
        note(format!(
            "the data of {told}: {} sessions, {} traces, {} spans gone",
            erased.sessions, erased.traces, erased.spans
        ))
        .map_err(|_| ApiError::Internal)?;
    }
    Ok(Json(erased))
}
