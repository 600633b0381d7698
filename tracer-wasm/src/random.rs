//! Random ids, drawn from a pool so that the browser is asked once for many.

use shared::id::{SpanId, TraceId};

const POOL: usize = 256;

/// Fills a buffer with random bytes.
pub type Source = fn(&mut [u8]);

/// A pool of random bytes.
pub struct Random {
    source: Source,
    pool: [u8; POOL],
    used: usize,
}

impl Random {
    /// An empty pool over `source`.
    #[must_use]
    pub const fn new(source: Source) -> Self {
        Self { source, pool: [0; POOL], used: POOL }
    }

    /// A new trace id.
    pub fn trace_id(&mut self) -> TraceId {
        loop {
            if let Some(id) = TraceId::from_bytes(self.bytes()) {
                return id;
            }
        }
    }

    /// A new span id.
    pub fn span_id(&mut self) -> SpanId {
        loop {
            if let Some(id) = SpanId::from_bytes(self.bytes()) {
                return id;
            }
        }
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        if self.used + N > POOL {
            (self.source)(&mut self.pool);
            self.used = 0;
        }
        let mut bytes = [0; N];
        bytes.copy_from_slice(&self.pool[self.used..self.used + N]);
        self.used += N;
        bytes
    }
}
