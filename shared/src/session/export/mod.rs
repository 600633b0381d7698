//! A session for other tools and other people: a Playwright test ([`playwright`]), Chrome Recorder's
//! UserFlow ([`userflow`]), a bug report ([`markdown`]), and a page that needs nothing but itself
//! ([`bundle`]).
//!
//! Only selectors that were unique when they were recorded are written, the best one of each element.
//! No value is written, since none is recorded. What the page says of itself is hostile: it is never
//! code, markup or the end of a comment.

mod bundle;
mod locator;
mod markdown;
mod playwright;
mod seen;
mod userflow;

use std::collections::BTreeMap;

use super::{Script, Session};
use crate::id::TraceId;
use crate::trace::Trace;

pub use bundle::bundle;
pub use markdown::{Picture, markdown};
pub use playwright::playwright;
pub use userflow::{traces_of_userflow, userflow};

/// A session with what has to be done and what it caused.
#[derive(Debug, Clone, Copy)]
pub struct Exported<'a> {
    /// What the user did.
    pub session: &'a Session,
    /// What has to be done to do it again.
    pub script: &'a Script,
    /// Its traces.
    pub traces: &'a BTreeMap<TraceId, Trace>,
}

impl Exported<'_> {
    /// What the session is called: after what its user did last.
    fn title(&self) -> &str {
        let acts = self.script.instructions.iter().rev();
        let mut named = acts.filter(|one| one.kind != "goto");
        named.next().map_or("a visit", |one| one.name.as_str())
    }

    fn trace(&self, id: Option<TraceId>) -> Option<&Trace> {
        self.traces.get(&id?)
    }
}

/// A JavaScript string, which may stand in HTML and in a comment as well.
fn string(text: &str) -> String {
    serde_json::Value::from(text)
        .to_string()
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
        .replace("</", "<\\/")
}

/// A text on one line, without control characters.
fn line(text: &str) -> String {
    text.chars()
        .map(|one| match one {
            '\u{2028}' | '\u{2029}' => ' ',
            one if one.is_control() => ' ',
            one => one,
        })
        .collect()
}
