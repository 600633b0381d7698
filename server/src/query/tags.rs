//! Which names and values there are, for whoever writes a query.
//!
//! There is no index of names: the newest traces are looked at, at most so many, and the answer says
//! how many those were. Equal stores give equal answers.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use shared::attribute::{Attribute, AttributeValue};
use shared::query::traceql::{Field, Intrinsic, Read, Scope, TraceView as _, Value};
use shared::query::{Tag, TagValue, TagValuesResponse, TagsResponse};
use shared::semconv;
use shared::span::SpanRecord;
use shared::trace::{Trace, assemble};

use super::search::{Bounds, Search};
use crate::store::{Operation, Store, StoreError};

/// So many traces are looked at,
const MAX_TRACES: u64 = 200;
/// and so many of their spans,
const MAX_SPANS: u64 = 20_000;
/// of one trace at most so many.
const MAX_SPANS_OF_TRACE: usize = 500;

/// So many names of a scope are given.
const MAX_NAMES: usize = 200;
/// So many values are given.
const MAX_VALUES: usize = 100;
/// Longer texts are nobody's to complete; the answer says that there are more.
const MAX_VALUE_BYTES: usize = 256;

/// What every span has, as a query writes it.
const INTRINSICS: [&str; 16] = [
    "name",
    "duration",
    "status",
    "statusMessage",
    "kind",
    "rootName",
    "rootServiceName",
    "traceDuration",
    "childCount",
    "event:name",
    "event:timeSinceStart",
    "instrumentation:name",
    "instrumentation:version",
    "span:id",
    "span:parentID",
    "trace:id",
];

/// The scopes of names, as the answer has them.
pub const SCOPES: [&str; 6] = [
    "resource",
    "span",
    "event",
    "link",
    "instrumentation",
    "intrinsic",
];

/// How much was looked at.
#[derive(Default)]
struct Looked {
    traces: u64,
    spans: u64,
    more: bool,
}

/// Calls `see` with the newest traces that a search may find.
fn look(
    store: &dyn Store,
    search: &Search,
    bounds: &Bounds,
    mut see: impl FnMut(&Trace),
) -> Result<Looked, StoreError> {
    let mut looked = Looked::default();
    for candidate in store.candidates(&search.filter())? {
        let candidate = candidate?;
        if looked.traces == MAX_TRACES || looked.spans >= MAX_SPANS || bounds.reached() {
            looked.more = true;
            break;
        }
        // A condition may be about the structure, which only the whole trace has.
        let limit = if search.query.finds_all() {
            MAX_SPANS_OF_TRACE + 1
        } else {
            usize::MAX
        };
        let mut spans = store.some_spans(candidate.id, limit)?;
        if limit != usize::MAX && spans.len() == limit {
            spans.pop();
            looked.more = true;
        }
        looked.traces += 1;
        looked.spans += spans.len() as u64;
        see(&assemble(spans));
    }
    Ok(looked)
}

/// The names that the newest traces of a search have, of one scope or of all.
///
/// # Errors
/// [`StoreError`] where the store cannot be read.
pub fn names(
    store: &dyn Store,
    search: &Search,
    scope: Option<&str>,
    bounds: &Bounds,
) -> Result<TagsResponse, StoreError> {
    let asked = |name: &str| scope.is_none_or(|scope| scope == name);
    let mut counts: [HashMap<String, u64>; 5] = Default::default();
    let mut looked = Looked::default();
    if scope != Some("intrinsic") {
        let mut too_long = false;
        looked = look(store, search, bounds, |trace| {
            let found = search.query.find(trace).nodes;
            for node in found {
                too_long |= !count_names(&trace.nodes[node as usize].record, &mut counts);
            }
        })?;
        looked.more |= too_long;
    }
    let mut tags = Vec::new();
    for (scope, counts) in SCOPES.into_iter().zip(counts) {
        if !asked(scope) {
            continue;
        }
        let mut of_scope: Vec<Tag> = counts
            .into_iter()
            .map(|(key, span_count)| Tag {
                scope: scope.to_owned(),
                name: Field::Attribute(scope_of(scope), key).to_string(),
                span_count,
            })
            .collect();
        of_scope.sort_by(|a, b| (b.span_count, &a.name).cmp(&(a.span_count, &b.name)));
        looked.more |= of_scope.len() > MAX_NAMES;
        of_scope.truncate(MAX_NAMES);
        tags.extend(of_scope);
    }
    if asked("intrinsic") {
        tags.extend(INTRINSICS.map(|name| Tag {
            scope: "intrinsic".to_owned(),
            name: name.to_owned(),
            span_count: looked.spans,
        }));
    }
    Ok(TagsResponse {
        tags,
        scanned_traces: looked.traces,
        scanned_spans: looked.spans,
        more: looked.more,
    })
}

fn scope_of(name: &str) -> Scope {
    match name {
        "resource" => Scope::Resource,
        "event" => Scope::Event,
        "link" => Scope::Link,
        "instrumentation" => Scope::Instrumentation,
        _ => Scope::Span,
    }
}

/// Counts the names of a span's attributes by scope; whether all of them are short enough.
fn count_names(record: &SpanRecord, counts: &mut [HashMap<String, u64>; 5]) -> bool {
    let [resource, span, event, link, instrumentation] = counts;
    let mut all = count_keys(&record.resource.attributes, resource);
    all &= count_keys(&record.span.attributes, span);
    for one in &record.span.events {
        all &= count_keys(&one.attributes, event);
    }
    for one in &record.span.links {
        all &= count_keys(&one.attributes, link);
    }
    all & count_keys(&record.scope.attributes, instrumentation)
}

fn count_keys(attributes: &[Attribute], counts: &mut HashMap<String, u64>) -> bool {
    let mut all = true;
    for attribute in attributes {
        match counts.get_mut(&attribute.key) {
            Some(count) => *count += 1,
            None if attribute.key.len() > MAX_VALUE_BYTES => all = false,
            None => {
                counts.insert(attribute.key.clone(), 1);
            }
        }
    }
    all
}

/// The values that a field has in the newest traces of a search.
///
/// # Errors
/// [`StoreError`] where the store cannot be read.
pub fn values(
    store: &dyn Store,
    search: &Search,
    field: &Field,
    bounds: &Bounds,
) -> Result<TagValuesResponse, StoreError> {
    if search.query.finds_all()
        && let Some(values) = known_values(store, field)?
    {
        let spans = values.values().sum();
        return Ok(respond(values, None, spans, false));
    }
    let mut counts: HashMap<String, u64> = HashMap::new();
    let mut too_long = false;
    let looked = look(store, search, bounds, |trace| {
        for node in search.query.find(trace).nodes {
            too_long |= !count_values(trace, node, field, &mut counts);
        }
    })?;
    let more = looked.more || too_long;
    Ok(respond(counts, Some(looked.traces), looked.spans, more))
}

/// Services and span names are counted as they arrive, all of them.
fn known_values(
    store: &dyn Store,
    field: &Field,
) -> Result<Option<HashMap<String, u64>>, StoreError> {
    let of: fn(&Operation) -> &str = match field {
        Field::Attribute(Scope::Any | Scope::Resource, key) if key == semconv::SERVICE_NAME => {
            |operation| &operation.service
        }
        Field::Intrinsic(Intrinsic::Name) => |operation| &operation.name,
        _ => return Ok(None),
    };
    let mut counts = HashMap::new();
    for operation in store.operations()? {
        let value = Value::String(of(&operation).to_owned()).to_string();
        *counts.entry(value).or_default() += operation.spans;
    }
    Ok(Some(counts))
}

/// Counts the values of a field of a span; whether all of them are short enough.
fn count_values(
    trace: &Trace,
    node: u32,
    field: &Field,
    counts: &mut HashMap<String, u64>,
) -> bool {
    let (node, field) = match field {
        Field::Parent(inner) => match trace.parent(node) {
            Some(parent) => (parent, inner.as_ref()),
            None => return true,
        },
        field => (node, field),
    };
    let mut all = true;
    let mut count = |value: Value| match value {
        Value::Nil => {}
        Value::String(text) if text.len() > MAX_VALUE_BYTES => all = false,
        value => match counts.entry(value.to_string()) {
            Entry::Occupied(mut count) => *count.get_mut() += 1,
            Entry::Vacant(place) => {
                place.insert(1);
            }
        },
    };
    match trace.read(node, field) {
        Read::List(values) => values
            .iter()
            .filter(|value| !matches!(value, AttributeValue::Array(_)))
            .for_each(|value| count(Read::from(value).into_value(false))),
        Read::Many(values) => values
            .into_iter()
            .for_each(|value| count(value.into_value(false))),
        Read::Other => {}
        _ => count(field.value(trace, node)),
    }
    all
}

fn respond(
    counts: HashMap<String, u64>,
    scanned_traces: Option<u64>,
    scanned_spans: u64,
    more: bool,
) -> TagValuesResponse {
    let mut values: Vec<(String, u64)> = counts.into_iter().collect();
    values.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
    let more = more || values.len() > MAX_VALUES;
    values.truncate(MAX_VALUES);
    TagValuesResponse {
        values: values
            .into_iter()
            .map(|(value, span_count)| TagValue { value, span_count })
            .collect(),
        scanned_traces,
        scanned_spans,
        more,
    }
}
