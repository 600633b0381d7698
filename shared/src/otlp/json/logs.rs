//! `ExportLogsServiceRequest` and `LogsData`, which are the same in JSON.

use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};

use super::scalar::{Enumeration, HexId, Named, Number, as_text, is_zero, null_as_default};
use super::value::{
    AnyValueIn, AnyValueOut, AttributesIn, AttributesOut, ResourceIn, ResourceOut, ScopeIn,
    ScopeOut,
};
use super::{Decoded, JsonError, group, parse};
use crate::attribute::AttributeValue;
use crate::id::{SpanId, TraceId};
use crate::log::{LogEntry, LogRecord};
use crate::resource::Scope;
use crate::time::UnixNanos;

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Request {
    #[serde(alias = "resource_logs", deserialize_with = "null_as_default")]
    resource_logs: Vec<ResourceLogs>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ResourceLogs {
    #[serde(deserialize_with = "null_as_default")]
    resource: ResourceIn,
    #[serde(alias = "scope_logs", deserialize_with = "null_as_default")]
    scope_logs: Vec<ScopeLogs>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ScopeLogs {
    #[serde(deserialize_with = "null_as_default")]
    scope: ScopeIn,
    #[serde(alias = "log_records", deserialize_with = "null_as_default")]
    log_records: Vec<RecordIn>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct RecordIn {
    #[serde(alias = "time_unix_nano", deserialize_with = "null_as_default")]
    time_unix_nano: Number<u64>,
    #[serde(
        alias = "observed_time_unix_nano",
        deserialize_with = "null_as_default"
    )]
    observed_time_unix_nano: Number<u64>,
    #[serde(alias = "severity_number", deserialize_with = "null_as_default")]
    severity_number: Enumeration<Severity>,
    #[serde(alias = "severity_text", deserialize_with = "null_as_default")]
    severity_text: String,
    #[serde(deserialize_with = "null_as_default")]
    body: AnyValueIn,
    #[serde(deserialize_with = "null_as_default")]
    attributes: AttributesIn,
    #[serde(
        alias = "dropped_attributes_count",
        deserialize_with = "null_as_default"
    )]
    dropped_attributes_count: Number<u32>,
    #[serde(deserialize_with = "null_as_default")]
    flags: Number<u32>,
    #[serde(alias = "trace_id")]
    trace_id: HexId<16>,
    #[serde(alias = "span_id")]
    span_id: HexId<8>,
    #[serde(alias = "event_name", deserialize_with = "null_as_default")]
    event_name: String,
}

/// OTLP's severity; zero where unknown.
#[derive(Debug, Clone, Copy, Default)]
struct Severity(i32);

impl Named for Severity {
    fn from_number(number: i32) -> Self {
        Self(if (0..=24).contains(&number) {
            number
        } else {
            0
        })
    }

    /// Six levels of four steps each: `SEVERITY_NUMBER_TRACE`, `SEVERITY_NUMBER_TRACE2`, …
    fn from_name(name: &str) -> Self {
        let Some(name) = name.strip_prefix("SEVERITY_NUMBER_") else {
            return Self(0);
        };
        for (level, first) in [
            ("TRACE", 1),
            ("DEBUG", 5),
            ("INFO", 9),
            ("WARN", 13),
            ("ERROR", 17),
            ("FATAL", 21),
        ] {
            match name.strip_prefix(level) {
                Some("") => return Self(first),
                Some("2") => return Self(first + 1),
                Some("3") => return Self(first + 2),
                Some("4") => return Self(first + 3),
                _ => {}
            }
        }
        Self(0)
    }
}

/// Reads an `ExportLogsServiceRequest`.
///
/// A malformed trace or span id costs the record its correlation and not its place, so nothing is
/// ever rejected.
///
/// # Errors
/// [`JsonError`] where the body is not such a request.
pub fn decode_logs(body: &[u8]) -> Result<Decoded<LogEntry>, JsonError> {
    let request: Request = parse(body)?;
    let mut records = Vec::new();
    for of_resource in request.resource_logs {
        let resource = of_resource.resource.into();
        for of_scope in of_resource.scope_logs {
            let scope = of_scope.scope.into();
            records.extend(of_scope.log_records.into_iter().map(|record| LogEntry {
                resource: Arc::clone(&resource),
                scope: Arc::clone(&scope),
                record: record.into_record(),
            }));
        }
    }
    Ok(Decoded {
        records,
        rejected: 0,
        reason: None,
    })
}

impl RecordIn {
    fn into_record(self) -> LogRecord {
        let trace_id = match self.trace_id {
            HexId::Bytes(bytes) => TraceId::from_bytes(bytes),
            HexId::Absent | HexId::Invalid(_) => None,
        };
        let span_id = match self.span_id {
            HexId::Bytes(bytes) => SpanId::from_bytes(bytes),
            HexId::Absent | HexId::Invalid(_) => None,
        };
        LogRecord {
            time: UnixNanos(self.time_unix_nano.0),
            observed_time: UnixNanos(self.observed_time_unix_nano.0),
            severity_number: self.severity_number.0.0,
            severity_text: self.severity_text,
            body: self.body.0,
            attributes: self.attributes.into(),
            dropped_attributes_count: self.dropped_attributes_count.0,
            trace_id,
            span_id,
            flags: self.flags.0,
            event_name: self.event_name,
        }
    }
}

/// Writes log records as `{"resourceLogs": […]}`, grouped by resource and scope.
///
/// [`LogsJson`] writes the same without building it in memory.
#[must_use]
pub fn encode_logs(entries: &[LogEntry]) -> serde_json::Value {
    // Only maps with other keys than strings and failing `Serialize`s make this fail.
    serde_json::to_value(LogsJson(entries)).unwrap_or_default()
}

/// Log records that serialise as `{"resourceLogs": […]}`, grouped by resource and scope (by value).
pub struct LogsJson<'a>(pub &'a [LogEntry]);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestOut<'a> {
    resource_logs: Vec<ResourceLogsOut<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceLogsOut<'a> {
    resource: ResourceOut<'a>,
    scope_logs: Vec<ScopeLogsOut<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ScopeLogsOut<'a> {
    scope: ScopeOut<'a>,
    log_records: Vec<RecordOut<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RecordOut<'a> {
    #[serde(serialize_with = "as_text")]
    time_unix_nano: u64,
    #[serde(serialize_with = "as_text")]
    observed_time_unix_nano: u64,
    severity_number: i32,
    #[serde(skip_serializing_if = "str::is_empty")]
    severity_text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<AnyValueOut<'a>>,
    #[serde(skip_serializing_if = "AttributesOut::is_empty")]
    attributes: AttributesOut<'a>,
    #[serde(skip_serializing_if = "is_zero")]
    dropped_attributes_count: u32,
    #[serde(skip_serializing_if = "is_zero")]
    flags: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<TraceId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    span_id: Option<SpanId>,
    #[serde(skip_serializing_if = "str::is_empty")]
    event_name: &'a str,
}

impl Serialize for LogsJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let groups = group(self.0.iter().map(|entry| (&entry.resource, &entry.scope)));
        let resource_logs = groups
            .into_iter()
            .map(|(resource, scopes)| ResourceLogsOut {
                resource: resource.into(),
                scope_logs: scopes
                    .into_iter()
                    .map(|(scope, indices)| scope_logs(self.0, scope, &indices))
                    .collect(),
            });
        RequestOut {
            resource_logs: resource_logs.collect(),
        }
        .serialize(serializer)
    }
}

fn scope_logs<'a>(
    entries: &'a [LogEntry],
    scope: &'a Scope,
    indices: &[usize],
) -> ScopeLogsOut<'a> {
    let log_records = indices
        .iter()
        .map(|&index| RecordOut::from(&entries[index].record))
        .collect();
    ScopeLogsOut {
        scope: scope.into(),
        log_records,
    }
}

impl<'a> From<&'a LogRecord> for RecordOut<'a> {
    fn from(record: &'a LogRecord) -> Self {
        Self {
            time_unix_nano: record.time.0,
            observed_time_unix_nano: record.observed_time.0,
            severity_number: record.severity_number,
            severity_text: &record.severity_text,
            body: (record.body != AttributeValue::Empty).then_some(AnyValueOut(&record.body)),
            attributes: AttributesOut(&record.attributes),
            dropped_attributes_count: record.dropped_attributes_count,
            flags: record.flags,
            trace_id: record.trace_id,
            span_id: record.span_id,
            event_name: &record.event_name,
        }
    }
}
