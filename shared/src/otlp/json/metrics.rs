//! Metrics, of which only the number of data points matters so far.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::scalar::null_as_default;
use super::{JsonError, parse};

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Request {
    #[serde(alias = "resource_metrics", deserialize_with = "null_as_default")]
    resource_metrics: Vec<ResourceMetrics>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ResourceMetrics {
    #[serde(alias = "scope_metrics", deserialize_with = "null_as_default")]
    scope_metrics: Vec<ScopeMetrics>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ScopeMetrics {
    #[serde(deserialize_with = "null_as_default")]
    metrics: Vec<Metric>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Metric {
    #[serde(deserialize_with = "null_as_default")]
    gauge: Data,
    #[serde(deserialize_with = "null_as_default")]
    sum: Data,
    #[serde(deserialize_with = "null_as_default")]
    histogram: Data,
    #[serde(alias = "exponential_histogram", deserialize_with = "null_as_default")]
    exponential_histogram: Data,
    #[serde(deserialize_with = "null_as_default")]
    summary: Data,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Data {
    #[serde(alias = "data_points", deserialize_with = "null_as_default")]
    data_points: Vec<IgnoredAny>,
}

/// How many data points an `ExportMetricsServiceRequest` holds, of every kind of metric.
///
/// # Errors
/// [`JsonError`] where the body is not such a request.
pub fn count_metric_points(body: &[u8]) -> Result<u64, JsonError> {
    let request: Request = parse(body)?;
    let scopes = request
        .resource_metrics
        .iter()
        .flat_map(|resource| &resource.scope_metrics);
    let points = scopes.flat_map(|scope| &scope.metrics).map(|metric| {
        [
            &metric.gauge,
            &metric.sum,
            &metric.histogram,
            &metric.exponential_histogram,
            &metric.summary,
        ]
        .map(|data| data.data_points.len() as u64)
        .iter()
        .sum::<u64>()
    });
    Ok(points.sum())
}
