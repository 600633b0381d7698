//! The small applications of other frameworks that the browser's tests click through, in `tests/frameworks/dist`.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use super::empty;
use super::wasm::{self, Program};
use crate::step::{run, step};
use crate::tools::{self, NodeTools};
use crate::workspace::Workspace;

/// The quickest: nobody downloads it.
const PASSES: [&str; 1] = ["-O0"];

/// Builds those that are not up to date.
///
/// # Errors
/// When a package cannot be installed, or an application does not compile.
pub fn build(workspace: &Workspace, node: &NodeTools) -> Result<()> {
    let directory = workspace.root.join("tests/frameworks");
    tools::npm_packages(&directory)?;
    step("build the frameworks' applications", || {
        run(Command::new("node")
            .arg("build.mjs")
            .current_dir(&directory))
    })?;
    let module = wasm::build(
        workspace,
        node,
        Program {
            package: "throughline-framework-leptos",
            passes: &PASSES,
            split: false,
        },
        &workspace.target().join("framework-leptos"),
    )?;
    let leptos = directory.join("dist/leptos");
    empty(&leptos)?;
    for file in [&module.js, &module.wasm] {
        fs::copy(file, leptos.join(file.file_name().unwrap_or_default()))
            .context("cannot lay out the Leptos application")?;
    }
    Ok(())
}
