//! What may stand where a query is being typed: names, operators, values, what joins conditions.
//!
//! Works on the pieces of [`super::highlight`], so that a query that is not finished is understood as
//! far as it goes.

use serde::Deserialize;

use super::highlight::{TokenKind, tokens};

/// More suggestions than this help nobody.
const MOST: usize = 40;

/// A name that queries can ask for, or a value that a field has, and how many spans have it: of both
/// answers of the server as much as is needed here.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Known {
    /// The name or the value, as a query writes it.
    #[serde(alias = "name")]
    pub value: String,
    /// How many of the spans looked at have it.
    pub span_count: u64,
}

/// A list of names or of values.
#[derive(Debug, Default, Deserialize)]
pub struct Knowns {
    /// The list, the most frequent first.
    #[serde(alias = "tags")]
    pub values: Vec<Known>,
}

/// What is wanted at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// A spanset, or what stands between two.
    Spanset,
    /// What follows a spanset.
    Between,
    /// A stage of a pipeline.
    Stage,
    /// A field's name.
    Field,
    /// What compares the field before it.
    Operator,
    /// A value of this field.
    Value(String),
    /// What follows a condition.
    Joint,
}

/// The piece of a query that is being typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Where it begins, in bytes.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// What was typed of it, up to the caret.
    pub typed: String,
    /// What is wanted there.
    pub wanted: Wanted,
}

/// Something that may stand at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// What is put there.
    pub text: String,
    /// What is said of it.
    pub note: String,
}

/// The place of the caret, given in bytes.
#[must_use]
pub fn place(query: &str, caret: usize) -> Place {
    let mut start = 0;
    let mut depth = 0_usize;
    let mut before: Vec<(TokenKind, &str)> = Vec::new();
    let mut current = (caret, caret);
    for token in tokens(query) {
        let end = start + token.text.len();
        let typing = matches!(token.kind, TokenKind::Field | TokenKind::Value);
        if start >= caret {
            break;
        }
        if end >= caret && typing {
            current = (start, end);
            break;
        }
        match token.text {
            "{" => depth += 1,
            "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if token.kind != TokenKind::Blank {
            before.push((token.kind, token.text));
        }
        start = end;
    }
    let wanted = wanted(&before, depth > 0);
    Place {
        start: current.0,
        end: current.1.max(caret),
        typed: query[current.0..caret].to_owned(),
        wanted,
    }
}

fn wanted(before: &[(TokenKind, &str)], within_braces: bool) -> Wanted {
    let Some((kind, last)) = before.last() else {
        return Wanted::Spanset;
    };
    let compares = |text: &str| matches!(text, "=" | "!=" | "<" | "<=" | ">" | ">=" | "=~" | "!~");
    if !within_braces {
        return match *last {
            "|" => Wanted::Stage,
            "}" | ")" => Wanted::Between,
            _ if before.iter().any(|(_, text)| *text == "|") => Wanted::Field,
            _ => Wanted::Spanset,
        };
    }
    match kind {
        TokenKind::Operator if compares(last) => {
            let field = before.iter().rev().nth(1);
            match field {
                Some((TokenKind::Field, field)) => Wanted::Value((*field).to_owned()),
                _ => Wanted::Field,
            }
        }
        TokenKind::Operator => Wanted::Field,
        TokenKind::Field => Wanted::Operator,
        TokenKind::Value => Wanted::Joint,
        TokenKind::Punctuation | TokenKind::Blank => match *last {
            ")" => Wanted::Joint,
            _ => Wanted::Field,
        },
    }
}

/// What may stand at a place, given the names and, for a value, those that its field has.
#[must_use]
pub fn suggest(place: &Place, names: &[Known], values: &[Known]) -> Vec<Suggestion> {
    let fixed = |rows: &[(&str, &str)]| -> Vec<Suggestion> {
        let rows = rows.iter().map(|(text, note)| Suggestion {
            text: format!("{text} "),
            note: (*note).to_owned(),
        });
        rows.collect()
    };
    let found = match &place.wanted {
        Wanted::Spanset => fixed(&[
            ("{", "spans that …"),
            ("{ status = error }", "failed spans"),
        ]),
        Wanted::Between => fixed(&BETWEEN),
        Wanted::Stage => fixed(&STAGES),
        Wanted::Operator => fixed(&OPERATORS),
        Wanted::Joint => fixed(&JOINTS),
        Wanted::Field => all(names),
        Wanted::Value(field) => match field.rsplit([':', '.']).next() {
            _ if !values.is_empty() => all(values),
            Some("duration" | "traceDuration" | "timeSinceStart") => fixed(&DURATIONS),
            Some("status") => fixed(&[("error", ""), ("ok", ""), ("unset", "")]),
            Some("kind") => fixed(&KINDS),
            _ => Vec::new(),
        },
    };
    let mut ranked: Vec<(u8, Suggestion)> = found
        .into_iter()
        .filter_map(|suggestion| Some((rank(&suggestion.text, &place.typed)?, suggestion)))
        // What stands there already needs no suggestion.
        .filter(|(_, suggestion)| suggestion.text.trim_end() != place.typed)
        .collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    let ranked = ranked.into_iter().map(|(_, suggestion)| suggestion);
    ranked.take(MOST).collect()
}

fn all(known: &[Known]) -> Vec<Suggestion> {
    let suggestion = |known: &Known| Suggestion {
        text: format!("{} ", known.value),
        note: crate::format::counted(known.span_count, "span"),
    };
    known.iter().map(suggestion).collect()
}

/// How well a text fits what was typed: at its start, at the start of one of its words, anywhere.
fn rank(text: &str, typed: &str) -> Option<u8> {
    let (text, typed) = (text.to_lowercase(), typed.to_lowercase());
    let typed = typed.trim_matches('"');
    let bare = text.trim_start_matches('"');
    if bare.starts_with(typed) {
        return Some(0);
    }
    let at = bare.find(typed)?;
    let word = bare[..at].ends_with(|before: char| !before.is_alphanumeric());
    Some(if word { 1 } else { 2 })
}

const BETWEEN: [(&str, &str); 10] = [
    ("&&", "and, in the same trace"),
    ("||", "or"),
    (">>", "that led to"),
    (">", "whose child is"),
    ("<<", "that come from"),
    ("~", "beside"),
    ("!>>", "that did not lead to"),
    ("| count() >", "with so many spans"),
    ("| by(resource.service.name)", "for each service"),
    ("| select(", "showing"),
];

const STAGES: [(&str, &str); 7] = [
    ("count() >", "how many spans"),
    ("avg(duration) >", "their mean duration"),
    ("max(duration) >", "the longest"),
    ("sum(duration) >", "all together"),
    ("by(resource.service.name)", "for each service"),
    ("select(", "show an attribute"),
    ("{", "among them"),
];

const OPERATORS: [(&str, &str); 10] = [
    ("=", "equals"),
    ("!=", "differs"),
    ("=~", "fits a pattern"),
    ("!~", "does not fit"),
    (">", "more than"),
    (">=", "at least"),
    ("<", "less than"),
    ("<=", "at most"),
    ("!= nil", "is there"),
    ("= nil", "is missing"),
];

const JOINTS: [(&str, &str); 3] = [("&&", "and, of the same span"), ("||", "or"), ("}", "done")];

const DURATIONS: [(&str, &str); 5] = [
    ("100ms", ""),
    ("500ms", ""),
    ("1s", ""),
    ("5s", ""),
    ("1m", ""),
];

const KINDS: [(&str, &str); 5] = [
    ("server", "answers a request"),
    ("client", "makes a request"),
    ("internal", ""),
    ("producer", "sends a message"),
    ("consumer", "takes a message"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_is_wanted_where_the_caret_stands() {
        let value = |field: &str| Wanted::Value(field.to_owned());
        // The caret stands at the bar.
        for (query, wanted, typed) in [
            ("|", Wanted::Spanset, ""),
            ("{|", Wanted::Field, ""),
            ("{ |", Wanted::Field, ""),
            ("{ na|", Wanted::Field, "na"),
            ("{ na|me = \"x\" }", Wanted::Field, "na"),
            ("{ name |", Wanted::Operator, ""),
            ("{ name = |", value("name"), ""),
            (
                "{ span.http.route =~ \"/a|",
                value("span.http.route"),
                "\"/a",
            ),
            ("{ duration > 1|", value("duration"), "1"),
            ("{ name = \"x\" |", Wanted::Joint, ""),
            ("{ name = \"x\" && |", Wanted::Field, ""),
            ("{ (name = \"x\") |", Wanted::Joint, ""),
            ("{ !(|", Wanted::Field, ""),
            ("{ status = error } |", Wanted::Between, ""),
            ("{ status = error } >> |", Wanted::Spanset, ""),
            ("{ } ¦ |", Wanted::Stage, ""),
            ("{ } ¦ avg(dur|", Wanted::Field, "dur"),
            ("{ .a = 1 + |", Wanted::Field, ""),
        ] {
            let caret = query.find('|').expect("a caret");
            let text = query.replacen('|', "", 1).replace('¦', "|");
            // The broken bar is two bytes, the bar in its place one.
            let caret = caret - query[..caret].matches('¦').count();
            let found = place(&text, caret);
            assert_eq!(
                (found.wanted, found.typed.as_str()),
                (wanted, typed),
                "{query}"
            );
        }
    }

    #[test]
    fn replaces_the_whole_word_that_the_caret_is_in() {
        let found = place("{ name = \"x\" }", 4);
        assert_eq!((found.start, found.end), (2, 6));
        let found = place("{ name = ", 9);
        assert_eq!((found.start, found.end), (9, 9));
    }

    #[test]
    fn offers_what_begins_so_before_what_merely_has_it() {
        let tag = |name: &str| Known {
            value: name.to_owned(),
            span_count: 1,
        };
        let tags = ["span.url.path", "span.http.route", "name", "span.surroute"].map(tag);
        let texts = |typed: &str| -> Vec<String> {
            let found = place(&format!("{{ {typed}"), 2 + typed.len());
            suggest(&found, &tags, &[])
                .into_iter()
                .map(|one| one.text)
                .collect()
        };
        assert_eq!(texts("route"), ["span.http.route ", "span.surroute "]);
        assert_eq!(texts("na"), ["name "]);
        assert_eq!(texts("name"), Vec::<String>::new());
        let value = |value: &str| Known {
            value: value.to_owned(),
            span_count: 2,
        };
        let found = place("{ name = \"pa", 12);
        let found = suggest(&found, &[], &[value("\"GET /pay\""), value("\"pay\"")]);
        let found: Vec<&str> = found.iter().map(|one| one.text.as_str()).collect();
        assert_eq!(found, ["\"pay\" ", "\"GET /pay\" "]);
    }

    #[test]
    fn a_caret_in_the_middle_of_any_text_has_a_place() {
        for query in ["żółć {", "{ \"a", "}}}", "{ name = \"é\" } | by(", ""] {
            for (caret, _) in query.char_indices().chain([(query.len(), ' ')]) {
                let found = place(query, caret);
                assert!(query.is_char_boundary(found.start) && query.is_char_boundary(found.end));
                let _ = suggest(&found, &[], &[]);
            }
        }
    }
}
