//! What the session page concludes: where its playhead stands, what is current there, where the next trouble is.
//!
//! A playhead is milliseconds from the session's start; everything on the page follows from it.

use shared::query::session::{SessionAction, SessionResponse};
use shared::time::{DurationNanos, UnixNanos};
use shared::trace::Trace;

/// While nothing happens for longer than this, playing may jump ahead.
const IDLE_MILLIS: i64 = 2_000;
/// So much of the silence before something happens is left.
const LEAD_MILLIS: i64 = 500;
/// More rows of a waterfall than these are counted, not drawn.
pub const MOST_BARS: usize = 40;

/// One row of the waterfall beside the screen.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// The span's name.
    pub name: String,
    /// Its service, as a number in the order of first appearance.
    pub service: usize,
    /// How deep it stands.
    pub depth: u32,
    /// Where it begins and how long it is, as shares of the whole.
    pub left: f64,
    /// See `left`.
    pub width: f64,
    /// Whether it failed.
    pub failed: bool,
    /// How many equal siblings it stands for.
    pub times: u32,
}

/// The waterfall of an action.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bars {
    /// Its rows.
    pub rows: Vec<Bar>,
    /// Whether each service is a browser.
    pub browsers: Vec<bool>,
    /// Rows beyond [`MOST_BARS`].
    pub left_out: usize,
}

/// Milliseconds from the start of the session.
#[must_use]
pub fn millis_at(session: &SessionResponse, instant: UnixNanos) -> i64 {
    (instant - session.summary.start).0 / 1_000_000
}

/// The instant under the playhead.
#[must_use]
pub fn instant_at(session: &SessionResponse, at: i64) -> UnixNanos {
    session.summary.start + DurationNanos::from_millis(at)
}

/// How long the session is, in milliseconds.
#[must_use]
pub fn length(session: &SessionResponse) -> i64 {
    millis_at(session, session.summary.end).max(1)
}

/// The action under the playhead: the last one that had begun.
#[must_use]
pub fn current(session: &SessionResponse, at: i64) -> usize {
    let instant = instant_at(session, at);
    let begun =
        |action: &SessionAction| millis_at(session, action.start) <= at || action.start <= instant;
    let after = session.actions.partition_point(begun);
    after.saturating_sub(1)
}

/// Where the next failure after the playhead is, around the end; `None` where nothing failed.
#[must_use]
pub fn next_error(session: &SessionResponse, at: i64) -> Option<i64> {
    let times = errors(session);
    let next = times.iter().find(|time| **time > at);
    next.or(times.first()).copied()
}

/// Where the failure before the playhead is, around the beginning; `None` where nothing failed.
#[must_use]
pub fn previous_error(session: &SessionResponse, at: i64) -> Option<i64> {
    let times = errors(session);
    let previous = times.iter().rfind(|time| **time < at);
    previous.or(times.last()).copied()
}

/// When something failed, in order.
fn errors(session: &SessionResponse) -> Vec<i64> {
    let actions = session
        .actions
        .iter()
        .filter(|action| action.error_count > 0)
        .map(|action| action.start);
    let entries = session
        .entries
        .iter()
        .filter(|entry| entry.failed)
        .map(|entry| entry.time);
    let mut times: Vec<i64> = actions
        .chain(entries)
        .map(|time| millis_at(session, time))
        .collect();
    times.sort_unstable();
    times
}

/// Where playing goes on from here when silence is left out; `at` itself while something happens. `deeds` are the
/// stretches of what is shown in which the visitor did something, and `end` is where playing ends.
#[must_use]
pub fn skip_idle(session: &SessionResponse, deeds: &[(i64, i64)], end: i64, at: i64) -> i64 {
    let actions = session.actions.iter().map(|action| {
        let start = millis_at(session, action.start);
        (start, start + action.duration.0 / 1_000_000)
    });
    let entries = session.entries.iter().map(|entry| {
        let time = millis_at(session, entry.time);
        (time, i64::MIN)
    });
    let mut next = None;
    for (start, stop) in actions.chain(entries).chain(deeds.iter().copied()) {
        if start <= at && at <= stop.saturating_add(LEAD_MILLIS) {
            return at;
        }
        if start > at {
            next = Some(next.map_or(start, |next: i64| next.min(start)));
        }
    }
    match next {
        Some(next) if next - at > IDLE_MILLIS => next - LEAD_MILLIS,
        None if end - at > IDLE_MILLIS => end,
        _ => at,
    }
}

/// `02:42.1`
#[must_use]
pub fn clock(millis: i64) -> String {
    let tenths = millis.max(0) / 100;
    format!(
        "{:02}:{:02}.{}",
        tenths / 600,
        tenths / 10 % 60,
        tenths % 10
    )
}

/// What the session is about, in one line.
#[must_use]
pub fn headline(session: &SessionResponse) -> String {
    let summary = &session.summary;
    let who = ["user.name", "user.email", "user.id"]
        .into_iter()
        .find_map(|key| summary.user.get(key));
    let who = who.map_or("A visitor", String::as_str);
    let failed = session.actions.iter().find(|action| action.error_count > 0);
    let last = session
        .actions
        .iter()
        .rev()
        .find(|action| action.kind != "load");
    match (failed, last) {
        (Some(action), _) => format!("{who}: {} went wrong", action.name),
        (None, Some(action)) => format!("{who}: up to {}", action.name),
        (None, None) => format!("{who} looked at {}", summary.service),
    }
}

/// The waterfall of a trace; equal siblings one after the other are one row.
#[must_use]
pub fn bars(trace: &Trace) -> Bars {
    let mut out = Bars::default();
    let mut services: Vec<&str> = Vec::new();
    let total = trace.duration().0.max(1) as f64;
    for node in &trace.nodes {
        let (span, resource) = (&node.record.span, &node.record.resource);
        let name = resource.service_name();
        let service = services
            .iter()
            .position(|known| *known == name)
            .unwrap_or_else(|| {
                services.push(name);
                out.browsers.push(resource.is_browser());
                services.len() - 1
            });
        let left = ((span.start - trace.start).0 as f64 / total).clamp(0.0, 1.0);
        let width = (span.duration().0 as f64 / total).clamp(0.0, 1.0 - left);
        if let Some(row) = out.rows.last_mut()
            && (row.service, row.depth) == (service, node.depth)
            && row.name == span.name
        {
            row.times += 1;
            row.failed |= span.is_error();
            row.width = (left + width - row.left).max(row.width);
            continue;
        }
        if out.rows.len() == MOST_BARS {
            out.left_out += 1;
            continue;
        }
        out.rows.push(Bar {
            name: span.name.clone(),
            service,
            depth: node.depth,
            left,
            width,
            failed: span.is_error(),
            times: 1,
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::query::session::{EntryKind, SessionEntry, SessionSummary};

    fn action(start: u64, millis: i64, errors: u32) -> SessionAction {
        SessionAction {
            trace_id: None,
            span_id: None,
            name: format!("click {start}"),
            kind: "click".to_owned(),
            start: UnixNanos(start * 1_000_000),
            duration: DurationNanos::from_millis(millis),
            caused: None,
            error_count: errors,
            error: None,
            rage: false,
            dead: false,
            rating: None,
            route: None,
            selector: None,
            value: None,
        }
    }

    /// A load at 0, clicks at 3 s and at 20 s, an exception at 21 s.
    fn session() -> SessionResponse {
        let actions = vec![
            action(1_000, 500, 0),
            action(4_000, 100, 1),
            action(21_000, 100, 0),
        ];
        SessionResponse {
            summary: SessionSummary {
                session_id: "s".to_owned(),
                service: "shop-web".to_owned(),
                browser: None,
                viewport: None,
                color_scheme: None,
                user: [("user.email".to_owned(), "ada@shop.example".to_owned())].into(),
                start: UnixNanos(1_000 * 1_000_000),
                end: UnixNanos(22_000 * 1_000_000),
                action_count: 3,
                error_count: 1,
                error: None,
                rage_count: 0,
                dead_count: 0,
                vitals: Vec::new(),
                routes: Vec::new(),
                recorded: false,
            },
            actions,
            entries: vec![SessionEntry {
                time: UnixNanos(22_000 * 1_000_000),
                kind: EntryKind::Exception,
                text: "TypeError".to_owned(),
                failed: true,
                trace_id: None,
                span_id: None,
            }],
            more: false,
            recording_withheld: false,
            server_time: UnixNanos(22_000 * 1_000_000),
        }
    }

    #[test]
    fn the_current_action_is_the_last_that_had_begun() {
        let session = session();
        for (at, expected, reason) in [
            (0, 0, "the load"),
            (2_999, 0, "just before the click"),
            (3_000, 1, "at the click"),
            (60_000, 2, "after the end"),
            (-5, 0, "before the beginning"),
        ] {
            assert_eq!(current(&session, at), expected, "{reason}");
        }
        assert_eq!(length(&session), 21_000);
    }

    #[test]
    fn errors_are_visited_in_turn() {
        let session = session();
        assert_eq!(next_error(&session, 0), Some(3_000));
        assert_eq!(next_error(&session, 3_000), Some(21_000));
        assert_eq!(next_error(&session, 21_000), Some(3_000), "around the end");
        assert_eq!(previous_error(&session, 21_000), Some(3_000));
        assert_eq!(
            previous_error(&session, 3_000),
            Some(21_000),
            "around the beginning"
        );
    }

    #[test]
    fn silence_is_left_out_and_nothing_else() {
        let session = session();
        for (at, expected, reason) in [
            (100, 100, "the load is under way"),
            (1_100, 1_100, "a short silence"),
            (2_600, 2_600, "the click is near"),
            (3_050, 3_050, "the click is under way"),
            (4_000, 19_500, "a long silence"),
            (30_000, 30_000, "nothing follows"),
        ] {
            assert_eq!(skip_idle(&session, &[], 30_000, at), expected, "{reason}");
        }
        let typing = [(6_000, 9_000), (40_000, 41_000)];
        for (at, expected, reason) in [
            (4_000, 4_000, "the typing is near"),
            (7_000, 7_000, "it is under way"),
            (10_000, 19_500, "it is over"),
            (25_000, 39_500, "something is done after the last action"),
            (45_000, 90_000, "nothing is done any more"),
            (89_000, 89_000, "the end is near"),
        ] {
            assert_eq!(
                skip_idle(&session, &typing, 90_000, at),
                expected,
                "{reason}"
            );
        }
    }

    #[test]
    fn says_in_a_line_what_it_is_about() {
        assert_eq!(
            headline(&session()),
            "ada@shop.example: click 4000 went wrong"
        );
        assert_eq!(clock(162_150), "02:42.1");
    }
}
