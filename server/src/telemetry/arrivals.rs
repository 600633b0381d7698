//! Who sends what now, and what was refused lately, for the setup page. Both are bounded: names of
//! services come from senders, who may make up as many as they like.

use std::collections::{BTreeMap, VecDeque};

use shared::query::{RefusedRequests, ServiceArrivals, SignalArrivals};
use shared::time::UnixNanos;

use super::Signal;

/// So many services are told apart; what others send counts in the totals alone.
const MAX_SERVICES: usize = 200;

/// So many refusals are kept.
const MAX_REFUSALS: usize = 20;

/// Rates are of the last minute, in steps of so many seconds.
const STEP_SECONDS: u64 = 5;
const STEPS: usize = 12;

/// What each service has sent.
#[derive(Debug, Default)]
pub struct Arrivals {
    services: BTreeMap<String, Service>,
    /// How many records came from services beyond the bound.
    others: u64,
}

#[derive(Debug, Default)]
struct Service {
    browser: bool,
    last: UnixNanos,
    signals: [Rate; 3],
}

#[derive(Debug, Default)]
struct Rate {
    total: u64,
    /// The records of each step, by the step's number modulo [`STEPS`].
    steps: [u64; STEPS],
    latest: u64,
}

impl Arrivals {
    /// Counts records of a service.
    pub fn add(
        &mut self,
        service: &str,
        browser: bool,
        signal: Signal,
        records: u64,
        now: UnixNanos,
    ) {
        if !self.services.contains_key(service) {
            if self.services.len() == MAX_SERVICES {
                self.others += records;
                return;
            }
            self.services.insert(service.to_owned(), Service::default());
        }
        if let Some(of) = self.services.get_mut(service) {
            of.browser |= browser;
            of.last = now;
            of.signals[signal as usize].add(records, step(now));
        }
    }

    /// Each service with its rates.
    #[must_use]
    pub fn services(&self, now: UnixNanos) -> Vec<ServiceArrivals> {
        let step = step(now);
        let of = |rate: &Rate| SignalArrivals {
            total: rate.total,
            last_minute: rate.last_minute(step),
        };
        self.services
            .iter()
            .map(|(name, service)| ServiceArrivals {
                name: name.clone(),
                browser: service.browser,
                last: service.last,
                spans: of(&service.signals[Signal::Traces as usize]),
                logs: of(&service.signals[Signal::Logs as usize]),
                metric_points: of(&service.signals[Signal::Metrics as usize]),
            })
            .collect()
    }

    /// How many records came from services that are not told apart.
    #[must_use]
    pub fn others(&self) -> u64 {
        self.others
    }
}

fn step(now: UnixNanos) -> u64 {
    now.0 / (STEP_SECONDS * 1_000_000_000)
}

impl Rate {
    fn add(&mut self, records: u64, step: u64) {
        self.move_to(step);
        self.total += records;
        self.steps[(step % STEPS as u64) as usize] += records;
    }

    /// Empties the steps between the latest and this one.
    fn move_to(&mut self, step: u64) {
        // A clock that was set back counts into the step that it names.
        let passed = step.saturating_sub(self.latest).min(STEPS as u64);
        for back in 0..passed {
            self.steps[((step - back) % STEPS as u64) as usize] = 0;
        }
        self.latest = self.latest.max(step);
    }

    fn last_minute(&self, step: u64) -> u64 {
        (0..STEPS as u64)
            .filter_map(|back| step.checked_sub(back))
            .filter(|at| *at <= self.latest && at + STEPS as u64 > self.latest)
            .map(|at| self.steps[(at % STEPS as u64) as usize])
            .sum()
    }
}

/// The latest refusals, newest first; the same one again is counted, not listed again.
#[derive(Debug, Default)]
pub struct Refusals {
    latest: VecDeque<RefusedRequests>,
    /// How many requests those were that are no longer listed.
    others: u64,
}

impl Refusals {
    /// Takes note of a refusal.
    pub fn add(&mut self, signal: Signal, records: u64, reason: String, now: UnixNanos) {
        let signal = signal.records();
        let known = self
            .latest
            .iter()
            .position(|known| known.signal == signal && known.reason == reason);
        let mut entry = known
            .and_then(|index| self.latest.remove(index))
            .unwrap_or_else(|| RefusedRequests {
                signal: signal.to_owned(),
                reason,
                times: 0,
                records: 0,
                last: now,
            });
        entry.times += 1;
        entry.records += records;
        entry.last = now;
        self.latest.push_front(entry);
        while self.latest.len() > MAX_REFUSALS {
            self.others += self.latest.pop_back().map_or(0, |entry| entry.times);
        }
    }

    /// The refusals, newest first.
    #[must_use]
    pub fn list(&self) -> Vec<RefusedRequests> {
        self.latest.iter().cloned().collect()
    }

    /// How many requests were refused for reasons that are no longer listed.
    #[must_use]
    pub fn others(&self) -> u64 {
        self.others
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::after_noon;

    fn last_minute(arrivals: &Arrivals, seconds: i64) -> Vec<u64> {
        let services = arrivals.services(after_noon(seconds));
        services.iter().map(|of| of.spans.last_minute).collect()
    }

    #[test]
    fn a_rate_is_of_the_last_minute() {
        let mut arrivals = Arrivals::default();
        for (seconds, records) in [(0, 5), (30, 7), (58, 1)] {
            arrivals.add("a", false, Signal::Traces, records, after_noon(seconds));
        }
        assert_eq!(last_minute(&arrivals, 59), [13]);
        assert_eq!(last_minute(&arrivals, 61), [8], "the first step has passed");
        arrivals.add("a", true, Signal::Traces, 2, after_noon(100));
        assert_eq!(last_minute(&arrivals, 100), [3]);
        assert_eq!(last_minute(&arrivals, 1_000), [0]);
        let service = &arrivals.services(after_noon(1_000))[0];
        assert_eq!((service.spans.total, service.browser), (15, true));
    }

    #[test]
    fn made_up_services_are_bounded() {
        let mut arrivals = Arrivals::default();
        for number in 0..MAX_SERVICES + 3 {
            arrivals.add(&number.to_string(), false, Signal::Logs, 2, after_noon(0));
        }
        assert_eq!(arrivals.services(after_noon(0)).len(), MAX_SERVICES);
        assert_eq!(arrivals.others(), 6);
    }

    #[test]
    fn the_same_refusal_again_is_counted_and_old_ones_go() {
        let mut refusals = Refusals::default();
        let mut add = |reason: &str, seconds| {
            refusals.add(Signal::Traces, 1, reason.to_owned(), after_noon(seconds));
        };
        add("a", 0);
        add("b", 1);
        add("a", 2);
        for number in 0..MAX_REFUSALS as i64 - 1 {
            add(&number.to_string(), 3 + number);
        }
        let list = refusals.list();
        assert_eq!(list.len(), MAX_REFUSALS);
        let last = &list[MAX_REFUSALS - 1];
        assert_eq!(
            (last.reason.as_str(), last.times, last.last),
            ("a", 2, after_noon(2))
        );
        assert_eq!(refusals.others(), 1, "b is counted");
    }
}
