//! The command line is sound, and files are read as it is.

use std::io::Write as _;

use clap::CommandFactory as _;

use super::*;

fn with_file(text: &str, arguments: &[&str]) -> anyhow::Result<Serve> {
    let mut file = tempfile::NamedTempFile::new()?;
    file.write_all(text.as_bytes())?;
    let command = with_defaults_of(Cli::command(), "serve", file.path())?;
    let arguments = ["throughline", "serve"].iter().chain(arguments);
    let matches = command.try_get_matches_from(arguments)?;
    match Cli::from_arg_matches(&matches)?.command {
        Commands::Serve(serve) => Ok(*serve),
        other => bail!("not what was asked for: {other:?}"),
    }
}

#[test]
fn the_command_line_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn every_flag_is_also_a_variable() {
    let command = Cli::command();
    let serve = command.find_subcommand("serve").expect("serve");
    for argument in serve
        .get_arguments()
        .filter(|argument| argument.get_id() != "help")
    {
        let flag = argument.get_long().expect("a long flag");
        let variable = argument.get_env().expect(flag).to_str().expect("text");
        let expected = format!("THROUGHLINE_{}", flag.to_uppercase().replace('-', "_"));
        assert_eq!(variable, expected);
    }
}

#[test]
fn defaults_are_those_of_the_contract() {
    let serve = with_file("", &[]).expect("valid");
    assert_eq!(serve.listen_ingest.to_string(), "127.0.0.1:4318");
    assert_eq!(serve.listen_grpc.to_string(), "127.0.0.1:4317");
    assert_eq!(serve.listen_viewer.to_string(), "localhost:4319");
    assert_eq!(
        serve.player_at().map(|at| at.to_string()).as_deref(),
        Some("127.0.0.1:4320")
    );
    assert_eq!(serve.store, StoreKind::Sqlite);
    assert_eq!(
        (serve.retention_days, serve.cors_origin),
        (None, Vec::new())
    );
    assert_eq!(serve.max_request_bytes, 16 << 20);
    assert_eq!(serve.max_decompressed_bytes, 64 << 20);
    assert_eq!(serve.max_pending_bytes, 256 << 20);
}

#[test]
fn flags_win_over_the_file_and_the_file_over_defaults() {
    let file = r#"
        data = "/srv/throughline"
        store = "memory"
        retention-days = 7
        max-request-bytes = 1_000
        cors-origin = ["https://a.example", "https://b.example"]
    "#;
    let serve = with_file(file, &["--max-request-bytes", "2000"]).expect("valid");
    assert_eq!(serve.data, PathBuf::from("/srv/throughline"));
    assert_eq!(serve.store, StoreKind::Memory);
    assert_eq!(serve.retention_days, Some(7));
    assert_eq!(serve.max_request_bytes, 2_000);
    assert_eq!(serve.max_decompressed_bytes, 64 << 20);
    let origins = |serve: &Serve| -> Vec<OriginPattern> { serve.cors_origin.clone() };
    let exactly = |text: &str| OriginPattern::Exactly(text.to_owned());
    assert_eq!(
        origins(&serve),
        [exactly("https://a.example"), exactly("https://b.example")]
    );

    let serve = with_file(
        file,
        &["--cors-origin", "https://c.example,https://d.example"],
    )
    .expect("valid");
    assert_eq!(
        origins(&serve),
        [exactly("https://c.example"), exactly("https://d.example")]
    );
}

#[test]
fn the_player_gets_another_host_than_the_viewer_and_a_free_port_with_it() {
    for (file, arguments, expected) in [
        (
            "",
            &["--listen-viewer", "127.0.0.1:4319"][..],
            Some("localhost:4320"),
        ),
        ("", &["--listen-viewer", "localhost:0"], Some("127.0.0.1:0")),
        ("", &["--listen-viewer", "0.0.0.0:4319"], None),
        ("viewer-url = \"https://traces.example\"", &[], None),
        (
            "listen-player = \"127.0.0.2:80\"",
            &[],
            Some("127.0.0.2:80"),
        ),
        (
            "listen-player = \"127.0.0.2:80\"",
            &["--listen-player", "off"],
            None,
        ),
    ] {
        let serve = with_file(file, arguments).expect("valid");
        let at = serve.player_at().map(|at| at.to_string());
        assert_eq!(at.as_deref(), expected, "{file} {arguments:?}");
    }
}

#[test]
fn says_which_key_of_a_file_is_wrong() {
    for (file, expected, reason) in [
        ("dataa = \"x\"", "unknown key `dataa`", "a misspelt key"),
        (
            "listen_ingest = \"x:1\"",
            "unknown key `listen_ingest`",
            "not the flag's spelling",
        ),
        ("config = \"x\"", "unknown key `config`", "a file in a file"),
        ("help = \"x\"", "unknown key `help`", "not a setting"),
        ("[serve]\ndata = \"x\"", "unknown key `serve`", "a table"),
        ("data = { a = 1 }", "`data`", "a table as a value"),
        ("data = ", "configuration file", "not TOML"),
        (
            "listen-ingest = \"nowhere\"",
            "--listen-ingest",
            "an invalid value",
        ),
        ("retention-days = 0", "--retention-days", "out of range"),
        ("max-request-bytes = -1", "--max-request-bytes", "negative"),
        ("store = \"tape\"", "--store", "no such store"),
        (
            "viewer-url = \"traces.example\"",
            "--viewer-url",
            "an origin without a scheme",
        ),
    ] {
        let error = match with_file(file, &[]) {
            Ok(_) => panic!("{reason} is refused"),
            Err(error) => format!("{error:#}"),
        };
        assert!(error.contains(expected), "{reason}: {error}");
    }
}

#[test]
fn reads_hosts_with_ports() {
    for (text, expected) in [
        ("127.0.0.1:4318", Some(("127.0.0.1", 4318))),
        ("localhost:0", Some(("localhost", 0))),
        ("[::1]:80", Some(("[::1]", 80))),
        ("::1:80", None),
        ("localhost", None),
        (":80", None),
        ("localhost:", None),
        ("localhost:65536", None),
        ("http://localhost:80", None),
    ] {
        let parsed = text.parse::<HostPort>().ok();
        let parsed = parsed.as_ref().map(|at| (at.host.as_str(), at.port));
        assert_eq!(parsed, expected, "{text}");
    }
}

#[test]
fn durations_and_ratios_are_checked() {
    for (text, expected) in [
        ("10ms", Ok(DurationNanos(10_000_000))),
        ("1.5s", Ok(DurationNanos(1_500_000_000))),
        ("0us", Ok(DurationNanos(0))),
    ] {
        assert_eq!(duration(text), expected, "{text}");
    }
    for text in ["", "10", "ms", "-1s", "1h", "NaNs"] {
        assert!(duration(text).is_err(), "{text}");
    }
    assert_eq!(ratio("2"), Ok(2.0));
    for text in ["0.5", "inf", "NaN", "x"] {
        assert!(ratio(text).is_err(), "{text}");
    }
}
