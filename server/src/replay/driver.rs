//! The browser, driven by Playwright in a process of its own: one command a line, one answer a line.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::Deserialize;
use serde_json::{Value, json};

/// The driver and what it imports.
const SCRIPTS: [(&str, &str); 2] = [
    ("driver.mjs", include_str!("driver.mjs")),
    ("obstacle.mjs", include_str!("obstacle.mjs")),
];

/// How long one command may take: Playwright's own patience, several times over.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where browsers are, beside Playwright's own.
const BROWSERS: [&str; 4] = [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/// A running browser.
pub struct Driver {
    process: Child,
    input: ChildStdin,
    answers: Receiver<String>,
    directory: PathBuf,
}

/// What a command was answered.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Answer {
    /// A word for what went wrong.
    error: Option<String>,
    /// The same in words.
    message: String,
    /// Why the step could not be done as it was recorded.
    pub diverged: Option<String>,
    /// A PNG in base64.
    pub screenshot: Option<String>,
    /// The ids of the traces that the step's requests carried.
    pub traces: Vec<String>,
    /// Requests that would have changed something and were not let through.
    pub refused: Vec<String>,
}

impl Driver {
    /// Starts Node.js with the driver; `options` are those of its command `start`.
    ///
    /// # Errors
    /// When Node.js, Playwright or a browser is missing, with what to install.
    pub fn start(playwright: Option<&Path>, options: Value) -> anyhow::Result<Self> {
        let name = format!("throughline-replay-{}-{}", std::process::id(), counter());
        let directory = std::env::temp_dir().join(name);
        std::fs::create_dir(&directory)
            .with_context(|| format!("cannot write to {}", directory.display()))?;
        for (name, text) in SCRIPTS {
            std::fs::write(directory.join(name), text)?;
        }
        let script = directory.join(SCRIPTS[0].0);
        let mut process = Command::new("node")
            .arg(&script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .context("a replay needs Node.js 20 or later: install it, and `node` must be found")?;
        let (Some(input), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
            bail!("the driver has no standard input and output");
        };
        let (sender, answers) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let mut driver = Self {
            process,
            input,
            answers,
            directory,
        };
        let mut start = options;
        start["playwright"] = json!(packages(playwright));
        start["chromium"] = json!(browser());
        start["switches"] = json!(switches());
        driver.ask("start", start)?;
        Ok(driver)
    }

    /// Sends a command and waits for its answer.
    ///
    /// # Errors
    /// When the driver cannot do it for a reason that is not the page's.
    pub fn ask(&mut self, command: &str, mut with: Value) -> anyhow::Result<Answer> {
        with["command"] = json!(command);
        writeln!(self.input, "{with}").context("the browser's driver has ended")?;
        let line = match self.answers.recv_timeout(PATIENCE) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => bail!("the browser does not answer"),
            Err(RecvTimeoutError::Disconnected) => bail!("the browser's driver has ended"),
        };
        let answer: Answer =
            serde_json::from_str(&line).with_context(|| format!("the driver answers {line:?}"))?;
        match answer.error.as_deref() {
            None => Ok(answer),
            Some("no_playwright") => bail!(
                "a replay drives the browser with Playwright, which is not installed here: run\n  \
                 npm install --no-save playwright\nin this directory, or name a directory that has it with --playwright DIR"
            ),
            Some("no_browser") => bail!(
                "no browser can be started: run\n  npx playwright install --with-deps chromium\nor set CHROMIUM_BIN to one\n({})",
                answer.message
            ),
            Some("no_value") => bail!(
                "a field is to be filled in, and the fixtures do not say with what (step: {})",
                with["name"]
            ),
            Some(_) => bail!("{}", answer.message),
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Where it has ended already, there is nothing to stop.
        if self.ask("stop", json!({})).is_err() {
            let _ = self.process.kill();
        }
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn counter() -> u32 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    COUNT.fetch_add(1, Ordering::Relaxed)
}

/// Where Playwright may be: the directory that is named; else this one or those above it, and the
/// global packages of npm.
fn packages(named: Option<&Path>) -> Vec<PathBuf> {
    if let Some(directory) = named {
        return vec![absolute(directory)];
    }
    let mut found: Vec<PathBuf> = std::env::current_dir().into_iter().collect();
    let global = Command::new("npm").args(["root", "--global"]).output();
    if let Ok(output) = global
        && let Ok(text) = String::from_utf8(output.stdout)
        && let Some(parent) = Path::new(text.trim()).parent()
    {
        // A package is looked for in `node_modules` beside what asks for it.
        found.push(parent.to_owned());
    }
    found
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// The browser that is named or installed; `None` leaves it to Playwright's own.
fn browser() -> Option<String> {
    if let Ok(named) = std::env::var("CHROMIUM_BIN")
        && !named.is_empty()
    {
        return Some(named);
    }
    let found = BROWSERS.iter().find(|path| Path::new(path).exists());
    found.map(|&path| path.to_owned())
}

/// Chromium refuses its sandbox to root, as in most containers of a CI.
fn switches() -> Vec<&'static str> {
    let mut switches = vec![
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ];
    let is_root = std::env::var("USER").is_ok_and(|user| user == "root")
        || std::env::var("HOME").is_ok_and(|home| home == "/root");
    if is_root || std::env::var_os("CI").is_some() {
        switches.push("--no-sandbox");
    }
    switches
}
