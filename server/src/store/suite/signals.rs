//! Log records and metrics.

use super::*;

#[test]
fn gives_back_the_logs_of_a_trace_by_time() {
    for_both(|subject| {
        let late = log(1, "late", after_noon(5));
        let early = log(1, "early", after_noon(1));
        let mut loose = log(1, "of no trace", NOON);
        loose.record.trace_id = None;
        let other = log(2, "of another trace", NOON);
        let logs = vec![late.clone(), early.clone(), loose, other];
        subject.append(Batch {
            logs,
            ..Batch::default()
        });
        assert_eq!(
            subject.store.logs(trace_id(1)).expect("readable"),
            [early, late]
        );
    });
}

#[test]
fn keeps_equal_log_lines_of_a_batch_and_drops_a_batch_that_arrives_again() {
    for_both(|subject| {
        let line = log(1, "again and again", NOON);
        let batch = Batch {
            logs: vec![line.clone(), line.clone()],
            ..Batch::default()
        };
        subject.append(batch.clone());
        subject.append(batch);
        assert_eq!(
            subject.store.logs(trace_id(1)).expect("readable"),
            [line.clone(), line]
        );
    });
}

/// What may differ between two log records, and how.
type Difference = (&'static str, fn(&mut LogEntry));

#[test]
fn log_records_that_differ_in_anything_are_two() {
    for_both(|subject| {
        let line = log(1, "a line", NOON);
        let changes: [Difference; 7] = [
            ("span", |entry| entry.record.span_id = Some(span_id(9))),
            ("time", |entry| entry.record.time = after_noon(1)),
            ("severity", |entry| entry.record.severity_number = 9),
            ("body", |entry| entry.record.body = "another line".into()),
            ("event", |entry| {
                "click".clone_into(&mut entry.record.event_name)
            }),
            ("attributes", |entry| {
                entry.record.attributes.push(Attribute::new("a", "b"));
            }),
            ("resource", |entry| entry.resource = service("another")),
        ];
        let mut sent = vec![line.clone()];
        for (_, change) in changes {
            let mut other = line.clone();
            change(&mut other);
            sent.push(other);
        }
        for (index, entry) in sent.iter().enumerate() {
            // Each twice, as from a page that did not hear the answer.
            for _ in 0..2 {
                subject.append(Batch {
                    logs: vec![entry.clone()],
                    ..Batch::default()
                });
            }
            let kept = subject.store.logs(trace_id(1)).expect("readable").len();
            let what = index.checked_sub(1).map_or("line", |last| changes[last].0);
            assert_eq!(kept, index + 1, "{what}");
        }
    });
}

#[test]
fn records_that_arrive_again_after_midnight_are_not_two() {
    for_both(|subject| {
        let before_midnight = after_noon(12 * 3_600 - 5);
        let line = log(1, "said twice at once", before_midnight);
        let batch = Batch {
            logs: vec![line.clone(), line.clone()],
            metrics: vec![metric("dropped", 2)],
            ..Batch::default()
        };
        subject.clock.set(before_midnight);
        subject.append(batch.clone());
        subject.clock.set(after_noon(12 * 3_600 + 5));
        subject.append(batch);
        assert_eq!(
            subject.store.logs(trace_id(1)).expect("readable"),
            [line.clone(), line]
        );
        assert_eq!(subject.store.metrics("dropped").expect("readable").len(), 1);
    });
}

#[test]
fn keeps_metrics_with_their_points() {
    for_both(|subject| {
        let sent = [metric("queue", 3), metric("other", 1), metric("queue", 2)];
        subject.append(Batch {
            metrics: sent.to_vec(),
            ..Batch::default()
        });
        subject.append(Batch {
            metrics: sent[..1].to_vec(),
            ..Batch::default()
        });
        let found = subject.store.metrics("queue").expect("readable");
        assert_eq!(found, [sent[0].clone(), sent[2].clone()]);
    });
}
