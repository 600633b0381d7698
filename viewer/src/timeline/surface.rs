//! What the timeline is drawn on, and in which colours.

use super::line::Point;
use crate::palette::NEUTRAL;

/// A rectangle in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rect {
    /// Its left edge.
    pub x: f64,
    /// Its top edge.
    pub y: f64,
    /// Its width.
    pub width: f64,
    /// Its height.
    pub height: f64,
}

/// The weight of a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Running text.
    Regular,
    /// Figures.
    Strong,
}

/// What can be drawn on; colours are CSS colours.
pub trait Surface {
    /// Fills a rectangle with rounded corners.
    fn fill(&mut self, rect: Rect, radius: f64, color: &str);
    /// Draws the edge of a rectangle, inside it.
    fn edge(&mut self, rect: Rect, radius: f64, width: f64, color: &str);
    /// Fills a rectangle with diagonal strokes; `strength` from 0 to 1 is how much they stand out.
    fn hatch(&mut self, rect: Rect, color: &str, strength: f64);
    /// Draws a stroke through points, its corners rounded.
    fn stroke(&mut self, points: &[Point], width: f64, color: &str);
    /// Fills a circle.
    fn dot(&mut self, center: Point, radius: f64, color: &str);
    /// Writes a text from its left end on the baseline, with a halo.
    fn text(&mut self, at: Point, text: &str, weight: Weight, color: &str, halo: &str);
    /// How wide a text is.
    fn text_width(&mut self, text: &str, weight: Weight) -> f64;
}

/// The colours of a theme.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Theme {
    /// The ground of the timeline.
    pub panel: String,
    /// The ground of the selected row.
    pub select: String,
    /// Grid lines.
    pub hair: String,
    /// Figures.
    pub ink: String,
    /// Words beside figures.
    pub ink_2: String,
    /// The critical path.
    pub line: String,
    /// Failures.
    pub error: String,
    /// What is wasteful or odd.
    pub warn: String,
    /// Lightness of services in OKLCH, such as `62%`.
    pub service_lightness: String,
    /// Chroma of services in OKLCH.
    pub service_chroma: String,
}

impl Theme {
    /// The colour of a service or of a value; grey for [`NEUTRAL`].
    #[must_use]
    pub fn service(&self, hue: u16, alpha: f64) -> String {
        let chroma = if hue == NEUTRAL {
            "0"
        } else {
            &self.service_chroma
        };
        format!("oklch({} {chroma} {hue} / {alpha})", self.service_lightness)
    }
}
