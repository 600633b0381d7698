//! Traces of a list that are chosen to be compared, and what they can be compared with.

use shared::id::TraceId;
use shared::query::TraceSummary;

/// The chosen traces, at most two; a third takes the place of the first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Picked(Vec<TraceId>);

/// A comparison that is offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// What it is called.
    pub label: String,
    /// Its address.
    pub address: String,
}

impl Picked {
    /// Chooses a trace, or no longer.
    pub fn toggle(&mut self, id: TraceId) {
        if self.has(id) {
            self.0.retain(|other| *other != id);
            return;
        }
        if self.0.len() == 2 {
            self.0.remove(0);
        }
        self.0.push(id);
    }

    /// Whether a trace is chosen.
    #[must_use]
    pub fn has(&self, id: TraceId) -> bool {
        self.0.contains(&id)
    }

    /// Whether each chosen trace is one of these.
    #[must_use]
    pub fn all(&self, of: impl Fn(TraceId) -> bool) -> bool {
        self.0.iter().all(|id| of(*id))
    }

    /// Keeps those of the chosen traces that are some of these.
    pub fn keep(&mut self, of: impl Fn(TraceId) -> bool) {
        self.0.retain(|id| of(*id));
    }

    /// How many are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// What is offered, given the list: the two with one another, the quicker as the yardstick; and the slower, or the
    /// one that is chosen, with the fastest and the median of the list that began alike and did not fail.
    #[must_use]
    pub fn offers(&self, list: &[TraceSummary]) -> Vec<Offer> {
        let of = |id: &TraceId| list.iter().find(|trace| trace.trace_id == *id);
        let mut chosen: Vec<&TraceSummary> = self.0.iter().filter_map(of).collect();
        chosen.sort_by_key(|trace| trace.duration);
        let Some(subject) = chosen.last() else {
            return Vec::new();
        };
        let address =
            |with: &TraceSummary| format!("/compare/{}/{}", with.trace_id, subject.trace_id);
        let mut offers = Vec::new();
        if let [quicker, slower] = chosen[..] {
            offers.push(Offer {
                label: "Compare the two".to_owned(),
                address: address(quicker),
            });
            if operation(quicker) != operation(slower) {
                return offers;
            }
        }
        let mut alike: Vec<&TraceSummary> = list
            .iter()
            .filter(|trace| trace.trace_id != subject.trace_id && trace.error_count == 0)
            .filter(|trace| operation(trace) == operation(subject))
            .collect();
        alike.sort_by_key(|trace| trace.duration);
        let named = [
            ("with the median", alike.get(alike.len() / 2)),
            ("with the fastest", alike.first()),
        ];
        for (label, with) in named {
            let address = with.map(|with| address(with));
            if let Some(address) = address
                && !offers.iter().any(|offer: &Offer| offer.address == address)
            {
                let label = label.to_owned();
                offers.push(Offer { label, address });
            }
        }
        if self.len() == 1 {
            offers.push(Offer {
                label: "with another of its kind …".to_owned(),
                address: format!("/compare/{}", subject.trace_id),
            });
        }
        offers
    }
}

fn operation(trace: &TraceSummary) -> (&str, &str) {
    (&trace.root_service, &trace.root_name)
}

#[cfg(test)]
mod tests {
    use shared::time::{DurationNanos, UnixNanos};

    use super::*;

    fn id(number: u8) -> TraceId {
        TraceId::from_bytes([number; 16]).expect("not zero")
    }

    fn trace(number: u8, name: &str, millis: i64, errors: u32) -> TraceSummary {
        TraceSummary {
            trace_id: id(number),
            root_name: name.to_owned(),
            root_service: "shop-web".to_owned(),
            caused: None,
            start: UnixNanos(0),
            duration: DurationNanos(millis * 1_000_000),
            span_count: 1,
            error_count: errors,
            error: None,
            services: Vec::new(),
            noted: Vec::new(),
        }
    }

    fn picked(numbers: &[u8]) -> Picked {
        let mut picked = Picked::default();
        numbers.iter().for_each(|number| picked.toggle(id(*number)));
        picked
    }

    #[test]
    fn a_third_takes_the_place_of_the_first() {
        assert_eq!(picked(&[1, 2, 3]), picked(&[2, 3]));
        assert_eq!(picked(&[1, 2, 1]), picked(&[2]));
        assert_eq!(picked(&[1, 1]).len(), 0);
        let mut kept = picked(&[1, 2]);
        assert!(!kept.all(|other| other == id(2)));
        kept.keep(|other| other == id(2));
        assert_eq!(kept, picked(&[2]));
    }

    #[test]
    fn two_are_compared_and_the_slower_with_its_kind() {
        let list = [
            trace(1, "book", 900, 0),
            trace(2, "book", 100, 0),
            trace(3, "book", 200, 0),
            trace(4, "book", 300, 0),
            trace(5, "book", 10, 2),
            trace(6, "load", 50, 0),
        ];
        let offers = |numbers: &[u8]| -> Vec<(String, u8, u8)> {
            let place = |text: &str| {
                let of = (1..=6).find(|number| id(*number).to_hex() == text);
                of.unwrap_or(0)
            };
            let offers = picked(numbers).offers(&list).into_iter();
            offers
                .map(|offer| {
                    let mut ids = offer.address.split('/').skip(2);
                    let (with, subject) = (ids.next().unwrap_or(""), ids.next().unwrap_or(""));
                    (offer.label, place(with), place(subject))
                })
                .collect()
        };
        let row = |label: &str, with, subject| (label.to_owned(), with, subject);
        assert_eq!(offers(&[]), []);
        assert_eq!(
            offers(&[4, 1]),
            [
                row("Compare the two", 4, 1),
                row("with the median", 3, 1),
                row("with the fastest", 2, 1),
            ]
        );
        assert_eq!(offers(&[1, 6]), [row("Compare the two", 6, 1)], "not alike");
        assert_eq!(
            offers(&[1]),
            [
                row("with the median", 3, 1),
                row("with the fastest", 2, 1),
                row("with another of its kind …", 1, 0),
            ]
        );
        assert_eq!(offers(&[6]), [row("with another of its kind …", 6, 0)]);
        assert_eq!(
            offers(&[3, 2]),
            [row("Compare the two", 2, 3), row("with the median", 4, 3),],
            "the fastest is chosen already"
        );
    }
}
