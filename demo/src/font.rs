//! The fonts that every PDF reader has, their widths, and their encoding (ISO 32000-1 annex D).

use pdf_writer::Name;

/// Three of PDF's standard fonts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Font {
    /// Helvetica.
    Regular,
    /// Helvetica Bold.
    Bold,
    /// Courier Bold.
    Mono,
}

/// Widths of the characters from U+0020 to U+007E in thousandths of the size, from Adobe's font metrics.
const REGULAR: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];
const BOLD: [u16; 95] = [
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611, 975, 722, 722, 722, 722, 667,
    611, 778, 722, 278, 556, 722, 611, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
    667, 611, 333, 278, 333, 584, 556, 333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556,
    278, 889, 611, 611, 611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584,
];
/// Of every character of Courier.
const MONO: u16 = 600;
/// Of a letter with an accent; wide enough for the widest.
const OTHER: u16 = 778;

impl Font {
    /// The font's name in the page's resources.
    pub fn resource(self) -> Name<'static> {
        Name(match self {
            Self::Regular => b"Regular",
            Self::Bold => b"Bold",
            Self::Mono => b"Mono",
        })
    }

    /// The font's name in every reader.
    pub fn base_name(self) -> Name<'static> {
        Name(match self {
            Self::Regular => b"Helvetica",
            Self::Bold => b"Helvetica-Bold",
            Self::Mono => b"Courier-Bold",
        })
    }

    /// How wide `text` is at `size`, in points.
    pub fn width(self, text: &str, size: f32) -> f32 {
        let thousandths: f32 = win_ansi(text)
            .into_iter()
            .map(|byte| f32::from(self.advance(byte)))
            .sum();
        thousandths * size / 1_000.0
    }

    /// The size, at most `size`, at which `text` is at most `width` wide.
    pub fn size_that_fits(self, text: &str, size: f32, width: f32) -> f32 {
        size.min(size * width / self.width(text, size).max(1.0))
    }

    fn advance(self, byte: u8) -> u16 {
        let index = usize::from(byte.wrapping_sub(0x20));
        match self {
            Self::Regular => REGULAR.get(index).copied().unwrap_or(OTHER),
            Self::Bold => BOLD.get(index).copied().unwrap_or(OTHER),
            Self::Mono => MONO,
        }
    }
}

/// `text` in WinAnsi. What that cannot say loses its accent, and what is left over becomes `?`.
pub fn win_ansi(text: &str) -> Vec<u8> {
    text.chars()
        .map(|character| match character {
            ' '..='~' | '\u{a0}'..='\u{ff}' => u8::try_from(u32::from(character)).unwrap_or(b'?'),
            '€' => 0x80,
            '‘' => 0x91,
            '’' => 0x92,
            '“' => 0x93,
            '”' => 0x94,
            '–' => 0x96,
            '—' => 0x97,
            'Š' => 0x8a,
            'š' => 0x9a,
            'Œ' => 0x8c,
            'œ' => 0x9c,
            'Ž' => 0x8e,
            'ž' => 0x9e,
            'Ÿ' => 0x9f,
            other => base_letter(other),
        })
        .collect()
}

/// The letter under the accent, for Latin Extended-A (U+0100 to U+017F).
fn base_letter(character: char) -> u8 {
    const BASES: &[u8; 128] = b"AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIiIiJjKkkLlLlLlLlLlNnNnNnnNnOoOoOoOoRrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzs";
    let index = u32::from(character)
        .checked_sub(0x100)
        .and_then(|index| usize::try_from(index).ok());
    index
        .and_then(|index| BASES.get(index))
        .copied()
        .unwrap_or(b'?')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_what_the_fonts_have() {
        for (text, expected) in [
            ("Ada", &b"Ada"[..]),
            ("Zoë", b"Zo\xeb"),
            ("€5", b"\x805"),
            ("Łukasz Žižek", b"Lukasz \x8ei\x9eek"),
            ("Őze Şahin Ñu", b"Oze Sahin \xd1u"),
            ("Čapek Řehoř ſ", b"Capek Rehor s"),
            ("渡辺", b"??"),
        ] {
            assert_eq!(win_ansi(text), expected, "{text}");
        }
    }

    #[test]
    fn shrinks_only_what_is_too_wide() {
        assert_eq!(Font::Bold.size_that_fits("Ada", 14.0, 200.0), 14.0);
        let name = "W".repeat(60);
        let size = Font::Bold.size_that_fits(&name, 14.0, 200.0);
        assert!((Font::Bold.width(&name, size) - 200.0).abs() < 0.5);
        assert!((Font::Mono.width("7K3M-9QXA", 10.0) - 54.0).abs() < 0.01);
    }
}
