//! What the cinema sells: films, the hall and its prices, show times; and the day as the form writes it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A film on the programme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Film {
    /// The value in the form and in URLs.
    pub id: &'static str,
    /// The title as printed.
    pub title: &'static str,
}

/// The programme.
pub const FILMS: [Film; 3] = [
    Film {
        id: "the-long-way-home",
        title: "The Long Way Home",
    },
    Film {
        id: "night-signal",
        title: "Night Signal",
    },
    Film {
        id: "paper-moons",
        title: "Paper Moons",
    },
];

/// When each film is shown, on every day.
pub const SHOW_TIMES: [&str; 3] = ["17:30", "20:15", "22:40"];

/// How many days ahead tickets are sold.
pub const DAYS_AHEAD: i64 = 60;

/// The hall's rows, front to back.
pub const ROWS: [char; 6] = ['A', 'B', 'C', 'D', 'E', 'F'];

/// Seats in each row, numbered from 1.
pub const SEATS_PER_ROW: u8 = 8;

/// A part of the hall with its own price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    /// The name on the ticket.
    pub name: &'static str,
    /// The price of a seat in euro cents.
    pub price_cents: i64,
}

const STALLS: Section = Section {
    name: "Stalls",
    price_cents: 1_150,
};
const BALCONY: Section = Section {
    name: "Balcony",
    price_cents: 1_400,
};

/// A seat of the hall: `C4` is row C, number 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    row: char,
    number: u8,
}

impl Seat {
    /// Reads `C4`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut characters = text.chars();
        let row = characters.next()?;
        let number: u8 = characters.as_str().parse().ok()?;
        let exists = ROWS.contains(&row) && (1..=SEATS_PER_ROW).contains(&number);
        exists.then_some(Self { row, number })
    }

    /// All seats, row by row.
    pub fn all() -> impl Iterator<Item = Self> {
        ROWS.into_iter()
            .flat_map(|row| (1..=SEATS_PER_ROW).map(move |number| Self { row, number }))
    }

    /// The part of the hall that the seat is in.
    pub fn section(self) -> Section {
        if self.row <= 'C' { STALLS } else { BALCONY }
    }

    /// The row's letter.
    pub fn row(self) -> char {
        self.row
    }

    /// The number within the row.
    pub fn number(self) -> u8 {
        self.number
    }
}

impl std::fmt::Display for Seat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.row, self.number)
    }
}

/// The film with this id.
pub fn film(id: &str) -> Option<Film> {
    FILMS.into_iter().find(|film| film.id == id)
}

/// The key of one showing in every service: film, day and time.
pub fn screening(film: &str, date: &str, time: &str) -> String {
    format!("{film}/{date}/{time}")
}

/// A calendar day, as days since 1 January 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(i64);

impl Day {
    /// Reads `2026-11-22`; a day that no calendar has is `None`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || year.len() != 4 || month.len() != 2 || day.len() != 2 {
            return None;
        }
        let (year, month, day) = (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
        let candidate = Self(days_from_civil(year, month, day));
        (candidate.civil() == (year, month, day)).then_some(candidate)
    }

    /// The day of `time` in UTC.
    pub fn of(time: SystemTime) -> Self {
        let since_epoch = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Self(i64::try_from(since_epoch.as_secs() / 86_400).unwrap_or(i64::MAX))
    }

    /// The day `days` later.
    pub fn plus(self, days: i64) -> Self {
        Self(self.0 + days)
    }

    /// `Sunday 22 November 2026`.
    pub fn in_words(self) -> String {
        const WEEKDAYS: [&str; 7] = [
            "Thursday",
            "Friday",
            "Saturday",
            "Sunday",
            "Monday",
            "Tuesday",
            "Wednesday",
        ];
        const MONTHS: [&str; 12] = [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ];
        let (year, month, day) = self.civil();
        let weekday = WEEKDAYS[usize::try_from(self.0.rem_euclid(7)).unwrap_or(0)];
        let month = MONTHS[usize::try_from(month - 1).unwrap_or(0)];
        format!("{weekday} {day} {month} {year}")
    }

    /// Year, month and day; Howard Hinnant, "chrono-compatible low-level date algorithms".
    fn civil(self) -> (i64, i64, i64) {
        let days = self.0 + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
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
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted_month = (month + 9) % 12;
    let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_days_of_the_calendar_only() {
        for (text, expected) in [
            ("2026-11-22", Some("Sunday 22 November 2026")),
            ("2024-02-29", Some("Thursday 29 February 2024")),
            ("1970-01-01", Some("Thursday 1 January 1970")),
            ("2026-02-29", None),
            ("2026-13-01", None),
            ("2026-1-1", None),
            ("2026-11-22-01", None),
            ("today", None),
        ] {
            assert_eq!(
                Day::parse(text).map(Day::in_words).as_deref(),
                expected,
                "{text}"
            );
        }
        assert_eq!(
            Day::parse("2026-12-31").map(|day| day.plus(1).to_string()),
            Some("2027-01-01".to_owned())
        );
    }

    #[test]
    fn knows_the_seats_of_the_hall() {
        assert_eq!(Seat::all().count(), 48);
        for seat in Seat::all() {
            assert_eq!(Seat::parse(&seat.to_string()), Some(seat));
        }
        for text in ["", "C", "C0", "C9", "G1", "c4", "C4 ", "4C", "C-1"] {
            assert_eq!(Seat::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn sections_are_what_the_n_plus_one_fault_counts_on() {
        let stalls = Seat::all()
            .filter(|seat| seat.section().name == "Stalls")
            .count();
        assert_eq!(stalls, 24);
    }
}
