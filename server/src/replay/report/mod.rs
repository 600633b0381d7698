//! A re-run's outcome for people and for a CI.

mod junit;
mod table;

pub use junit::junit;
pub use table::table;
