//! What a span is matched by, and the raw values that are compared apart from it.

use std::borrow::Cow;
use std::collections::HashMap;

use super::template::{self, Template};
use crate::attribute::{Attribute, find_str};
use crate::semconv;
use crate::span::{Span, SpanKind, SpanRecord};

/// What spans of different traces have in common that did the same work.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Operation {
    /// The service.
    pub service: String,
    /// The role in the call.
    pub kind: SpanKind,
    /// The normalised route, statement or name.
    pub name: String,
}

/// Gives each operation a number, and each raw text its operation once.
#[derive(Debug, Default)]
pub struct Operations {
    /// The operations by number.
    pub list: Vec<Operation>,
    numbers: HashMap<Operation, u32>,
    /// Spans of the same service, kind and raw text need not be normalised again.
    known: HashMap<Operation, u32>,
}

impl Operations {
    /// The number of a span's operation.
    pub fn number(&mut self, record: &SpanRecord) -> u32 {
        let raw = Operation {
            service: record.resource.service_name().to_owned(),
            kind: record.span.kind,
            name: source(&record.span).raw().into_owned(),
        };
        if let Some(&number) = self.known.get(&raw) {
            return number;
        }
        let operation = Operation {
            name: name_of(&record.span),
            ..raw.clone()
        };
        let next = self.list.len() as u32;
        let number = *self.numbers.entry(operation.clone()).or_insert_with(|| {
            self.list.push(operation);
            next
        });
        self.known.insert(raw, number);
        number
    }
}

/// Where the words come from that say what a span did.
enum Source<'a> {
    /// An operation that has been normalised already, of what is expected and not of what was seen.
    Operation(&'a str),
    /// A request: its method, and its route where the instrumentation knew it.
    Route(&'a str, &'a str),
    /// A request without a route: its method and URL.
    Url(&'a str, &'a str),
    /// A query to a database.
    Statement(&'a str),
    /// Anything else: its name.
    Name(&'a str),
}

impl<'a> Source<'a> {
    /// The text that decides the operation, unnormalised.
    fn raw(&self) -> Cow<'a, str> {
        match *self {
            Self::Operation(operation) => Cow::Owned(format!("o{operation}")),
            Self::Route(method, route) => Cow::Owned(format!("r{method} {route}")),
            Self::Url(method, url) => Cow::Owned(format!("u{method} {url}")),
            Self::Statement(statement) => Cow::Owned(format!("s{statement}")),
            Self::Name(name) => Cow::Borrowed(name),
        }
    }
}

fn source(span: &Span) -> Source<'_> {
    let attributes = &span.attributes;
    if let Some(operation) = find_str(attributes, semconv::OPERATION) {
        return Source::Operation(operation);
    }
    let first = |keys: &[&str]| {
        keys.iter()
            .find_map(|key| find_str(attributes, key))
            .filter(|text| !text.is_empty())
    };
    if let Some(method) = first(&[semconv::HTTP_REQUEST_METHOD, "http.method"]) {
        if let Some(route) = first(&["http.route", "url.template"]) {
            return Source::Route(method, route);
        }
        if let Some(url) = url(attributes) {
            return Source::Url(method, url);
        }
    }
    match first(&STATEMENTS) {
        Some(statement) => Source::Statement(statement),
        None => Source::Name(&span.name),
    }
}

const STATEMENTS: [&str; 2] = ["db.query.text", "db.statement"];

fn url(attributes: &[Attribute]) -> Option<&str> {
    [semconv::URL_FULL, "url.path", "http.url", "http.target"]
        .iter()
        .find_map(|key| find_str(attributes, key))
        .filter(|url| !url.is_empty())
}

fn name_of(span: &Span) -> String {
    match source(span) {
        Source::Operation(operation) => operation.to_owned(),
        Source::Route(method, route) => format!("{method} {route}"),
        Source::Url(method, url) => format!("{method} {}", template::of_url(url).text),
        Source::Statement(statement) => template::of_statement(statement).text,
        Source::Name(name) => template::of_words(name).text,
    }
}

/// The values that were taken out of a span's operation, and what they are part of.
#[must_use]
pub fn parameters(span: &Span) -> Option<(&'static str, Template)> {
    let found = match source(span) {
        Source::Operation(_) => return None,
        Source::Route(..) | Source::Url(..) => ("path", template::of_url(url(&span.attributes)?)),
        Source::Statement(statement) => ("statement", template::of_statement(statement)),
        Source::Name(name) => ("name", template::of_words(name)),
    };
    (!found.1.values.is_empty()).then_some(found)
}

/// Whether an attribute says the same as the operation or its parameters do, or differs between any
/// two runs.
#[must_use]
pub fn is_noise(key: &str) -> bool {
    const NOISE: [&str; 20] = [
        "url.full",
        "url.path",
        "url.query",
        "http.url",
        "http.target",
        "db.query.text",
        "db.statement",
        "session.id",
        "session.previous_id",
        "browser.tab.id",
        "thread.id",
        "thread.name",
        "process.pid",
        "client.port",
        "network.peer.port",
        "network.local.port",
        "net.peer.port",
        "net.sock.peer.port",
        "net.host.port",
        "messaging.message.id",
    ];
    let measured = ["time", "duration", "_ms", "millis", "_us", "timestamp"];
    NOISE.contains(&key)
        || key.starts_with("throughline.")
        || measured.iter().any(|end| key.ends_with(end))
}
