//! From a crate to a small WASM module and its JavaScript: cargo, wasm-bindgen, wasm-opt.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::step::{run, step};
use crate::tools::{self, NodeTools, cargo};
use crate::workspace::Workspace;

/// The features that rustc's `wasm32-unknown-unknown` and wasm-bindgen use. They are listed one by one since a module
/// optimised under `--all-features` did not compile in Chromium 156 ("Invalid import kind 127").
pub const FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// A module and the JavaScript that instantiates it.
pub struct Module {
    /// The ES module.
    pub js: PathBuf,
    /// The optimised WASM.
    pub wasm: PathBuf,
}

/// Compiles `package` for the browser, runs wasm-opt's `passes` over it, and writes `NAME.js` and `NAME_bg.wasm` to
/// `directory`. Does nothing after compiling when cargo's output is the one of the last time.
///
/// # Errors
/// When a program is missing or fails.
pub fn build(
    workspace: &Workspace,
    node: &NodeTools,
    package: &str,
    passes: &[&str],
    directory: &Path,
) -> Result<Module> {
    tools::wasm_target()?;
    step(&format!("compile {package} to WASM"), || {
        run(cargo(workspace).args([
            "build",
            "--package",
            package,
            "--profile=wasm-size",
            "--target=wasm32-unknown-unknown",
        ]))
    })?;
    let name = package.replace('-', "_");
    let compiled = workspace
        .cargo_target
        .join("wasm32-unknown-unknown/wasm-size")
        .join(format!("{name}.wasm"));
    let module = Module {
        js: directory.join(format!("{name}.js")),
        wasm: directory.join(format!("{name}_bg.wasm")),
    };

    let digest = super::digest([
        compiled.as_path(),
        &workspace.root.join("Cargo.lock"),
        &workspace.node_sources().join("package-lock.json"),
        &workspace.root.join("xtask/src/build"),
    ])?;
    let stamp = directory.join("stamp");
    if module.js.is_file()
        && module.wasm.is_file()
        && fs::read_to_string(&stamp).is_ok_and(|last| last == digest)
    {
        return Ok(module);
    }
    let bindgen = tools::wasm_bindgen(workspace)?;
    super::empty(directory)?;
    step(&format!("bind {package} to JavaScript"), || {
        run(Command::new(bindgen)
            .arg(&compiled)
            .arg("--target=web")
            .arg("--no-typescript")
            .arg("--remove-producers-section")
            .arg("--omit-default-module-path")
            .arg("--out-dir")
            .arg(directory))
    })?;
    step(&format!("optimise {package} for size"), || {
        let optimised = module.wasm.with_extension("opt.wasm");
        run(node
            .program("wasm-opt")
            .args(FEATURES)
            .args(passes)
            .args([
                "--strip-debug",
                "--strip-producers",
                "--strip-target-features",
            ])
            .arg(&module.wasm)
            .arg("-o")
            .arg(&optimised))?;
        fs::rename(&optimised, &module.wasm)
            .context("cannot replace the module by the optimised one")
    })?;
    fs::write(&stamp, digest).context("cannot note what was built")?;
    Ok(module)
}
