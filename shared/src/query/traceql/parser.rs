//! From tokens to a checked query.

use super::check::{Placed, compare, truth};
use super::lexer::{Spanned, Token, tokens};
use super::{
    Condition, Logic, Operand, Query, QueryError, SpansetExpression, SpansetOperator, Value,
};

/// How deep brackets may nest; more would cost stack and no person writes it.
const MAX_DEPTH: usize = 64;

/// Reads a query.
///
/// # Errors
/// [`QueryError`] with the place of what is wrong or not supported yet.
pub fn parse(text: &str) -> Result<Query, QueryError> {
    let mut parser = Parser {
        tokens: tokens(text),
        at: 0,
        depth: 0,
    };
    if parser.peek() == &Token::End {
        return Ok(Query { expression: None });
    }
    let expression = parser.spansets()?;
    match parser.next() {
        (Token::End, _) => Ok(Query {
            expression: Some(expression),
        }),
        (Token::Symbol("|"), at) => Err(QueryError::unsupported(
            at,
            "pipelines, such as `| count() > 2` after a spanset, are",
        )),
        token => Err(unexpected(
            &token,
            "`&&`, `||`, `>`, `>>` or the end of the query",
        )),
    }
}

struct Parser {
    tokens: Vec<Spanned>,
    at: usize,
    depth: usize,
}

fn unexpected((token, position): &Spanned, expected: &str) -> QueryError {
    match token {
        Token::Unsupported(what) => QueryError::unsupported(*position, what),
        Token::Invalid(error) => error.clone(),
        Token::End => QueryError::new(
            *position,
            format!("the query ends here; {expected} should follow"),
        ),
        Token::Symbol(symbol) => QueryError::new(
            *position,
            format!("`{symbol}` cannot stand here, but {expected} can"),
        ),
        Token::Field(_) => QueryError::new(
            *position,
            format!("a name cannot stand here, but {expected} can"),
        ),
        Token::Value(_) | Token::Nil => QueryError::new(
            *position,
            format!("a value cannot stand here, but {expected} can"),
        ),
    }
}

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.at].0
    }

    fn position(&self) -> usize {
        self.tokens[self.at].1
    }

    /// Takes a token; the last stays.
    fn next(&mut self) -> Spanned {
        let token = self.tokens[self.at].clone();
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
        token
    }

    fn expect(&mut self, symbol: &'static str, expected: &str) -> Result<(), QueryError> {
        match self.next() {
            (Token::Symbol(found), _) if found == symbol => Ok(()),
            token => Err(unexpected(&token, expected)),
        }
    }

    fn nested<T>(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<T, QueryError>,
    ) -> Result<T, QueryError> {
        if self.depth == MAX_DEPTH {
            let message = format!("brackets nest deeper than {MAX_DEPTH} levels");
            return Err(QueryError::new(self.position(), message));
        }
        self.depth += 1;
        let result = parse(self);
        self.depth -= 1;
        result
    }

    /// Spansets joined by `&&` and `||`.
    fn spansets(&mut self) -> Result<SpansetExpression, QueryError> {
        let first = self.related_spansets()?;
        let mut rest = Vec::new();
        loop {
            let operator = match self.peek() {
                Token::Symbol("&&") => SpansetOperator::And,
                Token::Symbol("||") => SpansetOperator::Or,
                _ => break,
            };
            self.next();
            rest.push((operator, self.related_spansets()?));
        }
        Ok(if rest.is_empty() {
            first
        } else {
            SpansetExpression::Chain(Box::new(first), rest)
        })
    }

    /// Spansets joined by `>` and `>>`, which bind tighter.
    fn related_spansets(&mut self) -> Result<SpansetExpression, QueryError> {
        let first = self.spanset()?;
        let mut rest = Vec::new();
        loop {
            let operator = match self.peek() {
                Token::Symbol(">") => SpansetOperator::Child,
                Token::Symbol(">>") => SpansetOperator::Descendant,
                Token::Symbol(
                    symbol @ ("<" | "<<" | "~" | "!>" | "!<" | "!~" | "!>>" | "!<<" | "&>" | "&<"
                    | "&~" | "&>>" | "&<<"),
                ) => {
                    return Err(QueryError::unsupported(
                        self.position(),
                        &format!("the operator `{symbol}` between spansets is"),
                    ));
                }
                _ => break,
            };
            self.next();
            rest.push((operator, self.spanset()?));
        }
        Ok(if rest.is_empty() {
            first
        } else {
            SpansetExpression::Chain(Box::new(first), rest)
        })
    }

    fn spanset(&mut self) -> Result<SpansetExpression, QueryError> {
        match self.next() {
            (Token::Symbol("{"), _) => {
                if self.peek() == &Token::Symbol("}") {
                    self.next();
                    return Ok(SpansetExpression::Filter(None));
                }
                let condition = self.conditions()?;
                self.expect("}", "`&&`, `||` or `}`")?;
                Ok(SpansetExpression::Filter(Some(condition)))
            }
            (Token::Symbol("("), _) => {
                let inner = self.nested(Self::spansets)?;
                if self.peek() == &Token::Symbol("|") {
                    return Err(QueryError::unsupported(self.position(), "pipelines are"));
                }
                self.expect(")", "`&&`, `||`, `>`, `>>` or `)`")?;
                Ok(inner)
            }
            token => Err(unexpected(
                &token,
                "a spanset, such as `{ name = \"GET /\" }`,",
            )),
        }
    }

    /// Conditions joined by `&&` and `||`.
    fn conditions(&mut self) -> Result<Condition, QueryError> {
        let first = self.condition()?;
        let mut rest = Vec::new();
        loop {
            let logic = match self.peek() {
                Token::Symbol("&&") => Logic::And,
                Token::Symbol("||") => Logic::Or,
                _ => break,
            };
            self.next();
            rest.push((logic, self.condition()?));
        }
        Ok(if rest.is_empty() {
            first
        } else {
            Condition::Chain(Box::new(first), rest)
        })
    }

    fn condition(&mut self) -> Result<Condition, QueryError> {
        match self.peek() {
            Token::Symbol("!") => {
                let (_, position) = self.next();
                let inner = self.nested(Self::condition)?;
                let plain = matches!(
                    inner,
                    Condition::Truth(_) | Condition::Not(_) | Condition::Chain(..)
                ) || self.tokens[self.at - 1].0 == Token::Symbol(")");
                if !plain {
                    let message = "`!` belongs before brackets or a truth value: `!(name = \"a\")`";
                    return Err(QueryError::new(position, message));
                }
                Ok(Condition::Not(Box::new(inner)))
            }
            Token::Symbol("(") => {
                self.next();
                let inner = self.nested(Self::conditions)?;
                self.expect(")", "`&&`, `||` or `)`")?;
                match self.peek() {
                    Token::Symbol(
                        symbol @ ("=" | "!=" | "<" | "<=" | ">" | ">=" | "=~" | "!~"),
                    ) => {
                        let what = format!("comparing what stands in brackets with `{symbol}` is");
                        Err(QueryError::unsupported(self.position(), &what))
                    }
                    Token::Symbol("+" | "-" | "*" | "/" | "%" | "^") => {
                        Err(QueryError::unsupported(self.position(), "arithmetic is"))
                    }
                    _ => Ok(inner),
                }
            }
            _ => self.comparison(),
        }
    }

    fn comparison(&mut self) -> Result<Condition, QueryError> {
        let left = self.operand()?;
        let operator = match self.peek() {
            Token::Symbol(symbol @ ("=" | "!=" | "<" | "<=" | ">" | ">=" | "=~" | "!~")) => *symbol,
            _ => return truth(left),
        };
        let operator = (operator, self.position());
        self.next();
        let right = self.operand()?;
        compare(left, operator, right)
    }

    /// A field, a value or nil, and where it stands.
    fn operand(&mut self) -> Result<Placed, QueryError> {
        let (token, position) = self.next();
        let operand = match token {
            Token::Field(field) => Some(Operand::Field(field)),
            Token::Value(value) => Some(Operand::Value(value)),
            Token::Nil => None,
            Token::Symbol("-") => {
                let (token, number_at) = self.next();
                Some(Operand::Value(match token {
                    Token::Value(Value::Int(value)) => Value::Int(-value),
                    Token::Value(Value::Float(value)) => Value::Float(-value),
                    Token::Value(Value::Duration(value)) => Value::Duration(-value),
                    Token::Field(_) | Token::Symbol("(") => {
                        return Err(QueryError::unsupported(position, "arithmetic is"));
                    }
                    token => return Err(unexpected(&(token, number_at), "a number")),
                }))
            }
            token => return Err(unexpected(&(token, position), "a name, a value or `(`")),
        };
        if let Token::Symbol("+" | "-" | "*" | "/" | "%" | "^") = self.peek() {
            return Err(QueryError::unsupported(self.position(), "arithmetic is"));
        }
        Ok((operand, position))
    }
}
