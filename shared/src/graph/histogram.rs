//! Durations in logarithmic buckets: a percentile to within three per cent, in little room, and two
//! histograms add up to the histogram of both.
//!
//! Each power of two is divided into sixteen equal steps, found by shifts alone.

use std::collections::BTreeMap;

use crate::time::DurationNanos;

/// How many bits of a duration below its highest one tell buckets apart.
const STEP_BITS: u32 = 4;

/// How many durations fell into each bucket.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Histogram {
    buckets: BTreeMap<u16, u64>,
    /// The shortest and the longest: a bucket's middle is never outside of what was counted.
    extremes: Option<(DurationNanos, DurationNanos)>,
}

impl Histogram {
    /// Counts a duration; negative ones count as zero.
    pub fn add(&mut self, duration: DurationNanos) {
        *self.buckets.entry(bucket(duration)).or_default() += 1;
        self.widen(DurationNanos(duration.0.max(0)));
    }

    /// Counts everything that another histogram has counted.
    pub fn merge(&mut self, other: &Self) {
        for (&bucket, &count) in &other.buckets {
            *self.buckets.entry(bucket).or_default() += count;
        }
        if let Some((shortest, longest)) = other.extremes {
            self.widen(shortest);
            self.widen(longest);
        }
    }

    fn widen(&mut self, duration: DurationNanos) {
        let (shortest, longest) = self.extremes.unwrap_or((duration, duration));
        self.extremes = Some((shortest.min(duration), longest.max(duration)));
    }

    /// The duration that `share` of all durations do not exceed, by the middle of its bucket; zero
    /// where there are none.
    #[must_use]
    pub fn percentile(&self, share: f64) -> DurationNanos {
        let Some((shortest, longest)) = self.extremes else {
            return DurationNanos(0);
        };
        let total: u64 = self.buckets.values().sum();
        let rank = ((total as f64 * share).ceil() as u64).max(1);
        let mut seen = 0;
        for (&bucket, &count) in &self.buckets {
            seen += count;
            if seen >= rank {
                return middle(bucket).clamp(shortest, longest);
            }
        }
        longest
    }
}

fn bucket(duration: DurationNanos) -> u16 {
    let nanos = duration.0.max(0).unsigned_abs();
    let exponent = (nanos | 1).ilog2();
    if exponent < STEP_BITS {
        return nanos as u16;
    }
    let shift = exponent - STEP_BITS;
    // The highest bit stands for the octave, so that buckets follow each other without a gap.
    ((u64::from(shift) << STEP_BITS) + (nanos >> shift)) as u16
}

fn middle(bucket: u16) -> DurationNanos {
    let bucket = u64::from(bucket);
    let steps = 1 << STEP_BITS;
    if bucket < steps {
        return DurationNanos(bucket as i64);
    }
    let shift = (bucket >> STEP_BITS) - 1;
    let least = (bucket - (shift << STEP_BITS)) << shift;
    DurationNanos((least + ((1_u64 << shift) >> 1)) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_within_three_per_cent_of_its_durations() {
        let mut nanos: u64 = 0;
        while nanos < u64::MAX / 4 {
            let found = middle(bucket(DurationNanos(nanos as i64))).0 as f64;
            assert!(
                (found - nanos as f64).abs() <= nanos as f64 / 32.0,
                "{nanos}: {found}"
            );
            nanos = nanos + nanos / 7 + 1;
        }
        assert_eq!(middle(bucket(DurationNanos(-5))), DurationNanos(0));
        assert!(middle(bucket(DurationNanos(i64::MAX))).0 > i64::MAX / 2);
    }

    #[test]
    fn buckets_are_in_the_order_of_their_durations() {
        let buckets: Vec<u16> = (0..5_000)
            .map(|nanos| bucket(DurationNanos(nanos)))
            .collect();
        assert!(
            buckets
                .windows(2)
                .all(|pair| pair[1] == pair[0] || pair[1] == pair[0] + 1)
        );
    }

    #[test]
    fn percentiles_of_a_sum_are_those_of_all() {
        let (mut one, mut other, mut all) = (
            Histogram::default(),
            Histogram::default(),
            Histogram::default(),
        );
        for millis in 1..=100 {
            let duration = DurationNanos::from_millis(millis);
            if millis % 3 == 0 {
                &mut one
            } else {
                &mut other
            }
            .add(duration);
            all.add(duration);
        }
        one.merge(&other);
        assert_eq!(one, all);
        for (share, expected) in [(0.5, 50.0), (0.95, 95.0), (1.0, 100.0)] {
            let found = all.percentile(share).as_millis_f64();
            assert!(
                (found - expected).abs() <= expected / 32.0,
                "{share}: {found}"
            );
        }
        assert_eq!(Histogram::default().percentile(0.95), DurationNanos(0));
        let mut alone = Histogram::default();
        alone.add(DurationNanos::from_millis(1));
        assert_eq!(
            alone.percentile(0.5),
            DurationNanos::from_millis(1),
            "exactly"
        );
    }
}
