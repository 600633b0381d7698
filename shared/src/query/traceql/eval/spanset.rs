//! Joins what the conditions found: operators between spansets, and the stages of a pipeline.

use std::collections::HashMap;

use super::super::{
    Aggregate, Expression, Read, Scalar, SpansetExpression, SpansetOperator, Stage, TraceView,
};
use super::relation::{among, related, reverse, union};
use super::{Found, Spanset, condition, number};

/// What the stages leave of a trace, given what each condition found.
pub(super) fn pipeline(stages: &[Stage], view: &impl TraceView, found: &[Vec<u32>]) -> Found {
    let run = Run { view, found };
    let all: Vec<u32> = (0..view.count()).collect();
    let mut leaf = 0;
    let spansets = run.stages(stages, &all, &mut leaf);
    Found {
        nodes: all_nodes(&spansets),
        spansets,
    }
}

/// The nodes of all spansets, each once.
fn all_nodes(spansets: &[Spanset]) -> Vec<u32> {
    match spansets {
        [] => Vec::new(),
        [only] => only.nodes.clone(),
        several => {
            let mut nodes: Vec<u32> = several
                .iter()
                .flat_map(|spanset| spanset.nodes.iter().copied())
                .collect();
            nodes.sort_unstable();
            nodes.dedup();
            nodes
        }
    }
}

struct Run<'a, V> {
    view: &'a V,
    found: &'a [Vec<u32>],
}

impl<V: TraceView> Run<'_, V> {
    /// `leaf` counts the conditions in the order of the query.
    fn stages(&self, stages: &[Stage], domain: &[u32], leaf: &mut usize) -> Vec<Spanset> {
        let mut spansets = vec![Spanset {
            nodes: domain.to_vec(),
            values: Vec::new(),
        }];
        for stage in stages {
            let first_leaf = *leaf;
            spansets.retain(|spanset| !spanset.nodes.is_empty());
            match stage {
                Stage::Spanset(expression) => {
                    // The conditions are counted also where no spanset is left.
                    let nothing = [Spanset::default()];
                    let counted = if spansets.is_empty() {
                        &nothing[..]
                    } else {
                        &[]
                    };
                    for spanset in counted {
                        self.spanset(expression, &spanset.nodes, leaf);
                    }
                    for spanset in &mut spansets {
                        *leaf = first_leaf;
                        spanset.nodes = self.spanset(expression, &spanset.nodes, leaf);
                    }
                }
                Stage::Scalar(left, comparison, right) => spansets.retain_mut(|spanset| {
                    let (one, other) = (self.scalar(left, spanset), self.scalar(right, spanset));
                    condition::compare(&one, *comparison, &other)
                }),
                Stage::By(expression) => {
                    let split = spansets.iter().flat_map(|one| self.split(one, expression));
                    spansets = split.collect();
                }
                Stage::Coalesce => {
                    spansets = vec![Spanset {
                        nodes: all_nodes(&spansets),
                        values: Vec::new(),
                    }];
                }
                Stage::Select(_) => {}
            }
        }
        spansets.retain(|spanset| !spanset.nodes.is_empty());
        spansets
    }

    /// Recurses into brackets only, which the parser keeps shallow.
    fn spanset(
        &self,
        expression: &SpansetExpression,
        domain: &[u32],
        leaf: &mut usize,
    ) -> Vec<u32> {
        match expression {
            SpansetExpression::Filter(None) => domain.to_vec(),
            SpansetExpression::Filter(Some(_)) => {
                let found = self.found.get(*leaf).map_or(&[][..], Vec::as_slice);
                *leaf += 1;
                if domain.len() == self.view.count() as usize {
                    found.to_vec()
                } else {
                    among(found, domain, true)
                }
            }
            SpansetExpression::Pipeline(stages) => all_nodes(&self.stages(stages, domain, leaf)),
            SpansetExpression::Chain(first, rest) => {
                let first = self.spanset(first, domain, leaf);
                rest.iter().fold(first, |left, (operator, right)| {
                    let right = self.spanset(right, domain, leaf);
                    self.join(&left, *operator, &right)
                })
            }
        }
    }

    fn join(&self, left: &[u32], operator: SpansetOperator, right: &[u32]) -> Vec<u32> {
        match operator {
            SpansetOperator::And if left.is_empty() || right.is_empty() => Vec::new(),
            SpansetOperator::And | SpansetOperator::Or => union(left, right),
            SpansetOperator::Related(relation) => related(self.view, relation, left, right),
            SpansetOperator::Unrelated(relation) => {
                among(right, &related(self.view, relation, left, right), false)
            }
            SpansetOperator::Both(relation) => union(
                &related(self.view, relation, left, right),
                &related(self.view, reverse(relation), right, left),
            ),
        }
    }

    /// One spanset for each value, in the order of their first spans.
    fn split(&self, spanset: &Spanset, by: &Expression) -> Vec<Spanset> {
        let duration = condition::is_duration(by);
        let label = by.to_string();
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut out: Vec<Spanset> = Vec::new();
        for &node in &spanset.nodes {
            let value = condition::value(self.view, by, node).into_value(duration);
            // The text of a value tells `1` from `"1"`.
            let place = *places.entry(value.to_string()).or_insert_with(|| {
                let mut values = spanset.values.clone();
                values.push((label.clone(), value));
                out.push(Spanset {
                    nodes: Vec::new(),
                    values,
                });
                out.len() - 1
            });
            out[place].nodes.push(node);
        }
        out
    }

    /// The number of a spanset; each aggregate is noted with it.
    fn scalar(&self, scalar: &Scalar, spanset: &mut Spanset) -> Read<'static> {
        match scalar {
            Scalar::Value(value) => match Read::from(value) {
                Read::Int(value) => Read::Int(value),
                Read::Float(value) => Read::Float(value),
                _ => Read::Nil,
            },
            Scalar::Arithmetic(first, rest) => {
                let first = self.scalar(first, spanset);
                let rest: Vec<_> = rest
                    .iter()
                    .map(|(operator, part)| (*operator, self.scalar(part, spanset)))
                    .collect();
                number::chain(first, rest.into_iter())
            }
            Scalar::Aggregate(aggregate, of) => {
                let number = match of {
                    None => Read::Int(spanset.nodes.len() as i64),
                    Some(of) => self.aggregate(*aggregate, of, &spanset.nodes),
                };
                let duration = of.as_ref().is_some_and(condition::is_duration);
                let label = scalar.to_string();
                if !spanset.values.iter().any(|(other, _)| *other == label) {
                    let value = number.clone().into_value(duration);
                    spanset.values.push((label, value));
                }
                number
            }
        }
    }

    /// Spans that have no number do not count; of none at all there is no aggregate.
    fn aggregate(&self, aggregate: Aggregate, of: &Expression, nodes: &[u32]) -> Read<'static> {
        let mut total = Read::Nil;
        let mut count = 0_u32;
        let mut add = |value: &Read<'_>| {
            let Some(float) = number::as_float(value) else {
                return;
            };
            let value = match value {
                Read::Int(value) => Read::Int(*value),
                _ => Read::Float(float),
            };
            count += 1;
            let replaces = match (number::as_float(&total), aggregate) {
                (None, _) => true,
                (Some(other), Aggregate::Min) => float < other,
                (Some(other), Aggregate::Max) => float > other,
                (Some(_), _) => false,
            };
            if replaces {
                total = value;
            } else if matches!(aggregate, Aggregate::Sum | Aggregate::Avg) {
                total = number::join(&total, super::super::Arithmetic::Add, &value);
            }
        };
        for &node in nodes {
            match condition::value(self.view, of, node) {
                Read::Many(values) => values.iter().for_each(&mut add),
                Read::List(values) => values.iter().map(Read::from).for_each(|value| add(&value)),
                value => add(&value),
            }
        }
        match (aggregate, number::as_float(&total)) {
            (Aggregate::Avg, Some(sum)) => Read::Float(sum / f64::from(count)),
            _ => total,
        }
    }
}
