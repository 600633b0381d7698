//! Whether a condition holds of a span, and what an expression says of it.

use std::cmp::Ordering;

use super::super::{
    Comparison, Expression, Field, Intrinsic, Logic, Pattern, Read, TraceView, Value,
};
use super::number;
use crate::attribute::AttributeValue;

/// Whether a condition holds. Recurses into brackets only, which the parser keeps shallow.
pub(super) fn holds(view: &impl TraceView, condition: &Expression, node: u32) -> bool {
    match condition {
        Expression::Compare(left, comparison, right) => compare(
            &value(view, left, node),
            *comparison,
            &value(view, right, node),
        ),
        Expression::Match {
            operand,
            pattern,
            negated,
        } => fits(&value(view, operand, node), pattern, *negated),
        Expression::Exists { field, negated } => {
            (self::field(view, field, node) == Read::Nil) == *negated
        }
        Expression::Not(inner) => !holds(view, inner, node),
        Expression::Logic(first, rest) => rest.iter().fold(
            holds(view, first, node),
            |left, (logic, right)| match logic {
                Logic::And => left && holds(view, right, node),
                Logic::Or => left || holds(view, right, node),
            },
        ),
        Expression::Field(_)
        | Expression::Value(_)
        | Expression::Negative(_)
        | Expression::Arithmetic(..) => {
            matches!(value(view, condition, node), Read::Bool(true))
        }
    }
}

/// What an expression says of a span.
pub(super) fn value<'a>(
    view: &'a impl TraceView,
    expression: &'a Expression,
    node: u32,
) -> Read<'a> {
    match expression {
        Expression::Field(field) => self::field(view, field, node),
        Expression::Value(value) => Read::from(value),
        Expression::Negative(inner) => number::negative(&value(view, inner, node)),
        Expression::Arithmetic(first, rest) => number::chain(
            value(view, first, node),
            rest.iter()
                .map(|(operator, part)| (*operator, value(view, part, node))),
        ),
        Expression::Compare(..)
        | Expression::Match { .. }
        | Expression::Exists { .. }
        | Expression::Not(_)
        | Expression::Logic(..) => Read::Bool(holds(view, expression, node)),
    }
}

/// Whether an expression's numbers are nanoseconds.
pub(super) fn is_duration(expression: &Expression) -> bool {
    match expression {
        Expression::Field(field) => of_time(field),
        Expression::Value(value) => matches!(value, Value::Duration(_)),
        Expression::Negative(inner) => is_duration(inner),
        Expression::Arithmetic(first, rest) => {
            is_duration(first) || rest.iter().any(|(_, part)| is_duration(part))
        }
        _ => false,
    }
}

/// Whether a field's number is in nanoseconds.
pub(crate) fn of_time(field: &Field) -> bool {
    match field {
        Field::Parent(field) => of_time(field),
        Field::Intrinsic(intrinsic) => matches!(
            intrinsic,
            Intrinsic::Duration | Intrinsic::TraceDuration | Intrinsic::EventTimeSinceStart
        ),
        Field::Attribute(..) => false,
    }
}

/// What a field says of a span.
pub(crate) fn field<'a>(view: &'a impl TraceView, field: &Field, node: u32) -> Read<'a> {
    // The place at which a walk enters a node counts the nodes entered and left before it.
    let enters = |node: u32| 2 * i64::from(node) - i64::from(view.depth(node)) + 1;
    match field {
        Field::Parent(field) => match view.parent(node) {
            Some(parent) => self::field(view, field, parent),
            None => Read::Nil,
        },
        Field::Intrinsic(Intrinsic::Parent) => match view.parent(node) {
            Some(_) => Read::Other,
            None => Read::Nil,
        },
        Field::Intrinsic(Intrinsic::NestedSetLeft) => Read::Int(enters(node)),
        Field::Intrinsic(Intrinsic::NestedSetRight) => {
            Read::Int(enters(node) + 2 * i64::from(view.subtree(node)) - 1)
        }
        Field::Intrinsic(Intrinsic::NestedSetParent) => {
            Read::Int(view.parent(node).map_or(-1, enters))
        }
        Field::Intrinsic(Intrinsic::ChildCount) => Read::Int(i64::from(view.children(node))),
        field => view.read(node, field),
    }
}

/// Whether a text fits a pattern; of several texts, whether one does, or with `negated` none.
fn fits(value: &Read<'_>, pattern: &Pattern, negated: bool) -> bool {
    match value {
        Read::Text(text) => pattern.is_match(text) != negated,
        Read::List(values) => {
            let mut texts = values.iter().filter_map(AttributeValue::as_str).peekable();
            texts.peek().is_some() && texts.any(|text| pattern.is_match(text)) != negated
        }
        Read::Many(values) => match negated {
            false => values.iter().any(|value| fits(value, pattern, false)),
            true => {
                values.iter().any(|value| fits(value, pattern, true))
                    && !values.iter().any(|value| fits(value, pattern, false))
            }
        },
        _ => false,
    }
}

/// Whether a comparison holds. What cannot be compared is neither equal nor unequal.
pub(super) fn compare(left: &Read<'_>, comparison: Comparison, right: &Read<'_>) -> bool {
    let ordering = match (left, right) {
        (Read::List(_) | Read::Many(_), Read::List(_) | Read::Many(_)) => return false,
        (several @ (Read::List(_) | Read::Many(_)), other) => {
            return one_of(several, comparison, |member, comparison| {
                compare(member, comparison, other)
            });
        }
        (other, several @ (Read::List(_) | Read::Many(_))) => {
            return one_of(several, comparison, |member, comparison| {
                compare(other, comparison, member)
            });
        }
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

/// Of several values one suffices, but all must differ to be unequal. Lists within lists do not
/// compare, which keeps this from recursing further.
fn one_of(
    several: &Read<'_>,
    comparison: Comparison,
    compare: impl Fn(&Read<'_>, Comparison) -> bool,
) -> bool {
    let members: Vec<Read<'_>> = match several {
        Read::List(values) => values.iter().map(Read::from).collect(),
        Read::Many(values) => values.clone(),
        _ => Vec::new(),
    };
    let any = |comparison| {
        members.iter().any(|member| {
            !matches!(member, Read::List(_) | Read::Many(_)) && compare(member, comparison)
        })
    };
    match comparison {
        Comparison::NotEqual => any(Comparison::NotEqual) && !any(Comparison::Equal),
        comparison => any(comparison),
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
