//! `throughline.js`: the tracer as one classic script with its WASM inside. `throughline.csp.js` is the same program
//! with the WASM lowered to JavaScript, `throughline.worker.js` its part that runs in workers. `throughline.late.js` is
//! the module that the first two ask for when they have started, under a name with its hash.
//!
//! The WASM travels as a string with one code point per byte, which in UTF-8 and under brotli is a few per cent larger
//! than the raw bytes; base64 is larger by a third. Each byte is first combined with [`KEY`] by exclusive or: the bytes
//! that are frequent in WASM then are none of those that a string literal must escape (measured on 23,902 bytes of WASM:
//! 10,535 bytes of brotli raw, 11,176 as a string, 10,690 with the key). `tracer-wasm/js/main.js` imports a function
//! that returns the bytes as `throughline-wasm`, and wasm-bindgen's JavaScript as `throughline-glue`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use super::wasm::{self, Program};
use super::{compress, digest, empty};
use crate::step::{run, step};
use crate::tools::{NodeTools, hex};
use crate::workspace::Workspace;

/// What each byte is combined with; among the 256 values one of the best for brotli.
const KEY: u8 = 112;
/// Passes for size, the control flow flattened and rebuilt, passes until nothing changes, and functions that are often called
/// first: 6,715 bytes of brotli instead of 6,889 with `-Oz` alone, for four seconds. Rust's stack ends at address 0, so
/// nothing lies in low memory.
const PASSES: [&str; 9] = [
    "--low-memory-unused",
    "--one-caller-inline-max-function-size=100",
    "-Oz",
    "--flatten",
    "--rereloop",
    "-Oz",
    "-Oz",
    "--converge",
    "--reorder-functions",
];
/// Stands for the WASM while esbuild and terser work, which would escape some of the bytes that a string literal may
/// hold. It is a name, since of a literal they would know the length.
const PLACEHOLDER: &str = "THROUGHLINE_WASM";

/// What terser does to esbuild's bundle: 7,588 bytes of brotli instead of 7,927.
const SMALLER: [&str; 8] = [
    "--module",
    "--ecma=2022",
    "--compress",
    "passes=3,unsafe_arrows,pure_getters",
    "--mangle",
    "--comments=false",
    // A character beyond Latin-1 would double what the engine holds of the script, and the time to read it.
    "--format",
    "ascii_only",
];
/// Names of the tracer's own properties that become shorter, the same in each script: 214 bytes of brotli less. None is a
/// name of the browser's, an option, or known to the npm package's entries or to a worker's page.
/// A test asks the browser for the names of its properties; members of what it returns (`held` of the locks) it cannot ask.
const MANGLED: [&str; 59] = [
    "about",
    "addedNames",
    "announce",
    "answered",
    "awaited",
    "awaitedAt",
    "awaitedSeen",
    "begun",
    "broken",
    "calls",
    "claim",
    "clicked",
    "delivered",
    "delivery",
    "describe",
    "dismiss",
    "dragged",
    "dropped",
    "earlier",
    "failed",
    "failures",
    "heard",
    "interaction",
    "isDown",
    "isOther",
    "keep",
    "lasts",
    "leaving",
    "losses",
    "most",
    "moved",
    "nameOf",
    "notes",
    "original",
    "own",
    "parts",
    "press",
    "pressable",
    "pressedOn",
    "reading",
    "refusals",
    "refuse",
    "replacement",
    "responded",
    "review",
    "seen",
    "shapeIds",
    "streaming",
    "synchronous",
    "takeOver",
    "thrown",
    "traceState",
    "traced",
    "twin",
    "unclaim",
    "until",
    "verb",
    "wentBack",
    "whose",
];

/// What the licence of rrweb wants said where it is a part, beside the recorder's sources.
const RRWEB: &str = "recorder/rrweb-licence.txt";

/// Stands for the bundle of main.js in bootstrap.js.
const PROGRAM: &str = "THROUGHLINE_PROGRAM";

/// Stands for wasm2js's functions in lowered.js.
const LOWERED: &str = "THROUGHLINE_LOWERED();";
/// What wasm2js does not know is lowered first.
const LOWERING: [&str; 4] = [
    "--llvm-memory-copy-fill-lowering",
    "--llvm-nontrapping-fptoint-lowering",
    "--signext-lowering",
    "-Oz",
];

/// The scripts, each in the directory that the server embeds.
pub struct Scripts {
    /// `throughline.js`
    pub page: PathBuf,
    /// `throughline.csp.js`: the same without WASM.
    pub csp: PathBuf,
    /// `throughline.late.js`: what need not be there when the page's code begins.
    pub late: PathBuf,
    /// `throughline.replay.js`: what records the page, where it is asked to.
    pub replay: PathBuf,
    /// `throughline.worker.js`: what a worker loads to join its page's traces.
    pub worker: PathBuf,
}

impl Scripts {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &PathBuf> {
        [
            &self.page,
            &self.late,
            &self.replay,
            &self.csp,
            &self.worker,
        ]
        .into_iter()
    }
}

/// Builds the scripts and returns their paths.
///
/// # Errors
/// When a program is missing or fails.
pub fn build(workspace: &Workspace, node: &NodeTools) -> Result<Scripts> {
    let work = workspace.target().join("tracer");
    let module = wasm::build(
        workspace,
        node,
        Program {
            package: "tracer-wasm",
            passes: &PASSES,
            split: false,
        },
        &work.join("bindgen"),
    )?;

    let directory = workspace.embed("tracer");
    let scripts = Scripts {
        page: directory.join("throughline.js"),
        late: directory.join("throughline.late.js"),
        replay: directory.join("throughline.replay.js"),
        csp: directory.join("throughline.csp.js"),
        worker: directory.join("throughline.worker.js"),
    };
    let mut bundler = Bundler {
        node,
        sources: workspace.root.join("tracer-wasm/js"),
        work,
        module,
        late: String::new(),
        replay: String::new(),
    };
    let inputs = digest([
        bundler.module.js.as_path(),
        &bundler.module.wasm,
        &bundler.sources,
        &workspace.root.join("Cargo.toml"),
        &workspace.root.join("xtask/src/build"),
    ])?;
    let stamp = bundler.work.join("stamp");
    if scripts.iter().all(|script| script.is_file())
        && fs::read_to_string(&stamp).is_ok_and(|last| last == inputs)
    {
        return Ok(scripts);
    }
    empty(&directory)?;
    fs::write(bundler.mangled(), "{}")?;
    step("bundle throughline.replay.js", || {
        let code = bundler.recorder()?;
        bundler.replay = hashed("throughline.replay", code.as_bytes());
        fs::write(&scripts.replay, code)?;
        Ok(())
    })?;
    step("name the properties of throughline.js", || {
        // Who names properties first gives them the shortest names; nothing else of this bundle is kept.
        bundler
            .bundled(
                "main",
                &bundler.instead_of_wasm("export default () => {};\n")?,
            )
            .map(drop)
    })?;
    step("bundle throughline.late.js", || {
        let define = format!("--define:THROUGHLINE_REPLAY=\"{}\"", bundler.replay);
        let code = bundler.smaller("late/main", &[define, bundler.globals("late/globals.js")])?;
        bundler.late = hashed("throughline.late", code.as_bytes());
        fs::write(&scripts.late, code)?;
        Ok(())
    })?;
    step("bundle throughline.js", || {
        fs::write(&scripts.page, bundler.with_wasm("main", "bootstrap", &[])?)?;
        Ok(())
    })?;
    step("lower throughline.csp.js to JavaScript", || {
        fs::write(&scripts.csp, bundler.lowered()?)?;
        Ok(())
    })?;
    step("bundle throughline.worker.js", || {
        let scope = bundler.sources.join("worker-scope.js");
        let script = bundler.with_wasm("worker-main", "worker-bootstrap", &[&scope])?;
        fs::write(&scripts.worker, script)?;
        Ok(())
    })?;
    step("compress the tracer's scripts", || {
        compress::directory(&directory)
    })?;
    fs::write(&stamp, inputs).context("cannot note what was built")?;
    Ok(scripts)
}

struct Bundler<'a> {
    node: &'a NodeTools,
    sources: PathBuf,
    /// For what lies between the sources and the scripts.
    work: PathBuf,
    module: wasm::Module,
    /// The name under which the page's scripts ask for `throughline.late.js`.
    late: String,
    /// The name under which that asks for `throughline.replay.js`.
    replay: String,
}

impl Bundler<'_> {
    /// A script with the WASM inside.
    fn with_wasm(&self, entry: &str, bootstrap: &str, inject: &[&Path]) -> Result<String> {
        let bytes = format!(
            "export default () => {{\n  const text = {PLACEHOLDER};\n  const bytes = new Uint8Array(text.length);\n  for (let at = 0; at < bytes.length; at++) bytes[at] = text.charCodeAt(at) ^ {KEY};\n  return bytes;\n}};\n"
        );
        let script = self.bundle(entry, bootstrap, &bytes, inject)?;
        embed(&script, &fs::read(&self.module.wasm)?)
    }

    /// The page's script with the module as JavaScript.
    fn lowered(&self) -> Result<String> {
        let wasm = self.work.join("lowered.wasm");
        run(self
            .node
            .program("wasm-opt")
            .args(wasm::FEATURES)
            .args(LOWERING)
            .arg(&self.module.wasm)
            .arg("-o")
            .arg(&wasm))?;
        let functions = self.work.join("lowered.js");
        run(self
            .node
            .program("wasm2js")
            .arg("-Oz")
            .arg(&wasm)
            .arg("-o")
            .arg(&functions))?;
        let instead = self.work.join("webassembly.js");
        fs::write(
            &instead,
            replace_once(
                &fs::read_to_string(self.sources.join("lowered.js"))?,
                LOWERED,
                &functions_of(&fs::read_to_string(&functions)?)?,
            )?,
        )?;
        self.bundle(
            "main",
            "bootstrap",
            "export default () => {};\n",
            &[&instead],
        )
    }

    /// Bundles `entry` with what stands for `throughline-wasm`, and puts it into `bootstrap`. What the modules of
    /// `inject` export takes the place of the globals of that name.
    fn bundle(&self, entry: &str, bootstrap: &str, wasm: &str, inject: &[&Path]) -> Result<String> {
        let mut more = self.instead_of_wasm(wasm)?;
        more.push(self.globals("globals.js"));
        more.extend(
            inject
                .iter()
                .map(|module| format!("--inject:{}", module.display())),
        );
        let program = self.smaller(entry, &more)?;
        let outermost = self.work.join("bootstrap.js");
        run(&mut self.esbuild(bootstrap, &outermost))?;
        replace_once(
            &fs::read_to_string(&outermost)?,
            PROGRAM,
            // In parentheses, since engines compile such a function at once: it is called at once. They would parse
            // it twice without. What fails already while the modules are evaluated is no error of the page either.
            &format!(
                "(()=>{{\"use strict\";try{{{}}}catch(e){{console.warn(`[throughline] not tracing: ${{e}}`)}}}})",
                program.trim_end()
            ),
        )
    }

    /// What has esbuild put the exports of a module into the place of the globals of their names.
    fn globals(&self, module: &str) -> String {
        format!("--inject:{}", self.sources.join(module).display())
    }

    /// What tells esbuild of the glue, of the late half's name, and of `wasm` as the module `throughline-wasm`.
    fn instead_of_wasm(&self, wasm: &str) -> Result<Vec<String>> {
        let bytes = self.work.join("wasm.js");
        fs::write(&bytes, wasm)?;
        Ok(vec![
            format!("--alias:throughline-glue={}", self.module.js.display()),
            format!("--alias:throughline-wasm={}", bytes.display()),
            format!("--define:THROUGHLINE_LATE=\"{}\"", self.late),
        ])
    }

    /// Bundles `entry` into one module.
    fn bundled(&self, entry: &str, more: &[String]) -> Result<PathBuf> {
        let bundle = self.work.join("bundle.js");
        run(self
            .esbuild(entry, &bundle)
            .args(["--bundle", "--format=esm"])
            .arg(format!("--mangle-props=^({})$", MANGLED.join("|")))
            .arg(format!("--mangle-cache={}", self.mangled().display()))
            .arg(format!(
                "--define:THROUGHLINE_VERSION=\"{}\"",
                env!("CARGO_PKG_VERSION")
            ))
            .args(more))?;
        Ok(bundle)
    }

    /// Bundles `entry` into one module, made small.
    fn smaller(&self, entry: &str, more: &[String]) -> Result<String> {
        let bundle = self.bundled(entry, more)?;
        let smaller = self.work.join("smaller.js");
        run(self
            .node
            .program("terser")
            .arg(&bundle)
            .args(SMALLER)
            .arg("--output")
            .arg(&smaller))?;
        fs::read_to_string(&smaller).context("terser wrote nothing")
    }

    /// The recorder with rrweb, which is not ours to shorten by more than its local names.
    fn recorder(&self) -> Result<String> {
        let packer = self.work.join("packer.js");
        run(self
            .esbuild("recorder/worker", &packer)
            .args(["--bundle", "--format=iife"]))?;
        let packer = serde_json::to_string(&fs::read_to_string(&packer)?)?;
        let bundle = self.work.join("recorder.js");
        let licence = fs::read_to_string(self.sources.join(RRWEB))
            .with_context(|| format!("cannot read {RRWEB}"))?;
        run(self
            .esbuild("recorder/main", &bundle)
            .args(["--bundle", "--format=esm"])
            .arg(self.globals("late/globals.js"))
            .arg(format!("--define:THROUGHLINE_PACKER={packer}"))
            .arg(format!("--banner:js=/*\n{licence}*/")))?;
        fs::read_to_string(&bundle).context("esbuild wrote nothing")
    }

    /// Which name each of [`MANGLED`] has become, as esbuild reads and writes it.
    fn mangled(&self) -> PathBuf {
        self.work.join("mangled.json")
    }

    fn esbuild(&self, source: &str, to: &Path) -> Command {
        let mut esbuild = self.node.program("esbuild");
        esbuild
            .arg(self.sources.join(format!("{source}.js")))
            .args(["--minify", "--target=es2022", "--charset=utf8"])
            .args(["--legal-comments=none", "--log-level=warning"])
            .arg(format!("--outfile={}", to.display()))
            // rrweb is one of this program's own packages, which the sources' directory has no part in.
            .env("NODE_PATH", self.node.packages());
        esbuild
    }
}

/// The immutable name of a script, as the server knows it.
pub fn hashed(name: &str, code: &[u8]) -> String {
    format!("{name}-{}.js", &hex(&Sha256::digest(code))[..16])
}

/// What wasm2js wrote, without the imports at its head and the instance at its end: the tracer makes the instance
/// itself. wasm-bindgen looks whether its views' buffer was detached, as it is when the memory of a real instance
/// grows.
fn functions_of(code: &str) -> Result<String> {
    const INSTANCE: &str = "\nvar retasmFunc = asmFunc(";
    const GROWN: &str = "buffer = newBuffer;";
    let (functions, _) = code
        .split_once(INSTANCE)
        .context("wasm2js made no instance")?;
    let functions: String = functions
        .lines()
        .filter(|line| !line.starts_with("import "))
        .flat_map(|line| [line, "\n"])
        .collect();
    replace_once(
        &functions,
        GROWN,
        &format!("structuredClone(buffer, {{ transfer: [buffer] }});\n   {GROWN}"),
    )
}

/// Puts the WASM in the place of the placeholder.
fn embed(bundle: &str, wasm: &[u8]) -> Result<String> {
    let bytes: Vec<u8> = wasm.iter().map(|byte| byte ^ KEY).collect();
    replace_once(bundle, PLACEHOLDER, &string_literal(&bytes))
}

/// Puts `text` in the place of a placeholder that must stand there once.
///
/// # Errors
/// When it does not.
pub fn replace_once(code: &str, placeholder: &str, text: &str) -> Result<String> {
    let places = code.matches(placeholder).count();
    if places != 1 {
        bail!("{placeholder} is named {places} times instead of once");
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

    /// The scripts of the tracer and of its npm package, without their tests.
    fn scripts(directory: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(directory).expect("is a directory") {
            let path = entry.expect("is readable").path();
            let name = path.to_string_lossy();
            if path.is_dir() {
                scripts(&path, found);
            } else if name.ends_with(".js") && !name.ends_with(".test.js") {
                let code = fs::read_to_string(&path).expect("is text");
                found.push((path, code));
            }
        }
    }

    #[test]
    fn what_is_known_by_its_name_keeps_it() {
        let tracer = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../tracer-wasm"));
        let (mut own, mut npm) = (Vec::new(), Vec::new());
        scripts(&tracer.join("js"), &mut own);
        scripts(&tracer.join("npm"), &mut npm);
        assert!(own.len() > 50 && npm.len() > 5);
        for name in MANGLED {
            for (path, code) in &npm {
                let read = code.match_indices(&format!(".{name}")).any(|(at, found)| {
                    !code[at + found.len()..].starts_with(|next: char| next.is_alphanumeric())
                });
                assert!(!read, "{} reads .{name}", path.display());
            }
            for (path, code) in &own {
                // The vault's store is called like the parts in it.
                let text = name != "parts" && code.contains(&format!("'{name}'"));
                assert!(
                    !text,
                    "{} has '{name}' as a text, which may be a key",
                    path.display()
                );
            }
        }
    }

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

    #[test]
    fn takes_the_functions_of_what_wasm2js_writes() {
        let code = "import * as a from './a.js';\n\nfunction asmFunc(imports) {\n buffer = newBuffer;\n}\n\nvar retasmFunc = asmFunc({\n});\nexport var b = retasmFunc.b;\n";
        assert_eq!(
            functions_of(code).expect("an instance"),
            "\nfunction asmFunc(imports) {\n structuredClone(buffer, { transfer: [buffer] });\n   buffer = newBuffer;\n}\n"
        );
        assert!(functions_of("function asmFunc(imports) {}").is_err());
    }
}
