//! `throughline diff` as people and scripts start it.

mod harness;

use std::path::Path;
use std::process::{Command, Output};

use harness::{Program, export};
use serde_json::Value;
use tempfile::TempDir;

fn diff(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_throughline"));
    command.arg("diff").args(arguments);
    harness::clear_environment(&mut command);
    command.output().expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A booking whose payment takes so many milliseconds, as a file of OTLP/JSON.
fn booking(directory: &Path, name: &str, order: u32, payment_millis: u64, failed: bool) -> String {
    let span = |id: u64, parent: u64, name: &str, millis: u64, more: &str| {
        let parent = if parent == 0 {
            String::new()
        } else {
            format!("{parent:016x}")
        };
        format!(
            r#"{{"traceId":"{order:032x}","spanId":"{id:016x}","parentSpanId":"{parent}","name":"{name}","kind":2,
            "startTimeUnixNano":"1795348800000000000","endTimeUnixNano":"{}"{more}}}"#,
            1_795_348_800_000_000_000 + millis * 1_000_000
        )
    };
    let status = if failed {
        r#","status":{"code":2,"message":"card\u001b[31m refused"}"#
    } else {
        ""
    };
    let attributes = format!(
        r#","attributes":[{{"key":"http.request.method","value":{{"stringValue":"POST"}}}},
        {{"key":"url.path","value":{{"stringValue":"/orders/{order}/pay"}}}}]"#
    );
    let body = format!(
        r#"{{"resourceSpans":[{{"resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"shop"}}}}]}},
        "scopeSpans":[{{"spans":[{},{}]}}]}}]}}"#,
        span(1, 0, "book", payment_millis + 20, ""),
        span(2, 1, "POST", payment_millis, &(attributes + status)),
    );
    let path = directory.join(name);
    std::fs::write(&path, body).expect("written");
    path.to_str().expect("text").to_owned()
}

#[test]
fn tells_what_made_a_booking_slow_and_exits_with_one() {
    let directory = TempDir::new().expect("a directory");
    let usual = booking(directory.path(), "usual.json", 103, 40, false);
    let slow = booking(directory.path(), "slow.json", 101, 1_900, false);
    let output = diff(&[&usual, &slow]);
    let table = text(&output.stdout);
    assert_eq!(
        output.status.code(),
        Some(1),
        "{table}{}",
        text(&output.stderr)
    );
    for part in [
        "POST /orders/{}/pay in shop is slower: 1.90 s instead of 40.0 ms",
        "+1.86 s  100 %",
        "slower",
        "waits longer",
        "path: 103 → 101",
    ] {
        assert!(table.contains(part), "{part:?} in:\n{table}");
    }
    let json = diff(&[&usual, &slow, "--format", "json"]);
    let found: Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert_eq!(found["reasons"][0]["change"], "slower");
    assert_eq!(found["reasons"][0]["explains"], "1860000000");
    let lenient = diff(&[&usual, &slow, "--floor", "2s"]);
    assert_eq!(lenient.status.code(), Some(0), "{}", text(&lenient.stdout));
}

#[test]
fn parameters_alone_are_no_difference_unless_asked_for() {
    let directory = TempDir::new().expect("a directory");
    let one = booking(directory.path(), "one.json", 103, 40, false);
    let other = booking(directory.path(), "other.json", 101, 41, false);
    let output = diff(&[&one, &other]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).contains("No difference in structure, outcome or time."));
    assert_eq!(diff(&[&one, &other, "--parameters"]).status.code(), Some(1));
    assert_eq!(diff(&[&one, &one, "--parameters"]).status.code(), Some(0));
}

#[test]
fn a_senders_text_does_not_steer_the_terminal() {
    let directory = TempDir::new().expect("a directory");
    let usual = booking(directory.path(), "usual.json", 103, 40, false);
    let failed = booking(directory.path(), "failed.json", 103, 40, true);
    let table = text(&diff(&[&usual, &failed]).stdout);
    assert!(table.contains("fails: card"), "{table}");
    assert!(!table.contains('\u{1b}'), "{table}");
}

#[test]
fn compares_traces_of_a_server_and_of_its_directory() {
    let directory = TempDir::new().expect("a directory");
    let mut program = Program::start(directory.path());
    for (trace, spans) in [(1, vec![1]), (2, vec![1, 2])] {
        assert_eq!(
            export(&program.ingest, trace, &spans).expect("an answer"),
            200
        );
    }
    let ids = [1, 2].map(|trace| format!("{trace:032x}"));
    let expected = "work in test runs twice instead of once";
    let asked = diff(&[&ids[0], &ids[1], "--server", &program.viewer]);
    assert!(
        text(&asked.stdout).contains(expected),
        "{}",
        text(&asked.stderr)
    );
    let path = directory.path().to_str().expect("text");
    let held = diff(&[&ids[0], &ids[1], "--data", path]);
    assert_eq!(held.status.code(), Some(2));
    assert!(
        text(&held.stderr).contains("--server"),
        "{}",
        text(&held.stderr)
    );
    program.terminate();
    let read = diff(&[&ids[0], &ids[1], "--data", path]);
    assert_eq!(text(&read.stdout), text(&asked.stdout));
}

#[test]
fn trouble_is_told_and_exits_with_two() {
    let directory = TempDir::new().expect("a directory");
    let usual = booking(directory.path(), "usual.json", 103, 40, false);
    let path = directory.path().to_str().expect("text");
    let unknown = format!("{:032x}", 7);
    for (arguments, part) in [
        (
            vec![usual.as_str(), "nonsense"],
            "neither a file nor a trace id",
        ),
        (
            vec![usual.as_str(), &unknown, "--data", path],
            "there is no trace",
        ),
        (
            vec![usual.as_str(), &unknown, "--server", "http://127.0.0.1:9"],
            "--server",
        ),
        (vec![usual.as_str()], "2 values required"),
    ] {
        let output = diff(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(
            text(&output.stderr).contains(part),
            "{}",
            text(&output.stderr)
        );
        assert_eq!(text(&output.stdout), "");
    }
    let help = text(&diff(&["--help"]).stdout);
    for part in ["exit code is 0", "--ratio", "[default: 10ms]", "FILE#ID"] {
        assert!(help.contains(part), "{part:?} in:\n{help}");
    }
}
