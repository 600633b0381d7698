//! TraceQL, the query language: parsing with positions, and evaluation over a trace in memory.
//!
//! This is a subset of Grafana Tempo's language (<https://grafana.com/docs/tempo/latest/traceql/>):
//! spansets with comparisons over intrinsics and attributes, joined by `&&`, `||`, `>` (child) and
//! `>>` (descendant). What Tempo has beyond it is named in the error, at its position; nothing is
//! ever ignored.
//!
//! As in Tempo's grammar, `&&` and `||` bind equally and from left to right; comparisons (and `>`,
//! `>>` between spansets) bind tighter. A comparison with an attribute that a span does not have, or
//! that has a value of another kind, is false, also with `!=`; `= nil` asks for absence.
//!
//! ```
//! use shared::query::traceql::parse;
//! let query = parse(r#"{ resource.service.name = "payment" && duration > 1.5s } && { status = error }"#);
//! assert!(query.is_ok());
//! let error = parse("{ duration > fast }").expect_err("no such word");
//! assert_eq!(error.position, 13);
//! ```

mod check;
mod eval;
mod lexer;
mod parser;

use regex::Regex;

use crate::kind::{SpanKind, StatusCode};

pub use parser::parse;

/// A query that can be asked of traces.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Query {
    /// What to look for; `None`, the empty query, finds every span.
    pub expression: Option<SpansetExpression>,
}

/// Selects spans of one trace.
#[derive(Debug, Clone, PartialEq)]
pub enum SpansetExpression {
    /// `{ … }`: the spans that meet the condition; all of them without one.
    Filter(Option<Condition>),
    /// Spansets joined from left to right; an operator joins all before it with what follows it.
    Chain(Box<Self>, Vec<(SpansetOperator, Self)>),
}

/// Joins two spansets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpansetOperator {
    /// `&&`: the spans of both sides, where neither is empty.
    And,
    /// `||`: the spans of both sides.
    Or,
    /// `>`: the spans of the right side whose parent is on the left side.
    Child,
    /// `>>`: the spans of the right side of which an ancestor is on the left side.
    Descendant,
}

/// What a span must meet.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// `left op right`.
    Compare(Operand, Comparison, Operand),
    /// `operand =~ "pattern"`; `!~` where `negated`.
    Match {
        /// What is matched.
        operand: Operand,
        /// The pattern, which must fit the whole text.
        pattern: Pattern,
        /// Whether it must not fit.
        negated: bool,
    },
    /// `field != nil`; `= nil` where `negated`.
    Exists {
        /// The field.
        field: Field,
        /// Whether it must be absent.
        negated: bool,
    },
    /// A truth value by itself, such as `true` or `.retried`.
    Truth(Operand),
    /// `!condition`.
    Not(Box<Self>),
    /// Conditions joined from left to right; an operator joins all before it with what follows it.
    Chain(Box<Self>, Vec<(Logic, Self)>),
}

/// Joins two conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Logic {
    /// `&&`
    And,
    /// `||`
    Or,
}

/// Compares two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// What a span says.
    Field(Field),
    /// What the query says.
    Value(Value),
}

/// What a span says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    /// What every span has.
    Intrinsic(Intrinsic),
    /// `scope.name`
    Attribute(Scope, String),
}

/// Where an attribute is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// `.name`: the span's attributes, then the resource's.
    Any,
    /// `span.name`
    Span,
    /// `resource.name`
    Resource,
}

/// What every span has, and what its trace has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intrinsic {
    /// `name`, `span:name`
    Name,
    /// `duration`, `span:duration`
    Duration,
    /// `status`, `span:status`
    Status,
    /// `statusMessage`, `span:statusMessage`
    StatusMessage,
    /// `kind`, `span:kind`
    Kind,
    /// `span:id`, in lowercase hexadecimal digits
    SpanId,
    /// `rootName`, `trace:rootName`
    RootName,
    /// `rootServiceName`, `trace:rootService`
    RootServiceName,
    /// `traceDuration`, `trace:duration`
    TraceDuration,
    /// `trace:id`, in lowercase hexadecimal digits
    TraceId,
}

/// What the query says.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `"text"` or `` `text` ``
    String(String),
    /// `200`
    Int(i64),
    /// `0.5`
    Float(f64),
    /// `1.5s`, in nanoseconds
    Duration(i64),
    /// `true`, `false`
    Bool(bool),
    /// `ok`, `error`, `unset`
    Status(StatusCode),
    /// `client`, `server`, …
    Kind(SpanKind),
}

/// A regular expression that must fit the whole text.
#[derive(Debug, Clone)]
pub struct Pattern {
    source: String,
    regex: Regex,
}

impl Pattern {
    /// The pattern as it stands in the query.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// Whether it fits the whole text.
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

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

    fn unsupported(position: usize, what: &str) -> Self {
        Self::new(position, format!("{what} not supported yet"))
    }
}
