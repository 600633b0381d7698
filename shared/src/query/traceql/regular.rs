//! Regular expressions by the crate `regex`, which takes time linear in the text whatever the pattern.
//! Who loads it only when a query has one, as the viewer does, reads queries with [`parse_with`].

use std::sync::Arc;

use regex::{Regex, RegexBuilder};

use super::{Fits, Query, QueryError, parse_with};

/// How many bytes a compiled regular expression may take.
const MAX_REGEX_BYTES: usize = 1 << 20;

/// Reads a query.
///
/// # Errors
/// [`QueryError`] with the place of what is wrong.
pub fn parse(text: &str) -> Result<Query, QueryError> {
    parse_with(text, &compile)
}

#[derive(Debug)]
struct Anchored(Regex);

impl Fits for Anchored {
    fn fits(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

/// Compiles a regular expression that has to fit a whole text, for [`parse_with`].
///
/// # Errors
/// What is wrong with it, in words.
pub fn compile(source: &str) -> Result<Arc<dyn Fits>, String> {
    // Checked by itself first, since `a)|(b` would be valid within the brackets of the anchors.
    let built = RegexBuilder::new(source)
        .size_limit(MAX_REGEX_BYTES)
        .build()
        .and_then(|_| {
            RegexBuilder::new(&format!("^(?:{source})$"))
                .size_limit(MAX_REGEX_BYTES)
                .build()
        });
    match built {
        Ok(regex) => Ok(Arc::new(Anchored(regex))),
        Err(regex::Error::CompiledTooBig(_)) => {
            Err("this regular expression is too large; match a shorter text".to_owned())
        }
        Err(error) => {
            // The last line says what is wrong; those before it draw an arrow in a fixed-width font.
            let error = error.to_string();
            let reason = error.lines().last().unwrap_or_default();
            let reason = reason.trim_start_matches("error: ");
            Err(format!("this regular expression is invalid: {reason}"))
        }
    }
}
