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
