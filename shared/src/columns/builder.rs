//! Takes spans in any order and keeps only what columns say of them.

use std::collections::HashMap;
use std::sync::Arc;

use super::{MOST_CHARACTERS, MOST_MARKS, NONE, Service, flag, kind_byte};
use crate::attribute::{AttributeValue, find, find_str};
use crate::id::{SpanId, TraceId};
use crate::resource::Resource;
use crate::semconv;
use crate::span::{Span, SpanKind, SpanRecord};
use crate::time::UnixNanos;
use crate::trace::order::Spans;

/// More services, each host counted, than this are shown as one.
const MOST_SERVICES: usize = 65_000;

/// Spans of one trace by index, in the order they came in.
#[derive(Debug, Default)]
pub struct Builder {
    pub(super) trace_id: Option<TraceId>,
    pub(super) ids: Vec<SpanId>,
    pub(super) parents: Vec<Option<SpanId>>,
    pub(super) times: Vec<(UnixNanos, UnixNanos)>,
    pub(super) kinds: Vec<u8>,
    pub(super) flags: Vec<u16>,
    pub(super) service: Vec<u16>,
    pub(super) names: Vec<u32>,
    contents: Vec<i64>,
    /// Reason and message of the failed, by index.
    pub(super) failures: HashMap<u32, (u32, u32)>,
    /// Time and name of events, by index.
    pub(super) marks: HashMap<u32, Vec<(UnixNanos, u32)>>,
    pub(super) links: HashMap<u32, Vec<(TraceId, SpanId)>>,
    pub(super) services: Vec<Service>,
    pub(super) texts: Vec<Arc<str>>,
    pub(super) session: String,
    session_start: Option<UnixNanos>,
    text_numbers: HashMap<Arc<str>, u32>,
    service_numbers: HashMap<(String, bool, String), u16>,
    /// Spans of one batch share their resource, so the latest answers for most of them.
    latest: Option<(Arc<Resource>, u16)>,
}

impl Builder {
    /// Makes room for so many spans.
    #[must_use]
    pub fn with_capacity(count: usize) -> Self {
        Self {
            ids: Vec::with_capacity(count),
            parents: Vec::with_capacity(count),
            times: Vec::with_capacity(count),
            kinds: Vec::with_capacity(count),
            flags: Vec::with_capacity(count),
            service: Vec::with_capacity(count),
            names: Vec::with_capacity(count),
            contents: Vec::with_capacity(count),
            ..Self::default()
        }
    }

    /// How many spans came in.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether none came in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Takes a span. Two spans of one id are one where their `content`, a hash, is the same.
    pub fn push(&mut self, record: &SpanRecord, content: i64) {
        let span = &record.span;
        let index = self.ids.len() as u32;
        self.trace_id.get_or_insert(span.trace_id);
        self.ids.push(span.span_id);
        self.parents.push(span.parent_span_id);
        self.times.push((span.start, span.end));
        self.kinds.push(kind_byte(span.kind, span.status.code));
        self.contents.push(content);
        let name = self.text(&span.name);
        self.names.push(name);
        let service = self.service(&record.resource);
        self.service.push(service);
        let mut flags = flags_of(span);
        if span.is_error() {
            let reason = reason(span).map_or(NONE, |reason| self.text(&reason));
            let message = &span.status.message;
            let message = if message.is_empty() {
                NONE
            } else {
                self.text(message)
            };
            self.failures.insert(index, (reason, message));
        }
        if !span.events.is_empty() {
            let mut marks: Vec<(UnixNanos, u32)> = span
                .events
                .iter()
                .take(MOST_MARKS)
                .map(|event| (event.time, self.text(&event.name)))
                .collect();
            marks.sort_by_key(|mark| mark.0);
            self.marks.insert(index, marks);
        }
        if !span.links.is_empty() {
            let links = span
                .links
                .iter()
                .take(MOST_MARKS)
                .map(|link| (link.trace_id, link.span_id))
                .collect();
            self.links.insert(index, links);
        }
        if span.events.len().max(span.links.len()) > MOST_MARKS {
            flags |= flag::MORE;
        }
        self.flags.push(flags);
        if self.session_start.is_none_or(|start| span.start < start)
            && let Some(session) = find_str(&span.attributes, semconv::SESSION_ID)
                .or_else(|| find_str(&record.resource.attributes, semconv::SESSION_ID))
        {
            self.session = clipped(session);
            self.session_start = Some(span.start);
        }
    }

    fn text(&mut self, text: &str) -> u32 {
        let clipped;
        let text = if text.len() > MOST_CHARACTERS {
            clipped = self::clipped(text);
            &clipped
        } else {
            text
        };
        if let Some(number) = self.text_numbers.get(text) {
            return *number;
        }
        let (number, text) = (self.texts.len() as u32, Arc::<str>::from(text));
        self.texts.push(Arc::clone(&text));
        self.text_numbers.insert(text, number);
        number
    }

    fn service(&mut self, resource: &Arc<Resource>) -> u16 {
        if let Some((latest, number)) = &self.latest
            && Arc::ptr_eq(latest, resource)
        {
            return *number;
        }
        let full = self.services.len() >= MOST_SERVICES;
        let key = (
            clipped(resource.service_name()),
            resource.is_browser(),
            clipped(resource.host()),
        );
        let number = match self.service_numbers.get(&key) {
            Some(number) => *number,
            None if full => (MOST_SERVICES - 1) as u16,
            None => {
                let number = self.services.len() as u16;
                self.services.push(Service {
                    name: key.0.clone(),
                    browser: key.1,
                    host: key.2.clone(),
                });
                self.service_numbers.insert(key, number);
                number
            }
        };
        self.latest = Some((Arc::clone(resource), number));
        number
    }
}

impl Spans for Builder {
    type Content = i64;

    fn count(&self) -> usize {
        self.len()
    }

    fn span_id(&self, index: usize) -> SpanId {
        self.ids[index]
    }

    fn parent_span_id(&self, index: usize) -> Option<SpanId> {
        self.parents[index]
    }

    fn start(&self, index: usize) -> UnixNanos {
        self.times[index].0
    }

    fn end(&self, index: usize) -> UnixNanos {
        self.times[index].1
    }

    fn kind(&self, index: usize) -> SpanKind {
        SpanKind::from_otlp(i32::from(self.kinds[index] & 7))
    }

    fn across_services(&self, one: usize, other: usize) -> bool {
        let whose = |index: usize| {
            let service = &self.services[usize::from(self.service[index])];
            (&service.name, &service.host)
        };
        self.service[one] != self.service[other] && whose(one) != whose(other)
    }

    fn same(&self, one: usize, other: usize) -> bool {
        self.contents[one] == self.contents[other]
    }

    fn content(&self, index: usize) -> i64 {
        self.contents[index]
    }
}

fn flags_of(span: &Span) -> u16 {
    let mut flags = 0;
    if span
        .attributes
        .iter()
        .any(|attribute| attribute.key.starts_with("db."))
    {
        flags |= flag::DATABASE;
    }
    if find_str(&span.attributes, semconv::ACTION).is_some_and(|action| action != "load") {
        flags |= flag::ACTION;
    }
    if span.parent_span_id.is_none() {
        flags |= flag::ROOT;
    }
    flags
}

/// Why a span failed, in few words: the status code, the class of error, or the message.
fn reason(span: &Span) -> Option<String> {
    let status = find(&span.attributes, semconv::HTTP_RESPONSE_STATUS_CODE)
        .and_then(AttributeValue::as_int)
        .filter(|status| *status >= 400);
    if let Some(status) = status {
        return Some(status.to_string());
    }
    find_str(&span.attributes, semconv::ERROR_TYPE)
        .filter(|class| !class.is_empty())
        .or(Some(span.status.message.as_str()).filter(|message| !message.is_empty()))
        .map(str::to_owned)
}

pub(super) fn clipped(text: &str) -> String {
    match text.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
