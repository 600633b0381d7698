//! What a user did during one visit, read from spans and log records.
//!
//! The root span of every action carries its step (`docs/guides/step-log.md`); the steps that caused
//! nothing are events of the next root. [`read`] puts them all in order of time, with the errors and
//! vitals between them; [`script`] makes of them what has to be done to do the visit again.

pub mod export;
mod read;
mod script;
mod selector;
mod value;

use serde::{Deserialize, Serialize};

use crate::id::{SpanId, TraceId};
use crate::time::UnixNanos;

pub use read::read;
pub use script::{Instruction, Script, script};
pub use selector::{By, Selector};
pub use value::ValueReference;

/// One user's visit, over pages and tabs.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// The session's id.
    pub id: String,
    /// The service of its pages; of the first action where there are several.
    pub service: String,
    /// What the pages said of their user, `user.…` attributes by key.
    pub user: Vec<(String, String)>,
    /// The first action's start; zero without any.
    pub start: UnixNanos,
    /// The last moment that is known of it.
    pub end: UnixNanos,
    /// What the user did and what the pages loaded, by time.
    pub actions: Vec<Action>,
    /// What went wrong in the pages, by time.
    pub errors: Vec<ErrorMark>,
    /// Web vitals, by time; the last value of a name and page counts.
    pub vitals: Vec<VitalMark>,
}

/// Something that the user did, or a page's load.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Action {
    /// When it began.
    pub start: UnixNanos,
    /// When all that it caused was quiet.
    pub end: UnixNanos,
    /// Its trace; `None` for a step that caused nothing.
    pub trace: Option<TraceId>,
    /// Its root span; `None` for a step that caused nothing.
    pub span: Option<SpanId>,
    /// What it is called, such as `click "Book Now"`.
    pub name: String,
    /// `click`, `change`, `submit`, `keydown`, `drag`, `popstate`, `load`, or what a later tracer says.
    pub kind: String,
    /// Which of the session's tabs, from 0 in the order of their first action.
    pub tab: u32,
    /// The page's address, without the values of its query.
    pub url: String,
    /// The route before it.
    pub route_before: String,
    /// The route after it.
    pub route_after: String,
    /// What it takes to do it again; `None` for loads and where the element could not be told.
    pub step: Option<Step>,
    /// Whether its root failed.
    pub failed: bool,
    /// Whether it was the third click within a second.
    pub rage: bool,
    /// Whether it was a click on a control that nothing answered.
    pub dead: bool,
}

/// What it takes to do an action again.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// A key that is no text, of `keydown`.
    pub key: Option<String>,
    /// How to find the element, best first; each found it alone.
    pub selectors: Vec<Selector>,
    /// The same of the row in which it stood.
    pub row: Vec<Selector>,
    /// What stands for the value of the field.
    pub value: Option<ValueReference>,
    /// How to find the element on which a drag ended.
    pub target: Vec<Selector>,
    /// The page's route.
    pub route: String,
    /// The window's width and height in CSS pixels.
    pub viewport: Option<(u32, u32)>,
    /// Which colours the visitor prefers.
    pub color_scheme: Option<ColorScheme>,
}

/// What the media feature `prefers-color-scheme` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColorScheme {
    /// Light, or no preference.
    Light,
    /// Dark.
    Dark,
}

impl ColorScheme {
    /// As CSS has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        match text {
            "light" => Some(Self::Light),
            "dark" => Some(Self::Dark),
            _ => None,
        }
    }
}

/// Something that went wrong in a page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorMark {
    /// When.
    pub time: UnixNanos,
    /// The trace in which it happened.
    pub trace: Option<TraceId>,
    /// The span in which it happened.
    pub span: Option<SpanId>,
    /// The event's name, such as `exception` or `browser.console`.
    pub kind: String,
    /// The class and the message.
    pub text: String,
}

/// A web vital of a page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VitalMark {
    /// When it was told.
    pub time: UnixNanos,
    /// The load's trace.
    pub trace: Option<TraceId>,
    /// `lcp`, `inp`, `cls`, `fcp` or `ttfb`.
    pub name: String,
    /// Milliseconds; a plain number for `cls`.
    pub value: f64,
    /// `good`, `needs-improvement` or `poor`.
    pub rating: String,
}
