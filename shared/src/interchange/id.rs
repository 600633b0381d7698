//! Ids in files: hexadecimal digits in either case, leading zeros left out by some writers.

use std::borrow::Cow;

use crate::id::{SpanId, TraceId};

/// The trace of an id of up to 32 digits. Zipkin and older Jaeger clients have ids of 64 bits.
pub fn trace(text: &str) -> Option<TraceId> {
    padded(text, 32).parse().ok()
}

/// The span of an id of up to 16 digits.
pub fn span(text: &str) -> Option<SpanId> {
    padded(text, 16).parse().ok()
}

fn padded(text: &str, digits: usize) -> Cow<'_, str> {
    let lower = text.bytes().all(|byte| !byte.is_ascii_uppercase());
    if text.len() == digits && lower {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("{:0>digits$}", text.to_ascii_lowercase()))
}
