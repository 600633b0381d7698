//! Files of other tools, in both directions.

use proptest::prelude::*;
use shared::attribute::{AttributeValue, find};
use shared::interchange::{self, Format, FormatError, decode, encode};
use shared::span::{SpanKind, SpanRecord, StatusCode};
use shared::trace::{Warning, assemble};

use crate::generate::span_records;

fn read(format: Format, file: &[u8]) -> Vec<SpanRecord> {
    let decoded = decode(format, file).expect("a readable file");
    assert_eq!(decoded.rejected, 0, "{:?}", decoded.reason);
    decoded.records
}

fn detected(file: &str) -> Vec<SpanRecord> {
    let format = Format::detect(file.as_bytes()).expect("a known format");
    read(format, file.as_bytes())
}

/// Where a span stands, in whole microseconds: what every format keeps.
fn skeleton(spans: &[SpanRecord]) -> Vec<impl PartialEq + std::fmt::Debug> {
    let mut found: Vec<_> = spans
        .iter()
        .map(|SpanRecord { span, .. }| {
            let ids = (span.trace_id, span.span_id, span.parent_span_id);
            let micros = span.start.0 / 1_000;
            (ids, span.name.clone(), span.status.code, micros)
        })
        .collect();
    found.sort_by_key(|(ids, ..)| *ids);
    found
}

/// An event as a careless or hostile program may write it.
fn any_event() -> impl Strategy<Value = serde_json::Value> {
    let phase = prop::sample::select(vec![
        "X", "B", "E", "b", "e", "n", "s", "t", "f", "i", "M", "C", "S", "F", "", "?",
    ]);
    let time = prop_oneof![0.0..50.0, Just(-1.0), Just(1e300), Just(0.0)];
    (phase, time, 0.0..30.0, 0..3u8, 0..3u8, 0..3u8).prop_map(|(ph, ts, dur, pid, tid, id)| {
        serde_json::json!({"ph": ph, "ts": ts, "dur": dur, "pid": pid, "tid": tid, "id": id,
            "name": format!("n{id}"), "cat": "c", "args": {"name": "named"}})
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn otlp_and_perfetto_keep_everything(spans in span_records()) {
        for format in [Format::Otlp, Format::Perfetto] {
            let file = encode(format, &spans);
            prop_assert_eq!(Format::detect(&file), Ok(format));
            let found = read(format, &file);
            prop_assert_eq!(found.len(), spans.len());
            prop_assert!(spans.iter().all(|span| found.contains(span)));
        }
    }

    #[test]
    fn jaeger_and_zipkin_read_back_all_that_they_write(spans in span_records()) {
        for format in [Format::Jaeger, Format::Zipkin] {
            let file = encode(format, &spans);
            // An empty Jaeger file has no trace and is Jaeger's all the same.
            prop_assert_eq!(Format::detect(&file), Ok(format));
            let once = read(format, &file);
            prop_assert_eq!(skeleton(&once), skeleton(&spans), "{}", format);
            let twice = read(format, &encode(format, &once));
            prop_assert_eq!(twice, once, "{}", format);
        }
    }

    #[test]
    fn no_file_makes_a_reader_panic(file in any::<Vec<u8>>(), text in ".{0,200}") {
        for format in Format::ALL {
            let _ = decode(format, &file);
            let _ = decode(format, text.as_bytes());
        }
        let _ = Format::detect(&file);
        let _ = interchange::read(&file);
        let _ = interchange::read(text.as_bytes());
    }

    #[test]
    fn no_trace_event_makes_a_reader_panic(events in proptest::collection::vec(any_event(), 0..40), cut in any::<prop::sample::Index>()) {
        let list = serde_json::to_string(&events).expect("JSON");
        let object = format!("{{\"traceEvents\":{list}}}");
        for file in [&list, &object] {
            let Ok(decoded) = interchange::read(file.as_bytes()) else { continue };
            let spans = decoded.records.len();
            // All is one tree: nothing is lost, and nothing is its own ancestor.
            let trace = assemble(decoded.records);
            prop_assert_eq!(trace.nodes.len(), spans);
            let is_of_time = |one: &Warning| matches!(one, Warning::ZeroDuration { .. } | Warning::ChildStartsBeforeParent { .. } | Warning::ChildEndsAfterParent { .. } | Warning::ClockImplausible { .. });
            prop_assert!(trace.warnings.iter().all(is_of_time), "{:?}", trace.warnings);
            let _ = interchange::read(&file.as_bytes()[..cut.index(file.len())]);
        }
    }

    #[test]
    fn a_file_that_breaks_off_is_an_error_with_a_place(spans in span_records(), at in 0.0..1.0) {
        for format in Format::ALL {
            let file = encode(format, &spans);
            // Ending within the last character is ending early.
            let end = (file.len() as f64 * at) as usize;
            let error = decode(format, &file[..end.min(file.len() - 1)]).expect_err("too short");
            prop_assert!(error.to_string().contains("line 1 column"), "{}", error);
        }
    }
}

const JAEGER: &str = r#"{"data":[{"traceID":"3f6","spans":[
  {"traceID":"3f6","spanID":"a1","operationName":"HTTP GET /dispatch","references":[],
   "startTime":1795348800000001,"duration":750,"flags":1,"processID":"p1","warnings":null,
   "tags":[{"key":"span.kind","type":"string","value":"server"},
           {"key":"http.status_code","type":"int64","value":500},
           {"key":"error","type":"bool","value":true},
           {"key":"blob","type":"binary","value":"AAEC"},
           {"key":"ratio","type":"float64","value":2}],
   "logs":[{"timestamp":1795348800000100,"fields":[
      {"key":"event","type":"string","value":"GetConn"},{"key":"n","type":"int64","value":"7"}]}]},
  {"traceID":"3f6","spanID":"00000000000000A2","operationName":"query",
   "references":[{"refType":"CHILD_OF","traceID":"3f6","spanID":"a1"},
                 {"refType":"FOLLOWS_FROM","traceID":"77","spanID":"b1"}],
   "startTime":1795348800000200,"duration":10,"processID":"p2","tags":null,"logs":null}],
  "processes":{"p1":{"serviceName":"frontend","tags":[{"key":"ip","type":"string","value":"1.2.3.4"}]},
               "p2":{"serviceName":"mysql"}}}],"total":0,"limit":0,"offset":0,"errors":null}"#;

#[test]
fn reads_what_jaeger_downloads() {
    let spans = detected(JAEGER);
    let [server, query] = &spans[..] else {
        panic!("{spans:?}");
    };
    assert_eq!(server.resource.service_name(), "frontend");
    assert_eq!(server.span.kind, SpanKind::Server);
    assert_eq!(server.span.status.code, StatusCode::Error);
    assert_eq!(server.span.duration().0, 750_000);
    let attribute = |key| find(&server.span.attributes, key);
    assert_eq!(attribute("span.kind"), None, "it is the kind");
    assert_eq!(attribute("error"), None, "it is the status");
    assert_eq!(attribute("http.status_code"), Some(&500_i64.into()));
    assert_eq!(attribute("blob"), Some(&vec![0_u8, 1, 2].into()));
    assert_eq!(attribute("ratio"), Some(&2.0.into()));
    let event = &server.span.events[0];
    assert_eq!(
        (event.name.as_str(), &event.attributes[0].value),
        ("GetConn", &7_i64.into())
    );
    assert_eq!(query.span.parent_span_id, Some(server.span.span_id));
    assert_eq!(
        query.span.links.len(),
        1,
        "what follows from another trace is a link"
    );
    assert_eq!(assemble(spans).nodes.len(), 2);
}

#[test]
fn reads_a_bare_trace_of_jaegers() {
    let bare = JAEGER
        .trim_start_matches(r#"{"data":["#)
        .rsplit_once(r#"],"total""#)
        .expect("the end of the list")
        .0;
    assert_eq!(detected(bare), detected(JAEGER));
}

#[test]
fn the_two_halves_of_a_shared_zipkin_span_are_two_spans() {
    let spans = detected(
        r#"[{"traceId":"000000000000000a","id":"1","name":"get","kind":"CLIENT","timestamp":1795348800000000,
             "duration":300,"localEndpoint":{"serviceName":"web"},
             "remoteEndpoint":{"serviceName":"api","ipv4":"10.0.0.2","port":80}},
            {"traceId":"a","id":"1","name":"get","kind":"SERVER","shared":true,"timestamp":1795348800000050,
             "duration":200,"localEndpoint":{"serviceName":"api"},"tags":{"error":"boom","n":"1"},
             "annotations":[{"timestamp":1795348800000060,"value":"\"cache\": {\"hit\":false}"},
                            {"timestamp":1795348800000070,"value":"sent"}]},
            {"traceId":"a","parentId":"1","id":"2","name":"select","kind":"CLIENT","timestamp":1795348800000100,
             "duration":20,"localEndpoint":{"serviceName":"api"}},
            {"traceId":"a","parentId":"1","id":"3","name":"render","timestamp":1795348800000280,
             "duration":5,"localEndpoint":{"serviceName":"web"}}]"#,
    );
    let [client, server, inside, beside] = &spans[..] else {
        panic!("{spans:?}");
    };
    assert_ne!(client.span.span_id, server.span.span_id);
    assert_eq!(server.span.parent_span_id, Some(client.span.span_id));
    assert_eq!(inside.span.parent_span_id, Some(server.span.span_id));
    assert_eq!(beside.span.parent_span_id, Some(client.span.span_id));
    assert_eq!(
        find(&client.span.attributes, "peer.service"),
        Some(&"api".into())
    );
    assert_eq!(
        find(&client.span.attributes, "network.peer.port"),
        Some(&80_i64.into())
    );
    assert_eq!(server.span.status.message, "boom");
    let [cache, sent] = &server.span.events[..] else {
        panic!("{:?}", server.span.events);
    };
    assert_eq!(
        (cache.name.as_str(), &cache.attributes[0].value),
        ("cache", &false.into())
    );
    assert_eq!(sent.name, "sent");
    let warnings: Vec<Warning> = assemble(spans).warnings;
    assert!(warnings.is_empty(), "{warnings:?}");
}

#[test]
fn reads_a_collectors_file_of_one_request_a_line() {
    let spans = detected(JAEGER);
    let line = |span: &SpanRecord| encode(Format::Otlp, std::slice::from_ref(span));
    let mut file = line(&spans[0]);
    file.extend(b"\n\n");
    file.extend(line(&spans[1]));
    file.push(b'\n');
    assert_eq!(read(Format::Otlp, &file), spans);
    file.extend(b"{\"resourceSpans\":[{]}");
    let error = decode(Format::Otlp, &file)
        .expect_err("damaged")
        .to_string();
    assert!(error.starts_with("in line 4 of the file: "), "{error}");
}

#[test]
fn tells_what_is_wrong_with_a_file() {
    for (file, expected, reason) in [
        ("", "ends in the middle", "nothing"),
        ("<html>", "line 1 column 1", "no JSON"),
        ("7", "invalid type", "a number"),
        ("{}", "neither OTLP", "no telling key"),
        (r#"{"name":"x"}"#, "neither OTLP", "another object"),
        (r#"[1]"#, "line 1 column 2", "a list of numbers"),
        (
            r#"{"data":[{"spans":[{"traceID":7}]}]}"#,
            "line 1",
            "an id that is a number",
        ),
    ] {
        let error = Format::detect(file.as_bytes())
            .and_then(|format| decode(format, file.as_bytes()).map(|_| ()))
            .expect_err(reason)
            .to_string();
        assert!(error.contains(expected), "{reason}: {error}");
    }
    assert_eq!(Format::detect(b"{}"), Err(FormatError::Unknown));
}

#[test]
fn spans_without_ids_are_counted_and_the_rest_is_kept() {
    let decoded = decode(
        Format::Zipkin,
        br#"[{"traceId":"zz","id":"1"},{"traceId":"1","id":"0"},{"traceId":"1","id":"1"}]"#,
    )
    .expect("a list");
    assert_eq!((decoded.records.len(), decoded.rejected), (1, 2));
    assert_eq!(decoded.reason.as_deref(), Some("\"zz\" is not a trace id"));
}

#[test]
fn what_is_nested_without_end_is_refused() {
    for format in Format::ALL {
        let key = match format {
            Format::Otlp => r#"{"resourceSpans":"#,
            Format::Jaeger => r#"{"data":"#,
            Format::Zipkin => "",
            Format::Perfetto => r#"{"traceEvents":"#,
        };
        let file = format!("{key}{}", "[".repeat(100_000));
        assert!(decode(format, file.as_bytes()).is_err(), "{format}");
    }
}

#[test]
fn perfetto_draws_spans_that_overlap_on_tracks_of_their_own() {
    let mut spans = detected(JAEGER);
    spans[1].resource = spans[0].resource.clone();
    let second = spans[0].span.clone();
    spans.push(SpanRecord {
        span: shared::span::Span {
            span_id: "00000000000000c3".parse().expect("an id"),
            start: second.start + shared::time::DurationNanos(100_000),
            end: second.end + shared::time::DurationNanos(100_000),
            ..second
        },
        ..spans[0].clone()
    });
    let file: serde_json::Value =
        serde_json::from_slice(&encode(Format::Perfetto, &spans)).expect("JSON");
    let tracks: Vec<_> = file["traceEvents"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|event| event["ph"] == "X")
        .map(|event| (event["name"].as_str(), event["tid"].as_u64()))
        .collect();
    assert_eq!(
        tracks,
        [
            (Some("HTTP GET /dispatch"), Some(1)),
            (Some("HTTP GET /dispatch"), Some(2)),
            (Some("query"), Some(1)),
        ]
    );
}

#[test]
fn lists_become_json_texts_where_a_format_has_none() {
    let mut spans = detected(JAEGER);
    spans[0].span.attributes = vec![shared::attribute::Attribute::new(
        "list",
        AttributeValue::Array(vec!["a".into(), 1_i64.into()]),
    )];
    for format in [Format::Jaeger, Format::Zipkin] {
        let found = read(format, &encode(format, &spans));
        let list = find(&found[0].span.attributes, "list");
        assert_eq!(list, Some(&r#"["a",1]"#.into()), "{format}");
    }
}

/// As the Performance panel writes: names in metadata, nested tasks, a pair of begin and end, async work, a flow between
/// threads, a mark.
const EVENTS: &str = r#"[
  {"ph":"M","name":"process_name","pid":7,"tid":0,"ts":0,"args":{"name":"Renderer"}},
  {"ph":"M","name":"thread_name","pid":7,"tid":1,"ts":0,"args":{"name":"CrRendererMain"}},
  {"ph":"X","name":"RunTask","cat":"toplevel","pid":7,"tid":1,"ts":1000.5,"dur":100},
  {"ph":"X","name":"FunctionCall","cat":"v8","pid":7,"tid":1,"ts":1010,"dur":50,"args":{"data":{"line":3}}},
  {"ph":"B","name":"Layout","cat":"v8","pid":7,"tid":1,"ts":1020},
  {"ph":"I","name":"mark","s":"t","pid":7,"tid":1,"ts":1025},
  {"ph":"E","pid":7,"tid":1,"ts":1030,"args":{"nodes":9}},
  {"ph":"s","name":"post","cat":"f","id":"0x1","pid":7,"tid":1,"ts":1015},
  {"ph":"X","name":"OnMessage","pid":7,"tid":"2","ts":1200,"dur":5},
  {"ph":"f","bp":"e","name":"post","cat":"f","id":"0x1","pid":7,"tid":"2","ts":1201},
  {"ph":"b","name":"fetch","cat":"net","id2":{"local":"0xa"},"pid":7,"tid":1,"ts":1005},
  {"ph":"n","name":"headers","cat":"net","id2":{"local":"0xa"},"pid":7,"tid":1,"ts":1050},
  {"ph":"e","name":"fetch","cat":"net","id2":{"local":"0xa"},"pid":7,"tid":2,"ts":1190},
  {"ph":"C","name":"heap","pid":7,"tid":1,"ts":1000,"args":{"mb":4}},
  {"ph":"E","pid":7,"tid":9,"ts":1300},
  {"ph":"X","name":"no time","pid":7,"tid":1}
"#;

#[test]
fn trace_events_of_other_programs_are_one_trace() {
    let object = format!("{{\"traceEvents\":{EVENTS}],\"metadata\":{{}}}}");
    // A list may lack its end.
    for file in [
        object,
        format!("{EVENTS}]"),
        EVENTS.to_owned(),
        format!("{EVENTS},"),
    ] {
        let decoded = interchange::read(file.as_bytes()).expect("a readable file");
        assert_eq!(decoded.rejected, 2, "{:?}", decoded.reason);
        let reason = decoded.reason.as_deref().unwrap_or_default();
        assert_eq!(reason, "event 15: it ends what has not begun");
        let trace = assemble(decoded.records);
        assert!(trace.warnings.is_empty(), "{:?}", trace.warnings);
        let path = |name: &str| {
            let mut names = Vec::new();
            let mut at = trace
                .nodes
                .iter()
                .find(|node| node.record.span.name == name);
            while let Some(node) = at {
                names.push(node.record.span.name.as_str());
                let parent = node.record.span.parent_span_id;
                at = trace
                    .nodes
                    .iter()
                    .find(|node| Some(node.record.span.span_id) == parent);
            }
            names.join(" < ")
        };
        assert_eq!(
            path("Layout"),
            "Layout < FunctionCall < RunTask < CrRendererMain < trace events"
        );
        assert_eq!(path("OnMessage"), "OnMessage < thread 2 < trace events");
        assert_eq!(path("fetch"), "fetch < trace events");
        let span = |name: &str| {
            let node = trace
                .nodes
                .iter()
                .find(|node| node.record.span.name == name);
            node.expect("a span").record.clone()
        };
        let task = span("RunTask");
        assert_eq!(task.resource.service_name(), "Renderer");
        assert_eq!(
            (task.span.start.0, task.span.duration().0),
            (1_000_500, 100_000)
        );
        assert_eq!(
            find(&task.span.attributes, "trace_event.category"),
            Some(&"toplevel".into())
        );
        let layout = span("Layout").span;
        assert_eq!(layout.duration().0, 10_000);
        assert_eq!(layout.events[0].name, "mark");
        assert_eq!(find(&layout.attributes, "nodes"), Some(&9_i64.into()));
        assert_eq!(span("fetch").span.events[0].name, "headers");
        assert_eq!(
            span("OnMessage").span.links[0].span_id,
            span("FunctionCall").span.span_id
        );
    }
    let twice = [0, 1].map(|_| {
        interchange::read(EVENTS.as_bytes())
            .expect("readable")
            .records
    });
    assert_eq!(twice[0], twice[1], "the same file has the same ids");
}

#[test]
fn what_is_wrong_with_a_file_is_said_with_its_place() {
    for (file, expected) in [
        (&b"hello"[..], "neither OTLP (protobuf, or JSON"),
        (b"", "the body ends in the middle, at line 1"),
        (b"[{\"ph\":\"X\",\"ts\":true}]", "at line 1 column 20"),
        (
            b"\x0a\x05\x12\x03\x12",
            "damaged OTLP protobuf: 5 bytes are announced and 3 are left, at byte 2",
        ),
        (
            b"\x0a\x04\x0a\x02\x0a\x09",
            "damaged OTLP protobuf: 9 bytes are announced and 0 are left, at byte 6",
        ),
        (
            b"\x0a\x02\x13\x00",
            "a field of a kind that protobuf does not have, at byte 3",
        ),
    ] {
        let error = interchange::read(file).expect_err("damaged").to_string();
        assert!(error.contains(expected), "{file:?}: {error}");
    }
}
