//! What a test can ask of a trace: who took part, what failed, and which calls were made how often.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::attribute::find_str;
use crate::semconv;
use crate::span::{SpanKind, SpanRecord};
use crate::trace::Trace;

/// The part of a trace that is the same in every good run.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Seen {
    /// The services.
    pub services: Vec<String>,
    /// The spans that failed, `service: name`.
    pub failed: Vec<String>,
    /// The calls, `service: name`, and how often each was made. A number in a name is `#`.
    pub calls: BTreeMap<String, u32>,
}

/// What was seen in a trace.
#[must_use]
pub fn seen(trace: &Trace) -> Seen {
    let mut found = Seen::default();
    for node in &trace.nodes {
        let record = &node.record;
        let service = record.resource.service_name();
        if !found.services.iter().any(|known| known == service) {
            found.services.push(service.to_owned());
        }
        let name = format!("{service}: {}", without_numbers(&record.span.name));
        if record.span.is_error() && !found.failed.contains(&name) {
            found.failed.push(name.clone());
        }
        if is_call(record) {
            *found.calls.entry(name).or_default() += 1;
        }
    }
    found.services.sort_unstable();
    found.failed.sort_unstable();
    found
}

/// Whether a span asks another process for something. Of a browser's, only requests of its code: the
/// resources of a page depend on the cache.
fn is_call(record: &SpanRecord) -> bool {
    let span = &record.span;
    let method = find_str(&span.attributes, semconv::HTTP_REQUEST_METHOD).unwrap_or_default();
    let is_request = !method.is_empty() && span.name.starts_with(method);
    matches!(span.kind, SpanKind::Client | SpanKind::Producer)
        && (is_request || !record.resource.is_browser())
}

fn without_numbers(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for character in name.chars() {
        if !character.is_ascii_digit() {
            out.push(character);
        } else if !out.ends_with('#') {
            out.push('#');
        }
    }
    out
}
