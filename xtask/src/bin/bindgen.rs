//! `wasm-bindgen`: the part of the command line of the same name that this workspace and Trunk use, over
//! `wasm-bindgen-cli-support`.
//!
//! The official program is a crate of its own with a test runner, an HTTP server and a WebDriver client, and takes
//! several minutes to compile. This one compiles in seconds and is always of the version that `Cargo.lock` pins, which
//! is what Trunk asks for: it runs `wasm-bindgen --version` and takes the program on the `PATH` if the number is right.
//!
//! rustc refuses to compile a crate named `wasm_bindgen` without the real one's version, so the program is compiled as
//! `bindgen` and installed under the name that Trunk looks for.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, ValueEnum};
use wasm_bindgen_cli_support::Bindgen;

/// The version of the library that is linked, equal to the one of `wasm-bindgen` in the root `Cargo.toml`.
const VERSION: &str = "0.2.126";

/// Turns the output of rustc into a WASM module and its JavaScript.
#[derive(Parser)]
#[command(name = "wasm-bindgen", version = VERSION)]
struct Arguments {
    /// The `.wasm` file that cargo built.
    input: PathBuf,
    /// The kind of JavaScript.
    #[arg(long, value_enum, default_value_t = Target::Bundler)]
    target: Target,
    /// The directory to write to.
    #[arg(long)]
    out_dir: PathBuf,
    /// The stem of the files; the input's own when absent.
    #[arg(long)]
    out_name: Option<String>,
    /// Write no `.d.ts`.
    #[arg(long)]
    no_typescript: bool,
    /// Add checks to the JavaScript.
    #[arg(long)]
    debug: bool,
    /// Leave Rust's symbol names as they are.
    #[arg(long)]
    no_demangle: bool,
    /// Keep DWARF sections.
    #[arg(long)]
    keep_debug: bool,
    /// Remove the `name` section.
    #[arg(long)]
    remove_name_section: bool,
    /// Remove the `producers` section.
    #[arg(long)]
    remove_producers_section: bool,
    /// Keep the linker's exports: the parts of a module that was cut use them.
    #[arg(long)]
    keep_lld_exports: bool,
    /// Do not name the `.wasm` file in the JavaScript.
    #[arg(long)]
    omit_default_module_path: bool,
    /// Accepted and without effect: it follows from the module's features.
    #[arg(long, hide = true)]
    reference_types: bool,
    /// Accepted and without effect: found out at run time.
    #[arg(long, hide = true)]
    weak_refs: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Target {
    Bundler,
    Web,
    NoModules,
    Nodejs,
    Deno,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let mut bindgen = Bindgen::new();
    match arguments.target {
        Target::Bundler => bindgen.bundler(true)?,
        Target::Web => bindgen.web(true)?,
        Target::NoModules => bindgen.no_modules(true)?,
        Target::Nodejs => bindgen.nodejs(true)?,
        Target::Deno => bindgen.deno(true)?,
    };
    bindgen
        .input_path(&arguments.input)
        .typescript(!arguments.no_typescript)
        .debug(arguments.debug)
        .demangle(!arguments.no_demangle)
        .keep_debug(arguments.keep_debug)
        .keep_lld_exports(arguments.keep_lld_exports)
        .remove_name_section(arguments.remove_name_section)
        .remove_producers_section(arguments.remove_producers_section)
        .omit_default_module_path(arguments.omit_default_module_path);
    if let Some(name) = &arguments.out_name {
        bindgen.out_name(name);
    }
    bindgen.generate(&arguments.out_dir)
}
