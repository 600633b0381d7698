//! Metrics: stored as they come, a row for each metric of a request, and counted by their points.

use std::sync::Arc;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::{Metric, metric::Data};
use prost::Message as _;
use shared::time::UnixNanos;

use crate::otlp_protobuf::decode;
use crate::store::MetricRecord;

/// The metrics of an export request that have data points.
#[must_use]
pub fn records(request: ExportMetricsServiceRequest) -> Vec<MetricRecord> {
    let mut records = Vec::new();
    for group in request.resource_metrics {
        let resource = Arc::new(decode::resource(group.resource.unwrap_or_default()));
        for group in group.scope_metrics {
            let scope = Arc::new(decode::scope(group.scope.unwrap_or_default()));
            for metric in group.metrics {
                let (point_count, time) = points(&metric);
                if point_count > 0 {
                    records.push(MetricRecord {
                        resource: Arc::clone(&resource),
                        scope: Arc::clone(&scope),
                        message: metric.encode_to_vec(),
                        name: metric.name,
                        time,
                        point_count,
                    });
                }
            }
        }
    }
    records
}

/// How many points a metric has, and the latest of their times.
fn points(metric: &Metric) -> (u32, UnixNanos) {
    fn fold<T>(points: &[T], time: impl Fn(&T) -> u64) -> (u32, UnixNanos) {
        let count = u32::try_from(points.len()).unwrap_or(u32::MAX);
        (count, UnixNanos(points.iter().map(time).max().unwrap_or(0)))
    }
    match &metric.data {
        Some(Data::Gauge(data)) => fold(&data.data_points, |point| point.time_unix_nano),
        Some(Data::Sum(data)) => fold(&data.data_points, |point| point.time_unix_nano),
        Some(Data::Histogram(data)) => fold(&data.data_points, |point| point.time_unix_nano),
        Some(Data::ExponentialHistogram(data)) => {
            fold(&data.data_points, |point| point.time_unix_nano)
        }
        Some(Data::Summary(data)) => fold(&data.data_points, |point| point.time_unix_nano),
        None => (0, UnixNanos(0)),
    }
}
