//! The posters: flat shapes that the page gets as SVG and the ticket as PDF paths, so that both show the same picture.

use crate::catalogue::Film;

/// The width of every poster, in its own units.
pub const WIDTH: f32 = 300.0;
/// The height of every poster.
pub const HEIGHT: f32 = 400.0;

/// One flat shape; later ones cover earlier ones.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// A filled outline in SVG's path language, with the absolute commands `M`, `L`, `C` and `Z` only.
    Path(Color, &'static str),
    /// A disc: colour, centre, radius.
    Disc(Color, f32, f32, f32),
}

/// `0xRRGGBB` in sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Color(pub u32);

impl Color {
    /// Red, green and blue from 0 to 1.
    pub fn components(self) -> [f32; 3] {
        let [_, red, green, blue] = self.0.to_be_bytes();
        [red, green, blue].map(|component| f32::from(component) / 255.0)
    }
}

/// The film's poster.
pub fn shapes(film: Film) -> &'static [Shape] {
    match film.id {
        "the-long-way-home" => &LONG_WAY_HOME,
        "night-signal" => &NIGHT_SIGNAL,
        _ => &PAPER_MOONS,
    }
}

/// The film's poster as an SVG document.
pub fn svg(film: Film) -> String {
    let mut svg =
        format!("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\">");
    for shape in shapes(film) {
        svg.push_str(&match *shape {
            Shape::Path(color, path) => format!("<path fill=\"#{:06x}\" d=\"{path}\"/>", color.0),
            Shape::Disc(color, x, y, radius) => {
                format!(
                    "<circle fill=\"#{:06x}\" cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"/>",
                    color.0
                )
            }
        });
    }
    svg.push_str("</svg>");
    svg
}

const fn path(color: u32, path: &'static str) -> Shape {
    Shape::Path(Color(color), path)
}

const fn disc(color: u32, x: f32, y: f32, radius: f32) -> Shape {
    Shape::Disc(Color(color), x, y, radius)
}

/// A desert road into the evening sun.
static LONG_WAY_HOME: [Shape; 15] = [
    path(0xf6dcae, "M 0 0 L 300 0 L 300 400 L 0 400 Z"),
    path(0xf4cf97, "M 0 70 L 300 70 L 300 400 L 0 400 Z"),
    path(0xf1be7f, "M 0 128 L 300 128 L 300 400 L 0 400 Z"),
    disc(0xe2542a, 150.0, 158.0, 74.0),
    path(0xf1be7f, "M 60 166 L 240 166 L 240 170 L 60 170 Z"),
    path(0xf1be7f, "M 60 184 L 240 184 L 240 190 L 60 190 Z"),
    path(0xf1be7f, "M 60 203 L 240 203 L 240 211 L 60 211 Z"),
    path(
        0xc96a4b,
        "M 0 226 L 44 196 L 78 218 L 118 188 L 166 226 L 214 192 L 252 216 L 300 186 L 300 400 L 0 400 Z",
    ),
    path(
        0xa8473a,
        "M 0 240 C 60 222 110 250 160 236 C 210 222 250 240 300 226 L 300 400 L 0 400 Z",
    ),
    path(
        0x7a2f3a,
        "M 0 272 C 80 244 170 292 300 252 L 300 400 L 0 400 Z",
    ),
    path(
        0x56213a,
        "M 0 318 C 90 290 210 332 300 298 L 300 400 L 0 400 Z",
    ),
    path(
        0x35162b,
        "M 0 364 C 100 340 190 372 300 348 L 300 400 L 0 400 Z",
    ),
    path(
        0xf6dcae,
        "M 96 400 C 130 362 214 346 186 316 C 170 298 120 292 150 258 L 154 258 C 136 290 196 294 210 314 C 236 350 190 366 206 400 Z",
    ),
    path(
        0x35162b,
        "M 240 282 L 243 282 L 243 252 L 246 252 L 246 262 L 251 262 L 251 256 L 254 256 L 254 266 L 246 266 L 246 318 L 240 318 Z",
    ),
    path(
        0x35162b,
        "M 240 276 L 232 276 L 232 264 L 235 264 L 235 272 L 240 272 Z",
    ),
];

/// A lighthouse that sends more than light.
static NIGHT_SIGNAL: [Shape; 25] = [
    path(0x0d2636, "M 0 0 L 300 0 L 300 400 L 0 400 Z"),
    disc(0x113246, 206.0, 150.0, 168.0),
    disc(0x163f55, 206.0, 150.0, 128.0),
    disc(0x1d4f66, 206.0, 150.0, 90.0),
    disc(0x296479, 206.0, 150.0, 54.0),
    disc(0xf2e3b3, 36.0, 44.0, 1.8),
    disc(0xf2e3b3, 84.0, 78.0, 1.3),
    disc(0xf2e3b3, 128.0, 28.0, 1.6),
    disc(0xf2e3b3, 262.0, 46.0, 1.5),
    disc(0xf2e3b3, 22.0, 250.0, 1.3),
    disc(0xf2e3b3, 282.0, 236.0, 1.4),
    disc(0xf2e3b3, 70.0, 286.0, 1.2),
    path(0xe8d79a, "M 206 145 L 0 84 L 0 214 L 206 157 Z"),
    path(0xf6ecc4, "M 206 148 L 0 124 L 0 174 L 206 154 Z"),
    path(0xf4efe6, "M 193 168 L 219 168 L 230 338 L 182 338 Z"),
    path(0xd9472b, "M 190.4 205 L 221.4 205 L 224 245 L 187.8 245 Z"),
    path(0xd9472b, "M 185.2 285 L 226.6 285 L 229 325 L 182.8 325 Z"),
    path(0xf7c948, "M 196 140 L 216 140 L 216 164 L 196 164 Z"),
    path(0x08161f, "M 189 163 L 223 163 L 223 169 L 189 169 Z"),
    path(0xd9472b, "M 190 141 L 206 120 L 222 141 Z"),
    path(
        0x0a1e2b,
        "M 0 344 C 50 336 80 352 130 344 C 190 334 240 350 300 340 L 300 400 L 0 400 Z",
    ),
    path(
        0x050f16,
        "M 128 352 C 150 318 176 332 190 322 C 220 312 240 330 258 332 C 278 334 288 350 300 352 L 300 400 L 116 400 Z",
    ),
    path(
        0x296479,
        "M 14 362 C 34 358 46 366 66 362 L 66 364 C 46 368 34 360 14 364 Z",
    ),
    path(
        0x296479,
        "M 60 378 C 78 374 90 382 108 378 L 108 380 C 90 384 78 376 60 380 Z",
    ),
    path(
        0x296479,
        "M 8 388 C 20 385 30 391 42 388 L 42 390 C 30 393 20 387 8 390 Z",
    ),
];

/// Moons on strings over hills of cut paper.
static PAPER_MOONS: [Shape; 22] = [
    path(0x2b1e4a, "M 0 0 L 300 0 L 300 400 L 0 400 Z"),
    path(0x34265a, "M 0 0 L 300 0 L 300 210 C 220 250 90 190 0 238 Z"),
    path(0x8d79b8, "M 149.4 0 L 150.6 0 L 150.6 84 L 149.4 84 Z"),
    path(0x8d79b8, "M 39.4 0 L 40.6 0 L 40.6 82 L 39.4 82 Z"),
    path(0x8d79b8, "M 256.4 0 L 257.6 0 L 257.6 108 L 256.4 108 Z"),
    disc(0xf9e2b0, 150.0, 148.0, 64.0),
    disc(0xefcd88, 130.0, 128.0, 12.0),
    disc(0xefcd88, 172.0, 158.0, 17.0),
    disc(0xefcd88, 134.0, 178.0, 8.0),
    disc(0xefcd88, 166.0, 112.0, 6.0),
    disc(0xf2a78f, 44.0, 110.0, 30.0),
    disc(0x34265a, 56.0, 102.0, 27.0),
    disc(0xb98fd6, 252.0, 132.0, 26.0),
    disc(0x34265a, 243.0, 125.0, 23.0),
    disc(0xf9e2b0, 104.0, 44.0, 2.0),
    disc(0xf9e2b0, 204.0, 58.0, 2.4),
    disc(0xf9e2b0, 276.0, 40.0, 1.8),
    disc(0xf9e2b0, 24.0, 190.0, 1.8),
    path(
        0x6a4c93,
        "M 0 262 C 60 212 120 250 168 236 C 220 220 262 248 300 228 L 300 400 L 0 400 Z",
    ),
    path(
        0xa678bf,
        "M 0 300 C 70 262 130 300 190 280 C 240 264 270 290 300 276 L 300 400 L 0 400 Z",
    ),
    path(
        0xf2a78f,
        "M 0 340 C 60 312 150 344 210 322 C 250 308 280 330 300 322 L 300 400 L 0 400 Z",
    ),
    path(
        0xf9e2b0,
        "M 0 376 C 80 350 150 384 220 362 C 256 350 280 368 300 362 L 300 400 L 0 400 Z",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::FILMS;

    #[test]
    fn paths_use_only_what_a_pdf_can_draw() {
        for film in FILMS {
            for shape in shapes(film) {
                if let Shape::Path(_, path) = shape {
                    for token in path.split_whitespace() {
                        assert!(
                            matches!(token, "M" | "L" | "C" | "Z") || token.parse::<f32>().is_ok(),
                            "{token} in {}",
                            film.id
                        );
                    }
                }
            }
        }
    }
}
