//! What a re-run came to.

use serde::{Deserialize, Serialize};
use shared::id::TraceId;

use super::findings::Finding;

/// The answer to whether a session happens again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Verdict {
    /// All steps did what they did, failures included.
    Reproduced,
    /// All steps could be done, and an error of the recorded session did not occur.
    NotReproduced,
    /// A step could not be done.
    Diverged,
    /// All steps could be done, and something is wrong that was not.
    NewRegression,
}

impl Verdict {
    /// In words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reproduced => "REPRODUCED",
            Self::NotReproduced => "NOT REPRODUCED",
            Self::Diverged => "DIVERGED",
            Self::NewRegression => "NEW REGRESSION",
        }
    }

    /// The program's exit code; 2 is for what could not be run.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Reproduced => 0,
            Self::NewRegression => 1,
            Self::NotReproduced => 3,
            Self::Diverged => 4,
        }
    }

    /// The more alarming of two.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        let rank = |verdict| match verdict {
            Self::Reproduced => 0,
            Self::NotReproduced => 1,
            Self::Diverged => 2,
            Self::NewRegression => 3,
        };
        if rank(other) > rank(self) {
            other
        } else {
            self
        }
    }
}

/// All that `throughline replay` has to say. It is also what `--baseline` reads.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// The verdict on all runs together.
    pub verdict: Verdict,
    /// The session that was done again.
    pub session: String,
    /// The origin at which it was done again.
    pub environment: String,
    /// The Throughline server that has the new traces.
    pub server: String,
    /// By what the new traces were judged.
    pub judged_by: String,
    /// The runs, in order.
    pub runs: Vec<Run>,
    /// What could not be done or compared, in words.
    pub not_compared: Vec<String>,
}

/// One run.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// Its name in the baggage `replay.run`.
    pub id: String,
    /// Its verdict.
    pub verdict: Verdict,
    /// The steps as far as they were done.
    pub steps: Vec<StepOutcome>,
}

/// What became of one step.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepOutcome {
    /// Its number, from 1.
    pub number: usize,
    /// What it is called.
    pub name: String,
    /// The recorded trace.
    pub recorded: Option<TraceId>,
    /// The new trace.
    pub trace: Option<TraceId>,
    /// Why it could not be done.
    pub diverged: Option<String>,
    /// What differs.
    pub findings: Vec<Finding>,
    /// The file with the picture of the page, where there is one.
    pub screenshot: Option<String>,
}

impl Run {
    /// The verdict on what the steps came to. `parameters` has other values count as a regression.
    #[must_use]
    pub fn judge(steps: &[StepOutcome], parameters: bool) -> Verdict {
        let kinds = || {
            steps
                .iter()
                .flat_map(|step| &step.findings)
                .map(|one| one.kind)
        };
        if kinds().any(|kind| {
            kind.is_regression() || (parameters && kind == super::findings::FindingKind::Parameters)
        }) {
            Verdict::NewRegression
        } else if steps.iter().any(|step| step.diverged.is_some()) {
            Verdict::Diverged
        } else if kinds().any(|kind| kind == super::findings::FindingKind::Recovered) {
            Verdict::NotReproduced
        } else {
            Verdict::Reproduced
        }
    }
}
