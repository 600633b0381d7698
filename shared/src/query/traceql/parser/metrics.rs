//! The end of a metrics query, and hints.

use super::super::words::{COMPARISONS, METRICS, SERIES};
use super::super::{Argument, Hint, Metrics, Place, QueryError, Then, Value};
use super::{Parser, Token, unexpected};

const FUNCTION: &str = "a stage, such as `count() > 2` or `rate()`,";

impl Parser<'_> {
    /// `rate() by (name) | topk(5)`, behind its `|`.
    pub(super) fn metrics(&mut self) -> Result<Metrics, QueryError> {
        let (token, position) = self.next();
        let Token::Function(function) = token else {
            return Err(unexpected(&(token, position), FUNCTION));
        };
        if !METRICS.contains(&function) {
            let message = format!(
                "{function}() follows a metrics function, as in `{{ }} | rate() | {function}(5)`"
            );
            return Err(QueryError::new(position, message));
        }
        self.expect("(", "`(`")?;
        let arguments = self.arguments()?;
        Self::check_arguments(function, &arguments, position)?;
        let mut by = Vec::new();
        if self.peek() == &Token::Function("by") {
            self.next();
            self.expect("(", "`(`")?;
            by = self.fields()?;
        }
        Ok(Metrics {
            place: Place(position),
            function,
            arguments,
            by,
            then: self.then()?,
        })
    }

    fn arguments(&mut self) -> Result<Vec<Argument>, QueryError> {
        let mut arguments = Vec::new();
        if self.takes(")") {
            return Ok(arguments);
        }
        loop {
            arguments.push(match self.peek().clone() {
                Token::Field(field) => {
                    self.next();
                    Argument::Field(field)
                }
                Token::Symbol("{") => {
                    self.next();
                    Argument::Selection(self.nested(Self::braces)?)
                }
                _ => Argument::Value(self.literal()?),
            });
            if !self.takes(",") {
                self.expect(")", "`,` or `)`")?;
                return Ok(arguments);
            }
        }
    }

    fn check_arguments(
        function: &str,
        arguments: &[Argument],
        position: usize,
    ) -> Result<(), QueryError> {
        let values = |from: usize| {
            arguments[from..]
                .iter()
                .all(|argument| matches!(argument, Argument::Value(_)))
        };
        let (fits, usage) = match (function, arguments) {
            ("rate" | "count_over_time", _) => (arguments.is_empty(), "()"),
            ("quantile_over_time", [Argument::Field(_), _, ..]) => (values(1), ""),
            ("quantile_over_time", _) => (false, "(duration, 0.5, 0.9)"),
            ("compare", [Argument::Selection(_), ..]) => (values(1), ""),
            ("compare", _) => (false, "({ status = error })"),
            (_, [Argument::Field(_)]) => (true, ""),
            _ => (false, "(duration)"),
        };
        if fits {
            return Ok(());
        }
        let message = format!("{function} is written as `{function}{usage}`");
        Err(QueryError::new(position, message))
    }

    fn then(&mut self) -> Result<Vec<Then>, QueryError> {
        let mut then = Vec::new();
        loop {
            if let Some((_, comparison)) = self.peek_symbol(&COMPARISONS) {
                self.next();
                then.push(Then::Compare(comparison, self.literal()?));
            } else if self.takes("|") {
                let (token, position) = self.next();
                let function = match token {
                    Token::Function(name) if SERIES.contains(&name) => name,
                    token => {
                        return Err(unexpected(&(token, position), "`topk(5)` or `bottomk(5)`"));
                    }
                };
                self.expect("(", "`(`")?;
                let count = match self.next() {
                    (Token::Value(Value::Int(count)), _) if count > 0 => count,
                    token => return Err(unexpected(&token, "how many series, such as 5,")),
                };
                self.expect(")", "`)`")?;
                then.push(Then::Keep(function, count));
            } else {
                return Ok(then);
            }
        }
    }

    /// `with (name=value, …)`
    pub(super) fn hints(&mut self) -> Result<Vec<Hint>, QueryError> {
        self.next();
        self.expect("(", "`(`")?;
        let mut hints = Vec::new();
        loop {
            let (token, position) = self.next();
            let Token::Word(name) = token else {
                let expected = "a hint, such as `most_recent=true`,";
                return Err(unexpected(&(token, position), expected));
            };
            self.expect("=", "`=`")?;
            let value = match self.peek() {
                Token::Value(value) => {
                    let value = value.clone();
                    self.next();
                    value
                }
                _ => self.literal()?,
            };
            hints.push(Hint {
                place: Place(position),
                name,
                value,
            });
            if !self.takes(",") {
                self.expect(")", "`,` or `)`")?;
                return Ok(hints);
            }
        }
    }
}
