//! OTLP/JSON: what senders write, what this crate writes, and what is no JSON at all.

use proptest::prelude::*;
use serde_json::json;
use shared::attribute::{Attribute, AttributeValue, find};
use shared::otlp::json::{
    JsonError, LogsJson, SpansJson, count_metric_points, decode_logs, decode_spans, encode_logs,
    encode_spans,
};
use shared::span::{SpanKind, SpanRecord, StatusCode};
use shared::time::UnixNanos;

use crate::{generate, shop};

const BROWSER: &[u8] = include_bytes!("../data/otlp-traces-browser.json");
const COLLECTOR: &[u8] = include_bytes!("../data/otlp-traces-collector.json");
const LOGS: &[u8] = include_bytes!("../data/otlp-logs.json");
const METRICS: &[u8] = include_bytes!("../data/otlp-metrics.json");

/// A request with one span that holds `fields`.
fn one_span(fields: &str) -> Vec<u8> {
    let ids = r#""traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174""#;
    format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{{ids},{fields}}}]}}]}}]}}"#)
        .into_bytes()
}

fn decode_one(fields: &str) -> SpanRecord {
    let mut decoded = decode_spans(&one_span(fields)).expect(fields);
    assert_eq!(
        (decoded.records.len(), decoded.rejected),
        (1, 0),
        "{fields}"
    );
    decoded.records.remove(0)
}

#[test]
fn reads_what_opentelemetrys_browser_sdk_writes() {
    let decoded = decode_spans(BROWSER).expect("valid");
    assert_eq!((decoded.records.len(), decoded.rejected), (2, 0));
    let fetch = &decoded.records[1];
    assert_eq!(fetch.resource.service_name(), "shop-web");
    assert!(fetch.resource.is_browser());
    assert_eq!(fetch.scope.name, "@opentelemetry/instrumentation-fetch");
    let span = &fetch.span;
    assert_eq!(span.trace_id.to_hex(), "5b8efff798038103d269b633813fc60c");
    assert_eq!(span.parent_span_id, Some(decoded.records[0].span.span_id));
    assert_eq!(
        (span.kind, span.status.code),
        (SpanKind::Client, StatusCode::Error)
    );
    assert_eq!(span.start, UnixNanos(1_795_000_000_123_456_789));
    assert_eq!(
        find(&span.attributes, "http.response.status_code"),
        Some(&AttributeValue::Int(409))
    );
    assert_eq!(span.events[0].name, "fetchStart");
    assert_eq!(span.links.len(), 1);
    assert_eq!(span.flags, 0x101);
}

#[test]
fn reads_original_names_names_of_enumerations_uppercase_ids_and_numbers_as_numbers() {
    let decoded = decode_spans(COLLECTOR).expect("valid");
    assert_eq!((decoded.records.len(), decoded.rejected), (1, 0));
    let span = &decoded.records[0].span;
    assert_eq!(span.trace_id.to_hex(), "5b8efff798038103d269b633813fc60c");
    assert_eq!(
        (span.kind, span.status.code),
        (SpanKind::Server, StatusCode::Ok)
    );
    assert_eq!(
        (span.start, span.end),
        (
            UnixNanos(1_544_712_660_000_000_000),
            UnixNanos(1_544_712_661_000_000_000)
        )
    );
    assert_eq!(
        (
            span.dropped_attributes_count,
            span.dropped_events_count,
            span.dropped_links_count
        ),
        (1, 2, 4)
    );
    assert_eq!(span.trace_state, "rojo=1");
    assert_eq!(
        span.links.len(),
        0,
        "a link without ids is left out and counted"
    );
    let expected = [
        ("text", AttributeValue::String("some value".into())),
        ("truth", AttributeValue::Bool(true)),
        ("number", AttributeValue::Int(10)),
        ("number as text", AttributeValue::Int(i64::MIN)),
        ("fraction", AttributeValue::Double(637.704)),
        ("infinity", AttributeValue::Double(f64::INFINITY)),
        ("fraction as text", AttributeValue::Double(-0.5)),
        ("bytes", AttributeValue::Bytes(vec![0xfb, 0xff, 0x00])),
        ("url-safe bytes", AttributeValue::Bytes(vec![0xfb, 0xff])),
        (
            "list",
            AttributeValue::Array(vec!["many".into(), AttributeValue::Empty, 3.into()]),
        ),
        (
            "map",
            AttributeValue::Map(vec![Attribute::new("key", "value")]),
        ),
        ("nothing", AttributeValue::Empty),
        ("null", AttributeValue::Empty),
        ("unknown", AttributeValue::Empty),
    ];
    for (key, value) in expected {
        assert_eq!(find(&span.attributes, key), Some(&value), "{key}");
    }
    let Some(AttributeValue::Double(nan)) = find(&span.attributes, "not a number") else {
        panic!("a double")
    };
    assert!(nan.is_nan());
}

#[test]
fn reads_logs() {
    let decoded = decode_logs(LOGS).expect("valid");
    assert_eq!((decoded.records.len(), decoded.rejected), (3, 0));
    let record = &decoded.records[0].record;
    assert_eq!(record.severity_number, 9);
    assert_eq!(record.body, "Seat F7 held".into());
    assert_eq!(
        record.trace_id.map(|id| id.to_hex()).as_deref(),
        Some("5b8efff798038103d269b633813fc60c")
    );
    let event = &decoded.records[1].record;
    assert_eq!(
        (event.event_name.as_str(), event.severity_number),
        ("browser.web_vital", 18)
    );
    assert_eq!(
        event.body,
        AttributeValue::Map(vec![Attribute::new("name", "LCP")])
    );
    let broken = &decoded.records[2].record;
    assert_eq!(
        (broken.trace_id, broken.span_id),
        (None, None),
        "a malformed id costs only the correlation"
    );
}

#[test]
fn counts_metric_points_of_every_kind() {
    assert_eq!(count_metric_points(METRICS), Ok(7));
    assert_eq!(count_metric_points(b"{}"), Ok(0));
    assert_eq!(count_metric_points(br#"{"resourceMetrics":null}"#), Ok(0));
    assert!(count_metric_points(b"[").is_err());
}

#[test]
fn null_and_absent_are_the_same() {
    for body in [
        &b"{}"[..],
        br#"{"resourceSpans":null}"#,
        br#"{"resourceSpans":[]}"#,
        br#"{"resourceSpans":[{}]}"#,
        br#"{"resourceSpans":[{"resource":null,"scopeSpans":null}]}"#,
        br#"{"resourceSpans":[{"scopeSpans":[{"scope":null,"spans":null}]}]}"#,
    ] {
        let decoded = decode_spans(body).expect("valid");
        assert_eq!(
            (decoded.records.len(), decoded.rejected),
            (0, 0),
            "{}",
            String::from_utf8_lossy(body)
        );
    }
    let nulls = [
        "parentSpanId",
        "traceState",
        "flags",
        "name",
        "kind",
        "startTimeUnixNano",
        "endTimeUnixNano",
        "attributes",
        "droppedAttributesCount",
        "events",
        "droppedEventsCount",
        "links",
        "droppedLinksCount",
        "status",
    ];
    let fields: Vec<String> = nulls
        .iter()
        .map(|name| format!("\"{name}\":null"))
        .collect();
    assert_eq!(decode_one(&fields.join(",")), decode_one(r#""name":"""#));
}

#[test]
fn takes_numbers_in_every_form_of_the_mapping() {
    for (text, expected) in [
        ("1544712660000000000", 1_544_712_660_000_000_000),
        ("\"1544712660000000000\"", 1_544_712_660_000_000_000),
        ("18446744073709551615", u64::MAX),
        ("\"18446744073709551615\"", u64::MAX),
        ("5.0", 5),
        ("1.5e3", 1500),
        ("\"1e3\"", 1000),
        ("0", 0),
        ("null", 0),
    ] {
        let record = decode_one(&format!("\"startTimeUnixNano\":{text}"));
        assert_eq!(record.span.start, UnixNanos(expected), "{text}");
    }
    for text in [
        "-1",
        "1.5",
        "\"abc\"",
        "\"\"",
        "true",
        "[]",
        "{}",
        "1e40",
        "\"18446744073709551616\"",
        "\"NaN\"",
    ] {
        let error =
            decode_spans(&one_span(&format!("\"startTimeUnixNano\":{text}"))).expect_err(text);
        assert!(
            matches!(&error, JsonError::Invalid { message } if message.contains("line 1")),
            "{text}: {error}"
        );
    }
}

#[test]
fn takes_enumerations_as_number_and_name() {
    for (text, expected) in [
        ("3", SpanKind::Client),
        ("\"SPAN_KIND_CLIENT\"", SpanKind::Client),
        ("\"3\"", SpanKind::Client),
        ("99", SpanKind::Unspecified),
        ("4294967299", SpanKind::Unspecified),
        ("-5", SpanKind::Unspecified),
        ("\"SPAN_KIND_FUTURE\"", SpanKind::Unspecified),
        ("null", SpanKind::Unspecified),
    ] {
        assert_eq!(
            decode_one(&format!("\"kind\":{text}")).span.kind,
            expected,
            "{text}"
        );
    }
}

#[test]
fn one_bad_span_does_not_cost_the_batch() {
    let ids = |trace: &str, span: &str, parent: &str| json!({"traceId": trace, "spanId": span, "parentSpanId": parent, "name": "n"});
    let (trace, span) = ("5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174");
    for (bad, field, reason) in [
        (ids(&trace[1..], span, ""), "traceId", "a digit short"),
        (ids("", span, ""), "traceId", "an empty trace id"),
        (ids(&"0".repeat(32), span, ""), "traceId", "zeros"),
        (
            ids("W47/95gDgQPSabYzgT/GDA==", span, ""),
            "traceId",
            "base64, as protobuf's own mapping has it",
        ),
        (ids(trace, "eee19b7ec3c1b17g", ""), "spanId", "no digit"),
        (ids(trace, "", ""), "spanId", "an empty span id"),
        (ids(trace, span, "12"), "parentSpanId", "a short parent id"),
        (json!({"spanId": span}), "traceId", "no trace id"),
        (json!({"traceId": 5, "spanId": span}), "traceId", "a number"),
        (
            json!({"traceId": [1, {"a": 2}], "spanId": span}),
            "traceId",
            "a list",
        ),
        (
            json!({"traceId": {"a": [1]}, "spanId": span}),
            "traceId",
            "an object",
        ),
    ] {
        let good = ids(trace, span, &"0".repeat(16));
        let body = json!({"resourceSpans": [{"scopeSpans": [{"spans": [bad, good, bad]}]}]});
        let decoded = decode_spans(body.to_string().as_bytes()).expect(reason);
        assert_eq!(
            (decoded.records.len(), decoded.rejected),
            (1, 2),
            "{reason}"
        );
        assert_eq!(
            decoded.records[0].span.parent_span_id, None,
            "a parent of zeros is none"
        );
        let said = decoded.reason.expect("a reason");
        assert!(said.contains(field), "{reason}: {said}");
    }
}

#[test]
fn says_what_is_wrong_and_where() {
    for start in ["{\"resourceSpans\":", "{\"unknown\":"] {
        let deep = [start.as_bytes(), &b"[".repeat(100_000)].concat();
        assert!(decode_spans(&deep).is_err(), "{start}");
    }
    let mut value = "{\"stringValue\":\"x\"}".to_owned();
    for _ in 0..1_000 {
        value = format!("{{\"arrayValue\":{{\"values\":[{value}]}}}}");
    }
    let attributes = format!("\"attributes\":[{{\"key\":\"deep\",\"value\":{value}}}]");
    assert!(matches!(
        decode_spans(&one_span(&attributes)),
        Err(JsonError::TooDeep { .. })
    ));
    assert!(matches!(
        decode_spans(b"{\"resourceSpans\":[{"),
        Err(JsonError::Incomplete { .. })
    ));
    assert!(matches!(
        decode_spans(b""),
        Err(JsonError::Incomplete { .. })
    ));
    for body in [
        &b"[]x"[..],
        b"{} {}",
        b"\"text\"",
        b"\xff\xfe",
        b"{\"resourceSpans\":{}}",
        b"{\"resourceSpans\":[1]}",
    ] {
        let error = decode_spans(body).expect_err("no request");
        assert!(error.to_string().contains("line 1 column"), "{error}");
    }
}

#[test]
fn writes_the_form_that_the_specification_shows() {
    let records = &shop::booking()[7..8];
    assert_eq!(
        encode_spans(records),
        json!({"resourceSpans": [{
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "payment"}}]},
            "scopeSpans": [{
                "scope": {"name": "shop"},
                "spans": [{
                    "traceId": "07070707070707070707070707070707",
                    "spanId": "0000000000000008",
                    "parentSpanId": "0000000000000007",
                    "flags": 257,
                    "name": "POST acquirer/charge",
                    "kind": 3,
                    "startTimeUnixNano": "1795000000340000000",
                    "endTimeUnixNano": "1795000000942000000",
                    "status": {"code": 2, "message": "acquirer did not answer within 600 ms"},
                }],
            }],
        }]})
    );
    assert_eq!(encode_spans(&[]), json!({"resourceSpans": []}));
    assert_eq!(encode_logs(&[]), json!({"resourceLogs": []}));
}

#[test]
fn groups_by_the_value_of_resource_and_scope() {
    // Every span of the booking has a resource of its own, six of which differ.
    let value = encode_spans(&shop::booking());
    let groups = value["resourceSpans"].as_array().expect("a list");
    assert_eq!(groups.len(), 6);
    let spans = |group: &serde_json::Value| {
        group["scopeSpans"][0]["spans"]
            .as_array()
            .map_or(0, Vec::len)
    };
    assert_eq!(
        groups.iter().map(spans).collect::<Vec<_>>(),
        [3, 2, 2, 4, 2, 2]
    );
}

#[test]
fn infinities_and_nan_travel_as_texts() {
    let mut record = shop::booking().remove(0);
    record.span.attributes = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.5]
        .into_iter()
        .map(|value| Attribute::new("v", value))
        .collect();
    let text = encode_spans(&[record]).to_string();
    for expected in [r#""NaN""#, r#""Infinity""#, r#""-Infinity""#, "0.5"] {
        assert!(
            text.contains(&format!("\"doubleValue\":{expected}")),
            "{expected} in {text}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn spans_survive_the_way_there_and_back(records in generate::span_records()) {
        let text = serde_json::to_vec(&SpansJson(&records)).expect("JSON");
        let decoded = decode_spans(&text).expect("its own output");
        prop_assert_eq!(decoded.rejected, 0);
        // Equal senders are merged, so only the order of their groups decides the order of the spans.
        let mut read = decoded.records;
        let mut expected = records.clone();
        let key = |record: &SpanRecord| format!("{record:?}");
        read.sort_by_key(key);
        expected.sort_by_key(key);
        prop_assert_eq!(read, expected);
        let value: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
        prop_assert_eq!(value, encode_spans(&records));
    }

    #[test]
    fn logs_survive_the_way_there_and_back(entries in generate::log_entries()) {
        let text = serde_json::to_vec(&LogsJson(&entries)).expect("JSON");
        let decoded = decode_logs(&text).expect("its own output");
        prop_assert_eq!(&decoded.records, &entries);
        prop_assert_eq!(serde_json::from_slice::<serde_json::Value>(&text).expect("JSON"), encode_logs(&entries));
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode_spans(&bytes);
        let _ = decode_logs(&bytes);
        let _ = count_metric_points(&bytes);
    }

    #[test]
    fn any_json_is_read_without_panic(at in 0..BROWSER.len(), with in "[\\[\\]{}:,\"0-9a-z.-]{0,3}", cut in 0..20usize) {
        for fixture in [BROWSER, COLLECTOR, LOGS, METRICS] {
            let at = at.min(fixture.len());
            let rest = &fixture[(at + cut).min(fixture.len())..];
            let bytes = [&fixture[..at], with.as_bytes(), rest].concat();
            let _ = decode_spans(&bytes);
            let _ = decode_logs(&bytes);
            let _ = count_metric_points(&bytes);
        }
    }
}
