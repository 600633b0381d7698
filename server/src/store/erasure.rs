//! What belongs to one visitor, and is to be gone.

use std::collections::BTreeSet;

use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::metrics::v1::{Metric, metric::Data};
use prost::Message as _;
use serde::{Deserialize, Serialize};
use shared::attribute::Attribute;
use shared::id::TraceId;
use shared::log::LogEntry;
use shared::query::erase::ErasedResponse;
use shared::semconv;

use super::MetricRecord;

/// The traces and sessions of a visitor, and the attribute by which records without either are known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// Such as `user.id`.
    pub key: String,
    /// Its value.
    pub value: String,
    /// Every trace that goes as a whole.
    pub traces: BTreeSet<TraceId>,
    /// Every session that goes.
    pub sessions: BTreeSet<String>,
}

impl Erasure {
    /// Whether the attributes name the visitor, whatever kind of value that is.
    #[must_use]
    pub fn names(&self, attributes: &[Attribute]) -> bool {
        attributes
            .iter()
            .any(|attribute| attribute.key == self.key && attribute.value.to_string() == self.value)
    }

    fn concerns(&self, attributes: &[Attribute]) -> bool {
        let of_session = |attribute: &Attribute| {
            attribute.key == semconv::SESSION_ID
                && attribute
                    .value
                    .as_str()
                    .is_some_and(|session| self.sessions.contains(session))
        };
        self.names(attributes) || attributes.iter().any(of_session)
    }

    /// Whether a log record goes.
    #[must_use]
    pub fn has_log(&self, entry: &LogEntry) -> bool {
        entry
            .record
            .trace_id
            .is_some_and(|id| self.traces.contains(&id))
            || self.concerns(&entry.record.attributes)
            || self.concerns(&entry.resource.attributes)
    }

    /// Whether a metric goes: one of its points names the visitor or a session, or its sender does.
    #[must_use]
    pub fn has_metric(&self, metric: &MetricRecord) -> bool {
        self.concerns(&metric.resource.attributes) || self.has_points(&metric.message)
    }

    fn has_points(&self, message: &[u8]) -> bool {
        // What cannot be read holds nothing that could be found.
        let Ok(Metric {
            data: Some(data), ..
        }) = Metric::decode(message)
        else {
            return false;
        };
        let any = |attributes: &[KeyValue]| attributes.iter().any(|one| self.is_pair(one));
        match data {
            Data::Gauge(of) => of.data_points.iter().any(|point| any(&point.attributes)),
            Data::Sum(of) => of.data_points.iter().any(|point| any(&point.attributes)),
            Data::Histogram(of) => of.data_points.iter().any(|point| any(&point.attributes)),
            Data::ExponentialHistogram(of) => {
                of.data_points.iter().any(|point| any(&point.attributes))
            }
            Data::Summary(of) => of.data_points.iter().any(|point| any(&point.attributes)),
        }
    }

    fn is_pair(&self, pair: &KeyValue) -> bool {
        let value = match pair.value.as_ref().and_then(|value| value.value.as_ref()) {
            Some(Value::StringValue(text)) => text.clone(),
            Some(Value::IntValue(number)) => number.to_string(),
            _ => return false,
        };
        (pair.key == self.key && value == self.value)
            || (pair.key == semconv::SESSION_ID && self.sessions.contains(&value))
    }
}

/// Adds what one file had.
pub fn add(total: &mut ErasedResponse, part: &ErasedResponse) {
    total.spans += part.spans;
    total.logs += part.logs;
    total.metrics += part.metrics;
    total.recording_chunks += part.recording_chunks;
    total.runs += part.runs;
    total.notes += part.notes;
}
