//! Pipelines, spansets and the scalars between them.

use super::super::check;
use super::super::words::{AGGREGATES, ARITHMETIC, COMPARISONS, METRICS, SPANSET_OPERATORS};
use super::super::words::{SERIES, meaning};
use super::super::{
    Aggregate, Expression, Field, Query, QueryError, Scalar, SpansetExpression, SpansetOperator,
    Stage, Value,
};
use super::{Parser, Token, unexpected};

const SPANSET: &str = "a spanset, such as `{ name = \"GET /\" }`,";

impl Parser<'_> {
    /// A pipeline, the metrics function at its end, and hints.
    pub(super) fn query(&mut self) -> Result<Query, QueryError> {
        let stages = self.stages()?;
        let mut query = Query {
            stages,
            ..Query::default()
        };
        if self.peek() == &Token::Symbol("|") {
            // Stages end only at a function that computes series.
            self.next();
            query.metrics = Some(self.metrics()?);
        }
        if self.peek() == &Token::Function("with") {
            query.hints = self.hints()?;
        }
        Ok(query)
    }

    /// Stages up to the end, a closing bracket, hints or a metrics function.
    fn stages(&mut self) -> Result<Vec<Stage>, QueryError> {
        let mut stages = vec![self.stage(true)?];
        while self.peek() == &Token::Symbol("|") && !self.at_metrics() {
            self.next();
            stages.push(self.stage(false)?);
        }
        Ok(stages)
    }

    fn at_metrics(&self) -> bool {
        match self.tokens.get(self.at + 1) {
            Some((Token::Function(name), _)) => METRICS.contains(name) || SERIES.contains(name),
            _ => false,
        }
    }

    fn stage(&mut self, first: bool) -> Result<Stage, QueryError> {
        let position = self.position();
        match self.peek().clone() {
            Token::Function("by") => {
                self.next();
                self.expect("(", "`(`")?;
                let by = self.nested(Self::expression)?;
                self.expect(")", "`)`")?;
                Ok(Stage::By(check::group(by)?))
            }
            Token::Function("select") => {
                self.next();
                self.expect("(", "`(`")?;
                Ok(Stage::Select(self.fields()?))
            }
            Token::Function("coalesce") if first => Err(QueryError::new(
                position,
                "coalesce() joins what by() has split; it follows it, as in `{ } | by(name) | coalesce()`",
            )),
            Token::Function("coalesce") => {
                self.next();
                self.expect("(", "`(`")?;
                self.expect(")", "`)`")?;
                Ok(Stage::Coalesce)
            }
            Token::Function(name) if METRICS.contains(&name) || SERIES.contains(&name) => {
                let message = format!("{name}() follows a spanset, as in `{{ }} | {name}()`");
                Err(QueryError::new(position, message))
            }
            Token::Function(name) if meaning(&AGGREGATES, name).is_some() => self.scalar_filter(),
            Token::Value(Value::Int(_) | Value::Float(_) | Value::Duration(_))
            | Token::Symbol("-") => self.scalar_filter(),
            Token::Symbol("(") if self.is_scalar_bracket() => self.scalar_filter(),
            _ => Ok(Stage::Spanset(self.spansets()?)),
        }
    }

    /// Fields up to the closing bracket.
    pub(super) fn fields(&mut self) -> Result<Vec<Field>, QueryError> {
        let mut fields = Vec::new();
        loop {
            match self.next() {
                (Token::Field(field), _) => fields.push(field),
                token => return Err(unexpected(&token, "a name, such as `span.http.route`,")),
            }
            if !self.takes(",") {
                self.expect(")", "`,` or `)`")?;
                return Ok(fields);
            }
        }
    }

    /// Whether the bracket that comes next holds a number rather than spansets.
    fn is_scalar_bracket(&self) -> bool {
        let mut depth = 0_usize;
        for (token, _) in &self.tokens[self.at..] {
            match token {
                Token::Symbol("(") => depth += 1,
                Token::Symbol(")") if depth == 1 => return true,
                Token::Symbol(")") => depth -= 1,
                Token::Symbol("{" | "|") | Token::End => return false,
                // Within `avg(…)` comparisons are wrong all the same.
                Token::Symbol(symbol) if meaning(&COMPARISONS, symbol).is_some() => return false,
                _ => {}
            }
        }
        false
    }

    /// `count() > 2`
    fn scalar_filter(&mut self) -> Result<Stage, QueryError> {
        let left = self.scalar()?;
        let Some((_, comparison)) = self.peek_symbol(&COMPARISONS) else {
            let token = self.next();
            return Err(unexpected(&token, "a comparison, as in `count() > 2`,"));
        };
        self.next();
        Ok(Stage::Scalar(left, comparison, self.scalar()?))
    }

    fn scalar(&mut self) -> Result<Scalar, QueryError> {
        self.scalar_chain(Self::scalar_product, &["+", "-"])
    }

    fn scalar_product(&mut self) -> Result<Scalar, QueryError> {
        self.scalar_chain(Self::scalar_power, &["*", "/", "%"])
    }

    fn scalar_power(&mut self) -> Result<Scalar, QueryError> {
        self.scalar_chain(Self::scalar_operand, &["^"])
    }

    fn scalar_chain(
        &mut self,
        operand: fn(&mut Self) -> Result<Scalar, QueryError>,
        operators: &[&str],
    ) -> Result<Scalar, QueryError> {
        let first = operand(self)?;
        let mut rest = Vec::new();
        while let Some((symbol, operator)) = self.peek_symbol(&ARITHMETIC) {
            if !operators.contains(&symbol) {
                break;
            }
            self.next();
            rest.push((operator, operand(self)?));
        }
        Ok(if rest.is_empty() {
            first
        } else {
            Scalar::Arithmetic(Box::new(first), rest)
        })
    }

    fn scalar_operand(&mut self) -> Result<Scalar, QueryError> {
        const EXPECTED: &str = "an aggregate, such as `count()`, or a number";
        match self.peek().clone() {
            Token::Symbol("(") => {
                self.next();
                let inner = self.nested(Self::scalar)?;
                self.expect(")", "`)`")?;
                Ok(inner)
            }
            Token::Symbol("-") | Token::Value(_) => Ok(Scalar::Value(self.literal()?)),
            Token::Function(name) => {
                let Some(aggregate) = meaning(&AGGREGATES, name) else {
                    return Err(unexpected(&self.next(), EXPECTED));
                };
                self.next();
                self.expect("(", "`(`")?;
                let of = self.aggregated(aggregate)?;
                self.expect(")", "`)`")?;
                Ok(Scalar::Aggregate(aggregate, of))
            }
            _ => Err(unexpected(&self.next(), EXPECTED)),
        }
    }

    fn aggregated(&mut self, aggregate: Aggregate) -> Result<Option<Expression>, QueryError> {
        if aggregate == Aggregate::Count {
            return Ok(None);
        }
        if self.peek() == &Token::Symbol(")") {
            let token = self.next();
            return Err(unexpected(
                &token,
                "what is aggregated, such as `duration`,",
            ));
        }
        let number = self.nested(Self::expression)?;
        Ok(Some(check::measure(number)?))
    }

    /// Spansets joined by `&&` and `||`.
    fn spansets(&mut self) -> Result<SpansetExpression, QueryError> {
        self.spanset_chain(Self::related_spansets, |operator| {
            matches!(operator, SpansetOperator::And | SpansetOperator::Or)
        })
    }

    /// Spansets joined by their relation, which binds tighter.
    fn related_spansets(&mut self) -> Result<SpansetExpression, QueryError> {
        self.spanset_chain(Self::spanset, |operator| {
            !matches!(operator, SpansetOperator::And | SpansetOperator::Or)
        })
    }

    fn spanset_chain(
        &mut self,
        operand: fn(&mut Self) -> Result<SpansetExpression, QueryError>,
        belongs: fn(SpansetOperator) -> bool,
    ) -> Result<SpansetExpression, QueryError> {
        let first = operand(self)?;
        let mut rest = Vec::new();
        while let Some((_, operator)) = self.peek_symbol(&SPANSET_OPERATORS) {
            if !belongs(operator) {
                break;
            }
            self.next();
            rest.push((operator, operand(self)?));
        }
        Ok(if rest.is_empty() {
            first
        } else {
            SpansetExpression::Chain(Box::new(first), rest)
        })
    }

    fn spanset(&mut self) -> Result<SpansetExpression, QueryError> {
        match self.next() {
            (Token::Symbol("{"), _) => Ok(SpansetExpression::Filter(self.braces()?)),
            (Token::Symbol("("), _) => {
                let mut stages = self.nested(Self::stages)?;
                self.expect(")", "`&&`, `||`, `>>`, `|` or `)`")?;
                Ok(match stages.pop() {
                    Some(Stage::Spanset(only)) if stages.is_empty() => only,
                    last => {
                        stages.extend(last);
                        SpansetExpression::Pipeline(stages)
                    }
                })
            }
            token => Err(unexpected(&token, SPANSET)),
        }
    }
}
