//! Instants as people and programs write them in a URL.

use shared::time::UnixNanos;

/// The text is not an instant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a time; write Unix time in seconds, milliseconds, microseconds or nanoseconds, or RFC 3339 such as 2026-11-22T14:05:00Z"
)]
pub struct TimeError(String);

/// Reads Unix time, whose magnitude tells its unit, or RFC 3339.
///
/// Seconds may have a fraction. Below 10^11 the number is in seconds (until the year 5138), below
/// 10^14 in milliseconds (from 1973 on), below 10^17 in microseconds, and beyond in nanoseconds.
///
/// # Errors
/// [`TimeError`].
pub fn parse(text: &str) -> Result<UnixNanos, TimeError> {
    unix(text)
        .or_else(|| rfc3339(text))
        .ok_or_else(|| TimeError(text.to_owned()))
}

fn unix(text: &str) -> Option<UnixNanos> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if whole.is_empty()
        || !whole
            .bytes()
            .chain(fraction.bytes())
            .all(|byte| byte.is_ascii_digit())
    {
        return None;
    }
    let number: u64 = whole.parse().ok()?;
    let nanos_per_unit: u64 = match number {
        0..100_000_000_000 => 1_000_000_000,
        100_000_000_000..100_000_000_000_000 => 1_000_000,
        100_000_000_000_000..100_000_000_000_000_000 => 1_000,
        _ => 1,
    };
    let rest = fraction_nanos(fraction) * nanos_per_unit / 1_000_000_000;
    Some(UnixNanos(
        number.checked_mul(nanos_per_unit)?.checked_add(rest)?,
    ))
}

/// The digits after a decimal point, in billionths.
fn fraction_nanos(digits: &str) -> u64 {
    digits
        .bytes()
        .chain(std::iter::repeat(b'0'))
        .take(9)
        .fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'))
}

fn rfc3339(text: &str) -> Option<UnixNanos> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let mut date = date.split('-').map(digits);
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let zone_at = time.find(['Z', 'z', '+', '-'])?;
    let (time, zone) = time.split_at(zone_at);
    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    let mut time = time.split(':').map(digits);
    let (hour, minute, second) = (time.next()??, time.next()??, time.next()??);
    let offset_minutes = match zone {
        "Z" | "z" => 0,
        zone => {
            let (hours, minutes) = zone[1..].split_once(':')?;
            let minutes = digits(hours)? * 60 + digits(minutes)?;
            if zone.starts_with('-') {
                -minutes
            } else {
                minutes
            }
        }
    };
    let in_range = (1970..=2554).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60
        && fraction.bytes().all(|byte| byte.is_ascii_digit());
    if !in_range {
        return None;
    }
    let days = days_from_civil(year, month, day);
    let seconds = ((days * 24 + hour) * 60 + minute - offset_minutes) * 60 + second;
    let seconds = u64::try_from(seconds).ok()?;
    seconds
        .checked_mul(1_000_000_000)?
        .checked_add(fraction_nanos(fraction))
        .map(UnixNanos)
}

fn digits(text: &str) -> Option<i64> {
    let valid = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    valid.then(|| text.parse().ok()).flatten()
}

/// Days since the epoch, by Howard Hinnant's algorithm
/// (<https://howardhinnant.github.io/date_algorithms.html>).
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year / 400;
    let year_of_era = year % 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_spelling_of_an_instant() {
        const NANOS: u64 = 1_795_356_300_000_000_000;
        for (text, expected, reason) in [
            ("1795356300", NANOS, "seconds"),
            (
                "1795356300.5",
                NANOS + 500_000_000,
                "seconds with a fraction",
            ),
            ("1795356300000", NANOS, "milliseconds"),
            (
                "1795356300000.25",
                NANOS + 250_000,
                "milliseconds with a fraction",
            ),
            ("1795356300000000", NANOS, "microseconds"),
            ("1795356300000000001", NANOS + 1, "nanoseconds"),
            ("0", 0, "the epoch"),
            ("2026-11-22T14:05:00Z", NANOS, "UTC"),
            ("2026-11-22T15:05:00+01:00", NANOS, "east of Greenwich"),
            (
                "2026-11-22T09:35:00.000-04:30",
                NANOS,
                "west, with a fraction",
            ),
            (
                "2026-11-22 14:05:00.123456789z",
                NANOS + 123_456_789,
                "a space and nanoseconds",
            ),
        ] {
            assert_eq!(parse(text), Ok(UnixNanos(expected)), "{reason}");
        }
    }

    #[test]
    fn refuses_what_is_not_an_instant() {
        for text in [
            "",
            "now",
            "-5",
            "1.2.3",
            "1e9",
            "2026-11-22",
            "2026-11-22T14:05:00",
            "2026-13-22T14:05:00Z",
            "2026-11-22T14:05Z",
            "2026-11-22T24:05:00Z",
            "2026-11-22T14:05:00+0100",
            "99999999999999999999",
            "1969-12-31T23:59:59Z",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
