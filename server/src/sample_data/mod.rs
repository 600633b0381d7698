//! An hour of a shop that does not exist, with an incident in it: something to look at before there
//! is anything of one's own. The same seed makes the same hour.

mod command;
mod random;
mod recorder;
mod shop;

pub use command::{SampleData, run, span_count};

use shared::time::{DurationNanos, UnixNanos};

use crate::store::Batch;
use random::Random;
use recorder::Recorder;
use shop::Shop;

/// How many actions of customers the hour has.
const ACTIONS: usize = 1_800;

/// How many traces go into one batch.
const TRACES_PER_BATCH: usize = 200;

const MINUTE_NANOS: f64 = 60e9;

/// The search that finds what went wrong.
pub const INCIDENT: &str = "{ resource.service.version = \"2.5.0\" && status = error }";

/// The hour that ends at `end`.
#[must_use]
pub fn hour(seed: u64, end: UnixNanos) -> Vec<Batch> {
    let mut random = Random::new(seed);
    let shop = Shop::new();
    let start = end + DurationNanos(-(60.0 * MINUTE_NANOS) as i64);
    let minutes = shop::arrivals(&mut random, ACTIONS);
    minutes
        .chunks(TRACES_PER_BATCH)
        .map(|minutes| {
            let mut batch = Batch::default();
            for minute in minutes {
                let at = start + DurationNanos((minute * MINUTE_NANOS) as i64);
                let mut recorder = Recorder::new(&mut random, at);
                shop.act(&mut recorder, *minute);
                let (spans, logs) = recorder.finish();
                batch.spans.extend(spans);
                batch.logs.extend(logs);
            }
            batch
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use shared::query::traceql;
    use shared::trace::assemble;

    use super::*;
    use crate::sample::NOON;

    fn traces(seed: u64) -> Vec<shared::trace::Trace> {
        let mut by_id = std::collections::BTreeMap::<_, Vec<_>>::new();
        for record in hour(seed, NOON).into_iter().flat_map(|batch| batch.spans) {
            by_id.entry(record.span.trace_id).or_default().push(record);
        }
        by_id.into_values().map(assemble).collect()
    }

    #[test]
    fn the_same_seed_makes_the_same_hour_and_another_one_another() {
        let spans = |seed| -> Vec<_> { hour(seed, NOON).remove(0).spans };
        assert_eq!(spans(1), spans(1));
        assert_ne!(spans(1)[0].span.trace_id, spans(2)[0].span.trace_id);
    }

    #[test]
    fn every_trace_is_whole_begins_in_the_browser_and_lies_in_the_hour() {
        let traces = traces(1);
        assert_eq!(traces.len(), ACTIONS);
        let mut services = BTreeSet::new();
        for trace in &traces {
            assert!(trace.warnings.is_empty(), "{:?}", trace.warnings);
            assert_eq!(trace.roots().count(), 1);
            assert!(trace.nodes[0].record.resource.is_browser());
            assert!(trace.start >= after(-60) && trace.start <= NOON);
            let named = trace
                .nodes
                .iter()
                .map(|node| node.record.resource.service_name().to_owned());
            services.extend(named);
        }
        let expected = [
            "cart", "catalog", "checkout", "gateway", "mailer", "payment", "shop-web",
        ];
        assert_eq!(services, expected.map(str::to_owned).into());
    }

    #[test]
    fn the_incident_is_found_by_its_search_within_its_minutes_only() {
        let query = traceql::parse(INCIDENT).expect("a query");
        let found: Vec<_> = traces(1)
            .into_iter()
            .filter(|trace| !query.matches(trace).is_empty())
            .collect();
        assert!(found.len() > 10, "{}", found.len());
        for trace in &found {
            assert!(trace.start >= after(-22) && trace.start <= after(-10));
        }
        let failed = |trace: &&shared::trace::Trace| trace.nodes[0].record.span.is_error();
        assert!(
            found.iter().any(|trace| failed(&trace)),
            "some customers saw it"
        );
    }

    fn after(minutes: i64) -> UnixNanos {
        NOON + DurationNanos(minutes * MINUTE_NANOS as i64)
    }
}
