//! What stands within braces: conditions, comparisons, arithmetic.
//!
//! From loose to tight: `&&` and `||`; comparisons; `+` and `-`; signs and `!`; `*`, `/` and `%`; `^`,
//! which joins from right to left.

use super::super::check::{self, Typed};
use super::super::words::{ARITHMETIC, COMPARISONS};
use super::super::{Arithmetic, Expression, Logic, QueryError, Value};
use super::{Parser, Token, unexpected};

impl Parser<'_> {
    /// Within braces: a condition, or `None` where there is nothing.
    pub(super) fn braces(&mut self) -> Result<Option<Expression>, QueryError> {
        if self.takes("}") {
            return Ok(None);
        }
        let condition = check::truth(self.expression()?)?;
        self.expect("}", "`&&`, `||`, a comparison or `}`")?;
        Ok(Some(condition))
    }

    /// Conditions joined by `&&` and `||`, or a value by itself.
    pub(super) fn expression(&mut self) -> Result<Typed, QueryError> {
        let first = self.comparison()?;
        let mut rest = Vec::new();
        loop {
            let logic = match self.peek() {
                Token::Symbol("&&") => Logic::And,
                Token::Symbol("||") => Logic::Or,
                _ => break,
            };
            self.next();
            rest.push((logic, check::truth(self.comparison()?)?));
        }
        if rest.is_empty() {
            return Ok(first);
        }
        let at = first.at;
        let first = Box::new(check::truth(first)?);
        Ok(check::condition(Expression::Logic(first, rest), at))
    }

    fn comparison(&mut self) -> Result<Typed, QueryError> {
        let left = self.sum()?;
        let at = left.at;
        let Some(operator) = self.comparison_sign() else {
            return Ok(left);
        };
        let operator_at = self.position();
        self.next();
        let right = self.sum()?;
        let condition = check::compare(left, (operator, operator_at), right, self.compile)?;
        if let Some(operator) = self.comparison_sign() {
            return Err(QueryError::new(
                self.position(),
                format!(
                    "`{operator}` cannot follow a comparison; join two with && or use brackets"
                ),
            ));
        }
        Ok(check::condition(condition, at))
    }

    fn comparison_sign(&self) -> Option<&'static str> {
        match self.peek() {
            Token::Symbol(symbol @ ("=~" | "!~")) => Some(symbol),
            _ => self.peek_symbol(&COMPARISONS).map(|(symbol, _)| symbol),
        }
    }

    fn sum(&mut self) -> Result<Typed, QueryError> {
        self.chain(Self::signed, &["+", "-"])
    }

    /// A sign or `!` holds for the products behind it, as in Tempo's grammar.
    fn signed(&mut self) -> Result<Typed, QueryError> {
        let at = self.position();
        match self.peek() {
            Token::Symbol("-") => {
                self.next();
                let number = self.nested(Self::signed)?;
                check::negative(number, at)
            }
            Token::Symbol("!") => {
                self.next();
                let inner = self.nested(Self::signed)?;
                check::not(inner, at)
            }
            _ => self.product(),
        }
    }

    fn product(&mut self) -> Result<Typed, QueryError> {
        self.chain(Self::power, &["*", "/", "%"])
    }

    fn power(&mut self) -> Result<Typed, QueryError> {
        self.chain(Self::operand, &["^"])
    }

    /// Operands joined by operators of one precedence.
    fn chain(
        &mut self,
        operand: fn(&mut Self) -> Result<Typed, QueryError>,
        operators: &[&str],
    ) -> Result<Typed, QueryError> {
        let first = operand(self)?;
        let mut rest: Vec<(Arithmetic, Expression)> = Vec::new();
        let (at, mut first) = (first.at, first);
        while let Some((symbol, operator)) = self.peek_symbol(&ARITHMETIC) {
            if !operators.contains(&symbol) {
                break;
            }
            self.next();
            first = check::number(first, symbol)?;
            let sign = self.peek() == &Token::Symbol("-");
            let right = if sign { self.signed()? } else { operand(self)? };
            rest.push((operator, check::number(right, symbol)?.expression));
        }
        if rest.is_empty() {
            return Ok(first);
        }
        let joined = Expression::Arithmetic(Box::new(first.expression), rest);
        Ok(check::amount(joined, at))
    }

    fn operand(&mut self) -> Result<Typed, QueryError> {
        let (token, at) = self.next();
        match token {
            Token::Field(field) => Ok(Typed::new(Expression::Field(field), at)),
            Token::Value(value) => Ok(Typed::new(Expression::Value(value), at)),
            Token::Symbol("(") => {
                let inner = self.nested(Self::expression)?;
                self.expect(")", "`&&`, `||`, a comparison or `)`")?;
                Ok(inner)
            }
            token => Err(unexpected(&(token, at), "a name, a value or `(`")),
        }
    }

    /// A number or duration, perhaps with a sign.
    pub(super) fn literal(&mut self) -> Result<Value, QueryError> {
        let negative = self.takes("-");
        let (token, at) = self.next();
        let number = match token {
            Token::Value(Value::Int(value)) => Value::Int(if negative { -value } else { value }),
            Token::Value(Value::Float(value)) => {
                Value::Float(if negative { -value } else { value })
            }
            Token::Value(Value::Duration(value)) => {
                Value::Duration(if negative { -value } else { value })
            }
            token => return Err(unexpected(&(token, at), "a number or duration")),
        };
        Ok(number)
    }
}
