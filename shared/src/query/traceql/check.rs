//! Which comparisons mean something: the types of the two sides and what an operator takes.

use regex::RegexBuilder;

use super::{Comparison, Condition, Field, Intrinsic, Operand, Pattern, QueryError, Value};

/// How many bytes a compiled regular expression may take.
const MAX_REGEX_BYTES: usize = 1 << 20;

/// An operand, `None` for nil, and where it stands.
pub(super) type Placed = (Option<Operand>, usize);

/// What can be compared with what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    /// An attribute's, which only the span knows.
    Any,
    Text,
    Number,
    Bool,
    Status,
    Kind,
}

impl Type {
    fn of(operand: &Operand) -> Self {
        match operand {
            Operand::Field(Field::Attribute(..)) => Self::Any,
            Operand::Field(Field::Intrinsic(intrinsic)) => match intrinsic {
                Intrinsic::Duration | Intrinsic::TraceDuration => Self::Number,
                Intrinsic::Status => Self::Status,
                Intrinsic::Kind => Self::Kind,
                Intrinsic::Name
                | Intrinsic::StatusMessage
                | Intrinsic::SpanId
                | Intrinsic::RootName
                | Intrinsic::RootServiceName
                | Intrinsic::TraceId => Self::Text,
            },
            Operand::Value(value) => match value {
                Value::String(_) => Self::Text,
                Value::Int(_) | Value::Float(_) | Value::Duration(_) => Self::Number,
                Value::Bool(_) => Self::Bool,
                Value::Status(_) => Self::Status,
                Value::Kind(_) => Self::Kind,
            },
        }
    }

    const fn describe(self) -> &'static str {
        match self {
            Self::Any => "an attribute",
            Self::Text => "a text, such as \"GET /\"",
            Self::Number => "a number or duration, such as 200 or 1.5s",
            Self::Bool => "true or false",
            Self::Status => "a status: ok, error or unset",
            Self::Kind => "a kind: client, server, internal, producer, consumer or unspecified",
        }
    }
}

/// A condition of one operand, which must be a truth value.
pub(super) fn truth((operand, position): Placed) -> Result<Condition, QueryError> {
    match operand {
        Some(operand) if matches!(Type::of(&operand), Type::Any | Type::Bool) => {
            Ok(Condition::Truth(operand))
        }
        _ => Err(QueryError::new(
            position,
            "this is no condition by itself; compare it, as in `name = \"GET /\"`",
        )),
    }
}

/// A comparison of two operands that can be compared, with the operator and where it stands.
pub(super) fn compare(
    left: Placed,
    operator: (&str, usize),
    right: Placed,
) -> Result<Condition, QueryError> {
    let (operator, operator_at) = operator;
    let (left, right, right_at) = match (left, right) {
        ((Some(left), _), (Some(right), right_at)) => (left, right, right_at),
        ((Some(Operand::Field(field)), _), (None, _))
        | ((None, _), (Some(Operand::Field(field)), _)) => {
            return match operator {
                "=" | "!=" => Ok(Condition::Exists {
                    field,
                    negated: operator == "=",
                }),
                _ => Err(QueryError::new(operator_at, "only = and != work with nil")),
            };
        }
        ((_, left_at), _) => {
            return Err(QueryError::new(
                left_at,
                "nil is compared with an attribute",
            ));
        }
    };
    let (left_type, right_type) = (Type::of(&left), Type::of(&right));
    let comparison = match operator {
        "=~" | "!~" => {
            if !matches!(left_type, Type::Any | Type::Text) {
                return Err(QueryError::new(
                    operator_at,
                    format!("{operator} works with texts only"),
                ));
            }
            let Operand::Value(Value::String(source)) = right else {
                return Err(QueryError::new(
                    right_at,
                    format!("{operator} needs a regular expression in quotes"),
                ));
            };
            let pattern = pattern(source, right_at)?;
            return Ok(Condition::Match {
                operand: left,
                pattern,
                negated: operator == "!~",
            });
        }
        "=" => Comparison::Equal,
        "!=" => Comparison::NotEqual,
        "<" => Comparison::Less,
        "<=" => Comparison::LessOrEqual,
        ">" => Comparison::Greater,
        _ => Comparison::GreaterOrEqual,
    };
    if left_type != right_type && left_type != Type::Any && right_type != Type::Any {
        let message = format!("the left side is compared with {}", left_type.describe());
        return Err(QueryError::new(right_at, message));
    }
    let unordered = |kind| matches!(kind, Type::Bool | Type::Status | Type::Kind);
    let equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
    if !equality && (unordered(left_type) || unordered(right_type)) {
        return Err(QueryError::new(
            operator_at,
            format!("`{operator}` needs values in an order; use = or !="),
        ));
    }
    Ok(Condition::Compare(left, comparison, right))
}

fn pattern(source: String, position: usize) -> Result<Pattern, QueryError> {
    // Checked by itself first, since `a)|(b` would be valid within the brackets of the anchors.
    let built = RegexBuilder::new(&source)
        .size_limit(MAX_REGEX_BYTES)
        .build()
        .and_then(|_| {
            RegexBuilder::new(&format!("^(?:{source})$"))
                .size_limit(MAX_REGEX_BYTES)
                .build()
        });
    match built {
        Ok(regex) => Ok(Pattern { source, regex }),
        Err(regex::Error::CompiledTooBig(_)) => Err(QueryError::new(
            position,
            "this regular expression is too large",
        )),
        Err(error) => {
            // The last line says what is wrong; those before it draw an arrow in a fixed-width font.
            let error = error.to_string();
            let reason = error
                .lines()
                .last()
                .unwrap_or_default()
                .trim_start_matches("error: ")
                .to_owned();
            Err(QueryError::new(
                position,
                format!("this regular expression is invalid: {reason}"),
            ))
        }
    }
}
