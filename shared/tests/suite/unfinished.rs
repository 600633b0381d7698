//! When a mistake in a query is only that it is not finished.

use shared::query::traceql::{is_unfinished, parse};

#[test]
fn only_what_another_character_cannot_mend_is_wrong() {
    for (text, unfinished) in [
        ("{", true),
        ("{ ", true),
        ("{ dura", true),
        ("{ duration", true),
        ("{ duration >", true),
        ("{ duration > fa", true),
        ("{ duration > fa ", false),
        ("{ duration > fast }", false),
        ("{ duration > fast", true),
        ("{ span.", true),
        ("{ name = \"GET /se", true),
        ("{ name = \"GET /se\"", true),
        ("{ name = \"a\" &", true),
        ("{ name = \"a\" & ", false),
        ("{ name = \"a\" }", true),
        ("{ name = \"a\" } }", false),
        ("{ name = \"a\" } >", true),
        ("{ name = \"a\" } | cou", true),
        ("{ name = \"a\" } | cou >", false),
        ("{ name = \"a\" } | count() >", true),
        ("{ nmae = \"a\" && dura", false),
        ("{ name =~ \"(\" }", false),
        ("{ name =~ \"(", true),
        ("{ duration > \"a\" }", false),
        ("{ # ", false),
        ("seats", true),
        ("seats are", false),
    ] {
        let quiet = match parse(text) {
            Ok(_) => true,
            Err(error) => is_unfinished(text, &error),
        };
        assert_eq!(quiet, unfinished, "{text}");
    }
}
