//! A trace for people who have no viewer at hand: a page that needs nothing but itself ([`html`]),
//! and a bug report ([`markdown`]).
//!
//! Everything in a trace comes from strangers. The page runs no script and loads nothing, its policy
//! forbids both, and every text is escaped; the report keeps texts from being read as markup.

mod facts;
mod html;
mod markdown;

pub use facts::{Facts, Part, facts};
pub use html::html;
pub use markdown::markdown;

pub(crate) use html::Escaped;
pub(crate) use markdown::plain;

use crate::time::UnixNanos;

/// `2026-11-22 14:05:00.123 UTC`.
pub(crate) fn utc(instant: UnixNanos) -> String {
    let millis = instant.0 / 1_000_000;
    let (seconds, millis) = (millis / 1_000, millis % 1_000);
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Howard Hinnant's civil_from_days, for days from the epoch on.
    let days = days + 719_468;
    let era = days / 146_097;
    let of_era = days % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute) = (second / 3_600, second / 60 % 60);
    let second = second % 60;
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{millis:03} UTC")
}
