//! Reads a session out of what was sent of it.

use super::{Action, ColorScheme, ErrorMark, Selector, Session, Step, ValueReference, VitalMark};
use crate::attribute::{Attribute, AttributeValue, find, find_str};
use crate::log::LogEntry;
use crate::semconv;
use crate::span::SpanRecord;
use crate::time::UnixNanos;

const STEP: &str = "throughline.step";
const WEB_VITAL: &str = "browser.web_vital";
/// OTLP's lowest severity of errors.
const ERROR: i32 = 17;

/// Everything that these spans and records tell of a session; spans and records of others are
/// ignored, and the order in which they come makes no difference.
#[must_use]
pub fn read(id: &str, spans: &[SpanRecord], logs: &[LogEntry]) -> Session {
    let mut session = Session {
        id: id.to_owned(),
        ..Session::default()
    };
    let mut roots: Vec<&SpanRecord> = spans
        .iter()
        .filter(|record| is_of(id, &record.span.attributes))
        .filter(|record| find(&record.span.attributes, semconv::ACTION).is_some())
        .collect();
    roots.sort_by_key(|record| (record.span.start, record.span.span_id));
    roots.dedup_by_key(|record| (record.span.trace_id, record.span.span_id));
    let mut tabs: Vec<&str> = Vec::new();
    for record in &roots {
        let attributes = &record.span.attributes;
        let tab = find_str(attributes, "browser.tab.id")
            .or_else(|| find_str(&record.resource.attributes, "browser.tab.id"))
            .unwrap_or_default();
        let tab = tabs
            .iter()
            .position(|known| *known == tab)
            .unwrap_or_else(|| {
                tabs.push(tab);
                tabs.len() - 1
            }) as u32;
        for event in &record.span.events {
            if event.name == STEP {
                session
                    .actions
                    .push(quiet_action(record, tab, event.time, &event.attributes));
            }
        }
        session.actions.push(root_action(record, tab));
        for attribute in attributes {
            if let Some(text) = attribute.value.as_str()
                && attribute.key.starts_with("user.")
            {
                session.user.retain(|(key, _)| *key != attribute.key);
                session.user.push((attribute.key.clone(), text.to_owned()));
            }
        }
    }
    session.actions.sort_by_key(|action| action.start);
    for entry in logs
        .iter()
        .filter(|entry| is_of(id, &entry.record.attributes))
    {
        note_log(&mut session, entry);
    }
    session.errors.sort_by_key(|mark| mark.time);
    session.vitals.sort_by_key(|mark| mark.time);
    let ends = session.actions.iter().map(|action| action.end);
    let marks = session.errors.iter().map(|mark| mark.time);
    session.end = ends.chain(marks).max().unwrap_or_default();
    session.start = session
        .actions
        .first()
        .map_or(UnixNanos(0), |first| first.start);
    if let Some(first) = roots.first() {
        session.service = first.resource.service_name().to_owned();
    }
    session
}

fn is_of(id: &str, attributes: &[Attribute]) -> bool {
    find_str(attributes, semconv::SESSION_ID) == Some(id)
}

fn text(attributes: &[Attribute], key: &str) -> String {
    find_str(attributes, key).unwrap_or_default().to_owned()
}

fn root_action(record: &SpanRecord, tab: u32) -> Action {
    let span = &record.span;
    let attributes = &span.attributes;
    let is_set = |key| find(attributes, key) == Some(&AttributeValue::Bool(true));
    Action {
        start: span.start,
        end: span.end.max(span.start),
        trace: Some(span.trace_id),
        span: Some(span.span_id),
        name: span.name.clone(),
        kind: text(attributes, semconv::ACTION),
        tab,
        url: text(attributes, semconv::URL_FULL),
        route_before: text(attributes, "throughline.route.before"),
        route_after: text(attributes, "throughline.route.after"),
        step: step_of(attributes),
        failed: span.is_error(),
        rage: is_set("throughline.rage"),
        dead: is_set("throughline.dead"),
    }
}

/// A step that caused nothing, told of by the next root.
fn quiet_action(
    record: &SpanRecord,
    tab: u32,
    time: UnixNanos,
    attributes: &[Attribute],
) -> Action {
    let step = step_of(attributes);
    let kind = text(attributes, semconv::ACTION);
    let route = text(&record.span.attributes, "throughline.route.before");
    let what = step
        .as_ref()
        .and_then(|step| step.selectors.first())
        .and_then(|selector| selector.parts.last())
        .map(|part| match part {
            super::By::TestId(name) | super::By::Role(_, name) | super::By::Text(name) => {
                name.clone()
            }
            super::By::Css(css) => css.clone(),
        })
        .unwrap_or_default();
    Action {
        start: time,
        end: time,
        trace: None,
        span: None,
        name: format!("{kind} \"{what}\""),
        kind,
        tab,
        url: text(&record.span.attributes, semconv::URL_FULL),
        route_before: route.clone(),
        route_after: route,
        step,
        failed: false,
        rage: false,
        dead: false,
    }
}

fn step_of(attributes: &[Attribute]) -> Option<Step> {
    let selectors = |key| match find(attributes, key) {
        Some(AttributeValue::Array(values)) => values
            .iter()
            .filter_map(|value| Selector::parse(value.as_str()?))
            .collect(),
        _ => Vec::new(),
    };
    let viewport = find_str(attributes, "throughline.step.viewport").and_then(|size| {
        let (width, height) = size.split_once('x')?;
        Some((width.parse().ok()?, height.parse().ok()?))
    });
    let step = Step {
        key: find_str(attributes, "throughline.key").map(str::to_owned),
        selectors: selectors("throughline.step.selectors"),
        row: selectors("throughline.step.row"),
        value: find_str(attributes, "throughline.step.value").and_then(ValueReference::parse),
        target: selectors("throughline.step.target"),
        route: text(attributes, "throughline.step.route"),
        viewport,
        color_scheme: find_str(attributes, "throughline.step.color_scheme")
            .and_then(ColorScheme::parse),
    };
    let is_told = step.key.is_some() || !step.selectors.is_empty();
    is_told.then_some(step)
}

fn note_log(session: &mut Session, entry: &LogEntry) {
    let record = &entry.record;
    if record.event_name == WEB_VITAL {
        let value = match find(&record.attributes, "browser.web_vital.value") {
            Some(AttributeValue::Double(value)) => *value,
            Some(AttributeValue::Int(value)) => *value as f64,
            _ => return,
        };
        session.vitals.push(VitalMark {
            time: record.time,
            trace: record.trace_id,
            name: text(&record.attributes, "browser.web_vital.name"),
            value,
            rating: text(&record.attributes, "browser.web_vital.rating"),
        });
    } else if record.severity_number >= ERROR {
        let class = text(&record.attributes, semconv::EXCEPTION_TYPE);
        let message = find_str(&record.attributes, semconv::EXCEPTION_MESSAGE)
            .map_or_else(|| record.body.to_string(), str::to_owned);
        let text = match (class.as_str(), message.as_str()) {
            ("", message) => message.to_owned(),
            (class, "") => class.to_owned(),
            (class, message) => format!("{class}: {message}"),
        };
        session.errors.push(ErrorMark {
            time: record.time,
            trace: record.trace_id,
            span: record.span_id,
            kind: record.event_name.clone(),
            text,
        });
    }
}
