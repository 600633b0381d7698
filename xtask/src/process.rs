//! Programs that run until they are told to end.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::step::line;

/// How long a program may take to listen; a first start on a loaded machine has taken some seconds.
const START: Duration = Duration::from_secs(60);
/// How long a program may take to end before it is killed.
const END: Duration = Duration::from_secs(10);

/// A child that prints `listening NAME URL` on stdout for each of its listeners. Asked to end when dropped.
pub struct Listening {
    name: String,
    child: Child,
    urls: BTreeMap<String, String>,
}

impl Listening {
    /// Starts a program and waits until it has named all of `listeners`.
    ///
    /// # Errors
    /// When it cannot be started, ends, or stays silent.
    pub fn start(command: &mut Command, listeners: &[&str]) -> Result<Self> {
        let name = line(command);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start `{name}`"))?;
        let lines = lines(&mut child);
        let mut started = Self {
            name,
            child,
            urls: BTreeMap::new(),
        };
        let deadline = Instant::now() + START;
        while !listeners
            .iter()
            .all(|listener| started.urls.contains_key(*listener))
        {
            match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    if let Some((name, url)) = listener(&line) {
                        started.urls.insert(name.to_owned(), url.to_owned());
                    }
                }
                Err(RecvTimeoutError::Timeout) => bail!(
                    "`{}` does not listen after {} s",
                    started.name,
                    START.as_secs()
                ),
                Err(RecvTimeoutError::Disconnected) => {
                    let status = started.child.wait()?;
                    bail!("`{}` ended with {status} before it listened", started.name);
                }
            }
        }
        Ok(started)
    }

    /// The URL of a listener that was waited for.
    pub fn url(&self, listener: &str) -> &str {
        self.urls.get(listener).map_or("", String::as_str)
    }

    /// Fails when the program has ended by itself.
    ///
    /// # Errors
    /// With its exit status.
    pub fn check(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            Some(status) => bail!("`{}` ended with {status}", self.name),
            None => Ok(()),
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        if let Ok(pid) = i32::try_from(self.child.id())
            && let Some(pid) = Pid::from_raw(pid)
            && matches!(self.child.try_wait(), Ok(None))
        {
            let _ = kill_process(pid, Signal::TERM);
        }
        let deadline = Instant::now() + END;
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() > deadline {
                eprintln!("`{}` does not end; killing it", self.name);
                let _ = self.child.kill();
                let _ = self.child.wait();
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Reads the child's stdout to its end, so that it never blocks on a full pipe.
fn lines(child: &mut Child) -> Receiver<String> {
    let (sender, receiver) = channel();
    if let Some(stdout) = child.stdout.take() {
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                // Nobody listens any more once all listeners are known.
                let _ = sender.send(line);
            }
        });
    }
    receiver
}

/// `listening viewer http://localhost:4319` → `viewer` and the URL.
fn listener(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix("listening ")?.split_once(' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_for_every_listener_and_ends_the_program() {
        let mut command = Command::new("sh");
        command.args([
            "-c",
            "echo hello; echo listening a http://a:1; echo listening b http://b:2; sleep 60",
        ]);
        let start = Instant::now();
        let mut program = Listening::start(&mut command, &["b", "a"]).expect("starts");
        assert_eq!(
            (program.url("a"), program.url("b")),
            ("http://a:1", "http://b:2")
        );
        program.check().expect("still runs");
        drop(program);
        assert!(start.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn says_how_a_program_ended_that_never_listened() {
        let error = Listening::start(Command::new("sh").args(["-c", "exit 3"]), &["a"])
            .err()
            .expect("fails");
        assert!(error.to_string().contains("exit status: 3"), "{error}");
    }
}
