//! What must not leave the page: values of queries, user info, e-mail addresses, card, account and phone numbers, tokens.
//!
//! Keys of a query stay, its values do not. A fragment stays only where it is a route (`#/films`). The rules look at
//! characters alone, so they err on the side of hiding. Invariant: a second time changes nothing, unless what was
//! hidden stood where user info may (`://`): then more of that is hidden, once.

// `String::push` brings the code for every Unicode character.
#![allow(clippy::single_char_add_str)]

use alloc::string::String;

/// What stands for something hidden, as OpenTelemetry's conventions for `url.full` have it.
pub const REDACTED: &str = "REDACTED";

/// From this length on, letters and digits with a digit among them are a token.
const TOKEN_LENGTH: usize = 16;
/// So long is what looks random without a digit as well, and what looks random in a path.
const RANDOM_TOKEN_LENGTH: usize = 20;
const RANDOM_ID_LENGTH: usize = 8;
/// Card numbers have so many digits (ISO/IEC 7812), international phone numbers so many (E.164).
const CARD_DIGITS: core::ops::RangeInclusive<usize> = 13..=19;
const PHONE_DIGITS: core::ops::RangeInclusive<usize> = 8..=15;
/// An account number has more digits than so many (ISO 13616).
const ACCOUNT_DIGITS: core::ops::RangeInclusive<usize> = 10..=34;
/// A shorter group of digits within a number is part of a date or a version.
const SHORTEST_GROUP: usize = 3;
/// So many bytes may divide the groups of a number: `1111 - 2222`, or one character beyond ASCII.
const LONGEST_GAP: usize = 3;

/// A longer segment of a path is no word of a route, and neither is one with so many digits.
const LONGEST_SEGMENT: usize = 64;
const ID_DIGITS: usize = 4;

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
        push_pair(segment, &mut address.path);
        address
            .route
            .push_str(if is_id(segment) { "{id}" } else { segment });
        if segment.len() == segments.len() {
            break;
        }
        address.path.push_str("/");
        address.route.push_str("/");
        segments = after;
    }
    push_query(query, &mut address.rest);
    if matches!(at(fragment, 0), b'/' | b'!') {
        address.rest.push_str("#");
        push_text(split(fragment, b'?').0, &mut address.rest);
    }
    address
}

fn push_query(query: &str, out: &mut String) {
    let mut rest = query;
    let mut separator = "?";
    while !rest.is_empty() {
        let (pair, after) = split(rest, b'&');
        rest = after;
        out.push_str(separator);
        separator = "&";
        if pair.bytes().any(|byte| byte == b'=') {
            push_pair(pair, out);
        } else {
            // A query without `=` is all value.
            out.push_str(REDACTED);
        }
    }
}

/// A key with its value hidden, or a text; also a segment of a path (`cart;jsessionid=1`).
fn push_pair(pair: &str, out: &mut String) {
    let (key, value) = split(pair, b'=');
    push_text(key, out);
    if key.len() < pair.len() {
        out.push_str("=");
    }
    if !value.is_empty() {
        out.push_str(REDACTED);
    }
}

/// Redacts any text.
#[must_use]
pub fn text(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    push_text(raw, &mut out);
    out
}

#[inline(never)]
fn push_text(raw: &str, out: &mut String) {
    let mut rest = raw;
    let mut in_query = false;
    let mut after_bearer = false;
    while let Some(&byte) = rest.as_bytes().first() {
        let word = word_length(rest);
        // So many bytes are shown, and so many after them hidden.
        let mut shown = word;
        let mut hidden = 0;
        if word > 0 {
            hidden = secret_length(rest, word);
            if after_bearer {
                hidden = hidden.max(word);
            }
            if hidden > 0 {
                shown = 0;
            }
            after_bearer = split_at(rest, word).0.eq_ignore_ascii_case("bearer");
        } else {
            // A word may hold other characters than ASCII, so what is outside of words is ASCII.
            shown = 1;
            in_query = byte == b'?' || (in_query && !ends_url(byte));
            after_bearer &= byte == b' ';
            if byte == b'=' && in_query {
                hidden = value_length(split_at(rest, 1).1);
            }
            if rest.starts_with("://") {
                shown = 3;
                hidden = user_info_length(split_at(rest, 3).1);
            }
        }
        let (plain, after) = split_at(rest, shown);
        out.push_str(plain);
        rest = after;
        if hidden > 0 {
            out.push_str(REDACTED);
            rest = split_at(rest, hidden).1;
        }
    }
}

/// Whether a URL within a text has ended before this character.
const fn ends_url(byte: u8) -> bool {
    matches!(byte, 0..=b' ' | b'"' | b'<' | b'>' | b'`')
}

/// The length of a query's value at the start of `text`. The punctuation of a sentence behind it belongs to the text.
fn value_length(text: &str) -> usize {
    let mut length = 0;
    for (place, byte) in text.bytes().enumerate() {
        if ends_url(byte) || matches!(byte, b'&' | b'#') {
            break;
        }
        if !matches!(
            byte,
            b'!' | b'\'' | b')' | b',' | b'.' | b':' | b';' | b'?' | b']' | b'}'
        ) {
            length = place + 1;
        }
    }
    length
}

/// The length of the user info of a URL whose host is about to begin.
fn user_info_length(text: &str) -> usize {
    let mut length = 0;
    for (place, byte) in text.bytes().enumerate() {
        if byte == b'@' {
            length = place;
        }
        if ends_url(byte) || matches!(byte, b'/' | b'?' | b'#') {
            break;
        }
    }
    length
}

/// A byte of the text, 0 beyond its end.
fn at(text: &str, place: usize) -> u8 {
    text.as_bytes().get(place).copied().unwrap_or(0)
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

/// The characters that an address or a token is made of. All beyond ASCII are among them: names have such letters.
const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'%' | b'+' | b'-' | b'@' | 0x80..)
}

/// The length of the run of such characters at the start of `text`.
fn word_length(text: &str) -> usize {
    text.bytes()
        .position(|byte| !is_word(byte))
        .unwrap_or(text.len())
}

/// How much of `text` is to be hidden, which begins with a word of a length; whole words, 0 for none.
fn secret_length(text: &str, word: usize) -> usize {
    let mut length = if is_secret(split_at(text, word).0) {
        word
    } else {
        0
    };
    let mut before = 0_u8;
    for place in 0..word {
        let byte = at(text, place);
        // A number begins with its first digit; what is no card may begin only where the word does.
        if length == 0
            && !before.is_ascii_digit()
            && (place == 0 || byte.is_ascii_digit() || byte >= 0x80)
        {
            length = number_length(text, place);
        }
        before = byte;
    }
    if length > 0 {
        length += word_length(split_at(text, length).1);
    }
    length
}

/// The digit at a place and how many bytes it has, also of scripts whose digits look or read like ours: Arabic,
/// Persian, full width.
fn digit(text: &str, place: usize) -> Option<(usize, usize)> {
    let (digit, length) = match (at(text, place), at(text, place + 1)) {
        (byte, _) if byte < 0x80 => (byte.wrapping_sub(b'0'), 1),
        (0xd9, byte) => (byte.wrapping_sub(0xa0), 2),
        (0xdb, byte) => (byte.wrapping_sub(0xb0), 2),
        (0xef, 0xbc) => (at(text, place + 2).wrapping_sub(0x90), 3),
        _ => return None,
    };
    (digit < 10).then_some((usize::from(digit), length))
}

/// Where the card, phone or account number ends that begins at a place, 0 for none. It may stand in groups.
fn number_length(text: &str, start: usize) -> usize {
    let is_phone = at(text, start) == b'+';
    let is_account =
        at(text, start).is_ascii_uppercase() && at(text, start + 1).is_ascii_uppercase();
    // The number is read from its left, but Luhn's check doubles from its right: both ways are summed up.
    let mut sums = [0, 0];
    let mut digits = 0;
    let (mut group, mut gap) = (0, 0);
    // Where the number ends if it does with the last digit, and if it did with an earlier group.
    let (mut here, mut end) = (0, 0);
    let mut place = start;
    loop {
        if let Some((digit, length)) = digit(text, place) {
            sums.swap(0, 1);
            sums[0] += digit;
            sums[1] += digit * 2 / 10 + digit * 2 % 10;
            digits += 1;
            group += 1;
            gap = 0;
            place += length;
            let valid = if is_phone {
                PHONE_DIGITS.contains(&digits)
            } else if is_account {
                ACCOUNT_DIGITS.contains(&digits)
            } else {
                // The last digit is not doubled.
                CARD_DIGITS.contains(&digits) && sums[0] % 10 == 0
            };
            here = if valid { place } else { 0 };
            continue;
        }
        let byte = at(text, place);
        place += 1;
        if is_account && byte.is_ascii_uppercase() && group < 4 {
            group += 1;
            gap = 0;
            continue;
        }
        end = end.max(here);
        if byte == b'%' {
            // A blank in a URL is `%20`.
            place += 2;
        }
        let divides = matches!(
            byte,
            b' ' | b'+' | b'-' | b'.' | b'(' | b')' | b'%' | 0x80..
        );
        let short = gap == 0 && group < SHORTEST_GROUP && !is_phone;
        if !divides || short || gap == LONGEST_GAP {
            return end;
        }
        gap += 1;
        group = 0;
    }
}

/// Whether a word is an e-mail address or a token.
fn is_secret(word: &str) -> bool {
    let mut run = 0;
    let mut with_digit = false;
    // 1 behind an at sign, 2 behind a dot after that; in a URL the sign may be escaped.
    let mut address = 0;
    for (place, byte) in word.bytes().enumerate() {
        run += 1;
        with_digit |= byte.is_ascii_digit();
        if !byte.is_ascii_alphanumeric() {
            run = 0;
            with_digit = false;
        }
        let sign = byte == b'@'
            || (byte == b'4'
                && at(word, place + 1) == b'0'
                && place > 0
                && at(word, place - 1) == b'%');
        if (sign && place > 0 && address == 0) || (byte == b'.' && address == 1) {
            address += 1;
        }
        if address > 1 || (with_digit && run >= TOKEN_LENGTH) {
            return true;
        }
    }
    is_random(word, RANDOM_TOKEN_LENGTH)
}

/// Whether a run of letters, digits, hyphens and underscores of at least a length changes between capitals, small letters
/// and digits as often as random characters do, and no word does.
fn is_random(word: &str, least: usize) -> bool {
    let (mut length, mut changes, mut last) = (0, 0, 0);
    for byte in word.bytes() {
        let class = match byte {
            b'a'..=b'z' => 1,
            b'A'..=b'Z' => 2,
            b'0'..=b'9' => 3,
            b'-' | b'_' => continue,
            _ => 0,
        };
        if class == 0 {
            (length, changes) = (0, 0);
        } else {
            length += 1;
            changes += usize::from(class != last);
        }
        last = class;
        if length >= least && changes * 2 > length {
            return true;
        }
    }
    false
}

/// Whether a segment of a path is an identifier: a number, a UUID, a hash, `b-20418`, what looks random, anything that
/// is encoded or secret.
fn is_id(segment: &str) -> bool {
    let (stem, _) = split(segment, b'.');
    let digits = stem.bytes().filter(u8::is_ascii_digit).count();
    let hexadecimal = stem.len() >= 8
        && stem
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    (digits > 0 && (digits == stem.len() || hexadecimal))
        || digits >= ID_DIGITS
        || (digits >= 3 && digits * 2 >= stem.len())
        || segment
            .bytes()
            .any(|byte| matches!(byte, b'%' | b'@' | b'=' | b';' | b',' | 0x80..))
        || segment.len() > LONGEST_SEGMENT
        || is_random(stem, RANDOM_ID_LENGTH)
        || secret_length(segment, segment.len()) > 0
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;

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
                "/pay/4111%201111%201111%201111",
                "/pay/REDACTED",
                "an escaped card number",
            ),
            (
                "/x;jsessionid=1A2B/y",
                "/x;jsessionid=REDACTED/y",
                "a parameter of the path",
            ),
            ("/s?a=1;b=2#c", "/s?a=REDACTED", "an old separator"),
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
            ("/t/order-20418", "/t/{id}"),
            ("/u/123e4567-e89b-12d3-a456-426614174000/x", "/u/{id}/x"),
            ("/u/5f2b8c0a9d", "/u/{id}"),
            ("/watch/dQw4w9WgXcQ", "/watch/{id}"),
            ("/u/ann@example.org", "/u/{id}"),
            ("/u/ann%40example.org", "/u/{id}"),
            ("/u/John%20Smith", "/u/{id}"),
            ("/u/@ann", "/u/{id}"),
            ("/cart;jsessionid=1A2B", "/{id}"),
            ("/2024-05-01", "/{id}"),
            ("/v1/oauth2/token", "/v1/oauth2/token"),
            ("/v1/projects:search", "/v1/projects:search"),
            ("/static/defaced", "/static/defaced"),
            ("/api/getElementById", "/api/getElementById"),
            ("/blade-runner/seats", "/blade-runner/seats"),
            ("/", "/"),
        ] {
            assert_eq!(address(path).route, route, "{path}");
        }
    }

    #[test]
    fn hides_secrets_in_any_text() {
        for (raw, redacted) in [
            ("Pay with 4111 1111 1111 1111 now", "Pay with REDACTED now"),
            ("4111-1111-1111-1111", "REDACTED"),
            ("4111 1111 1111 1111 123", "REDACTED 123"),
            ("4111 1111 1111 1111 12/30", "REDACTED 12/30"),
            ("no4111111111111111x", "REDACTED"),
            ("12 4111 - 1111 - 1111 - 1111", "12 REDACTED"),
            ("3782 822463 10005", "REDACTED"),
            ("4111\u{a0}1111\u{2009}1111\u{2013}1111", "REDACTED"),
            ("４１１１ １１１１ １１１１ １１１１", "REDACTED"),
            ("٤١١١١١١١١١١١١١١١", "REDACTED"),
            ("DE89 3704 0044 0532 0130 00, please", "REDACTED, please"),
            ("GB29NWBK60161331926819", "REDACTED"),
            ("NL91 ABNA 0417 1643 00", "REDACTED"),
            ("call +49 (170) 123-4567 now", "call REDACTED now"),
            ("+15551234567", "REDACTED"),
            ("mail ann.lee+x@example.co.uk!", "mail REDACTED!"),
            ("jürgen@example.org", "REDACTED"),
            ("to=ann%40example.org", "to=REDACTED"),
            ("AKIAIOSFODNN7EXAMPLE", "REDACTED"),
            (
                "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
                "REDACTED",
            ),
            ("ZmFyLWF3YXkgUHJpbmNl_QWxh", "REDACTED"),
            (
                "Authorization: Bearer abc",
                "Authorization: Bearer REDACTED",
            ),
            ("bearer  x.y-z\"", "bearer  REDACTED\""),
            ("9f86d081884c7d659a2feaa0c55ad015", "REDACTED"),
            ("1234567890123456", "REDACTED"),
            (
                "GET https://ann:pw@h.example/a?b=c&d=e#f failed",
                "GET https://REDACTED@h.example/a?b=REDACTED&d=REDACTED#f failed",
            ),
            ("/a?at=12:30:4, then", "/a?at=REDACTED, then"),
            ("db://4111111111111111", "db://REDACTED"),
            ("tel://+49 170 1234567.", "tel://REDACTED"),
            ("x://DE89 3704 0044 0532 0130 00", "x://REDACTED"),
            ("mail://ann@example.org", "mail://REDACTED@example.org"),
            ("see /a?b=c(d), or not", "see /a?b=REDACTED), or not"),
        ] {
            assert_eq!(text(raw), redacted);
        }
    }

    #[test]
    fn leaves_what_is_no_secret() {
        for raw in [
            "Book Now",
            "Order 1234 5678",
            "Straße 7, 東京",
            "version 1.2.3-beta.4+build.5",
            "HeadlessChrome/138.0.7204.183",
            "1.234.567.890,99 EUR",
            "$1,299.00",
            "2024-05-01T10:30:00.123Z",
            "2024-05-01 2024-05-02 2024-05-03",
            "192.168.100.200:8080",
            "useLayoutEffectWithDependencies",
            "getElementById(\"seats\")",
            "Unexpected token < in JSON at position 0",
            "at async Book (https://shop.example/assets/main.js:120:17)",
            "Really? a = b",
            "AT&T=x",
            "10 + 20 - 30",
            "GMT+0200",
            "click \"Seat A12, row 7\"",
        ] {
            assert_eq!(text(raw), raw);
        }
    }

    /// The check digit that makes the digits a card number.
    fn with_check_digit(digits: &[u8]) -> Vec<u8> {
        let sum: u32 = digits
            .iter()
            .rev()
            .enumerate()
            .map(|(place, &digit)| match (place % 2, u32::from(digit)) {
                (0, digit) => digit * 2 / 10 + digit * 2 % 10,
                (_, digit) => digit,
            })
            .sum();
        let mut number = digits.to_vec();
        number.push(((10 - sum % 10) % 10) as u8);
        number
    }

    /// What looks like the beginning of something secret, between anything else.
    fn awkward() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("4111 1111 1111 1111"),
            Just("4111"),
            Just("1111"),
            Just(" "),
            Just("-"),
            Just("%20"),
            Just("%"),
            Just("@"),
            Just("%40"),
            Just(".org"),
            Just("ann"),
            Just("a1B2c3D4"),
            Just("?k="),
            Just("&"),
            Just("="),
            Just(":1:2)"),
            Just("://"),
            Just("https://"),
            Just("Bearer "),
            Just("+49"),
            Just("DE89"),
            Just("é"),
            Just("４"),
            Just("\n"),
            Just("/"),
            Just("_"),
        ];
        proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
    }

    proptest::proptest! {
        #[test]
        fn takes_any_text(raw in ".*") {
            let _ = address(&raw);
            let _ = text(&raw);
        }

        #[test]
        fn changes_nothing_the_second_time(raw in prop_oneof![awkward(), ".*".boxed()]) {
            let once = text(&raw);
            let twice = text(&once);
            prop_assert!(twice == once || raw.contains("://"), "{once} {twice}");
            prop_assert_eq!(text(&twice), twice);
            let once = address(&raw);
            let twice = address(&(once.path.clone() + &once.rest));
            prop_assert_eq!((twice.path, twice.rest), (once.path, once.rest));
        }

        #[test]
        fn never_shows_a_value_of_a_query(value in "[a-zA-Z0-9%+._~:;/?@!$'()*,-]{1,40}") {
            let raw = std::format!("/x?key={value}");
            prop_assert_eq!(address(&raw).rest, "?key=REDACTED");
        }

        #[test]
        fn never_shows_a_value_of_a_query_within_a_text(value in "[a-zA-Z0-9%+._~/:@!$'()*;,?=-]{0,40}([a-z0-9_~/@*-]|:[0-9]{1,3}:[0-9]{1,3})", more in "[a-z0-9]{1,9}") {
            let raw = std::format!("GET https://h.example/x?key={value}&other={more} failed");
            prop_assert_eq!(text(&raw), "GET https://h.example/x?key=REDACTED&other=REDACTED failed");
        }

        #[test]
        fn never_shows_user_info(user in "[^/?#@\\x00-\\x20\"<>`]{1,20}", password in "[^/?#\\x00-\\x20\"<>`]{1,20}") {
            let raw = std::format!("loading https://{user}:{password}@h.example/x");
            prop_assert_eq!(text(&raw), "loading https://REDACTED@h.example/x");
        }

        #[test]
        fn never_shows_a_card_number(
            digits in proptest::collection::vec(0..10_u8, 12..=18),
            groups in proptest::sample::select(std::vec![std::vec![4_usize, 4, 4], std::vec![4, 6], std::vec![4, 4, 5], Vec::new()]),
            separator in prop_oneof![Just(" "), Just("-"), Just("."), Just("\u{a0}"), Just(" - "), Just("%20")],
            before in "[a-z]{0,3}[ :]|[a-z]{0,3}://",
            after in "| [a-z]{1,5}|, [0-9]{2}",
        ) {
            let mut ends: Vec<usize> = Vec::new();
            for group in groups {
                ends.push(ends.last().unwrap_or(&0) + group);
            }
            let mut number = String::new();
            for (place, digit) in with_check_digit(&digits).into_iter().enumerate() {
                if ends.contains(&place) {
                    number.push_str(separator);
                }
                number.push(char::from(b'0' + digit));
            }
            let shown = text(&std::format!("{before}{number}{after}"));
            prop_assert!(shown.starts_with(&std::format!("{before}REDACTED")), "{number}: {shown}");
        }

        #[test]
        fn never_shows_an_address(before in "to |a:|", local in "[a-z0-9._+-]{0,12}[a-z0-9]", at in "@|%40", domain in "[a-z0-9-]{1,12}\\.[a-z]{2,6}") {
            let raw = std::format!("{before}{local}{at}{domain}, then");
            prop_assert_eq!(text(&raw), std::format!("{before}REDACTED, then"));
        }

        #[test]
        fn never_shows_a_long_token(before in "token |[a-z]{1,5}://|\\(", token in "[0-9a-f]{15,60}[0-9]|[A-Za-z0-9]{24,60}[0-9]") {
            let raw = std::format!("{before}{token}.");
            prop_assert!(!text(&raw).contains(&token));
            let path = address(&std::format!("/t/{token}/x")).path;
            prop_assert!(!path.contains(&token));
        }

        #[test]
        fn leaves_words_dates_and_prices(word in "[A-Z]?[a-z]{1,15}", year in 1900..2100, month in 10..13, cents in 0..10_000_000) {
            let raw = std::format!("{word} {year}-{month}-24 {}.{:02}", cents / 100, cents % 100);
            prop_assert_eq!(text(&raw), raw);
        }
    }
}
