//! The `throughline` program as people and scripts start it.

mod harness;

use std::path::Path;
use std::process::{Command, Output};

use harness::{Program, export, span_ids};
use tempfile::TempDir;

fn run(arguments: &[&str]) -> Output {
    command(arguments).output().expect("the program starts")
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_throughline"));
    command.args(arguments);
    harness::clear_environment(&mut command);
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A failure is told in one message on stderr: no panic, no backtrace, nothing on stdout.
fn assert_refused(output: &Output, expected: &[&str]) {
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.starts_with("error: "), "{error}");
    assert!(
        !error.contains("panicked") && !error.contains("backtrace"),
        "{error}"
    );
    assert_eq!(text(&output.stdout), "");
    for part in expected {
        assert!(error.contains(part), "{part:?} in: {error}");
    }
}

fn directory() -> TempDir {
    TempDir::new().expect("a directory")
}

fn path(path: &Path) -> &str {
    path.to_str().expect("text")
}

const FREE_PORTS: [&str; 8] = [
    "--listen-ingest",
    "127.0.0.1:0",
    "--listen-grpc",
    "127.0.0.1:0",
    "--listen-viewer",
    "localhost:0",
    "--listen-player",
    "127.0.0.1:0",
];

#[test]
fn help_shows_every_flag_with_its_default_and_variable() {
    let output = run(&["serve", "--help"]);
    assert!(output.status.success());
    let help = text(&output.stdout);
    for part in [
        "--data <DIR>",
        "--listen-ingest <HOST:PORT>",
        "[default: 127.0.0.1:4318]",
        "[default: 127.0.0.1:4317]",
        "[default: localhost:4319]",
        "[default: 127.0.0.1:4320",
        "[env: THROUGHLINE_LISTEN_INGEST=]",
        "--cors-origin <ORIGIN>",
        "--config <FILE>",
    ] {
        assert!(help.contains(part), "{part}");
    }
    let output = run(&["--help"]);
    assert!(text(&output.stdout).contains("serve"));
}

#[test]
fn says_where_it_listens_and_nothing_else_on_stdout() {
    let directory = directory();
    let mut program = Program::start(directory.path());
    assert!(program.ingest.starts_with("http://127.0.0.1:"));
    assert!(program.grpc.starts_with("http://127.0.0.1:"));
    assert!(program.viewer.starts_with("http://localhost:"));
    assert!(program.player.starts_with("http://127.0.0.1:"));
    assert!(!program.ingest.ends_with(":0"));
    let (status, rest) = program.terminate();
    assert_eq!(status.code(), Some(0));
    assert_eq!(rest, "", "logs go to stderr");
}

#[test]
fn names_the_port_that_is_in_use_and_its_flag() {
    let directory = directory();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("an address").port();
    let at = format!("127.0.0.1:{port}");
    for flag in [
        "--listen-ingest",
        "--listen-grpc",
        "--listen-viewer",
        "--listen-player",
    ] {
        let mut arguments = vec!["serve", "--data", path(directory.path())];
        for pair in FREE_PORTS.chunks(2) {
            arguments.extend(if pair[0] == flag {
                [flag, at.as_str()]
            } else {
                [pair[0], pair[1]]
            });
        }
        assert_refused(
            &run(&arguments),
            &[flag, &format!("port {port} is in use"), "0 picks"],
        );
    }
}

#[test]
fn refuses_directories_that_it_cannot_use() {
    let directory = directory();
    let file = directory.path().join("file");
    std::fs::write(&file, "").expect("written");
    let below = file.join("data");
    for data in [&file, &below, Path::new("/proc/throughline")] {
        let mut arguments = vec!["serve", "--data", path(data)];
        arguments.extend(FREE_PORTS);
        assert_refused(&run(&arguments), &["data directory", path(data), "--data"]);
    }
}

#[test]
fn refuses_a_directory_that_another_server_uses() {
    let directory = directory();
    let program = Program::start(directory.path());
    let mut arguments = vec!["serve", "--data", path(directory.path())];
    arguments.extend(FREE_PORTS);
    let pid = format!("process {}", program.id());
    assert_refused(&run(&arguments), &["another server", &pid, "--data"]);
}

#[test]
fn refuses_to_show_the_viewer_to_other_machines() {
    let directory = directory();
    for host in ["0.0.0.0:0", "[::]:0"] {
        let arguments = [
            "serve",
            "--data",
            path(directory.path()),
            "--listen-viewer",
            host,
        ];
        assert_refused(
            &run(&arguments),
            &["--listen-viewer", "--tokens", "loopback"],
        );
    }
}

#[test]
fn with_tokens_other_machines_may_ask_and_everybody_needs_one() {
    let directory = directory();
    let (config, secret) = (
        directory.path().join("throughline.toml"),
        directory.path().join("secret"),
    );
    std::fs::write(&secret, "a-token-of-the-operations-team\n").expect("written");
    let file = format!(
        "[[token]]\nname = \"ops\"\nroles = [\"admin\"]\nfile = {secret:?}\n\n\
         [[token]]\nname = \"ci\"\nroles = [\"view\", \"replay\"]\nenv = \"CI_TOKEN\"\n"
    );
    std::fs::write(&config, file).expect("written");
    let data = directory.path().join("data");
    let start = |arguments: &[&str]| {
        let mut command = command(arguments);
        command.args(["--config", path(&config), "--data", path(&data)]);
        command.args(&FREE_PORTS[..4]);
        command
            .args(["--listen-viewer", "0.0.0.0:0"])
            .args(["--viewer-url", "http://traces.example"])
            .args(["--listen-player", "127.0.0.1:0"])
            .env("CI_TOKEN", "a-token-of-the-build-machine");
        command
    };
    let checked = start(&["check"]).output().expect("the program starts");
    let said = text(&checked.stdout);
    assert!(
        said.contains("ops (admin); ci (view, replay)") && said.contains("TLS"),
        "{said}"
    );
    assert!(!said.contains("a-token-of"), "{said}");

    let mut program = Program::from_command(start(&["serve"]));
    assert_eq!(export(&program.ingest, 7, &[1]).expect("an answer"), 200);
    let (status, body) = harness::get(&program.viewer, "/api/v1/services");
    assert_eq!(status, 401, "{body}");
    assert!(body.contains("Authorization: Bearer"), "{body}");
    let trace = format!("{:032x}", 7);
    let asked = |more: &[&str], variable: Option<&str>| {
        let mut command = command(&["export", &trace, "--server", &program.viewer]);
        command.args(more);
        if let Some(token) = variable {
            command.env("THROUGHLINE_TOKEN", token);
        }
        command.output().expect("the program starts")
    };
    assert_refused(&asked(&[], None), &["--token-file", "THROUGHLINE_TOKEN"]);
    assert_refused(
        &asked(&["--token", "a-token-of-nobody-at-all"], None),
        &["does not know"],
    );
    for given in [
        asked(&[], Some("a-token-of-the-build-machine")),
        asked(&["--token-file", path(&secret)], None),
    ] {
        assert!(
            text(&given.stdout).contains("resourceSpans"),
            "{}",
            text(&given.stderr)
        );
    }
    let erase = |more: &[&str]| {
        let mut command = command(&["erase", "--user", "nobody", "--server", &program.viewer]);
        command.args(more).output().expect("the program starts")
    };
    let given = erase(&["--token-file", path(&secret)]);
    assert!(
        text(&given.stdout).starts_with("would be deleted: 0 sessions"),
        "{}",
        text(&given.stderr)
    );
    assert_refused(
        &erase(&["--token", "a-token-of-the-build-machine"]),
        &["403", "ci lacks the role admin"],
    );
    program.terminate();
    let log = std::fs::read_to_string(data.join("audit.jsonl")).expect("an audit log");
    assert_eq!(log.matches("\"unauthenticated\"").count(), 3, "{log}");
    assert!(!log.contains("a-token-of"), "{log}");

    std::fs::write(&secret, "short\n").expect("written");
    let refused = start(&["serve"]).output().expect("the program starts");
    assert_refused(&refused, &["ops", "20 characters", "openssl rand"]);
    std::fs::write(&config, "[[token]]\nname = \"ops\"\nroles = [\"admin\"]\n").expect("written");
    let refused = start(&["serve"]).output().expect("the program starts");
    assert_refused(&refused, &["[[token]]", "sha256"]);
}

#[test]
fn refuses_a_player_on_the_viewers_own_host() {
    let directory = directory();
    let mut arguments = vec!["serve", "--data", path(directory.path())];
    arguments.extend(&FREE_PORTS[..6]);
    arguments.extend(["--listen-player", "localhost:0"]);
    assert_refused(
        &run(&arguments),
        &["cookies ignore ports", "--listen-player 127.0.0.1", "off"],
    );
}

#[test]
fn a_session_that_leaves_by_the_command_line_is_noted_too() {
    let directory = directory();
    let data = directory.path().join("data");
    let filled = run(&["sample-data", "--data", path(&data)]);
    assert!(filled.status.success(), "{}", text(&filled.stderr));
    let program = Program::start(&data);
    let (_, sessions) = harness::get(&program.viewer, "/api/v1/sessions?limit=1");
    let id = sessions
        .split("\"sessionId\":\"")
        .nth(1)
        .expect("a session");
    let id = id.split('"').next().expect("an id");
    let written = run(&["export", "session", id, "--server", &program.viewer]);
    assert!(
        text(&written.stdout).contains("test("),
        "{}",
        text(&written.stderr)
    );
    let log = std::fs::read_to_string(data.join("audit.jsonl")).expect("an audit log");
    assert!(log.contains("session_viewed") && log.contains(id), "{log}");
}

#[test]
fn usage_errors_name_the_flag() {
    for (arguments, expected) in [
        (
            &["serve", "--listen-ingest", "nowhere"][..],
            "--listen-ingest",
        ),
        (&["serve", "--nonsense"], "--nonsense"),
        (&["serve", "--retention-days", "0"], "--retention-days"),
        (&["serve", "--cors-origin", "https://a/b"], "--cors-origin"),
        (&["replay"], "replay"),
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains(expected), "{arguments:?}");
    }
    let directory = directory();
    let mut arguments = vec![
        "serve",
        "--data",
        path(directory.path()),
        "--log",
        "info,==",
    ];
    arguments.extend(FREE_PORTS);
    assert_refused(&run(&arguments), &["--log"]);
}

#[test]
fn a_flag_wins_over_the_environment_and_that_over_the_file() {
    let directory = directory();
    let [by_flag, by_variable, by_file] =
        ["flag", "variable", "file"].map(|name| directory.path().join(name));
    let config = directory.path().join("throughline.toml");
    std::fs::write(
        &config,
        format!("data = {by_file:?}\nmax-request-bytes = 100\n"),
    )
    .expect("written");
    for (flag, variable, expected) in [
        (Some(&by_flag), Some(&by_variable), &by_flag),
        (None, Some(&by_variable), &by_variable),
        (None, None, &by_file),
    ] {
        let mut command = command(&["serve", "--config", path(&config)]);
        command.args(FREE_PORTS);
        if let Some(flag) = flag {
            command.arg("--data").arg(flag);
        }
        if let Some(variable) = variable {
            command.env("THROUGHLINE_DATA", variable);
        }
        let mut program = Program::from_command(command);
        assert!(expected.join("throughline.lock").exists());
        assert_eq!(
            export(&program.ingest, 1, &[1]).expect("an answer"),
            413,
            "the file's limit"
        );
        program.terminate();
    }
    std::fs::write(&config, "dta = 1\n").expect("written");
    assert_refused(
        &run(&["serve", "--config", path(&config)]),
        &["unknown key `dta`", "data"],
    );
    let missing = directory.path().join("missing.toml");
    assert_refused(
        &run(&["serve", "--config", path(&missing)]),
        &["missing.toml"],
    );
}

#[test]
fn a_restart_keeps_everything() {
    let directory = directory();
    let mut program = Program::start(directory.path());
    assert_eq!(
        export(&program.ingest, 7, &[1, 2, 3]).expect("an answer"),
        200
    );
    assert_eq!(program.terminate().0.code(), Some(0));
    let leftovers: Vec<_> = std::fs::read_dir(directory.path())
        .expect("a directory")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .filter(|name| name.ends_with("-wal"))
        .collect();
    assert!(leftovers.is_empty(), "{leftovers:?}");
    let program = Program::start(directory.path());
    assert_eq!(span_ids(&program.viewer, 7), [1, 2, 3].into());
}

#[test]
fn the_memory_store_writes_nothing() {
    let directory = directory();
    let data = directory.path().join("data");
    let mut command = command(&["serve", "--store", "memory", "--data", path(&data)]);
    command.args(FREE_PORTS);
    let program = Program::from_command(command);
    assert_eq!(export(&program.ingest, 7, &[1]).expect("an answer"), 200);
    assert_eq!(span_ids(&program.viewer, 7), [1].into());
    assert!(!data.exists());
}
