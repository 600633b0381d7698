//! `GET /api/v1/services`.

use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::{Query, State};
use shared::query::ServicesResponse;

use super::Api;
use super::error::ApiError;
use super::parameters::Parameters;
use crate::query;
use crate::store::system_clock;

/// So long are traces counted.
const DEADLINE: Duration = Duration::from_secs(2);

/// Parameters: `traces`, which is `true` or `false`.
pub async fn services(
    State(api): State<Api>,
    Query(given): Query<Vec<(String, String)>>,
) -> Result<Json<ServicesResponse>, ApiError> {
    let counted = Parameters::new(&given, &["traces"])?.flag("traces")?;
    let found = api
        .read(move |store| {
            let until = counted.then(|| Instant::now() + DEADLINE);
            query::services::services(store, system_clock()(), until)
        })
        .await?;
    Ok(Json(found))
}
