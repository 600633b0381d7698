//! Joins what the conditions found: operators between spansets, and the stages of a pipeline.

use std::collections::HashMap;

use super::super::{
    Aggregate, Expression, Read, Scalar, SpansetExpression, SpansetOperator, Stage, TraceView,
};
use super::relation::{among, related, reverse, union};
use super::{Found, Spanset, condition, number};
use crate::pace::Pace;

/// Spans between two breaths.
const STRIDE: usize = 512;

/// What the stages leave of a trace, given what each condition found.
pub(super) async fn pipeline(
    stages: &[Stage],
    view: &impl TraceView,
    found: &[Vec<u32>],
    pace: &impl Pace,
) -> Found {
    let run = Run { view, found, pace };
    let all: Vec<u32> = (0..view.count()).collect();
    let mut leaf = 0;
    let spansets = run.stages(stages, &all, &mut leaf).await;
    pace.breathe().await;
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

struct Run<'a, V, P> {
    view: &'a V,
    found: &'a [Vec<u32>],
    pace: &'a P,
}

impl<V: TraceView, P: Pace> Run<'_, V, P> {
    /// `leaf` counts the conditions in the order of the query.
    async fn stages(&self, stages: &[Stage], domain: &[u32], leaf: &mut usize) -> Vec<Spanset> {
        let mut spansets = vec![Spanset {
            nodes: domain.to_vec(),
            values: Vec::new(),
        }];
        for stage in stages {
            let first_leaf = *leaf;
            spansets.retain(|spanset| !spanset.nodes.is_empty());
            self.pace.breathe().await;
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
                        self.spanset(expression, &spanset.nodes, leaf).await;
                    }
                    for spanset in &mut spansets {
                        *leaf = first_leaf;
                        spanset.nodes = self.spanset(expression, &spanset.nodes, leaf).await;
                    }
                }
                Stage::Scalar(left, comparison, right) => {
                    let mut kept = Vec::with_capacity(spansets.len());
                    for mut spanset in spansets {
                        let one = self.scalar(left, &mut spanset).await;
                        let other = self.scalar(right, &mut spanset).await;
                        if condition::compare(&one, *comparison, &other) {
                            kept.push(spanset);
                        }
                    }
                    spansets = kept;
                }
                Stage::By(expression) => {
                    let mut split = Vec::new();
                    for spanset in &spansets {
                        self.split(spanset, expression, &mut split).await;
                    }
                    spansets = split;
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
    async fn spanset(
        &self,
        expression: &SpansetExpression,
        domain: &[u32],
        leaf: &mut usize,
    ) -> Vec<u32> {
        self.pace.breathe().await;
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
            SpansetExpression::Pipeline(stages) => {
                all_nodes(&Box::pin(self.stages(stages, domain, leaf)).await)
            }
            SpansetExpression::Chain(first, rest) => {
                let mut left = Box::pin(self.spanset(first, domain, leaf)).await;
                for (operator, right) in rest {
                    let right = Box::pin(self.spanset(right, domain, leaf)).await;
                    left = self.join(&left, *operator, &right);
                    self.pace.breathe().await;
                }
                left
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
    async fn split(&self, spanset: &Spanset, by: &Expression, out: &mut Vec<Spanset>) {
        let duration = condition::is_duration(by);
        let label = by.to_string();
        let mut places: HashMap<String, usize> = HashMap::new();
        for (index, &node) in spanset.nodes.iter().enumerate() {
            if index % STRIDE == 0 {
                self.pace.breathe().await;
            }
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
    }

    /// The number of a spanset; each aggregate is noted with it.
    async fn scalar(&self, scalar: &Scalar, spanset: &mut Spanset) -> Read<'static> {
        match scalar {
            Scalar::Value(value) => match Read::from(value) {
                Read::Int(value) => Read::Int(value),
                Read::Float(value) => Read::Float(value),
                _ => Read::Nil,
            },
            Scalar::Arithmetic(first, rest) => {
                let first = Box::pin(self.scalar(first, spanset)).await;
                let mut numbers = Vec::with_capacity(rest.len());
                for (operator, part) in rest {
                    numbers.push((*operator, Box::pin(self.scalar(part, spanset)).await));
                }
                number::chain(first, numbers.into_iter())
            }
            Scalar::Aggregate(aggregate, of) => {
                let number = match of {
                    None => Read::Int(spanset.nodes.len() as i64),
                    Some(of) => self.aggregate(*aggregate, of, &spanset.nodes).await,
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
    async fn aggregate(
        &self,
        aggregate: Aggregate,
        of: &Expression,
        nodes: &[u32],
    ) -> Read<'static> {
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
        for (index, &node) in nodes.iter().enumerate() {
            if index % STRIDE == 0 {
                self.pace.breathe().await;
            }
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
