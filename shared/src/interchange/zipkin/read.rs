//! From Zipkin's JSON to spans.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde::Deserialize;

use super::{ERROR, PEER_SERVICE, SCOPE_NAME, SCOPE_VERSION, STATUS_CODE};
use crate::attribute::{Attribute, AttributeValue, find};
use crate::id::{SpanId, TraceId};
use crate::interchange::attribute::{JsonValue, take_text};
use crate::interchange::{FormatError, id};
use crate::otlp::json::scalar::{Number, null_as_default};
use crate::otlp::json::{Decoded, Rejections};
use crate::resource::{Resource, Scope};
use crate::semconv;
use crate::span::{Span, SpanEvent, SpanKind, SpanRecord, Status, StatusCode};
use crate::time::UnixNanos;

/// Sets the server's half of a shared span apart. Any constant will do that is not zero.
const SERVER_HALF: u64 = 0x5e57_e25a_1f0f_5ba7;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SpanIn {
    #[serde(default)]
    trace_id: String,
    #[serde(default)]
    id: String,
    #[serde(default)]
    parent_id: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    timestamp: Option<Number<u64>>,
    #[serde(default)]
    duration: Option<Number<u64>>,
    #[serde(default)]
    shared: Option<bool>,
    #[serde(default)]
    local_endpoint: Option<Endpoint>,
    #[serde(default)]
    remote_endpoint: Option<Endpoint>,
    #[serde(default, deserialize_with = "null_as_default")]
    annotations: Vec<AnnotationIn>,
    #[serde(default)]
    tags: Option<TagsIn>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Endpoint {
    #[serde(default)]
    service_name: Option<String>,
    #[serde(default)]
    ipv4: Option<String>,
    #[serde(default)]
    ipv6: Option<String>,
    #[serde(default)]
    port: Option<Number<u32>>,
}

#[derive(Deserialize)]
struct AnnotationIn {
    #[serde(default)]
    timestamp: Number<u64>,
    #[serde(default)]
    value: String,
}

/// Tags in the order of the file.
struct TagsIn(Vec<Attribute>);

impl<'de> Deserialize<'de> for TagsIn {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        match JsonValue::deserialize(deserializer)?.0 {
            AttributeValue::Map(attributes) => Ok(Self(attributes)),
            _ => Err(D::Error::custom("expected an object of tags")),
        }
    }
}

/// Reads a file.
///
/// # Errors
/// [`FormatError::Json`] where it is not a list of Zipkin spans.
pub fn decode(file: &[u8]) -> Result<Decoded<SpanRecord>, FormatError> {
    let spans: Vec<SpanIn> = serde_json::from_slice(file)?;
    let servers = shared_servers(&spans);
    let mut senders = Senders::default();
    let mut records = Vec::with_capacity(spans.len());
    let mut rejections = Rejections::default();
    for span in spans {
        match record(span, &servers, &mut senders) {
            Ok(record) => records.push(record),
            Err(reason) => rejections.add(|| reason),
        }
    }
    Ok(Decoded {
        records,
        rejected: rejections.count,
        reason: rejections.reason,
    })
}

/// The server halves of shared spans, with the service that sent them.
type SharedServers = HashSet<(TraceId, SpanId, String)>;

fn shared_servers(spans: &[SpanIn]) -> SharedServers {
    spans
        .iter()
        .filter(|span| span.shared == Some(true))
        .filter_map(|span| {
            let of = service(span).to_owned();
            Some((id::trace(&span.trace_id)?, id::span(&span.id)?, of))
        })
        .collect()
}

fn service(span: &SpanIn) -> &str {
    let endpoint = span.local_endpoint.as_ref();
    endpoint
        .and_then(|endpoint| endpoint.service_name.as_deref())
        .unwrap_or_default()
}

#[derive(Default)]
struct Senders {
    resources: HashMap<String, Arc<Resource>>,
    scopes: HashMap<(String, String), Arc<Scope>>,
}

fn record(
    span: SpanIn,
    servers: &SharedServers,
    senders: &mut Senders,
) -> Result<SpanRecord, String> {
    let trace_id = id::trace(&span.trace_id)
        .ok_or_else(|| format!("{:?} is not a trace id", span.trace_id))?;
    let given = id::span(&span.id).ok_or_else(|| format!("{:?} is not a span id", span.id))?;
    let of = service(&span).to_owned();
    let parent = span.parent_id.as_deref().and_then(id::span);
    let (span_id, parent_span_id) = if span.shared == Some(true) {
        (server_half(given), Some(given))
    } else {
        // What the server did within the shared span names the id that both sides have.
        let parent = parent.map(|parent| {
            let key = (trace_id, parent, of.clone());
            if servers.contains(&key) {
                server_half(parent)
            } else {
                parent
            }
        });
        (given, parent)
    };
    let mut attributes = span.tags.map(|tags| tags.0).unwrap_or_default();
    let scope = (
        take_text(&mut attributes, SCOPE_NAME).unwrap_or_default(),
        take_text(&mut attributes, SCOPE_VERSION).unwrap_or_default(),
    );
    let status = status(&mut attributes);
    if let Some(remote) = span.remote_endpoint {
        peer(remote, &mut attributes);
    }
    let resource = senders.resources.entry(of).or_insert_with_key(|name| {
        let name = (!name.is_empty()).then(|| Attribute::new(semconv::SERVICE_NAME, name.as_str()));
        Arc::new(Resource {
            attributes: name.into_iter().collect(),
            dropped_attributes_count: 0,
        })
    });
    let scope = senders
        .scopes
        .entry(scope)
        .or_insert_with_key(|(name, version)| {
            Arc::new(Scope {
                name: name.clone(),
                version: version.clone(),
                ..Scope::default()
            })
        });
    let start = span.timestamp.unwrap_or_default().0;
    let end = start.saturating_add(span.duration.unwrap_or_default().0);
    Ok(SpanRecord {
        resource: Arc::clone(resource),
        scope: Arc::clone(scope),
        span: Span {
            trace_id,
            span_id,
            parent_span_id,
            trace_state: String::new(),
            flags: 0,
            name: span.name.unwrap_or_default(),
            kind: kind(span.kind.as_deref()),
            start: instant(start),
            end: instant(end),
            attributes,
            dropped_attributes_count: 0,
            events: span.annotations.into_iter().map(event).collect(),
            dropped_events_count: 0,
            links: Vec::new(),
            dropped_links_count: 0,
            status,
        },
    })
}

fn server_half(id: SpanId) -> SpanId {
    let number = u64::from_be_bytes(*id.as_bytes()) ^ SERVER_HALF;
    // The one id whose half would be zero keeps its own.
    SpanId::from_bytes(number.to_be_bytes()).unwrap_or(id)
}

fn kind(text: Option<&str>) -> SpanKind {
    match text {
        Some("CLIENT") => SpanKind::Client,
        Some("SERVER") => SpanKind::Server,
        Some("PRODUCER") => SpanKind::Producer,
        Some("CONSUMER") => SpanKind::Consumer,
        _ => SpanKind::Unspecified,
    }
}

/// Takes the status out of the tags: `error` means a failure whatever its value, except that
/// OpenTelemetry's own tag says otherwise.
fn status(attributes: &mut Vec<Attribute>) -> Status {
    let code = match take_text(attributes, STATUS_CODE).as_deref() {
        Some("OK") => StatusCode::Ok,
        Some("ERROR") => StatusCode::Error,
        _ if find(attributes, ERROR).is_some() => StatusCode::Error,
        _ => StatusCode::Unset,
    };
    if code != StatusCode::Error {
        return Status {
            code,
            message: String::new(),
        };
    }
    let message = take_text(attributes, ERROR).filter(|message| message != "true");
    Status {
        code,
        message: message.unwrap_or_default(),
    }
}

fn peer(remote: Endpoint, attributes: &mut Vec<Attribute>) {
    let mut add = |key: &str, value: Option<AttributeValue>| {
        if let Some(value) = value
            && find(attributes, key).is_none()
        {
            attributes.push(Attribute {
                key: key.to_owned(),
                value,
            });
        }
    };
    let text = |text: String| (!text.is_empty()).then(|| text.into());
    add(PEER_SERVICE, remote.service_name.and_then(text));
    add(
        "network.peer.address",
        remote.ipv4.or(remote.ipv6).and_then(text),
    );
    let port = remote.port.filter(|port| port.0 > 0);
    add(
        "network.peer.port",
        port.map(|port| i64::from(port.0).into()),
    );
}

/// An annotation; OpenTelemetry's exporters write an event's attributes as `"name": {…}`.
fn event(annotation: AnnotationIn) -> SpanEvent {
    #[derive(Deserialize)]
    struct Named(HashMap<String, JsonValue>);

    let named = annotation
        .value
        .starts_with('"')
        .then(|| serde_json::from_str::<Named>(&format!("{{{}}}", annotation.value)).ok())
        .flatten();
    let mut named = named.map(|named| named.0.into_iter()).into_iter().flatten();
    let (name, attributes) = match (named.next(), named.next()) {
        (Some((name, JsonValue(AttributeValue::Map(attributes)))), None) => (name, attributes),
        _ => (annotation.value, Vec::new()),
    };
    SpanEvent {
        time: instant(annotation.timestamp.0),
        name,
        attributes,
        dropped_attributes_count: 0,
    }
}

fn instant(micros: u64) -> UnixNanos {
    UnixNanos(micros.saturating_mul(1_000))
}
