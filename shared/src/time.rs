//! Instants and durations, in nanoseconds as OTLP has them.

use core::ops::{Add, Sub};

/// Nanoseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct UnixNanos(pub u64);

/// A length of time in nanoseconds; negative where a clock says that an end lies before its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct DurationNanos(pub i64);

impl UnixNanos {
    /// Just below the milliseconds of 2^64 nanoseconds, in the year 2554.
    const END_MILLIS: f64 = 18_446_744_073_709.0;

    /// Takes milliseconds since the epoch, as the browser's clocks give them.
    ///
    /// Negative values and NaN become zero, what lies beyond the last instant becomes that. An `f64` holds today's milliseconds to about a
    /// quarter of a microsecond, so fractions of a microsecond are rounded.
    #[must_use]
    pub fn from_millis_f64(millis: f64) -> Self {
        if !(millis > 0.0 && millis < Self::END_MILLIS) {
            return Self(if millis >= Self::END_MILLIS {
                u64::MAX
            } else {
                0
            });
        }
        let whole = millis as u64;
        let micros = ((millis - whole as f64) * 1_000.0 + 0.5) as u64;
        Self(
            whole
                .saturating_mul(1_000_000)
                .saturating_add(micros * 1_000),
        )
    }

    /// The time from `earlier` to this instant.
    #[must_use]
    pub fn since(self, earlier: Self) -> DurationNanos {
        let difference = i128::from(self.0) - i128::from(earlier.0);
        DurationNanos(difference.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64)
    }
}

impl DurationNanos {
    /// Whole milliseconds as a duration.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// The duration in milliseconds, with its fraction.
    #[must_use]
    pub fn as_millis_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

impl Add<DurationNanos> for UnixNanos {
    type Output = Self;

    fn add(self, duration: DurationNanos) -> Self {
        Self(self.0.saturating_add_signed(duration.0))
    }
}

impl Sub for UnixNanos {
    type Output = DurationNanos;

    fn sub(self, earlier: Self) -> DurationNanos {
        self.since(earlier)
    }
}

impl Add for DurationNanos {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for DurationNanos {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

#[cfg(feature = "std")]
mod text {
    //! 64-bit numbers travel as decimal strings in JSON, since a JavaScript number holds 53 bits.

    use super::{DurationNanos, UnixNanos};
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Number<'a, T> {
        Number(T),
        #[serde(borrow)]
        Text(std::borrow::Cow<'a, str>),
    }

    macro_rules! as_text {
        ($name:ident, $inner:ty) => {
            impl Serialize for $name {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.collect_str(&self.0)
                }
            }

            impl<'de> Deserialize<'de> for $name {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    match Number::<$inner>::deserialize(deserializer)? {
                        Number::Number(value) => Ok(Self(value)),
                        Number::Text(text) => text.parse().map(Self).map_err(D::Error::custom),
                    }
                }
            }
        };
    }
    as_text!(UnixNanos, u64);
    as_text!(DurationNanos, i64);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_microseconds_of_todays_milliseconds() {
        assert_eq!(
            UnixNanos::from_millis_f64(1_795_000_000_123.456).0,
            1_795_000_000_123_456_000
        );
        assert_eq!(UnixNanos::from_millis_f64(-1.0).0, 0);
        assert_eq!(UnixNanos::from_millis_f64(f64::NAN).0, 0);
        assert_eq!(UnixNanos::from_millis_f64(f64::INFINITY).0, u64::MAX);
    }

    #[test]
    fn an_end_before_its_start_is_a_negative_duration() {
        assert_eq!(UnixNanos(5) - UnixNanos(7), DurationNanos(-2));
        assert_eq!(UnixNanos(u64::MAX) - UnixNanos(0), DurationNanos(i64::MAX));
    }
}
