//! The ticket: one page of A5, drawn as vectors, with the booking in a QR code.

use pdf_writer::{Finish, Name, Pdf, Rect, Ref, TextStr};
use qrcodegen::{QrCode, QrCodeEcc, QrSegment, Version};

use crate::canvas::{ACCENT, Canvas, MUTED, PAGE_HEIGHT, PAGE_WIDTH, Type};
use crate::catalogue::{Day, Film, Seat};
use crate::font::Font;

const MARGIN: f32 = 32.0;
/// How much of the page the poster covers.
const POSTER_HEIGHT: f32 = 268.0;
/// Which part of the poster shows: the height, in poster units, that lies at the top edge.
const POSTER_FROM: f32 = 44.0;
/// Where the stub is torn off.
const PERFORATION: f32 = 388.0;
const CODE_SIZE: f32 = 118.0;

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

fn draw(ticket: &Ticket, code: &QrCode) -> Canvas {
    let mut canvas = Canvas::new();
    canvas.poster(ticket.film, POSTER_HEIGHT, POSTER_FROM);
    draw_head(&mut canvas, ticket);
    canvas.perforation(PERFORATION);
    draw_stub(&mut canvas, ticket);
    let x = PAGE_WIDTH - MARGIN - CODE_SIZE;
    canvas.code(code, x, PERFORATION + 28.0, CODE_SIZE);
    canvas
}

fn draw_head(canvas: &mut Canvas, ticket: &Ticket) {
    let cinema = Type {
        spacing: 1.6,
        color: ACCENT,
        ..Type::ink(Font::Bold, 8.0)
    };
    canvas.text(
        cinema,
        MARGIN,
        POSTER_HEIGHT + 30.0,
        &ticket.cinema_name.to_uppercase(),
    );
    let width = PAGE_WIDTH - 2.0 * MARGIN;
    let size = Font::Bold.size_that_fits(ticket.film.title, 30.0, width);
    let title = Type::ink(Font::Bold, size);
    canvas.text(title, MARGIN, POSTER_HEIGHT + 62.0, ticket.film.title);
    let day = Type::ink(Font::Regular, 13.0);
    canvas.text(day, MARGIN, POSTER_HEIGHT + 90.0, &ticket.day.in_words());
    let time = Type::ink(Font::Bold, 22.0);
    let x = PAGE_WIDTH - MARGIN - time.font.width(&ticket.time, time.size);
    canvas.text(time, x, POSTER_HEIGHT + 92.0, &ticket.time);
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
    let small = Type {
        color: MUTED,
        ..Type::ink(Font::Regular, 7.0)
    };
    let payment = format!(
        "Card ending {}, reference {}. Doors open 20 minutes before the film.",
        ticket.card_last4, ticket.payment_reference
    );
    canvas.text(small, MARGIN, foot - 10.0, &payment);
    let place = format!(
        "{}, {}. Questions? Tell us {}",
        ticket.cinema_name, ticket.cinema_address, ticket.trace_id
    );
    canvas.text(small, MARGIN, foot, &place);
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
