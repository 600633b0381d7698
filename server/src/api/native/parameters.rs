//! Parameters of a request. A name that is misspelt must not widen a question in silence.

use shared::time::UnixNanos;

use super::error::ApiError;
use crate::query;

/// The parameters of a request, each known and given once.
pub struct Parameters<'a>(&'a [(String, String)]);

impl<'a> Parameters<'a> {
    /// Checks the names.
    ///
    /// # Errors
    /// [`ApiError::InvalidArgument`] where a name is unknown or given twice.
    pub fn new(given: &'a [(String, String)], known: &[&str]) -> Result<Self, ApiError> {
        for (index, (name, _)) in given.iter().enumerate() {
            if given[..index].iter().any(|(other, _)| other == name) {
                return Err(ApiError::InvalidArgument(format!(
                    "`{name}` is given twice"
                )));
            }
            if !known.contains(&name.as_str()) {
                return Err(ApiError::InvalidArgument(format!(
                    "there is no parameter `{name}`; there are {}",
                    known.join(", ")
                )));
            }
        }
        Ok(Self(given))
    }

    /// The text of a parameter.
    pub fn text(&self, name: &str) -> Option<&'a str> {
        let found = self.0.iter().find(|(given, _)| given == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Whether a parameter is `true`; one that is not given is `false`.
    ///
    /// # Errors
    /// [`ApiError::InvalidArgument`] where it is neither.
    pub fn flag(&self, name: &str) -> Result<bool, ApiError> {
        match self.text(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => Err(ApiError::InvalidArgument(format!(
                "`{name}` must be true or false, not {other:?}"
            ))),
        }
    }

    /// The number that a parameter is.
    ///
    /// # Errors
    /// [`ApiError::InvalidArgument`] where it is no number, or a negative one.
    pub fn number(&self, name: &str) -> Result<Option<usize>, ApiError> {
        let number = |value: &str| {
            value.parse().map_err(|_| {
                ApiError::InvalidArgument(format!(
                    "`{name}` cannot be {value:?}: expected a number"
                ))
            })
        };
        self.text(name).map(number).transpose()
    }

    /// The instant that a parameter names.
    ///
    /// # Errors
    /// [`ApiError::InvalidArgument`] where it is not an instant.
    pub fn time(&self, name: &str) -> Result<Option<UnixNanos>, ApiError> {
        let instant = |value| {
            query::time::parse(value)
                .map_err(|error| ApiError::InvalidArgument(format!("`{name}`: {error}")))
        };
        self.text(name).map(instant).transpose()
    }
}
