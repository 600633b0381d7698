//! Asks a query of one trace.
//!
//! Every `{ … }` is asked of every span once, in slices where the caller likes; what joins the
//! spansets then takes time linear in the spans found.

mod children;
mod condition;
mod fields;
mod number;
mod relation;
mod spanset;

use super::{Expression, Query, SpansetExpression, Stage, TraceView, Value};
use crate::pace::{Pace, Unhurried, at_once};
use crate::trace::Trace;
use children::{Children, WithChildren};

/// Spans that are asked between two breaths. A pattern may take tens of microseconds for each.
const SLICE: u32 = 256;

/// What a query finds in a trace.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Found {
    /// The nodes of all spansets, in ascending order.
    pub nodes: Vec<u32>,
    /// The spansets at the end of the pipeline: one, unless `by()` split it.
    pub spansets: Vec<Spanset>,
}

/// Spans that belong together.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Spanset {
    /// Its nodes, in ascending order.
    pub nodes: Vec<u32>,
    /// What it was grouped by and the values of its aggregates, by the text of each.
    pub values: Vec<(String, Value)>,
}

/// A query under way over one trace.
#[derive(Debug, Clone, Default)]
pub struct Evaluation {
    /// What each condition has found so far, in the order of the query.
    found: Vec<Vec<u32>>,
    /// The first node that was not asked yet.
    next: u32,
    children: Children,
}

impl Evaluation {
    /// Asks the conditions of at most `count` more spans. Whether all have been asked.
    pub fn step(&mut self, query: &Query, view: &impl TraceView, count: u32) -> bool {
        let conditions = conditions(query);
        self.found.resize_with(conditions.len(), Vec::new);
        let end = self.next.saturating_add(count).min(view.count());
        let view = &WithChildren(view, &self.children);
        for (condition, found) in conditions.iter().zip(&mut self.found) {
            found.extend((self.next..end).filter(|node| condition::holds(view, condition, *node)));
        }
        self.next = end;
        end == view.count()
    }

    /// Asks what is left, and joins the spansets.
    #[must_use]
    pub fn finish(mut self, query: &Query, view: &impl TraceView) -> Found {
        self.step(query, view, u32::MAX);
        at_once(self.finish_with(query, view, &Unhurried))
    }

    /// Asks what is left, and joins the spansets, with a breath every few thousand spans.
    pub async fn finish_with(
        mut self,
        query: &Query,
        view: &impl TraceView,
        pace: &impl Pace,
    ) -> Found {
        while !self.step(query, view, SLICE) {
            pace.breathe().await;
        }
        let view = &WithChildren(view, &self.children);
        spanset::pipeline(&query.stages, view, &self.found, pace).await
    }
}

impl Query {
    /// What the query finds in a trace.
    #[must_use]
    pub fn find(&self, view: &impl TraceView) -> Found {
        Evaluation::default().finish(self, view)
    }

    /// The nodes of the trace that the query finds, in ascending order; none where the trace does not
    /// match.
    #[must_use]
    pub fn matches(&self, trace: &Trace) -> Vec<u32> {
        self.find(trace).nodes
    }

    /// Whether the query finds every span of every trace.
    #[must_use]
    pub fn finds_all(&self) -> bool {
        self.stages
            .iter()
            .all(|stage| *stage == Stage::Spanset(SpansetExpression::Filter(None)))
    }
}

/// The conditions of all braces, in the order of the query.
fn conditions(query: &Query) -> Vec<&Expression> {
    let mut found = Vec::new();
    of_stages(&query.stages, &mut found);
    found
}

fn of_stages<'q>(stages: &'q [Stage], found: &mut Vec<&'q Expression>) {
    for stage in stages {
        if let Stage::Spanset(expression) = stage {
            of_spanset(expression, found);
        }
    }
}

fn of_spanset<'q>(expression: &'q SpansetExpression, found: &mut Vec<&'q Expression>) {
    match expression {
        SpansetExpression::Filter(condition) => found.extend(condition),
        SpansetExpression::Pipeline(stages) => of_stages(stages, found),
        SpansetExpression::Chain(first, rest) => {
            of_spanset(first, found);
            for (_, operand) in rest {
                of_spanset(operand, found);
            }
        }
    }
}

/// What a field says of a span.
pub(super) fn field_value(view: &impl TraceView, field: &super::Field, node: u32) -> Value {
    condition::field(view, field, node).into_value(condition::of_time(field))
}
