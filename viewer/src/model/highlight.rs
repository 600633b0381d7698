//! Colours a query as it is typed: what each piece of a TraceQL text is, without judging whether it is right.

/// What a piece of a query is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// Blanks.
    Blank,
    /// A field such as `duration` or `span.http.route`.
    Field,
    /// A text, number, duration or keyword value.
    Value,
    /// An operator.
    Operator,
    /// Braces, brackets and the rest.
    Punctuation,
}

/// A piece of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is.
    pub kind: TokenKind,
    /// Its text.
    pub text: &'a str,
}

const KEYWORD_VALUES: [&str; 12] = [
    "true",
    "false",
    "nil",
    "error",
    "ok",
    "unset",
    "server",
    "client",
    "internal",
    "producer",
    "consumer",
    "unspecified",
];

/// The pieces of a query; joined they are the query.
#[must_use]
pub fn tokens(query: &str) -> Vec<Token<'_>> {
    let mut out = Vec::new();
    let mut rest = query;
    while let Some(first) = rest.chars().next() {
        let (kind, length) = match first {
            c if c.is_whitespace() => (TokenKind::Blank, run(rest, char::is_whitespace)),
            '"' | '`' => (TokenKind::Value, quoted_length(rest, first)),
            c if c.is_ascii_digit() => (
                TokenKind::Value,
                run(rest, |c| c.is_alphanumeric() || c == '.'),
            ),
            c if is_word(c) => {
                let length = run(rest, is_word);
                let keyword = KEYWORD_VALUES.contains(&&rest[..length]);
                (
                    if keyword {
                        TokenKind::Value
                    } else {
                        TokenKind::Field
                    },
                    length,
                )
            }
            c if "=!<>~&|+-*/%^".contains(c) => (
                TokenKind::Operator,
                run(rest, |c| "=!<>~&|+-*/%^".contains(c)),
            ),
            c => (TokenKind::Punctuation, c.len_utf8()),
        };
        let (text, after) = rest.split_at(length);
        out.push(Token { kind, text });
        rest = after;
    }
    out
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | ':')
}

fn run(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

fn quoted_length(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (index, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            c if c == quote => return index + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_falls_into_its_pieces() {
        let query =
            r#"{ resource.service.name = "pay\"ment" && duration > 1.5s && status = error }"#;
        let found = tokens(query);
        assert_eq!(
            found.iter().map(|token| token.text).collect::<String>(),
            query
        );
        let of_kind = |kind| {
            found
                .iter()
                .filter(|token| token.kind == kind)
                .map(|token| token.text)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            of_kind(TokenKind::Field),
            ["resource.service.name", "duration", "status"]
        );
        assert_eq!(
            of_kind(TokenKind::Value),
            [r#""pay\"ment""#, "1.5s", "error"]
        );
        assert_eq!(of_kind(TokenKind::Operator), ["=", "&&", ">", "&&", "="]);
    }

    #[test]
    fn an_unfinished_query_is_still_coloured() {
        for query in ["{ name = \"Bo", "żółć 🎬 ~", "\"", "`"] {
            assert_eq!(
                tokens(query)
                    .iter()
                    .map(|token| token.text)
                    .collect::<String>(),
                query
            );
        }
    }
}
