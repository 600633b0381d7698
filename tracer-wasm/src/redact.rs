//! What must not leave the page: values of queries, e-mail addresses, card numbers, tokens.
//!
//! Credentials in a URL stand in front of its host, which `URL.origin` leaves out before a URL gets here.
//!
//! Keys of a query stay, its values do not. A fragment stays only where it is a route (`#/films`). The rules look at
//! characters alone, so they err on the side of hiding.

use alloc::string::String;

/// What stands for something hidden, as OpenTelemetry's conventions for `url.full` have it.
pub const REDACTED: &str = "REDACTED";

/// From this length on, letters mixed with digits are a token.
const TOKEN_LENGTH: usize = 16;
/// Card numbers have so many digits (ISO/IEC 7812).
const CARD_DIGITS: core::ops::RangeInclusive<usize> = 13..=19;

/// A longer segment of a path is no word of a route.
const LONGEST_SEGMENT: usize = 64;

/// A URL without its origin, redacted, in the parts that spans need.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// The path.
    pub path: String,
    /// The query and the fragment with the characters that introduce them.
    pub rest: String,
    /// The path with `{id}` for what looks like an identifier: a name of few different values.
    pub route: String,
}

/// Redacts what follows the origin in a URL: path, query and fragment.
#[must_use]
pub fn address(raw: &str) -> Address {
    let (raw, fragment) = split(raw, b'#');
    let (path, query) = split(raw, b'?');
    let mut address = Address::default();
    let mut segments = path;
    loop {
        let (segment, after) = split(segments, b'/');
        push_text(segment, &mut address.path);
        address
            .route
            .push_str(if is_id(segment) { "{id}" } else { segment });
        if segment.len() == segments.len() {
            break;
        }
        address.path.push('/');
        address.route.push('/');
        segments = after;
    }
    push_query(query, &mut address.rest);
    if fragment.starts_with(['/', '!']) {
        address.rest.push('#');
        push_text(split(fragment, b'?').0, &mut address.rest);
    }
    address
}

fn push_query(query: &str, out: &mut String) {
    let mut rest = query;
    let mut separator = '?';
    while !rest.is_empty() {
        let (pair, after) = split(rest, b'&');
        rest = after;
        out.push(separator);
        separator = '&';
        let (key, value) = split(pair, b'=');
        if key.len() == pair.len() {
            // A query without `=` is all value.
            out.push_str(REDACTED);
            continue;
        }
        push_text(key, out);
        out.push('=');
        if !value.is_empty() {
            out.push_str(REDACTED);
        }
    }
}

/// Redacts e-mail addresses, card numbers and tokens in any text.
#[must_use]
pub fn text(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    push_text(raw, &mut out);
    out
}

#[inline(never)]
fn push_text(raw: &str, out: &mut String) {
    let mut rest = raw;
    while !rest.is_empty() {
        let other = rest.bytes().position(is_word).unwrap_or(rest.len());
        let (plain, words) = split_at(rest, other);
        out.push_str(plain);
        let card = card_length(words);
        let length = if card > 0 { card } else { word_length(words) };
        let (word, after) = split_at(words, length);
        out.push_str(if card > 0 || is_secret(word) {
            REDACTED
        } else {
            word
        });
        rest = after;
    }
}

/// What stands before and after the first `separator`; all, and nothing, where there is none.
#[inline(never)]
#[must_use]
pub fn split(text: &str, separator: u8) -> (&str, &str) {
    match text.bytes().position(|byte| byte == separator) {
        Some(place) => (split_at(text, place).0, split_at(text, place + 1).1),
        None => (text, ""),
    }
}

/// `str::split_at` without the code for a panic; every place here is next to an ASCII character.
#[inline(never)]
fn split_at(text: &str, place: usize) -> (&str, &str) {
    text.split_at_checked(place).unwrap_or((text, ""))
}

/// The characters that an address or a token is made of.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'%' | b'+' | b'-' | b'@')
}

/// The length of the run of such characters at the start of `text`.
fn word_length(text: &str) -> usize {
    text.bytes()
        .position(|byte| !is_word(byte))
        .unwrap_or(text.len())
}

/// The length of a card number at the start of `text`, its groups divided by single blanks or hyphens; 0 for none.
fn card_length(text: &str) -> usize {
    // The number is read from its left, but Luhn's check doubles from its right: both ways are summed up.
    let mut digits = 0;
    let mut sums = [0, 0];
    let mut length = 0;
    let mut blank = true;
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            b'0'..=b'9' => {
                let digit = u32::from(byte - b'0');
                sums[digits % 2] += digit;
                sums[(digits + 1) % 2] += digit * 2 / 10 + digit * 2 % 10;
                digits += 1;
                length = place + 1;
                blank = false;
            }
            b' ' | b'-' if !blank => blank = true,
            _ => break,
        }
    }
    // The last digit is not doubled.
    let sum = sums[(digits + 1) % 2];
    if CARD_DIGITS.contains(&digits) && sum % 10 == 0 {
        length
    } else {
        0
    }
}

fn is_secret(word: &str) -> bool {
    is_address(word) || {
        let mut run = 0;
        let (mut letter, mut digit) = (false, false);
        word.bytes().any(|byte| {
            if byte.is_ascii_alphanumeric() {
                run += 1;
                letter |= byte.is_ascii_alphabetic();
                digit |= byte.is_ascii_digit();
            } else {
                run = 0;
                (letter, digit) = (false, false);
            }
            run >= TOKEN_LENGTH && letter && digit
        })
    }
}

/// Whether the word is an e-mail address; in a URL its `@` may be escaped.
fn is_address(word: &str) -> bool {
    let bytes = word.as_bytes();
    let at = bytes.iter().position(|byte| *byte == b'@');
    let at = at.or_else(|| bytes.windows(3).position(|three| three == b"%40"));
    at.is_some_and(|at| at > 0 && bytes.iter().skip(at).any(|byte| *byte == b'.'))
}

/// Whether a segment of a path is an identifier: a number, a UUID, a hash, `b-20418`, or anything secret.
fn is_id(segment: &str) -> bool {
    let (stem, _) = split(segment, b'.');
    let digits = stem.bytes().filter(u8::is_ascii_digit).count();
    let hexadecimal = stem.len() >= 8
        && stem
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    (digits > 0 && (digits == stem.len() || hexadecimal))
        || (digits >= 3 && digits * 2 >= stem.len())
        || is_secret(segment)
        || !segment.is_ascii()
        || segment.len() > LONGEST_SEGMENT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hides_what_a_url_may_carry() {
        for (raw, redacted, reason) in [
            ("/films", "/films", "nothing to hide"),
            (
                "/s?q=red+dress&page=2",
                "/s?q=REDACTED&page=REDACTED",
                "values of the query",
            ),
            ("/s?secret", "/s?REDACTED", "a query that is all value"),
            ("/s?a=&b", "/s?a=&REDACTED", "an empty value"),
            (
                "/s?a@example.org=1",
                "/s?REDACTED=REDACTED",
                "an address as a key",
            ),
            ("/u/ann@example.org/x", "/u/REDACTED/x", "an e-mail address"),
            (
                "/u/ann%40example.org",
                "/u/REDACTED",
                "an escaped e-mail address",
            ),
            ("/pay/4111111111111111", "/pay/REDACTED", "a card number"),
            ("/r/eyJhbGciOiJIUzI1NiJ9.e30.x", "/r/REDACTED", "a token"),
            ("/cb#access_token=abc", "/cb", "a fragment with a token"),
            ("/#/films?x=1", "/#/films", "a route in the fragment"),
            (
                "/order/b-20418",
                "/order/b-20418",
                "an order's number is kept",
            ),
        ] {
            let address = address(raw);
            assert_eq!(address.path + &address.rest, redacted, "{reason}");
        }
    }

    #[test]
    fn names_a_route_without_its_identifiers() {
        for (path, route) in [
            ("/api/bookings", "/api/bookings"),
            ("/api/bookings/42", "/api/bookings/{id}"),
            ("/t/b-20418.pdf", "/t/{id}"),
            ("/u/123e4567-e89b-12d3-a456-426614174000/x", "/u/{id}/x"),
            ("/v1/oauth2/token", "/v1/oauth2/token"),
            ("/static/defaced", "/static/defaced"),
            ("/", "/"),
        ] {
            assert_eq!(address(path).route, route, "{path}");
        }
    }

    #[test]
    fn hides_secrets_in_any_text() {
        for (raw, redacted) in [
            ("Book Now", "Book Now"),
            ("Pay with 4111 1111 1111 1111 now", "Pay with REDACTED now"),
            ("mail ann.lee+x@example.co.uk!", "mail REDACTED!"),
            ("Order 1234 5678", "Order 1234 5678"),
            ("Straße 7", "Straße 7"),
        ] {
            assert_eq!(text(raw), redacted);
        }
    }

    proptest::proptest! {
        #[test]
        fn takes_any_text(raw in ".*") {
            let _ = address(&raw);
            let _ = text(&raw);
        }

        #[test]
        fn never_shows_a_value_of_a_query(value in "[a-zA-Z0-9%+._~-]{1,40}") {
            let raw = std::format!("/x?key={value}");
            proptest::prop_assert_eq!(address(&raw).rest, "?key=REDACTED");
        }
    }
}
