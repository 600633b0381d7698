//! The stages of `cargo xtask test`. Each makes sure of what it needs, which costs seconds when an earlier one has.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use crate::step::{run, step, tee};
use crate::test::count::{self, Counts};
use crate::tools::{self, NodeTools, cargo};
use crate::workspace::Workspace;
use crate::{build, demo, docs, size, tidy};

/// A part of the tests.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Stage {
    /// rustfmt
    Format,
    /// clippy natively and for the browser, tidy, generated documentation, cargo-deny
    Lint,
    /// cargo test
    Unit,
    /// The tracer and the viewer: built, run in Chromium, within their budgets; the tracer's and the player's own tests
    /// under Node
    Wasm,
    /// trunk build
    Trunk,
    /// Playwright: what users rely on, and how the pages look
    E2e,
    /// Foreign SDKs against the server
    Interop,
    /// cargo xtask demo --smoke
    Smoke,
}

impl Stage {
    /// All, quick ones first.
    pub const ALL: [Self; 8] = [
        Self::Format,
        Self::Lint,
        Self::Unit,
        Self::Wasm,
        Self::Trunk,
        Self::E2e,
        Self::Interop,
        Self::Smoke,
    ];
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_possible_value() {
            Some(value) => f.write_str(value.get_name()),
            None => Ok(()),
        }
    }
}

/// What a stage came to.
pub struct Ran {
    pub counts: Counts,
    /// Which tests failed, be it only at their first try, and with which words; empty when the runner keeps no account.
    pub account: String,
}

impl From<Counts> for Ran {
    fn from(counts: Counts) -> Self {
        Self {
            counts,
            account: String::new(),
        }
    }
}

/// Runs stages in a workspace.
pub struct Stages<'a> {
    workspace: &'a Workspace,
}

impl<'a> Stages<'a> {
    /// For the workspace that is tested.
    pub fn new(workspace: &'a Workspace) -> Self {
        Self { workspace }
    }

    /// Runs one stage.
    ///
    /// # Errors
    /// When it could not run to its end.
    pub fn run(&self, stage: Stage) -> Result<Ran> {
        let counts = match stage {
            Stage::Format => check("rustfmt", || {
                run(self.cargo().args(["fmt", "--all", "--check"]))
            }),
            Stage::Lint => self.lint(),
            Stage::Unit => self.unit()?,
            Stage::Wasm => self.wasm()?,
            Stage::Trunk => check("trunk build", || self.trunk()),
            Stage::E2e => return self.playwright(&["e2e", "pictures"]),
            Stage::Interop => return self.playwright(&["interop"]),
            Stage::Smoke => check("demo --smoke", || self.smoke()),
        };
        Ok(counts.into())
    }

    fn lint(&self) -> Counts {
        let mut counts = check("clippy", || {
            run(self.cargo().args([
                "clippy",
                "--workspace",
                "--all-targets",
                "--features=xtask/bindgen",
                "--",
                "--deny=warnings",
            ]))
        });
        // One after the other: together, the viewer's `std` would be switched on for the tracer, which has none.
        for package in ["tracer-wasm", "viewer"] {
            counts += check(&format!("clippy of {package} for the browser"), || {
                tools::wasm_target()?;
                run(self.cargo().args(["clippy", "--package", package]).args([
                    "--target=wasm32-unknown-unknown",
                    "--",
                    "--deny=warnings",
                ]))
            });
        }
        counts += check("tidy", || tidy::tidy(self.workspace));
        counts += check("docs", || {
            docs::docs(self.workspace, &docs::Options { check: true })
        });
        counts += check("cargo-deny", || {
            let deny = tools::cargo_deny(self.workspace)?;
            // The advisory database is a git repository of its own, which a build machine may not reach.
            run(Command::new(deny)
                .args([
                    "--log-level=warn",
                    "check",
                    "--hide-inclusion-graph",
                    "bans",
                    "licenses",
                    "sources",
                ])
                .current_dir(&self.workspace.root))
        });
        counts
    }

    fn unit(&self) -> Result<Counts> {
        self.binaries()?;
        let (succeeded, output) =
            tee(self.cargo().args(["test", "--workspace", "--no-fail-fast"]))?;
        Ok(count::cargo_test(&output).of_run(succeeded))
    }

    fn wasm(&self) -> Result<Counts> {
        let mut counts = check("size", || size::size(self.workspace));
        let mut tests = test_scripts(&self.workspace.root.join("tracer-wasm/js"))?;
        tests.extend(test_scripts(&self.workspace.root.join("player"))?);
        if !tests.is_empty() {
            let (succeeded, output) = tee(Command::new("node")
                .arg("--test")
                .args(&tests)
                .current_dir(&self.workspace.root))?;
            counts += count::node_test(&output).of_run(succeeded);
        }
        Ok(counts)
    }

    /// Builds the viewer with Trunk, which finds xtask's wasm-bindgen and wasm-opt on the `PATH`. The profile is the one
    /// of xtask's own build, so that nothing is compiled twice.
    fn trunk(&self) -> Result<()> {
        let node = NodeTools::install(self.workspace)?;
        tools::wasm_target()?;
        let trunk = tools::trunk(self.workspace)?;
        let bindgen = tools::wasm_bindgen(self.workspace)?.bindgen;
        let mut directories = vec![
            bindgen.parent().unwrap_or(Path::new("/")).to_path_buf(),
            node.bin(),
        ];
        directories.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
        let path: OsString = env::join_paths(directories)?;
        let dist = self.workspace.target().join("trunk");
        run(Command::new(trunk)
            .args(["build", "--offline", "--cargo-profile=wasm-size", "--dist"])
            .arg(&dist)
            .env("PATH", path)
            .env("CARGO_TARGET_DIR", &self.workspace.cargo_target)
            // Trunk reads NO_COLOR as a boolean and refuses "1".
            .env_remove("NO_COLOR")
            .current_dir(&self.workspace.root))?;
        if !dist.join("index.html").is_file() {
            bail!("trunk wrote no index.html");
        }
        Ok(())
    }

    fn playwright(&self, folders: &[&str]) -> Result<Ran> {
        let e2e = folders.contains(&"e2e");
        let node = NodeTools::install(self.workspace)?;
        let tests = self.workspace.root.join("tests");
        tools::npm_packages(&tests)?;
        let chromium = tools::chromium()?;
        let firefox = tools::firefox()?;
        build::assets(self.workspace, &node)?;
        if e2e {
            build::frameworks::build(self.workspace, &node)?;
        }
        self.binaries()?;
        let mut command = Command::new(tests.join("node_modules/.bin/playwright"));
        if e2e {
            command.env("NGINX_BIN", tools::nginx()?);
            command.env("CADDY_BIN", tools::caddy()?);
        }
        command
            .arg("test")
            .args(folders.iter().map(|folder| format!("{folder}/")))
            .current_dir(&tests)
            .env(
                "THROUGHLINE_BIN",
                self.workspace.binary("debug", "throughline"),
            )
            .env(
                "THROUGHLINE_DEMO_BIN",
                self.workspace.binary("debug", "throughline-demo"),
            )
            .env("CHROMIUM_BIN", chromium)
            .env("FIREFOX_BIN", firefox);
        let account = tests.join(".results/account.txt");
        // A run that does not come so far must not show the one before it.
        if account.exists() {
            fs::remove_file(&account)
                .with_context(|| format!("cannot remove {}", account.display()))?;
        }
        let (succeeded, output) = tee(&mut command)?;
        Ok(Ran {
            counts: count::playwright(&output).of_run(succeeded),
            account: fs::read_to_string(&account).unwrap_or_default(),
        })
    }

    fn smoke(&self) -> Result<()> {
        let node = NodeTools::install(self.workspace)?;
        let chromium = tools::chromium()?;
        build::assets(self.workspace, &node)?;
        self.binaries()?;
        demo::smoke(self.workspace, &node, &chromium)
    }

    /// All programs and all test programs in one go: with the features of the whole workspace and of its tests, so that
    /// no dependency is compiled a second time for one of them alone.
    fn binaries(&self) -> Result<()> {
        step("compile the workspace and its tests", || {
            run(self
                .cargo()
                .args(["build", "--workspace", "--bins", "--tests"]))
        })
    }

    fn cargo(&self) -> Command {
        cargo(self.workspace)
    }
}

/// A step that counts as one test.
fn check(name: &str, work: impl FnOnce() -> Result<()>) -> Counts {
    match step(name, work) {
        Ok(()) => Counts::one_passed(),
        Err(error) => {
            eprintln!("{error:#}");
            Counts::one_failed()
        }
    }
}

/// The `*.test.js` files of a directory and those below it.
fn test_scripts(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in
        fs::read_dir(directory).with_context(|| format!("cannot list {}", directory.display()))?
    {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(test_scripts(&path)?);
        } else if path.to_string_lossy().ends_with(".test.js") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
