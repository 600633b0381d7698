//! What a re-run of a session came to: what `throughline replay` prints, and the bodies of `/api/v1/runs`.

use serde::{Deserialize, Serialize};

use crate::id::TraceId;
use crate::time::UnixNanos;

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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Where the viewer shows this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

/// What kind of thing is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// Something fails that did not.
    NewError,
    /// Something that changes data is not done any more.
    MissingWrite,
    /// One query has become many.
    NPlusOne,
    /// Something is slower than in every good run.
    Slower,
    /// Something is not done any more.
    Missing,
    /// Something is done that was not.
    New,
    /// Something is done more or less often.
    Count,
    /// Something is done in another order.
    Order,
    /// An error of the recorded session does not occur any more.
    Recovered,
    /// It is faster than in every good run.
    Faster,
    /// The action has another name.
    Renamed,
    /// The same is done with other values.
    Parameters,
}

impl FindingKind {
    /// Whether a good build would not show it.
    #[must_use]
    pub fn is_regression(self) -> bool {
        !matches!(
            self,
            Self::Recovered | Self::Faster | Self::Renamed | Self::Parameters | Self::Order
        )
    }

    /// In words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NewError => "new error",
            Self::MissingWrite => "missing write",
            Self::NPlusOne => "N+1",
            Self::Slower => "slower",
            Self::Missing => "missing call",
            Self::New => "new call",
            Self::Count => "count",
            Self::Order => "order",
            Self::Recovered => "no longer fails",
            Self::Faster => "faster",
            Self::Renamed => "renamed",
            Self::Parameters => "parameters",
        }
    }
}

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Its kind.
    pub kind: FindingKind,
    /// The service in which it is.
    pub service: String,
    /// The operation.
    pub operation: String,
    /// In a sentence.
    pub text: String,
}

impl StepOutcome {
    /// A sign for how it went: could not be done, differs, was compared, was done and not compared.
    #[must_use]
    pub fn mark(&self) -> &'static str {
        if self.diverged.is_some() {
            "✗"
        } else if self.findings.iter().any(|one| one.kind.is_regression()) {
            "!"
        } else if self.trace.is_some() {
            "✓"
        } else {
            "·"
        }
    }

    /// Where the viewer shows a step that differs, below its own address: beside the recorded one where both are there.
    #[must_use]
    pub fn address(&self) -> Option<String> {
        let trace = self.trace.filter(|_| !self.findings.is_empty())?;
        Some(match self.recorded {
            Some(recorded) => format!("/compare/{recorded}/{trace}"),
            None => format!("/trace/{trace}"),
        })
    }
}

/// The body of `POST /api/v1/runs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunRequest {
    /// What it came to.
    pub outcome: Outcome,
    /// Pictures of the page.
    #[serde(default)]
    pub pictures: Vec<PictureRequest>,
}

/// A picture of the page after a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PictureRequest {
    /// The run, counted from 0.
    pub run: usize,
    /// The step's number, from 1.
    pub step: usize,
    /// A PNG or JPEG in base64.
    pub data: String,
}

/// The answer to `POST /api/v1/runs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunPublished {
    /// Its id, for `GET /api/v1/runs/{id}` and the viewer's `/run/{id}`.
    pub id: String,
}

/// The answer to `GET /api/v1/runs/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunReport {
    /// Its id.
    pub id: String,
    /// When it arrived.
    pub created: UnixNanos,
    /// The name of the token that sent it.
    pub by: Option<String>,
    /// What it came to.
    pub outcome: Outcome,
    /// Which pictures there are, at `/api/v1/runs/{id}/pictures/{number}`.
    pub pictures: Vec<Picture>,
    /// The latest good run of the session before this one, for its pictures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub good: Option<GoodRun>,
}

/// A picture that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Picture {
    /// Its number among those of the report.
    pub number: u32,
    /// The run, counted from 0.
    pub run: usize,
    /// The step's number, from 1.
    pub step: usize,
}

/// A run that reproduced the session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoodRun {
    /// Its id.
    pub id: String,
    /// Its pictures.
    pub pictures: Vec<Picture>,
}

/// What a list shows of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunSummary {
    /// Its id.
    pub id: String,
    /// When it arrived.
    pub created: UnixNanos,
    /// Its verdict.
    pub verdict: Verdict,
    /// The origin at which the session was done again.
    pub environment: String,
    /// How often.
    pub runs: usize,
    /// What is wrong first, in words.
    pub first: Option<String>,
}

/// The answer to `GET /api/v1/sessions/{id}/runs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunsResponse {
    /// The runs, newest first.
    pub runs: Vec<RunSummary>,
}

impl RunReport {
    /// What a list shows of it.
    #[must_use]
    pub fn summary(&self) -> RunSummary {
        let steps = self.outcome.runs.iter().flat_map(|run| &run.steps);
        let first = steps.clone().find_map(|step| {
            let finding = step.findings.iter().find(|one| one.kind.is_regression());
            let text = step.diverged.as_ref().or(finding.map(|one| &one.text))?;
            Some(format!("{} {}: {text}", step.number, step.name))
        });
        RunSummary {
            id: self.id.clone(),
            created: self.created,
            verdict: self.outcome.verdict,
            environment: self.outcome.environment.clone(),
            runs: self.outcome.runs.len(),
            first,
        }
    }
}
