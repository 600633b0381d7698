//! `cargo xtask build`: from the sources to `target/embed` and `target/dist`.

pub mod compress;
pub mod frameworks;
mod html;
mod player;
mod release;
mod tracer;
mod viewer;
mod wasm;

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result};
use clap::ValueEnum;
use sha2::{Digest, Sha256};

use crate::step::step;
use crate::tools::{NodeTools, hex};
use crate::workspace::Workspace;

/// What to build.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// `throughline.js` and its builds for strict policies and for workers
    Tracer,
    /// The viewer's files
    Viewer,
    /// The page that plays recordings inside of the viewer
    Player,
}

/// Builds one part, or everything up to the release's files.
///
/// # Errors
/// When a program is missing or fails.
pub fn build(workspace: &Workspace, part: Option<Part>) -> Result<()> {
    let node = NodeTools::install(workspace)?;
    match part {
        Some(Part::Tracer) => tracer(workspace, &node).map(drop),
        Some(Part::Viewer) => viewer(workspace, &node),
        Some(Part::Player) => player(workspace, &node),
        None => {
            let scripts = tracer(workspace, &node)?;
            viewer(workspace, &node)?;
            player(workspace, &node)?;
            release::build(workspace, &node, &scripts)
        }
    }
}

/// Builds what the server embeds: the tracer, the viewer, the player.
///
/// # Errors
/// When a program is missing or fails.
pub fn assets(workspace: &Workspace, node: &NodeTools) -> Result<()> {
    tracer(workspace, node)?;
    viewer(workspace, node)?;
    player(workspace, node)
}

fn tracer(workspace: &Workspace, node: &NodeTools) -> Result<tracer::Scripts> {
    let _lock = lock(workspace)?;
    step("build the tracer", || tracer::build(workspace, node))
}

fn viewer(workspace: &Workspace, node: &NodeTools) -> Result<()> {
    let _lock = lock(workspace)?;
    step("build the viewer", || viewer::build(workspace, node))
}

fn player(workspace: &Workspace, node: &NodeTools) -> Result<()> {
    let _lock = lock(workspace)?;
    player::build(workspace, node)
}

/// Keeps two builds from writing the same files; released when dropped.
fn lock(workspace: &Workspace) -> Result<File> {
    fs::create_dir_all(workspace.target())?;
    let file = File::create(workspace.target().join(".xtask-lock"))
        .context("cannot make the lock file")?;
    if file.try_lock().is_err() {
        eprintln!("▸ wait for another cargo xtask");
        file.lock().context("cannot lock")?;
    }
    Ok(file)
}

/// A hash over the contents of files and directories, to tell whether something must be built again.
fn digest<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Result<String> {
    let mut hash = Sha256::new();
    for path in paths {
        add(path, &mut hash)?;
    }
    Ok(hex(&hash.finalize()))
}

fn add(path: &Path, hash: &mut Sha256) -> Result<()> {
    let context = || format!("cannot read {}", path.display());
    if path.is_dir() {
        let mut entries = fs::read_dir(path)
            .with_context(context)?
            .map(|entry| Ok(entry?.path()))
            .collect::<Result<Vec<_>>>()?;
        entries.sort();
        return entries.iter().try_for_each(|entry| add(entry, hash));
    }
    let bytes = fs::read(path).with_context(context)?;
    hash.update(path.as_os_str().as_encoded_bytes());
    hash.update(bytes.len().to_le_bytes());
    hash.update(bytes);
    Ok(())
}

/// Makes an empty directory, emptying one that is there.
pub fn empty(directory: &Path) -> Result<()> {
    if directory.exists() {
        fs::remove_dir_all(directory)
            .with_context(|| format!("cannot empty {}", directory.display()))?;
    }
    fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))
}
