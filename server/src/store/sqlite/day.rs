//! Days: the unit of files and of retention.
//!
//! A record goes into the file of the day on which it *arrived*, by the server's clock. Senders'
//! clocks may be wrong by years; were files named by a span's start, one browser with a flat
//! battery could make thousands of them, and retention would delete what has just come in.

use std::fmt;

use shared::time::UnixNanos;

const NANOS_PER_DAY: u64 = 86_400 * 1_000_000_000;

/// A day in UTC, counted from the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub u32);

impl Day {
    /// The day on which an instant lies.
    #[must_use]
    pub fn of(instant: UnixNanos) -> Self {
        // At most 213,503 for the largest u64.
        Self((instant.0 / NANOS_PER_DAY) as u32)
    }

    /// The day `days` earlier; the epoch at the earliest.
    #[must_use]
    pub fn minus(self, days: u32) -> Self {
        Self(self.0.saturating_sub(days))
    }

    /// The name of the day's file.
    #[must_use]
    pub fn file_name(self) -> String {
        format!("{self}.sqlite")
    }

    /// The day that a file name tells.
    #[must_use]
    pub fn from_file_name(name: &str) -> Option<Self> {
        let text = name.strip_suffix(".sqlite")?;
        let mut parts = text.splitn(3, '-');
        let year: u32 = parts.next()?.parse().ok()?;
        let month: u32 = parts.next()?.parse().ok()?;
        let day: u32 = parts.next()?.parse().ok()?;
        if year < 1970 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        let found = Self(days_from_civil(year, month, day));
        (found.file_name() == name).then_some(found)
    }
}

impl fmt::Display for Day {
    /// `2026-11-22`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.0);
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// Days from the epoch to a date of the Gregorian calendar, by Howard Hinnant's algorithm
/// (<https://howardhinnant.github.io/date_algorithms.html>), for years from 1970 on.
fn days_from_civil(year: u32, month: u32, day: u32) -> u32 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year / 400;
    let year_of_era = year % 400;
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The reverse of [`days_from_civil`].
fn civil_from_days(days: u32) -> (u32, u32, u32) {
    let days = days + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + u32::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_days_as_the_calendar_does() {
        for (seconds, expected, reason) in [
            (0, "1970-01-01", "the epoch"),
            (86_399, "1970-01-01", "its last second"),
            (951_782_400, "2000-02-29", "a leap day of a century"),
            (1_795_305_599, "2026-11-21", "the second before midnight"),
            (1_795_305_600, "2026-11-22", "midnight"),
            (4_107_542_400, "2100-03-01", "no leap day in 2100"),
        ] {
            let day = Day::of(UnixNanos(seconds * 1_000_000_000));
            assert_eq!(day.to_string(), expected, "{reason}");
            assert_eq!(Day::from_file_name(&day.file_name()), Some(day), "{reason}");
        }
    }

    #[test]
    fn ignores_files_that_are_not_a_day() {
        for name in [
            "throughline.lock",
            "2026-11-22.sqlite-wal",
            "2026-02-30.sqlite",
            "2026-13-01.sqlite",
            "26-1-1.sqlite",
            "2026-11-22",
        ] {
            assert_eq!(Day::from_file_name(name), None, "{name}");
        }
    }
}
