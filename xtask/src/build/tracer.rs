//! `throughline.js`: the tracer as one classic script with its WASM inside.
//!
//! The WASM travels as a string with one code point per byte, which in UTF-8 and under brotli is a few per cent larger
//! than the raw bytes; base64 is larger by a third. Each byte is first combined with [`KEY`] by exclusive or: the bytes
//! that are frequent in WASM then are none of those that a string literal must escape (measured on 23,902 bytes of WASM:
//! 10,535 bytes of brotli raw, 11,176 as a string, 10,690 with the key). `tracer-wasm/js/main.js` imports a function
//! that returns the bytes as `throughline-wasm`, and wasm-bindgen's JavaScript as `throughline-glue`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::{compress, digest, empty, wasm};
use crate::step::{run, step};
use crate::tools::NodeTools;
use crate::workspace::Workspace;

/// What each byte is combined with; among the 256 values one of the best for brotli.
const KEY: u8 = 60;
/// Flattening and rebuilding the control flow before the passes for size, then passes until nothing changes: 23,484
/// bytes of WASM instead of 23,902 with `-Oz` alone, for four seconds.
const PASSES: [&str; 5] = ["--flatten", "--rereloop", "-Oz", "-Oz", "--converge"];
/// Stands for the WASM while esbuild works, which would escape some of the bytes that a string literal may hold.
const PLACEHOLDER: &str = "@throughline-wasm@";

/// What terser does to esbuild's bundle: 7,588 bytes of brotli instead of 7,927.
const SMALLER: [&str; 6] = [
    "--module",
    "--ecma=2022",
    "--compress",
    "passes=3,unsafe_arrows,pure_getters",
    "--mangle",
    "--comments=false",
];
/// Stands for the bundle of main.js in bootstrap.js.
const PROGRAM: &str = "THROUGHLINE_PROGRAM()";

/// Builds the script into the directory that the server embeds and returns its path.
///
/// # Errors
/// When a program is missing or fails.
pub fn build(workspace: &Workspace, node: &NodeTools) -> Result<PathBuf> {
    let work = workspace.target().join("tracer");
    let module = wasm::build(
        workspace,
        node,
        "tracer-wasm",
        &PASSES,
        &work.join("bindgen"),
    )?;

    let sources = workspace.root.join("tracer-wasm/js");
    let script = workspace.embed("tracer").join("throughline.js");
    let inputs = digest([
        module.js.as_path(),
        &module.wasm,
        &sources,
        &workspace.root.join("Cargo.toml"),
        &workspace.root.join("xtask/src/build"),
    ])?;
    let stamp = work.join("stamp");
    if script.is_file() && fs::read_to_string(&stamp).is_ok_and(|last| last == inputs) {
        return Ok(script);
    }
    step("bundle throughline.js", || {
        let bundle = work.join("bundle.js");
        let placeholder = work.join("wasm.js");
        fs::write(
            &placeholder,
            format!(
                "export default () => Uint8Array.from(\"{PLACEHOLDER}\", (c) => c.charCodeAt(0) ^ {KEY});\n"
            ),
        )?;
        run(node
            .program("esbuild")
            .arg(sources.join("main.js"))
            .args([
                "--bundle",
                "--minify",
                "--format=esm",
                "--target=es2022",
                "--charset=utf8",
            ])
            .args(["--legal-comments=none", "--log-level=warning"])
            .arg(format!(
                "--define:THROUGHLINE_VERSION=\"{}\"",
                env!("CARGO_PKG_VERSION")
            ))
            .arg(format!("--alias:throughline-glue={}", module.js.display()))
            .arg(format!(
                "--alias:throughline-wasm={}",
                placeholder.display()
            ))
            .arg(format!("--outfile={}", bundle.display())))?;
        let smaller = work.join("smaller.js");
        run(node
            .program("terser")
            .arg(&bundle)
            .args(SMALLER)
            .arg("--output")
            .arg(&smaller))?;
        let bootstrap = work.join("bootstrap.js");
        run(node
            .program("esbuild")
            .arg(sources.join("bootstrap.js"))
            .args(["--minify", "--target=es2022", "--charset=utf8"])
            .args(["--legal-comments=none", "--log-level=warning"])
            .arg(format!("--outfile={}", bootstrap.display())))?;
        let program = replace_once(
            &fs::read_to_string(&bootstrap)?,
            PROGRAM,
            fs::read_to_string(&smaller)?
                .trim_end()
                .trim_end_matches(';'),
        )?;
        let code = embed(&program, &fs::read(&module.wasm)?)?;
        let directory = script.parent().unwrap_or(Path::new("."));
        empty(directory)?;
        fs::write(&script, code)?;
        compress::directory(directory)
    })?;
    fs::write(&stamp, inputs).context("cannot note what was built")?;
    Ok(script)
}

/// Puts the WASM in the place of the placeholder.
fn embed(bundle: &str, wasm: &[u8]) -> Result<String> {
    let quoted = format!("\"{PLACEHOLDER}\"");
    let bytes: Vec<u8> = wasm.iter().map(|byte| byte ^ KEY).collect();
    replace_once(bundle, &quoted, &string_literal(&bytes))
}

/// Puts `text` in the place of a placeholder that must stand there once.
fn replace_once(code: &str, placeholder: &str, text: &str) -> Result<String> {
    let places = code.matches(placeholder).count();
    if places != 1 {
        bail!("the script names {placeholder} {places} times instead of once");
    }
    Ok(code.replacen(placeholder, text, 1))
}

/// A JavaScript string literal with one code point per byte. Escaped is only what a literal may not hold (the quote,
/// the backslash, line feed and carriage return, ECMA-262 §12.9.4) and NUL, which would make the file look binary to
/// editors and proxies.
fn string_literal(bytes: &[u8]) -> String {
    let mut literal = String::with_capacity(bytes.len() * 3 / 2);
    literal.push('"');
    for (index, &byte) in bytes.iter().enumerate() {
        match byte {
            b'"' => literal.push_str("\\\""),
            b'\\' => literal.push_str("\\\\"),
            b'\n' => literal.push_str("\\n"),
            b'\r' => literal.push_str("\\r"),
            // `\0` before a digit would be read as an octal escape.
            0 if bytes.get(index + 1).is_some_and(u8::is_ascii_digit) => literal.push_str("\\x00"),
            0 => literal.push_str("\\0"),
            _ => literal.push(char::from(byte)),
        }
    }
    literal.push('"');
    literal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_escape_only_what_javascript_requires() {
        for (bytes, expected, reason) in [
            (&b"\0asm"[..], "\"\\0asm\"", "NUL"),
            (
                b"\x005",
                "\"\\x005\"",
                "NUL before a digit is not an octal escape",
            ),
            (
                b"\"\\\n\r",
                "\"\\\"\\\\\\n\\r\"",
                "what ends or breaks a literal",
            ),
            (
                b"\x01\x7f\x80\xff",
                "\"\u{1}\u{7f}\u{80}\u{ff}\"",
                "one code point per byte",
            ),
        ] {
            assert_eq!(string_literal(bytes), expected, "{reason}");
        }
    }

    #[test]
    fn rejects_a_bundle_without_the_wasm() {
        assert!(embed("(()=>{})()", b"\0asm").is_err());
    }
}
