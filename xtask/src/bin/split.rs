//! Cuts the functions that `wasm_split` marks out of a WASM module, before wasm-bindgen has seen it.
//!
//! What only a marked function needs goes with it; what several need and the main module does not becomes a part of its
//! own. The main module imports the loader, and the parts import what they share from the main one.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use clap::Parser;
use wasm_split_cli_support::{Options, transform};

#[derive(Parser)]
#[command(name = "wasm-split", version)]
struct Arguments {
    /// The `.wasm` file that cargo built, with `--emit-relocs` and its symbols.
    input: PathBuf,
    /// Where the main module goes, which wasm-bindgen reads next.
    #[arg(long)]
    main: PathBuf,
    /// Where the parts and the loader go.
    #[arg(long)]
    out_dir: PathBuf,
    /// The address of wasm-bindgen's JavaScript as the loader imports it.
    #[arg(long)]
    main_module: String,
    /// The address of the loader as the main module imports it.
    #[arg(long)]
    loader: String,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let input = fs::read(&arguments.input)
        .with_context(|| format!("cannot read {}", arguments.input.display()))?;
    let mut options = Options::new(&input);
    options.output_dir = &arguments.out_dir;
    options.main_out_path = &arguments.main;
    options.main_module = &arguments.main_module;
    options.link_name = &arguments.loader;
    transform(options).map_err(|error| anyhow!("{error:?}"))?;
    Ok(())
}
