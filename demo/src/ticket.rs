//! The ticket: one page of A5, drawn as vectors, with the booking in a QR code.

use pdf_writer::types::{LineCapStyle, TextRenderingMode};
use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str, TextStr};
use qrcodegen::{QrCode, QrCodeEcc, QrSegment, Version};

use crate::catalogue::{Day, Film, Seat};
use crate::font::{self, Font};
use crate::poster::{self, Color, Shape};

/// A5 upright, in points.
const PAGE_WIDTH: f32 = 419.53;
const PAGE_HEIGHT: f32 = 595.28;
const MARGIN: f32 = 32.0;
/// How much of the page the poster covers.
const POSTER_HEIGHT: f32 = 268.0;
/// Which part of the poster shows: the height, in poster units, that lies at the top edge.
const POSTER_FROM: f32 = 44.0;
/// Where the stub is torn off.
const PERFORATION: f32 = 388.0;
const CODE_SIZE: f32 = 118.0;

const PAPER: Color = Color(0xfb_f8_f2);
const INK: Color = Color(0x17_19_1d);
const MUTED: Color = Color(0x6d_67_5c);
const HAIR: Color = Color(0xcf_c7_b8);
const ACCENT: Color = Color(0xe0_48_1b);
const WHITE: Color = Color(0xff_ff_ff);

/// What is printed.
#[derive(Clone, Debug)]
pub struct Ticket {
    /// The cinema.
    pub cinema_name: &'static str,
    /// Where it is.
    pub cinema_address: &'static str,
    /// What is shown.
    pub film: Film,
    /// On which day.
    pub day: Day,
    /// The show time, `20:15`.
    pub time: String,
    /// The seat.
    pub seat: Seat,
    /// The booking's number.
    pub booking_id: String,
    /// The customer.
    pub name: String,
    /// The price in euro cents.
    pub amount_cents: i64,
    /// The end of the card's number.
    pub card_last4: String,
    /// The acquirer's reference.
    pub payment_reference: String,
    /// The trace that made the ticket, for whoever has a question about it.
    pub trace_id: String,
}

/// Renders the ticket as a PDF document.
///
/// # Panics
/// Panics where the booking does not fit into the largest QR code, which its validated fields cannot cause.
pub fn render(ticket: &Ticket) -> Vec<u8> {
    render_with_code_up_to(ticket, Version::MAX)
}

/// What the page's switch "crash" asks for: a printer that is set up for codes too small for any booking.
///
/// # Panics
/// Always.
pub fn print_on_broken_printer(ticket: &Ticket) -> Vec<u8> {
    render_with_code_up_to(ticket, Version::MIN)
}

fn render_with_code_up_to(ticket: &Ticket, max_version: Version) -> Vec<u8> {
    let code = code_of(ticket, max_version);
    let [catalog, pages, page, content, info, regular, bold, mono] =
        [1, 2, 3, 4, 5, 6, 7, 8].map(Ref::new);

    let mut pdf = Pdf::new();
    pdf.catalog(catalog)
        .pages(pages)
        .lang(TextStr("en"))
        .viewer_preferences()
        .insert(Name(b"DisplayDocTitle"))
        .primitive(true);
    pdf.pages(pages).kids([page]).count(1);
    let mut first = pdf.page(page);
    first
        .parent(pages)
        .media_box(Rect::new(0.0, 0.0, PAGE_WIDTH, PAGE_HEIGHT))
        .contents(content);
    let mut resources = first.resources();
    resources
        .fonts()
        .pair(Font::Regular.resource(), regular)
        .pair(Font::Bold.resource(), bold)
        .pair(Font::Mono.resource(), mono);
    resources.finish();
    first.finish();
    for (id, font) in [
        (regular, Font::Regular),
        (bold, Font::Bold),
        (mono, Font::Mono),
    ] {
        pdf.type1_font(id)
            .base_font(font.base_name())
            .encoding_predefined(Name(b"WinAnsiEncoding"));
    }
    pdf.stream(content, &draw(ticket, &code).finish());
    pdf.document_info(info)
        .title(TextStr(&format!(
            "Ticket {}: {}",
            ticket.booking_id, ticket.film.title
        )))
        .author(TextStr(ticket.cinema_name))
        .keywords(TextStr(&format!(
            "booking {} trace {}",
            ticket.booking_id, ticket.trace_id
        )))
        .producer(TextStr(concat!(
            env!("CARGO_PKG_NAME"),
            " ",
            env!("CARGO_PKG_VERSION")
        )));
    pdf.finish()
}

/// The booking as the scanner at the door reads it.
fn code_of(ticket: &Ticket, max_version: Version) -> QrCode {
    // Capitals, digits and colons alone pack eleven bits to two characters (ISO/IEC 18004 §7.4.4).
    let text = format!(
        "TICKET:{}:{}:{}:{}",
        ticket.booking_id, ticket.day, ticket.time, ticket.seat
    );
    let segments = QrSegment::make_segments(&text);
    let code = QrCode::encode_segments_advanced(
        &segments,
        QrCodeEcc::Medium,
        Version::MIN,
        max_version,
        None,
        true,
    );
    code.unwrap_or_else(|error| {
        panic!(
            "the code of booking {} cannot be printed: {error}",
            ticket.booking_id
        )
    })
}

fn draw(ticket: &Ticket, code: &QrCode) -> Content {
    let mut canvas = Canvas(Content::new());
    canvas.rect(PAPER, 0.0, 0.0, PAGE_WIDTH, PAGE_HEIGHT);
    canvas.poster(ticket.film);
    draw_head(&mut canvas, ticket);
    canvas.perforation();
    draw_stub(&mut canvas, ticket);
    canvas.code(code, PAGE_WIDTH - MARGIN - CODE_SIZE, PERFORATION + 28.0);
    canvas.0
}

fn draw_head(canvas: &mut Canvas, ticket: &Ticket) {
    let width = PAGE_WIDTH - 2.0 * MARGIN;
    let cinema = ticket.cinema_name.to_uppercase();
    canvas.text_spaced(
        Font::Bold,
        8.0,
        1.6,
        ACCENT,
        MARGIN,
        POSTER_HEIGHT + 30.0,
        &cinema,
    );
    let size = Font::Bold.size_that_fits(ticket.film.title, 30.0, width);
    canvas.text(
        Font::Bold,
        size,
        INK,
        MARGIN,
        POSTER_HEIGHT + 62.0,
        ticket.film.title,
    );
    let day = ticket.day.in_words();
    canvas.text(Font::Regular, 13.0, INK, MARGIN, POSTER_HEIGHT + 90.0, &day);
    let time_width = Font::Bold.width(&ticket.time, 22.0);
    let x = PAGE_WIDTH - MARGIN - time_width;
    canvas.text(Font::Bold, 22.0, INK, x, POSTER_HEIGHT + 92.0, &ticket.time);
}

fn draw_stub(canvas: &mut Canvas, ticket: &Ticket) {
    let top = PERFORATION + 36.0;
    let columns = [
        ("ROW", ticket.seat.row().to_string(), 0.0),
        ("SEAT", ticket.seat.number().to_string(), 58.0),
        ("HALL", ticket.seat.section().name.to_owned(), 116.0),
    ];
    for (label, value, x) in columns {
        canvas.field(label, Font::Bold, 24.0, MARGIN + x, top, &value);
    }
    canvas.field(
        "BOOKING",
        Font::Mono,
        15.0,
        MARGIN,
        top + 52.0,
        &ticket.booking_id,
    );
    let price = format!(
        "€{}.{:02}",
        ticket.amount_cents / 100,
        ticket.amount_cents % 100
    );
    canvas.field("PAID", Font::Bold, 14.0, MARGIN + 116.0, top + 52.0, &price);
    let width = PAGE_WIDTH - 3.0 * MARGIN - CODE_SIZE;
    let size = Font::Bold.size_that_fits(&ticket.name, 14.0, width);
    canvas.field("NAME", Font::Bold, size, MARGIN, top + 94.0, &ticket.name);

    let foot = PAGE_HEIGHT - 24.0;
    let payment = format!(
        "Card ending {}, reference {}. Doors open 20 minutes before the film.",
        ticket.card_last4, ticket.payment_reference
    );
    canvas.text(Font::Regular, 7.0, MUTED, MARGIN, foot - 10.0, &payment);
    let place = format!(
        "{}, {}. Questions? Tell us {}",
        ticket.cinema_name, ticket.cinema_address, ticket.trace_id
    );
    canvas.text(Font::Regular, 7.0, MUTED, MARGIN, foot, &place);
}

/// PDF content with the origin in the upper left corner.
struct Canvas(Content);

impl Canvas {
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

    /// The poster across the head of the page, in its own coordinates under a clip.
    fn poster(&mut self, film: Film) {
        let scale = PAGE_WIDTH / poster::WIDTH;
        self.0.save_state();
        self.0
            .rect(0.0, PAGE_HEIGHT - POSTER_HEIGHT, PAGE_WIDTH, POSTER_HEIGHT);
        self.0.clip_nonzero().end_path();
        let top = PAGE_HEIGHT + POSTER_FROM * scale;
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

    /// A dashed line between two half holes.
    fn perforation(&mut self) {
        let [red, green, blue] = HAIR.components();
        self.0.save_state();
        self.0
            .set_stroke_rgb(red, green, blue)
            .set_line_width(1.2)
            .set_line_cap(LineCapStyle::RoundCap)
            .set_dash_pattern([0.1, 5.0], 0.0)
            .move_to(18.0, PAGE_HEIGHT - PERFORATION)
            .line_to(PAGE_WIDTH - 18.0, PAGE_HEIGHT - PERFORATION)
            .stroke();
        self.0.restore_state();
        self.disc(WHITE, 0.0, PERFORATION, 9.0);
        self.disc(WHITE, PAGE_WIDTH, PERFORATION, 9.0);
    }

    fn code(&mut self, code: &QrCode, x: f32, y: f32) {
        // A quiet zone of four modules on white, ISO/IEC 18004 §6.3.8.
        const QUIET: i32 = 4;
        let module = CODE_SIZE / to_f32(code.size() + 2 * QUIET);
        self.rect(WHITE, x, y, CODE_SIZE, CODE_SIZE);
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

    fn field(&mut self, label: &str, font: Font, size: f32, x: f32, y: f32, value: &str) {
        self.text_spaced(Font::Bold, 6.5, 1.0, MUTED, x, y, label);
        self.text(font, size, INK, x, y + size.mul_add(0.8, 6.0), value);
    }

    fn text(&mut self, font: Font, size: f32, color: Color, x: f32, y: f32, text: &str) {
        self.text_spaced(font, size, 0.0, color, x, y, text);
    }

    #[expect(clippy::too_many_arguments, reason = "what PDF's text operators take")]
    fn text_spaced(
        &mut self,
        font: Font,
        size: f32,
        spacing: f32,
        color: Color,
        x: f32,
        y: f32,
        text: &str,
    ) {
        self.fill_color(color);
        self.0
            .begin_text()
            .set_text_rendering_mode(TextRenderingMode::Fill)
            .set_font(font.resource(), size)
            .set_char_spacing(spacing)
            .next_line(x, PAGE_HEIGHT - y)
            .show(Str(&font::win_ansi(text)))
            .end_text();
    }
}

/// Exact: a QR code has at most 177 modules a side.
fn to_f32(modules: i32) -> f32 {
    i16::try_from(modules).map_or(0.0, f32::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::FILMS;

    fn ticket(film: Film) -> Ticket {
        Ticket {
            cinema_name: "Kino Meridian",
            cinema_address: "12 Harbour Street",
            film,
            day: Day::parse("2026-11-22").expect("a day"),
            time: "20:15".to_owned(),
            seat: Seat::parse("C4").expect("a seat"),
            booking_id: "7K3M-9QXA".to_owned(),
            name: "Zoë Łukasiewicz".to_owned(),
            amount_cents: 1_150,
            card_last4: "4242".to_owned(),
            payment_reference: "ACQ-7K3M9QXA".to_owned(),
            trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".to_owned(),
        }
    }

    /// Follows the cross-reference table as a reader does (ISO 32000-1 §7.5).
    fn object_at_its_offset(pdf: &[u8], number: usize) -> String {
        let text = String::from_utf8_lossy(pdf).into_owned();
        let start = text.rfind("startxref").expect("startxref");
        let tail =
            String::from_utf8_lossy(&pdf[pdf.len() - (text.len() - start).min(64)..]).into_owned();
        let table: usize = tail
            .split("startxref")
            .nth(1)
            .and_then(|rest| rest.split_whitespace().next())
            .and_then(|number| number.parse().ok())
            .expect("the table's offset");
        // "xref\n0 N\n", then 20 bytes for each object.
        let rows = pdf[table..]
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte == b'\n')
            .nth(1)
            .map(|(at, _)| table + at + 1)
            .expect("rows");
        let row = &pdf[rows + 20 * number..rows + 20 * number + 10];
        let offset: usize = String::from_utf8_lossy(row).parse().expect("an offset");
        String::from_utf8_lossy(&pdf[offset..(offset + 200).min(pdf.len())]).into_owned()
    }

    #[test]
    fn is_a_pdf_of_one_a5_page() {
        for film in FILMS {
            let pdf = render(&ticket(film));
            assert!(pdf.starts_with(b"%PDF-1."));
            assert!(pdf.trim_ascii_end().ends_with(b"%%EOF"));
            let catalog = object_at_its_offset(&pdf, 1);
            assert!(
                catalog.starts_with("1 0 obj") && catalog.contains("/Catalog"),
                "{catalog}"
            );
            let pages = object_at_its_offset(&pdf, 2);
            assert!(pages.contains("/Count 1"), "{pages}");
            let page = object_at_its_offset(&pdf, 3);
            assert!(page.contains("/MediaBox [0 0 419.53 595.28]"), "{page}");
        }
    }

    #[test]
    fn prints_what_was_booked() {
        let pdf = render(&ticket(FILMS[1]));
        let text = String::from_utf8_lossy(&pdf);
        for expected in [
            "(Night Signal)",
            "(7K3M-9QXA)",
            "(20:15)",
            "(Stalls)",
            "(Sunday 22 November 2026)",
        ] {
            assert!(text.contains(expected), "{expected}");
        }
        // What is not ASCII is written in hexadecimal. WinAnsi: € is 80, ë is EB; Ł has no place there and becomes L.
        for expected in ["<8031312E3530>", "<5A6FEB204C756B617369657769637A>"] {
            assert!(text.contains(expected), "{expected}");
        }
    }

    #[test]
    #[should_panic(expected = "the code of booking 7K3M-9QXA cannot be printed")]
    fn broken_printer_panics() {
        print_on_broken_printer(&ticket(FILMS[0]));
    }
}
