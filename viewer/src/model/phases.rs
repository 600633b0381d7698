//! The network phases of a browser's request, from the span events that OpenTelemetry's web SDK names
//! after the marks of Resource Timing (W3C Resource Timing §4.3).

use super::trace::TraceModel;

/// What the browser did during a stretch of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhaseKind {
    /// Waited for a connection or the main thread.
    Queue,
    /// Looked up the host's address.
    Dns,
    /// Opened the connection.
    Connect,
    /// Agreed on encryption.
    Tls,
    /// Sent the request and waited for the first byte.
    Wait,
    /// Received the response.
    Download,
}

/// A stretch of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phase {
    /// What the browser did.
    pub kind: PhaseKind,
    /// Where it begins, in nanoseconds from the start of the span.
    pub start: i64,
    /// Where it ends.
    pub end: i64,
}

impl PhaseKind {
    /// The phase in a word.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Dns => "DNS",
            Self::Connect => "connect",
            Self::Tls => "TLS",
            Self::Wait => "wait",
            Self::Download => "download",
        }
    }

    /// How strong the service's hue is in the phase, from 0 to 1: the network's work strong, the wait pale.
    #[must_use]
    pub fn strength(self) -> f64 {
        match self {
            Self::Queue => 0.22,
            Self::Dns => 0.5,
            Self::Connect => 0.66,
            Self::Tls => 0.82,
            Self::Wait => 0.3,
            Self::Download => 0.95,
        }
    }
}

/// The phases of a request in order; empty where the span has no such events.
#[must_use]
pub fn phases(model: &TraceModel, node: u32) -> Vec<Phase> {
    let (start, stop) = (model.start[node as usize], model.end[node as usize]);
    let marks = model.marks_of(node);
    let at = |name: &str| {
        let mark = marks.iter().find(|mark| model.mark_name(mark) == name)?;
        // Resource Timing gives 0 for what another origin hides; that is no moment of this span.
        (start..=stop)
            .contains(&mark.time)
            .then(|| mark.time - start)
    };
    let Some(request) = at("requestStart") else {
        return Vec::new();
    };
    let end = stop - start;
    let (dns, dns_end) = (at("domainLookupStart"), at("domainLookupEnd"));
    let (connect, tls, connect_end) = (
        at("connectStart"),
        at("secureConnectionStart"),
        at("connectEnd"),
    );
    let first = dns.or(connect).unwrap_or(request);
    let response = at("responseStart");
    let received = at("responseEnd").unwrap_or(end);
    let mut out = Vec::new();
    let mut push = |kind, start: Option<i64>, stop: Option<i64>| {
        if let (Some(start), Some(stop)) = (start, stop)
            && stop > start
        {
            out.push(Phase {
                kind,
                start,
                end: stop,
            });
        }
    };
    push(PhaseKind::Queue, Some(0), Some(first));
    push(PhaseKind::Dns, dns, dns_end);
    push(PhaseKind::Connect, connect, tls.or(connect_end));
    push(PhaseKind::Tls, tls, connect_end);
    push(PhaseKind::Wait, Some(request), response.or(Some(received)));
    push(PhaseKind::Download, response, Some(received));
    out
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{model, span};
    use super::*;
    use shared::span::SpanEvent;

    fn check(events: &[(&str, u64)], expected: &[(PhaseKind, i64, i64)], reason: &str) {
        let mut record = span(1, 0, "shop-web", "GET /", 1_000, 2_000);
        for (name, at) in events {
            let time = shared::time::UnixNanos(super::super::fixture::ORIGIN + at);
            record.span.events.push(SpanEvent {
                time,
                name: (*name).to_owned(),
                ..SpanEvent::default()
            });
        }
        let found: Vec<_> = phases(&model(vec![record]), 0)
            .iter()
            .map(|phase| (phase.kind, phase.start, phase.end))
            .collect();
        assert_eq!(found, expected, "{reason}");
    }

    #[test]
    fn phases_follow_resource_timing() {
        check(
            &[
                ("fetchStart", 1_000),
                ("domainLookupStart", 1_010),
                ("domainLookupEnd", 1_030),
                ("connectStart", 1_030),
                ("secureConnectionStart", 1_050),
                ("connectEnd", 1_090),
                ("requestStart", 1_100),
                ("responseStart", 1_800),
                ("responseEnd", 1_950),
            ],
            &[
                (PhaseKind::Queue, 0, 10),
                (PhaseKind::Dns, 10, 30),
                (PhaseKind::Connect, 30, 50),
                (PhaseKind::Tls, 50, 90),
                (PhaseKind::Wait, 100, 800),
                (PhaseKind::Download, 800, 950),
            ],
            "a fresh encrypted connection",
        );
        check(
            &[("fetchStart", 1_000)],
            &[],
            "another origin hides the rest",
        );
        check(
            &[
                ("requestStart", 1_100),
                ("responseStart", 0),
                ("responseEnd", 1_900),
            ],
            &[(PhaseKind::Queue, 0, 100), (PhaseKind::Wait, 100, 900)],
            "a mark of 0 is no moment",
        );
    }
}
