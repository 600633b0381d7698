//! The marks of the time axis: 1, 2 or 5 times a power of ten nanoseconds apart, labelled in one unit.

use super::scale::Scale;

/// The least distance between two marks.
const LEAST_PX: f64 = 84.0;

/// A mark of the axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// Where it lies.
    pub px: f64,
    /// What it says.
    pub label: String,
}

/// The marks of a scale.
#[must_use]
pub fn ticks(scale: Scale) -> Vec<Tick> {
    let shown = scale.to() - scale.from();
    let step = step(shown * LEAST_PX / scale.width());
    let (unit, name) = match scale.to() {
        to if to >= 1e9 => (1e9, "s"),
        to if to >= 1e6 => (1e6, "ms"),
        to if to >= 1e3 => (1e3, "µs"),
        _ => (1.0, "ns"),
    };
    let decimals = (unit / step).log10().ceil().max(0.0) as usize;
    let first = (scale.from() / step).ceil() as i64;
    let last = (scale.to() / step).floor() as i64;
    (first..=last)
        .map(|index| {
            let nanos = index as f64 * step;
            Tick {
                px: (nanos - scale.from()) / shown * scale.width(),
                label: if index == 0 {
                    "0".to_owned()
                } else {
                    crate::format::decimal(&format!("{:.decimals$}\u{a0}{name}", nanos / unit))
                },
            }
        })
        .collect()
}

fn step(least: f64) -> f64 {
    let least = least.max(1.0);
    let power = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|step| *step >= least * 0.999)
        .unwrap_or(power * 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(window: Option<(i64, i64)>, width: f64, expected: &[&str]) {
        let labels: Vec<_> = ticks(Scale::new(2_310_000_000, window, width))
            .into_iter()
            .map(|tick| tick.label.replace('\u{a0}', " "))
            .collect();
        assert_eq!(labels, expected);
    }

    #[test]
    fn labels_share_a_unit_and_its_decimals() {
        check(None, 600.0, &["0", "0.5 s", "1.0 s", "1.5 s", "2.0 s"]);
        check(
            Some((0, 40_000_000)),
            500.0,
            &["0", "10 ms", "20 ms", "30 ms", "40 ms"],
        );
        check(
            Some((1_000_000_000, 1_000_000_900)),
            400.0,
            &[
                "1.0000000 s",
                "1.0000002 s",
                "1.0000004 s",
                "1.0000006 s",
                "1.0000008 s",
            ],
        );
    }

    #[test]
    fn marks_keep_their_distance() {
        for width in [120.0, 390.0, 1_068.0, 3_000.0] {
            let ticks = ticks(Scale::new(987_654_321, None, width));
            assert!(!ticks.is_empty());
            assert!(
                ticks
                    .windows(2)
                    .all(|pair| pair[1].px - pair[0].px >= LEAST_PX * 0.99),
                "{width}"
            );
        }
    }
}
