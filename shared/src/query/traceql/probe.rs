//! What a query finds without one of its parts: why nothing was found.

use super::{Expression, Logic, Query, SpansetExpression, SpansetOperator, Stage};

/// A query without one of its parts.
#[derive(Debug, Clone, PartialEq)]
pub struct Probe {
    /// The part that is left out.
    pub part: String,
    /// What remains; the empty query where nothing does.
    pub without: Query,
}

impl Query {
    /// The query without each of its parts in turn: a condition of a spanset, a spanset, a stage.
    /// Only parts that narrow the query are left out, so what remains finds all that the query finds.
    #[must_use]
    pub fn probes(&self) -> Vec<Probe> {
        let mut out = Vec::new();
        for (index, stage) in self.stages.iter().enumerate() {
            let mut push = |part: String, stage: Option<Stage>| {
                let mut without = self.clone();
                match stage {
                    Some(stage) => without.stages[index] = stage,
                    None => drop(without.stages.remove(index)),
                }
                out.push(Probe { part, without });
            };
            match stage {
                Stage::Spanset(SpansetExpression::Filter(None)) => {}
                Stage::Spanset(expression) => {
                    for (part, rest) in smaller(expression) {
                        push(part, rest.map(Stage::Spanset));
                    }
                }
                Stage::Scalar(..) => push(stage.to_string(), None),
                Stage::By(_) | Stage::Coalesce | Stage::Select(_) => {}
            }
        }
        out
    }
}

/// A spanset expression without each of its parts.
fn smaller(expression: &SpansetExpression) -> Vec<(String, Option<SpansetExpression>)> {
    match expression {
        SpansetExpression::Filter(None) => Vec::new(),
        SpansetExpression::Filter(Some(condition)) => match condition {
            Expression::Logic(first, rest)
                if rest.iter().all(|(logic, _)| *logic == Logic::And) =>
            {
                let parts: Vec<&Expression> = std::iter::once(first.as_ref())
                    .chain(rest.iter().map(|(_, part)| part))
                    .collect();
                (0..parts.len())
                    .map(|left_out| {
                        let rest = without(&parts, left_out);
                        let rest = join(rest, |first, rest| {
                            let rest = rest.into_iter().map(|part| (Logic::And, part));
                            Expression::Logic(Box::new(first), rest.collect())
                        });
                        let rest = SpansetExpression::Filter(rest);
                        (parts[left_out].to_string(), Some(rest))
                    })
                    .collect()
            }
            condition => vec![(condition.to_string(), Some(SpansetExpression::Filter(None)))],
        },
        SpansetExpression::Pipeline(_) => vec![(expression.to_string(), None)],
        SpansetExpression::Chain(first, rest) => {
            let narrows = |operator: &SpansetOperator| {
                matches!(operator, SpansetOperator::And | SpansetOperator::Related(_))
            };
            if !rest.iter().all(|(operator, _)| narrows(operator)) {
                return vec![(expression.to_string(), None)];
            }
            let mut out = Vec::new();
            let operands = std::iter::once(first.as_ref()).chain(rest.iter().map(|(_, part)| part));
            for (index, operand) in operands.enumerate() {
                for (part, smaller) in smaller(operand) {
                    let mut next = expression.clone();
                    if let SpansetExpression::Chain(first, rest) = &mut next {
                        let slot = match index {
                            0 => first.as_mut(),
                            index => &mut rest[index - 1].1,
                        };
                        *slot = smaller.unwrap_or(SpansetExpression::Filter(None));
                    }
                    out.push((part, Some(next)));
                }
            }
            out
        }
    }
}

fn without<T: Clone>(parts: &[&T], left_out: usize) -> Vec<T> {
    parts
        .iter()
        .enumerate()
        .filter(|(index, _)| *index != left_out)
        .map(|(_, part)| (*part).clone())
        .collect()
}

fn join<T>(mut parts: Vec<T>, join: impl FnOnce(T, Vec<T>) -> T) -> Option<T> {
    match parts.len() {
        0 => None,
        1 => parts.pop(),
        _ => {
            let first = parts.remove(0);
            Some(join(first, parts))
        }
    }
}
