//! Throughline's own query API, `/api/v1/…`. Bodies are those of [`shared::query`]; traces and logs
//! are OTLP/JSON. `openapi.json` describes it, and a test holds the two to each other.

mod access;
mod chunks;
mod columns;
mod diff;
mod error;
mod export;
mod ingest;
mod map;
mod notes;
mod parameters;
mod runs;
mod saved;
mod search;
mod services;
mod sessions;
mod tail;
mod users;
mod views;

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Path, Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, any, delete, get, post, put};
use shared::id::{SpanId, TraceId};
use shared::otlp::json::{LogsJson, SpansJson};
use shared::query::StatusResponse;
use tokio::sync::{Semaphore, watch};

use self::parameters::Parameters;
use crate::assets::player::Place;
use crate::auth::gate::{Gate, gate};
use crate::query;
use crate::query::map::Minutes;
use crate::query::tail::Journal;
use crate::store::{Store, StoreError};
use crate::telemetry::Telemetry;
pub use error::ApiError;
pub use tail::MAX_STREAMS;

/// The API's description.
pub const OPENAPI: &str = include_str!("openapi.json");

/// What the API needs.
#[derive(Clone)]
pub struct Api {
    /// Where telemetry is kept.
    pub store: Arc<dyn Store>,
    /// What is known of each minute.
    pub minutes: Arc<Minutes>,
    /// What has been written, for those who follow it.
    pub journal: Arc<Journal>,
    /// How many more may follow it.
    pub streams: Arc<Semaphore>,
    /// Becomes true when the server ends.
    pub stopping: watch::Receiver<bool>,
    /// Counts.
    pub telemetry: Arc<Telemetry>,
    /// Where the public face listens.
    pub ingest_url: Arc<str>,
    /// Where the gRPC receiver listens.
    pub grpc_url: Arc<str>,
    /// Who may ask for what.
    pub gate: Gate,
    /// Where recordings are played; `None` where they are not.
    pub player: Option<Place>,
}

/// Every path with its handler, as `openapi.json` lists them.
pub fn routes() -> Vec<(&'static str, MethodRouter<Api>)> {
    vec![
        ("/api/v1/traces/{id}", get(trace)),
        ("/api/v1/traces/{id}/columns", get(columns::columns)),
        ("/api/v1/traces/{id}/spans/{span_id}", get(columns::span)),
        ("/api/v1/traces/{id}/attribute", get(columns::attribute)),
        ("/api/v1/traces/{id}/fields", get(columns::fields)),
        ("/api/v1/traces/{id}/logs", get(logs)),
        ("/api/v1/traces/{id}/graph", get(map::of_trace)),
        ("/api/v1/traces/{id}/alike", get(diff::alike)),
        ("/api/v1/traces/{id}/story", get(views::story)),
        ("/api/v1/traces/{id}/statistics", get(views::statistics)),
        ("/api/v1/traces/{id}/export", get(export::export)),
        ("/api/v1/traces/{id}/notes", get(notes::list)),
        (
            "/api/v1/traces/{id}/notes/{note}",
            put(notes::put).delete(notes::delete),
        ),
        ("/api/v1/map", get(map::map)),
        ("/api/v1/red", get(map::red)),
        ("/api/v1/diff", get(diff::diff)),
        ("/api/v1/traces/{id}/matches", get(search::matches)),
        ("/api/v1/search", get(search::search)),
        ("/api/v1/search/parts", get(search::parts)),
        ("/api/v1/search/tail", get(tail::tail)),
        ("/api/v1/tags", get(search::tags)),
        ("/api/v1/tags/{name}/values", get(search::tag_values)),
        ("/api/v1/sessions", get(sessions::list)),
        ("/api/v1/sessions/{id}", get(sessions::one)),
        ("/api/v1/sessions/{id}/export", get(export::session)),
        ("/api/v1/sessions/{id}/replay", get(sessions::recordings)),
        (
            "/api/v1/sessions/{id}/replay/{stream}",
            get(sessions::recording),
        ),
        ("/api/v1/sessions/{id}/runs", get(runs::of_session)),
        (
            "/api/v1/runs",
            post(runs::publish).layer(DefaultBodyLimit::max(runs::MAX_BYTES)),
        ),
        ("/api/v1/runs/{id}", get(runs::one)),
        ("/api/v1/runs/{id}/pictures/{picture}", get(runs::picture)),
        ("/api/v1/runs/{id}/expectations", get(runs::expectations)),
        ("/api/v1/views", get(saved::list)),
        (
            "/api/v1/views/{view}",
            put(saved::put).delete(saved::delete),
        ),
        ("/api/v1/services", get(services::services)),
        ("/api/v1/status", get(status)),
        ("/api/v1/ingest/status", get(ingest::status)),
        ("/api/v1/test-span", post(ingest::test_span)),
        ("/api/v1/sample-data", post(ingest::sample)),
        ("/api/v1/users/{id}", delete(users::erase)),
        ("/api/v1/audit", get(access::audit)),
        ("/api/v1/caller", get(access::caller)),
        ("/api/v1/openapi.json", get(openapi)),
    ]
}

/// The routes of the API.
pub fn router(api: Api) -> Router {
    let router = routes()
        .into_iter()
        .fold(Router::new(), |router, (path, handler)| {
            router.route(path, handler)
        });
    router
        .method_not_allowed_fallback(not_allowed)
        .route("/api", any(unknown))
        .route("/api/", any(unknown))
        .route("/api/{*rest}", any(unknown))
        .layer(middleware::from_fn_with_state(api.gate.clone(), gate))
        .layer(middleware::map_response(async |mut response: Response| {
            // What is known of a trace grows until its last span has arrived.
            response
                .headers_mut()
                .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }))
        .with_state(api)
}

/// Parameters: `from`, how many spans are passed over; `limit`, how many are listed at most.
async fn trace(
    State(api): State<Api>,
    Named(id): Named,
    Query(given): Query<Vec<(String, String)>>,
) -> Result<Response, ApiError> {
    let parameters = Parameters::new(&given, &["from", "limit"])?;
    let from = parameters.number("from")?.unwrap_or(0);
    let limit = parameters.number("limit")?.unwrap_or(usize::MAX);
    let spans = api.read(move |store| query::trace(store, id)).await?;
    if spans.is_empty() {
        return Err(no_such_trace(id));
    }
    let total = spans.len();
    let mut response = json(move || {
        let from = from.min(spans.len());
        let to = from.saturating_add(limit).min(spans.len());
        serde_json::to_vec(&SpansJson(&spans[from..to]))
    })
    .await?;
    let headers = response.headers_mut();
    headers.insert(TOTAL_COUNT, HeaderValue::from(total));
    Ok(response)
}

/// How many spans a trace has, of which an answer may list some.
const TOTAL_COUNT: HeaderName = HeaderName::from_static("x-total-count");

async fn logs(State(api): State<Api>, Named(id): Named) -> Result<Response, ApiError> {
    let logs = api.read(move |store| store.logs(id)).await?;
    json(move || serde_json::to_vec(&LogsJson(&logs))).await
}

async fn status(State(api): State<Api>) -> Json<StatusResponse> {
    Json(StatusResponse {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ingest_url: api.ingest_url.to_string(),
        grpc_url: api.grpc_url.to_string(),
        accepted: api.telemetry.accepted_counts(),
        refused: api.telemetry.refused_counts(),
        last_refusal: api.telemetry.last_refusal(),
    })
}

async fn openapi() -> Response {
    (
        StatusCode::OK,
        [(CONTENT_TYPE, "application/json")],
        OPENAPI,
    )
        .into_response()
}

async fn unknown() -> ApiError {
    ApiError::NotFound("there is no such address: see /api/v1/openapi.json".to_owned())
}

async fn not_allowed() -> ApiError {
    ApiError::MethodNotAllowed
}

/// The trace that an address is about.
struct Named(TraceId);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path(id) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|error| ApiError::InvalidArgument(error.body_text()))?;
        trace_id(&id).map(Self)
    }
}

/// A trace id as people paste it: in either case.
fn trace_id(text: &str) -> Result<TraceId, ApiError> {
    text.to_ascii_lowercase().parse().map_err(|error| {
        ApiError::InvalidArgument(format!(
            "{text:?} is not a trace id ({error}): it has 32 hexadecimal digits"
        ))
    })
}

/// The id of a note or a saved view, which its writer has chosen; `what` it is of.
fn kept_id(text: &str, what: &str) -> Result<SpanId, ApiError> {
    text.parse().map_err(|error| {
        ApiError::InvalidArgument(format!(
            "{text:?} is not a {what}'s id ({error}): it has 16 hexadecimal digits"
        ))
    })
}

fn no_such_trace(id: TraceId) -> ApiError {
    ApiError::NotFound(format!(
        "there is no trace {id}: it may be past its retention, or not have arrived yet"
    ))
}

impl Api {
    /// Asks the store on a thread that may wait.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let store = Arc::clone(&self.store);
        let result = tokio::task::spawn_blocking(move || read(store.as_ref()))
            .await
            .map_err(|_| ApiError::Internal)?;
        Ok(result?)
    }
}

async fn json(
    encode: impl FnOnce() -> serde_json::Result<Vec<u8>> + Send + 'static,
) -> Result<Response, ApiError> {
    let body = tokio::task::spawn_blocking(encode)
        .await
        .ok()
        .and_then(Result::ok)
        .ok_or(ApiError::Internal)?;
    Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
}
