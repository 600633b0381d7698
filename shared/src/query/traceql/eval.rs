//! Asks a query of a trace in memory.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::{
    Comparison, Condition, Field, Intrinsic, Logic, Operand, Query, Scope, SpansetExpression,
    SpansetOperator, Value,
};
use crate::attribute::{AttributeValue, find};
use crate::kind::{SpanKind, StatusCode};
use crate::span::SpanRecord;
use crate::trace::Trace;

impl Query {
    /// The nodes of the trace that the query finds, in ascending order; none where the trace does not
    /// match.
    #[must_use]
    pub fn matches(&self, trace: &Trace) -> Vec<u32> {
        match &self.expression {
            None => (0..trace.nodes.len() as u32).collect(),
            Some(expression) => Evaluation::new(trace).spanset(expression),
        }
    }

    /// Whether the query finds every span of every trace.
    #[must_use]
    pub fn finds_all(&self) -> bool {
        matches!(
            self.expression,
            None | Some(SpansetExpression::Filter(None))
        )
    }
}

struct Evaluation<'a> {
    trace: &'a Trace,
    root: Option<&'a SpanRecord>,
}

impl<'a> Evaluation<'a> {
    fn new(trace: &'a Trace) -> Self {
        Self {
            trace,
            root: trace.root().map(|root| &trace.nodes[root as usize].record),
        }
    }

    /// Recurses into brackets only, which the parser keeps shallow.
    fn spanset(&self, expression: &SpansetExpression) -> Vec<u32> {
        match expression {
            SpansetExpression::Filter(condition) => (0..self.trace.nodes.len() as u32)
                .filter(|&node| {
                    let record = &self.trace.nodes[node as usize].record;
                    condition
                        .as_ref()
                        .is_none_or(|condition| self.holds(condition, record))
                })
                .collect(),
            SpansetExpression::Chain(first, rest) => rest.iter().fold(
                self.spanset(first),
                |left, (operator, right)| match operator {
                    SpansetOperator::And if left.is_empty() => left,
                    SpansetOperator::And => {
                        let right = self.spanset(right);
                        if right.is_empty() {
                            right
                        } else {
                            union(&left, &right)
                        }
                    }
                    SpansetOperator::Or => union(&left, &self.spanset(right)),
                    SpansetOperator::Child => {
                        let parent = |node: &u32| self.trace.nodes[*node as usize].parent;
                        let mut right = self.spanset(right);
                        right.retain(|node| {
                            parent(node).is_some_and(|parent| left.binary_search(&parent).is_ok())
                        });
                        right
                    }
                    SpansetOperator::Descendant => self.descendants(&left, self.spanset(right)),
                },
            ),
        }
    }

    /// Those of `nodes` that lie in the subtree of one of `ancestors`, both ascending. In preorder a
    /// subtree is a range, so the furthest end of those begun so far decides.
    fn descendants(&self, ancestors: &[u32], mut nodes: Vec<u32>) -> Vec<u32> {
        let mut ancestors = ancestors.iter().peekable();
        let mut end = 0;
        nodes.retain(|&node| {
            while let Some(&ancestor) = ancestors.next_if(|&&ancestor| ancestor < node) {
                end = end.max(ancestor + self.trace.nodes[ancestor as usize].subtree);
            }
            node < end
        });
        nodes
    }

    fn holds(&self, condition: &Condition, record: &'a SpanRecord) -> bool {
        match condition {
            Condition::Compare(left, comparison, right) => compare(
                &self.operand(left, record),
                *comparison,
                &self.operand(right, record),
            ),
            Condition::Match {
                operand,
                pattern,
                negated,
            } => match self.operand(operand, record) {
                Read::Text(text) => pattern.is_match(&text) != *negated,
                Read::List(values) => {
                    let mut texts = values.iter().filter_map(AttributeValue::as_str).peekable();
                    texts.peek().is_some() && texts.any(|text| pattern.is_match(text)) != *negated
                }
                _ => false,
            },
            Condition::Exists { field, negated } => {
                matches!(self.field(field, record), Read::Nil) == *negated
            }
            Condition::Truth(operand) => matches!(self.operand(operand, record), Read::Bool(true)),
            Condition::Not(inner) => !self.holds(inner, record),
            Condition::Chain(first, rest) => rest.iter().fold(
                self.holds(first, record),
                |left, (logic, right)| match logic {
                    Logic::And => left && self.holds(right, record),
                    Logic::Or => left || self.holds(right, record),
                },
            ),
        }
    }

    fn operand<'b>(&self, operand: &'b Operand, record: &'a SpanRecord) -> Read<'b>
    where
        'a: 'b,
    {
        match operand {
            Operand::Field(field) => self.field(field, record),
            Operand::Value(value) => match value {
                Value::String(text) => Read::Text(Cow::Borrowed(text)),
                Value::Int(value) | Value::Duration(value) => Read::Int(*value),
                Value::Float(value) => Read::Float(*value),
                Value::Bool(value) => Read::Bool(*value),
                Value::Status(status) => Read::Status(*status),
                Value::Kind(kind) => Read::Kind(*kind),
            },
        }
    }

    fn field(&self, field: &Field, record: &'a SpanRecord) -> Read<'a> {
        let span = &record.span;
        match field {
            Field::Attribute(scope, name) => {
                let of_span = || find(&span.attributes, name);
                let of_resource = || find(&record.resource.attributes, name);
                let value = match scope {
                    Scope::Any => of_span().or_else(of_resource),
                    Scope::Span => of_span(),
                    Scope::Resource => of_resource(),
                };
                value.map_or(Read::Nil, Read::from)
            }
            Field::Intrinsic(intrinsic) => match intrinsic {
                Intrinsic::Name => Read::Text(Cow::Borrowed(&span.name)),
                Intrinsic::Duration => Read::Int(span.duration().0),
                Intrinsic::Status => Read::Status(span.status.code),
                Intrinsic::StatusMessage => Read::Text(Cow::Borrowed(&span.status.message)),
                Intrinsic::Kind => Read::Kind(span.kind),
                Intrinsic::SpanId => Read::Text(Cow::Owned(span.span_id.to_hex())),
                Intrinsic::TraceId => Read::Text(Cow::Owned(span.trace_id.to_hex())),
                Intrinsic::TraceDuration => Read::Int(self.trace.duration().0),
                Intrinsic::RootName => self
                    .root
                    .map_or(Read::Nil, |root| Read::Text(Cow::Borrowed(&root.span.name))),
                Intrinsic::RootServiceName => self.root.map_or(Read::Nil, |root| {
                    Read::Text(Cow::Borrowed(root.resource.service_name()))
                }),
            },
        }
    }
}

/// A value as a comparison takes it.
enum Read<'a> {
    /// The span does not have it, or it is of a kind that nothing compares with.
    Nil,
    Text(Cow<'a, str>),
    /// A whole number, or nanoseconds.
    Int(i64),
    Float(f64),
    Bool(bool),
    Status(StatusCode),
    Kind(SpanKind),
    /// An attribute that is a list.
    List(&'a [AttributeValue]),
    /// An attribute that is there and that nothing compares with.
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

fn compare(left: &Read<'_>, comparison: Comparison, right: &Read<'_>) -> bool {
    let one_of = |values: &[AttributeValue], other: &Read<'_>, swapped: bool| {
        let member = |value, comparison| {
            let value = Read::from(value);
            let (left, right) = if swapped {
                (other, &value)
            } else {
                (&value, other)
            };
            // Lists within lists do not compare, which keeps this from recursing further.
            !matches!(value, Read::List(_)) && compare(left, comparison, right)
        };
        match comparison {
            // At least one can be compared, and none of them equals.
            Comparison::NotEqual => {
                values
                    .iter()
                    .any(|value| member(value, Comparison::NotEqual))
                    && !values.iter().any(|value| member(value, Comparison::Equal))
            }
            _ => values.iter().any(|value| member(value, comparison)),
        }
    };
    let ordering = match (left, right) {
        (Read::List(_), Read::List(_)) => return false,
        (Read::List(values), other) => return one_of(values, other, false),
        (other, Read::List(values)) => return one_of(values, other, true),
        (Read::Text(left), Read::Text(right)) => Some(left.cmp(right)),
        (Read::Int(left), Read::Int(right)) => Some(left.cmp(right)),
        (Read::Int(left), Read::Float(right)) => (*left as f64).partial_cmp(right),
        (Read::Float(left), Read::Int(right)) => left.partial_cmp(&(*right as f64)),
        (Read::Float(left), Read::Float(right)) => left.partial_cmp(right),
        (Read::Bool(left), Read::Bool(right)) => equality(left == right),
        (Read::Status(left), Read::Status(right)) => equality(left == right),
        (Read::Kind(left), Read::Kind(right)) => equality(left == right),
        _ => None,
    };
    let Some(ordering) = ordering else {
        return false;
    };
    match comparison {
        Comparison::Equal => ordering.is_eq(),
        Comparison::NotEqual => ordering.is_ne(),
        Comparison::Less => ordering.is_lt(),
        Comparison::LessOrEqual => ordering.is_le(),
        Comparison::Greater => ordering.is_gt(),
        Comparison::GreaterOrEqual => ordering.is_ge(),
    }
}

/// The parser lets only `=` and `!=` compare what has no order, unless an attribute surprises.
fn equality(equal: bool) -> Option<Ordering> {
    Some(if equal {
        Ordering::Equal
    } else {
        Ordering::Less
    })
}

/// All of both, each once; both ascending.
fn union(left: &[u32], right: &[u32]) -> Vec<u32> {
    let mut out = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (
        left.iter().copied().peekable(),
        right.iter().copied().peekable(),
    );
    loop {
        let next = match (left.peek(), right.peek()) {
            (Some(one), Some(other)) => *one.min(other),
            (Some(one), None) => *one,
            (None, Some(other)) => *other,
            (None, None) => return out,
        };
        left.next_if_eq(&next);
        right.next_if_eq(&next);
        out.push(next);
    }
}
