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
        Self {
            source,
            pool: [0; POOL],
            used: POOL,
        }
    }

    /// New ids for a trace and a span; `None` where all bytes of one are zero, which is not an id.
    pub fn ids(&mut self) -> Option<(TraceId, SpanId)> {
        if self.used + TraceId::LEN + SpanId::LEN > POOL {
            (self.source)(&mut self.pool);
            self.used = 0;
        }
        let rest = self.pool.get(self.used..)?;
        let (trace_id, rest) = rest.split_first_chunk()?;
        let (span_id, _) = rest.split_first_chunk()?;
        self.used += TraceId::LEN + SpanId::LEN;
        Some((
            TraceId::from_bytes(*trace_id)?,
            SpanId::from_bytes(*span_id)?,
        ))
    }
}
