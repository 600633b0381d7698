//! How many tests ran, read from what their runners print.

use std::fmt;
use std::ops::AddAssign;

/// Numbers of tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub passed: u32,
    pub failed: u32,
    pub skipped: u32,
    /// Those of the passed that failed first, and passed when they were repeated.
    pub repeated: u32,
}

impl Counts {
    /// A check that counts as one and passed.
    pub fn one_passed() -> Self {
        Self {
            passed: 1,
            ..Self::default()
        }
    }

    /// A check that counts as one and failed.
    pub fn one_failed() -> Self {
        Self {
            failed: 1,
            ..Self::default()
        }
    }

    /// What a runner counted, with a failure that it did not count: one that could not be compiled or started.
    pub fn of_run(mut self, succeeded: bool) -> Self {
        if !succeeded && self.failed == 0 {
            self.failed = 1;
        }
        self
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.repeated += other.repeated;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        match self.skipped {
            0 => Ok(()),
            skipped => write!(f, ", {skipped} skipped"),
        }
    }
}

/// `test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; …`, once for each of cargo's test programs.
pub fn cargo_test(output: &str) -> Counts {
    let mut counts = Counts::default();
    for line in output
        .lines()
        .filter_map(|line| line.trim().strip_prefix("test result: "))
    {
        for part in line.split([';', '.']) {
            match number_and_word(part) {
                Some((number, "passed")) => counts.passed += number,
                Some((number, "failed")) => counts.failed += number,
                Some((number, "ignored")) => counts.skipped += number,
                _ => {}
            }
        }
    }
    counts
}

/// `ℹ pass 12` or `# pass 12`, as Node's runner ends.
pub fn node_test(output: &str) -> Counts {
    let mut counts = Counts::default();
    for line in output.lines() {
        let Some(line) = line.strip_prefix("ℹ ").or_else(|| line.strip_prefix("# ")) else {
            continue;
        };
        match line
            .split_once(' ')
            .map(|(word, number)| (word, number.parse::<u32>()))
        {
            Some(("pass", Ok(number))) => counts.passed += number,
            Some(("fail" | "cancelled", Ok(number))) => counts.failed += number,
            Some(("skipped" | "todo", Ok(number))) => counts.skipped += number,
            _ => {}
        }
    }
    counts
}

/// `  9 passed (1.2m)`, `  1 failed`, `  1 flaky`, `  2 did not run`, as Playwright ends.
pub fn playwright(output: &str) -> Counts {
    let mut counts = Counts::default();
    for line in output.lines() {
        let words = line.trim().split(" (").next().unwrap_or_default();
        match number_and_word(words) {
            Some((number, "passed")) => counts.passed += number,
            Some((number, "failed" | "interrupted" | "did not run")) => counts.failed += number,
            Some((number, "flaky")) => {
                counts.passed += number;
                counts.repeated += number;
            }
            Some((number, "skipped")) => counts.skipped += number,
            _ => {}
        }
    }
    counts
}

fn number_and_word(text: &str) -> Option<(u32, &str)> {
    let (number, word) = text.trim().split_once(' ')?;
    Some((number.parse().ok()?, word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(passed: u32, failed: u32, skipped: u32) -> Counts {
        Counts {
            passed,
            failed,
            skipped,
            repeated: 0,
        }
    }

    #[test]
    fn counts_what_the_runners_print() {
        let cargo = "test a ... ok\n\ntest result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.02s\n\
                     test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s\n";
        assert_eq!(cargo_test(cargo), counts(15, 2, 1));

        let node = "✔ a (1ms)\nℹ tests 5\nℹ pass 3\nℹ fail 1\nℹ cancelled 0\nℹ skipped 1\nℹ todo 0\nℹ duration_ms 60\n";
        assert_eq!(node_test(node), counts(3, 1, 1));
        assert_eq!(node_test("# pass 2\n# fail 0\n"), counts(2, 0, 0));

        let browser = "[1/4] e2e/booking.spec.js:3:1 › a booking\n  1 failed\n    e2e/x.spec.js:1:1 › 7 passed\n  1 flaky\n  2 skipped\n  9 passed (1.2m)\n";
        assert_eq!(
            playwright(browser),
            Counts {
                repeated: 1,
                ..counts(10, 1, 2)
            }
        );
    }

    #[test]
    fn a_run_that_could_not_start_has_failed_once() {
        assert_eq!(counts(0, 0, 0).of_run(false), counts(0, 1, 0));
        assert_eq!(counts(4, 2, 0).of_run(false), counts(4, 2, 0));
        assert_eq!(counts(4, 0, 0).of_run(true), counts(4, 0, 0));
    }

    #[test]
    fn the_closing_line_leaves_out_what_did_not_happen() {
        assert_eq!(counts(4, 0, 0).to_string(), "4 passed, 0 failed");
        assert_eq!(counts(4, 1, 2).to_string(), "4 passed, 1 failed, 2 skipped");
    }
}
