//! Which expressions mean something: the types of their parts and what an operator takes.

use super::parser::Compile;
use super::words::{self, COMPARISONS};
use super::{Comparison, Expression, Field, Intrinsic, Pattern, QueryError, Value};

/// An expression with its type and where it begins.
pub(super) struct Typed {
    pub(super) expression: Expression,
    pub(super) kind: Type,
    pub(super) at: usize,
}

/// What can be compared with what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    /// An attribute's, which only the span knows.
    Any,
    Text,
    Number,
    Bool,
    Status,
    Kind,
    /// What a span does not have.
    Nil,
    /// Another span, which is only there or not.
    Span,
}

impl Typed {
    /// A field or a value.
    pub(super) fn new(expression: Expression, at: usize) -> Self {
        let kind = match &expression {
            Expression::Field(field) => of_field(field),
            Expression::Value(value) => of_value(value),
            _ => Type::Bool,
        };
        Self {
            expression,
            kind,
            at,
        }
    }
}

/// What is true or false.
pub(super) fn condition(expression: Expression, at: usize) -> Typed {
    Typed {
        expression,
        kind: Type::Bool,
        at,
    }
}

/// What is a number.
pub(super) fn amount(expression: Expression, at: usize) -> Typed {
    Typed {
        expression,
        kind: Type::Number,
        at,
    }
}

fn of_field(field: &Field) -> Type {
    match field {
        Field::Attribute(..) => Type::Any,
        Field::Parent(field) => of_field(field),
        Field::Intrinsic(intrinsic) => match intrinsic {
            Intrinsic::Duration
            | Intrinsic::TraceDuration
            | Intrinsic::ChildCount
            | Intrinsic::NestedSetLeft
            | Intrinsic::NestedSetRight
            | Intrinsic::NestedSetParent
            | Intrinsic::EventTimeSinceStart => Type::Number,
            Intrinsic::Status => Type::Status,
            Intrinsic::Kind => Type::Kind,
            Intrinsic::Parent => Type::Span,
            Intrinsic::Name
            | Intrinsic::StatusMessage
            | Intrinsic::SpanId
            | Intrinsic::ParentId
            | Intrinsic::RootName
            | Intrinsic::RootServiceName
            | Intrinsic::TraceId
            | Intrinsic::EventName
            | Intrinsic::LinkTraceId
            | Intrinsic::LinkSpanId
            | Intrinsic::InstrumentationName
            | Intrinsic::InstrumentationVersion => Type::Text,
        },
    }
}

fn of_value(value: &Value) -> Type {
    match value {
        Value::String(_) => Type::Text,
        Value::Int(_) | Value::Float(_) | Value::Duration(_) => Type::Number,
        Value::Bool(_) => Type::Bool,
        Value::Status(_) => Type::Status,
        Value::Kind(_) => Type::Kind,
        Value::Nil => Type::Nil,
    }
}

impl Type {
    const fn describe(self) -> &'static str {
        match self {
            Self::Any => "an attribute",
            Self::Text => "a text, such as \"GET /\"",
            Self::Number => "a number or duration, such as 200 or 1.5s",
            Self::Bool => "true or false",
            Self::Status => "a status: ok, error or unset",
            Self::Kind => "a kind: client, server, internal, producer, consumer or unspecified",
            Self::Nil | Self::Span => "nil",
        }
    }
}

/// A condition.
pub(super) fn truth(typed: Typed) -> Result<Expression, QueryError> {
    match typed.kind {
        Type::Any | Type::Bool => Ok(typed.expression),
        _ => Err(QueryError::new(
            typed.at,
            "this is no condition by itself; compare it, as in `name = \"GET /\"`",
        )),
    }
}

/// A side of an arithmetic operator.
pub(super) fn number(typed: Typed, operator: &str) -> Result<Typed, QueryError> {
    match typed.kind {
        Type::Any | Type::Number => Ok(typed),
        kind => {
            let message = format!(
                "`{operator}` works with numbers and durations, and this is {}",
                kind.describe()
            );
            Err(QueryError::new(typed.at, message))
        }
    }
}

/// A number with the sign that stands at `at`. A literal takes it in.
pub(super) fn negative(typed: Typed, at: usize) -> Result<Typed, QueryError> {
    let typed = number(typed, "-")?;
    let expression = match typed.expression {
        Expression::Value(Value::Int(value)) => Expression::Value(Value::Int(-value)),
        Expression::Value(Value::Float(value)) => Expression::Value(Value::Float(-value)),
        Expression::Value(Value::Duration(value)) => Expression::Value(Value::Duration(-value)),
        other => Expression::Negative(Box::new(other)),
    };
    Ok(amount(expression, at))
}

/// The opposite of a condition, with its `!` at `at`.
pub(super) fn not(typed: Typed, at: usize) -> Result<Typed, QueryError> {
    if !matches!(typed.kind, Type::Any | Type::Bool) {
        return Err(QueryError::new(
            at,
            "`!` belongs before brackets or a truth value: `!(name = \"a\")`",
        ));
    }
    Ok(condition(Expression::Not(Box::new(typed.expression)), at))
}

/// What a spanset is grouped by.
pub(super) fn group(typed: Typed) -> Result<Expression, QueryError> {
    if matches!(typed.kind, Type::Nil | Type::Span) || !mentions_span(&typed.expression) {
        let message = "spans are grouped by what they say, such as `by(resource.service.name)`";
        return Err(QueryError::new(typed.at, message));
    }
    Ok(typed.expression)
}

/// What an aggregate is made of.
pub(super) fn measure(typed: Typed) -> Result<Expression, QueryError> {
    if !matches!(typed.kind, Type::Any | Type::Number) {
        let message = "an aggregate is made of numbers, such as `avg(duration)`";
        return Err(QueryError::new(typed.at, message));
    }
    if !mentions_span(&typed.expression) {
        let message = "this is the same for every span; name a field, as in `avg(duration)`";
        return Err(QueryError::new(typed.at, message));
    }
    Ok(typed.expression)
}

fn mentions_span(expression: &Expression) -> bool {
    match expression {
        Expression::Field(_) | Expression::Exists { .. } => true,
        Expression::Value(_) => false,
        Expression::Compare(left, _, right) => mentions_span(left) || mentions_span(right),
        Expression::Match { operand, .. } => mentions_span(operand),
        Expression::Not(inner) | Expression::Negative(inner) => mentions_span(inner),
        Expression::Logic(first, rest) => {
            mentions_span(first) || rest.iter().any(|(_, part)| mentions_span(part))
        }
        Expression::Arithmetic(first, rest) => {
            mentions_span(first) || rest.iter().any(|(_, part)| mentions_span(part))
        }
    }
}

/// A comparison of what can be compared, with the operator and where it stands.
pub(super) fn compare(
    left: Typed,
    (operator, operator_at): (&str, usize),
    right: Typed,
    compile: Compile<'_>,
) -> Result<Expression, QueryError> {
    if left.kind == Type::Nil || right.kind == Type::Nil {
        return exists(left, (operator, operator_at), right);
    }
    if let "=~" | "!~" = operator {
        return matched(left, (operator, operator_at), right, compile);
    }
    let comparison = words::meaning(&COMPARISONS, operator).unwrap_or(Comparison::Equal);
    let (left_type, right_type) = (left.kind, right.kind);
    if left_type == Type::Span || right_type == Type::Span {
        let message = "a span is not compared; ask whether it is there, as in `parent = nil`";
        let at = if left_type == Type::Span {
            left.at
        } else {
            right.at
        };
        return Err(QueryError::new(at, message));
    }
    if left_type != right_type && left_type != Type::Any && right_type != Type::Any {
        let message = format!("the left side is compared with {}", left_type.describe());
        return Err(QueryError::new(right.at, message));
    }
    let unordered = |kind| matches!(kind, Type::Bool | Type::Status | Type::Kind);
    let equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
    if !equality && (unordered(left_type) || unordered(right_type)) {
        return Err(QueryError::new(
            operator_at,
            format!("`{operator}` needs values in an order; use = or !="),
        ));
    }
    let (left, right) = if equality {
        let id = id(right, &left.expression)?;
        (self::id(left, &id.expression)?, id)
    } else {
        (left, right)
    };
    let (left, right) = (Box::new(left.expression), Box::new(right.expression));
    Ok(Expression::Compare(left, comparison, right))
}

/// What is compared with an id, as ids are written; anything else as it is. A text that is no id would find nothing,
/// and nobody would know why.
fn id(typed: Typed, other: &Expression) -> Result<Typed, QueryError> {
    let Expression::Field(field) = other else {
        return Ok(typed);
    };
    let Expression::Value(Value::String(text)) = &typed.expression else {
        return Ok(typed);
    };
    let Some((what, digits)) = id_of(field) else {
        return Ok(typed);
    };
    let text = text.to_ascii_lowercase();
    if text.len() != digits || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let message = format!(
            "this is no {what}, which has {digits} hexadecimal digits; a part of one is found by a pattern, as in \
             `{field} =~ \"4bf9.*\"`"
        );
        return Err(QueryError::new(typed.at, message));
    }
    Ok(Typed::new(Expression::Value(Value::String(text)), typed.at))
}

/// What kind of id a field has, and of how many digits.
fn id_of(field: &Field) -> Option<(&'static str, usize)> {
    match field {
        Field::Intrinsic(Intrinsic::TraceId | Intrinsic::LinkTraceId) => Some(("trace id", 32)),
        Field::Intrinsic(Intrinsic::SpanId | Intrinsic::ParentId | Intrinsic::LinkSpanId) => {
            Some(("span id", 16))
        }
        Field::Parent(field) => id_of(field),
        Field::Intrinsic(_) | Field::Attribute(..) => None,
    }
}

/// `field = nil`, either way round.
fn exists(
    left: Typed,
    (operator, operator_at): (&str, usize),
    right: Typed,
) -> Result<Expression, QueryError> {
    let left_at = left.at;
    let ((Expression::Field(field), _) | (_, Expression::Field(field))) =
        (left.expression, right.expression)
    else {
        let message = "nil is compared with an attribute";
        return Err(QueryError::new(left_at, message));
    };
    match operator {
        "=" | "!=" => Ok(Expression::Exists {
            field,
            negated: operator == "=",
        }),
        _ => Err(QueryError::new(operator_at, "only = and != work with nil")),
    }
}

/// `operand =~ "pattern"`
fn matched(
    left: Typed,
    (operator, operator_at): (&str, usize),
    right: Typed,
    compile: Compile<'_>,
) -> Result<Expression, QueryError> {
    if !matches!(left.kind, Type::Any | Type::Text) {
        let message = format!("{operator} works with texts only");
        return Err(QueryError::new(operator_at, message));
    }
    let Expression::Value(Value::String(source)) = right.expression else {
        let message = format!("{operator} needs a regular expression in quotes");
        return Err(QueryError::new(right.at, message));
    };
    let fits = compile(&source).map_err(|reason| QueryError::new(right.at, reason))?;
    Ok(Expression::Match {
        operand: Box::new(left.expression),
        pattern: Pattern { source, fits },
        negated: operator == "!~",
    })
}
