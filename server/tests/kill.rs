//! `kill -9` in mid-ingest loses no acknowledged span.

mod harness;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use harness::{Program, export, get, span_ids};
use tempfile::TempDir;

const KILLS: u64 = 6;
const SENDERS: u64 = 4;
const SPANS_PER_BATCH: u64 = 20;

#[test]
fn no_acknowledged_span_is_lost() {
    let directory = TempDir::new().expect("a directory");
    let mut acknowledged: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
    for round in 1..=KILLS {
        let mut program = Program::start(directory.path());
        check(&program.viewer, &acknowledged);

        // A random number of answers, then a random moment within the next group of writes.
        let random = RandomState::new().hash_one(round);
        let answers_before_kill = 1 + random % 60;
        let micros_before_kill = (random >> 32) % 20_000;
        let answers = AtomicU64::new(0);
        let ingest = program.ingest.clone();
        let sent = std::thread::scope(|scope| {
            let senders: Vec<_> = (1..=SENDERS)
                .map(|sender| {
                    let (ingest, answers) = (&ingest, &answers);
                    scope.spawn(move || send_until_gone(ingest, round, sender, answers))
                })
                .collect();
            while answers.load(Ordering::Relaxed) < answers_before_kill {
                std::thread::yield_now();
            }
            std::thread::sleep(Duration::from_micros(micros_before_kill));
            program.kill();
            senders
                .into_iter()
                .flat_map(|sender| sender.join().expect("no panic"))
                .collect::<Vec<_>>()
        });
        assert!(sent.len() as u64 >= answers_before_kill);
        for (trace, spans) in sent {
            acknowledged.entry(trace).or_default().extend(spans);
        }
    }
    let mut program = Program::start(directory.path());
    check(&program.viewer, &acknowledged);
    assert_eq!(program.terminate().0.code(), Some(0));
}

/// Exports batch after batch until the server is gone; those that were acknowledged. Each trace gets
/// spans from several batches.
fn send_until_gone(
    ingest: &str,
    round: u64,
    sender: u64,
    answers: &AtomicU64,
) -> Vec<(u64, Vec<u64>)> {
    let mut acknowledged = Vec::new();
    for batch in 0.. {
        let trace = (round << 40) | (sender << 32) | (batch / 3 + 1);
        let first = batch * SPANS_PER_BATCH + 1;
        let spans: Vec<u64> = (first..first + SPANS_PER_BATCH).collect();
        match export(ingest, trace, &spans) {
            Ok(200) => {
                acknowledged.push((trace, spans));
                answers.fetch_add(1, Ordering::Relaxed);
            }
            Ok(status) => panic!("unexpected status {status}"),
            Err(_) => break,
        }
    }
    acknowledged
}

fn check(viewer: &str, acknowledged: &BTreeMap<u64, BTreeSet<u64>>) {
    for (trace, spans) in acknowledged {
        let kept = span_ids(viewer, *trace);
        assert!(
            kept.is_superset(spans),
            "trace {trace:x} lost {:?}",
            spans - &kept
        );
    }
    // What is found by search is what is kept.
    if let Some((trace, spans)) = acknowledged.iter().next_back() {
        let span = spans.last().expect("a span");
        let (status, body) = get(
            viewer,
            &format!("/api/v1/search?limit=1000&q=%7B.number={span}%7D"),
        );
        assert_eq!(status, 200);
        assert!(body.contains(&format!("{trace:032x}")), "{body}");
    }
}
