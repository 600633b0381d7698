//! `/api/v1/runs` and `/api/v1/sessions/{id}/runs`: what re-runs of sessions came to, as `throughline replay` sends it.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use base64::Engine as _;
use sha2::{Digest as _, Sha256};
use shared::query::run::{
    GoodRun, Picture, RunPublished, RunReport, RunRequest, RunsResponse, Verdict,
};

use super::Api;
use super::error::ApiError;
use super::sessions::session_id;
use crate::auth::Caller;
use crate::replay::expectation;
use crate::store::run::KeptRun;
use crate::store::{Batch, Store, StoreError, system_clock};

/// A report with pictures is at most so large, as sent.
pub const MAX_BYTES: usize = 32 << 20;

/// So many steps there are at most, in all runs together, and pictures.
const MAX_STEPS: usize = 5_000;

/// What pictures begin with, and their media type.
const KINDS: [(&[u8], &str); 2] = [
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
];

/// Keeps a report.
pub async fn publish(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Result<(StatusCode, Json<RunPublished>), ApiError> {
    let run = tokio::task::spawn_blocking(move || kept(&body, &caller))
        .await
        .map_err(|_| ApiError::Internal)??;
    let id = run.report.id.clone();
    let batch = Batch {
        runs: vec![run],
        ..Batch::default()
    };
    api.read(move |store| store.append(&[batch])).await?;
    Ok((StatusCode::CREATED, Json(RunPublished { id })))
}

fn kept(body: &[u8], caller: &Caller) -> Result<KeptRun, ApiError> {
    let wrong = ApiError::InvalidArgument;
    let request: RunRequest = serde_json::from_slice(body)
        .map_err(|error| wrong(format!("that is no report of a re-run: {error}")))?;
    session_id(request.outcome.session.clone())?;
    let runs = &request.outcome.runs;
    let steps: usize = runs.iter().map(|run| run.steps.len()).sum();
    if steps > MAX_STEPS || request.pictures.len() > MAX_STEPS {
        return Err(wrong(format!(
            "a report has at most {MAX_STEPS} steps and pictures"
        )));
    }
    let (mut pictures, mut listed) = (Vec::new(), Vec::new());
    for picture in &request.pictures {
        let of_step = runs
            .get(picture.run)
            .is_some_and(|run| run.steps.iter().any(|step| step.number == picture.step));
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(&picture.data)
            .unwrap_or_default();
        if !of_step || kind_of(&bytes).is_none() {
            return Err(wrong(
                "a picture is a PNG or JPEG in base64, of a step of the report".to_owned(),
            ));
        }
        listed.push(Picture {
            number: pictures.len() as u32,
            run: picture.run,
            step: picture.step,
        });
        pictures.push(bytes);
    }
    let created = system_clock()();
    Ok(KeptRun {
        report: RunReport {
            id: new_id(body, created.0),
            created,
            by: caller.name.as_deref().map(str::to_owned),
            outcome: request.outcome,
            pictures: listed,
            good: None,
        },
        pictures,
    })
}

/// 16 hexadecimal digits that no other report has.
fn new_id(body: &[u8], now: u64) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let digest = Sha256::new()
        .chain_update(body)
        .chain_update(now.to_le_bytes())
        .chain_update(COUNT.fetch_add(1, Ordering::Relaxed).to_le_bytes())
        .finalize();
    digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn kind_of(picture: &[u8]) -> Option<&'static str> {
    let found = KINDS.iter().find(|(begin, _)| picture.starts_with(begin));
    found.map(|(_, kind)| *kind)
}

/// The re-runs of a session.
pub async fn of_session(
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Json<RunsResponse>, ApiError> {
    let id = session_id(id)?;
    let runs = api.read(move |store| store.runs(&id)).await?;
    Ok(Json(RunsResponse { runs }))
}

/// One report, with the latest good run before it.
pub async fn one(
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Json<RunReport>, ApiError> {
    let wanted = id.clone();
    let found = api
        .read(move |store| {
            let Some(mut report) = store.run(&wanted)? else {
                return Ok(None);
            };
            report.good = good_before(store, &report)?;
            Ok(Some(report))
        })
        .await?;
    found.map(Json).ok_or_else(|| no_such_run(&id))
}

fn good_before(store: &dyn Store, report: &RunReport) -> Result<Option<GoodRun>, StoreError> {
    let runs = store.runs(&report.outcome.session)?;
    let good = runs
        .iter()
        .find(|run| run.verdict == Verdict::Reproduced && run.created < report.created);
    let Some(good) = good else {
        return Ok(None);
    };
    Ok(store.run(&good.id)?.map(|good| GoodRun {
        id: good.id,
        pictures: good.pictures,
    }))
}

/// A picture of the page after a step.
pub async fn picture(
    State(api): State<Api>,
    Path((id, number)): Path<(String, u32)>,
) -> Result<Response, ApiError> {
    let wanted = id.clone();
    let found = api
        .read(move |store| store.run_picture(&wanted, number))
        .await?;
    let picture =
        found.ok_or_else(|| ApiError::NotFound(format!("the re-run {id} has no such picture")))?;
    let kind = kind_of(&picture).unwrap_or("application/octet-stream");
    Ok(([(CONTENT_TYPE, kind)], picture).into_response())
}

/// What the runs of a report have in common, as the file that `throughline replay --expect` reads.
pub async fn expectations(
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let wanted = id.clone();
    let written = api
        .read(move |store| {
            let Some(report) = store.run(&wanted)? else {
                return Ok(None);
            };
            let read = |id| Ok(store.trace(id)?);
            Ok(Some(expectation::write(&report.outcome, &read)))
        })
        .await?
        .ok_or_else(|| no_such_run(&id))?;
    let text = written.map_err(|error| ApiError::Refused(format!("{error:#}")))?;
    let headers = [
        (CONTENT_TYPE, "application/json".to_owned()),
        (
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"run-{id}.expect.json\""),
        ),
    ];
    Ok((headers, text).into_response())
}

fn no_such_run(id: &str) -> ApiError {
    ApiError::NotFound(format!(
        "there is no re-run {id}: it may be past its retention"
    ))
}
