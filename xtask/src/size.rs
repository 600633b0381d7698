//! `cargo xtask size`: what a visitor and an engineer download.
//!
//! Nothing is reported before Chromium has run it: an optimiser that breaks a module makes it smaller too.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::build;
use crate::step::{output, step};
use crate::tools::{self, NodeTools};
use crate::workspace::Workspace;

/// Bytes of brotli that `throughline.js` may have: its goal is 20,000, also by the encoder of Node, which `bench tracer` measures
/// with and which takes a dozen more than the one here.
const TRACER_BUDGET: u64 = 19_980;
/// Bytes of brotli that the viewer's first load may have, at the list of traces. Its goal is 450,000, and what the list
/// does not need is elsewhere (docs/adr/0024-pages-are-loaded-when-they-are-opened.md).
const FIRST_LOAD_BUDGET: u64 = 260_000;
/// The same where the first page is a trace, and all that it needs is loaded. Of it, 5,000 are what a trace shares with
/// the evaluation of queries (docs/adr/0028-traceql-is-evaluated-where-the-trace-is.md): in pieces of its own it packs
/// less well. Another 7,000 are what a trace shares with its picture and the gallery (docs/adr/0027-pictures-of-pages-are-tests.md),
/// 14,000 are its rows on paper, which cannot be waited for, and rows that are found and drawn between frames
/// (docs/adr/0029-a-trace-is-opened-frame-by-frame.md), and 8,000 are the flame graph's keys, names and marks, in pieces that live
/// lists share (docs/adr/0030-colour-is-never-alone.md).
const TRACE_BUDGET: u64 = 604_000;

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
    let pages = step("run the tracer and the viewer in Chromium", || {
        let loaded = output(
            node.script("instantiate.mjs")
                .env("TRACER_DIR", &tracer)
                .env("VIEWER_DIR", &viewer)
                .env("CHROMIUM_BIN", &chromium),
        )?;
        serde_json::from_str::<BTreeMap<String, Vec<String>>>(loaded.trim())
            .context("the script prints a JSON object")
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
    let files: BTreeSet<&String> = pages.values().flatten().collect();
    for name in files {
        Sizes::of(&viewer.join(name))?.print(&format!("viewer: {name}"));
    }
    let mut loads = BTreeMap::new();
    for (path, names) in &pages {
        let mut total = Sizes::default();
        for name in names {
            total.add(&Sizes::of(&viewer.join(name))?);
        }
        // The ids of traces are long.
        let place = path.split_inclusive('/').take(2).collect::<String>();
        total.print(&format!("viewer: first load at {place}"));
        loads.insert(place, total.brotli);
    }
    eprintln!();

    let load = |place: &str| {
        loads
            .get(place)
            .copied()
            .with_context(|| format!("the script has not opened {place}"))
    };
    let over: Vec<String> = [
        ("throughline.js", script.brotli, TRACER_BUDGET),
        ("the viewer's first load", load("/")?, FIRST_LOAD_BUDGET),
        ("a trace's first load", load("/trace/")?, TRACE_BUDGET),
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
    eprintln!(
        "within the budgets of {TRACER_BUDGET}, {FIRST_LOAD_BUDGET} and {TRACE_BUDGET} bytes of brotli"
    );
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
