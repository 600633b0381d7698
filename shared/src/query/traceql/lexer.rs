//! From text to tokens, each with its place.
//!
//! Attribute names are read as a whole here, since they may hold characters that are operators
//! elsewhere: `.http-status` and `span.a/b` are names, as in Tempo.

use super::words::{self, AGGREGATES, METRICS, SCOPES, SERIES, STAGES, VALUES};
use super::{Field, QueryError, Scope, Value};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// An operator or bracket.
    Symbol(&'static str),
    Field(Field),
    Value(Value),
    /// A word that opens a bracket, such as `count`.
    Function(&'static str),
    /// A word without a meaning of its own, as hints have them.
    Word(String),
    /// What cannot be read, and nothing after it has been. It counts only if the parser gets here,
    /// since an earlier mistake is what a person wants to know first.
    Invalid(QueryError),
    End,
}

/// A token and where it starts.
pub(super) type Spanned = (Token, usize);

/// Longer ones first, so that the first that fits is the right one.
const SYMBOLS: [&str; 36] = [
    "!>>", "!<<", "&>>", "&<<", "&&", "||", "!=", "=~", "!~", ">=", "<=", ">>", "<<", "!>", "!<",
    "&>", "&<", "&~", "{", "}", "(", ")", "=", ">", "<", "!", "~", "|", ",", "+", "-", "*", "/",
    "%", "^", "&",
];

pub(super) fn tokens(text: &str) -> Vec<Spanned> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::new();
    loop {
        lexer.skip(char::is_whitespace);
        let position = lexer.at;
        let token = lexer.token().unwrap_or_else(Token::Invalid);
        let last = matches!(token, Token::End | Token::Invalid(_));
        tokens.push((token, position));
        if last {
            return tokens;
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Takes characters while they fit.
    fn skip(&mut self, fits: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let taken = &rest[..rest
            .find(|character| !fits(character))
            .unwrap_or(rest.len())];
        self.at += taken.len();
        taken
    }

    fn token(&mut self) -> Result<Token, QueryError> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return Ok(Token::End);
        };
        let fraction = first == '.' && rest[1..].starts_with(|next: char| next.is_ascii_digit());
        match first {
            '"' | '`' => Ok(Token::Value(Value::String(self.string()?))),
            _ if first.is_ascii_digit() || fraction => self.number(),
            '.' => {
                self.at += 1;
                self.attribute(Scope::Any)
            }
            _ if first.is_alphabetic() || first == '_' => self.word(),
            _ => match SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol)) {
                Some(symbol) => {
                    self.at += symbol.len();
                    Ok(Token::Symbol(symbol))
                }
                None => Err(QueryError::new(
                    self.at,
                    format!("`{first}` has no meaning here"),
                )),
            },
        }
    }

    fn string(&mut self) -> Result<String, QueryError> {
        let start = self.at;
        let unclosed = || QueryError::new(start, "this text has no closing quote");
        self.at += 1;
        if self.text[start..].starts_with('`') {
            let text = self.skip(|character| character != '`');
            self.peek().ok_or_else(unclosed)?;
            self.at += 1;
            return Ok(text.to_owned());
        }
        let mut out = String::new();
        loop {
            out.push_str(self.skip(|character| character != '"' && character != '\\'));
            match self.peek().ok_or_else(unclosed)? {
                '"' => {
                    self.at += 1;
                    return Ok(out);
                }
                _ => out.push(self.escape()?),
            }
        }
    }

    /// The escapes of Go's strings, which are TraceQL's.
    fn escape(&mut self) -> Result<char, QueryError> {
        let start = self.at;
        let unknown = || {
            QueryError::new(
                start,
                "unknown escape; write \\\\ for a backslash, or put the text in backticks",
            )
        };
        let letter = self.rest()[1..].chars().next().ok_or_else(unknown)?;
        self.at += 1 + letter.len_utf8();
        let digits = match letter {
            'n' => return Ok('\n'),
            'r' => return Ok('\r'),
            't' => return Ok('\t'),
            'a' => return Ok('\u{7}'),
            'b' => return Ok('\u{8}'),
            'f' => return Ok('\u{c}'),
            'v' => return Ok('\u{b}'),
            '"' | '\\' => return Ok(letter),
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => return Err(unknown()),
        };
        let code = self
            .rest()
            .get(..digits)
            .filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let code = code
            .and_then(|code| u32::from_str_radix(code, 16).ok())
            .ok_or_else(unknown)?;
        self.at += digits;
        // `\x` gives a byte, which is a character of its own only in ASCII.
        let byte = letter != 'x' || code < 0x80;
        char::from_u32(code).filter(|_| byte).ok_or_else(unknown)
    }

    /// A whole number, a number with a fraction or exponent, or a duration such as `1.5s` or `1h30m`.
    fn number(&mut self) -> Result<Token, QueryError> {
        let start = self.at;
        let invalid =
            |why: &str| QueryError::new(start, format!("{why}; numbers are like 200, 0.5 or 1.5s"));
        let mut nanos = 0.0;
        let mut whole_nanos: Option<i64> = Some(0);
        let mut parts = 0;
        loop {
            let from = self.at;
            self.skip(|character| character.is_ascii_digit() || character == '.');
            let digits = &self.text[from..self.at];
            let unit = self.skip(|character| character.is_alphanumeric() || character == '_');
            if unit.is_empty() || unit.starts_with(['e', 'E']) {
                if parts > 0 {
                    return Err(invalid("the duration's unit is missing"));
                }
                return self
                    .plain_number(start)
                    .ok_or_else(|| invalid("this is not a number"));
            }
            // A unit ends where the next number begins.
            let letters = unit
                .find(|character: char| character.is_ascii_digit())
                .unwrap_or(unit.len());
            self.at -= unit.len() - letters;
            let size = unit_nanos(&unit[..letters]).ok_or_else(|| {
                invalid("durations have the units ns, us, ms, s, m, h, d, w and y")
            })?;
            let value: f64 = digits
                .parse()
                .map_err(|_| invalid("this is not a number"))?;
            nanos += value * size as f64;
            // Whole numbers stay exact beyond 53 bits.
            whole_nanos = whole_nanos
                .and_then(|sum| sum.checked_add(digits.parse::<i64>().ok()?.checked_mul(size)?));
            parts += 1;
            if !self.peek().is_some_and(|next| next.is_ascii_digit()) {
                break;
            }
        }
        if nanos > i64::MAX as f64 {
            return Err(invalid("the duration is longer than 292 years"));
        }
        Ok(Token::Value(Value::Duration(
            whole_nanos.unwrap_or(nanos.round() as i64),
        )))
    }

    fn plain_number(&mut self, start: usize) -> Option<Token> {
        let text = &self.text[start..self.at];
        if text.ends_with(['e', 'E']) && self.rest().starts_with(['+', '-']) {
            self.at += 1;
            self.skip(char::is_alphanumeric);
        }
        let text = &self.text[start..self.at];
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text
                .parse()
                .ok()
                .map(|value| Token::Value(Value::Int(value)));
        }
        text.parse()
            .ok()
            .filter(|value: &f64| value.is_finite())
            .map(|value| Token::Value(Value::Float(value)))
    }

    fn word(&mut self) -> Result<Token, QueryError> {
        let start = self.at;
        let word = self.skip(is_word_char);
        if self.rest().starts_with('.') {
            if word == "parent" {
                self.at += 1;
                return self.of_parent();
            }
            let Some(scope) = words::meaning(&SCOPES, word) else {
                let message = format!(
                    "there is no scope `{word}`; there are span, resource, event, link, \
                     instrumentation, parent and the bare dot, as in `.{word}`"
                );
                return Err(QueryError::new(start, message));
            };
            self.at += 1;
            return self.attribute(scope);
        }
        if self.rest().starts_with(':') {
            self.at += 1;
            let name = self.skip(is_word_char);
            let found = words::scoped_intrinsic(word, name);
            return found
                .map(|intrinsic| Token::Field(Field::Intrinsic(intrinsic)))
                .ok_or_else(|| QueryError::new(start, no_intrinsic(word, name)));
        }
        Ok(keyword(word).unwrap_or_else(|| Token::Word(word.to_owned())))
    }

    /// What follows `parent.`: a scope, an intrinsic's word or an attribute's name.
    fn of_parent(&mut self) -> Result<Token, QueryError> {
        let start = self.at;
        let word = self.skip(is_word_char);
        let scope = words::meaning(&SCOPES, word).filter(|_| self.rest().starts_with('.'));
        let ends = !self
            .peek()
            .is_some_and(|next| is_attribute_char(next) || next == '"');
        let field = match (scope, words::intrinsic(word)) {
            (Some(scope), _) => {
                self.at += 1;
                self.attribute(scope)?
            }
            (None, Some(intrinsic)) if ends => Token::Field(Field::Intrinsic(intrinsic)),
            _ => {
                self.at = start;
                self.attribute(Scope::Any)?
            }
        };
        Ok(match field {
            Token::Field(field) => Token::Field(Field::Parent(Box::new(field))),
            other => other,
        })
    }

    fn attribute(&mut self, scope: Scope) -> Result<Token, QueryError> {
        let start = self.at;
        let mut name = String::new();
        loop {
            name.push_str(self.skip(is_attribute_char));
            if !self.rest().starts_with('"') {
                break;
            }
            name.push_str(&self.string()?);
        }
        if name.is_empty() {
            return Err(QueryError::new(start, "the attribute's name is missing"));
        }
        Ok(Token::Field(Field::Attribute(scope, name)))
    }
}

fn is_word_char(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Whether a character can stand in an attribute's name without quotes.
pub(super) fn is_attribute_char(character: char) -> bool {
    !character.is_whitespace() && !"{}()=~!<>&|^,\"`".contains(character)
}

fn unit_nanos(unit: &str) -> Option<i64> {
    const SECOND: i64 = 1_000_000_000;
    Some(match unit {
        "ns" => 1,
        // The micro sign and the Greek letter.
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => SECOND,
        "m" => 60 * SECOND,
        "h" => 3_600 * SECOND,
        "d" => 86_400 * SECOND,
        "w" => 7 * 86_400 * SECOND,
        "y" => 365 * 86_400 * SECOND,
        _ => return None,
    })
}

fn keyword(word: &str) -> Option<Token> {
    if let Some(intrinsic) = words::intrinsic(word) {
        return Some(Token::Field(Field::Intrinsic(intrinsic)));
    }
    if let Some(value) = words::meaning(&VALUES, word) {
        return Some(Token::Value(value));
    }
    let aggregates = AGGREGATES.iter().map(|(name, _)| *name);
    aggregates
        .chain(METRICS)
        .chain(SERIES)
        .chain(STAGES)
        .find(|name| *name == word)
        .map(Token::Function)
}

fn no_intrinsic(scope: &str, name: &str) -> String {
    let prefix = format!("{scope}:");
    let known: Vec<&str> = words::INTRINSICS
        .iter()
        .map(|(_, scoped, _)| *scoped)
        .filter(|scoped| scoped.starts_with(&prefix))
        .collect();
    if known.is_empty() {
        format!(
            "there is no intrinsic `{scope}:{name}`; attributes have a dot, as in `{scope}.{name}`"
        )
    } else {
        format!(
            "there is no intrinsic `{scope}:{name}`; there are {}",
            known.join(", ")
        )
    }
}
