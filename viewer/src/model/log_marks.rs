//! Logs on the bars: which span each was written in, when, and how grave it is.

use std::collections::{HashMap, HashSet};

use shared::log::LogEntry;

use super::trace::TraceModel;
use crate::format;

/// How grave a log is, by OpenTelemetry's severity numbers (Logs Data Model, "Severity Fields").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gravity {
    /// Told.
    Told,
    /// From WARN on.
    Warning,
    /// From ERROR on.
    Error,
}

impl Gravity {
    /// Of a severity number.
    #[must_use]
    pub fn of(severity: i32) -> Self {
        match severity {
            17.. => Self::Error,
            13..=16 => Self::Warning,
            _ => Self::Told,
        }
    }
}

/// A log on a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogMark {
    /// The span's node.
    pub node: u32,
    /// When, in nanoseconds from the start of the trace.
    pub time: i64,
    /// How grave it is.
    pub gravity: Gravity,
    /// Its place among the logs of its span.
    pub place: usize,
}

/// The logs of a trace by span and time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogMarks(Vec<LogMark>);

impl LogMarks {
    /// From logs by time; those of no span that is here are left out.
    #[must_use]
    pub fn new(model: &TraceModel, entries: &[LogEntry]) -> Self {
        let ids: HashSet<_> = entries
            .iter()
            .filter_map(|entry| entry.record.span_id)
            .collect();
        if ids.is_empty() {
            return Self::default();
        }
        let nodes: HashMap<_, _> = model
            .nodes_of(&ids)
            .into_iter()
            .map(|node| (model.span_id(node), node))
            .collect();
        let mut seen: HashMap<u32, usize> = HashMap::new();
        let mut marks = Vec::new();
        for entry in entries {
            let record = &entry.record;
            let Some(node) = record.span_id.and_then(|id| nodes.get(&id)).copied() else {
                continue;
            };
            let place = seen.entry(node).or_default();
            // By the same clock as its span, whichever is shown.
            let since = (record.moment() - model.sent_start(node)).0;
            marks.push(LogMark {
                node,
                time: model.start[node as usize] + since,
                gravity: Gravity::of(record.severity_number),
                place: *place,
            });
            *place += 1;
        }
        marks.sort_by_key(|mark| (mark.node, mark.time));
        Self(marks)
    }

    /// Those of a node, by time.
    #[must_use]
    pub fn of(&self, node: u32) -> &[LogMark] {
        let from = self.0.partition_point(|mark| mark.node < node);
        let count = self.0[from..].partition_point(|mark| mark.node == node);
        &self.0[from..from + count]
    }

    /// What a node's logs are, in words: `3 logs, 1 error`; empty where it has none.
    #[must_use]
    pub fn told(&self, node: u32) -> String {
        let own = self.of(node);
        if own.is_empty() {
            return String::new();
        }
        let count = |gravity| own.iter().filter(|mark| mark.gravity == gravity).count() as u64;
        let mut words = format::counted(own.len() as u64, "log");
        for (gravity, noun) in [(Gravity::Error, "error"), (Gravity::Warning, "warning")] {
            if count(gravity) > 0 {
                words += &format!(", {}", format::counted(count(gravity), noun));
            }
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use shared::log::LogRecord;
    use shared::time::UnixNanos;

    use super::super::fixture::{ORIGIN, model, span};
    use super::*;

    fn log(span: u64, at: u64, severity_number: i32) -> LogEntry {
        LogEntry {
            resource: Arc::default(),
            scope: Arc::default(),
            record: LogRecord {
                time: UnixNanos(ORIGIN + at),
                severity_number,
                span_id: shared::id::SpanId::from_bytes(span.to_be_bytes()),
                ..LogRecord::default()
            },
        }
    }

    #[test]
    fn logs_find_their_bars_and_say_how_grave_they_are() {
        let model = model(vec![
            span(1, 0, "a", "root", 0, 100),
            span(2, 1, "a", "child", 10, 30),
        ]);
        let marks = LogMarks::new(
            &model,
            &[
                log(2, 12, 9),
                log(1, 15, 13),
                log(2, 25, 17),
                log(77, 26, 17),
                log(0, 27, 17),
            ],
        );
        let own: Vec<_> = marks
            .of(1)
            .iter()
            .map(|mark| (mark.time, mark.gravity, mark.place))
            .collect();
        assert_eq!(own, [(12, Gravity::Told, 0), (25, Gravity::Error, 1)]);
        assert_eq!(marks.of(0).len(), 1);
        assert_eq!(marks.told(1), "2 logs, 1 error");
        assert_eq!(marks.told(0), "1 log, 1 warning");
        assert_eq!(LogMarks::default().told(0), "");
    }
}
