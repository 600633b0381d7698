//! Records one sample trace as its work is acted out: spans are entered and left, time is spent.

use std::sync::Arc;

use shared::attribute::{Attribute, AttributeValue};
use shared::id::{SpanId, TraceId};
use shared::log::{LogEntry, LogRecord};
use shared::resource::{Resource, Scope};
use shared::span::{Span, SpanEvent, SpanKind, SpanRecord, Status, StatusCode};
use shared::time::{DurationNanos, UnixNanos};

use super::random::Random;

/// Someone who sends telemetry.
#[derive(Debug, Clone)]
pub struct Sender {
    /// Who.
    pub resource: Arc<Resource>,
    /// With which library.
    pub scope: Arc<Scope>,
}

/// A trace in the making.
pub struct Recorder<'a> {
    /// Chance.
    pub random: &'a mut Random,
    trace_id: TraceId,
    now: UnixNanos,
    spans: Vec<SpanRecord>,
    logs: Vec<LogEntry>,
    /// The spans that are entered and not left, innermost last.
    open: Vec<usize>,
}

impl<'a> Recorder<'a> {
    /// Starts a trace at an instant.
    pub fn new(random: &'a mut Random, start: UnixNanos) -> Self {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&(random.next() | 1).to_be_bytes());
        bytes[8..].copy_from_slice(&random.next().to_be_bytes());
        Self {
            // The first half is odd, so that the id is never zero.
            trace_id: TraceId::from_bytes(bytes).unwrap_or_else(|| unreachable!()),
            random,
            now: start,
            spans: Vec::new(),
            logs: Vec::new(),
            open: Vec::new(),
        }
    }

    /// Enters a span.
    pub fn enter(&mut self, sender: &Sender, kind: SpanKind, name: impl Into<String>) {
        let parent = self.open.last().map(|&open| self.spans[open].span.span_id);
        let number = (self.random.next() | 1).to_be_bytes();
        self.open.push(self.spans.len());
        self.spans.push(SpanRecord {
            resource: Arc::clone(&sender.resource),
            scope: Arc::clone(&sender.scope),
            span: Span {
                trace_id: self.trace_id,
                span_id: SpanId::from_bytes(number).unwrap_or_else(|| unreachable!()),
                parent_span_id: parent,
                trace_state: String::new(),
                flags: 1,
                name: name.into(),
                kind,
                start: self.now,
                end: self.now,
                attributes: Vec::new(),
                dropped_attributes_count: 0,
                events: Vec::new(),
                dropped_events_count: 0,
                links: Vec::new(),
                dropped_links_count: 0,
                status: Status::default(),
            },
        });
    }

    /// Leaves the innermost span.
    pub fn leave(&mut self) {
        let now = self.now;
        if let Some(open) = self.open.pop() {
            self.spans[open].span.end = now;
        }
    }

    /// Spends about so many milliseconds.
    pub fn spend(&mut self, median_millis: f64) {
        let millis = self.random.around(median_millis);
        self.now = self.now + DurationNanos((millis * 1e6) as i64);
    }

    /// Spends exactly so many milliseconds, as until a deadline.
    pub fn wait(&mut self, millis: i64) {
        self.now = self.now + DurationNanos::from_millis(millis);
    }

    /// Describes the innermost span.
    pub fn set(&mut self, key: &str, value: impl Into<AttributeValue>) {
        let attribute = Attribute::new(key, value);
        if let Some(span) = self.innermost() {
            span.attributes.push(attribute);
        }
    }

    /// Fails the innermost span.
    pub fn fail(&mut self, message: &str) {
        if let Some(span) = self.innermost() {
            span.status = Status {
                code: StatusCode::Error,
                message: message.to_owned(),
            };
        }
    }

    /// Fails the innermost span with an exception.
    pub fn throw(&mut self, exception: &str, message: &str) {
        self.fail(message);
        let event = SpanEvent {
            time: self.now,
            name: "exception".to_owned(),
            attributes: vec![
                Attribute::new("exception.type", exception),
                Attribute::new("exception.message", message),
            ],
            dropped_attributes_count: 0,
        };
        if let Some(span) = self.innermost() {
            span.events.push(event);
        }
    }

    /// Logs within the innermost span.
    pub fn log(&mut self, severity_number: i32, severity_text: &str, body: impl Into<String>) {
        let Some(&open) = self.open.last() else {
            return;
        };
        let record = &self.spans[open];
        self.logs.push(LogEntry {
            resource: Arc::clone(&record.resource),
            scope: Arc::clone(&record.scope),
            record: LogRecord {
                time: self.now,
                observed_time: self.now,
                severity_number,
                severity_text: severity_text.to_owned(),
                body: body.into().into(),
                attributes: Vec::new(),
                trace_id: Some(self.trace_id),
                span_id: Some(record.span.span_id),
                flags: 1,
                event_name: String::new(),
                dropped_attributes_count: 0,
            },
        });
    }

    /// What was recorded. Spans that were not left end now.
    pub fn finish(mut self) -> (Vec<SpanRecord>, Vec<LogEntry>) {
        while !self.open.is_empty() {
            self.leave();
        }
        (self.spans, self.logs)
    }

    fn innermost(&mut self) -> Option<&mut Span> {
        let open = *self.open.last()?;
        Some(&mut self.spans[open].span)
    }
}
