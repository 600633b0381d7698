//! From a crate to a small WASM module and its JavaScript: cargo, wasm-bindgen, wasm-opt. A crate whose pages are loaded
//! when they are opened is cut into several modules between the first two
//! (docs/adr/0024-pages-are-loaded-when-they-are-opened.md).

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

/// The JavaScript that loads what was cut off, in the directory of the module, and the name by which the modules import
/// it.
const LOADER: &str = "./loader.js";

/// A crate and how it becomes WASM.
#[derive(Clone, Copy)]
pub struct Program<'a> {
    /// Its name.
    pub package: &'a str,
    /// wasm-opt's passes.
    pub passes: &'a [&'a str],
    /// Whether its feature `split` marks functions that are cut off.
    pub split: bool,
}

/// A module and the JavaScript that instantiates it.
pub struct Module {
    /// The ES module.
    pub js: PathBuf,
    /// The optimised WASM.
    pub wasm: PathBuf,
    /// What loads the parts, where the crate is split; imported by `js`.
    pub loader: PathBuf,
    /// The optimised parts that were cut off, which the loader names.
    pub parts: Vec<PathBuf>,
}

/// Compiles a program for the browser, runs wasm-opt over it, and writes `NAME.js` and `NAME_bg.wasm` to `directory`, with
/// the parts that were cut off. Does nothing after compiling when cargo's output is the one of the last time.
///
/// # Errors
/// When a program is missing or fails.
pub fn build(
    workspace: &Workspace,
    node: &NodeTools,
    program: Program<'_>,
    directory: &Path,
) -> Result<Module> {
    let package = program.package;
    tools::wasm_target()?;
    step(&format!("compile {package} to WASM"), || {
        let mut command = cargo(workspace);
        command.arg(if program.split { "rustc" } else { "build" });
        command.args([
            "--package",
            package,
            "--profile=wasm-size",
            "--target=wasm32-unknown-unknown",
        ]);
        if program.split {
            // What is cut must still say which function and which constant each address means.
            command.args([
                "--features=split",
                "--",
                "-Clink-args=--emit-relocs",
                "-Cstrip=none",
            ]);
        }
        run(&mut command)
    })?;
    let name = package.replace('-', "_");
    let compiled = workspace
        .cargo_target
        .join("wasm32-unknown-unknown/wasm-size")
        .join(format!("{name}.wasm"));
    let mut module = Module {
        js: directory.join(format!("{name}.js")),
        wasm: directory.join(format!("{name}_bg.wasm")),
        loader: directory.join(LOADER),
        parts: Vec::new(),
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
        module.parts = parts(directory, &module.wasm)?;
        return Ok(module);
    }
    let programs = tools::wasm_bindgen(workspace)?;
    super::empty(directory)?;
    let mut whole = compiled;
    if program.split {
        step(&format!("cut {package} into its parts"), || {
            // Beside the directory: what is in it is a part.
            let main = directory.with_file_name(format!("{name}.wasm"));
            run(Command::new(&programs.split)
                .arg(&whole)
                .arg(format!("--main-module=./{name}.js"))
                .arg(format!("--loader={LOADER}"))
                .arg("--main")
                .arg(&main)
                .arg("--out-dir")
                .arg(directory))?;
            module.parts = parts(directory, &module.wasm)?;
            whole = main;
            Ok(())
        })?;
    }
    step(&format!("bind {package} to JavaScript"), || {
        let mut command = Command::new(&programs.bindgen);
        command
            .arg(&whole)
            .arg("--target=web")
            .arg("--no-typescript")
            .arg("--remove-producers-section")
            .arg("--omit-default-module-path")
            .arg("--out-dir")
            .arg(directory);
        if program.split {
            command.args(["--keep-lld-exports", "--no-demangle"]);
        }
        run(&mut command)
    })?;
    step(&format!("optimise {package} for size"), || {
        optimise(node, program.passes, &module.wasm)?;
        module
            .parts
            .iter()
            .try_for_each(|part| optimise(node, program.passes, part))
    })?;
    fs::write(&stamp, digest).context("cannot note what was built")?;
    Ok(module)
}

/// The WASM files of a directory but for the main one, in the order of their names.
fn parts(directory: &Path, main: &Path) -> Result<Vec<PathBuf>> {
    let mut parts = fs::read_dir(directory)
        .with_context(|| format!("cannot list {}", directory.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    parts.retain(|path| path.extension().is_some_and(|ending| ending == "wasm") && path != main);
    parts.sort();
    Ok(parts)
}

/// Replaces a module by a smaller one.
fn optimise(node: &NodeTools, passes: &[&str], wasm: &Path) -> Result<()> {
    let optimised = wasm.with_extension("opt.wasm");
    run(node
        .program("wasm-opt")
        .args(FEATURES)
        .args(passes)
        .args([
            "--strip-debug",
            "--strip-producers",
            "--strip-target-features",
        ])
        .arg(wasm)
        .arg("-o")
        .arg(&optimised))?;
    fs::rename(&optimised, wasm).context("cannot replace the module by the optimised one")
}
