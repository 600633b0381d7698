//! A visit that is still under way: whether it is, how often to ask for more, and what is said of it.
//!
//! How old the newest of a visit is, is told by the server's clock: the viewer's may be off. The visitor's may be as well;
//! whatever is newer than now is taken as of now.

use shared::query::session::SessionResponse;

use super::session::instant_at;

/// What was heard of so lately goes on.
const LIVE_MILLIS: i64 = 60_000;

/// After so long without an action a tab begins another session (`tracer-wasm/js/session.js`).
const IDLE_MILLIS: i64 = 30 * 60_000;

/// How often a visit is asked for, at least, while something arrives: recorders send every five seconds.
const LIVE_PERIOD_MILLIS: f64 = 3_000.0;

/// And while nothing does.
const QUIET_PERIOD_MILLIS: f64 = 15_000.0;

/// So many times as long as an answer took passes before the next is asked for: large visits take a server long.
const REST: f64 = 20.0;

/// Whether a visit is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pulse {
    /// Something arrived less than a minute ago.
    Live,
    /// It may go on.
    Quiet,
    /// Nothing of it comes any more.
    Over,
}

/// By the age of the newest that is known of it.
#[must_use]
pub fn pulse(age_millis: i64) -> Pulse {
    match age_millis {
        ..LIVE_MILLIS => Pulse::Live,
        LIVE_MILLIS..IDLE_MILLIS => Pulse::Quiet,
        _ => Pulse::Over,
    }
}

/// How old the newest of a visit was when the server answered; `end` is where its playhead ends.
#[must_use]
pub fn age_millis(session: &SessionResponse, end: i64) -> i64 {
    let newest = instant_at(session, end);
    ((session.server_time - newest).0 / 1_000_000).max(0)
}

/// Whether to ask again, so long after it was asked last; `took` is how long that answer took. Milliseconds.
#[must_use]
pub fn is_due(pulse: Pulse, since: f64, took: f64) -> bool {
    let period = match pulse {
        Pulse::Live => LIVE_PERIOD_MILLIS,
        Pulse::Quiet => QUIET_PERIOD_MILLIS,
        Pulse::Over => return false,
    };
    since >= period.max(took * REST)
}

/// `Recording, 4 s behind`
#[must_use]
pub fn in_words(recorded: bool, age_millis: i64) -> String {
    let what = if recorded { "Recording" } else { "Under way" };
    format!("{what}, {}\u{a0}s behind", age_millis / 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visit_is_asked_for_as_long_as_something_may_come() {
        for (age, since, took, due, reason) in [
            (4_000, 3_000.0, 20.0, true, "under way"),
            (4_000, 2_000.0, 20.0, false, "just asked"),
            (4_000, 9_000.0, 500.0, false, "a visit that is dear to read"),
            (4_000, 10_000.0, 500.0, true, "the same, later"),
            (120_000, 10_000.0, 20.0, false, "quiet"),
            (120_000, 15_000.0, 20.0, true, "quiet for longer"),
            (31 * 60_000, 1e9, 20.0, false, "over"),
        ] {
            assert_eq!(is_due(pulse(age), since, took), due, "{reason}");
        }
        assert_eq!(pulse(-5), Pulse::Live, "a clock that is ahead");
        assert_eq!(in_words(true, 4_900), "Recording, 4\u{a0}s behind");
    }
}
