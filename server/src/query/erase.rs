//! Finds everything of one visitor, and has the store forget it.
//!
//! A visitor is known by an attribute such as `user.id`. What goes is every session in which a span or log record
//! carries it, from the session's beginning, since a page may learn late who its visitor is; and every trace in which
//! a service names the visitor. A trace goes as a whole: what services did for the visitor is about the visitor.

use shared::attribute::AttributeValue;
use shared::id::TraceId;
use shared::query::erase::ErasedResponse;
use shared::query::session::session_of;
use shared::semconv;
use shared::span::SpanRecord;

use super::sessions::sessions_in;
use crate::store::erasure::Erasure;
use crate::store::{Filter, Store, StoreError, Term};

/// Deletes a visitor's data, or counts it.
///
/// # Errors
/// [`StoreError`]. What has begun goes on when it is asked for again, or when the store is opened.
pub fn erase(
    store: &dyn Store,
    key: &str,
    value: &str,
    dry_run: bool,
) -> Result<ErasedResponse, StoreError> {
    let erasure = find(store, key, value)?;
    let mut erased = store.erase(&erasure, dry_run)?;
    erased.dry_run = dry_run;
    erased.sessions = erasure.sessions.len() as u64;
    erased.traces = erasure.traces.len() as u64;
    Ok(erased)
}

fn find(store: &dyn Store, key: &str, value: &str) -> Result<Erasure, StoreError> {
    let mut erasure = Erasure {
        key: key.to_owned(),
        value: value.to_owned(),
        ..Erasure::default()
    };
    for typed in values_of(value) {
        add_traces(store, &mut erasure, key, typed, |erasure, spans| {
            spans.iter().any(|record| {
                erasure.names(&record.span.attributes) || erasure.names(&record.resource.attributes)
            })
        })?;
    }
    // Log records are in no index. One pass finds those that name the visitor, a second those of the sessions.
    let mut named: Vec<TraceId> = Vec::new();
    store.each_log(&mut |entry| {
        if erasure.names(&entry.record.attributes) || erasure.names(&entry.resource.attributes) {
            named.extend(entry.record.trace_id);
            if let Some(session) = session_of(&entry.record.attributes) {
                erasure.sessions.insert(session.to_owned());
            }
        }
    })?;
    for id in named {
        let spans = store.trace(id)?;
        erasure.sessions.extend(sessions_in(&spans));
        if !spans.is_empty() {
            erasure.traces.insert(id);
        }
    }
    for session in erasure.sessions.clone() {
        let value = AttributeValue::from(session.as_str());
        add_traces(
            store,
            &mut erasure,
            semconv::SESSION_ID,
            value,
            |_, spans| sessions_in(spans).contains(&session),
        )?;
    }
    Ok(erasure)
}

/// Adds the traces that have an attribute and are accepted. Sessions are added where the visitor is named, not for a
/// trace that another session merely has a part in.
fn add_traces(
    store: &dyn Store,
    erasure: &mut Erasure,
    key: &str,
    value: AttributeValue,
    accepts: impl Fn(&Erasure, &[SpanRecord]) -> bool,
) -> Result<(), StoreError> {
    let names_visitor = key != semconv::SESSION_ID;
    let filter = Filter {
        terms: vec![Term::Attribute {
            key: key.to_owned(),
            value,
        }],
        ..Filter::default()
    };
    for candidate in store.candidates(&filter)? {
        let id = candidate?.id;
        let spans = store.trace(id)?;
        if accepts(erasure, &spans) {
            erasure.traces.insert(id);
            if names_visitor {
                erasure.sessions.extend(sessions_in(&spans));
            }
        }
    }
    Ok(())
}

/// What a text may be as an attribute's value.
fn values_of(text: &str) -> Vec<AttributeValue> {
    let mut values = vec![AttributeValue::from(text)];
    if let Ok(number) = text.parse::<i64>() {
        values.push(number.into());
    }
    values
}

/// The attributes by which a visitor may be known: those that a list of sessions shows.
pub const KEYS: [&str; 3] = ["user.id", "user.email", "user.name"];

#[cfg(test)]
mod tests {
    use shared::attribute::Attribute;
    use shared::query::Note;

    use super::*;
    use crate::query::services::services;
    use crate::sample::{
        NOON, action, after_noon, log, metric, run, span, span_id, spans, trace_id,
    };
    use crate::store::Batch;
    use crate::store::replay::{ReplayChunk, ReplayPart};
    use crate::store::suite::{Subject, for_both};

    fn chunk(session: &str, number: u32) -> ReplayChunk {
        let part = ReplayPart {
            session: session.to_owned(),
            stream: "tab".to_owned(),
            number,
            start: NOON,
            end: NOON,
            bytes: 2,
        };
        ReplayChunk {
            part,
            events: b"[]".to_vec(),
        }
    }

    /// Ada has two sessions: in one she is named only in its second trace, which is a day later, in the other a log
    /// record alone names her. A service names her in a trace of no browser. Bob is somebody else.
    fn fill(subject: &Subject) {
        let store = subject.store.as_ref();
        let named = |mut record: SpanRecord, id: &str| {
            record.span.attributes.push(Attribute::new("user.id", id));
            record
        };
        let with_number = |mut record: SpanRecord| {
            record
                .span
                .attributes
                .push(Attribute::new("user.id", 7_i64));
            record
        };
        let mut said = log(5, "hello", NOON);
        said.record.attributes = vec![
            Attribute::new("user.id", "ada"),
            Attribute::new("session.id", "two"),
        ];
        let mut loose = log(6, "no trace", NOON);
        loose.record.trace_id = None;
        loose.record.attributes = vec![Attribute::new("session.id", "one")];
        let mut counted = metric("queue", 1);
        counted.resource = std::sync::Arc::new(shared::resource::Resource {
            attributes: vec![Attribute::new("session.id", "one")],
            dropped_attributes_count: 0,
        });
        let mut backend = span(1, 9);
        backend.resource = crate::sample::service("only-for-ada");
        backend.span.name = "GET /ada".to_owned();
        let first = Batch {
            logs: vec![
                said,
                loose,
                log(1, "of a trace", NOON),
                log(4, "bob's", NOON),
            ],
            metrics: vec![counted, metric("queue", 2)],
            replays: vec![chunk("one", 0), chunk("one", 1), chunk("three", 0)],
            runs: vec![run("r1", "one", None, NOON), run("r3", "three", None, NOON)],
            ..spans([
                action(1, "one", "click \"Dune\"", 0),
                backend,
                named(action(4, "three", "click \"Dune\"", 3), "bob"),
                action(5, "two", "click \"Dune\"", 4),
                named(span(7, 1), "ada"),
                with_number(span(8, 1)),
            ])
        };
        store.append(&[first]).expect("stored");
        subject.clock.set(after_noon(86_400));
        let later = spans([named(action(2, "one", "click \"Pay\"", 86_400), "ada")]);
        store.append(&[later]).expect("stored");
        for (trace, text) in [(1, "look at this"), (4, "and at that")] {
            let note = Note {
                id: span_id(1),
                span_id: None,
                author: "eve".to_owned(),
                text: text.to_owned(),
                created: NOON,
                updated: NOON,
            };
            store.put_note(trace_id(trace), &note).expect("stored");
        }
    }

    #[test]
    fn everything_of_a_visitor_is_counted_then_deleted_and_nothing_of_others() {
        for_both(|subject| {
            fill(subject);
            let store = subject.store.as_ref();
            let expected = ErasedResponse {
                dry_run: true,
                sessions: 2,
                traces: 4,
                spans: 5,
                logs: 3,
                metrics: 1,
                recording_chunks: 2,
                runs: 1,
                notes: 1,
            };
            let erase = |dry_run| erase(store, "user.id", "ada", dry_run).expect("erasable");
            assert_eq!(erase(true), expected);
            assert_eq!(erase(true), expected, "counting changes nothing");
            assert_eq!(
                erase(false),
                ErasedResponse {
                    dry_run: false,
                    ..expected
                }
            );
            assert_eq!(erase(false), ErasedResponse::default(), "again");

            for number in [1, 2, 5, 7] {
                let id = trace_id(number);
                assert!(store.trace(id).expect("readable").is_empty(), "{number}");
                assert!(store.logs(id).expect("readable").is_empty(), "{number}");
                assert_eq!(store.trace_start(id).expect("readable"), None, "{number}");
            }
            assert!(store.replay_parts("one").expect("readable").is_empty());
            assert_eq!(store.replay_parts("three").expect("readable").len(), 1);
            assert!(store.runs("one").expect("readable").is_empty());
            assert_eq!(store.run("r1").expect("readable"), None);
            assert_eq!(store.run_picture("r1", 0).expect("readable"), None);
            assert_eq!(store.runs("three").expect("readable").len(), 1);
            assert!(store.notes(trace_id(1)).expect("readable").is_empty());
            assert_eq!(store.notes(trace_id(4)).expect("readable").len(), 1);
            assert_eq!(store.logs(trace_id(4)).expect("readable").len(), 1);
            assert_eq!(store.metrics("queue").expect("readable").len(), 1);
            let services: Vec<String> = services(store, NOON, None)
                .expect("readable")
                .services
                .into_iter()
                .map(|of| of.name)
                .collect();
            assert_eq!(services, ["shop", "shop-web"]);
            let found: Vec<TraceId> = store
                .candidates(&Filter::default())
                .expect("readable")
                .map(|candidate| candidate.expect("readable").id)
                .collect();
            assert_eq!(found, [trace_id(4), trace_id(8)]);

            // What is sent later is kept, and is found by every index.
            let again = spans([action(1, "one", "click \"Dune\"", 0), span(7, 1)]);
            store.append(&[again]).expect("stored");
            assert_eq!(store.trace(trace_id(1)).expect("readable").len(), 1);
            let sessions = crate::query::sessions::session(store, "one").expect("readable");
            assert_eq!(sessions.expect("a session").summary.action_count, 1);
            assert_eq!(
                super::erase(store, "user.id", "7", true)
                    .expect("readable")
                    .spans,
                1,
                "a number"
            );
            assert_eq!(
                super::erase(store, "user.id", "bo", true)
                    .expect("readable")
                    .spans,
                0,
                "a part"
            );
            let email =
                super::erase(store, "user.email", "three@shop.example", true).expect("readable");
            assert_eq!((email.sessions, email.recording_chunks), (1, 1));
        });
    }
}
