//! Rate, errors and duration by service and operation, with their trends.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use shared::graph::{NodeKey, Red, RedResponse, Role, ServiceRed, Traffic};
use shared::time::DurationNanos;

use super::{MINUTE_NANOS, Read};

/// How many steps a trend has at most.
const STEPS: u64 = 30;

/// The figures of the minutes that were read.
#[must_use]
pub fn red(read: &Read) -> RedResponse {
    let first = read.counted.start.0 / MINUTE_NANOS;
    let minutes = (read.counted.end.0 / MINUTE_NANOS)
        .saturating_sub(first)
        .max(1);
    let per_step = minutes.div_ceil(STEPS);
    let steps = minutes.div_ceil(per_step) as usize;
    let mut services: BTreeMap<&NodeKey, (Steps, BTreeMap<&str, Steps>)> = BTreeMap::new();
    for (number, minute) in &read.minutes {
        let step = (number.saturating_sub(first) / per_step) as usize;
        for ((key, operation), traffic) in &minute.graph.operations {
            let (all, operations) = services
                .entry(key)
                .or_insert_with(|| (Steps::new(steps), BTreeMap::new()));
            all.add(step, traffic);
            operations
                .entry(operation)
                .or_insert_with(|| Steps::new(steps))
                .add(step, traffic);
        }
    }
    let service = |(key, (all, operations)): (&NodeKey, (Steps, BTreeMap<&str, Steps>))| {
        let mut operations: Vec<Red> = operations
            .into_iter()
            .map(|(name, steps)| steps.red(name))
            .collect();
        operations.sort_by_key(|red| Reverse(red.figures.count));
        ServiceRed {
            browser: key.role == Role::Browser,
            all: all.red(&key.name),
            operations,
        }
    };
    RedResponse {
        range: read.counted,
        step: DurationNanos((per_step * MINUTE_NANOS) as i64),
        services: services.into_iter().map(service).collect(),
    }
}

/// Traffic step by step.
struct Steps(Vec<Traffic>);

impl Steps {
    fn new(steps: usize) -> Self {
        Self(vec![Traffic::default(); steps])
    }

    fn add(&mut self, step: usize, traffic: &Traffic) {
        if let Some(sum) = self.0.get_mut(step) {
            sum.merge(traffic);
        }
    }

    fn red(self, name: &str) -> Red {
        let mut all = Traffic::default();
        let mut trend = Vec::with_capacity(self.0.len());
        for step in &self.0 {
            all.merge(step);
            let p95 = step.durations.percentile(0.95).0.max(0).unsigned_abs();
            trend.push((step.count, step.errors, p95 / 1_000));
        }
        Red {
            name: name.to_owned(),
            figures: all.figures(),
            trend,
        }
    }
}
