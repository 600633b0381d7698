//! By how much each clock is taken to be ahead: as the trace's calls suggest, or as somebody has set it.
//!
//! An address names a clock by service and host, so that a link says the same of a trace that has grown since.

use super::trace::TraceModel;
use crate::url::{decode, encode};

/// What is set is at most so far from the root's clock, in nanoseconds: a year.
pub const MOST: i64 = 366 * 24 * 3_600 * 1_000_000_000;

/// By how much a clock is ahead of the root's, as somebody has set it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offset {
    /// The service.
    pub service: String,
    /// Its host; empty where none is named.
    pub host: String,
    /// In nanoseconds; negative where it is behind.
    pub nanos: i64,
}

impl Offset {
    /// Its text in an address: `1500000,host-2,payment`.
    #[must_use]
    pub fn key(&self) -> String {
        // The host ends at the first comma after it.
        let host = encode(&self.host).replace(',', "%2C");
        format!("{},{host},{}", self.nanos, self.service)
    }

    /// Reads the text of an address; `None` for what is none.
    #[must_use]
    pub fn parse(key: &str) -> Option<Self> {
        let (nanos, whose) = key.split_once(',')?;
        let (host, service) = whose.split_once(',')?;
        let nanos: i64 = nanos.parse().ok()?;
        Some(Self {
            host: decode(host),
            service: service.to_owned(),
            nanos: nanos.clamp(-MOST, MOST),
        })
    }
}

/// What is set of one clock, `None` where nothing is.
#[must_use]
pub fn set_for(model: &TraceModel, clock: u16, offsets: &[Offset]) -> Option<i64> {
    let (service, host) = model.clock_of_whom(clock)?;
    let found = offsets
        .iter()
        .find(|one| (one.service.as_str(), one.host.as_str()) == (service, host));
    found.map(|one| one.nanos)
}

/// The offsets with one clock's changed: `None` leaves it to the estimate.
#[must_use]
pub fn with(model: &TraceModel, clock: u16, nanos: Option<i64>, offsets: &[Offset]) -> Vec<Offset> {
    let Some((service, host)) = model.clock_of_whom(clock) else {
        return offsets.to_vec();
    };
    let other = |one: &&Offset| (one.service.as_str(), one.host.as_str()) != (service, host);
    let mut out: Vec<Offset> = offsets.iter().filter(other).cloned().collect();
    out.extend(nanos.map(|nanos| Offset {
        service: service.to_owned(),
        host: host.to_owned(),
        nanos: nanos.clamp(-MOST, MOST),
    }));
    out
}

/// By how much each clock is taken to be ahead of the root's: as set, else as estimated.
#[must_use]
pub fn applied(model: &TraceModel, offsets: &[Offset]) -> Vec<i64> {
    let estimates = model.estimates().iter().enumerate();
    estimates
        .map(|(clock, estimate)| set_for(model, clock as u16, offsets).unwrap_or(*estimate))
        .collect()
}

/// A stretch of time that is looked at, where other clocks tell the times; `None` where that is all of it.
#[must_use]
pub fn carried(zoom: Option<(i64, i64)>, from: &TraceModel, to: &TraceModel) -> Option<(i64, i64)> {
    let zoom = zoom.filter(|zoom| from.focus() != Some(*zoom))?;
    let moved = (from.start_time() - to.start_time()).0;
    let (start, end) = (zoom.0 + moved, zoom.1 + moved);
    let (start, end) = (start.max(0), end.min(to.duration));
    (start < end).then_some((start, end))
}

#[cfg(test)]
mod tests {
    use shared::span::SpanKind;

    use super::super::clock::adjusted;
    use super::super::fixture::{kind, model, on_host, span};
    use super::super::pace::{Unhurried, at_once};
    use super::*;

    const MS: u64 = 1_000_000;
    const SECOND: u64 = 1_000 * MS;

    /// A shop asks its payment, whose clock is ten seconds ahead.
    fn skewed() -> TraceModel {
        let at = |ms: u64| 10 * SECOND + ms * MS;
        model(vec![
            kind(span(1, 0, "shop", "ask", 0, 100 * MS), SpanKind::Client),
            on_host(
                kind(
                    span(2, 1, "payment", "answer", at(20), at(80)),
                    SpanKind::Server,
                ),
                "h-1",
            ),
        ])
    }

    fn by_hand(nanos: i64) -> Vec<Offset> {
        with(&skewed(), 1, Some(nanos), &[])
    }

    #[test]
    fn what_is_set_survives_its_address() {
        for (service, host) in [
            ("payment", "h-1"),
            ("a, b", ""),
            ("", "x,y%2C+z"),
            ("Żółć 🎬", ","),
        ] {
            let offset = Offset {
                service: service.to_owned(),
                host: host.to_owned(),
                nanos: -7,
            };
            assert_eq!(Offset::parse(&offset.key()), Some(offset));
        }
        assert_eq!(by_hand(-5)[0].key(), "-5,h-1,payment");
    }

    #[test]
    fn what_is_no_offset_is_left_out_and_a_year_is_the_most() {
        for key in ["", "x,h,s", "5", "5,h", "99999999999999999999,h,s"] {
            assert_eq!(Offset::parse(key), None, "{key}");
        }
        let far = Offset::parse("-9223372036854775808,h,s").expect("an offset");
        assert_eq!(far.nanos, -MOST);
    }

    #[test]
    fn what_is_set_comes_before_what_is_estimated() {
        let model = skewed();
        let estimate = 10 * SECOND as i64;
        assert_eq!(applied(&model, &[]), [0, estimate]);
        assert_eq!(applied(&model, &by_hand(0)), [0, 0]);
        let set = by_hand(9 * SECOND as i64);
        assert_eq!(applied(&model, &set), [0, 9 * SECOND as i64]);
        assert_eq!(with(&model, 1, None, &set), [], "back to the estimate");
        let of_another = Offset {
            host: "h-2".to_owned(),
            ..set[0].clone()
        };
        assert_eq!(
            applied(&model, &[of_another]),
            [0, estimate],
            "of another host"
        );
    }

    #[test]
    fn bars_lie_where_the_offset_puts_them() {
        let sent = skewed();
        let told =
            |offsets: &[Offset]| at_once(adjusted(&sent, &applied(&sent, offsets), &Unhurried));
        let answer = |model: &TraceModel| model.start[1] - model.start[0];
        assert_eq!(answer(&told(&[])), 20 * MS as i64);
        let early = told(&by_hand((10 * SECOND + 5 * MS) as i64));
        assert_eq!(answer(&early), 15 * MS as i64);
        assert_eq!(
            early.skew_of(1),
            (10 * SECOND + 5 * MS) as i64,
            "where its own clock had it"
        );
        assert_eq!(early.clocks, None);
        let none = told(&by_hand(0));
        assert_eq!(answer(&none), (10 * SECOND + 20 * MS) as i64);
        assert!(none.clocks.is_some(), "what contradicts is told");
        assert!(none.adjusted);
        assert_eq!(
            none.estimates(),
            sent.estimates(),
            "the estimate is still known"
        );
    }

    #[test]
    fn what_is_looked_at_stays_where_it_is_when_the_trace_begins_elsewhere() {
        let sent = skewed();
        let told = |nanos: i64| at_once(adjusted(&sent, &[0, nanos], &Unhurried));
        let (right, early) = (
            told(10 * SECOND as i64),
            told((10 * SECOND + 50 * MS) as i64),
        );
        // The answer begins 30 ms before the request now.
        let (from, to) = (40 * MS as i64, 60 * MS as i64);
        let moved = 30 * MS as i64;
        assert_eq!(
            carried(Some((from, to)), &right, &early),
            Some((from + moved, to + moved))
        );
        assert_eq!(carried(None, &right, &early), None);
        assert_eq!(
            carried(sent.focus(), &sent, &right),
            None,
            "the root's time is all of it"
        );
        assert_eq!(
            carried(Some((5 * SECOND as i64, 6 * SECOND as i64)), &sent, &right),
            None
        );
    }
}
