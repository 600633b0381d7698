//! Writes a query as text that reads as the same query.

use std::fmt::{self, Display, Formatter, Write as _};

use super::lexer::is_attribute_char;
use super::words::{
    self, AGGREGATES, ARITHMETIC, COMPARISONS, SCOPES, SPANSET_OPERATORS, VALUES, word,
};
use super::{
    Argument, Expression, Field, Query, Scalar, Scope, SpansetExpression, Stage, Then, Value,
};

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        stages(f, &self.stages)?;
        if let Some(metrics) = &self.metrics {
            write!(f, " | {}(", metrics.function)?;
            list(f, &metrics.arguments)?;
            f.write_char(')')?;
            if !metrics.by.is_empty() {
                f.write_str(" by (")?;
                list(f, &metrics.by)?;
                f.write_char(')')?;
            }
            for then in &metrics.then {
                match then {
                    Then::Keep(function, count) => write!(f, " | {function}({count})")?,
                    Then::Compare(comparison, value) => {
                        write!(f, " {} {value}", word(&COMPARISONS, comparison))?;
                    }
                }
            }
        }
        if !self.hints.is_empty() {
            f.write_str(" with (")?;
            for (index, hint) in self.hints.iter().enumerate() {
                let comma = if index > 0 { ", " } else { "" };
                write!(f, "{comma}{}={}", hint.name, hint.value)?;
            }
            f.write_char(')')?;
        }
        Ok(())
    }
}

fn list<T: Display>(f: &mut Formatter<'_>, items: &[T]) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        let comma = if index > 0 { ", " } else { "" };
        write!(f, "{comma}{item}")?;
    }
    Ok(())
}

fn stages(f: &mut Formatter<'_>, stages: &[Stage]) -> fmt::Result {
    for (index, stage) in stages.iter().enumerate() {
        let pipe = if index > 0 { " | " } else { "" };
        write!(f, "{pipe}{stage}")?;
    }
    Ok(())
}

impl Display for Stage {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spanset(expression) => write!(f, "{expression}"),
            Self::Scalar(left, comparison, right) => {
                write!(f, "{left} {} {right}", word(&COMPARISONS, comparison))
            }
            Self::By(expression) => write!(f, "by({expression})"),
            Self::Coalesce => f.write_str("coalesce()"),
            Self::Select(fields) => {
                f.write_str("select(")?;
                list(f, fields)?;
                f.write_char(')')
            }
        }
    }
}

impl Display for SpansetExpression {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Filter(None) => f.write_str("{ }"),
            Self::Filter(Some(condition)) => write!(f, "{{ {condition} }}"),
            Self::Pipeline(inner) => {
                f.write_char('(')?;
                stages(f, inner)?;
                f.write_char(')')
            }
            Self::Chain(first, rest) => {
                spanset_operand(f, first)?;
                for (operator, operand) in rest {
                    write!(f, " {} ", word(&SPANSET_OPERATORS, operator))?;
                    spanset_operand(f, operand)?;
                }
                Ok(())
            }
        }
    }
}

/// A chain within a chain had brackets, or an operator that binds tighter, which brackets do not change.
fn spanset_operand(f: &mut Formatter<'_>, operand: &SpansetExpression) -> fmt::Result {
    match operand {
        SpansetExpression::Chain(..) => write!(f, "({operand})"),
        _ => write!(f, "{operand}"),
    }
}

impl Display for Scalar {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aggregate(aggregate, of) => {
                write!(f, "{}(", word(&AGGREGATES, aggregate))?;
                if let Some(of) = of {
                    write!(f, "{of}")?;
                }
                f.write_char(')')
            }
            Self::Value(value) => write!(f, "{value}"),
            Self::Arithmetic(first, rest) => {
                scalar_operand(f, first)?;
                for (operator, operand) in rest {
                    write!(f, " {} ", word(&ARITHMETIC, operator))?;
                    scalar_operand(f, operand)?;
                }
                Ok(())
            }
        }
    }
}

fn scalar_operand(f: &mut Formatter<'_>, operand: &Scalar) -> fmt::Result {
    match operand {
        Scalar::Arithmetic(..) => write!(f, "({operand})"),
        _ => write!(f, "{operand}"),
    }
}

impl Display for Expression {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(field) => write!(f, "{field}"),
            Self::Value(value) => write!(f, "{value}"),
            Self::Compare(left, comparison, right) => {
                operand(f, left)?;
                write!(f, " {} ", word(&COMPARISONS, comparison))?;
                operand(f, right)
            }
            Self::Match {
                operand: matched,
                pattern,
                negated,
            } => {
                operand(f, matched)?;
                f.write_str(if *negated { " !~ " } else { " =~ " })?;
                text(f, pattern.as_str())
            }
            Self::Exists { field, negated } => {
                write!(f, "{field} {} nil", if *negated { "=" } else { "!=" })
            }
            Self::Not(inner) => {
                f.write_char('!')?;
                operand(f, inner)
            }
            Self::Negative(inner) => {
                f.write_char('-')?;
                operand(f, inner)
            }
            Self::Logic(first, rest) => {
                let part = |f: &mut Formatter<'_>, part: &Self| match part {
                    Self::Compare(..) | Self::Match { .. } | Self::Exists { .. } => {
                        write!(f, "{part}")
                    }
                    _ => operand(f, part),
                };
                part(f, first)?;
                for (logic, condition) in rest {
                    f.write_str(match logic {
                        super::Logic::And => " && ",
                        super::Logic::Or => " || ",
                    })?;
                    part(f, condition)?;
                }
                Ok(())
            }
            Self::Arithmetic(first, rest) => {
                operand(f, first)?;
                for (operator, number) in rest {
                    write!(f, " {} ", word(&ARITHMETIC, operator))?;
                    operand(f, number)?;
                }
                Ok(())
            }
        }
    }
}

/// In brackets, unless it is a name or a value without a sign.
fn operand(f: &mut Formatter<'_>, expression: &Expression) -> fmt::Result {
    let signed = match expression {
        Expression::Value(Value::Int(value) | Value::Duration(value)) => *value < 0,
        Expression::Value(Value::Float(value)) => value.is_sign_negative(),
        _ => false,
    };
    match expression {
        Expression::Field(_) | Expression::Value(_) if !signed => write!(f, "{expression}"),
        _ => write!(f, "({expression})"),
    }
}

impl Display for Field {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Intrinsic(intrinsic) => f.write_str(words::of_intrinsic(*intrinsic)),
            Self::Attribute(scope, name) => {
                f.write_str(word(&SCOPES, scope))?;
                f.write_char('.')?;
                attribute_name(f, name, *scope == Scope::Any)
            }
            Self::Parent(field) => {
                f.write_str("parent")?;
                match field.as_ref() {
                    // Its words could be a scope's or an intrinsic's.
                    Self::Attribute(Scope::Any, name) => {
                        f.write_char('.')?;
                        text(f, name)
                    }
                    field => write!(f, ".{field}"),
                }
            }
        }
    }
}

fn attribute_name(f: &mut Formatter<'_>, name: &str, bare: bool) -> fmt::Result {
    // Behind the bare dot a digit would begin a number.
    let number = bare && name.starts_with(|first: char| first.is_ascii_digit());
    if number || !name.chars().all(is_attribute_char) {
        return text(f, name);
    }
    f.write_str(name)
}

impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::String(value) => text(f, value),
            Self::Int(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Duration(nanos) => {
                let units = [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us")];
                match units.into_iter().find(|(size, _)| nanos % size == 0) {
                    Some((size, unit)) => write!(f, "{}{unit}", nanos / size),
                    None => write!(f, "{nanos}ns"),
                }
            }
            other => f.write_str(word(&VALUES, other)),
        }
    }
}

impl Display for Argument {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(field) => write!(f, "{field}"),
            Self::Value(value) => write!(f, "{value}"),
            Self::Selection(None) => f.write_str("{ }"),
            Self::Selection(Some(condition)) => write!(f, "{{ {condition} }}"),
        }
    }
}

/// A text in quotes.
pub(super) fn text(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' | '\\' => write!(f, "\\{character}")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            other if other.is_control() => write!(f, "\\u{:04x}", u32::from(other))?,
            other => f.write_char(other)?,
        }
    }
    f.write_char('"')
}
