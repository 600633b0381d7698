//! What stays the same of a name, a path or a statement when it is about another thing.
//!
//! `/orders/103` and `/orders/101` are one route with two parameters. The template is what spans are
//! matched by; the values are compared apart, so that a different order is not a different route.

/// A text with its changing parts taken out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Template {
    /// The text with a placeholder for each value.
    pub text: String,
    /// The values in the order of their placeholders.
    pub values: Vec<String>,
}

const PLACEHOLDER: &str = "{}";

/// The template of a span's name or of anything that people wrote: numbers, UUIDs and long
/// hexadecimal or random words are values.
#[must_use]
pub fn of_words(text: &str) -> Template {
    let mut template = Template::default();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word = leading_word(rest);
        if word.is_empty() {
            template.text.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        if is_value(word) {
            template.take(word);
        } else {
            template.text.push_str(word);
        }
        rest = &rest[word.len()..];
    }
    template
}

/// The template of a URL's path. Scheme, host, query and fragment do not belong to a route; the query
/// is a value, so that another page of a list shows as another parameter.
#[must_use]
pub fn of_url(url: &str) -> Template {
    let after_scheme = url.split_once("://").map(|(_, rest)| rest);
    let path = match after_scheme {
        Some(rest) => rest.find(['/', '?', '#']).map_or("/", |at| &rest[at..]),
        None => url,
    };
    let path = path.split('#').next().unwrap_or_default();
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut template = of_words(if path.is_empty() { "/" } else { path });
    if !query.is_empty() {
        template.values.push(query.to_owned());
    }
    template
}

/// The template of a database statement: literals and numbers are values, white space is one space,
/// comments are left out and lists of placeholders are one placeholder, since the length of an
/// `IN (…)` is a parameter too.
#[must_use]
pub fn of_statement(statement: &str) -> Template {
    let mut template = Template::default();
    let mut rest = statement.trim();
    while let Some(first) = rest.chars().next() {
        let taken = if let Some(comment) = rest.strip_prefix("/*") {
            template.space();
            comment.find("*/").map_or(rest.len(), |at| at + 4)
        } else if rest.starts_with("--") {
            template.space();
            rest.find('\n').unwrap_or(rest.len())
        } else if first == '\'' {
            let length = quoted(rest);
            template.literal(&rest[..length]);
            length
        } else if first.is_whitespace() {
            template.space();
            first.len_utf8()
        } else {
            let word = leading_word(rest);
            if word.is_empty() {
                template.text.push(first);
                first.len_utf8()
            } else if (word.starts_with(|c: char| c.is_ascii_digit()) || is_value(word))
                && !template.ends_in_sigil()
            {
                let length = number(rest).max(word.len());
                template.literal(&rest[..length]);
                length
            } else {
                template.text.push_str(word);
                word.len()
            }
        };
        rest = &rest[taken..];
    }
    template.text.truncate(template.text.trim_end().len());
    template
}

impl Template {
    fn take(&mut self, value: &str) {
        self.text.push_str(PLACEHOLDER);
        self.values.push(value.to_owned());
    }

    /// A literal of a statement; the second one of a list joins the first.
    fn literal(&mut self, value: &str) {
        self.values.push(value.to_owned());
        let before = self.text.trim_end();
        if before.ends_with("?,") {
            let length = before.len() - 1;
            self.text.truncate(length);
        } else {
            self.text.push('?');
        }
    }

    /// Whether what follows is the number of a placeholder, as in `$1` and `:1`; in `user:1` it is not.
    fn ends_in_sigil(&self) -> bool {
        let mut last = self.text.chars().rev();
        match last.next() {
            Some('$' | '@') => true,
            Some(':') => !last.next().is_some_and(char::is_alphanumeric),
            _ => false,
        }
    }

    fn space(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with(' ') {
            self.text.push(' ');
        }
    }
}

/// The letters and digits at the start, or a UUID with its hyphens.
fn leading_word(text: &str) -> &str {
    if let Some(uuid) = text.get(..36).filter(|text| is_uuid(text)) {
        return uuid;
    }
    let end = text
        .find(|c: char| !(c.is_alphanumeric() || c == '_'))
        .unwrap_or(text.len());
    &text[..end]
}

/// The length of the quoted text at the start, with its quotes; a doubled quote belongs to it.
fn quoted(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        if bytes[at] == b'\'' {
            if bytes.get(at + 1) != Some(&b'\'') {
                return at + 1;
            }
            at += 1;
        }
        at += 1;
    }
    text.len()
}

/// The length of the number at the start, with its fraction.
fn number(text: &str) -> usize {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(text);
    let fraction = text[whole..].strip_prefix('.').map_or(0, digits);
    if fraction > 0 {
        whole + 1 + fraction
    } else {
        whole
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Whether a word names one thing of many: a number, a hash, a random id.
fn is_value(word: &str) -> bool {
    let count = |of: fn(&u8) -> bool| word.bytes().filter(of).count();
    let digits = count(u8::is_ascii_digit);
    if digits == 0 {
        return false;
    }
    digits == word.len()
        || is_uuid(word)
        || (word.len() >= 8 && count(u8::is_ascii_hexdigit) == word.len())
        || (word.len() >= 16 && digits >= 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(of: fn(&str) -> Template, text: &str, expected: &str, values: &[&str]) {
        let template = of(text);
        assert_eq!(template.text, expected, "{text}");
        assert_eq!(template.values, values, "{text}");
    }

    #[test]
    fn words_keep_what_names_the_work() {
        check(of_words, "validate form", "validate form", &[]);
        check(of_words, "click \"Seat 12\"", "click \"Seat {}\"", &["12"]);
        check(of_words, "GET /v1/users", "GET /v1/users", &[]);
        check(of_words, "sha256 h2 über", "sha256 h2 über", &[]);
        check(
            of_words,
            "job 0f8fad5b-d9cb-469f-a165-70867728950e done",
            "job {} done",
            &["0f8fad5b-d9cb-469f-a165-70867728950e"],
        );
    }

    #[test]
    fn urls_are_their_paths() {
        check(
            of_url,
            "https://shop.example:8443/orders/103/items?page=2#top",
            "/orders/{}/items",
            &["103", "page=2"],
        );
        check(of_url, "https://shop.example", "/", &[]);
        check(of_url, "/app-3f2b9c1a.js", "/app-{}.js", &["3f2b9c1a"]);
        check(of_url, "?q=1", "/", &["q=1"]);
    }

    #[test]
    fn statements_are_without_their_literals() {
        check(
            of_statement,
            "SELECT *\n  FROM seats WHERE id IN (1, 2,3) AND name = 'O''Hara' -- why",
            "SELECT * FROM seats WHERE id IN (?) AND name = ?",
            &["1", "2", "3", "'O''Hara'"],
        );
        check(
            of_statement,
            "INSERT INTO t VALUES ($1, ?, :name) /*traceparent='00-ab'*/",
            "INSERT INTO t VALUES ($1, ?, :name)",
            &[],
        );
        check(of_statement, "GET user:103", "GET user:?", &["103"]);
        check(of_statement, "WHERE a = :1", "WHERE a = :1", &[]);
        check(
            of_statement,
            "SET price = 12.50, n=3",
            "SET price = ?, n=?",
            &["12.50", "3"],
        );
        check(of_statement, "SELECT 'open", "SELECT ?", &["'open"]);
    }
}
