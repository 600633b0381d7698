//! Re-runs of sessions, as the store keeps them: a report, and pictures of the page.

use shared::query::run::RunReport;

/// A re-run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRun {
    /// What it came to.
    pub report: RunReport,
    /// The pictures by their number in the report.
    pub pictures: Vec<Vec<u8>>,
}
