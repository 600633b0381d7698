//! Re-runs of sessions, as the store keeps them: a report, and pictures of the page.

use std::cmp::Ordering;

use shared::query::run::{RunReport, RunSummary};

/// A re-run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRun {
    /// What it came to.
    pub report: RunReport,
    /// The pictures by their number in the report.
    pub pictures: Vec<Vec<u8>>,
}

/// The order of a list of re-runs: the latest first, those of one instant by id.
#[must_use]
pub fn newest_first(one: &RunSummary, other: &RunSummary) -> Ordering {
    (other.created, &one.id).cmp(&(one.created, &other.id))
}
