//! The headers, against `tests/data/*.json`: rows of input, expectation and reason.

use proptest::prelude::*;
use serde_json::Value;
use shared::propagation::baggage::{Baggage, BaggageError, BaggageMember, BaggageProperty};
use shared::propagation::traceparent::{TraceFlags, TraceParent};
use shared::propagation::tracestate::{TraceState, TraceStateError};

use crate::generate;

fn rows(text: &str) -> Vec<Value> {
    let rows: Vec<Value> = serde_json::from_str(text).expect("the vectors are JSON");
    assert!(rows.len() > 20, "the vectors are there");
    rows
}

fn headers(row: &Value) -> Vec<&str> {
    row["headers"]
        .as_array()
        .expect("headers")
        .iter()
        .map(|header| header.as_str().expect("a text"))
        .collect()
}

#[test]
fn traceparent_follows_the_specification() {
    for row in rows(include_str!("../data/traceparent.json")) {
        let parsed = TraceParent::parse(row["header"].as_str().expect("a header"));
        match row["error"].as_str() {
            Some(expected) => {
                let error = parsed.expect_err(&row.to_string());
                let name = format!("{error:?}");
                assert!(name.starts_with(expected), "{row}: {name}");
                assert!(!error.to_string().is_empty());
            }
            None => {
                let parsed = parsed.unwrap_or_else(|error| panic!("{row}: {error}"));
                assert_eq!(parsed.trace_id.to_hex(), row["trace_id"], "{row}");
                assert_eq!(parsed.parent_id.to_hex(), row["parent_id"], "{row}");
                assert_eq!(u64::from(parsed.flags.bits()), row["flags"], "{row}");
                assert_eq!(TraceParent::parse(&parsed.to_string()), Ok(parsed), "{row}");
            }
        }
    }
}

#[test]
fn flags_say_what_they_mean() {
    let both = TraceFlags::SAMPLED.with(TraceFlags::RANDOM);
    assert!(both.is_sampled() && both.is_random());
    assert!(!TraceFlags::default().is_sampled());
    let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03";
    let parsed: TraceParent = header.parse().expect("valid");
    assert_eq!((parsed.flags, parsed.to_header().as_str()), (both, header));
}

#[test]
fn tracestate_follows_the_specification() {
    for row in rows(include_str!("../data/tracestate.json")) {
        let parsed = TraceState::parse_all(headers(&row));
        match row["error"].as_str() {
            Some(expected) => {
                assert_eq!(
                    format!("{:?}", parsed.expect_err(&row.to_string())),
                    expected,
                    "{row}"
                );
            }
            None => {
                let parsed = parsed.unwrap_or_else(|error| panic!("{row}: {error}"));
                let members: Vec<_> = parsed
                    .iter()
                    .map(|(key, value)| serde_json::json!([key, value]))
                    .collect();
                assert_eq!(Value::from(members), row["members"], "{row}");
                assert_eq!(parsed.to_header(), row["header"], "{row}");
            }
        }
    }
}

#[test]
fn own_member_of_tracestate_goes_to_the_front() {
    let mut state = TraceState::parse("congo=first,rojo=1").expect("valid");
    state.put("rojo", "2").expect("valid");
    assert_eq!(state.to_header(), "rojo=2,congo=first");
    state.put("throughline", "x").expect("valid");
    assert_eq!(state.to_string(), "throughline=x,rojo=2,congo=first");
    assert_eq!((state.get("rojo"), state.get("nobody")), (Some("2"), None));
    assert!(state.remove("rojo") && !state.remove("rojo"));
    assert_eq!(state.put("UPPER", "1"), Err(TraceStateError::Key));
    assert_eq!(state.put("key", "1,2"), Err(TraceStateError::Value));
    assert_eq!(
        state.to_header(),
        "throughline=x,congo=first",
        "a refused member changes nothing"
    );
}

#[test]
fn a_full_tracestate_loses_its_last_member() {
    let mut state = TraceState::default();
    assert!(state.is_empty());
    for number in 0..33 {
        state.put(&format!("k{number}"), "v").expect("valid");
    }
    assert_eq!(state.iter().len(), 32);
    assert_eq!((state.get("k32"), state.get("k0")), (Some("v"), None));
}

#[test]
fn baggage_follows_the_specification() {
    for row in rows(include_str!("../data/baggage.json")) {
        let parsed = Baggage::parse_all(headers(&row));
        let property =
            |property: &BaggageProperty| serde_json::json!([property.key, property.value]);
        let member = |member: &BaggageMember| {
            let properties: Vec<_> = member.properties.iter().map(property).collect();
            serde_json::json!([member.key, member.value, properties])
        };
        let members: Vec<_> = parsed.members().iter().map(member).collect();
        assert_eq!(Value::from(members), row["members"], "{row}");
        assert_eq!(u64::from(parsed.left_out()), row["left_out"], "{row}");
        if let Some(header) = row["header"].as_str() {
            assert_eq!(parsed.to_string(), header, "{row}");
        }
        assert_eq!(
            Baggage::parse(&parsed.to_header()).members(),
            parsed.members(),
            "{row}"
        );
    }
}

#[test]
fn baggage_is_changed_in_place() {
    let mut baggage = Baggage::parse("a=1,k=1,b=2,k=2");
    assert_eq!(baggage.get("k"), Some("2"), "what was added last counts");
    baggage.put(BaggageMember::new("k", "3 4")).expect("valid");
    assert_eq!(baggage.to_header(), "a=1,k=3%204,b=2");
    baggage.put(BaggageMember::new("z", "ü")).expect("valid");
    assert_eq!(baggage.to_header(), "a=1,k=3%204,b=2,z=%C3%BC");
    assert!(baggage.remove("a") && !baggage.remove("a") && !baggage.is_empty());
    assert_eq!(
        baggage.put(BaggageMember::new("no key", "1")),
        Err(BaggageError::Key)
    );
    let property = BaggageProperty {
        key: "p".into(),
        value: Some("two words".into()),
    };
    let member = BaggageMember {
        properties: vec![property],
        ..BaggageMember::new("k", "1")
    };
    assert_eq!(baggage.put(member), Err(BaggageError::Property));
    assert_eq!(
        baggage.put(BaggageMember::new("big", &"x".repeat(8_200))),
        Err(BaggageError::Full)
    );
    for number in 0..61 {
        baggage
            .put(BaggageMember::new(&format!("n{number}"), "v"))
            .expect("there is room");
    }
    assert_eq!(
        baggage.put(BaggageMember::new("n61", "v")),
        Err(BaggageError::Full)
    );
    baggage
        .put(BaggageMember::new("n60", "w"))
        .expect("a known key needs no room");
}

/// Texts near the grammars, so that more than the first check is reached.
fn header_like() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[0-9a-fA-F -]{50,60}",
        "([a-z0-9@*/_-]{0,4}[=,; \t%é]{0,2}[!-~]{0,3},?){0,40}"
    ]
}

proptest! {
    #[test]
    fn any_text_is_read_without_panic(text in header_like()) {
        if let Ok(parsed) = TraceParent::parse(&text) {
            prop_assert_eq!(TraceParent::parse(&parsed.to_header()), Ok(parsed));
        }
        if let Ok(parsed) = TraceState::parse(&text) {
            let header = parsed.to_header();
            prop_assert!(header.len() <= 512);
            prop_assert!(TraceState::parse(&header).is_ok());
        }
        let parsed = Baggage::parse(&text);
        let header = parsed.to_header();
        prop_assert!(header.len() <= 8192 && header.is_ascii());
        let again = Baggage::parse(&header);
        prop_assert_eq!(again.members(), parsed.members());
        prop_assert_eq!(again.left_out(), 0);
    }

    #[test]
    fn what_a_traceparent_says_comes_back(
        trace_id in generate::trace_id(),
        parent_id in generate::span_id(),
        flags in any::<u8>(),
    ) {
        let flags = TraceFlags::from_bits(flags);
        let parent = TraceParent { trace_id, parent_id, flags };
        prop_assert_eq!(TraceParent::parse(&parent.to_header()), Ok(parent));
    }

    #[test]
    fn what_a_tracestate_says_comes_back(
        members in proptest::collection::btree_map("[a-z0-9][a-z0-9_*/@-]{0,8}", "[!-+.-<>-~]{1,8}", 0..28),
    ) {
        let mut state = TraceState::default();
        for (key, value) in &members {
            prop_assert_eq!(state.put(key, value), Ok(()));
        }
        // 27 members of at most 18 characters and a comma fit into 512.
        prop_assert_eq!(TraceState::parse(&state.to_header()), Ok(state.clone()));
        for (key, value) in &members {
            prop_assert_eq!(state.get(key), Some(value.as_str()));
        }
    }

    #[test]
    fn baggage_carries_any_value(value in any::<String>()) {
        prop_assume!(value.len() < 2_000);
        let mut baggage = Baggage::default();
        baggage.put(BaggageMember::new("key", &value)).expect("it fits");
        let read = Baggage::parse(&baggage.to_header());
        prop_assert_eq!(read.get("key"), Some(value.as_str()));
    }
}
