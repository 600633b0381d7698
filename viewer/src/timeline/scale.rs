//! An immutable time scale: which stretch of the trace lies on how many pixels.

/// The shortest stretch that can be shown, in nanoseconds.
const SHORTEST: f64 = 100.0;

/// A stretch of time on a width.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    from: f64,
    to: f64,
    total: f64,
    width: f64,
}

impl Scale {
    /// Shows `window` of a trace of `total` nanoseconds on `width` pixels; all of it without a window.
    #[must_use]
    pub fn new(total: i64, window: Option<(i64, i64)>, width: f64) -> Self {
        let total = (total as f64).max(1.0);
        let (from, to) = window.map_or((0.0, total), |(from, to)| (from as f64, to as f64));
        Self {
            from: 0.0,
            to: total,
            total,
            width: width.max(1.0),
        }
        .with_window(from, to)
    }

    /// The first nanosecond shown.
    #[must_use]
    pub fn from(self) -> f64 {
        self.from
    }

    /// The nanosecond at which the shown stretch ends.
    #[must_use]
    pub fn to(self) -> f64 {
        self.to
    }

    /// The pixels it lies on.
    #[must_use]
    pub fn width(self) -> f64 {
        self.width
    }

    /// Where an instant lies; beyond 0 and the width for what is not shown.
    #[must_use]
    pub fn px_from_nanos(self, nanos: i64) -> f64 {
        (nanos as f64 - self.from) / (self.to - self.from) * self.width
    }

    /// The instant at a pixel.
    #[must_use]
    pub fn nanos_from_px(self, px: f64) -> f64 {
        self.from + px / self.width * (self.to - self.from)
    }

    /// Shows `1 / factor` of the stretch; the instant at `px` stays where it is.
    #[must_use]
    pub fn zoomed(self, factor: f64, px: f64) -> Self {
        let fixed = self.nanos_from_px(px);
        let length = ((self.to - self.from) / factor).clamp(SHORTEST.min(self.total), self.total);
        let from = fixed - length * (px / self.width);
        self.with_window(from, from + length)
    }

    /// Moves by pixels; the ends of the trace stop it.
    #[must_use]
    pub fn panned(self, px: f64) -> Self {
        let nanos = px / self.width * (self.to - self.from);
        let nanos = nanos.clamp(-self.from, self.total - self.to);
        Self {
            from: self.from + nanos,
            to: self.to + nanos,
            ..self
        }
    }

    /// Shows the stretch between two pixels.
    #[must_use]
    pub fn selected(self, a: f64, b: f64) -> Self {
        self.with_window(self.nanos_from_px(a.min(b)), self.nanos_from_px(a.max(b)))
    }

    /// What is shown in whole nanoseconds; `None` for all of the trace.
    #[must_use]
    pub fn window(self) -> Option<(i64, i64)> {
        let all = self.from <= 0.5 && self.to >= self.total - 0.5;
        (!all).then(|| (self.from.round() as i64, self.to.round() as i64))
    }

    fn with_window(self, from: f64, to: f64) -> Self {
        let length = (to - from).clamp(SHORTEST.min(self.total), self.total);
        let from = from.clamp(0.0, self.total - length);
        Self {
            from,
            to: from + length,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_keeps_its_pixel_while_zooming() {
        let scale = Scale::new(1_000_000, None, 500.0);
        let zoomed = scale.zoomed(4.0, 125.0);
        assert!((zoomed.px_from_nanos(250_000) - 125.0).abs() < 1e-6);
        assert_eq!(zoomed.window(), Some((187_500, 437_500)));
        assert_eq!(
            zoomed.zoomed(0.01, 300.0).window(),
            None,
            "zooming out ends at the whole"
        );
    }

    #[test]
    fn the_shown_stretch_stays_within_the_trace() {
        let scale = Scale::new(1_000_000, Some((400_000, 600_000)), 500.0);
        assert_eq!(scale.panned(-10_000.0).window(), Some((0, 200_000)));
        assert_eq!(scale.panned(10_000.0).window(), Some((800_000, 1_000_000)));
        assert_eq!(Scale::new(100, Some((-50, 9_999)), 10.0).window(), None);
        assert_eq!(
            Scale::new(1_000_000, None, 500.0)
                .selected(100.0, 100.0)
                .window(),
            Some((200_000, 200_100))
        );
    }

    #[test]
    fn pixels_and_instants_are_inverse() {
        let scale = Scale::new(2_310_000_000, Some((40_000_000, 900_000_000)), 713.0);
        for nanos in [40_000_000, 123_456_789, 900_000_000] {
            assert!((scale.nanos_from_px(scale.px_from_nanos(nanos)) - nanos as f64).abs() < 1.0);
        }
    }
}
