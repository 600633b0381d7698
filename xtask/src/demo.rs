//! `cargo xtask demo`: the shop and the server, from sources to a page that one can click in.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::build;
use crate::process::Listening;
use crate::step::{line, run, step};
use crate::tools::{self, NodeTools, cargo};
use crate::workspace::Workspace;

/// How the demo is run.
#[derive(Args)]
pub struct Options {
    /// Book one ticket in headless Chromium on free ports, check the whole trace, print one JSON line, end.
    #[arg(long)]
    pub smoke: bool,
    /// Do not open the shop in a browser.
    #[arg(long)]
    pub no_open: bool,
}

/// Installs what is missing, builds, and runs the demo until Ctrl-C, or once for `--smoke`.
///
/// # Errors
/// When something does not build, start, or hold.
pub fn demo(workspace: &Workspace, options: &Options) -> Result<()> {
    let node = NodeTools::install(workspace)?;
    let chromium = match options.smoke {
        true => Some(tools::chromium()?),
        false => None,
    };
    build::assets(workspace, &node)?;
    step("compile the server and the shop", || {
        run(cargo(workspace).args([
            "build",
            "--package=throughline",
            "--package=throughline-demo",
        ]))
    })?;
    match chromium {
        Some(chromium) => smoke(workspace, &node, &chromium),
        None => interactive(workspace, options),
    }
}

/// Books a ticket with the binaries that are there and prints the JSON line as the last one on stdout.
///
/// # Errors
/// With what the trace lacks.
pub fn smoke(workspace: &Workspace, node: &NodeTools, chromium: &Path) -> Result<()> {
    let data = workspace.target().join("demo/smoke");
    build::empty(&data)?;
    let result = step("book a ticket and read its trace", || {
        let demo = Demo::start(workspace, &data, Ports::Free)?;
        let mut script = node.script("smoke.mjs");
        script
            .env("SHOP_URL", demo.shop.url("shop"))
            .env("VIEWER_URL", demo.server.url("viewer"))
            .env("CHROMIUM_BIN", chromium)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit());
        let output = script
            .output()
            .with_context(|| format!("cannot start `{}`", line(&script)))?;
        if !output.status.success() {
            bail!("the booking's trace is not as it must be; it is described above");
        }
        String::from_utf8(output.stdout).context("the script writes UTF-8")
    })?;
    println!("{}", result.trim());
    Ok(())
}

fn interactive(workspace: &Workspace, options: &Options) -> Result<()> {
    let ended = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&ended))?;
    }
    let data = workspace.target().join("demo/data");
    fs::create_dir_all(&data)?;
    let mut demo = step("start the server and the shop", || {
        Demo::start(workspace, &data, Ports::Known)
    })?;

    let shop = demo.shop.url("shop").to_owned();
    eprintln!("\n  The shop      {shop}");
    eprintln!("  Throughline   {}", demo.server.url("viewer"));
    eprintln!("\n  1. Open the shop, fill in the form and press Book Now.");
    eprintln!("  2. Follow \"See it in Throughline\" below the ticket.");
    eprintln!(
        "  3. Try the switches on the shop's page: slow payment, seat conflict, N+1, crash, clock skew."
    );
    eprintln!(
        "  4. Look at the visit again under Sessions: the page is recorded, without its texts."
    );
    eprintln!(
        "\n  Ctrl-C ends everything. The traces stay in {}.\n",
        data.display()
    );
    if !options.no_open {
        open(&shop);
    }
    while !ended.load(Ordering::Relaxed) {
        demo.server.check()?;
        demo.shop.check()?;
        thread::sleep(Duration::from_millis(200));
    }
    step("end the shop and the server", || {
        drop(demo);
        Ok(())
    })
}

/// Which ports the demo listens on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ports {
    /// The documented ones.
    Known,
    /// Whichever are free.
    Free,
}

/// The running programs. The shop ends first, so that its last spans are received.
struct Demo {
    shop: Listening,
    server: Listening,
}

impl Demo {
    fn start(workspace: &Workspace, data: &Path, ports: Ports) -> Result<Self> {
        let mut serve = Command::new(workspace.binary("debug", "throughline"));
        serve.arg("serve").arg("--data").arg(data.join("traces"));
        let mut all = Command::new(workspace.binary("debug", "throughline-demo"));
        all.arg("all").arg("--data").arg(data.join("shop"));
        if ports == Ports::Free {
            serve.args([
                "--listen-ingest=127.0.0.1:0",
                "--listen-grpc=127.0.0.1:0",
                "--listen-viewer=localhost:0",
            ]);
            all.args(["--port-base", "0"]);
        } else {
            all.args(["--replay", "always"]);
        }
        let server = Listening::start(&mut serve, &["ingest", "grpc", "viewer"])?;
        all.args(["--otlp", server.url("grpc")])
            .args([
                "--tracer",
                &format!("{}/throughline.js", server.url("ingest")),
            ])
            .args(["--viewer", server.url("viewer")]);
        let shop = Listening::start(&mut all, &["shop"])?;
        Ok(Self { shop, server })
    }
}

/// Shows a page in the user's browser, where there is a desktop.
fn open(url: &str) {
    let desktop = ["DISPLAY", "WAYLAND_DISPLAY"]
        .iter()
        .any(|name| env::var_os(name).is_some());
    let opener = PathBuf::from("/usr/bin/xdg-open");
    if desktop && opener.is_file() {
        // Best effort: the URL is on the screen.
        let _ = Command::new(opener)
            .arg(url)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
    }
}
