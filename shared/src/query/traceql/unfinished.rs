//! Whether a mistake is one, or the end of what has been typed so far.

use super::QueryError;
use super::lexer::{Token, tokens};

/// Whether an error is only that the query is not finished: it lies at its end, or in the word, text or number that
/// stands there and may become another one with the next character.
#[must_use]
pub fn is_unfinished(text: &str, error: &QueryError) -> bool {
    if error.position >= text.trim_end().len() {
        return true;
    }
    let tokens = tokens(text);
    let Some(last) = tokens.iter().rposition(|(token, _)| *token != Token::End) else {
        return true;
    };
    let (token, position) = &tokens[last];
    let open =
        matches!(token, Token::Invalid(error) if text[error.position..].starts_with(['"', '`']));
    let grows = match token {
        Token::Symbol(symbol) => matches!(*symbol, "&" | "|" | "!" | "-" | "<" | ">" | "="),
        _ => true,
    };
    let touches = !text.ends_with(char::is_whitespace);
    error.position >= *position && (open || (grows && touches))
}
