//! What a query reads of a trace, wherever its spans lie: as records, or as columns.

use std::borrow::Cow;

use super::{Field, Intrinsic, Scope, Value};
use crate::attribute::{Attribute, AttributeValue, find};
use crate::kind::{SpanKind, StatusCode};
use crate::span::SpanRecord;
use crate::time::UnixNanos;
use crate::trace::Trace;

/// The spans of one trace in preorder: the subtree of node `i` is `i .. i + subtree(i)`.
pub trait TraceView {
    /// How many spans there are.
    fn count(&self) -> u32;
    /// The parent's node.
    fn parent(&self, node: u32) -> Option<u32>;
    /// How many ancestors a span has.
    fn depth(&self, node: u32) -> u32;
    /// How many nodes a subtree has, its root included.
    fn subtree(&self, node: u32) -> u32;
    /// How many children a span has.
    fn children(&self, node: u32) -> u32 {
        let end = node + self.subtree(node);
        let mut child = node + 1;
        let mut count = 0;
        while child < end {
            count += 1;
            child += self.subtree(child);
        }
        count
    }
    /// What a span says. Structure is not asked of it, nor is a parent's field.
    fn read(&self, node: u32, field: &Field) -> Read<'_>;
}

/// A value as a comparison takes it.
#[derive(Debug, Clone, PartialEq)]
pub enum Read<'a> {
    /// The span does not have it.
    Nil,
    /// A text.
    Text(Cow<'a, str>),
    /// A whole number, or nanoseconds.
    Int(i64),
    /// A number.
    Float(f64),
    /// A truth value.
    Bool(bool),
    /// A status.
    Status(StatusCode),
    /// A kind.
    Kind(SpanKind),
    /// An attribute that is a list.
    List(&'a [AttributeValue]),
    /// One value for each event or link that has it; never empty.
    Many(Vec<Read<'a>>),
    /// It is there, and nothing compares with it.
    Other,
}

impl<'a> From<&'a AttributeValue> for Read<'a> {
    fn from(value: &'a AttributeValue) -> Self {
        match value {
            AttributeValue::String(text) => Self::Text(Cow::Borrowed(text)),
            AttributeValue::Bool(value) => Self::Bool(*value),
            AttributeValue::Int(value) => Self::Int(*value),
            AttributeValue::Double(value) => Self::Float(*value),
            AttributeValue::Array(values) => Self::List(values),
            AttributeValue::Empty | AttributeValue::Bytes(_) | AttributeValue::Map(_) => {
                Self::Other
            }
        }
    }
}

impl<'a> From<&'a Value> for Read<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::String(text) => Self::text(text),
            Value::Int(value) | Value::Duration(value) => Self::Int(*value),
            Value::Float(value) => Self::Float(*value),
            Value::Bool(value) => Self::Bool(*value),
            Value::Status(status) => Self::Status(*status),
            Value::Kind(kind) => Self::Kind(*kind),
            Value::Nil => Self::Nil,
        }
    }
}

impl<'a> Read<'a> {
    /// A text that lies elsewhere.
    #[must_use]
    pub fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    /// What a span says by itself, without its trace and its place in it.
    #[must_use]
    pub fn of_record(record: &'a SpanRecord, field: &Field) -> Self {
        match field {
            Field::Attribute(scope, name) => attribute(record, *scope, name),
            Field::Intrinsic(intrinsic) => of_span(record, *intrinsic),
            Field::Parent(_) => Self::Nil,
        }
    }

    fn many(values: impl Iterator<Item = Self>) -> Self {
        let mut values: Vec<Self> = values.filter(|value| *value != Self::Nil).collect();
        match values.len() {
            0 => Self::Nil,
            1 => values.remove(0),
            _ => Self::Many(values),
        }
    }

    /// The value for an answer. Nanoseconds are told from other numbers by what was asked.
    #[must_use]
    pub fn into_value(self, duration: bool) -> Value {
        match self {
            Self::Nil => Value::Nil,
            Self::Text(text) => Value::String(text.into_owned()),
            Self::Int(nanos) if duration => Value::Duration(nanos),
            Self::Float(nanos) if duration && nanos.abs() < i64::MAX as f64 => {
                Value::Duration(nanos.round() as i64)
            }
            Self::Int(value) => Value::Int(value),
            Self::Float(value) => Value::Float(value),
            Self::Bool(value) => Value::Bool(value),
            Self::Status(status) => Value::Status(status),
            Self::Kind(kind) => Value::Kind(kind),
            Self::List(values) => Value::String(joined(values.iter().map(ToString::to_string))),
            Self::Many(values) => {
                let texts = values
                    .into_iter()
                    .map(|value| match value.into_value(duration) {
                        Value::String(text) => text,
                        value => value.to_string(),
                    });
                Value::String(joined(texts))
            }
            Self::Other => Value::String(String::new()),
        }
    }
}

fn joined(texts: impl Iterator<Item = String>) -> String {
    texts.collect::<Vec<_>>().join(", ")
}

impl TraceView for Trace {
    fn count(&self) -> u32 {
        self.nodes.len() as u32
    }

    fn parent(&self, node: u32) -> Option<u32> {
        self.nodes[node as usize].parent
    }

    fn depth(&self, node: u32) -> u32 {
        self.nodes[node as usize].depth
    }

    fn subtree(&self, node: u32) -> u32 {
        self.nodes[node as usize].subtree
    }

    fn read(&self, node: u32, field: &Field) -> Read<'_> {
        match field {
            Field::Intrinsic(Intrinsic::TraceDuration) => Read::Int(self.duration().0),
            Field::Intrinsic(Intrinsic::RootName) => self
                .root()
                .map_or(Read::Nil, |root| Read::text(&self.span(root).name)),
            Field::Intrinsic(Intrinsic::RootServiceName) => self.root().map_or(Read::Nil, |root| {
                Read::text(self.nodes[root as usize].record.resource.service_name())
            }),
            field => Read::of_record(&self.nodes[node as usize].record, field),
        }
    }
}

fn attribute<'a>(record: &'a SpanRecord, scope: Scope, name: &str) -> Read<'a> {
    let span = &record.span;
    let of = |attributes: &'a [Attribute]| find(attributes, name).map_or(Read::Nil, Read::from);
    match scope {
        Scope::Any => match of(&span.attributes) {
            Read::Nil => of(&record.resource.attributes),
            found => found,
        },
        Scope::Span => of(&span.attributes),
        Scope::Resource => of(&record.resource.attributes),
        Scope::Event => Read::many(span.events.iter().map(|event| of(&event.attributes))),
        Scope::Link => Read::many(span.links.iter().map(|link| of(&link.attributes))),
        Scope::Instrumentation => of(&record.scope.attributes),
    }
}

fn of_span(record: &SpanRecord, intrinsic: Intrinsic) -> Read<'_> {
    let span = &record.span;
    let since_start = |time: UnixNanos| Read::Int((time - span.start).0);
    let hex = |text: String| Read::Text(Cow::Owned(text));
    let given = |text: &'_ str| !text.is_empty();
    match intrinsic {
        Intrinsic::Name => Read::text(&span.name),
        Intrinsic::Duration => Read::Int(span.duration().0),
        Intrinsic::Status => Read::Status(span.status.code),
        Intrinsic::StatusMessage => Read::text(&span.status.message),
        Intrinsic::Kind => Read::Kind(span.kind),
        Intrinsic::SpanId => hex(span.span_id.to_hex()),
        Intrinsic::ParentId => span.parent_span_id.map_or(Read::Nil, |id| hex(id.to_hex())),
        Intrinsic::TraceId => hex(span.trace_id.to_hex()),
        Intrinsic::EventName => Read::many(span.events.iter().map(|event| Read::text(&event.name))),
        Intrinsic::EventTimeSinceStart => {
            Read::many(span.events.iter().map(|event| since_start(event.time)))
        }
        Intrinsic::LinkTraceId => {
            Read::many(span.links.iter().map(|link| hex(link.trace_id.to_hex())))
        }
        Intrinsic::LinkSpanId => {
            Read::many(span.links.iter().map(|link| hex(link.span_id.to_hex())))
        }
        Intrinsic::InstrumentationName if given(&record.scope.name) => {
            Read::text(&record.scope.name)
        }
        Intrinsic::InstrumentationVersion if given(&record.scope.version) => {
            Read::text(&record.scope.version)
        }
        _ => Read::Nil,
    }
}
