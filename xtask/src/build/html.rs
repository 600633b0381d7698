//! Finds in a page the tags that Trunk reads: `<link data-trunk …>` and `<script data-trunk …>`.
//!
//! Not a parser of HTML: it reads one page, the repository's own, and says so when it meets what it does not know.

use std::ops::Range;

/// A tag with the attribute `data-trunk`.
#[derive(Debug)]
pub struct Tag {
    /// `link` or `script`.
    pub name: String,
    /// Where it stands in the page, a script's end tag included.
    pub range: Range<usize>,
    attributes: Vec<(String, String)>,
}

impl Tag {
    /// An attribute's value; empty for one without.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Attributes that are not for Trunk, as they would be written in a tag, each with a space before it; `except`
    /// are left out.
    pub fn other_attributes(&self, except: &[&str]) -> String {
        self.attributes
            .iter()
            .filter(|(name, _)| !name.starts_with("data-trunk") && !except.contains(&name.as_str()))
            .map(|(name, value)| match value.as_str() {
                "" => format!(" {name}"),
                _ => format!(" {name}=\"{value}\""),
            })
            .collect()
    }
}

/// The page's tags for Trunk, in order. Comments are passed over.
pub fn trunk_tags(page: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut position = 0;
    while let Some(found) = page[position..].find('<') {
        let start = position + found;
        let rest = &page[start..];
        if rest.starts_with("<!--") {
            position = rest.find("-->").map_or(page.len(), |end| start + end + 3);
            continue;
        }
        let Some(length) = tag_length(rest) else {
            break;
        };
        let (name, attributes) = parse(&rest[1..length - 1]);
        let mut end = start + length;
        let for_trunk = attributes.iter().any(|(name, _)| name == "data-trunk");
        if for_trunk && name == "script" {
            end += page[end..]
                .find("</script>")
                .map_or(0, |close| close + "</script>".len());
        }
        if for_trunk {
            tags.push(Tag {
                name,
                range: start..end,
                attributes,
            });
        }
        position = end;
    }
    tags
}

/// The length of the tag that `text` begins with; a `>` in a quoted value does not end it.
fn tag_length(text: &str) -> Option<usize> {
    let mut quote = None;
    for (index, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(index + 1),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

/// Splits `link rel="css" data-trunk /` into the name and the attributes.
fn parse(tag: &str) -> (String, Vec<(String, String)>) {
    let tag = tag.trim_end_matches('/');
    let (name, mut rest) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return (name.to_ascii_lowercase(), attributes);
        }
        let end = rest
            .find(|c: char| c == '=' || c.is_whitespace())
            .unwrap_or(rest.len());
        let key = rest[..end].to_ascii_lowercase();
        rest = rest[end..].trim_start();
        let mut value = "";
        if let Some(after) = rest.strip_prefix('=') {
            let after = after.trim_start();
            match after.chars().next().filter(|c| matches!(c, '"' | '\'')) {
                Some(quote) => {
                    let close = after[1..]
                        .find(quote)
                        .map_or(after.len(), |close| close + 1);
                    value = &after[1..close];
                    rest = after.get(close + 1..).unwrap_or("");
                }
                None => {
                    let end = after.find(char::is_whitespace).unwrap_or(after.len());
                    (value, rest) = after.split_at(end);
                }
            }
        }
        attributes.push((key, value.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_tags_for_trunk_and_no_others() {
        let page = r#"<!doctype html>
<!-- <link data-trunk rel="css" href="no.css"> -->
<link rel="icon" href="plain.svg">
<link data-trunk rel="rust" href="viewer" data-bin="viewer"/>
<link rel='css' data-trunk href='a>b.css' media=print>
<script data-trunk src="theme.js" defer></script>"#;
        let tags = trunk_tags(page);
        assert_eq!(tags.len(), 3);
        assert_eq!(tags[0].attribute("rel"), Some("rust"));
        assert_eq!(tags[0].attribute("data-bin"), Some("viewer"));
        assert_eq!(tags[1].attribute("href"), Some("a>b.css"));
        assert_eq!(
            tags[1].other_attributes(&["rel", "href"]),
            " media=\"print\""
        );
        assert_eq!(
            &page[tags[2].range.clone()],
            r#"<script data-trunk src="theme.js" defer></script>"#
        );
        assert_eq!(tags[2].other_attributes(&["src"]), " defer");
    }
}
