//! A list that follows what arrives: events as the server writes them, and what they make of the list.
//!
//! An event that says nothing of a trace leaves it as it was, and of two events about a trace the later is right: so
//! events may be applied again to an answer that crossed them.

use std::cmp::Reverse;
use std::collections::HashSet;

use shared::id::TraceId;
use shared::query::tail::TailEvent;
use shared::query::{SearchResponse, Stopped, TraceSummary};

use crate::format;

/// One of the server's events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Where the stream goes on, once this was read.
    pub id: String,
    /// Its data.
    pub data: String,
}

/// Reads a stream of server-sent events, in pieces as they come
/// (<https://html.spec.whatwg.org/multipage/server-sent-events.html>). What the server does not write is not read:
/// lines end with a line feed, and an event has one line of data.
#[derive(Debug, Default)]
pub struct Reader {
    line: Vec<u8>,
    id: String,
    data: Option<String>,
}

impl Reader {
    /// The events that end in this piece.
    pub fn push(&mut self, piece: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        for byte in piece {
            if *byte != b'\n' {
                self.line.push(*byte);
                continue;
            }
            let line = std::mem::take(&mut self.line);
            let line = String::from_utf8_lossy(&line);
            if line.is_empty() {
                events.extend(self.data.take().map(|data| Event {
                    id: self.id.clone(),
                    data,
                }));
            } else if let Some(id) = line.strip_prefix("id: ") {
                self.id = id.to_owned();
            } else if let Some(data) = line.strip_prefix("data: ") {
                self.data = Some(data.to_owned());
            }
        }
        events
    }
}

/// What a list has become by an event; it has `most` traces at most, and the oldest go.
#[must_use]
pub fn merged<M: Clone>(
    list: &SearchResponse<M>,
    event: &TailEvent,
    most: usize,
) -> SearchResponse<M> {
    let mut next = list.clone();
    // What was matched is told of the traces in their order, which changes now.
    next.matched.clear();
    let told: HashSet<TraceId> = event
        .traces
        .iter()
        .map(|trace| trace.trace_id)
        .chain(event.others.iter().copied())
        .collect();
    next.traces.retain(|trace| !told.contains(&trace.trace_id));
    next.traces.extend(event.traces.iter().cloned());
    let order = |trace: &TraceSummary| (Reverse(trace.start), trace.trace_id);
    next.traces.sort_by_key(order);
    next.scanned_traces += event.scanned_traces;
    next.scanned_spans += event.scanned_spans;
    if next.traces.len() > most {
        next.traces.truncate(most);
        next.stopped = Stopped::Limit;
        next.more = true;
        // Where the next page begins was told of another last trace.
        next.next = None;
    }
    next
}

/// How the list is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Following {
    /// The stream is being opened.
    #[default]
    Opening,
    /// It is open.
    Open,
    /// It could not be opened, or was lost: the list is asked for from time to time.
    Asking,
    /// It may not be opened.
    Refused,
}

/// What was seen of the stream since the list is followed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// How the list is followed.
    pub following: Following,
    /// The traces that came.
    pub new: HashSet<TraceId>,
    /// How many were not looked at.
    pub dropped: u64,
}

impl Seen {
    /// Takes note of an event.
    pub fn take(&mut self, event: &TailEvent) {
        self.new
            .extend(event.traces.iter().map(|trace| trace.trace_id));
        self.dropped += event.dropped;
    }

    /// `Live: 3 traces arrived`
    #[must_use]
    pub fn in_words(&self) -> String {
        let mut words = match self.following {
            Following::Opening => "Live: connecting".to_owned(),
            Following::Asking => {
                "Live: the stream is interrupted, asking every 2\u{a0}s".to_owned()
            }
            Following::Refused => "Live: the server does not allow it".to_owned(),
            Following::Open => format!(
                "Live: {} arrived",
                format::counted(self.new.len() as u64, "trace")
            ),
        };
        if self.dropped > 0 {
            words.push_str(&format!(
                "; {} more not looked at, since too many arrived at once",
                format::count(self.dropped)
            ));
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::time::UnixNanos;

    fn trace(number: u8, start: u64, spans: u32) -> TraceSummary {
        let span = crate::model::fixture::span(1, 0, "shop", "POST /book", 0, 10);
        let trace = shared::trace::assemble(vec![span]);
        let mut summary = shared::query::summarise(&trace).expect("a span");
        summary.trace_id = TraceId::from_bytes([number; 16]).expect("an id");
        summary.start = UnixNanos(start);
        summary.span_count = spans;
        summary
    }

    fn list(traces: Vec<TraceSummary>) -> SearchResponse<()> {
        SearchResponse {
            traces,
            matched: Vec::new(),
            scanned_traces: 10,
            scanned_spans: 40,
            stopped: Stopped::End,
            more: false,
            next: None,
        }
    }

    fn numbers(list: &SearchResponse<()>) -> Vec<(u8, u32)> {
        let of = |trace: &TraceSummary| (trace.trace_id.as_bytes()[0], trace.span_count);
        list.traces.iter().map(of).collect()
    }

    #[test]
    fn a_stream_is_read_however_it_is_cut() {
        let sent = "retry: 2000\nid: 7-1\nevent: arrived\ndata: {\"é\":1}\n\n\nid: 7-2\ndata: b\n\nid: 7-3\ndata: c\n";
        let event = |id: &str, data: &str| Event {
            id: id.to_owned(),
            data: data.to_owned(),
        };
        let expected = [event("7-1", "{\"é\":1}"), event("7-2", "b")];
        for size in 1..sent.len() {
            let mut reader = Reader::default();
            let read: Vec<_> = sent
                .as_bytes()
                .chunks(size)
                .flat_map(|piece| reader.push(piece))
                .collect();
            assert_eq!(
                read, expected,
                "in pieces of {size}, without what is not whole"
            );
        }
    }

    #[test]
    fn a_list_takes_what_arrives_in_its_place() {
        let event = TailEvent {
            traces: vec![trace(4, 40, 1), trace(2, 20, 5)],
            others: vec![TraceId::from_bytes([1; 16]).expect("an id")],
            scanned_traces: 3,
            scanned_spans: 7,
            ..TailEvent::default()
        };
        let before = list(vec![trace(3, 30, 1), trace(2, 20, 1), trace(1, 10, 1)]);
        let after = merged(&before, &event, 10);
        assert_eq!(numbers(&after), [(4, 1), (3, 1), (2, 5)]);
        assert_eq!((after.scanned_traces, after.scanned_spans), (13, 47));
        let again = merged(&after, &event, 10);
        assert_eq!(numbers(&again), numbers(&after));
    }

    #[test]
    fn what_no_longer_fits_is_said_to_be_left_out() {
        let event = TailEvent {
            traces: vec![trace(4, 40, 1)],
            ..TailEvent::default()
        };
        let full = SearchResponse {
            next: Some("20-02".to_owned()),
            ..list(vec![trace(3, 30, 1), trace(2, 20, 1)])
        };
        let after = merged(&full, &event, 2);
        assert_eq!(numbers(&after), [(4, 1), (3, 1)]);
        assert_eq!(
            (after.stopped, after.more, after.next),
            (Stopped::Limit, true, None)
        );
    }

    #[test]
    fn what_came_and_what_was_left_out_is_in_words() {
        let mut seen = Seen::default();
        assert_eq!(seen.in_words(), "Live: connecting");
        seen.following = Following::Open;
        for dropped in [0, 12] {
            seen.take(&TailEvent {
                traces: vec![trace(4, 40, 1)],
                dropped,
                ..TailEvent::default()
            });
        }
        assert_eq!(
            seen.in_words(),
            "Live: 1 trace arrived; 12 more not looked at, since too many arrived at once"
        );
    }
}
