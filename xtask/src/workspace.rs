//! Where things are.
//!
//! Two target directories must be told apart: cargo's, which `CARGO_TARGET_DIR` may move (CI keeps it in the cache so
//! that a second run is fast), and the checkout's own `target/`, in which the generated assets lie because the server
//! embeds them by a path relative to its crate.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The directories that every task works in. All paths are absolute.
pub struct Workspace {
    /// The checkout.
    pub root: PathBuf,
    /// Cargo's target directory.
    pub cargo_target: PathBuf,
    /// Downloaded and installed tools, shared by all checkouts.
    pub tools: PathBuf,
}

impl Workspace {
    /// Finds the directories from the crate's own path and the environment.
    ///
    /// # Errors
    /// When neither `XDG_CACHE_HOME` nor `HOME` is set.
    pub fn find() -> Result<Self> {
        let manifest = env::var_os("CARGO_MANIFEST_DIR")
            .unwrap_or_else(|| OsString::from(env!("CARGO_MANIFEST_DIR")));
        let root = Path::new(&manifest)
            .parent()
            .context("xtask lies in the workspace's root")?
            .to_path_buf();
        let cache = match env::var_os("XDG_CACHE_HOME").filter(|path| !path.is_empty()) {
            Some(path) => PathBuf::from(path),
            None => PathBuf::from(env::var_os("HOME").context("HOME is not set")?).join(".cache"),
        };
        let cargo_target = match env::var_os("CARGO_TARGET_DIR").filter(|path| !path.is_empty()) {
            Some(path) => root.join(path),
            None => root.join("target"),
        };
        Ok(Self {
            root,
            cargo_target,
            tools: cache.join("throughline").join("tools"),
        })
    }

    /// The checkout's own directory for what xtask generates.
    pub fn target(&self) -> PathBuf {
        self.root.join("target")
    }

    /// What the server embeds: `tracer`, `viewer` and `player`.
    pub fn embed(&self, part: &str) -> PathBuf {
        self.target().join("embed").join(part)
    }

    /// What a release consists of.
    pub fn dist(&self) -> PathBuf {
        self.target().join("dist")
    }

    /// Where cargo puts programs of a profile directory, `debug` or `release`.
    pub fn binary(&self, profile_dir: &str, name: &str) -> PathBuf {
        self.cargo_target.join(profile_dir).join(name)
    }

    /// The scripts and pinned packages that xtask runs under Node.
    pub fn node_sources(&self) -> PathBuf {
        self.root.join("xtask").join("node")
    }
}
