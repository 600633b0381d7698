//! What a ticket is drawn with: shapes, posters, text and QR codes as PDF operators, on one A5 page.

use pdf_writer::types::LineCapStyle;
use pdf_writer::{Content, Str};
use qrcodegen::QrCode;

use crate::catalogue::Film;
use crate::font::{self, Font};
use crate::poster::{self, Color, Shape};

/// A5 upright, in points.
pub const PAGE_WIDTH: f32 = 419.53;
/// The height of the page.
pub const PAGE_HEIGHT: f32 = 595.28;

/// The ticket's own colour.
pub const PAPER: Color = Color(0xfb_f8_f2);
/// Of text.
pub const INK: Color = Color(0x17_19_1d);
/// Of labels and small print.
pub const MUTED: Color = Color(0x6d_67_5c);
/// Of the cinema's name.
pub const ACCENT: Color = Color(0xe0_48_1b);
const HAIR: Color = Color(0xcf_c7_b8);
const WHITE: Color = Color(0xff_ff_ff);

/// How text looks.
#[derive(Clone, Copy, Debug)]
pub struct Type {
    /// The font.
    pub font: Font,
    /// The size in points.
    pub size: f32,
    /// What is added between letters, in points.
    pub spacing: f32,
    /// The colour.
    pub color: Color,
}

impl Type {
    /// Black text without extra space.
    pub fn ink(font: Font, size: f32) -> Self {
        Self {
            font,
            size,
            spacing: 0.0,
            color: INK,
        }
    }
}

/// The page's content, with the origin in its upper left corner.
pub struct Canvas(Content);

impl Canvas {
    /// An empty page of ticket paper.
    pub fn new() -> Self {
        let mut canvas = Self(Content::new());
        canvas.rect(PAPER, 0.0, 0.0, PAGE_WIDTH, PAGE_HEIGHT);
        canvas
    }

    /// The content stream.
    pub fn finish(self) -> pdf_writer::Buf {
        self.0.finish()
    }

    fn fill_color(&mut self, color: Color) {
        let [red, green, blue] = color.components();
        self.0.set_fill_rgb(red, green, blue);
    }

    fn rect(&mut self, color: Color, x: f32, y: f32, width: f32, height: f32) {
        self.fill_color(color);
        self.0
            .rect(x, PAGE_HEIGHT - y - height, width, height)
            .fill_nonzero();
    }

    fn disc(&mut self, color: Color, x: f32, y: f32, radius: f32) {
        self.fill_color(color);
        self.disc_path(x, PAGE_HEIGHT - y, radius);
        self.0.fill_nonzero();
    }

    /// Four Bézier curves; `4/3 (√2 − 1)` makes the best circle of them.
    fn disc_path(&mut self, x: f32, y: f32, radius: f32) {
        let handle = radius * 0.552_284_8;
        self.0.move_to(x + radius, y);
        self.0.cubic_to(
            x + radius,
            y + handle,
            x + handle,
            y + radius,
            x,
            y + radius,
        );
        self.0.cubic_to(
            x - handle,
            y + radius,
            x - radius,
            y + handle,
            x - radius,
            y,
        );
        self.0.cubic_to(
            x - radius,
            y - handle,
            x - handle,
            y - radius,
            x,
            y - radius,
        );
        self.0.cubic_to(
            x + handle,
            y - radius,
            x + radius,
            y - handle,
            x + radius,
            y,
        );
        self.0.close_path();
    }

    /// The poster across the upper `height` of the page, from the poster's own height `from` on.
    pub fn poster(&mut self, film: Film, height: f32, from: f32) {
        let scale = PAGE_WIDTH / poster::WIDTH;
        self.0.save_state();
        self.0.rect(0.0, PAGE_HEIGHT - height, PAGE_WIDTH, height);
        self.0.clip_nonzero().end_path();
        let top = PAGE_HEIGHT + from * scale;
        self.0.transform([scale, 0.0, 0.0, -scale, 0.0, top]);
        for shape in poster::shapes(film) {
            match *shape {
                Shape::Path(color, path) => {
                    self.fill_color(color);
                    self.svg_path(path);
                }
                Shape::Disc(color, x, y, radius) => {
                    self.fill_color(color);
                    self.disc_path(x, y, radius);
                }
            }
            self.0.fill_nonzero();
        }
        self.0.restore_state();
    }

    fn svg_path(&mut self, path: &str) {
        let mut tokens = path.split_whitespace();
        while let Some(command) = tokens.next() {
            let mut next = || {
                tokens
                    .next()
                    .and_then(|token| token.parse().ok())
                    .unwrap_or(0.0)
            };
            match command {
                "M" => self.0.move_to(next(), next()),
                "L" => self.0.line_to(next(), next()),
                "C" => self
                    .0
                    .cubic_to(next(), next(), next(), next(), next(), next()),
                _ => self.0.close_path(),
            };
        }
    }

    /// A dotted line between two half holes.
    pub fn perforation(&mut self, y: f32) {
        let [red, green, blue] = HAIR.components();
        self.0.save_state();
        self.0
            .set_stroke_rgb(red, green, blue)
            .set_line_width(1.2)
            .set_line_cap(LineCapStyle::RoundCap)
            .set_dash_pattern([0.1, 5.0], 0.0)
            .move_to(18.0, PAGE_HEIGHT - y)
            .line_to(PAGE_WIDTH - 18.0, PAGE_HEIGHT - y)
            .stroke();
        self.0.restore_state();
        self.disc(WHITE, 0.0, y, 9.0);
        self.disc(WHITE, PAGE_WIDTH, y, 9.0);
    }

    /// A QR code on white.
    pub fn code(&mut self, code: &QrCode, x: f32, y: f32, size: f32) {
        // A quiet zone of four modules on white, ISO/IEC 18004 §6.3.8.
        const QUIET: i32 = 4;
        let module = size / to_f32(code.size() + 2 * QUIET);
        self.rect(WHITE, x, y, size, size);
        self.fill_color(INK);
        for row in 0..code.size() {
            for column in 0..code.size() {
                if code.get_module(column, row) {
                    let left = x + to_f32(column + QUIET) * module;
                    let bottom = PAGE_HEIGHT - y - to_f32(row + QUIET + 1) * module;
                    self.0.rect(left, bottom, module, module);
                }
            }
        }
        // One fill for all modules leaves no seams between neighbours.
        self.0.fill_nonzero();
    }

    /// A value under its label.
    pub fn field(&mut self, label: &str, font: Font, size: f32, x: f32, y: f32, value: &str) {
        let small = Type {
            font: Font::Bold,
            size: 6.5,
            spacing: 1.0,
            color: MUTED,
        };
        self.text(small, x, y, label);
        self.text(Type::ink(font, size), x, y + size.mul_add(0.8, 6.0), value);
    }

    /// Text whose baseline begins at `x`, `y`.
    pub fn text(&mut self, style: Type, x: f32, y: f32, text: &str) {
        self.fill_color(style.color);
        self.0
            .begin_text()
            .set_font(style.font.resource(), style.size)
            .set_char_spacing(style.spacing)
            .next_line(x, PAGE_HEIGHT - y)
            .show(Str(&font::win_ansi(text)))
            .end_text();
    }
}

/// Exact: a QR code has at most 177 modules a side.
fn to_f32(modules: i32) -> f32 {
    i16::try_from(modules).map_or(0.0, f32::from)
}
