//! `cargo xtask tidy`: rules of this repository that no other tool checks.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::step::output;
use crate::tools::cargo;
use crate::workspace::Workspace;

/// Which of our packages each one may depend on. Whoever is not named here depends on none.
const MAY_DEPEND: [(&str, &[&str]); 5] = [
    ("tracer-wasm", &["throughline-shared"]),
    ("viewer", &["throughline-shared"]),
    ("throughline", &["throughline-shared"]),
    ("throughline-tests", &["throughline-shared"]),
    ("throughline-framework-leptos", &["throughline-leptos"]),
];

/// Names that say nothing about what is inside.
const NAMELESS: [&str; 6] = ["utils", "util", "common", "helper", "helpers", "misc"];

/// Text that belongs to one machine or one registry. In two parts, so that this file passes.
const FOREIGN: [(&str, &str); 9] = [
    ("/roo", "t/"),
    ("/work/", "main"),
    ("/Use", "rs/"),
    ("registry.npm", "js.org"),
    ("registry.yarn", "pkg.com"),
    ("static.cra", "tes.io"),
    ("index.cra", "tes.io"),
    ("files.python", "hosted.org"),
    ("deb.deb", "ian.org"),
];

/// Files that are written by a program and may hold long lines.
const GENERATED: [&str; 2] = ["package-lock.json", "Cargo.lock"];
/// A line of a script or style sheet longer than this was written by a bundler.
const LONGEST_SOURCE_LINE: usize = 2_000;
/// A Rust file longer than this is named, since it may be two.
const LONG_FILE_LINES: usize = 600;

/// Checks everything and prints every finding.
///
/// # Errors
/// When there is a finding, or git or cargo cannot be asked.
pub fn tidy(workspace: &Workspace) -> Result<()> {
    let mut findings = dependencies(workspace)?;
    let mut long_files = Vec::new();
    for name in tracked_files(workspace)? {
        let path = workspace.root.join(&name);
        findings.extend(name_findings(&name));
        // Pictures, fonts and the like are not text; a file deleted but not committed is not there.
        let Some(text) = fs::read(&path)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
        else {
            continue;
        };
        findings.extend(text_findings(&name, &text));
        let lines = text.lines().count();
        if name.ends_with(".rs") && lines > LONG_FILE_LINES {
            long_files.push(format!("{name} ({lines} lines)"));
        }
    }
    for file in &long_files {
        eprintln!("long: {file}: is it one room or several?");
    }
    for finding in &findings {
        eprintln!("tidy: {finding}");
    }
    match findings.len() {
        0 => Ok(()),
        count => bail!("{count} findings"),
    }
}

/// Our packages' dependencies on one another, development and build ones included.
fn dependencies(workspace: &Workspace) -> Result<Vec<String>> {
    let metadata = output(cargo(workspace).args(["metadata", "--format-version=1", "--no-deps"]))?;
    let metadata: Value = serde_json::from_str(&metadata).context("cargo metadata prints JSON")?;
    let packages = metadata["packages"]
        .as_array()
        .context("cargo metadata lists packages")?;
    let mut findings = Vec::new();
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        let allowed = MAY_DEPEND
            .iter()
            .find(|(known, _)| *known == name)
            .map_or(&[][..], |(_, allowed)| allowed);
        let ours = package["dependencies"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|dependency| dependency["path"].is_string())
            .filter_map(|dependency| dependency["name"].as_str());
        for dependency in ours.filter(|dependency| !allowed.contains(dependency)) {
            findings.push(format!(
                "{name} depends on {dependency}; ARCHITECTURE.md says what each crate must not know"
            ));
        }
    }
    Ok(findings)
}

/// Files that are committed or about to be.
fn tracked_files(workspace: &Workspace) -> Result<Vec<String>> {
    let listed = output(
        Command::new("git")
            .args([
                "ls-files",
                "-z",
                "--cached",
                "--others",
                "--exclude-standard",
            ])
            .current_dir(&workspace.root),
    )?;
    Ok(listed
        .split('\0')
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect())
}

fn name_findings(name: &str) -> Vec<String> {
    let mut findings = Vec::new();
    for part in name.split('/') {
        let stem = part.split('.').next().unwrap_or(part);
        if NAMELESS.contains(&stem) {
            findings.push(format!(
                "{name}: \"{stem}\" does not say what belongs there"
            ));
        }
    }
    if name.ends_with(".wasm") || name.ends_with(".min.js") {
        findings.push(format!("{name}: built files are not committed"));
    }
    findings
}

fn text_findings(name: &str, text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    for (start, end) in FOREIGN {
        let foreign = format!("{start}{end}");
        if text.contains(&foreign) {
            findings.push(format!("{name}: names {foreign}"));
        }
    }
    if name.ends_with("package-lock.json") && text.contains("\"resolved\": \"http") {
        findings.push(format!(
            "{name}: names where packages were downloaded; see the .npmrc beside it"
        ));
    }
    if name.starts_with("viewer/src/") && text.contains("inner_html") {
        findings.push(format!(
            "{name}: inner_html would make what a trace says part of the page"
        ));
    }
    let is_source = [".js", ".mjs", ".css", ".html"]
        .iter()
        .any(|ending| name.ends_with(ending));
    let file = Path::new(name)
        .file_name()
        .and_then(|file| file.to_str())
        .unwrap_or_default();
    if is_source
        && !GENERATED.contains(&file)
        && text.lines().any(|line| line.len() > LONGEST_SOURCE_LINE)
    {
        findings.push(format!(
            "{name}: a line of more than {LONGEST_SOURCE_LINE} bytes looks generated"
        ));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_breaks_a_rule_and_nothing_else() {
        let long = "x".repeat(LONGEST_SOURCE_LINE + 1);
        for (name, text, expected) in [
            ("viewer/src/model/trace.rs", "fn layout() {}", 0),
            ("viewer/src/page.rs", "element.set_inner_html(name)", 1),
            ("tests/pages/case.html", "<p>inner_html</p>", 0),
            ("tracer-wasm/js/fetch.js", &long, 1),
            ("shared/tests/data/otlp.json", &long, 0),
            ("docs/build.md", "cd /roo\u{74}/throughline", 1),
            (
                "tests/package-lock.json",
                "\"resolved\": \"https://example.org/x.tgz\"",
                1,
            ),
        ] {
            assert_eq!(text_findings(name, text).len(), expected, "{name}");
        }
        for (name, expected) in [
            ("viewer/src/utils/mod.rs", 1),
            ("server/src/helpers.rs", 1),
            ("shared/src/commonality.rs", 0),
            ("docs/tracer.wasm", 1),
        ] {
            assert_eq!(name_findings(name).len(), expected, "{name}");
        }
    }
}
