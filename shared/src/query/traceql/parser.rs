//! From tokens to a checked query.

use regex::RegexBuilder;

use super::lexer::{Spanned, Token, tokens};
use super::{
    Comparison, Condition, Field, Intrinsic, Logic, Operand, Pattern, Query, QueryError,
    SpansetExpression, SpansetOperator, Value,
};

/// How deep brackets may nest; more would cost stack and no person writes it.
const MAX_DEPTH: usize = 64;
/// How many bytes a compiled regular expression may take.
const MAX_REGEX_BYTES: usize = 1 << 20;

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

/// An operand, `None` for nil, and where it stands.
type Placed = (Option<Operand>, usize);

/// What can be compared with what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    /// An attribute's, which only the span knows.
    Any,
    Text,
    Number,
    Bool,
    Status,
    Kind,
}

impl Type {
    fn of(operand: &Operand) -> Self {
        match operand {
            Operand::Field(Field::Attribute(..)) => Self::Any,
            Operand::Field(Field::Intrinsic(intrinsic)) => match intrinsic {
                Intrinsic::Duration | Intrinsic::TraceDuration => Self::Number,
                Intrinsic::Status => Self::Status,
                Intrinsic::Kind => Self::Kind,
                Intrinsic::Name
                | Intrinsic::StatusMessage
                | Intrinsic::SpanId
                | Intrinsic::RootName
                | Intrinsic::RootServiceName
                | Intrinsic::TraceId => Self::Text,
            },
            Operand::Value(value) => match value {
                Value::String(_) => Self::Text,
                Value::Int(_) | Value::Float(_) | Value::Duration(_) => Self::Number,
                Value::Bool(_) => Self::Bool,
                Value::Status(_) => Self::Status,
                Value::Kind(_) => Self::Kind,
            },
        }
    }

    const fn describe(self) -> &'static str {
        match self {
            Self::Any => "an attribute",
            Self::Text => "a text, such as \"GET /\"",
            Self::Number => "a number or duration, such as 200 or 1.5s",
            Self::Bool => "true or false",
            Self::Status => "a status: ok, error or unset",
            Self::Kind => "a kind: client, server, internal, producer, consumer or unspecified",
        }
    }
}

fn truth((operand, position): Placed) -> Result<Condition, QueryError> {
    match operand {
        Some(operand) if matches!(Type::of(&operand), Type::Any | Type::Bool) => {
            Ok(Condition::Truth(operand))
        }
        _ => Err(QueryError::new(
            position,
            "this is no condition by itself; compare it, as in `name = \"GET /\"`",
        )),
    }
}

fn compare(left: Placed, operator: (&str, usize), right: Placed) -> Result<Condition, QueryError> {
    let (operator, operator_at) = operator;
    let (left, right, right_at) = match (left, right) {
        ((Some(left), _), (Some(right), right_at)) => (left, right, right_at),
        ((Some(Operand::Field(field)), _), (None, _))
        | ((None, _), (Some(Operand::Field(field)), _)) => {
            return match operator {
                "=" | "!=" => Ok(Condition::Exists {
                    field,
                    negated: operator == "=",
                }),
                _ => Err(QueryError::new(operator_at, "only = and != work with nil")),
            };
        }
        ((_, left_at), _) => {
            return Err(QueryError::new(
                left_at,
                "nil is compared with an attribute",
            ));
        }
    };
    let (left_type, right_type) = (Type::of(&left), Type::of(&right));
    let comparison = match operator {
        "=~" | "!~" => {
            if !matches!(left_type, Type::Any | Type::Text) {
                return Err(QueryError::new(
                    operator_at,
                    format!("{operator} works with texts only"),
                ));
            }
            let Operand::Value(Value::String(source)) = right else {
                return Err(QueryError::new(
                    right_at,
                    format!("{operator} needs a regular expression in quotes"),
                ));
            };
            let pattern = pattern(source, right_at)?;
            return Ok(Condition::Match {
                operand: left,
                pattern,
                negated: operator == "!~",
            });
        }
        "=" => Comparison::Equal,
        "!=" => Comparison::NotEqual,
        "<" => Comparison::Less,
        "<=" => Comparison::LessOrEqual,
        ">" => Comparison::Greater,
        _ => Comparison::GreaterOrEqual,
    };
    if left_type != right_type && left_type != Type::Any && right_type != Type::Any {
        let message = format!("the left side is compared with {}", left_type.describe());
        return Err(QueryError::new(right_at, message));
    }
    let unordered = |kind| matches!(kind, Type::Bool | Type::Status | Type::Kind);
    let equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
    if !equality && (unordered(left_type) || unordered(right_type)) {
        return Err(QueryError::new(
            operator_at,
            format!("`{operator}` needs values in an order; use = or !="),
        ));
    }
    Ok(Condition::Compare(left, comparison, right))
}

fn pattern(source: String, position: usize) -> Result<Pattern, QueryError> {
    // Checked by itself first, since `a)|(b` would be valid within the brackets of the anchors.
    let built = RegexBuilder::new(&source)
        .size_limit(MAX_REGEX_BYTES)
        .build()
        .and_then(|_| {
            RegexBuilder::new(&format!("^(?:{source})$"))
                .size_limit(MAX_REGEX_BYTES)
                .build()
        });
    match built {
        Ok(regex) => Ok(Pattern { source, regex }),
        Err(regex::Error::CompiledTooBig(_)) => Err(QueryError::new(
            position,
            "this regular expression is too large",
        )),
        Err(error) => {
            // The last line says what is wrong; those before it draw an arrow in a fixed-width font.
            let error = error.to_string();
            let reason = error
                .lines()
                .last()
                .unwrap_or_default()
                .trim_start_matches("error: ")
                .to_owned();
            Err(QueryError::new(
                position,
                format!("this regular expression is invalid: {reason}"),
            ))
        }
    }
}
