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
    /// What trace ids look like: 1 where their first four bytes are their time (AWS X-Ray refuses others), 2 where their
    /// upper half is zero (OpenTracing carries no more than the lower one).
    pub shape: u32,
}

impl Random {
    /// An empty pool over `source`.
    #[must_use]
    pub const fn new(source: Source) -> Self {
        Self {
            source,
            pool: [0; POOL],
            used: POOL,
            shape: 0,
        }
    }

    /// New ids for a span and a trace that begins at `seconds` of Unix time; `None` where all bytes of one are zero, which
    /// is not an id.
    pub fn ids(&mut self, seconds: u32) -> Option<(TraceId, SpanId)> {
        if self.used + TraceId::LEN + SpanId::LEN > POOL {
            (self.source)(&mut self.pool);
            self.used = 0;
        }
        let rest = self.pool.get(self.used..)?;
        let (trace_id, rest) = rest.split_first_chunk()?;
        let mut trace_id: [u8; TraceId::LEN] = *trace_id;
        let (span_id, _) = rest.split_first_chunk()?;
        self.used += TraceId::LEN + SpanId::LEN;
        match self.shape {
            1 => trace_id[..4].copy_from_slice(&seconds.to_be_bytes()),
            2 => trace_id[..8].fill(0),
            _ => {}
        }
        Some((
            TraceId::from_bytes(trace_id)?,
            SpanId::from_bytes(*span_id)?,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_trace_ids_the_shape_that_a_format_needs() {
        let mut random = Random::new(|bytes| bytes.fill(0xab));
        let mut hex = |shape| {
            random.shape = shape;
            random
                .ids(0x5759_e988)
                .map(|(trace_id, _)| trace_id.to_hex())
        };
        let all = "ab".repeat(16);
        assert_eq!(hex(0).as_ref(), Some(&all));
        assert_eq!(hex(1), Some(std::format!("5759e988{}", &all[8..])));
        assert_eq!(
            hex(2),
            Some(std::format!("{}{}", "0".repeat(16), &all[16..]))
        );
    }
}
