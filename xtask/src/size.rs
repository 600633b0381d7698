//! `cargo xtask size`: what a visitor and an engineer download.
//!
//! Nothing is reported before Chromium has run it: an optimiser that breaks a module makes it smaller too.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::build;
use crate::step::{output, step};
use crate::tools::{self, NodeTools};
use crate::workspace::Workspace;

/// Bytes of brotli that `throughline.js` may have.
const TRACER_BUDGET: u64 = 20_000;
/// Bytes of brotli that the viewer's first load may have: what it has, so that it grows no further. Its goal is 450,000
/// (docs/adr/0018-markup-as-data.md).
const VIEWER_BUDGET: u64 = 524_000;

/// Builds both, runs both in Chromium, prints the table.
///
/// # Errors
/// When something does not build or run, or exceeds its budget.
pub fn size(workspace: &Workspace) -> Result<()> {
    let node = NodeTools::install(workspace)?;
    build::assets(workspace, &node)?;
    let tracer = workspace.embed("tracer");
    let viewer = workspace.embed("viewer");
    let chromium = tools::chromium()?;
    let first_load = step("run the tracer and the viewer in Chromium", || {
        let loaded = output(
            node.script("instantiate.mjs")
                .env("TRACER_DIR", &tracer)
                .env("VIEWER_DIR", &viewer)
                .env("CHROMIUM_BIN", &chromium),
        )?;
        serde_json::from_str::<Vec<String>>(loaded.trim()).context("the script prints a JSON array")
    })?;

    eprintln!(
        "\n{:<46} {:>10} {:>10} {:>10}",
        "bytes", "brotli", "gzip", "raw"
    );
    let script = Sizes::of(&tracer.join("throughline.js"))?;
    script.print("throughline.js");
    // A page loads these after it, instead of it, or in its workers.
    for name in [
        "throughline.late.js",
        "throughline.replay.js",
        "throughline.csp.js",
        "throughline.worker.js",
    ] {
        Sizes::of(&tracer.join(name))?.print(name);
    }
    let mut total = Sizes::default();
    for name in &first_load {
        let sizes = Sizes::of(&viewer.join(name))?;
        sizes.print(&format!("viewer: {name}"));
        total.add(&sizes);
    }
    total.print("viewer: first load");
    eprintln!();

    let over: Vec<String> = [
        ("throughline.js", script.brotli, TRACER_BUDGET),
        ("the viewer's first load", total.brotli, VIEWER_BUDGET),
    ]
    .into_iter()
    .filter(|(_, size, budget)| size > budget)
    .map(|(what, size, budget)| {
        format!(
            "{what} has {size} bytes of brotli, {} more than its budget of {budget}",
            size - budget
        )
    })
    .collect();
    if !over.is_empty() {
        bail!("{}", over.join("; "));
    }
    eprintln!("within the budgets of {TRACER_BUDGET} and {VIEWER_BUDGET} bytes of brotli");
    Ok(())
}

/// A file's size in each encoding that the server sends it in.
#[derive(Default)]
struct Sizes {
    brotli: u64,
    gzip: u64,
    raw: u64,
}

impl Sizes {
    fn of(path: &Path) -> Result<Self> {
        let raw = length(path)?;
        // Fonts and pictures are compressed already and sent as they are.
        let encoded = |ending: &str| {
            let mut name = path.as_os_str().to_owned();
            name.push(ending);
            length(Path::new(&name)).unwrap_or(raw)
        };
        Ok(Self {
            brotli: encoded(".br"),
            gzip: encoded(".gz"),
            raw,
        })
    }

    fn add(&mut self, other: &Self) {
        self.brotli += other.brotli;
        self.gzip += other.gzip;
        self.raw += other.raw;
    }

    fn print(&self, what: &str) {
        eprintln!(
            "{what:<46} {:>10} {:>10} {:>10}",
            self.brotli, self.gzip, self.raw
        );
    }
}

fn length(path: &Path) -> Result<u64> {
    Ok(fs::metadata(path)
        .with_context(|| format!("{} is missing", path.display()))?
        .len())
}
