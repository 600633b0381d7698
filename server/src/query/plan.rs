//! Which of a query's conditions a store can look up.
//!
//! The result is necessary, not sufficient: a condition that is not understood here is left to the
//! evaluation, and where `||` leaves a choice nothing is asked of the indexes.

use shared::attribute::AttributeValue;
use shared::query::traceql::{
    Comparison, Expression, Field, Intrinsic, Logic, Query, Scope, SpansetExpression,
    SpansetOperator, Stage, Value,
};
use shared::span::StatusCode;
use shared::time::DurationNanos;

use crate::store::{Filter, Term};

/// The conditions that every matching trace meets; the time range is left open.
#[must_use]
pub fn plan(query: &Query) -> Filter {
    let mut filters = Vec::new();
    necessary_stages(&query.stages, &mut filters);
    let trace = filters.iter().find_map(|filter| filter.trace);
    // Each spanset is about another span, and a filter is about one: take the most selective.
    let filter = filters
        .into_iter()
        .max_by_key(|filter| {
            (
                filter.links_to.is_some(),
                filter.terms.len(),
                filter.failed,
                filter.lasted.unwrap_or(DurationNanos(i64::MIN)),
            )
        })
        .unwrap_or_default();
    Filter { trace, ..filter }
}

/// Every stage is necessary, since an empty spanset ends a pipeline.
fn necessary_stages(stages: &[Stage], found: &mut Vec<Filter>) {
    for stage in stages {
        if let Stage::Spanset(expression) = stage {
            necessary_filters(expression, found);
        }
    }
}

/// Operators bind from left to right: what follows the last `||` is necessary, what precedes it is
/// a choice. Before `!>` and its like anything may stand, or nothing.
fn necessary_filters(expression: &SpansetExpression, found: &mut Vec<Filter>) {
    match expression {
        SpansetExpression::Filter(None) => {}
        SpansetExpression::Filter(Some(condition)) => {
            let mut necessary = Necessary::default();
            necessary.collect(condition);
            found.push(necessary.into_filter());
        }
        SpansetExpression::Pipeline(stages) => necessary_stages(stages, found),
        SpansetExpression::Chain(first, rest) => {
            let from = rest
                .iter()
                .rposition(|(operator, _)| {
                    matches!(
                        operator,
                        SpansetOperator::Or | SpansetOperator::Unrelated(_)
                    )
                })
                .map(|last| match rest[last].0 {
                    SpansetOperator::Or => last + 1,
                    _ => last,
                });
            if from.is_none() {
                necessary_filters(first, found);
            }
            for (_, expression) in &rest[from.unwrap_or(0)..] {
                necessary_filters(expression, found);
            }
        }
    }
}

/// What one spanset asks of a span, and of the root of its trace.
#[derive(Default)]
struct Necessary {
    filter: Filter,
    root: Vec<Term>,
}

impl Necessary {
    fn collect(&mut self, condition: &Expression) {
        match condition {
            Expression::Logic(first, rest) => {
                let last_or = rest.iter().rposition(|(logic, _)| *logic == Logic::Or);
                if last_or.is_none() {
                    self.collect(first);
                }
                for (_, condition) in &rest[last_or.map_or(0, |or| or + 1)..] {
                    self.collect(condition);
                }
            }
            Expression::Compare(left, comparison, right) => match (left.as_ref(), right.as_ref()) {
                (Expression::Field(field), Expression::Value(value)) => {
                    self.compare(field, *comparison, value);
                }
                (Expression::Value(value), Expression::Field(field)) => {
                    self.compare(field, mirrored(*comparison), value);
                }
                _ => {}
            },
            // A truth value by itself, such as `.retried`.
            Expression::Field(field) => {
                self.compare(field, Comparison::Equal, &Value::Bool(true));
            }
            _ => {}
        }
    }

    fn compare(&mut self, field: &Field, comparison: Comparison, value: &Value) {
        use Comparison::{Equal, Greater, GreaterOrEqual};

        match (field, comparison, value) {
            (Field::Attribute(Scope::Any | Scope::Span | Scope::Resource, key), Equal, value) => {
                let value: AttributeValue = match value {
                    Value::String(text) => text.as_str().into(),
                    Value::Int(number) | Value::Duration(number) => (*number).into(),
                    Value::Float(number) => (*number).into(),
                    Value::Bool(truth) => (*truth).into(),
                    Value::Status(_) | Value::Kind(_) | Value::Nil => return,
                };
                self.filter.terms.push(Term::Attribute {
                    key: key.clone(),
                    value,
                });
            }
            (Field::Intrinsic(Intrinsic::Name), Equal, Value::String(name)) => {
                self.filter.terms.push(Term::Name(name.clone()));
            }
            (Field::Intrinsic(Intrinsic::TraceId), Equal, Value::String(id)) => {
                self.filter.trace = id.parse().ok();
            }
            (Field::Intrinsic(Intrinsic::LinkTraceId), Equal, Value::String(id)) => {
                self.filter.links_to = id.parse().ok();
            }
            (Field::Intrinsic(Intrinsic::RootName), Equal, Value::String(name)) => {
                self.root.push(Term::Name(name.clone()));
            }
            (Field::Intrinsic(Intrinsic::RootServiceName), Equal, Value::String(name)) => {
                self.root.push(Term::Service(name.clone()));
            }
            (Field::Intrinsic(Intrinsic::Status), Equal, Value::Status(StatusCode::Error)) => {
                self.filter.failed = true;
            }
            (
                Field::Intrinsic(Intrinsic::Duration),
                Equal | Greater | GreaterOrEqual,
                Value::Duration(nanos) | Value::Int(nanos),
            ) => {
                let lasted = DurationNanos(*nanos);
                self.filter.lasted = Some(self.filter.lasted.map_or(lasted, |l| l.max(lasted)));
            }
            _ => {}
        }
    }

    /// A filter is about one span: the root's terms serve where the span itself has none.
    fn into_filter(self) -> Filter {
        if self.filter.terms.is_empty() && self.filter.links_to.is_none() && !self.root.is_empty() {
            return Filter {
                terms: self.root,
                trace: self.filter.trace,
                ..Filter::default()
            };
        }
        self.filter
    }
}

fn mirrored(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
        Comparison::Equal | Comparison::NotEqual => comparison,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::query::traceql::parse;

    fn attribute(key: &str, value: impl Into<AttributeValue>) -> Term {
        Term::Attribute {
            key: key.to_owned(),
            value: value.into(),
        }
    }

    #[test]
    fn plans_what_every_match_must_meet_and_nothing_else() {
        let open = Filter::default;
        let name = |name: &str| Term::Name(name.to_owned());
        for (query, expected, reason) in [
            ("", open(), "everything"),
            ("{}", open(), "every span"),
            (
                r#"{ resource.service.name = "payment" && status = error }"#,
                Filter {
                    terms: vec![attribute("service.name", "payment")],
                    failed: true,
                    ..open()
                },
                "an equality and a failure",
            ),
            (
                r#"{ .http.response.status_code = 500 && 100ms <= duration && duration > 50ms }"#,
                Filter {
                    terms: vec![attribute("http.response.status_code", 500)],
                    lasted: Some(DurationNanos(100_000_000)),
                    ..open()
                },
                "the longer of two bounds, one of them mirrored",
            ),
            (r#"{ name = "a" || name = "b" }"#, open(), "a choice"),
            (
                r#"{ name = "a" || name = "b" && name = "c" }"#,
                Filter {
                    terms: vec![name("c")],
                    ..open()
                },
                "what follows the last choice",
            ),
            (r#"{ !(name = "a") }"#, open(), "a negation"),
            (
                r#"{ name != "a" && duration < 5ms && status = ok }"#,
                open(),
                "no lower bound",
            ),
            (r#"{ name =~ "a.*" }"#, open(), "a pattern"),
            (
                r#"{ name = "a" } && { name = "b" && .k = true }"#,
                Filter {
                    terms: vec![name("b"), attribute("k", true)],
                    ..open()
                },
                "the most selective of two spans",
            ),
            (
                r#"{ name = "a" } || { name = "b" }"#,
                open(),
                "a choice of spans",
            ),
            (
                r#"{ name = "a" } || { name = "b" } && { name = "c" }"#,
                Filter {
                    terms: vec![name("c")],
                    ..open()
                },
                "what follows a choice of spans",
            ),
            (
                r#"{ name = "a" } || { name = "b" } >> { name = "c" }"#,
                open(),
                "a descendant belongs to its side of the choice",
            ),
            (
                r#"{ rootName = "click" && status = error }"#,
                Filter {
                    terms: vec![name("click")],
                    ..open()
                },
                "the root is another span than the one that failed",
            ),
            (
                r#"{ rootName = "click" && name = "b" }"#,
                Filter {
                    terms: vec![name("b")],
                    ..open()
                },
                "the span's own terms come first",
            ),
            (
                r#"{ .retried && event.code = 1 && parent.a = 1 && link.b = 2 }"#,
                Filter {
                    terms: vec![attribute("retried", true)],
                    ..open()
                },
                "a truth value; the index knows nothing of events, links and parents",
            ),
            (
                r#"{ duration * 2 > 1s && .a + 1 = 2 }"#,
                open(),
                "arithmetic",
            ),
            (
                r#"{ name = "a" } !> { name = "b" }"#,
                Filter {
                    terms: vec![name("b")],
                    ..open()
                },
                "what stands before a negated relation may be missing",
            ),
            (
                r#"{ name = "a" && .k = true } !> { } &>> { name = "c" }"#,
                Filter {
                    terms: vec![name("c")],
                    ..open()
                },
                "also in a chain",
            ),
            (
                r#"{ name = "a" } << { name = "b" && .k = true }"#,
                Filter {
                    terms: vec![name("b"), attribute("k", true)],
                    ..open()
                },
                "both sides of a relation",
            ),
            (
                r#"{ } | by(name) | count() > 2 | ({ name = "a" } | { .k = true && status = error })"#,
                Filter {
                    terms: vec![attribute("k", true)],
                    failed: true,
                    ..open()
                },
                "every stage of a pipeline",
            ),
            (
                r#"{ link:traceID = "0000000000000000000000000000000a" && link:spanID = "000000000000000b" }"#,
                Filter {
                    links_to: "0000000000000000000000000000000a".parse().ok(),
                    ..open()
                },
                "who links to a trace",
            ),
            (
                r#"{ name = "a" && .k = 1 } && { link:traceID = "0000000000000000000000000000000a" }"#,
                Filter {
                    links_to: "0000000000000000000000000000000a".parse().ok(),
                    ..open()
                },
                "a link is the most selective",
            ),
            (
                r#"{ !(link:traceID = "0000000000000000000000000000000a") || link:traceID = "0000000000000000000000000000000b" }"#,
                open(),
                "no link",
            ),
            (
                r#"{ trace:id = "0000000000000000000000000000000a" } && { name = "a" }"#,
                Filter {
                    terms: vec![name("a")],
                    trace: "0000000000000000000000000000000a".parse().ok(),
                    ..open()
                },
                "one trace",
            ),
        ] {
            let query = parse(query).unwrap_or_else(|error| panic!("{query}: {error}"));
            assert_eq!(plan(&query), expected, "{reason}");
        }
    }
}
