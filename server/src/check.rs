//! `throughline check`: looks at a configuration and its data directory without starting a server,
//! and says what is wrong and what to do.

use std::path::Path;
use std::process::ExitCode;

use clap::Args;

use crate::assets::player::Place;
use crate::auth::{Access, Role};
use crate::config::origin::Origin;
use crate::config::{HostPort, Serve, StoreKind};
use crate::listen::{self, Listener};
use crate::store::sqlite::{self, DataDirectory, DirectoryError};

/// What to look at: the flags of `serve`, from the same places.
#[derive(Debug, Args)]
pub struct Check {
    /// Read every page of every file, which takes a while
    #[arg(long)]
    thorough: bool,

    #[command(flatten)]
    pub serve: Serve,
}

/// What was found, one line each.
#[derive(Default)]
struct Findings {
    problems: usize,
}

impl Findings {
    fn good(&self, text: &str) {
        println!("ok       {text}");
    }

    fn note(&self, text: &str) {
        println!("note     {text}");
    }

    fn problem(&mut self, text: &str) {
        self.problems += 1;
        println!("problem  {text}");
    }
}

/// Looks at everything and prints what it finds; the exit code tells whether a server would start.
///
/// # Errors
/// When there is no runtime to try the addresses with.
pub fn run(config: &Check) -> anyhow::Result<ExitCode> {
    let mut findings = Findings::default();
    let held = match config.serve.store {
        StoreKind::Memory => {
            findings.note("what arrives is kept in memory and gone when the server ends (--store)");
            false
        }
        StoreKind::Sqlite => data(&config.serve.data, config.thorough, &mut findings),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(addresses(&config.serve, held, &mut findings));
    tokens(&config.serve, &mut findings);
    origins(&config.serve, &findings);
    match findings.problems {
        0 => println!("\nnothing is wrong"),
        1 => println!("\n1 problem"),
        several => println!("\n{several} problems"),
    }
    Ok(if findings.problems == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Whether a server holds the data directory.
fn data(path: &Path, thorough: bool, findings: &mut Findings) -> bool {
    let shown = path.display();
    if !path.exists() {
        findings.note(&format!("{shown} does not exist; `serve` makes it"));
        return false;
    }
    let held = match DataDirectory::hold(path) {
        Ok(_) => false,
        Err(error @ DirectoryError::Held { .. }) => {
            findings.note(&error.to_string());
            true
        }
        Err(error) => {
            findings.problem(&error.to_string());
            return false;
        }
    };
    match sqlite::inspect(path, thorough) {
        Ok(reports) => {
            let broken = reports.iter().filter(|report| report.problem.is_some());
            for problem in broken.filter_map(|report| report.problem.as_deref()) {
                findings.problem(problem);
            }
            let (days, bytes) = (
                reports.len(),
                reports.iter().map(|of| of.bytes).sum::<u64>(),
            );
            findings.good(&format!(
                "{shown} has {days} days in {} MB",
                bytes / 1_000_000
            ));
        }
        Err(error) => findings.problem(&error.to_string()),
    }
    held
}

async fn addresses(serve: &Serve, held: bool, findings: &mut Findings) {
    let player = serve.player_at();
    let faces: [(&str, &HostPort); 3] = [
        ("--listen-ingest", &serve.listen_ingest),
        ("--listen-grpc", &serve.listen_grpc),
        ("--listen-viewer", &serve.listen_viewer),
    ];
    let faces = faces
        .into_iter()
        .chain(player.as_ref().map(|at| ("--listen-player", at)));
    for (flag, at) in faces {
        match Listener::bind(flag, at).await {
            Ok(_) => findings.good(&format!("{flag} {at} is free")),
            // It is that server's own address.
            Err(error) if held => findings.note(&format!("{error:#}")),
            Err(error) => findings.problem(&format!("{error:#}")),
        }
    }
    if let Some(at) = &player {
        let origin = |given: &Option<Origin>, at: &HostPort| {
            given
                .clone()
                .or_else(|| format!("http://{at}").parse().ok())
        };
        let origins =
            origin(&serve.player_url, at).zip(origin(&serve.viewer_url, &serve.listen_viewer));
        if let Some(Err(problem)) = origins.map(|(player, viewer)| Place::new(player, viewer)) {
            findings.problem(&problem);
        }
    }
    let at = &serve.listen_viewer;
    if let Ok(addresses) = listen::resolve("--listen-viewer", at).await
        && !addresses.iter().all(|address| address.ip().is_loopback())
    {
        if serve.tokens.is_empty() {
            findings.problem(&format!(
                "--listen-viewer {at} is no address of this machine alone: configure tokens (--tokens), or use localhost:{}",
                at.port
            ));
        } else {
            findings.note(&format!(
                "--listen-viewer {at} speaks no TLS: tokens and traces can be read on the way, unless a proxy with TLS stands before it"
            ));
        }
    }
}

fn tokens(serve: &Serve, findings: &mut Findings) {
    if serve.tokens.is_empty() {
        findings.note("whoever is on this machine may see and delete everything; ask for tokens with --tokens");
        return;
    }
    match Access::new(&serve.tokens) {
        Ok(_) => {
            let names: Vec<String> = serve
                .tokens
                .iter()
                .map(|token| {
                    let roles: Vec<&str> =
                        token.roles.iter().map(|role| Role::as_str(*role)).collect();
                    format!("{} ({})", token.name, roles.join(", "))
                })
                .collect();
            findings.good(&format!("the API asks for a token: {}", names.join("; ")));
        }
        Err(error) => findings.problem(&format!("{error:#}")),
    }
}

fn origins(serve: &Serve, findings: &Findings) {
    if serve.cors_origin.is_empty() {
        findings.note("only pages on this machine may export; name others with --cors-origin");
    } else {
        let count = serve.cors_origin.len();
        findings.good(&format!(
            "pages of {count} origins may export (--cors-origin)"
        ));
    }
}
