//! Which fields an evaluation reads of spans.

use super::super::{Expression, Field, Intrinsic, Query, Scalar, SpansetExpression, Stage};

impl Query {
    /// The fields that [`TraceView::read`](super::super::TraceView::read) is asked for while the query is evaluated, each once: those that
    /// decide what is found, not those that `select()` shows.
    #[must_use]
    pub fn reads(&self) -> Vec<&Field> {
        let mut found = Vec::new();
        of_stages(&self.stages, &mut found);
        found
    }
}

fn of_stages<'q>(stages: &'q [Stage], found: &mut Vec<&'q Field>) {
    for stage in stages {
        match stage {
            Stage::Spanset(expression) => of_spanset(expression, found),
            Stage::Scalar(left, _, right) => {
                of_scalar(left, found);
                of_scalar(right, found);
            }
            Stage::By(expression) => of_expression(expression, found),
            Stage::Coalesce | Stage::Select(_) => {}
        }
    }
}

fn of_spanset<'q>(expression: &'q SpansetExpression, found: &mut Vec<&'q Field>) {
    match expression {
        SpansetExpression::Filter(None) => {}
        SpansetExpression::Filter(Some(condition)) => of_expression(condition, found),
        SpansetExpression::Pipeline(stages) => of_stages(stages, found),
        SpansetExpression::Chain(first, rest) => {
            of_spanset(first, found);
            rest.iter().for_each(|(_, part)| of_spanset(part, found));
        }
    }
}

fn of_scalar<'q>(scalar: &'q Scalar, found: &mut Vec<&'q Field>) {
    match scalar {
        Scalar::Aggregate(_, of) => of.iter().for_each(|of| of_expression(of, found)),
        Scalar::Value(_) => {}
        Scalar::Arithmetic(first, rest) => {
            of_scalar(first, found);
            rest.iter().for_each(|(_, part)| of_scalar(part, found));
        }
    }
}

fn of_expression<'q>(expression: &'q Expression, found: &mut Vec<&'q Field>) {
    match expression {
        Expression::Field(field) | Expression::Exists { field, .. } => of_field(field, found),
        Expression::Value(_) => {}
        Expression::Compare(left, _, right) => {
            of_expression(left, found);
            of_expression(right, found);
        }
        Expression::Match { operand, .. } => of_expression(operand, found),
        Expression::Not(inner) | Expression::Negative(inner) => of_expression(inner, found),
        Expression::Logic(first, rest) => {
            of_expression(first, found);
            rest.iter().for_each(|(_, part)| of_expression(part, found));
        }
        Expression::Arithmetic(first, rest) => {
            of_expression(first, found);
            rest.iter().for_each(|(_, part)| of_expression(part, found));
        }
    }
}

fn of_field<'q>(field: &'q Field, found: &mut Vec<&'q Field>) {
    match field {
        Field::Parent(field) => of_field(field, found),
        // What a place in the tree says, no span is asked for.
        Field::Intrinsic(
            Intrinsic::Parent
            | Intrinsic::ChildCount
            | Intrinsic::NestedSetLeft
            | Intrinsic::NestedSetRight
            | Intrinsic::NestedSetParent,
        ) => {}
        field if found.contains(&field) => {}
        field => found.push(field),
    }
}
