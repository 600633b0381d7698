//! The words of the language, in both directions: what the lexer reads and the printer writes.

use super::{
    Aggregate, Arithmetic, Comparison, Intrinsic, Relation, Scope, SpansetOperator, Value,
};
use crate::kind::{SpanKind, StatusCode};

/// Every intrinsic with its word, and its scoped name where that is another one. The printer takes
/// the first of the two that is there.
pub(super) const INTRINSICS: [(&str, &str, Intrinsic); 22] = [
    ("name", "span:name", Intrinsic::Name),
    ("duration", "span:duration", Intrinsic::Duration),
    ("status", "span:status", Intrinsic::Status),
    (
        "statusMessage",
        "span:statusMessage",
        Intrinsic::StatusMessage,
    ),
    ("kind", "span:kind", Intrinsic::Kind),
    ("childCount", "span:childCount", Intrinsic::ChildCount),
    ("", "span:id", Intrinsic::SpanId),
    ("", "span:parentID", Intrinsic::ParentId),
    ("parent", "", Intrinsic::Parent),
    ("nestedSetLeft", "", Intrinsic::NestedSetLeft),
    ("nestedSetRight", "", Intrinsic::NestedSetRight),
    ("nestedSetParent", "", Intrinsic::NestedSetParent),
    ("rootName", "trace:rootName", Intrinsic::RootName),
    (
        "rootServiceName",
        "trace:rootService",
        Intrinsic::RootServiceName,
    ),
    ("traceDuration", "trace:duration", Intrinsic::TraceDuration),
    ("", "trace:id", Intrinsic::TraceId),
    ("", "event:name", Intrinsic::EventName),
    ("", "event:timeSinceStart", Intrinsic::EventTimeSinceStart),
    ("", "link:traceID", Intrinsic::LinkTraceId),
    ("", "link:spanID", Intrinsic::LinkSpanId),
    ("", "instrumentation:name", Intrinsic::InstrumentationName),
    (
        "",
        "instrumentation:version",
        Intrinsic::InstrumentationVersion,
    ),
];

/// The scopes of attributes.
pub(super) const SCOPES: [(&str, Scope); 5] = [
    ("span", Scope::Span),
    ("resource", Scope::Resource),
    ("event", Scope::Event),
    ("link", Scope::Link),
    ("instrumentation", Scope::Instrumentation),
];

/// The words that are values.
pub(super) const VALUES: [(&str, Value); 12] = [
    ("nil", Value::Nil),
    ("true", Value::Bool(true)),
    ("false", Value::Bool(false)),
    ("ok", Value::Status(StatusCode::Ok)),
    ("error", Value::Status(StatusCode::Error)),
    ("unset", Value::Status(StatusCode::Unset)),
    ("unspecified", Value::Kind(SpanKind::Unspecified)),
    ("internal", Value::Kind(SpanKind::Internal)),
    ("server", Value::Kind(SpanKind::Server)),
    ("client", Value::Kind(SpanKind::Client)),
    ("producer", Value::Kind(SpanKind::Producer)),
    ("consumer", Value::Kind(SpanKind::Consumer)),
];

/// The aggregates.
pub(super) const AGGREGATES: [(&str, Aggregate); 5] = [
    ("count", Aggregate::Count),
    ("avg", Aggregate::Avg),
    ("min", Aggregate::Min),
    ("max", Aggregate::Max),
    ("sum", Aggregate::Sum),
];

/// The functions that end a metrics query.
pub(super) const METRICS: [&str; 9] = [
    "rate",
    "count_over_time",
    "sum_over_time",
    "min_over_time",
    "max_over_time",
    "avg_over_time",
    "quantile_over_time",
    "histogram_over_time",
    "compare",
];

/// What may follow them.
pub(super) const SERIES: [&str; 2] = ["topk", "bottomk"];

/// What else opens a bracket.
pub(super) const STAGES: [&str; 4] = ["by", "coalesce", "select", "with"];

/// Between two values.
pub(super) const COMPARISONS: [(&str, Comparison); 6] = [
    ("=", Comparison::Equal),
    ("!=", Comparison::NotEqual),
    ("<", Comparison::Less),
    ("<=", Comparison::LessOrEqual),
    (">", Comparison::Greater),
    (">=", Comparison::GreaterOrEqual),
];

/// Between two numbers.
pub(super) const ARITHMETIC: [(&str, Arithmetic); 6] = [
    ("+", Arithmetic::Add),
    ("-", Arithmetic::Subtract),
    ("*", Arithmetic::Multiply),
    ("/", Arithmetic::Divide),
    ("%", Arithmetic::Remainder),
    ("^", Arithmetic::Power),
];

/// Between two spansets.
pub(super) const SPANSET_OPERATORS: [(&str, SpansetOperator); 17] = {
    use Relation::{Ancestor, Child, Descendant, Parent, Sibling};
    use SpansetOperator::{And, Both, Or, Related, Unrelated};
    [
        ("&&", And),
        ("||", Or),
        (">", Related(Child)),
        (">>", Related(Descendant)),
        ("<", Related(Parent)),
        ("<<", Related(Ancestor)),
        ("~", Related(Sibling)),
        ("!>", Unrelated(Child)),
        ("!>>", Unrelated(Descendant)),
        ("!<", Unrelated(Parent)),
        ("!<<", Unrelated(Ancestor)),
        ("!~", Unrelated(Sibling)),
        ("&>", Both(Child)),
        ("&>>", Both(Descendant)),
        ("&<", Both(Parent)),
        ("&<<", Both(Ancestor)),
        ("&~", Both(Sibling)),
    ]
};

/// What a word stands for.
pub(super) fn meaning<T: Clone>(table: &[(&'static str, T)], word: &str) -> Option<T> {
    let found = table.iter().find(|(name, _)| *name == word);
    found.map(|(_, meaning)| meaning.clone())
}

/// The word for a meaning.
pub(super) fn word<T: PartialEq>(table: &[(&'static str, T)], meaning: &T) -> &'static str {
    let found = table.iter().find(|(_, other)| other == meaning);
    found.map_or("", |(word, _)| word)
}

/// The intrinsic of a bare word.
pub(super) fn intrinsic(word: &str) -> Option<Intrinsic> {
    scan(|(bare, _, _)| *bare == word && !word.is_empty())
}

/// The intrinsic of a word with its scope.
pub(super) fn scoped_intrinsic(scope: &str, name: &str) -> Option<Intrinsic> {
    scan(|(_, scoped, _)| {
        scoped
            .strip_prefix(scope)
            .and_then(|rest| rest.strip_prefix(':'))
            == Some(name)
    })
}

/// How an intrinsic is written.
pub(super) fn of_intrinsic(intrinsic: Intrinsic) -> &'static str {
    INTRINSICS
        .iter()
        .find(|(_, _, other)| *other == intrinsic)
        .map_or(
            "",
            |(bare, scoped, _)| {
                if bare.is_empty() { scoped } else { bare }
            },
        )
}

fn scan(fits: impl Fn(&(&str, &str, Intrinsic)) -> bool) -> Option<Intrinsic> {
    INTRINSICS
        .iter()
        .find(|entry| fits(entry))
        .map(|(_, _, intrinsic)| *intrinsic)
}
