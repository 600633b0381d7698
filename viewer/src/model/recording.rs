//! What of a session was recorded: which page the playhead stands in, and what is missing there.
//!
//! Times are milliseconds from the session's start, as the playhead's are.

use shared::query::session::{ReplayStream, SessionResponse};
use shared::time::UnixNanos;

use super::session::{clock, millis_at};
use crate::format;

/// One recorded page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedPage {
    /// The stream's id.
    pub stream: String,
    /// When it begins.
    pub start: i64,
    /// When it ends.
    pub end: i64,
    /// The number of its last chunk.
    pub last_chunk: u32,
    /// What is missing in between, by time.
    pub gaps: Vec<Gap>,
}

/// A stretch of which nothing has arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// Where it begins; `None` where the page's beginning is missing.
    pub start: Option<i64>,
    /// Where it ends.
    pub end: i64,
}

impl Gap {
    /// `12.5 s are missing from 00:31.0`
    #[must_use]
    pub fn in_words(self) -> String {
        match self.start {
            Some(start) => format!(
                "{} are missing from {}",
                format::duration((self.end - start).max(0) * 1_000_000),
                clock(start)
            ),
            None => format!("what was before {} is missing", clock(self.end)),
        }
    }
}

/// The recorded pages of a session, by their start.
#[must_use]
pub fn pages(session: &SessionResponse, streams: &[ReplayStream]) -> Vec<RecordedPage> {
    let at = |instant: UnixNanos| millis_at(session, instant);
    streams
        .iter()
        .map(|stream| RecordedPage {
            stream: stream.stream.clone(),
            start: at(stream.start),
            end: at(stream.end),
            last_chunk: stream.last_chunk,
            gaps: stream
                .gaps
                .iter()
                .map(|gap| Gap {
                    start: gap.start.map(at),
                    end: at(gap.end),
                })
                .collect(),
        })
        .collect()
}

/// The page that is shown: the chosen one, else the one that was opened last of those that the playhead stands in, else
/// the one before, else the first. `None` where there is none.
#[must_use]
pub fn shown(pages: &[RecordedPage], chosen: Option<&str>, at: i64) -> Option<usize> {
    let is_chosen = |page: &RecordedPage| chosen == Some(page.stream.as_str());
    pages
        .iter()
        .position(is_chosen)
        .or_else(|| {
            pages
                .iter()
                .rposition(|page| page.start <= at && at <= page.end)
        })
        .or_else(|| pages.iter().rposition(|page| page.start <= at))
        .or_else(|| (!pages.is_empty()).then_some(0))
}

/// What has to be said of the picture under the playhead; `None` where it is what the visitor saw. `pictures` are the
/// times of the page's whole pictures: from one on, it does not matter what was missing before.
#[must_use]
pub fn doubt(page: &RecordedPage, pictures: &[i64], at: i64) -> Option<String> {
    let first = pictures
        .first()
        .copied()
        .unwrap_or(page.start)
        .max(page.start);
    if at < first {
        return Some(format!(
            "The recording of this page begins at {}.",
            clock(first)
        ));
    }
    if at > page.end {
        return Some(format!(
            "The recording of this page ends at {}: this is its last picture.",
            clock(page.end)
        ));
    }
    let last = page
        .gaps
        .iter()
        .rfind(|gap| gap.start.unwrap_or(i64::MIN) < at)?;
    if at < last.end {
        return Some(format!(
            "Nothing is known of this moment: {}.",
            last.in_words()
        ));
    }
    let pictured = pictures
        .iter()
        .any(|picture| (last.end..=at).contains(picture));
    (!pictured).then(|| format!("The page may have looked different: {}.", last.in_words()))
}

/// `Page 2, 00:31.0 to 01:12.4`
#[must_use]
pub fn label(index: usize, page: &RecordedPage) -> String {
    format!(
        "Page {}, {} to {}",
        index + 1,
        clock(page.start),
        clock(page.end)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(stream: &str, start: i64, end: i64, gaps: &[(Option<i64>, i64)]) -> RecordedPage {
        RecordedPage {
            stream: stream.to_owned(),
            start,
            end,
            last_chunk: 0,
            gaps: gaps
                .iter()
                .map(|(start, end)| Gap {
                    start: *start,
                    end: *end,
                })
                .collect(),
        }
    }

    #[test]
    fn the_playhead_says_which_page_is_shown_unless_one_is_chosen() {
        let pages = [
            page("a", 1_000, 9_000, &[]),
            page("b", 5_000, 20_000, &[]),
            page("c", 30_000, 40_000, &[]),
        ];
        for (chosen, at, expected, reason) in [
            (None, 0, 0, "before the first"),
            (None, 2_000, 0, "in one"),
            (None, 6_000, 1, "in two tabs: the later one"),
            (None, 25_000, 1, "between two: the one before"),
            (None, 99_000, 2, "after the last"),
            (Some("a"), 35_000, 0, "a chosen one stays"),
            (Some("x"), 35_000, 2, "there is no such page"),
        ] {
            assert_eq!(shown(&pages, chosen, at), Some(expected), "{reason}");
        }
        assert_eq!(shown(&[], None, 0), None);
    }

    #[test]
    fn says_where_a_picture_is_not_what_was_seen() {
        let page = page("a", 1_000, 60_000, &[(Some(20_000), 32_500)]);
        let pictures = [1_200, 50_000];
        for (at, expected, reason) in [
            (500, Some("begins at 00:01.2"), "before the first picture"),
            (1_200, None, "at it"),
            (20_000, None, "the last that arrived"),
            (
                25_000,
                Some("12.5\u{a0}s are missing from 00:20.0"),
                "in the gap",
            ),
            (
                40_000,
                Some("may have looked different: 12.5\u{a0}s"),
                "after it",
            ),
            (50_000, None, "from the next picture on"),
            (61_000, Some("ends at 01:00.0"), "after the end"),
        ] {
            let said = doubt(&page, &pictures, at);
            match expected {
                Some(expected) => assert!(
                    said.as_deref().is_some_and(|said| said.contains(expected)),
                    "{reason}: {said:?}"
                ),
                None => assert_eq!(said, None, "{reason}"),
            }
        }
    }

    #[test]
    fn a_missing_beginning_is_said() {
        let page = page("a", 5_000, 60_000, &[(None, 5_000)]);
        let said = doubt(&page, &[30_000], 30_000 - 1).expect("something");
        assert!(said.contains("begins at 00:30.0"), "{said}");
        assert_eq!(
            page.gaps[0].in_words(),
            "what was before 00:05.0 is missing"
        );
    }
}
