//! How numbers, times and counts read, the same on every page.
//!
//! A number and its unit are joined by a no-break space. Times are UTC until a zone is chosen, and say
//! which they are.

use std::cell::Cell;

use shared::time::{DurationNanos, UnixNanos};

/// The no-break space between a number and its unit.
const NBSP: char = '\u{a0}';

/// What a query found, `field = value`, its durations as people read them.
#[must_use]
pub fn found(text: &str) -> String {
    let nanos = |value: &str| value.strip_suffix("ns")?.parse().ok();
    match text.rsplit_once(" = ") {
        Some((field, value)) => match nanos(value) {
            Some(nanos) => format!("{field} = {}", duration(nanos)),
            None => text.to_owned(),
        },
        None => text.to_owned(),
    }
}

/// A duration of `nanos` with three significant digits: `2.31 s`, `940 ms`, `3.21 ms`, `1 m 12 s`.
#[must_use]
pub fn duration(nanos: i64) -> String {
    let sign = if nanos < 0 { "−" } else { "" };
    let nanos = nanos.unsigned_abs();
    let seconds = nanos / 1_000_000_000;
    if seconds >= 3_600 {
        return format!(
            "{sign}{}{NBSP}h{NBSP}{}{NBSP}m",
            seconds / 3_600,
            seconds / 60 % 60
        );
    }
    if seconds >= 60 {
        return format!("{sign}{}{NBSP}m{NBSP}{}{NBSP}s", seconds / 60, seconds % 60);
    }
    // 999.9 µs must not read as `1000 µs`, so each unit begins where the smaller one would round up to it.
    let (value, unit) = match nanos {
        999_500_000.. => (nanos as f64 / 1e9, "s"),
        999_500.. => (nanos as f64 / 1e6, "ms"),
        1_000.. => (nanos as f64 / 1e3, "µs"),
        _ => (nanos as f64, "ns"),
    };
    let decimals = match () {
        () if unit == "ns" || value >= 99.95 => 0,
        () if value >= 9.995 => 1,
        () => 2,
    };
    let text = format!("{value:.decimals$}");
    let text = if unit == "s" || !text.contains('.') {
        &text
    } else {
        text.trim_end_matches('0').trim_end_matches('.')
    };
    format!("{sign}{}{NBSP}{unit}", decimal(text))
}

/// A duration as a mark of an axis has it, without zeros that say nothing: `5 s`.
#[must_use]
pub fn mark(nanos: i64) -> String {
    let text = duration(nanos);
    let point = SEPARATORS.get().1;
    match text.split_once(NBSP) {
        Some((value, unit)) if value.contains(point) => format!(
            "{}{NBSP}{unit}",
            value.trim_end_matches('0').trim_end_matches(point)
        ),
        _ => text,
    }
}

thread_local! {
    /// What stands between thousands, and before decimals.
    static SEPARATORS: Cell<(char, char)> = const { Cell::new((',', '.')) };
}

/// Writes numbers from now on as somebody writes 12345.5: `12.345,5`. Other digits than ours, or other groups, change
/// nothing.
pub fn use_separators(sample: &str) {
    let characters: Vec<char> = sample.chars().collect();
    if let ['1', '2', thousands, '3', '4', '5', point, '5'] = characters[..] {
        SEPARATORS.set((thousands, point));
    }
}

/// A number that is written with a full stop, with the decimal separator in its place.
#[must_use]
pub fn decimal(text: &str) -> String {
    text.replace('.', SEPARATORS.get().1.encode_utf8(&mut [0; 4]))
}

/// A count with a separator between thousands: `4,096`.
#[must_use]
pub fn count(value: u64) -> String {
    let thousands = SEPARATORS.get().0;
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(thousands);
        }
        out.push(digit);
    }
    out
}

/// A number of bytes in thousands: `512 B`, `9.8 kB`, `36 MB`.
#[must_use]
pub fn bytes(value: u64) -> String {
    let mut value = value as f64;
    let mut unit = "B";
    for larger in ["kB", "MB", "GB"] {
        if value < 999.5 {
            break;
        }
        value /= 1_000.0;
        unit = larger;
    }
    let decimals = usize::from(value < 9.95 && unit != "B");
    format!("{}{NBSP}{unit}", decimal(&format!("{value:.decimals$}")))
}

/// A count with its noun in the right number: `1 span`, `71 spans`.
#[must_use]
pub fn counted(value: u64, noun: &str) -> String {
    let plural = if value == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count(value))
}

/// The share `part / whole` in whole per cent; `<1 %` for a small one, nothing of nothing is `0 %`.
#[must_use]
pub fn percent(part: i64, whole: i64) -> String {
    if part <= 0 || whole <= 0 {
        return format!("0{NBSP}%");
    }
    let value = part as f64 / whole as f64 * 100.0;
    if value < 0.5 {
        format!("<1{NBSP}%")
    } else {
        format!("{value:.0}{NBSP}%")
    }
}

/// How many minutes a zone is ahead of UTC at an instant.
pub type MinutesAhead = fn(UnixNanos) -> i32;

thread_local! {
    /// The zone; UTC itself where there is none.
    static ZONE: Cell<Option<MinutesAhead>> = const { Cell::new(None) };
}

/// Shows times in a zone from now on, or in UTC.
pub fn use_zone(minutes_ahead: Option<MinutesAhead>) {
    ZONE.set(minutes_ahead);
}

/// An instant as the zone's clocks show it, and what the zone is called then: `UTC`, `UTC+5:30`.
fn in_zone(instant: UnixNanos) -> (UnixNanos, String) {
    let Some(minutes_ahead) = ZONE.get() else {
        return (instant, "UTC".to_owned());
    };
    let minutes = minutes_ahead(instant);
    let shown = instant + DurationNanos(i64::from(minutes) * 60_000_000_000);
    let (sign, minutes) = (if minutes < 0 { '−' } else { '+' }, minutes.unsigned_abs());
    let label = match minutes % 60 {
        0 => format!("UTC{sign}{}", minutes / 60),
        rest => format!("UTC{sign}{}:{rest:02}", minutes / 60),
    };
    (shown, label)
}

/// The date and time of an instant to the millisecond, in the two parts that are shown apart:
/// `("22 Nov 2026", "11:04:12.381 UTC")`.
#[must_use]
pub fn date_and_time(instant: UnixNanos) -> (String, String) {
    let (shown, zone) = in_zone(instant);
    let (year, month, day) = civil_from_days((shown.0 / NANOS_PER_DAY) as i64);
    let millis = instant.0 / 1_000_000 % 1_000;
    (
        format!("{day} {} {year}", MONTHS[month as usize - 1]),
        format!("{}.{millis:03} {zone}", clock(instant)),
    )
}

/// The zone that an instant is shown in.
#[must_use]
pub fn zone(instant: UnixNanos) -> String {
    in_zone(instant).1
}

/// The time of day of an instant: `11:04:12`.
#[must_use]
pub fn clock(instant: UnixNanos) -> String {
    let (instant, _) = in_zone(instant);
    let second = instant.0 / 1_000_000_000 % 86_400;
    format!(
        "{:02}:{:02}:{:02}",
        second / 3_600,
        second / 60 % 60,
        second % 60
    )
}

/// A range of time: `22 Nov 11:04:12 to 11:59:03 UTC`; both days where they differ.
#[must_use]
pub fn range(start: UnixNanos, end: UnixNanos) -> String {
    let (from, until) = (day(start), day(end));
    let until = if from == until {
        String::new()
    } else {
        format!("{until} ")
    };
    format!(
        "{from} {} to {until}{} {}",
        clock(start),
        clock(end),
        zone(end)
    )
}

/// The day of an instant without its year: `22 Nov`.
#[must_use]
pub fn day(instant: UnixNanos) -> String {
    let (instant, _) = in_zone(instant);
    let (_, month, day) = civil_from_days((instant.0 / NANOS_PER_DAY) as i64);
    format!("{day} {}", MONTHS[month as usize - 1])
}

/// How long ago an instant was at `now`: `just now`, `12 s ago`, `3 min ago`, `in 2 min`.
#[must_use]
pub fn relative(now: UnixNanos, then: UnixNanos) -> String {
    let seconds = (now - then).0 / 1_000_000_000;
    let (amount, future) = (seconds.unsigned_abs(), seconds < 0);
    let text = match amount {
        0..=1 => return "just now".to_owned(),
        2..=59 => format!("{amount}{NBSP}s"),
        60..=3_599 => format!("{}{NBSP}min", amount / 60),
        3_600..=86_399 => format!("{}{NBSP}h", amount / 3_600),
        _ => format!("{}{NBSP}d", amount / 86_400),
    };
    if future {
        format!("in {text}")
    } else {
        format!("{text} ago")
    }
}

/// The first and last characters of an id, for where there is no room for all of it: `8f2c…e1`.
#[must_use]
pub fn short_id(id: &str) -> String {
    let characters: Vec<char> = id.chars().collect();
    match characters.as_slice() {
        [a, b, c, d, .., y, z] if characters.len() > 12 => {
            [*a, *b, *c, *d, '…', *y, *z].iter().collect()
        }
        _ => id.to_owned(),
    }
}

/// The text cut after `limit` characters, with an ellipsis where something was cut.
#[must_use]
pub fn clipped(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

/// The name with straight quotation marks turned into typographic ones, as people read `click “Book Now”`.
#[must_use]
pub fn quoted(name: &str) -> String {
    let mut open = false;
    name.chars()
        .map(|character| match character {
            '"' => {
                open = !open;
                if open { '“' } else { '”' }
            }
            other => other,
        })
        .collect()
}

const NANOS_PER_DAY: u64 = 86_400_000_000_000;
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Year, month and day of a day since the epoch (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_names_a_day_once() {
        let at = |seconds: u64| UnixNanos((1_795_305_600 + seconds) * 1_000_000_000);
        assert_eq!(range(at(60), at(3_661)), "22 Nov 00:01:00 to 01:01:01 UTC");
        assert_eq!(
            range(at(60), at(86_400)),
            "22 Nov 00:01:00 to 23 Nov 00:00:00 UTC"
        );
    }

    #[test]
    fn bytes_have_the_unit_that_reads_best() {
        for (value, expected) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (9_840, "9.8 kB"),
            (999_600, "1.0 MB"),
            (35_651_584, "36 MB"),
            (7_000_000_000_000, "7000 GB"),
        ] {
            assert_eq!(bytes(value).replace(NBSP, " "), expected);
        }
    }

    #[test]
    fn what_a_query_found_has_durations_to_read() {
        assert_eq!(
            found("avg(duration) = 905784035ns"),
            "avg(duration) = 906\u{a0}ms"
        );
        for text in ["count() = 5", "name = \"5ns\"", "span.id = ns", "nothing"] {
            assert_eq!(found(text), text);
        }
    }

    #[test]
    fn durations_have_three_significant_digits() {
        for (nanos, expected) in [
            (0, "0 ns"),
            (85, "85 ns"),
            (999, "999 ns"),
            (1_000, "1 µs"),
            (412_400, "412 µs"),
            (999_600, "1 ms"),
            (3_210_000, "3.21 ms"),
            (3_000_000, "3 ms"),
            (24_340_000, "24.3 ms"),
            (940_000_000, "940 ms"),
            (999_700_000, "1.00 s"),
            (2_310_000_000, "2.31 s"),
            (12_345_000_000, "12.3 s"),
            (72_000_000_000, "1 m 12 s"),
            (7_320_000_000_000, "2 h 2 m"),
            (-3_000_000, "−3 ms"),
        ] {
            assert_eq!(duration(nanos).replace(NBSP, " "), expected, "{nanos}");
        }
        assert!(duration(i64::MIN).starts_with('−'), "does not overflow");
    }

    #[test]
    fn marks_of_an_axis_have_no_idle_zeros() {
        assert_eq!(mark(5_000_000_000).replace(NBSP, " "), "5 s");
        assert_eq!(mark(2_500_000_000).replace(NBSP, " "), "2.5 s");
        assert_eq!(mark(100_000_000).replace(NBSP, " "), "100 ms");
    }

    #[test]
    fn counts_separate_thousands() {
        assert_eq!(count(7), "7");
        assert_eq!(count(4_096), "4,096");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(counted(1, "span"), "1 span");
        assert_eq!(counted(0, "span"), "0 spans");
    }

    #[test]
    fn numbers_are_written_as_the_reader_writes_them() {
        for (sample, expected) in [
            ("12.345,5", ["1.234.567", "2,31 s", "2,5 s"]),
            ("12’345.5", ["1’234’567", "2.31 s", "2.5 s"]),
            ("१२,३४५.५", ["1’234’567", "2.31 s", "2.5 s"]),
            ("12,345.5", ["1,234,567", "2.31 s", "2.5 s"]),
        ] {
            use_separators(sample);
            let told = [
                count(1_234_567),
                duration(2_310_000_000),
                mark(2_500_000_000),
            ];
            assert_eq!(told.map(|text| text.replace(NBSP, " ")), expected);
        }
    }

    #[test]
    fn instants_read_in_a_zone_that_is_named() {
        let instant = UnixNanos(1_795_345_452_381_000_000);
        use_zone(Some(|_| 330));
        let india = date_and_time(instant);
        use_zone(Some(|_| -720));
        let baker_island = date_and_time(instant);
        use_zone(None);
        assert_eq!(india.1, "16:34:12.381 UTC+5:30");
        assert_eq!(
            baker_island,
            ("21 Nov 2026".to_owned(), "23:04:12.381 UTC−12".to_owned())
        );
    }

    #[test]
    fn instants_read_as_utc() {
        let instant = UnixNanos(1_795_345_452_381_000_000);
        assert_eq!(
            date_and_time(instant),
            ("22 Nov 2026".to_owned(), "11:04:12.381 UTC".to_owned())
        );
        assert_eq!(date_and_time(UnixNanos(0)).0, "1 Jan 1970");
        assert_eq!(
            date_and_time(UnixNanos(951_782_400_000_000_000)).0,
            "29 Feb 2000"
        );
        assert_eq!(day(instant), "22 Nov");
    }

    #[test]
    fn relative_times_point_to_past_and_future() {
        let now = UnixNanos(10_000_000_000_000);
        for (seconds_ago, expected) in [
            (0, "just now"),
            (12, "12 s ago"),
            (200, "3 min ago"),
            (7_200, "2 h ago"),
            (-125, "in 2 min"),
        ] {
            let then = UnixNanos((10_000 - seconds_ago) as u64 * 1_000_000_000);
            assert_eq!(relative(now, then).replace(NBSP, " "), expected);
        }
    }

    #[test]
    fn shares_never_claim_nothing_of_something() {
        assert_eq!(percent(78, 100), "78\u{a0}%");
        assert_eq!(percent(1, 1_000), "<1\u{a0}%");
        assert_eq!(percent(5, 0), "0\u{a0}%");
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(clipped("żółć gęś", 4), "żółć…");
        assert_eq!(clipped("short", 40), "short");
        assert_eq!(short_id("8f2c0000000000e1"), "8f2c…e1");
        assert_eq!(quoted("click \"Book Now\""), "click “Book Now”");
    }
}
