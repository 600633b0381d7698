//! A 2D canvas as a surface.

use std::f64::consts::TAU;

use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use super::line::Point;
use super::surface::{Rect, Surface, Weight};

/// How far a corner of the line is rounded.
const CORNER: f64 = 5.0;
/// Between two strokes of a hatch, along the horizontal.
const HATCH: f64 = 7.0;

/// A 2D canvas with the fonts of its labels.
#[derive(Debug)]
pub struct CanvasSurface {
    context: CanvasRenderingContext2d,
    regular: String,
    strong: String,
    /// What fills are done in: a browser reads a colour anew whenever it is set.
    filled_with: String,
}

impl CanvasSurface {
    /// Draws on `canvas`, which becomes empty and this large in CSS pixels, as fine as the screen is.
    #[must_use]
    pub fn over(canvas: &HtmlCanvasElement, width: f64, height: f64, family: &str) -> Option<Self> {
        let density = web_sys::window()?.device_pixel_ratio().clamp(1.0, 3.0);
        let pixels = |length: f64| (length * density).round() as u32;
        // Assigning a size clears the canvas, and costs even where it is the same.
        if (canvas.width(), canvas.height()) != (pixels(width), pixels(height)) {
            canvas.set_width(pixels(width));
            canvas.set_height(pixels(height));
        }
        let context = canvas
            .get_context("2d")
            .ok()??
            .dyn_into::<CanvasRenderingContext2d>()
            .ok()?;
        context
            .set_transform(density, 0.0, 0.0, density, 0.0, 0.0)
            .ok()?;
        context.clear_rect(0.0, 0.0, width, height);
        Some(Self::new(context, family))
    }

    /// Draws on a part of `canvas` as large as it is: `origin` is where that begins, `density` how many of the canvas's
    /// pixels make one.
    #[must_use]
    pub fn part(
        canvas: &HtmlCanvasElement,
        (left, top): (f64, f64),
        density: f64,
        family: &str,
    ) -> Option<Self> {
        let context = canvas
            .get_context("2d")
            .ok()??
            .dyn_into::<CanvasRenderingContext2d>()
            .ok()?;
        context
            .set_transform(density, 0.0, 0.0, density, left * density, top * density)
            .ok()?;
        Some(Self::new(context, family))
    }

    /// Draws on `context`, labels in `family`.
    fn new(context: CanvasRenderingContext2d, family: &str) -> Self {
        context.set_line_join("round");
        context.set_line_cap("round");
        Self {
            context,
            regular: format!("400 12px {family}"),
            strong: format!("600 12px {family}"),
            filled_with: String::new(),
        }
    }

    fn fill_with(&mut self, color: &str) {
        if self.filled_with != color {
            self.context.set_fill_style_str(color);
            color.clone_into(&mut self.filled_with);
        }
    }

    fn path(&self, rect: Rect, radius: f64) {
        self.context.begin_path();
        if radius <= 0.0
            || self
                .context
                .round_rect_with_f64(rect.x, rect.y, rect.width, rect.height, radius)
                .is_err()
        {
            self.context.rect(rect.x, rect.y, rect.width, rect.height);
        }
    }

    fn set_font(&self, weight: Weight) {
        self.context.set_font(match weight {
            Weight::Regular => &self.regular,
            Weight::Strong => &self.strong,
        });
    }
}

impl Surface for CanvasSurface {
    fn fill(&mut self, rect: Rect, radius: f64, color: &str) {
        self.fill_with(color);
        if radius <= 0.0 {
            self.context
                .fill_rect(rect.x, rect.y, rect.width, rect.height);
        } else {
            self.path(rect, radius);
            self.context.fill();
        }
    }

    fn edge(&mut self, rect: Rect, radius: f64, width: f64, color: &str) {
        let half = width / 2.0;
        let inner = Rect {
            x: rect.x + half,
            y: rect.y + half,
            width: (rect.width - width).max(0.5),
            height: (rect.height - width).max(0.5),
        };
        self.context.set_stroke_style_str(color);
        self.context.set_line_width(width);
        self.path(inner, (radius - half).max(0.0));
        self.context.stroke();
    }

    fn hatch(&mut self, rect: Rect, color: &str, strength: f64) {
        self.context.save();
        self.path(rect, 3.0_f64.min(rect.width / 2.0));
        self.context.clip();
        self.context.set_fill_style_str(color);
        self.context.set_global_alpha(0.14 * strength);
        self.context
            .fill_rect(rect.x, rect.y, rect.width, rect.height);
        self.context.set_global_alpha(0.9 * strength);
        self.context.set_stroke_style_str(color);
        self.context.set_line_width(1.75);
        self.context.begin_path();
        // The strokes lie on a grid of the page, so that neighbouring bars join and zooming does not make them swim.
        let mut x = ((rect.x - rect.height) / HATCH).floor() * HATCH;
        while x < rect.x + rect.width {
            self.context.move_to(x, rect.y + rect.height);
            self.context.line_to(x + rect.height, rect.y);
            x += HATCH;
        }
        self.context.stroke();
        self.context.restore();
    }

    fn stroke(&mut self, points: &[Point], width: f64, color: &str) {
        let [first, middle @ .., last] = points else {
            return;
        };
        self.context.set_stroke_style_str(color);
        self.context.set_line_width(width);
        self.context.begin_path();
        self.context.move_to(first.x, first.y);
        let mut before = first;
        for (index, corner) in middle.iter().enumerate() {
            let after = middle.get(index + 1).unwrap_or(last);
            let half = |a: &Point, b: &Point| ((a.x - b.x).abs() + (a.y - b.y).abs()) / 2.0;
            let radius = CORNER.min(half(before, corner)).min(half(corner, after));
            // An arc with a radius of 0 is a straight line to the corner.
            if self
                .context
                .arc_to(corner.x, corner.y, after.x, after.y, radius)
                .is_err()
            {
                self.context.line_to(corner.x, corner.y);
            }
            before = corner;
        }
        self.context.line_to(last.x, last.y);
        self.context.stroke();
    }

    fn dot(&mut self, center: Point, radius: f64, color: &str) {
        self.fill_with(color);
        self.context.begin_path();
        if self
            .context
            .arc(center.x, center.y, radius, 0.0, TAU)
            .is_ok()
        {
            self.context.fill();
        }
    }

    fn text(&mut self, at: Point, text: &str, weight: Weight, color: &str, halo: &str) {
        self.set_font(weight);
        if !halo.is_empty() {
            self.context.set_stroke_style_str(halo);
            self.context.set_line_width(4.0);
            let _ = self.context.stroke_text(text, at.x, at.y);
        }
        self.fill_with(color);
        // Drawing a text fails on no canvas that has given a context.
        let _ = self.context.fill_text(text, at.x, at.y);
    }

    fn text_width(&mut self, text: &str, weight: Weight) -> f64 {
        self.set_font(weight);
        self.context
            .measure_text(text)
            .map_or(text.chars().count() as f64 * 7.0, |metrics| metrics.width())
    }
}
