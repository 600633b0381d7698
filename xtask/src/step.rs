//! How a task reports what it does.
//!
//! Every step prints a line when it starts and one with its duration when it ends. All of it goes to stderr, so that
//! stdout stays free for results that programs read; a child's stdout is sent there too.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// Runs `work` as a named step.
///
/// # Errors
/// Those of `work`, with the step's name.
pub fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    eprintln!("▸ {name}");
    let start = Instant::now();
    match work() {
        Ok(value) => {
            eprintln!("✓ {name} ({})", duration(start.elapsed()));
            Ok(value)
        }
        Err(error) => {
            eprintln!("✗ {name} ({})", duration(start.elapsed()));
            Err(error.context(name.to_owned()))
        }
    }
}

/// A duration for people: `0.4 s`, `12 s`, `3 min 05 s`.
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 9.95 {
        format!("{seconds:.1} s")
    } else if seconds < 99.5 {
        format!("{seconds:.0} s")
    } else {
        let whole = seconds.round() as u64;
        format!("{} min {:02} s", whole / 60, whole % 60)
    }
}

/// Runs a command to its end, its output on stderr.
///
/// # Errors
/// When it cannot be started or does not succeed.
pub fn run(command: &mut Command) -> Result<()> {
    let line = line(command);
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::from(io::stderr()))
        .status()
        .with_context(|| format!("cannot start `{line}`"))?;
    if !status.success() {
        bail!("`{line}` ended with {status}");
    }
    Ok(())
}

/// Runs a command to its end and returns what it wrote to stdout.
///
/// # Errors
/// When it cannot be started or does not succeed; its stderr is in the message.
pub fn output(command: &mut Command) -> Result<String> {
    let line = line(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start `{line}`"))?;
    if !output.status.success() {
        bail!(
            "`{line}` ended with {}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim_end()
        );
    }
    String::from_utf8(output.stdout)
        .with_context(|| format!("`{line}` wrote something other than text"))
}

/// Runs a command to its end, its output on stderr, and returns whether it succeeded and everything that it wrote.
///
/// # Errors
/// When it cannot be started.
pub fn tee(command: &mut Command) -> Result<(bool, String)> {
    let line = line(command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{line}`"))?;
    let stdout = child
        .stdout
        .take()
        .map(|pipe| thread::spawn(move || pass_on(pipe)));
    let stderr = child
        .stderr
        .take()
        .map(|pipe| thread::spawn(move || pass_on(pipe)));
    let mut text = String::new();
    for reader in [stdout, stderr].into_iter().flatten() {
        text.push_str(&reader.join().unwrap_or_default());
    }
    let status = child
        .wait()
        .with_context(|| format!("cannot wait for `{line}`"))?;
    if !status.success() {
        eprintln!("`{line}` ended with {status}");
    }
    Ok((status.success(), text))
}

/// Copies lines to stderr as they come and returns them all.
fn pass_on(pipe: impl Read) -> String {
    let mut reader = BufReader::new(pipe);
    let mut text = String::new();
    let mut line = Vec::new();
    // Bytes, not characters: a runner may print anything.
    while reader
        .read_until(b'\n', &mut line)
        .is_ok_and(|length| length > 0)
    {
        let part = String::from_utf8_lossy(&line);
        eprint!("{part}");
        text.push_str(&part);
        line.clear();
    }
    text
}

/// The command as one would type it, shortened: for messages.
pub fn line(command: &Command) -> String {
    let mut line = short(command.get_program());
    for argument in command.get_args() {
        let _ = write!(line, " {}", argument.to_string_lossy());
    }
    if line.chars().count() > 200 {
        line = line.chars().take(199).collect::<String>() + "…";
    }
    line
}

fn short(program: &OsStr) -> String {
    let text = program.to_string_lossy();
    text.rsplit('/').next().unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_say_them() {
        for (millis, expected) in [
            (40, "0.0 s"),
            (440, "0.4 s"),
            (9_960, "10 s"),
            (59_000, "59 s"),
            (99_600, "1 min 40 s"),
            (185_000, "3 min 05 s"),
        ] {
            assert_eq!(duration(Duration::from_millis(millis)), expected);
        }
    }
}
