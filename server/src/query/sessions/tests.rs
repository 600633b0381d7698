//! What is found of sessions, in both stores.

use std::time::{Duration, Instant};

use crate::query::search::parse_cursor;
use shared::attribute::Attribute;
use shared::id::TraceId;
use shared::span::StatusCode;

use super::*;
use crate::sample::{action, after_noon, log, span, spans, trace_id};
use crate::store::replay::{ReplayChunk, ReplayPart};
use crate::store::suite::for_both;
use crate::store::{Batch, Store};

fn everything() -> Search {
    Search {
        start: UnixNanos(0),
        end: UnixNanos(u64::MAX),
        wanted: Wanted::default(),
        after: None,
        limit: 20,
    }
}

fn find(store: &dyn Store, wanted: &Search) -> SessionsResponse {
    let deadline = Instant::now() + Duration::from_secs(600);
    search(store, wanted, deadline).expect("searchable")
}

fn names(found: &SessionsResponse) -> Vec<&str> {
    let names = found.sessions.iter();
    names.map(|session| session.session_id.as_str()).collect()
}

/// Visits that overlap: `ada` at 0 and 40 s, `bob` at 10 s, `eve` at 20 s and in anger at 30 s, and a trace of no browser.
fn fill(store: &dyn Store) {
    let mut failed = action(3, "eve", "click \"Pay\"", 30);
    failed.span.status.code = StatusCode::Error;
    failed.span.attributes[2] = Attribute::new("throughline.route.before", "/pay");
    failed
        .span
        .attributes
        .push(Attribute::new("throughline.rage", true));
    let mut vital = log(1, "", after_noon(10));
    vital.record.event_name = "browser.web_vital".to_owned();
    vital.record.attributes = vec![
        Attribute::new("session.id", "bob"),
        Attribute::new("browser.web_vital.name", "inp"),
        Attribute::new("browser.web_vital.value", 312.5),
        Attribute::new("browser.web_vital.rating", "needs-improvement"),
    ];
    let batch = Batch {
        logs: vec![vital],
        ..spans([
            action(0, "ada", "click \"Dune\"", 0),
            action(1, "bob", "click \"Dune\"", 10),
            action(2, "eve", "click \"Dune\"", 20),
            failed,
            action(4, "ada", "click \"Book\"", 40),
            span(5, 1),
        ])
    };
    store.append(&[batch]).expect("the store takes the batch");
}

#[test]
fn lists_sessions_by_their_latest_trace() {
    for_both(|subject| {
        let store = subject.store.as_ref();
        fill(store);
        let found = find(store, &everything());
        assert_eq!(names(&found), ["ada", "eve", "bob"]);
        assert_eq!((found.more, found.scanned_sessions), (false, 3));
        assert!(found.scanned_traces >= 5, "all of the browser's");
        assert_eq!(found.sessions[0].action_count, 2);
    });
}

#[test]
fn pages_give_every_session_once() {
    for_both(|subject| {
        let store = subject.store.as_ref();
        fill(store);
        let mut page = Search {
            limit: 1,
            ..everything()
        };
        let mut listed = Vec::new();
        for expect_more in [true, true, false] {
            let found = find(store, &page);
            assert_eq!(found.more, expect_more, "after {listed:?}");
            listed.extend(names(&found).into_iter().map(str::to_owned));
            page.after = found
                .next
                .map(|next| parse_cursor(&next).expect("a cursor"));
        }
        assert_eq!(listed, ["ada", "eve", "bob"]);
    });
}

#[test]
fn every_condition_must_hold() {
    let wanted = Wanted::default;
    let text = |text: &str| Some(text.to_owned());
    let seconds = |seconds: i64| Some(DurationNanos(seconds * 1_000_000_000));
    let rows: [(Wanted, &[&str], &str); 9] = [
        (
            Wanted {
                user: text("BOB@"),
                ..wanted()
            },
            &["bob"],
            "in any case",
        ),
        (
            Wanted {
                route: text("/pay"),
                ..wanted()
            },
            &["eve"],
            "a route",
        ),
        (
            Wanted {
                error: true,
                ..wanted()
            },
            &["eve"],
            "something failed",
        ),
        (
            Wanted {
                rage: true,
                ..wanted()
            },
            &["eve"],
            "clicked in anger",
        ),
        (
            Wanted {
                vitals: Some(Rating::NeedsImprovement),
                ..wanted()
            },
            &["bob"],
            "slow to answer",
        ),
        (
            Wanted {
                vitals: Some(Rating::Poor),
                ..wanted()
            },
            &[],
            "none was poor",
        ),
        (
            Wanted {
                longer: seconds(5),
                ..wanted()
            },
            &["ada", "eve"],
            "longer",
        ),
        (
            Wanted {
                shorter: seconds(11),
                ..wanted()
            },
            &["eve", "bob"],
            "shorter",
        ),
        (
            Wanted {
                error: true,
                user: text("ada"),
                ..wanted()
            },
            &[],
            "both must hold",
        ),
    ];
    for_both(|subject| {
        let store = subject.store.as_ref();
        fill(store);
        for (wanted, expected, reason) in rows.clone() {
            let search = Search {
                wanted,
                ..everything()
            };
            assert_eq!(names(&find(store, &search)), expected, "{reason}");
        }
        let early = Search {
            end: after_noon(25),
            ..everything()
        };
        assert_eq!(
            names(&find(store, &early)),
            ["bob"],
            "the others went on later"
        );
        let late = Search {
            start: after_noon(35),
            ..everything()
        };
        assert_eq!(names(&find(store, &late)), ["ada"], "the others had ended");
    });
}

#[test]
fn a_session_is_read_whole_from_its_traces() {
    for_both(|subject| {
        let store = subject.store.as_ref();
        fill(store);
        let found = session(store, "eve").expect("readable").expect("known");
        let actions: Vec<TraceId> = found
            .actions
            .iter()
            .filter_map(|action| action.trace_id)
            .collect();
        assert_eq!(actions, [trace_id(2), trace_id(3)]);
        assert_eq!(found.summary.user["user.email"], "eve@shop.example");
        assert_eq!(session(store, "nobody").expect("readable"), None);
    });
}

fn chunk(stream: &str, number: u32, events: &str) -> Batch {
    let part = ReplayPart {
        session: "ada".to_owned(),
        stream: stream.to_owned(),
        number,
        start: after_noon(i64::from(number)),
        end: after_noon(i64::from(number) + 1),
        bytes: events.len() as u64,
    };
    let events = zstd::bulk::compress(events.as_bytes(), 3).expect("packed");
    Batch {
        replays: vec![ReplayChunk { part, events }],
        ..Batch::default()
    }
}

#[test]
fn a_recording_is_its_chunks_in_order_each_once_and_gaps_are_told() {
    for_both(|subject| {
        let store = subject.store.as_ref();
        fill(store);
        assert_eq!(recordings(store, "ada").expect("readable"), []);
        store
            .append(&[
                chunk("tab", 3, "[{\"n\":3}]"),
                chunk("tab", 0, "[{\"n\":0}]"),
                chunk("other", 0, "[{}]"),
            ])
            .expect("stored");
        store
            .append(&[
                chunk("tab", 0, "[{\"n\":\"again\"}]"),
                chunk("tab", 1, "[{\"n\":1}]"),
            ])
            .expect("stored");
        let found = recordings(store, "ada").expect("readable");
        let tab = found
            .iter()
            .find(|stream| stream.stream == "tab")
            .expect("recorded");
        assert_eq!((found.len(), tab.chunk_count), (2, 3));
        assert_eq!(tab.missing, [2]);
        assert_eq!((tab.start, tab.end), (after_noon(0), after_noon(4)));
        let events = recording(store, "ada", "tab", 0..=u32::MAX).expect("readable");
        assert_eq!(
            events.as_deref(),
            Some(&br#"[{"n":0},{"n":1},{"n":3}]"#[..])
        );
        assert_eq!(
            recording(store, "eve", "tab", 0..=u32::MAX).expect("readable"),
            None
        );
        let ada = session(store, "ada").expect("readable").expect("known");
        assert!(ada.summary.recorded);
    });
}
