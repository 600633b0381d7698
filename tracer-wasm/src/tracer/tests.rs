use core::sync::atomic::{AtomicU64, Ordering};

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::trace::v1::Span;
use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message;

use super::*;

/// A `traceparent` for a span below `parent`, or for one that begins a trace.
fn own(parent: &str) -> String {
    static STARTED: AtomicU64 = AtomicU64::new(1);
    let number = STARTED.fetch_add(1, Ordering::Relaxed);
    let trace =
        parse_ids(parent).map_or(std::format!("{number:032x}"), |(trace, _)| trace.to_hex());
    std::format!("00-{trace}-{number:016x}-01")
}

fn start(tracer: &mut Tracer, parent: &str, millis: f64, name: &str) -> Handle {
    let kind = SpanKind::Internal.to_otlp() as u32;
    tracer.open(Role::Span, kind, millis, parent, &own(parent), name)
}

fn ids(tracer: &mut Tracer, handle: Handle) -> Option<(TraceId, SpanId)> {
    tracer.get(handle)?.ids
}

fn spans(tracer: &mut Tracer) -> Vec<Span> {
    let mut spans = Vec::new();
    while let Some(bytes) = tracer.take(TRACES, 1_000) {
        let request = ExportTraceServiceRequest::decode(&bytes[..]).expect("valid OTLP");
        spans.extend(
            request
                .resource_spans
                .into_iter()
                .flat_map(|of| of.scope_spans)
                .flat_map(|of| of.spans),
        );
    }
    spans
}

fn traceparent(tracer: &mut Tracer, handle: Handle) -> String {
    let ids = ids(tracer, handle).expect("an open span");
    let ids = [ids.0.as_bytes().as_slice(), ids.1.as_bytes()].concat();
    let hex: String = ids.iter().map(|byte| std::format!("{byte:02x}")).collect();
    std::format!("00-{}-{}-01", &hex[..32], &hex[32..])
}

#[test]
fn a_request_is_a_child_of_its_action() {
    let mut tracer = Tracer::new();
    let root = start(&mut tracer, "", 1_000.0, "click \"Book Now\"");
    let parent = traceparent(&mut tracer, root);
    let request = start(&mut tracer, &parent, 1_001.5, "POST ");
    let address = "/api/bookings/42?card=1";
    tracer.url(request, "url.full", "http://h:8080", address, WITH_ROUTE);
    tracer.number(request, "http.response.status_code", 409.0);
    tracer.fail(request, "");
    tracer.end(request, 1_002.0);
    tracer.end(root, 1_003.0);
    let spans = spans(&mut tracer);
    let [request, root] = &spans[..] else {
        panic!("two spans")
    };
    assert_eq!(request.parent_span_id, root.span_id);
    assert_eq!(request.trace_id, root.trace_id);
    assert!(root.parent_span_id.is_empty());
    assert_eq!(request.name, "POST /api/bookings/{id}");
    assert_eq!(request.start_time_unix_nano, 1_001_500_000);
    assert_eq!(request.status.as_ref().map(|status| status.code), Some(2));
}

#[test]
fn a_handle_of_an_ended_span_does_nothing() {
    let mut tracer = Tracer::new();
    let first = start(&mut tracer, "", 1.0, "first");
    tracer.end(first, 2.0);
    let second = start(&mut tracer, "", 1.0, "second");
    assert_ne!(first, second);
    tracer.text(first, "key", "value");
    tracer.end(first, 3.0);
    tracer.end(second, 2.0);
    let spans = spans(&mut tracer);
    assert_eq!(spans.len(), 2);
    assert!(spans[1].attributes.is_empty());
    assert_eq!(ids(&mut tracer, second), None);
    assert_eq!(ids(&mut tracer, 0), None);
}

#[test]
fn a_route_stands_for_all_paths_of_a_kind() {
    let mut tracer = Tracer::new();
    let span = start(&mut tracer, "", 1.0, "x");
    tracer.url(span, "key", "", "/films/4711?seat=C7", ONLY_ROUTE);
    tracer.end(span, 2.0);
    let sent = &spans(&mut tracer)[0];
    let value = sent.attributes[0].value.clone().and_then(|any| any.value);
    assert_eq!(
        value,
        Some(any_value::Value::StringValue("/films/{id}".into()))
    );
    assert_eq!(sent.name, "x");
}

#[test]
fn an_end_before_the_start_is_the_start() {
    let mut tracer = Tracer::new();
    let span = start(&mut tracer, "", 5.0, "x");
    tracer.end(span, 4.0);
    assert_eq!(spans(&mut tracer)[0].end_time_unix_nano, 5_000_000);
}

#[test]
fn drops_the_oldest_when_too_many_wait_and_says_so() {
    let mut tracer = Tracer::new();
    let text = "x ".repeat(2_000);
    for number in 0..1_000 {
        let span = start(&mut tracer, "", f64::from(number), "x");
        tracer.text(span, "key", &text);
        tracer.end(span, f64::from(number));
    }
    assert_eq!(tracer.waiting(TRACES) + tracer.lost(TRACES), 1_000);
    assert_eq!(tracer.lost(TRACES), 0, "told once");
    let waiting = tracer.waiting(TRACES);
    let kept = spans(&mut tracer);
    assert_eq!(kept.len() as u32, waiting);
    assert!(kept.len() > 300, "about 2 MiB");
    assert_eq!(
        kept.last().map(|span| span.start_time_unix_nano),
        Some(999_000_000)
    );
}

fn logs(tracer: &mut Tracer, bytes: usize) -> Vec<LogRecord> {
    let mut logs = Vec::new();
    while let Some(bytes) = tracer.take(LOGS, bytes) {
        let request = ExportLogsServiceRequest::decode(&bytes[..]).expect("valid OTLP");
        let of_scope = request
            .resource_logs
            .into_iter()
            .flat_map(|of| of.scope_logs);
        logs.extend(of_scope.flat_map(|of| of.log_records));
    }
    logs
}

#[test]
fn a_log_record_belongs_to_its_span_and_is_redacted() {
    let mut tracer = Tracer::new();
    let span = start(&mut tracer, "", 1.0, "click");
    let parent = traceparent(&mut tracer, span);
    let log = tracer.open(
        Role::Log,
        17,
        2.0,
        &parent,
        "exception",
        "of ann@example.org",
    );
    tracer.text(log, "note", "4111 1111 1111 1111");
    tracer.end(log, 3.0);
    let alone = tracer.open(Role::Log, 9, 4.0, "", "browser.web_vital", "");
    tracer.end(alone, 4.0);
    let ids = ids(&mut tracer, span).expect("an open span");
    let logs = logs(&mut tracer, 1_000);
    assert_eq!(logs[0].trace_id, ids.0.as_bytes());
    assert_eq!(logs[0].span_id, ids.1.as_bytes());
    assert_eq!(logs[0].time_unix_nano, 2_000_000);
    assert_eq!(logs[0].observed_time_unix_nano, 3_000_000);
    let text = std::format!("{:?}", logs[0]);
    assert!(!text.contains("ann@") && !text.contains("4111"), "{text}");
    assert!(logs[1].trace_id.is_empty() && logs[1].body.is_none());
}

#[test]
fn an_event_joins_its_span_only_while_that_is_open() {
    let mut tracer = Tracer::new();
    let span = start(&mut tracer, "", 1.0, "click");
    for number in 0..MOST_PARTS + 3 {
        let event = tracer.open(Role::Event, span, 2.0, "", "phase", "");
        tracer.number(event, "number", f64::from(number));
        tracer.end(event, 2.0);
    }
    let late = tracer.open(Role::Event, span, 2.0, "", "late", "");
    tracer.end(span, 3.0);
    tracer.end(late, 3.0);
    let spans = spans(&mut tracer);
    assert_eq!(spans.len(), 1);
    assert_eq!(spans[0].events.len() as u32, MOST_PARTS);
    assert_eq!(spans[0].dropped_events_count, 3);
    assert_eq!(spans[0].events[5].attributes.len(), 1);
}

#[test]
fn the_flight_recorder_holds_five_minutes_and_a_mebibyte() {
    let mut tracer = Tracer::new();
    let add = |tracer: &mut Tracer, seconds: u32| {
        let millis = f64::from(seconds) * 1_000.0;
        let span = start(tracer, "", millis, "x");
        tracer.end(span, millis);
        let log = tracer.open(Role::Log, 9, millis, "", "x", "");
        tracer.end(log, millis);
    };
    add(&mut tracer, 1);
    tracer.record(true, 0.0);
    for seconds in 2..1_002 {
        add(&mut tracer, seconds);
    }
    assert_eq!(
        (spans(&mut tracer).len(), logs(&mut tracer, 100).len()),
        (1, 1),
        "what was sampled goes out"
    );
    tracer.record(false, 1_001_000.0);
    let seconds = |nanos: u64| nanos / 1_000_000_000;
    let held = spans(&mut tracer);
    assert_eq!(
        (held.len(), seconds(held[0].end_time_unix_nano)),
        (301, 701)
    );
    assert_eq!(logs(&mut tracer, 100).len(), 301);

    tracer.record(true, 0.0);
    for _ in 0..20_000 {
        add(&mut tracer, 2_000);
    }
    assert!(tracer.queues[3].len() <= MOST_HELD[0] && tracer.queues[4].len() <= MOST_HELD[1]);
    tracer.record(false, 2_000_000.0);
    assert!(spans(&mut tracer).len() > 5_000);
    assert_eq!(
        (tracer.lost(TRACES), tracer.lost(LOGS)),
        (0, 0),
        "what fell out was never to be sent"
    );
}

#[derive(Debug, Clone)]
enum Call {
    Open(usize, u32, f64, usize, String, String),
    Text(usize, String, String),
    Texts(usize, String, String),
    Number(usize, String, f64),
    Url(usize, String, u32),
    Link(usize, usize),
    Fail(usize, String),
    End(usize, f64),
    Drop(usize),
    Record(bool, f64),
    Sampling(u32, String),
    Take(usize, usize),
}

const ROLES: [Role; 6] = [
    Role::Span,
    Role::Log,
    Role::Event,
    Role::Resource,
    Role::Growth,
    Role::Level,
];

fn call() -> impl Strategy<Value = Call> {
    let handle = 0..40usize;
    let text = || prop_oneof![4 => ".{0,20}", 1 => "[a-z0-9@. ]{200,400}"];
    prop_oneof![
        8 => (0..ROLES.len(), any::<u32>(), any::<f64>(), handle.clone(), text(), text())
            .prop_map(|(role, detail, at, parent, name, body)| Call::Open(role, detail, at, parent, name, body)),
        4 => (handle.clone(), text(), text()).prop_map(|(at, key, value)| Call::Text(at, key, value)),
        1 => (handle.clone(), text(), text()).prop_map(|(at, key, value)| Call::Texts(at, key, value)),
        2 => (handle.clone(), text(), any::<f64>()).prop_map(|(at, key, value)| Call::Number(at, key, value)),
        2 => (handle.clone(), text(), 0..4u32).prop_map(|(at, url, with)| Call::Url(at, url, with)),
        1 => (handle.clone(), handle.clone()).prop_map(|(at, to)| Call::Link(at, to)),
        1 => (handle.clone(), text()).prop_map(|(at, message)| Call::Fail(at, message)),
        6 => (handle.clone(), any::<f64>()).prop_map(|(at, millis)| Call::End(at, millis)),
        1 => handle.prop_map(Call::Drop),
        1 => (any::<bool>(), any::<f64>()).prop_map(|(on, millis)| Call::Record(on, millis)),
        1 => (any::<u32>(), text()).prop_map(|(flags, state)| Call::Sampling(flags, state)),
        2 => (0..5usize, 0..2_000usize).prop_map(|(signal, bytes)| Call::Take(signal, bytes)),
    ]
}

proptest! {
    /// Whatever JavaScript asks for, nothing traps, all that is taken is valid OTLP, each end gives one item, and
    /// nothing is lost uncounted but by the flight recorder.
    #[test]
    fn any_calls_in_any_order_are_harmless(calls in vec(call(), 0..200)) {
        let mut tracer = Tracer::new();
        // Handles of what is open, has ended, or never was.
        let mut handles = Vec::from([0, u32::MAX]);
        let (mut ended, mut taken, mut recorded) = ([0; SIGNALS], [0; SIGNALS], false);
        let mut open = std::collections::HashMap::new();
        let mut parents = Vec::from([String::new(), String::from("00-zz"), "0".repeat(99)]);
        for call in calls {
            let at = |index: usize| handles[index % handles.len()];
            match call {
                Call::Open(role, detail, millis, parent, name, body) => {
                    // An event's detail is a handle.
                    let detail = if role == 2 { at(detail as usize) } else { detail };
                    let parent = parents[parent % parents.len()].clone();
                    let name = if role == 0 { own(&parent) } else { name };
                    let handle = tracer.open(ROLES[role], detail, millis, &parent, &name, &body);
                    prop_assert!(!handles.contains(&handle), "a handle of its own");
                    if role == 0 {
                        parents.push(traceparent(&mut tracer, handle));
                    }
                    open.insert(handle, ROLES[role]);
                    handles.push(handle);
                }
                Call::Text(index, key, value) => tracer.text(at(index), &key, &value),
                Call::Texts(index, key, values) => tracer.texts(at(index), &key, &values),
                Call::Number(index, key, value) => tracer.number(at(index), &key, value),
                Call::Url(index, url, with) => tracer.url(at(index), "url.full", "https://h", &url, with),
                Call::Link(index, to) => tracer.link(at(index), &parents[to % parents.len()]),
                Call::Fail(index, message) => tracer.fail(at(index), &message),
                Call::End(index, millis) => {
                    match open.remove(&at(index)) {
                        Some(Role::Span) => ended[TRACES] += 1,
                        Some(Role::Log) => ended[LOGS] += 1,
                        Some(Role::Growth | Role::Level) => ended[METRICS] += 1,
                        _ => {}
                    }
                    tracer.end(at(index), millis);
                }
                Call::Drop(index) => {
                    open.remove(&at(index));
                    tracer.drop(at(index));
                }
                Call::Record(on, millis) => {
                    recorded |= on;
                    tracer.record(on, millis);
                }
                Call::Sampling(flags, state) => tracer.sampling(flags, &state),
                Call::Take(signal, bytes) => {
                    if signal < SIGNALS {
                        taken[signal] += count(signal, tracer.take(signal, bytes));
                    }
                }
            }
        }
        for signal in 0..SIGNALS {
            while tracer.waiting(signal) > 0 {
                let items = count(signal, tracer.take(signal, 500));
                prop_assert!(items > 0);
                taken[signal] += items;
            }
            prop_assert!(tracer.take(signal, 500).is_none());
            let all = taken[signal] + tracer.lost(signal);
            let may_vanish = recorded && signal != METRICS;
            prop_assert!(all == ended[signal] || (may_vanish && all < ended[signal]));
        }
    }

    #[test]
    fn a_queue_never_holds_more_than_it_may_and_counts_what_goes(
        lengths in vec(0..400usize, 1..200),
        most in 0..2_000usize,
    ) {
        let mut queue = Queue::new(most);
        let mut gone = 0;
        for (number, length) in lengths.iter().enumerate() {
            let before = queue.buffer().len();
            queue.buffer().extend(core::iter::repeat_n(0, *length));
            gone += queue.commit(before, number as u32);
            prop_assert!(queue.len() <= most);
            prop_assert_eq!(gone + queue.count(), number as u32 + 1);
            // The youngest are the ones that stay.
            prop_assert!(queue.is_empty() || queue.oldest() == Some(gone));
        }
        let seconds = lengths.len() as u32 / 2;
        queue.expire(seconds);
        prop_assert!(queue.oldest().is_none_or(|oldest| oldest >= seconds));
        let whole: usize = lengths.iter().rev().take(queue.count() as usize).sum();
        prop_assert_eq!(queue.len(), whole);
    }
}

/// How many items a request has; none at all where there is no request.
fn count(signal: usize, request: Option<Vec<u8>>) -> u32 {
    let Some(bytes) = request else { return 0 };
    let items = match signal {
        TRACES => ExportTraceServiceRequest::decode(&bytes[..])
            .expect("traces")
            .resource_spans[0]
            .scope_spans[0]
            .spans
            .len(),
        LOGS => ExportLogsServiceRequest::decode(&bytes[..])
            .expect("logs")
            .resource_logs[0]
            .scope_logs[0]
            .log_records
            .len(),
        _ => ExportMetricsServiceRequest::decode(&bytes[..])
            .expect("metrics")
            .resource_metrics[0]
            .scope_metrics[0]
            .metrics
            .len(),
    };
    items as u32
}
