//! `GET /api/v1/map`, `GET /api/v1/red` and `GET /api/v1/traces/{id}/graph`.

use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::{Query, State};
use shared::graph::{Counted, MapResponse, RedResponse, ServiceGraph, map as figures};
use shared::time::{DurationNanos, UnixNanos};
use shared::trace::assemble;

use super::error::ApiError;
use super::parameters::Parameters;
use super::{Api, Named};
use crate::query::map::{self as minutes_of, Read};
use crate::store::system_clock;

/// After this a request answers with what it has counted; asking again goes on from there.
const DEADLINE: Duration = Duration::from_secs(2);

/// The range where the request does not say: the last hour.
const USUAL: DurationNanos = DurationNanos(3_600 * 1_000_000_000);

/// The longest range that may be asked for: two weeks.
const LONGEST: DurationNanos = DurationNanos(14 * 24 * 3_600 * 1_000_000_000);

/// Parameters: `start`, `end`, `beforeStart`, `beforeEnd`.
pub async fn map(
    State(api): State<Api>,
    Query(given): Query<Vec<(String, String)>>,
) -> Result<Json<MapResponse>, ApiError> {
    let known = ["start", "end", "beforeStart", "beforeEnd"];
    let parameters = Parameters::new(&given, &known)?;
    let (start, end) = range(&parameters)?;
    let before = match (
        parameters.time("beforeStart")?,
        parameters.time("beforeEnd")?,
    ) {
        (Some(start), Some(end)) => Some(checked(start, end)?),
        (None, None) => None,
        _ => {
            return Err(ApiError::InvalidArgument(
                "`beforeStart` and `beforeEnd` go together".to_owned(),
            ));
        }
    };
    let minutes = std::sync::Arc::clone(&api.minutes);
    let answer = api
        .read(move |store| {
            let deadline = Instant::now() + DEADLINE;
            let now = minutes.read(store, start, end, deadline)?;
            let before = before
                .map(|(start, end)| minutes.read(store, start, end, deadline))
                .transpose()?;
            let graph_before = before.as_ref().map(sum);
            let (nodes, edges) = figures(&sum(&now), graph_before.as_ref());
            Ok(MapResponse {
                range: now.counted,
                before: before.map(|before| before.counted),
                nodes,
                edges,
            })
        })
        .await?;
    Ok(Json(answer))
}

/// Parameters: `start`, `end`.
pub async fn red(
    State(api): State<Api>,
    Query(given): Query<Vec<(String, String)>>,
) -> Result<Json<RedResponse>, ApiError> {
    let parameters = Parameters::new(&given, &["start", "end"])?;
    let (start, end) = range(&parameters)?;
    let minutes = std::sync::Arc::clone(&api.minutes);
    let answer = api
        .read(move |store| {
            let deadline = Instant::now() + DEADLINE;
            Ok(minutes_of::red(&minutes.read(store, start, end, deadline)?))
        })
        .await?;
    Ok(Json(answer))
}

/// The map of one trace.
pub async fn of_trace(
    State(api): State<Api>,
    Named(id): Named,
) -> Result<Json<MapResponse>, ApiError> {
    let trace = api
        .read(move |store| Ok(assemble(store.trace(id)?)))
        .await?;
    if trace.nodes.is_empty() {
        return Err(super::no_such_trace(id));
    }
    let mut graph = ServiceGraph::default();
    graph.add(&trace);
    let (nodes, edges) = figures(&graph, None);
    Ok(Json(MapResponse {
        range: Counted {
            start: trace.start,
            end: trace.end,
            since: trace.start,
            traces: 1,
            spans: trace.nodes.len() as u64,
        },
        before: None,
        nodes,
        edges,
    }))
}

fn sum(read: &Read) -> ServiceGraph {
    let mut graph = ServiceGraph::default();
    for (_, minute) in &read.minutes {
        graph.merge(&minute.graph);
    }
    graph
}

fn range(parameters: &Parameters<'_>) -> Result<(UnixNanos, UnixNanos), ApiError> {
    let end = match parameters.time("end")? {
        Some(end) => end,
        None => system_clock()(),
    };
    let start = match parameters.time("start")? {
        Some(start) => start,
        None => end + DurationNanos(-USUAL.0),
    };
    checked(start, end)
}

fn checked(start: UnixNanos, end: UnixNanos) -> Result<(UnixNanos, UnixNanos), ApiError> {
    if start >= end {
        return Err(ApiError::InvalidArgument(
            "a range must start before it ends".to_owned(),
        ));
    }
    if end - start > LONGEST {
        return Err(ApiError::InvalidArgument(
            "a range may be of two weeks at most".to_owned(),
        ));
    }
    Ok((start, end))
}
