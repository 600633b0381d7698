//! `throughline erase` as people run it, and as a machine that fails in the middle of it leaves it.

mod harness;

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use harness::clear_environment;
use tempfile::TempDir;

/// A name whose span is too small to be packed, so that it can be seen in a file's bytes.
const VISITOR: &str = "ada-8f3";

const TRACES: usize = 300;

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_throughline"));
    command.args(arguments);
    clear_environment(&mut command);
    command
}

fn run(arguments: &[&str]) -> Output {
    command(arguments).output().expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A directory in which every tenth trace is the visitor's.
fn filled() -> TempDir {
    let directory = TempDir::new().expect("a directory");
    let spans: Vec<String> = (1..=TRACES)
        .map(|number| {
            let user = if number % 10 == 0 { VISITOR } else { "bob-111" };
            format!(
                r#"{{"traceId":"{number:032x}","spanId":"{number:016x}","name":"work","kind":1,
                "startTimeUnixNano":"1795348800000000000","endTimeUnixNano":"1795348801000000000",
                "attributes":[{{"key":"user.id","value":{{"stringValue":"{user}"}}}}]}}"#
            )
        })
        .collect();
    let body = format!(
        r#"{{"resourceSpans":[{{"resource":{{"attributes":[{{"key":"service.name",
        "value":{{"stringValue":"test"}}}}]}},"scopeSpans":[{{"spans":[{}]}}]}}]}}"#,
        spans.join(",")
    );
    let file = directory.path().join("spans.json");
    std::fs::write(&file, body).expect("written");
    let data = directory.path().join("data");
    let imported = run(&["import", path(&file), "--data", path(&data)]);
    assert!(imported.status.success(), "{}", text(&imported.stderr));
    std::fs::remove_file(file).expect("removed");
    directory
}

fn path(path: &Path) -> &str {
    path.to_str().expect("text")
}

fn erase(data: &Path, more: &[&str]) -> Command {
    let mut arguments = vec!["erase", "--user", VISITOR, "--data", path(data)];
    arguments.extend(more);
    command(&arguments)
}

fn is_in_bytes(data: &Path) -> bool {
    std::fs::read_dir(data).expect("a directory").any(|entry| {
        let bytes = std::fs::read(entry.expect("an entry").path()).expect("readable");
        bytes
            .windows(VISITOR.len())
            .any(|part| part == VISITOR.as_bytes())
    })
}

fn traces_left(data: &Path) -> usize {
    let out = run(&[
        "export",
        "--query",
        "{}",
        "--limit",
        "1000",
        "--data",
        path(data),
    ]);
    text(&out.stdout).matches("\"traceId\"").count()
}

#[test]
fn counts_first_and_deletes_when_told_to() {
    let directory = filled();
    let data = directory.path().join("data");
    assert!(is_in_bytes(&data), "it is there at first");
    let counted = erase(&data, &[]).output().expect("the program starts");
    assert!(
        text(&counted.stdout).starts_with("would be deleted: 0 sessions, 30 traces, 30 spans"),
        "{}",
        text(&counted.stdout)
    );
    assert!(text(&counted.stderr).contains("--yes"));
    assert_eq!(traces_left(&data), TRACES);
    let deleted = erase(&data, &["--yes"])
        .output()
        .expect("the program starts");
    assert!(
        text(&deleted.stdout).starts_with("deleted: 0 sessions, 30 traces"),
        "{}",
        text(&deleted.stderr)
    );
    assert!(!is_in_bytes(&data));
    assert_eq!(traces_left(&data), TRACES - 30);
    let log = std::fs::read_to_string(data.join("audit.jsonl")).expect("an audit log");
    assert_eq!(log.matches("\"user_erased\"").count(), 2, "{log}");
    let wrong = erase(&data, &["--attribute", "shoe.size"])
        .output()
        .expect("the program starts");
    assert!(
        text(&wrong.stderr).contains("user.email"),
        "{}",
        text(&wrong.stderr)
    );
}

#[test]
fn a_deletion_that_was_killed_is_finished_by_the_next_and_harms_nobody_else() {
    let original = filled();
    let mut killed = 0;
    for millis in (0..60).step_by(4) {
        let directory = TempDir::new().expect("a directory");
        let data = directory.path().join("data");
        std::fs::create_dir(&data).expect("made");
        for entry in std::fs::read_dir(original.path().join("data")).expect("a directory") {
            let entry = entry.expect("an entry");
            std::fs::copy(entry.path(), data.join(entry.file_name())).expect("copied");
        }
        let mut child = erase(&data, &["--yes"])
            .stdout(Stdio::null())
            .spawn()
            .expect("the program starts");
        std::thread::sleep(Duration::from_millis(millis));
        if child.try_wait().expect("waitable").is_none() {
            killed += 1;
        }
        child.kill().expect("killable");
        child.wait().expect("waitable");
        // What had begun is finished when the directory is opened; what had not is done now.
        let again = erase(&data, &["--yes"])
            .output()
            .expect("the program starts");
        assert!(
            again.status.success(),
            "after {millis} ms: {}",
            text(&again.stderr)
        );
        assert!(!is_in_bytes(&data), "after {millis} ms");
        assert!(!data.join("erasure.pending").exists(), "after {millis} ms");
        assert_eq!(traces_left(&data), TRACES - 30, "after {millis} ms");
    }
    assert!(killed > 0, "none was killed in the middle");
}
