//! `GET /api/v1/diff`, what differs between a trace and its baselines; and
//! `GET /api/v1/traces/{id}/alike`, what to compare a trace with.

use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::{Query, State};
use axum::response::Response;
use shared::diff::{Limits, diff as compare};
use shared::id::TraceId;
use shared::query::AlikeResponse;
use shared::trace::{Trace, assemble};

use super::error::ApiError;
use super::parameters::Parameters;
use super::{Api, Named, json, no_such_trace, trace_id};
use crate::auth::gate::Looked;
use crate::query::alike as find;
use crate::query::search::Bounds;

/// After this, what was found is answered.
const DEADLINE: Duration = Duration::from_secs(5);

/// So many traces may be a baseline together.
const MAX_BASELINES: usize = 20;

/// Parameters: `baseline`, ids separated by commas; `other`, an id.
pub async fn diff(
    State(api): State<Api>,
    Query(given): Query<Vec<(String, String)>>,
) -> Result<Response, ApiError> {
    let parameters = Parameters::new(&given, &["baseline", "other"])?;
    let text = |name: &str| {
        parameters
            .text(name)
            .ok_or_else(|| ApiError::InvalidArgument(format!("`{name}` is missing")))
    };
    let baselines: Vec<TraceId> = text("baseline")?
        .split(',')
        .map(trace_id)
        .collect::<Result<_, _>>()?;
    if baselines.len() > MAX_BASELINES {
        return Err(ApiError::InvalidArgument(format!(
            "at most {MAX_BASELINES} traces may be the baseline"
        )));
    }
    let other = trace_id(text("other")?)?;
    let ids: Vec<TraceId> = baselines.iter().copied().chain([other]).collect();
    let wanted = ids.clone();
    let traces: Vec<Trace> = api
        .read(move |store| {
            let trace = |id: &TraceId| Ok(assemble(store.trace(*id)?));
            wanted.iter().map(trace).collect()
        })
        .await?;
    for (trace, id) in traces.iter().zip(&ids) {
        if trace.nodes.is_empty() {
            return Err(no_such_trace(*id));
        }
    }
    let mut response = json(move || {
        let (baselines, other) = traces.split_at(traces.len() - 1);
        let baselines: Vec<&Trace> = baselines.iter().collect();
        serde_json::to_vec(&compare(&baselines, &other[0], &Limits::default()))
    })
    .await?;
    response.extensions_mut().insert(Looked(ids.into()));
    Ok(response)
}

/// The newest traces with the same root.
pub async fn alike(
    State(api): State<Api>,
    Named(id): Named,
) -> Result<Json<AlikeResponse>, ApiError> {
    let bounds = Bounds::until(Instant::now() + DEADLINE);
    let found = api
        .read(move |store| find::alike(store, id, &bounds))
        .await?;
    found.map(Json).ok_or_else(|| no_such_trace(id))
}
