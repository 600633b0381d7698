//! OTLP/JSON: protobuf's JSON mapping with ids in hexadecimal (OTLP §JSON Protobuf Encoding).
//!
//! Reading is as lenient as the mapping asks for: `lowerCamelCase` and original `snake_case` names,
//! 64-bit numbers as strings or numbers, enumerations as numbers or names, `null` as absent, unknown
//! fields ignored, ids in either case. Nesting deeper than [`MAX_DEPTH`] is refused, so that no
//! input overflows the stack. Reading goes through typed structures, never through a tree of values.

mod logs;
mod metrics;
pub(crate) mod scalar;
mod traces;
mod value;

pub use logs::{LogsJson, decode_logs, encode_logs};
pub use metrics::count_metric_points;
pub(crate) use traces::SpansRequest;
pub use traces::{SpansJson, decode_spans, encode_spans};

use std::collections::HashMap;
use std::sync::Arc;

use crate::resource::{Resource, Scope};

/// How deep arrays and objects may nest; `serde_json`'s own limit.
pub const MAX_DEPTH: usize = 127;

/// What a request held.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded<T> {
    /// The records, in the order of the request; those of one batch share their resource and scope.
    pub records: Vec<T>,
    /// How many more there were that cannot be kept, for want of a valid id.
    pub rejected: u32,
    /// Why the first of those was rejected.
    pub reason: Option<String>,
}

/// Why a body is not an OTLP/JSON request at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Arrays and objects nest deeper than [`MAX_DEPTH`].
    #[error("nested deeper than {MAX_DEPTH} levels at line {line} column {column}")]
    TooDeep {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// The body ends before its end.
    #[error("the body ends in the middle, at line {line} column {column}")]
    Incomplete {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// The body is not JSON, or a field holds what it cannot hold. The message says where.
    #[error("{message}")]
    Invalid {
        /// What is wrong, with line and column.
        message: String,
    },
}

impl From<serde_json::Error> for JsonError {
    fn from(error: serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        if error.is_eof() {
            return Self::Incomplete { line, column };
        }
        let message = error.to_string();
        // serde_json has no category of its own for it.
        if message.starts_with("recursion limit exceeded") {
            return Self::TooDeep { line, column };
        }
        Self::Invalid { message }
    }
}

fn parse<'de, T: serde::Deserialize<'de>>(body: &'de [u8]) -> Result<T, JsonError> {
    Ok(serde_json::from_slice(body)?)
}

/// Counts what is rejected and remembers the first reason.
#[derive(Default)]
pub(crate) struct Rejections {
    pub(crate) count: u32,
    pub(crate) reason: Option<String>,
}

impl Rejections {
    pub(crate) fn add(&mut self, reason: impl FnOnce() -> String) {
        self.count = self.count.saturating_add(1);
        self.reason.get_or_insert_with(reason);
    }
}

/// A resource with its scopes, each with the indices of its records.
type Groups<'a> = Vec<(&'a Resource, Vec<(&'a Scope, Vec<usize>)>)>;

/// Groups records by resource and scope, compared by value, in the order of their first record.
fn group<'a>(senders: impl Iterator<Item = (&'a Arc<Resource>, &'a Arc<Scope>)>) -> Groups<'a> {
    // Records of one batch share their resource, so most are found by address alone. The text of
    // `Debug` stands for the value, since a float in an attribute keeps it from being hashed.
    let mut by_address: HashMap<(*const Resource, *const Scope), (usize, usize)> = HashMap::new();
    let mut resources: HashMap<String, usize> = HashMap::new();
    let mut scopes: HashMap<(usize, String), usize> = HashMap::new();
    let mut groups: Groups<'a> = Vec::new();
    for (index, (resource, scope)) in senders.enumerate() {
        let address = (Arc::as_ptr(resource), Arc::as_ptr(scope));
        let (at, within) = *by_address.entry(address).or_insert_with(|| {
            let at = *resources.entry(format!("{resource:?}")).or_insert_with(|| {
                groups.push((resource, Vec::new()));
                groups.len() - 1
            });
            let of_resource = &mut groups[at].1;
            let within = *scopes.entry((at, format!("{scope:?}"))).or_insert_with(|| {
                of_resource.push((scope, Vec::new()));
                of_resource.len() - 1
            });
            (at, within)
        });
        groups[at].1[within].1.push(index);
    }
    groups
}
