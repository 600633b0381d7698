//! From tokens to a checked query.
//!
//! Descends only into brackets, braces and signs, whose depth is bounded.

mod expression;
mod metrics;
mod pipeline;

use std::sync::Arc;

use super::lexer::{Spanned, Token, tokens};
use super::{Fits, Query, QueryError};

/// How deep brackets may nest; more would cost stack and no person writes it.
const MAX_DEPTH: usize = 64;

/// Compiles a regular expression, or says in words what is wrong with it.
pub type Compile<'a> = &'a dyn Fn(&str) -> Result<Arc<dyn Fits>, String>;

/// Reads a query whose regular expressions someone else compiles.
///
/// # Errors
/// [`QueryError`] with the place of what is wrong.
pub fn parse_with(text: &str, compile: Compile<'_>) -> Result<Query, QueryError> {
    let mut parser = Parser {
        tokens: tokens(text),
        at: 0,
        depth: 0,
        compile,
    };
    if parser.peek() == &Token::End {
        return Ok(Query::default());
    }
    let query = parser.query()?;
    match parser.next() {
        (Token::End, _) => Ok(query),
        token => Err(unexpected(
            &token,
            "`&&`, `||`, `>>`, `|` or the end of the query",
        )),
    }
}

struct Parser<'a> {
    tokens: Vec<Spanned>,
    at: usize,
    depth: usize,
    compile: Compile<'a>,
}

fn unexpected((token, position): &Spanned, expected: &str) -> QueryError {
    let message = match token {
        Token::Invalid(error) => return error.clone(),
        Token::Word(word) => format!(
            "unknown name `{word}`; attributes start with a dot (.{word}) or a scope (span.{word})"
        ),
        Token::End => format!("the query ends here; {expected} should follow"),
        Token::Symbol(symbol) => format!("`{symbol}` cannot stand here, but {expected} can"),
        Token::Field(_) => format!("a name cannot stand here, but {expected} can"),
        Token::Value(_) => format!("a value cannot stand here, but {expected} can"),
        Token::Function(name) => format!("{name}() cannot stand here, but {expected} can"),
    };
    QueryError::new(*position, message)
}

impl Parser<'_> {
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

    /// Takes a symbol where it comes next.
    fn takes(&mut self, symbol: &'static str) -> bool {
        let found = self.peek() == &Token::Symbol(symbol);
        if found {
            self.next();
        }
        found
    }

    /// The meaning of the next token where it is one of these symbols; it is not taken yet.
    fn peek_symbol<T: Clone>(&self, table: &[(&'static str, T)]) -> Option<(&'static str, T)> {
        let Token::Symbol(symbol) = self.peek() else {
            return None;
        };
        super::words::meaning(table, symbol).map(|meaning| (*symbol, meaning))
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
}
