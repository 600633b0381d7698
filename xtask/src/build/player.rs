//! The player's files: a page, a script with rrweb inside, a style sheet.
//!
//! The page may load nothing from anywhere but its own face, so all is in these three. Script and style sheet have the
//! first 16 hex digits of their content's SHA-256 in their names; the server writes the viewer's origin into the page.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use super::tracer::replace_once;
use super::{compress, digest, empty};
use crate::step::{run, step};
use crate::tools::{NodeTools, hex};
use crate::workspace::Workspace;

/// What the licence of rrweb wants said where it is a part.
const LICENCE: &str = "tracer-wasm/js/recorder/rrweb-licence.txt";
/// The files that the page names, as it names them.
const PARTS: [&str; 2] = ["player.js", "player.css"];

/// Builds the player into the directory that the server embeds.
///
/// # Errors
/// When a program is missing or fails.
pub fn build(workspace: &Workspace, node: &NodeTools) -> Result<()> {
    let sources = workspace.root.join("player");
    let licence = workspace.root.join(LICENCE);
    let (work, directory) = (workspace.target().join("player"), workspace.embed("player"));
    fs::create_dir_all(&work)?;
    let inputs = digest([
        sources.as_path(),
        &licence,
        &workspace.node_sources().join("package-lock.json"),
        &workspace.root.join("xtask/src/build"),
    ])?;
    let stamp = work.join("stamp");
    if directory.join("index.html").is_file()
        && fs::read_to_string(&stamp).is_ok_and(|last| last == inputs)
    {
        return Ok(());
    }
    step("bundle the player", || {
        empty(&directory)?;
        let licence =
            fs::read_to_string(&licence).with_context(|| format!("cannot read {LICENCE}"))?;
        let mut page = fs::read_to_string(sources.join("index.html"))
            .context("cannot read the player's index.html")?;
        for part in PARTS {
            let name = bundle(
                node,
                &sources.join(part),
                &work.join(part),
                &licence,
                &directory,
            )?;
            page = replace_once(&page, part, &name)?;
        }
        fs::write(directory.join("index.html"), page)?;
        compress::directory(&directory)
    })?;
    fs::write(&stamp, inputs).context("cannot note what was built")
}

/// Makes one file of a source and what it imports, and returns its name.
fn bundle(
    node: &NodeTools,
    source: &Path,
    bundle: &Path,
    licence: &str,
    directory: &Path,
) -> Result<String> {
    let ending = source
        .extension()
        .and_then(|ending| ending.to_str())
        .context("a source has an ending")?;
    run(node
        .program("esbuild")
        .arg(source)
        .args(["--bundle", "--minify", "--format=iife", "--target=es2022"])
        .args([
            "--charset=utf8",
            "--legal-comments=none",
            "--log-level=warning",
        ])
        .arg(format!("--banner:{ending}=/*\n{licence}*/"))
        .arg(format!("--outfile={}", bundle.display()))
        // rrweb is one of this program's own packages, which the sources' directory has no part in.
        .env("NODE_PATH", node.packages()))?;
    let bytes = fs::read(bundle).context("esbuild wrote nothing")?;
    let name = format!("player-{}.{ending}", &hex(&Sha256::digest(&bytes))[..16]);
    fs::write(directory.join(&name), bytes)?;
    Ok(name)
}
