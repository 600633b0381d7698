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
mod tests;
