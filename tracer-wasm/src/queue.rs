//! Ended spans as OTLP bytes, until they are sent.
//!
//! Invariant: at most [`MOST_BYTES`] wait. When more come, the oldest go, and are counted.

use alloc::vec::Vec;

use shared::otlp::encode::{Attributes, SpanFields, span, trace_request};

/// How many bytes of ended spans may wait: about 10,000 spans.
pub const MOST_BYTES: usize = 2 * 1024 * 1024;

/// The waiting spans, oldest first.
#[derive(Default)]
pub struct Queue {
    bytes: Vec<u8>,
    /// How many bytes each span takes.
    lengths: Vec<u32>,
    dropped: u32,
}

impl Queue {
    /// Nothing waits.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            bytes: Vec::new(),
            lengths: Vec::new(),
            dropped: 0,
        }
    }

    /// Adds a span.
    pub fn push(&mut self, fields: &SpanFields<'_>) {
        let length = span(&mut self.bytes, fields);
        self.lengths.push(length as u32);
        if self.bytes.len() > MOST_BYTES {
            let (count, _) = self.fitting(self.bytes.len() - MOST_BYTES * 3 / 4);
            self.dropped += count as u32;
            self.remove(count);
        }
    }

    /// How many spans were dropped because too many waited.
    #[must_use]
    pub fn dropped(&self) -> u32 {
        self.dropped
    }

    /// How many bytes wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Takes the oldest spans out, as one OTLP request of about at most `bytes`; `None` when nothing waits. A
    /// span that is larger than `bytes` by itself travels alone.
    pub fn take(
        &mut self,
        bytes: usize,
        resource: &Attributes,
        scope: (&str, &str),
    ) -> Option<Vec<u8>> {
        if self.is_empty() {
            return None;
        }
        // Tags, lengths and the scope take less than 64 bytes beside the resource.
        let room = bytes.saturating_sub(resource.len() + 64);
        let (count, length) = self.fitting(room);
        let request = trace_request(resource, scope.0, scope.1, &self.bytes[..length]);
        self.remove(count);
        Some(request)
    }

    /// How many of the oldest spans fit into `bytes`, at least one, and their length.
    fn fitting(&self, bytes: usize) -> (usize, usize) {
        let mut length = 0;
        let mut count = 0;
        for next in &self.lengths {
            if count > 0 && length + *next as usize > bytes {
                break;
            }
            length += *next as usize;
            count += 1;
        }
        (count, length)
    }

    fn remove(&mut self, count: usize) {
        let length: usize = self
            .lengths
            .drain(..count)
            .map(|length| length as usize)
            .sum();
        self.bytes.drain(..length);
    }
}
