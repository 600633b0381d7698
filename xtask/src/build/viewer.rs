//! The viewer's files: what `trunk build --release` would make of `index.html`, for a server whose policy is
//! `script-src 'self' 'wasm-unsafe-eval'`.
//!
//! Trunk starts the application with an inline script, which that policy refuses; here the start is a file. Style
//! sheets become one. Names carry the first 16 hex digits of the content's SHA-256, so that everything but
//! `index.html` can be cached for ever.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use super::html::{Tag, trunk_tags};
use super::wasm::{self, Program};
use super::{compress, digest, empty};
use crate::step::{run, step};
use crate::tools::{NodeTools, hex};
use crate::workspace::Workspace;

/// On 1.34 MB of WASM, `-Oz` took 23 s and gave a larger file under brotli than `-Os` in 17 s (393,831 and 392,645
/// bytes): rustc has done the work.
///
/// The stack lies first in memory, so that no object has an address below 1024 and constants that are added to an
/// address become offsets of the access: 3,681 bytes of brotli less, with a second round.
const PASSES: [&str; 5] = [
    "--low-memory-unused",
    "-Os",
    "--gufa-optimizing",
    "--optimize-added-constants-propagate",
    "-Os",
];

/// Builds the viewer into the directory that the server embeds.
///
/// # Errors
/// When a program is missing or fails, or the page asks Trunk for something that is not known here.
pub fn build(workspace: &Workspace, node: &NodeTools) -> Result<()> {
    let work = workspace.target().join("viewer");
    let program = Program {
        package: "viewer",
        passes: &PASSES,
        split: true,
    };
    let module = wasm::build(workspace, node, program, &work.join("bindgen"))?;

    let page_source = workspace.root.join("index.html");
    let directory = workspace.embed("viewer");
    let page = fs::read_to_string(&page_source).context("cannot read index.html")?;
    let inputs = digest(
        [
            page_source,
            module.js.clone(),
            module.wasm.clone(),
            module.loader.clone(),
            workspace.root.join("xtask/src/build"),
        ]
        .into_iter()
        .chain(module.parts.iter().cloned())
        .chain(sources(workspace, &page))
        .collect::<Vec<_>>()
        .iter()
        .map(PathBuf::as_path),
    )?;
    let stamp = work.join("stamp");
    if directory.join("index.html").is_file()
        && fs::read_to_string(&stamp).is_ok_and(|last| last == inputs)
    {
        return Ok(());
    }
    step("assemble the viewer", || {
        empty(&directory)?;
        let site = Site {
            workspace,
            node,
            work: &work,
            directory: &directory,
        };
        let page = site.page(&page, &module)?;
        fs::write(directory.join("index.html"), page)?;
        compress::directory(&directory)
    })?;
    fs::write(&stamp, inputs).context("cannot note what was built")
}

/// The files that the page names, and the folders of its style sheets, which may import one another.
fn sources(workspace: &Workspace, page: &str) -> Vec<PathBuf> {
    trunk_tags(page)
        .iter()
        .filter(|tag| tag.attribute("rel") != Some("rust"))
        .filter_map(|tag| tag.attribute("href").or_else(|| tag.attribute("src")))
        .map(|href| workspace.root.join(href))
        .map(
            |path| match path.extension().is_some_and(|ending| ending == "css") {
                true => path.parent().map(Path::to_path_buf).unwrap_or(path),
                false => path,
            },
        )
        .collect()
}

/// The directory in the making.
struct Site<'a> {
    workspace: &'a Workspace,
    node: &'a NodeTools,
    work: &'a Path,
    directory: &'a Path,
}

impl Site<'_> {
    /// Writes the files that the page names and returns the page that names them as written.
    fn page(&self, source: &str, module: &wasm::Module) -> Result<String> {
        let tags = trunk_tags(source);
        let sheets: Vec<&Tag> = tags
            .iter()
            .filter(|tag| tag.attribute("rel") == Some("css"))
            .collect();
        let mut page = String::with_capacity(source.len());
        let mut position = 0;
        for tag in &tags {
            page.push_str(&source[position..tag.range.start]);
            position = tag.range.end;
            match (tag.name.as_str(), tag.attribute("rel")) {
                ("link", Some("rust")) => page.push_str(&self.application(module)?),
                ("link", Some("css"))
                    if sheets.first().is_some_and(|first| first.range == tag.range) =>
                {
                    page.push_str(&self.style(&sheets)?);
                }
                // The others are in the first one's file: take the empty line away too.
                ("link", Some("css")) => page.truncate(page.trim_end().len()),
                ("link", Some("icon")) => {
                    let source = self.path(tag, "href")?;
                    let name = self.write(&source, &fs::read(&source)?)?;
                    let others = tag.other_attributes(&["rel", "href"]);
                    page.push_str(&format!("<link rel=\"icon\" href=\"/{name}\"{others}>"));
                }
                ("link", Some("copy-file")) => {
                    let source = self.path(tag, "href")?;
                    let target = self
                        .directory
                        .join(tag.attribute("data-target-path").unwrap_or(""));
                    fs::create_dir_all(&target)?;
                    fs::copy(
                        &source,
                        target.join(source.file_name().context("a file has a name")?),
                    )?;
                    page.truncate(page.trim_end().len());
                }
                ("script", _) => {
                    let name = self.script(&self.path(tag, "src")?, "iife")?;
                    let others = tag.other_attributes(&["src"]);
                    page.push_str(&format!("<script src=\"/{name}\"{others}></script>"));
                }
                (name, rel) => bail!(
                    "index.html asks Trunk for <{name} rel=\"{}\">, which xtask does not know",
                    rel.unwrap_or("")
                ),
            }
        }
        page.push_str(&source[position..]);
        Ok(page)
    }

    /// The WASM, its JavaScript and the start, and the tags that load the two at once.
    fn application(&self, module: &wasm::Module) -> Result<String> {
        let wasm = self.write(Path::new("viewer.wasm"), &fs::read(&module.wasm)?)?;
        let js = self.parts(module)?;
        let entry = self.work.join("start.js");
        fs::write(
            &entry,
            format!(
                "import init from {:?};\ninit({{ module_or_path: \"/{wasm}\" }});\n",
                js.display().to_string()
            ),
        )?;
        let js = self.script(&entry, "esm")?;
        Ok(format!(
            "<link rel=\"preload\" href=\"/{wasm}\" as=\"fetch\" type=\"application/wasm\" crossorigin>\n    \
             <script type=\"module\" src=\"/{js}\"></script>"
        ))
    }

    /// Writes the parts that are loaded later, and beside one another the module's JavaScript, whose path is returned, and
    /// the loader with the parts' names.
    fn parts(&self, module: &wasm::Module) -> Result<PathBuf> {
        let mut loader = fs::read_to_string(&module.loader).context("cannot read the loader")?;
        for part in &module.parts {
            let name = part.file_name().context("a file has a name")?;
            let address = format!("\"./{}\"", name.to_string_lossy());
            if !loader.contains(&address) {
                bail!("the loader does not load {}", name.to_string_lossy());
            }
            let written = self.write(part, &fs::read(part)?)?;
            loader = loader.replace(&address, &format!("\"./{written}\""));
        }
        let beside = |path: &Path| {
            Ok::<_, anyhow::Error>(
                self.work
                    .join(path.file_name().context("a file has a name")?),
            )
        };
        fs::write(beside(&module.loader)?, loader).context("cannot write the loader")?;
        let js = beside(&module.js)?;
        fs::copy(&module.js, &js).context("cannot copy the module's JavaScript")?;
        Ok(js)
    }

    /// One style sheet from all.
    fn style(&self, sheets: &[&Tag]) -> Result<String> {
        let entry = self.work.join("viewer.css");
        let imports = sheets
            .iter()
            .map(|tag| {
                Ok(format!(
                    "@import {:?};\n",
                    self.path(tag, "href")?.display().to_string()
                ))
            })
            .collect::<Result<String>>()?;
        fs::write(&entry, imports)?;
        let bundle = self.work.join("bundle");
        empty(&bundle)?;
        run(self
            .node
            .program("esbuild")
            .arg(&entry)
            .args([
                "--bundle",
                "--minify",
                "--log-level=warning",
                "--public-path=/",
                "--asset-names=[name]-[hash]",
            ])
            .args(["woff2", "svg", "png"].map(|ending| format!("--loader:.{ending}=file")))
            .arg(format!("--outdir={}", bundle.display())))?;
        let mut href = String::new();
        for entry in fs::read_dir(&bundle)? {
            let path = entry?.path();
            if path.extension().is_some_and(|ending| ending == "css") {
                href = self.write(&path, &fs::read(&path)?)?;
            } else {
                fs::copy(
                    &path,
                    self.directory
                        .join(path.file_name().context("a file has a name")?),
                )?;
            }
        }
        Ok(format!("<link rel=\"stylesheet\" href=\"/{href}\">"))
    }

    /// Bundles and minifies a script and returns its name.
    fn script(&self, source: &Path, format: &str) -> Result<String> {
        let minified = self.work.join("minified.js");
        run(self
            .node
            .program("esbuild")
            .arg(source)
            .args([
                "--bundle",
                "--minify",
                "--target=es2022",
                "--charset=utf8",
                "--log-level=warning",
                // wasm-bindgen names the loader once for each part, always the same.
                "--log-override:duplicate-object-key=silent",
            ])
            .arg(format!("--format={format}"))
            .arg(format!("--outfile={}", minified.display())))?;
        self.write(source, &fs::read(&minified)?)
    }

    /// Writes a file under its name with the hash of its content, and returns the new name.
    fn write(&self, source: &Path, bytes: &[u8]) -> Result<String> {
        let stem = source
            .file_stem()
            .context("a file has a name")?
            .to_string_lossy();
        let ending = source
            .extension()
            .context("a file has an ending")?
            .to_string_lossy();
        let name = format!("{stem}-{}.{ending}", &hex(&Sha256::digest(bytes))[..16]);
        fs::write(self.directory.join(&name), bytes)
            .with_context(|| format!("cannot write {name}"))?;
        Ok(name)
    }

    fn path(&self, tag: &Tag, attribute: &str) -> Result<PathBuf> {
        let path = tag
            .attribute(attribute)
            .with_context(|| format!("a tag for Trunk in index.html lacks {attribute}"))?;
        Ok(self.workspace.root.join(path))
    }
}
