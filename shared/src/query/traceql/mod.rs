//! TraceQL, the query language: parsing with positions, evaluation over a trace in memory, printing.
//!
//! This is Grafana Tempo's language (<https://grafana.com/docs/tempo/latest/traceql/>): spansets with
//! conditions over intrinsics and attributes of every scope, joined by logic and by structure, and
//! pipelines of them with aggregates, `by`, `coalesce` and `select`. Metrics functions and hints are
//! read as well, and [`Query::executable`] says which of them nobody executes; nothing is ever
//! ignored.
//!
//! As in Tempo's grammar, `&&` and `||` bind equally and from left to right; comparisons (and `>>` and
//! its kin between spansets) bind tighter. A comparison with an attribute that a span does not have,
//! or that has a value of another kind, is false, also with `!=`; `= nil` asks for absence. Of several
//! values, as lists and events have them, one suffices, but all must differ to be unequal. An attribute
//! without a scope is the span's or else the resource's.
//!
//! ```
//! use shared::query::traceql::parse;
//! let query = parse(r#"{ resource.service.name = "payment" && duration > 1.5s } >> { status = error }"#);
//! assert!(query.is_ok());
//! let error = parse("{ duration > fast }").expect_err("no such word");
//! assert_eq!(error.position, 13);
//! ```

mod ast;
mod check;
mod eval;
mod lexer;
mod parser;
mod print;
mod probe;
mod regular;
mod unfinished;
mod view;
mod words;

pub use ast::{
    Aggregate, Argument, Arithmetic, Comparison, Expression, Field, Fits, Hint, Intrinsic, Logic,
    Metrics, Pattern, Place, Query, Relation, Scalar, Scope, SpansetExpression, SpansetOperator,
    Stage, Then, Value,
};
pub use eval::{Evaluation, Found, Spanset};
pub use parser::{Compile, parse_with};
pub use probe::Probe;
pub use regular::{compile, parse};
pub use unfinished::is_unfinished;
pub use view::{Read, TraceView};

/// What is wrong with a query, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct QueryError {
    /// What is wrong and what could stand there, for people.
    pub message: String,
    /// The place, in bytes from the start of the query.
    pub position: usize,
}

impl QueryError {
    fn new(position: usize, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            position,
        }
    }
}

impl Query {
    /// Whether a search can answer the query.
    ///
    /// # Errors
    /// [`QueryError`] at the metrics function or the hint that is not executed.
    pub fn executable(&self) -> Result<(), QueryError> {
        if let Some(metrics) = &self.metrics {
            let message = format!(
                "{}() is understood but not executed yet; leave it out to see the spans that it would measure",
                metrics.function
            );
            return Err(QueryError::new(metrics.place.0, message));
        }
        // The newest traces come first anyway.
        match self.hints.iter().find(|hint| hint.name != "most_recent") {
            Some(hint) => {
                let message = format!("the hint {} is not followed yet; leave it out", hint.name);
                Err(QueryError::new(hint.place.0, message))
            }
            None => Ok(()),
        }
    }

    /// The fields that `select()` asks for, in order.
    #[must_use]
    pub fn selected(&self) -> Vec<&Field> {
        let selects = self.stages.iter().filter_map(|stage| match stage {
            Stage::Select(fields) => Some(fields),
            _ => None,
        });
        selects.flatten().collect()
    }
}

impl Field {
    /// Reads a field as a query writes it, such as `span.http.route` or `name`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let no_pattern = |_: &str| Err(String::new());
        let query = parse_with(&format!("select({name})"), &no_pattern).ok()?;
        match query.selected()[..] {
            [field] if query.stages.len() == 1 && query.metrics.is_none() => Some(field.clone()),
            _ => None,
        }
    }

    /// What the field says of a span, for an answer.
    #[must_use]
    pub fn value(&self, view: &impl TraceView, node: u32) -> Value {
        eval::field_value(view, self, node)
    }
}
