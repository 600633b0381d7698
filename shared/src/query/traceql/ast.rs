//! What a query says, once its text is read.
//!
//! Operators of equal precedence stand side by side in a list, and brackets nest only so deep, so that
//! nothing which walks a query recurses without bound.

use std::sync::Arc;

use crate::kind::{SpanKind, StatusCode};

/// A query that can be asked of traces.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Query {
    /// Each stage works on the spansets of the one before it, the first on all spans of a trace.
    /// Without stages every span is found.
    pub stages: Vec<Stage>,
    /// What a metrics query computes of the spans.
    pub metrics: Option<Metrics>,
    /// `with (name=value)`
    pub hints: Vec<Hint>,
}

/// A step of a pipeline.
#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    /// Spans that are selected.
    Spanset(SpansetExpression),
    /// `count() > 2`: the spansets of which this holds.
    Scalar(Scalar, Comparison, Scalar),
    /// `by(field)`: one spanset for each value.
    By(Expression),
    /// `coalesce()`: one spanset of all.
    Coalesce,
    /// `select(field, …)`: what the answer says of each span.
    Select(Vec<Field>),
}

/// Selects spans of one trace.
#[derive(Debug, Clone, PartialEq)]
pub enum SpansetExpression {
    /// `{ … }`: the spans that meet the condition; all of them without one.
    Filter(Option<Expression>),
    /// `( … | … )`
    Pipeline(Vec<Stage>),
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
    /// The spans of the right side that stand in a relation to a span of the left side.
    Related(Relation),
    /// `!>` and the like: the spans of the right side that stand so to none.
    Unrelated(Relation),
    /// `&>` and the like: both spans of each relation.
    Both(Relation),
}

/// How the right span stands to the left one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// `>`
    Child,
    /// `>>`
    Descendant,
    /// `<`
    Parent,
    /// `<<`
    Ancestor,
    /// `~`: another child of the same parent.
    Sibling,
}

/// A number about a spanset.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// `count()`, `avg(…)` …
    Aggregate(Aggregate, Option<Expression>),
    /// A number or duration.
    Value(Value),
    /// `left + right …`, joined from left to right; `^` from right to left.
    Arithmetic(Box<Self>, Vec<(Arithmetic, Self)>),
}

/// Makes one number of the spans of a spanset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aggregate {
    /// How many spans.
    Count,
    /// The mean of those that have a number.
    Avg,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// All together.
    Sum,
}

/// What stands within braces, or is aggregated or grouped.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// What a span says.
    Field(Field),
    /// What the query says.
    Value(Value),
    /// `left op right`
    Compare(Box<Self>, Comparison, Box<Self>),
    /// `operand =~ "pattern"`; `!~` where `negated`.
    Match {
        /// What is matched.
        operand: Box<Self>,
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
    /// `!condition`
    Not(Box<Self>),
    /// `-number`
    Negative(Box<Self>),
    /// Conditions joined from left to right; an operator joins all before it with what follows it.
    Logic(Box<Self>, Vec<(Logic, Self)>),
    /// Numbers joined from left to right, or by `^` from right to left.
    Arithmetic(Box<Self>, Vec<(Arithmetic, Self)>),
}

/// Joins two conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Logic {
    /// `&&`
    And,
    /// `||`
    Or,
}

/// Joins two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arithmetic {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
    /// `^`
    Power,
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

/// What a span says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    /// What every span has.
    Intrinsic(Intrinsic),
    /// `scope.name`
    Attribute(Scope, String),
    /// `parent.…`: the same of the span's parent.
    Parent(Box<Self>),
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
    /// `event.name`: of any of the span's events.
    Event,
    /// `link.name`: of any of the span's links.
    Link,
    /// `instrumentation.name`: of the library that recorded the span.
    Instrumentation,
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
    /// `childCount`, `span:childCount`
    ChildCount,
    /// `span:id`, in lowercase hexadecimal digits
    SpanId,
    /// `span:parentID`
    ParentId,
    /// `parent`, which only `= nil` asks about: whether the trace has the span's parent
    Parent,
    /// `nestedSetLeft`: the place at which a walk through the tree enters the span, from 1
    NestedSetLeft,
    /// `nestedSetRight`: the place at which the walk leaves it
    NestedSetRight,
    /// `nestedSetParent`: the parent's `nestedSetLeft`, -1 for a root
    NestedSetParent,
    /// `rootName`, `trace:rootName`
    RootName,
    /// `rootServiceName`, `trace:rootService`
    RootServiceName,
    /// `traceDuration`, `trace:duration`
    TraceDuration,
    /// `trace:id`, in lowercase hexadecimal digits
    TraceId,
    /// `event:name`, of any of the span's events
    EventName,
    /// `event:timeSinceStart`, from the start of the span
    EventTimeSinceStart,
    /// `link:traceID`, of any of the span's links
    LinkTraceId,
    /// `link:spanID`
    LinkSpanId,
    /// `instrumentation:name`
    InstrumentationName,
    /// `instrumentation:version`
    InstrumentationVersion,
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
    /// `nil`: what a span does not have.
    Nil,
}

/// A regular expression that must fit the whole text.
#[derive(Debug, Clone)]
pub struct Pattern {
    pub(super) source: String,
    pub(super) fits: Arc<dyn Fits>,
}

/// What a regular expression was compiled to.
pub trait Fits: std::fmt::Debug + Send + Sync {
    /// Whether it fits the whole text.
    fn fits(&self, text: &str) -> bool;
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
        self.fits.fits(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

/// The end of a metrics query.
#[derive(Debug, Clone, PartialEq)]
pub struct Metrics {
    /// Where its function stands.
    pub place: Place,
    /// `rate`, `count_over_time` …
    pub function: &'static str,
    /// What the function is given.
    pub arguments: Vec<Argument>,
    /// `by(field, …)`
    pub by: Vec<Field>,
    /// What is done with the series: `topk(5)`, `bottomk(5)`, `> 2`.
    pub then: Vec<Then>,
}

/// What a metrics function is given.
#[derive(Debug, Clone, PartialEq)]
pub enum Argument {
    /// What is measured.
    Field(Field),
    /// A quantile, or a number.
    Value(Value),
    /// `{ … }`: the spans that `compare` sets apart.
    Selection(Option<Expression>),
}

/// What is done with the series of a metrics query.
#[derive(Debug, Clone, PartialEq)]
pub enum Then {
    /// `topk(n)`, `bottomk(n)`
    Keep(&'static str, i64),
    /// `> 2`
    Compare(Comparison, Value),
}

/// A hint to whoever executes the query.
#[derive(Debug, Clone, PartialEq)]
pub struct Hint {
    /// Where it stands.
    pub place: Place,
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Value,
}

/// A place in the text, in bytes. Two queries that say the same are equal wherever it stands.
#[derive(Debug, Clone, Copy, Default)]
pub struct Place(pub usize);

impl PartialEq for Place {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
