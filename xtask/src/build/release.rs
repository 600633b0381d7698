//! `target/dist`: what a release consists of.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha384};

use super::empty;
use super::tracer::{Scripts, hashed};
use crate::step::{run, step};
use crate::tools::{NodeTools, cargo};
use crate::workspace::Workspace;

/// Compiles the server with the viewer and the tracer inside and lays out the files.
///
/// # Errors
/// When the server does not compile or a file is missing.
pub fn build(workspace: &Workspace, node: &NodeTools, scripts: &Scripts) -> Result<()> {
    step("compile the server for release", || {
        run(cargo(workspace).args(["build", "--release", "--package=throughline"]))
    })?;
    step("lay out target/dist", || {
        let dist = workspace.dist();
        empty(&dist)?;
        fs::copy(
            workspace.binary("release", "throughline"),
            dist.join("throughline"),
        )
        .context("cannot copy the binary")?;
        for script in scripts.iter() {
            fs::copy(script, dist.join(published(scripts, script)?))?;
        }
        run(node
            .script("npm-package.mjs")
            .arg(workspace.embed("tracer"))
            .arg(dist.join("npm")))
    })?;
    for script in scripts.iter() {
        eprintln!(
            "integrity of {}: {}",
            published(scripts, script)?,
            integrity(&fs::read(script)?)
        );
    }
    Ok(())
}

/// The name of a script where it is served as a file: the others ask for the late one and the recorder by their hash.
fn published(scripts: &Scripts, script: &Path) -> Result<String> {
    for (own, name) in [
        (&scripts.late, "throughline.late"),
        (&scripts.replay, "throughline.replay"),
    ] {
        if script == own {
            return Ok(hashed(name, &fs::read(script)?));
        }
    }
    let name = script.file_name().context("a script has a name")?;
    Ok(name.to_string_lossy().into_owned())
}

/// The value of a script tag's `integrity` attribute.
pub fn integrity(bytes: &[u8]) -> String {
    format!("sha384-{}", STANDARD.encode(Sha384::digest(bytes)))
}
