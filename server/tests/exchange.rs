//! `throughline import` and `throughline export` as people and scripts start them.

mod harness;

use std::path::Path;
use std::process::{Command, Output, Stdio};

use harness::{Program, span_ids};
use shared::interchange::{Format, decode};
use tempfile::TempDir;

const ZIPKIN: &str = r#"[{"traceId":"a","id":"1","name":"get","timestamp":1795348800000000,"duration":300,
    "localEndpoint":{"serviceName":"web"}},
    {"traceId":"a","id":"2","parentId":"1","name":"query","timestamp":1795348800000100,"duration":20,
    "localEndpoint":{"serviceName":"api"}}]"#;

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_throughline"));
    command.args(arguments);
    harness::clear_environment(&mut command);
    command
}

fn run(arguments: &[&str]) -> Output {
    command(arguments).output().expect("the program starts")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("text")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn write(directory: &TempDir, name: &str, contents: &[u8]) -> String {
    let path = directory.path().join(name);
    std::fs::write(&path, contents).expect("writable");
    text(&path).to_owned()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Read as _;
    let mut packed = Vec::new();
    flate2::read::GzEncoder::new(bytes, flate2::Compression::fast())
        .read_to_end(&mut packed)
        .expect("memory");
    packed
}

#[test]
fn a_running_server_takes_files_in_and_gives_every_format_out() {
    let directory = TempDir::new().expect("a directory");
    let program = Program::start(&directory.path().join("data"));
    let files = TempDir::new().expect("a directory");
    write(&files, "one.json.gz", &gzip(ZIPKIN.as_bytes()));
    write(&files, "notes.txt", b"not a trace");
    let output = run(&["import", "--server", &program.ingest, text(files.path())]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(
        said(&output).contains("imported 2 spans from 1 files"),
        "{}",
        said(&output)
    );
    assert!(
        said(&output).contains("passed over 1 files"),
        "{}",
        said(&output)
    );
    assert_eq!(span_ids(&program.viewer, 10), [1, 2].into());

    let id = format!("{:032x}", 10);
    for (name, part) in [
        ("html", "<details class=\"span path\""),
        ("markdown", "| web | get |"),
    ] {
        let output = run(&["export", "--server", &program.viewer, "--format", name, &id]);
        let found = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(found.contains(part), "{name}: {found}");
        let path = format!("/api/v1/traces/{id}/export?format={name}");
        assert_eq!(harness::get(&program.viewer, &path), (200, found), "{name}");
    }
    for format in Format::ALL {
        let name = format.as_str();
        let output = run(&["export", "--server", &program.viewer, "--format", name, &id]);
        assert!(output.status.success(), "{}", said(&output));
        assert_eq!(Format::detect(&output.stdout), Ok(format));
        let found = decode(format, &output.stdout).expect("its own format");
        assert_eq!(found.records.len(), 2, "{name}");

        let path = format!("/api/v1/traces/{id}/export?format={name}");
        let (status, body) = harness::get(&program.viewer, &path);
        assert_eq!(
            (status, body.as_bytes()),
            (200, output.stdout.as_slice()),
            "{name}"
        );
    }
}

#[test]
fn a_data_directory_is_filled_and_searched_without_a_server() {
    let directory = TempDir::new().expect("a directory");
    let data = directory.path().join("data");
    let mut child = command(&["import", "--data", text(&data), "-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("piped");
    std::io::Write::write_all(&mut stdin, ZIPKIN.as_bytes()).expect("it reads");
    drop(stdin);
    assert!(child.wait().expect("it ends").success());

    let file = directory.path().join("out.json.gz");
    let output = run(&[
        "export",
        "--data",
        text(&data),
        "--query",
        "{ name = \"query\" }",
        "--format",
        "jaeger",
        "--output",
        text(&file),
    ]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(
        said(&output).contains("exported 2 spans of 1 traces"),
        "{}",
        said(&output)
    );
    let packed = std::fs::read(&file).expect("written");
    assert!(packed.starts_with(&[0x1f, 0x8b]), "packed as its name says");
    // What was exported can be imported, into another directory.
    let other = directory.path().join("other");
    let output = run(&["import", "--data", text(&other), text(&file)]);
    assert!(
        said(&output).contains("imported 2 spans"),
        "{}",
        said(&output)
    );
}

#[test]
fn says_what_is_wrong_with_which_file_and_imports_the_others() {
    let directory = TempDir::new().expect("a directory");
    let data = directory.path().join("data");
    let good = write(&directory, "good.json", ZIPKIN.as_bytes());
    let bad = write(
        &directory,
        "bad.json",
        b"{\"data\":[{\"spans\":[{\"startTime\":\"x\"}]}]}",
    );
    let foreign = write(
        &directory,
        "foreign.json",
        b"{\"traceEvents\":[{\"ph\":\"X\",\"ts\":\"x\"}]}",
    );
    let output = run(&[
        "import",
        "--data",
        text(&data),
        &bad,
        &good,
        &foreign,
        "/nowhere.json",
    ]);
    assert_eq!(output.status.code(), Some(1));
    let said = said(&output);
    for part in [
        "bad.json: ",
        "at line 1 column 35",
        "foreign.json: invalid type: string \"x\", expected f64 at line 1 column 34",
        "/nowhere.json: No such file",
        "imported 2 spans from 1 files; 3 files could not be read",
    ] {
        assert!(said.contains(part), "{part:?} in: {said}");
    }
    for arguments in [
        &["export", "--data", text(&data), "--query", "{ nmae = 1 }"][..],
        &[
            "export",
            "--data",
            text(&data),
            "--query",
            "{ name = \"absent\" }",
        ],
        &["export", "--data", text(&data), "0a"],
        &[
            "export",
            "--data",
            text(&data),
            "000000000000000000000000000000ff",
        ],
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn check_says_what_is_wrong_without_starting_a_server() {
    let directory = TempDir::new().expect("a directory");
    let data = directory.path().join("data");
    let ports = [
        "--listen-ingest=127.0.0.1:0",
        "--listen-grpc=127.0.0.1:0",
        "--listen-viewer=localhost:0",
    ];
    let check = |further: &[&str]| {
        let mut arguments = vec!["check", "--data", text(&data)];
        arguments.extend(ports);
        arguments.extend(further);
        let output = run(&arguments);
        let found = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.code(), found)
    };
    let (code, found) = check(&[]);
    assert_eq!(code, Some(0), "{found}");
    let (code, same_host) = check(&["--listen-player=localhost:0"]);
    assert_eq!(code, Some(1), "{same_host}");
    assert!(same_host.contains("cookies ignore ports"), "{same_host}");
    assert!(
        found.contains("does not exist; `serve` makes it"),
        "{found}"
    );
    assert!(!data.exists(), "nothing is made by looking");

    let output = run(&["sample-data", "--data", text(&data), "--seed", "7"]);
    assert!(output.status.success(), "{}", said(&output));
    let output = run(&["sample-data", "--data", text(&data)]);
    assert!(
        said(&output).contains("has traces already"),
        "{}",
        said(&output)
    );
    let (code, found) = check(&["--thorough"]);
    assert_eq!(code, Some(0), "{found}");
    assert!(
        found.contains("has 1 days") && found.contains("nothing is wrong"),
        "{found}"
    );

    std::fs::write(
        data.join("2026-01-02.sqlite"),
        b"this is no database at all",
    )
    .expect("writable");
    let configuration = write(
        &directory,
        "throughline.toml",
        b"listen-viewer = \"192.0.2.1:4319\"\n",
    );
    let (code, found) = check(&[]);
    assert_eq!(code, Some(1), "{found}");
    assert!(found.contains("2026-01-02.sqlite"), "{found}");
    let output = run(&[
        "check",
        "--data",
        text(&data),
        "--config",
        &configuration,
        ports[0],
        ports[1],
    ]);
    let found = String::from_utf8_lossy(&output.stdout);
    assert!(
        found.contains("no address of this machine alone"),
        "{found}"
    );
}
