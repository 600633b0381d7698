//! `target/dist`: what a release consists of.

use std::fs;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha384};

use super::empty;
use super::tracer::Scripts;
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
            let name = script.file_name().context("a script has a name")?;
            fs::copy(script, dist.join(name))?;
        }
        run(node
            .script("npm-package.mjs")
            .arg(workspace.embed("tracer"))
            .arg(dist.join("npm")))
    })?;
    for script in scripts.iter() {
        eprintln!(
            "integrity of {}: {}",
            script.file_name().unwrap_or_default().display(),
            integrity(&fs::read(script)?)
        );
    }
    Ok(())
}

/// The value of a script tag's `integrity` attribute.
pub fn integrity(bytes: &[u8]) -> String {
    format!("sha384-{}", STANDARD.encode(Sha384::digest(bytes)))
}
