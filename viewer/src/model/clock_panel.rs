//! The panel in which somebody sets by how much each clock is ahead: numbers in units, as they are written and read.

use super::clock::signed;
use super::offsets::{MOST, Offset, applied, set_for};
use super::trace::TraceModel;
use crate::markup::{Markup, PICK, button, element, text};

/// A unit of an offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Microseconds.
    Micros,
    /// Milliseconds.
    Millis,
    /// Seconds.
    Seconds,
}

impl Unit {
    /// The units, the smallest first.
    pub const ALL: [Self; 3] = [Self::Micros, Self::Millis, Self::Seconds];

    /// Its sign.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::Micros => "µs",
            Self::Millis => "ms",
            Self::Seconds => "s",
        }
    }

    /// The unit with this sign.
    #[must_use]
    pub fn of_sign(sign: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|unit| unit.sign() == sign)
    }

    /// The largest in which a number of nanoseconds is no fraction; milliseconds for none.
    #[must_use]
    pub fn fitting(nanos: i64) -> Self {
        let fits = |unit: &Self| nanos.unsigned_abs() >= unit.nanos().unsigned_abs();
        match Self::ALL.into_iter().rev().find(fits) {
            _ if nanos == 0 => Self::Millis,
            found => found.unwrap_or(Self::Micros),
        }
    }

    fn nanos(self) -> i64 {
        10_i64.pow(self.decimals())
    }

    fn decimals(self) -> u32 {
        match self {
            Self::Micros => 3,
            Self::Millis => 6,
            Self::Seconds => 9,
        }
    }
}

/// Nanoseconds in a unit, exactly, as a number field has it: `-182.5`.
#[must_use]
pub fn written(nanos: i64, unit: Unit) -> String {
    let one = unit.nanos().unsigned_abs();
    let (whole, rest) = (nanos.unsigned_abs() / one, nanos.unsigned_abs() % one);
    let sign = if nanos < 0 { "-" } else { "" };
    let digits = unit.decimals() as usize;
    let fraction = format!("{rest:0digits$}");
    let text = format!("{sign}{whole}.{}", fraction.trim_end_matches('0'));
    text.trim_end_matches('.').to_owned()
}

/// The nanoseconds of a number in a unit, cut beyond nanoseconds and at a year; `None` for what is no number.
#[must_use]
pub fn read(number: &str, unit: Unit) -> Option<i64> {
    let number = number.trim().replace(',', ".");
    let (negative, digits) = match number.strip_prefix(['-', '−']) {
        Some(digits) => (true, digits),
        None => (false, number.strip_prefix('+').unwrap_or(&number)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let only_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !only_digits(whole) || !only_digits(fraction) || whole.len() + fraction.len() == 0 {
        return None;
    }
    let width = unit.decimals() as usize;
    let fraction: String = fraction
        .chars()
        .chain(std::iter::repeat('0'))
        .take(width)
        .collect();
    // More digits than a number holds are more than a year.
    let nanos = format!("{whole}{fraction}")
        .parse()
        .unwrap_or(i64::MAX)
        .min(MOST);
    Some(if negative { -nanos } else { nanos })
}

/// A clock in the panel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its number.
    pub clock: u16,
    /// Whose it is.
    pub name: String,
    /// By how much it is taken to be ahead, in nanoseconds.
    pub nanos: i64,
    /// By how much it is ahead as the calls suggest.
    pub estimate: i64,
    /// Whether somebody has set it.
    pub set: bool,
    /// The unit of its field.
    pub unit: Unit,
}

/// What the panel shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Panel {
    /// Whose clock the others are compared with.
    pub root: String,
    /// Clocks that are not the root's, or that somebody has set.
    pub rows: Vec<Row>,
    /// The others, by number and name.
    pub others: Vec<(u16, String)>,
    /// Whether times are adjusted.
    pub adjusted: bool,
}

impl Panel {
    /// What there is to set in a trace as it was sent; `unit` says in which unit a clock's offset is written.
    #[must_use]
    pub fn new(
        model: &TraceModel,
        offsets: &[Offset],
        adjusted: bool,
        unit: impl Fn(u16, i64) -> Unit,
    ) -> Self {
        let mut out = Self {
            adjusted,
            ..Self::default()
        };
        if model.is_empty() {
            return out;
        }
        let root = model.clock_of(model.root);
        out.root = model.clock_name(root);
        let estimates = model.estimates().iter();
        for (clock, (nanos, estimate)) in applied(model, offsets)
            .into_iter()
            .zip(estimates)
            .enumerate()
        {
            let clock = clock as u16;
            let set = set_for(model, clock, offsets).is_some();
            let name = model.clock_name(clock);
            if set || *estimate != 0 {
                let unit = unit(clock, nanos);
                out.rows.push(Row {
                    clock,
                    name,
                    nanos,
                    estimate: *estimate,
                    set,
                    unit,
                });
            } else if clock != root {
                out.others.push((clock, name));
            }
        }
        out
    }
}

/// What somebody does in the panel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Sets by how much a clock is ahead, in its field's unit.
    Set(u16, String),
    /// Writes a clock's offset in a unit.
    Write(u16, Unit),
    /// Leaves a clock to the estimate.
    Estimate(u16),
    /// Takes a clock as it is.
    Trust(u16),
    /// Adjusts times, or shows them as they were sent.
    Toggle,
    /// Closes the panel.
    Close,
}

impl Act {
    /// What a pick means; `None` for what is none of these.
    #[must_use]
    pub fn of(pick: &str) -> Option<Self> {
        let mut parts = pick.splitn(3, ':');
        let (what, clock, value) = (parts.next()?, parts.next(), parts.next());
        let clock = || clock?.parse().ok();
        Some(match what {
            "ahead" => Self::Set(clock()?, value?.to_owned()),
            "unit" => Self::Write(clock()?, Unit::of_sign(value?)?),
            "estimate" => Self::Estimate(clock()?),
            "trust" | "other" => Self::Trust(clock()?),
            "toggle" => Self::Toggle,
            "close" => Self::Close,
            _ => return None,
        })
    }
}

/// The panel's contents.
#[must_use]
pub fn panel(shown: &Panel) -> Vec<Markup> {
    let close = button("icon-button", "close", "✕").set("aria-label", "Close");
    let head = element("div", "clocks__head")
        .with(text("h2", "", "Clocks").set("id", "clocks-title"))
        .with(close);
    let about = if shown.rows.is_empty() {
        format!(
            "The calls of this trace do not tell any clock from {}’s. One that you know to be off can be set.",
            shown.root
        )
    } else {
        format!(
            "How far each clock is ahead of {}’s; below zero it is behind. Its spans are drawn that much earlier, and outlined where it had them.",
            shown.root
        )
    };
    let rows = shown.rows.iter().map(row).collect();
    let mut foot = element("div", "clocks__foot");
    if !shown.others.is_empty() {
        foot = foot.with(others(&shown.others));
    }
    if !shown.rows.is_empty() {
        let label = if shown.adjusted {
            "Show times as sent"
        } else {
            "Adjust times"
        };
        foot = foot.with(button("button", "toggle", label));
    }
    vec![
        head,
        text("p", "clocks__about", &about),
        element("ul", "clocks__list").all(rows),
        foot,
    ]
}

fn row(row: &Row) -> Markup {
    let number = row.clock;
    let field = element("input", "input clocks__ahead")
        .set("type", "number")
        .set("step", "any")
        .set("inputmode", "decimal")
        .set("aria-label", &format!("{} is ahead by", row.name))
        .set("value", &written(row.nanos, row.unit))
        .set(PICK, &format!("ahead:{number}"));
    let unit = |unit: Unit| {
        let option = text("option", "", unit.sign()).set("value", unit.sign());
        if unit == row.unit {
            option.set("selected", "")
        } else {
            option
        }
    };
    let unit = element("select", "clocks__unit")
        .set("aria-label", &format!("Unit of {}", row.name))
        .set(PICK, &format!("unit:{number}"))
        .all(Unit::ALL.map(unit).into());
    let choice = |pick: &str, label: &str, is: bool| {
        button("clocks__choice", &format!("{pick}:{number}"), label)
            .set("aria-pressed", if is { "true" } else { "false" })
            .set("aria-label", &format!("{}: {label}", row.name))
    };
    let estimate = match row.estimate {
        0 => "Estimate: none".to_owned(),
        nanos => format!("Estimate {}", signed(nanos)),
    };
    let mut choices =
        element("span", "clocks__choices").with(choice("estimate", &estimate, !row.set));
    if row.estimate != 0 {
        choices = choices.with(choice("trust", "None", row.set && row.nanos == 0));
    }
    element("li", "clocks__one")
        .with(text("b", "clocks__name", &row.name))
        .with(element("span", "clocks__value").with(field).with(unit))
        .with(choices)
}

fn others(others: &[(u16, String)]) -> Markup {
    let first = text("option", "", "another clock").set("value", "");
    let one =
        |(clock, name): &(u16, String)| text("option", "", name).set("value", &clock.to_string());
    let list = element("select", "")
        .set(PICK, "other")
        .with(first)
        .all(others.iter().map(one).collect());
    text("label", "", "Set ").with(list)
}

#[cfg(test)]
mod tests {
    use shared::span::SpanKind;

    use super::super::fixture::{kind, model, span};
    use super::super::offsets::with;
    use super::*;

    #[test]
    fn an_offset_is_written_exactly_and_read_back() {
        for (nanos, unit, text) in [
            (182_000_000_000, Unit::Seconds, "182"),
            (-182_500_000_000, Unit::Seconds, "-182.5"),
            (1, Unit::Seconds, "0.000000001"),
            (-1_500_000, Unit::Millis, "-1.5"),
            (1_500, Unit::Micros, "1.5"),
            (0, Unit::Millis, "0"),
            (i64::from(i32::MIN) * 1_000, Unit::Micros, "-2147483648"),
        ] {
            assert_eq!(written(nanos, unit), text);
            assert_eq!(read(text, unit), Some(nanos), "{text}");
        }
    }

    #[test]
    fn a_number_is_read_as_people_write_it() {
        for (text, nanos) in [
            (" +2 ", Some(2_000_000)),
            ("−2", Some(-2_000_000)),
            ("2,5", Some(2_500_000)),
            (".5", Some(500_000)),
            ("5.", Some(5_000_000)),
            ("0.00000099", Some(0)),
            ("99999999999999999999", Some(MOST)),
            ("", None),
            ("-", None),
            ("1e3", None),
            ("2 ms", None),
        ] {
            assert_eq!(read(text, Unit::Millis), nanos, "{text}");
        }
    }

    #[test]
    fn the_unit_is_the_largest_that_leaves_no_fraction() {
        for (nanos, unit) in [
            (0, Unit::Millis),
            (12, Unit::Micros),
            (999_999, Unit::Micros),
            (-1_000_000, Unit::Millis),
            (1_000_000_000, Unit::Seconds),
        ] {
            assert_eq!(Unit::fitting(nanos), unit, "{nanos}");
        }
    }

    #[test]
    fn what_is_picked_is_what_is_done() {
        for (pick, act) in [
            ("ahead:3:-1.5", Some(Act::Set(3, "-1.5".to_owned()))),
            ("unit:3:µs", Some(Act::Write(3, Unit::Micros))),
            ("estimate:3", Some(Act::Estimate(3))),
            ("trust:3", Some(Act::Trust(3))),
            ("other:4", Some(Act::Trust(4))),
            ("other:", None),
            ("unit:3:h", None),
            ("close", Some(Act::Close)),
        ] {
            assert_eq!(Act::of(pick), act, "{pick}");
        }
    }

    #[test]
    fn clocks_that_are_off_are_rows_and_the_others_can_be_set() {
        const MS: u64 = 1_000_000;
        let sent = model(vec![
            kind(span(1, 0, "shop-web", "ask", 0, 100 * MS), SpanKind::Client),
            kind(
                span(2, 1, "shop", "answer", 5_020 * MS, 5_080 * MS),
                SpanKind::Server,
            ),
            span(3, 2, "mailer", "send", 5_070 * MS, 5_075 * MS),
        ]);
        let shown =
            |offsets: &[Offset]| Panel::new(&sent, offsets, true, |_, nanos| Unit::fitting(nanos));
        let names = |panel: &Panel| -> Vec<String> {
            panel.rows.iter().map(|row| row.name.clone()).collect()
        };
        let panel_of = shown(&[]);
        assert_eq!(
            (panel_of.root.as_str(), names(&panel_of)),
            ("shop-web", vec!["shop".to_owned()])
        );
        assert_eq!(
            panel_of.others,
            [(2, "mailer".to_owned())],
            "the root's is what others are compared with"
        );
        let words: String = panel(&panel_of).iter().map(Markup::inner_text).collect();
        assert!(
            words.contains("ahead of shop-web’s") && words.contains("Estimate +5.00\u{a0}s"),
            "{words}"
        );

        let set = shown(&with(&sent, 2, Some(0), &[]));
        assert_eq!(names(&set), ["shop", "mailer"], "what is set has a row");
        assert!(set.rows[1].set && set.others.is_empty());
    }
}
