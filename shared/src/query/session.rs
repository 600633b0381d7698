//! The bodies of `GET /api/v1/sessions` and `GET /api/v1/sessions/{id}`, and how they follow from a session's traces.
//!
//! A session is what one visitor did: the roots of a browser's actions that carry the same `session.id`, in the order
//! of their starts, with everything that the page told between them.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::error_reason;
use crate::attribute::{Attribute, AttributeValue, find, find_str};
use crate::id::{SpanId, TraceId};
use crate::log::LogEntry;
use crate::semconv;
use crate::session::{self, Action, ColorScheme, ErrorMark, Session, VitalMark};
use crate::span::{SpanKind, SpanRecord};
use crate::time::{DurationNanos, UnixNanos};
use crate::trace::{Node, Trace};

/// The answer to `GET /api/v1/sessions`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionsResponse {
    /// The sessions found, that of the latest trace first.
    pub sessions: Vec<SessionSummary>,
    /// How many traces were looked at.
    pub scanned_traces: u64,
    /// How many sessions were looked at.
    pub scanned_sessions: u64,
    /// Whether older matching sessions may exist.
    pub more: bool,
    /// Where to go on, as the parameter `after`.
    pub next: Option<String>,
}

/// What a list shows of a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionSummary {
    /// The session's id.
    pub session_id: String,
    /// The page's service.
    pub service: String,
    /// The browser as it describes itself.
    pub browser: Option<String>,
    /// The size of the window in CSS pixels, `1440x900`.
    pub viewport: Option<String>,
    /// Which colours the visitor prefers.
    pub color_scheme: Option<ColorScheme>,
    /// Who the visitor was, as the page said: `user.id`, `user.name`, `user.email`.
    pub user: BTreeMap<String, String>,
    /// When the first action began.
    pub start: UnixNanos,
    /// When the last one ended.
    pub end: UnixNanos,
    /// How many actions there were, page loads among them.
    pub action_count: u32,
    /// How many of them went wrong: a span of their trace failed, or an exception was thrown.
    pub error_count: u32,
    /// The first thing that went wrong, in words.
    pub error: Option<String>,
    /// How many actions were clicks repeated in vain.
    pub rage_count: u32,
    /// How many were clicks that nothing answered.
    pub dead_count: u32,
    /// The worst value of each web vital.
    pub vitals: Vec<Vital>,
    /// The routes in the order of the visit, without repetition.
    pub routes: Vec<String>,
    /// Whether its pages were recorded.
    pub recorded: bool,
}

/// The answer to `GET /api/v1/sessions/{id}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionResponse {
    /// What a list shows of it.
    pub summary: SessionSummary,
    /// Its actions by their start.
    pub actions: Vec<SessionAction>,
    /// What else its pages told: requests, exceptions, console errors, web vitals, by time.
    pub entries: Vec<SessionEntry>,
    /// Whether it has more actions than are listed.
    pub more: bool,
    /// Whether its recordings are kept from whoever asks, whose token lacks the role `replay`.
    #[serde(default)]
    pub recording_withheld: bool,
    /// When this was so, by the server's clock.
    pub server_time: UnixNanos,
}

/// The answer to `GET /api/v1/sessions/{id}/replay`: which recordings there are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplayResponse {
    /// One for each page of each tab, by their start.
    pub streams: Vec<ReplayStream>,
    /// Where they are played; `None` where the server plays none.
    pub player: Option<ReplayPlayer>,
}

/// Where recordings are played.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplayPlayer {
    /// The origin of the page that plays them, which is to be shown in a frame.
    pub url: String,
    /// The one origin whose pages may do so.
    pub viewer: String,
}

/// The recording of one page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplayStream {
    /// Its id.
    pub stream: String,
    /// When its first event happened.
    pub start: UnixNanos,
    /// When its last one did.
    pub end: UnixNanos,
    /// How many chunks have arrived.
    pub chunk_count: u32,
    /// The number of the last one.
    pub last_chunk: u32,
    /// How many bytes they have, unpacked.
    pub bytes: u64,
    /// The numbers of chunks that have not arrived, as far as later ones tell.
    pub missing: Vec<u32>,
    /// The times that they were of, by their start.
    pub gaps: Vec<ReplayGap>,
}

/// A time of which a recording has nothing, since chunks have not arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplayGap {
    /// When the last event before it happened; `None` where the beginning is missing.
    pub start: Option<UnixNanos>,
    /// When the first one after it did.
    pub end: UnixNanos,
}

/// One thing that the visitor did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionAction {
    /// Its trace; `None` where it caused nothing.
    pub trace_id: Option<TraceId>,
    /// Its root span.
    pub span_id: Option<SpanId>,
    /// What it is called, such as `click "Book Now"`.
    pub name: String,
    /// Its kind: `click`, `submit`, `load` …
    pub kind: String,
    /// When it began.
    pub start: UnixNanos,
    /// How long it and what it caused took.
    pub duration: DurationNanos,
    /// The first request that it caused.
    pub caused: Option<String>,
    /// How many spans of its trace failed, and exceptions it threw.
    pub error_count: u32,
    /// The first failure in words.
    pub error: Option<String>,
    /// Whether it was one of several clicks in vain.
    pub rage: bool,
    /// Whether nothing answered it.
    pub dead: bool,
    /// How the interaction felt: `good`, `needs-improvement`, `poor`.
    pub rating: Option<String>,
    /// The route on which it began.
    pub route: Option<String>,
    /// The best selector of its element.
    pub selector: Option<String>,
    /// What stands for the value of its field.
    pub value: Option<String>,
}

/// A value of a web vital.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Vital {
    /// `lcp`, `inp`, `cls`, `fcp` or `ttfb`.
    pub name: String,
    /// The value: milliseconds, or a score for `cls`.
    pub value: f64,
    /// `good`, `needs-improvement` or `poor`.
    pub rating: String,
}

/// What an entry of a session is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
    /// A request of the page.
    Request,
    /// An exception that nobody caught.
    Exception,
    /// An error on the console.
    Console,
    /// A web vital.
    Vital,
    /// A change of the route.
    Route,
}

/// One line of what a session's pages told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionEntry {
    /// When.
    pub time: UnixNanos,
    /// What it is about.
    pub kind: EntryKind,
    /// In words.
    pub text: String,
    /// Whether it is a failure.
    pub failed: bool,
    /// The trace in which it stands.
    pub trace_id: Option<TraceId>,
    /// The span in which it stands.
    pub span_id: Option<SpanId>,
}

/// A trace of a session with what was logged in it.
#[derive(Debug)]
pub struct SessionTrace {
    /// The trace.
    pub trace: Trace,
    /// Its log records.
    pub logs: Vec<LogEntry>,
}

/// The session that a span or log record belongs to.
#[must_use]
pub fn session_of(attributes: &[Attribute]) -> Option<&str> {
    find_str(attributes, semconv::SESSION_ID).filter(|id| !id.is_empty())
}

/// What the traces say of the session `id`; `None` where it has no action in them.
#[must_use]
pub fn describe(id: &str, traces: &[SessionTrace]) -> Option<SessionResponse> {
    let spans: Vec<SpanRecord> = traces
        .iter()
        .flat_map(|one| &one.trace.nodes)
        .filter(|node| session_of(&node.record.span.attributes) == Some(id))
        .map(|node| node.record.clone())
        .collect();
    let logs: Vec<LogEntry> = traces.iter().flat_map(|one| one.logs.clone()).collect();
    let read = session::read(id, &spans, &logs);
    let by_trace: HashMap<TraceId, &Trace> = traces
        .iter()
        .filter_map(|one| Some((one.trace.nodes.first()?.record.span.trace_id, &one.trace)))
        .collect();
    let actions: Vec<SessionAction> = read
        .actions
        .iter()
        .map(|action| {
            let trace = action.trace.and_then(|trace| by_trace.get(&trace).copied());
            action_of(action, trace, &read, &spans)
        })
        .collect();
    if actions.is_empty() {
        return None;
    }
    let mut entries: Vec<SessionEntry> = traces
        .iter()
        .flat_map(|one| requests_of(&one.trace))
        .chain(read.errors.iter().map(error_entry))
        .chain(read.vitals.iter().map(vital_entry))
        .collect();
    entries.sort_by_key(|entry| entry.time);
    Some(SessionResponse {
        summary: summary_of(&read, &actions, &spans),
        actions,
        entries,
        more: false,
        recording_withheld: false,
        server_time: UnixNanos(0),
    })
}

fn summary_of(read: &Session, actions: &[SessionAction], spans: &[SpanRecord]) -> SessionSummary {
    let mut routes: Vec<String> = Vec::new();
    for route in actions.iter().filter_map(|action| action.route.clone()) {
        if !routes.contains(&route) {
            routes.push(route);
        }
    }
    let mut vitals: BTreeMap<&str, Vital> = BTreeMap::new();
    for mark in &read.vitals {
        let worse = vitals
            .get(mark.name.as_str())
            .is_none_or(|known| mark.value > known.value);
        if worse {
            vitals.insert(&mark.name, vital_of(mark));
        }
    }
    let ends = actions.iter().map(|action| action.start + action.duration);
    let count =
        |of: fn(&SessionAction) -> bool| actions.iter().filter(|action| of(action)).count() as u32;
    SessionSummary {
        session_id: read.id.clone(),
        service: read.service.clone(),
        browser: spans
            .first()
            .and_then(|record| browser_of(&record.resource.attributes)),
        viewport: read
            .actions
            .iter()
            .find_map(|action| action.step.as_ref()?.viewport)
            .map(|(width, height)| format!("{width}x{height}")),
        color_scheme: read
            .actions
            .iter()
            .find_map(|action| action.step.as_ref()?.color_scheme),
        user: read.user.iter().cloned().collect(),
        start: read.start,
        end: ends.max().unwrap_or(read.end).max(read.end),
        action_count: actions.len() as u32,
        error_count: count(|action| action.error_count > 0),
        error: actions.iter().find_map(|action| action.error.clone()),
        rage_count: count(|action| action.rage),
        dead_count: count(|action| action.dead),
        vitals: vitals.into_values().collect(),
        routes,
        recorded: false,
    }
}

/// An action with what the services did for it.
fn action_of(
    action: &Action,
    trace: Option<&Trace>,
    read: &Session,
    spans: &[SpanRecord],
) -> SessionAction {
    let root = trace.and_then(|trace| {
        let id = action.span?;
        trace
            .nodes
            .iter()
            .position(|node| node.record.span.span_id == id)
    });
    let below: &[Node] = match (trace, root) {
        (Some(trace), Some(root)) => &trace.nodes[root..root + trace.nodes[root].subtree as usize],
        _ => &[],
    };
    let failed = || below.iter().filter(|node| node.record.span.is_error());
    let thrown = || {
        let errors = read.errors.iter();
        errors.filter(|mark| {
            mark.span.is_some() && (mark.trace, mark.span) == (action.trace, action.span)
        })
    };
    let end = below
        .iter()
        .map(|node| node.record.span.end)
        .max()
        .unwrap_or(action.end)
        .max(action.end);
    let rating = spans
        .iter()
        .find(|record| {
            (Some(record.span.trace_id), Some(record.span.span_id)) == (action.trace, action.span)
        })
        .and_then(|record| find_str(&record.span.attributes, "throughline.interaction.rating"));
    let step = action.step.as_ref();
    let known = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    SessionAction {
        trace_id: action.trace,
        span_id: action.span,
        name: action.name.clone(),
        kind: action.kind.clone(),
        start: action.start,
        duration: end - action.start,
        caused: below
            .iter()
            .skip(1)
            .find(|node| node.record.span.kind == SpanKind::Client)
            .map(|node| node.record.span.name.clone()),
        error_count: (failed().count() + thrown().count()) as u32,
        // The deepest failure is where it began.
        error: failed()
            .next_back()
            .map(|node| match error_reason(&node.record.span) {
                Some(reason) => format!("{}: {reason}", node.record.span.name),
                None => node.record.span.name.clone(),
            })
            .or_else(|| thrown().next().map(|mark| mark.text.clone())),
        rage: action.rage,
        dead: action.dead,
        rating: rating.map(str::to_owned),
        route: step
            .and_then(|step| known(&step.route))
            .or_else(|| known(&action.route_before))
            .or_else(|| path_of(&action.url)),
        selector: step
            .and_then(|step| step.selectors.first())
            .map(ToString::to_string),
        value: step
            .and_then(|step| step.value.as_ref())
            .map(ToString::to_string),
    }
}

/// The requests of a trace's pages, and the changes of their route.
fn requests_of(trace: &Trace) -> Vec<SessionEntry> {
    let mut found = Vec::new();
    for node in &trace.nodes {
        let span = &node.record.span;
        if !node.record.resource.is_browser() {
            continue;
        }
        let entry = |time, kind, text, failed| SessionEntry {
            time,
            kind,
            text,
            failed,
            trace_id: Some(span.trace_id),
            span_id: Some(span.span_id),
        };
        if span.kind == SpanKind::Client {
            let status = find(&span.attributes, semconv::HTTP_RESPONSE_STATUS_CODE)
                .and_then(AttributeValue::as_int);
            let outcome = match status {
                Some(status) => format!("{} · {status}", span.name),
                None => span.name.clone(),
            };
            found.push(entry(
                span.start,
                EntryKind::Request,
                outcome,
                span.is_error(),
            ));
        }
        let route = |key| find_str(&span.attributes, key);
        if let (Some(before), Some(after)) = (
            route("throughline.route.before"),
            route("throughline.route.after"),
        ) && before != after
        {
            let text = format!("route {after}");
            found.push(entry(span.end, EntryKind::Route, text, false));
        }
    }
    found
}

fn error_entry(mark: &ErrorMark) -> SessionEntry {
    let console = mark.kind == "browser.console";
    SessionEntry {
        time: mark.time,
        kind: if console {
            EntryKind::Console
        } else {
            EntryKind::Exception
        },
        text: mark.text.clone(),
        failed: true,
        trace_id: mark.trace,
        span_id: mark.span,
    }
}

fn vital_entry(mark: &VitalMark) -> SessionEntry {
    SessionEntry {
        time: mark.time,
        kind: EntryKind::Vital,
        text: vital_of(mark).to_string(),
        failed: mark.rating == "poor",
        trace_id: mark.trace,
        span_id: None,
    }
}

fn vital_of(mark: &VitalMark) -> Vital {
    Vital {
        name: mark.name.clone(),
        value: mark.value,
        rating: mark.rating.clone(),
    }
}

impl std::fmt::Display for Vital {
    /// `LCP 1.2 s`, `INP 214 ms`, `CLS 0.31`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = self.name.to_uppercase();
        match self.value {
            value if self.name == "cls" => write!(f, "{name} {value:.2}"),
            value if value >= 1_000.0 => write!(f, "{name} {:.1} s", value / 1_000.0),
            value => write!(f, "{name} {value:.0} ms"),
        }
    }
}

/// The browser in words: the brand that is not there to confuse, or the user agent.
fn browser_of(attributes: &[Attribute]) -> Option<String> {
    let brands = match find(attributes, "browser.brands") {
        Some(AttributeValue::Array(brands)) => brands.as_slice(),
        _ => &[],
    };
    // "Not)A;Brand" is an invention of browsers, so that nobody relies on the list.
    let brand = brands
        .iter()
        .filter_map(AttributeValue::as_str)
        .filter(|brand| !brand.contains("Brand"))
        .max_by_key(|brand| !brand.starts_with("Chromium"));
    brand
        .or_else(|| find_str(attributes, "user_agent.original"))
        .map(str::to_owned)
}

/// The path of an absolute URL.
fn path_of(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let path = rest.find('/').map_or("/", |at| &rest[at..]);
    let end = path.find(['?', '#']).unwrap_or(path.len());
    Some(path[..end].to_owned())
}
