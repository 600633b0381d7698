//! `cargo xtask test --cold`: does a machine pass on which nothing was installed by hand?
//!
//! A fresh clone of the last commit, with an empty home, cargo home, cache and target directory. What a machine is
//! given stays: Rust's toolchain, Node, Python, Debian's packages and the programs on the `PATH`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::build::empty;
use crate::step::{self, duration, output, step};
use crate::workspace::Workspace;

/// Runs `.ci/run` there. The directory is removed when it passes and kept for a look when it does not.
///
/// # Errors
/// When it fails.
pub fn run(workspace: &Workspace) -> Result<()> {
    let place = env::temp_dir().join("throughline-cold");
    empty(&place)?;
    let clone = place.join("throughline");
    step("clone the last commit", || {
        step::run(
            Command::new("git")
                .args(["clone", "--quiet", "--no-hardlinks"])
                .arg(&workspace.root)
                .arg(&clone),
        )
    })?;

    let start = Instant::now();
    let mut command = Command::new("bash");
    command.arg(".ci/run").current_dir(&clone).env("CI", "true");
    for (name, folder) in [
        ("HOME", "home"),
        ("CARGO_HOME", "cargo"),
        ("XDG_CACHE_HOME", "cache"),
    ] {
        let directory = place.join(folder);
        fs::create_dir_all(&directory)?;
        command.env(name, directory);
    }
    for (name, default) in [
        ("RUSTUP_HOME", rustup_home()),
        ("PYENV_ROOT", in_home(".pyenv")),
    ] {
        if let Some(directory) = default {
            command.env(name, directory);
        }
    }
    for (name, _) in env::vars_os() {
        let name_text = name.to_string_lossy();
        // What this cargo set for its own child says where this checkout is.
        if name_text == "CARGO_TARGET_DIR"
            || name_text.starts_with("CARGO_PKG_")
            || name_text.starts_with("CARGO_MANIFEST_")
        {
            command.env_remove(&name);
        }
    }
    let result = step::run(&mut command);
    eprintln!("cold: {} in all", duration(start.elapsed()));
    result.with_context(|| format!("the clone is left in {}", clone.display()))?;
    fs::remove_dir_all(&place).with_context(|| format!("cannot remove {}", place.display()))
}

/// The installed toolchains, which stay.
fn rustup_home() -> Option<PathBuf> {
    let home = output(Command::new("rustup").args(["show", "home"])).ok()?;
    Some(PathBuf::from(home.trim()))
}

fn in_home(name: &str) -> Option<PathBuf> {
    let directory = Path::new(&env::var_os("HOME")?).join(name);
    directory.is_dir().then_some(directory)
}
