//! Arithmetic. Whole numbers stay exact as long as they fit; what has no value is nil.

use super::super::{Arithmetic, Read};

/// Joins numbers from left to right, powers from right to left.
pub(super) fn chain<'a>(
    first: Read<'a>,
    rest: impl DoubleEndedIterator<Item = (Arithmetic, Read<'a>)>,
) -> Read<'a> {
    let mut rest = rest.peekable();
    if rest
        .peek()
        .is_some_and(|(operator, _)| *operator == Arithmetic::Power)
    {
        let mut numbers = vec![first];
        numbers.extend(rest.map(|(_, number)| number));
        let last = numbers.pop().unwrap_or(Read::Nil);
        return numbers
            .into_iter()
            .rfold(last, |right, left| join(&left, Arithmetic::Power, &right));
    }
    rest.fold(first, |left, (operator, right)| {
        join(&left, operator, &right)
    })
}

/// The number with the other sign.
pub(super) fn negative(number: &Read<'_>) -> Read<'static> {
    match number {
        Read::Int(value) => value
            .checked_neg()
            .map_or(Read::Float(-(*value as f64)), Read::Int),
        Read::Float(value) => Read::Float(-value),
        _ => Read::Nil,
    }
}

/// The number, where the value is one.
pub(super) fn as_float(value: &Read<'_>) -> Option<f64> {
    match value {
        Read::Int(value) => Some(*value as f64),
        Read::Float(value) => Some(*value),
        _ => None,
    }
}

pub(super) fn join(left: &Read<'_>, operator: Arithmetic, right: &Read<'_>) -> Read<'static> {
    if let (Read::Int(left), Read::Int(right)) = (left, right) {
        let whole = match operator {
            Arithmetic::Add => left.checked_add(*right),
            Arithmetic::Subtract => left.checked_sub(*right),
            Arithmetic::Multiply => left.checked_mul(*right),
            Arithmetic::Remainder => left.checked_rem(*right),
            Arithmetic::Divide | Arithmetic::Power => None,
        };
        if let Some(whole) = whole {
            return Read::Int(whole);
        }
    }
    let (Some(left), Some(right)) = (as_float(left), as_float(right)) else {
        return Read::Nil;
    };
    let number = match operator {
        Arithmetic::Add => left + right,
        Arithmetic::Subtract => left - right,
        Arithmetic::Multiply => left * right,
        Arithmetic::Divide => left / right,
        Arithmetic::Remainder => left % right,
        Arithmetic::Power => left.powf(right),
    };
    if number.is_finite() {
        Read::Float(number)
    } else {
        Read::Nil
    }
}
