//! What is odd about the spans of a trace.

use std::fmt;

use crate::id::SpanId;
use crate::time::DurationNanos;

/// Something odd about a span. `Display` says it in a sentence for people.
///
/// Every variant names the node in [`Trace::nodes`](super::Trace::nodes) and its span's id, since
/// two spans may claim the same id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warning {
    /// Its parent is not among the spans.
    Orphan {
        /// The node concerned.
        node: u32,
        /// Its span.
        span: SpanId,
        /// The parent that is missing.
        parent: SpanId,
    },
    /// Its parents lead back to itself. The cycle is cut above this span, its earliest.
    Cycle {
        /// The node concerned.
        node: u32,
        /// Its span.
        span: SpanId,
        /// How many spans the cycle has; one where a span is its own parent.
        length: u32,
    },
    /// It is the second span that says it has no parent.
    SeveralRoots {
        /// The node concerned.
        node: u32,
        /// Its span.
        span: SpanId,
        /// How many spans say so.
        roots: u32,
    },
    /// It starts before its parent.
    ChildStartsBeforeParent {
        /// The node concerned.
        node: u32,
        /// Its span.
        span: SpanId,
        /// How much earlier.
        by: DurationNanos,
        /// Whether the two come from different services or hosts, so that two clocks are compared.
        across_services: bool,
    },
    /// It ends after its parent.
    ChildEndsAfterParent {
        /// The node concerned.
        node: u32,
        /// Its span.
        span: SpanId,
        /// How much later.
        by: DurationNanos,
        /// Whether the two come from different services or hosts, so that two clocks are compared.
        across_services: bool,
    },
    /// It ends before it starts.
    NegativeDuration {
        /// The node concerned.
        node: u32,
        /// Its span.
        span: SpanId,
        /// How much before.
        by: DurationNanos,
    },
    /// It ends in the moment it starts.
    ZeroDuration {
        /// The node concerned.
        node: u32,
        /// Its span.
        span: SpanId,
    },
    /// An earlier span has the same id and other content.
    DuplicateSpanId {
        /// The node concerned.
        node: u32,
        /// The id of both.
        span: SpanId,
    },
    /// Its times lie more than a year from those of the other spans.
    ClockImplausible {
        /// The node concerned.
        node: u32,
        /// Its span.
        span: SpanId,
        /// How far off its start is.
        by: DurationNanos,
    },
}

impl Warning {
    /// The node concerned, as an index into [`Trace::nodes`](super::Trace::nodes).
    #[must_use]
    pub const fn node(&self) -> u32 {
        match *self {
            Self::Orphan { node, .. }
            | Self::Cycle { node, .. }
            | Self::SeveralRoots { node, .. }
            | Self::ChildStartsBeforeParent { node, .. }
            | Self::ChildEndsAfterParent { node, .. }
            | Self::NegativeDuration { node, .. }
            | Self::ZeroDuration { node, .. }
            | Self::DuplicateSpanId { node, .. }
            | Self::ClockImplausible { node, .. } => node,
        }
    }

    /// The id of the span concerned.
    #[must_use]
    pub const fn span_id(&self) -> SpanId {
        match *self {
            Self::Orphan { span, .. }
            | Self::Cycle { span, .. }
            | Self::SeveralRoots { span, .. }
            | Self::ChildStartsBeforeParent { span, .. }
            | Self::ChildEndsAfterParent { span, .. }
            | Self::NegativeDuration { span, .. }
            | Self::ZeroDuration { span, .. }
            | Self::DuplicateSpanId { span, .. }
            | Self::ClockImplausible { span, .. } => span,
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Orphan { span, parent, .. } => {
                write!(f, "The parent {parent} of span {span} has not arrived.")
            }
            Self::Cycle {
                span, length: 1, ..
            } => {
                write!(
                    f,
                    "Span {span} names itself as its parent; it is shown as a root."
                )
            }
            Self::Cycle { span, length, .. } => {
                write!(
                    f,
                    "{length} spans are each other's ancestors; the earliest, {span}, is shown as a root."
                )
            }
            Self::SeveralRoots { roots, .. } => {
                write!(
                    f,
                    "The trace has {roots} spans without a parent; usually there is one."
                )
            }
            Self::ChildStartsBeforeParent {
                span,
                by,
                across_services,
                ..
            } => {
                write!(
                    f,
                    "Span {span} starts {} before its parent{}.",
                    Short(by),
                    clocks(across_services)
                )
            }
            Self::ChildEndsAfterParent {
                span,
                by,
                across_services,
                ..
            } => {
                write!(
                    f,
                    "Span {span} ends {} after its parent{}.",
                    Short(by),
                    clocks(across_services)
                )
            }
            Self::NegativeDuration { span, by, .. } => {
                write!(
                    f,
                    "Span {span} ends {} before it starts; its clock was set back, or it never ended.",
                    Short(by)
                )
            }
            Self::ZeroDuration { span, .. } => {
                write!(f, "Span {span} ends in the moment it starts.")
            }
            Self::DuplicateSpanId { span, .. } => {
                write!(
                    f,
                    "Two different spans have the id {span}; both are shown, and the earlier one has the children."
                )
            }
            Self::ClockImplausible { span, by, .. } => {
                write!(
                    f,
                    "The times of span {span} are {} off from the others; it does not count for the length of the trace.",
                    Short(by)
                )
            }
        }
    }
}

const fn clocks(across_services: bool) -> &'static str {
    if across_services {
        ", which another service or host recorded; their clocks may differ"
    } else {
        ""
    }
}

/// A length of time with three significant digits, in the largest unit that leaves a whole part.
#[derive(Debug, Clone, Copy)]
pub struct Short(pub DurationNanos);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(f64, &str); 7] = [
            (365.25 * 86_400e9, "years"),
            (86_400e9, "days"),
            (3_600e9, "h"),
            (60e9, "min"),
            (1e9, "s"),
            (1e6, "ms"),
            (1e3, "µs"),
        ];
        let nanos = self.0.0.unsigned_abs();
        let Some((size, unit)) = UNITS.into_iter().find(|(size, _)| nanos as f64 >= *size) else {
            return write!(f, "{nanos} ns");
        };
        let value = nanos as f64 / size;
        let decimals = if value >= 100.0 {
            0
        } else if value >= 10.0 {
            1
        } else {
            2
        };
        write!(f, "{value:.decimals$} {unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_lengths_in_the_unit_that_fits() {
        for (nanos, expected) in [
            (0, "0 ns"),
            (999, "999 ns"),
            (1_500, "1.50 µs"),
            (-12_345_678, "12.3 ms"),
            (61_000_000_000, "1.02 min"),
            (i64::MAX, "292 years"),
        ] {
            assert_eq!(Short(DurationNanos(nanos)).to_string(), expected);
        }
    }

    #[test]
    fn reads_as_a_sentence() {
        let span = SpanId::from_bytes([1; 8]).expect("an id");
        let by = DurationNanos::from_millis(3);
        let warning = Warning::ChildStartsBeforeParent {
            node: 1,
            span,
            by,
            across_services: true,
        };
        assert_eq!(
            warning.to_string(),
            "Span 0101010101010101 starts 3.00 ms before its parent, which another service or host recorded; their clocks may differ."
        );
        assert_eq!((warning.node(), warning.span_id()), (1, span));
    }
}
