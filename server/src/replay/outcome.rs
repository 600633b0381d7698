//! The verdict on a run.

use shared::query::run::{FindingKind, StepOutcome, Verdict};

/// The verdict on what the steps came to. `parameters` has other values count as a regression.
#[must_use]
pub fn judge(steps: &[StepOutcome], parameters: bool) -> Verdict {
    let kinds = || {
        steps
            .iter()
            .flat_map(|step| &step.findings)
            .map(|one| one.kind)
    };
    if kinds().any(|kind| kind.is_regression() || (parameters && kind == FindingKind::Parameters)) {
        Verdict::NewRegression
    } else if steps.iter().any(|step| step.diverged.is_some()) {
        Verdict::Diverged
    } else if kinds().any(|kind| kind == FindingKind::Recovered) {
        Verdict::NotReproduced
    } else {
        Verdict::Reproduced
    }
}
