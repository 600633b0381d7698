//! Random ids: xoroshiro128++ over 128 bits that the browser has drawn.
//!
//! Ids must differ, and need not be secret. Two pages meet in a sequence as rarely as two random numbers of 128 bits do.
//!
//! Source: Blackman and Vigna, "Scrambled linear pseudorandom number generators" (2021).

use shared::id::{SpanId, TraceId};

/// A generator; without a seed it gives no ids.
pub struct Random {
    state: [u64; 2],
    /// What trace ids look like: 1 where their first four bytes are their time (AWS X-Ray refuses others), 2 where their
    /// upper half is zero (OpenTracing carries no more than the lower one).
    pub shape: u32,
}

impl Random {
    /// A generator without a seed.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            state: [0; 2],
            shape: 0,
        }
    }

    /// Starts a sequence. All zeros are no seed.
    pub fn seed(&mut self, seed: [u64; 2]) {
        self.state = seed;
    }

    /// Ids of a new span, of this trace or of a new one that begins at `seconds` of Unix time; `None` where all bytes of
    /// one are zero, which is not an id.
    pub fn ids(&mut self, trace_id: Option<TraceId>, seconds: u32) -> Option<(TraceId, SpanId)> {
        let mut bytes = [0; TraceId::LEN];
        for half in bytes.chunks_exact_mut(SpanId::LEN) {
            half.copy_from_slice(&self.next());
        }
        match self.shape {
            1 => bytes[..4].copy_from_slice(&seconds.to_be_bytes()),
            2 => bytes[..8].fill(0),
            _ => {}
        }
        Some((
            trace_id.or(TraceId::from_bytes(bytes))?,
            SpanId::from_bytes(self.next())?,
        ))
    }

    #[inline(never)]
    fn next(&mut self) -> [u8; SpanId::LEN] {
        let [first, mut second] = self.state;
        let result = first
            .wrapping_add(second)
            .rotate_left(17)
            .wrapping_add(first);
        second ^= first;
        self.state = [
            first.rotate_left(49) ^ second ^ (second << 21),
            second.rotate_left(28),
        ];
        result.to_le_bytes()
    }
}

impl Default for Random {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn gives_trace_ids_the_shape_that_a_format_needs() {
        let hex = |shape| {
            let mut random = Random::new();
            random.seed([1, 2]);
            random.shape = shape;
            let (trace_id, _) = random.ids(None, 0x5759_e988).expect("ids");
            trace_id.to_hex()
        };
        let all = hex(0);
        assert_eq!(hex(1), std::format!("5759e988{}", &all[8..]));
        assert_eq!(hex(2), std::format!("{}{}", "0".repeat(16), &all[16..]));
    }

    #[test]
    fn follows_the_published_sequence() {
        let mut random = Random::new();
        random.seed([1, 2]);
        // The first numbers of the authors' C code from the state 1, 2.
        let numbers = [(); 2].map(|()| u64::from_le_bytes(random.next()));
        assert_eq!(numbers, [393_217, 669_327_710_093_319]);
    }

    #[test]
    fn repeats_no_id() {
        let mut random = Random::new();
        random.seed([0, 1]);
        let mut seen = HashSet::new();
        for _ in 0..10_000 {
            let (trace_id, span_id) = random.ids(None, 0).expect("ids");
            assert!(seen.insert(trace_id.to_hex()) && seen.insert(span_id.to_hex()));
        }
    }

    #[test]
    fn gives_no_ids_before_it_is_seeded() {
        assert!(Random::new().ids(None, 0).is_none());
    }
}
