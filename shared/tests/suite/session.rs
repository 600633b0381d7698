//! A visit to the shop, read out of its spans.

use std::sync::Arc;

use shared::attribute::{Attribute, AttributeValue};
use shared::id::TraceId;
use shared::log::{LogEntry, LogRecord};
use shared::session::{Session, ValueReference, export, read, script};
use shared::span::{SpanEvent, SpanRecord};
use shared::time::UnixNanos;

use crate::shop::{CLICK, span};

const SESSION: &str = "5e551011000000000000000000000001";

fn list(texts: &[&str]) -> AttributeValue {
    AttributeValue::Array(texts.iter().map(|&text| text.into()).collect())
}

/// A root of trace `number`, `start` milliseconds into the visit.
fn root(number: u8, kind: &str, name: &str, start: f64, more: Vec<Attribute>) -> SpanRecord {
    let mut record = span(u64::from(number), 0, "shop-web", name, start, start + 50.0);
    record.span.trace_id = TraceId::from_bytes([number; 16]).expect("not zero");
    record.span.attributes = vec![
        Attribute::new("throughline.action", kind),
        Attribute::new("session.id", SESSION),
        Attribute::new("url.full", "https://shop.example/films?day="),
        Attribute::new("throughline.route.before", "/films"),
        Attribute::new("throughline.route.after", "/films"),
    ];
    record.span.attributes.extend(more);
    record
}

fn step(selectors: &[&str]) -> Vec<Attribute> {
    vec![
        Attribute::new("throughline.step.selectors", list(selectors)),
        Attribute::new("throughline.step.viewport", "1440x900"),
    ]
}

fn quiet(start: f64, kind: &str, selector: &str, value: Option<&str>) -> SpanEvent {
    let mut attributes = vec![
        Attribute::new("throughline.action", kind),
        Attribute::new("throughline.step.selectors", list(&[selector])),
    ];
    attributes.extend(value.map(|value| Attribute::new("throughline.step.value", value)));
    SpanEvent {
        time: UnixNanos(CLICK + (start * 1e6) as u64),
        name: "throughline.step".into(),
        attributes,
        dropped_attributes_count: 0,
    }
}

/// A load, a seat that is chosen, a field that is pressed, typed into twice, and the booking.
fn visit() -> Vec<SpanRecord> {
    let load = root(1, "load", "load /films", 0.0, Vec::new());
    let film = root(
        2,
        "click",
        "click \"Night Signal\"",
        1_000.0,
        step(&["testid=night"]),
    );
    let mut book = root(
        3,
        "click",
        "click \"Book Now\"",
        9_000.0,
        step(&[
            "testid=book",
            "role=button[name=\"Book Now\"]",
            "xpath=//odd",
        ]),
    );
    book.span.attributes.push(Attribute::new("user.id", "u-7"));
    book.span.events = vec![
        quiet(2_000.0, "click", "css=#seats>i", None),
        quiet(3_000.0, "click", "testid=card", None),
        quiet(3_100.0, "change", "testid=card", Some("{{secret:card}}")),
        quiet(3_200.0, "change", "testid=card", Some("{{secret:card}}")),
    ];
    let other = {
        let mut other = root(4, "click", "click \"Other\"", 10.0, step(&["testid=other"]));
        other.span.attributes[1] = Attribute::new("session.id", "another");
        other
    };
    vec![book, other, film, load]
}

fn log(event: &str, severity: i32, at: f64, attributes: Vec<Attribute>) -> LogEntry {
    let record = &visit()[0];
    let mut all = vec![Attribute::new("session.id", SESSION)];
    all.extend(attributes);
    LogEntry {
        resource: Arc::clone(&record.resource),
        scope: Arc::clone(&record.scope),
        record: LogRecord {
            time: UnixNanos(CLICK + (at * 1e6) as u64),
            severity_number: severity,
            event_name: event.into(),
            attributes: all,
            ..LogRecord::default()
        },
    }
}

fn session() -> Session {
    let logs = [
        log(
            "exception",
            17,
            20_000.0,
            vec![
                Attribute::new("exception.type", "TypeError"),
                Attribute::new("exception.message", "no seat"),
            ],
        ),
        log(
            "browser.web_vital",
            9,
            500.0,
            vec![
                Attribute::new("browser.web_vital.name", "lcp"),
                Attribute::new("browser.web_vital.value", AttributeValue::Double(812.5)),
                Attribute::new("browser.web_vital.rating", "good"),
            ],
        ),
        log("browser.navigation", 9, 600.0, Vec::new()),
    ];
    read(SESSION, &visit(), &logs)
}

#[test]
fn actions_are_in_order_with_the_steps_that_caused_nothing() {
    let session = session();
    let names: Vec<(&str, bool)> = session
        .actions
        .iter()
        .map(|action| (action.name.as_str(), action.trace.is_some()))
        .collect();
    assert_eq!(
        names,
        [
            ("load /films", true),
            ("click \"Night Signal\"", true),
            ("click \"#seats>i\"", false),
            ("click \"card\"", false),
            ("change \"card\"", false),
            ("change \"card\"", false),
            ("click \"Book Now\"", true),
        ]
    );
    assert_eq!(session.service, "shop-web");
    assert_eq!(session.user, [("user.id".to_owned(), "u-7".to_owned())]);
    let book = session.actions[6].step.as_ref().expect("a step");
    // What this version does not know is left out and spoils nothing.
    assert_eq!(book.selectors.len(), 2);
    assert_eq!(book.viewport, Some((1440, 900)));
}

#[test]
fn errors_and_vitals_are_marks_beside_the_actions() {
    let session = session();
    assert_eq!(session.errors.len(), 1);
    assert_eq!(session.errors[0].text, "TypeError: no seat");
    assert_eq!(session.vitals.len(), 1);
    assert_eq!(
        (session.vitals[0].name.as_str(), session.vitals[0].value),
        ("lcp", 812.5)
    );
    assert_eq!(session.end, UnixNanos(CLICK + 20_000_000_000));
}

#[test]
fn a_script_fills_a_field_once_and_does_not_press_it_before() {
    let script = script(&session());
    let told: Vec<(&str, &str)> = script
        .instructions
        .iter()
        .map(|one| (one.kind.as_str(), one.name.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("goto", "load /films"),
            ("click", "click \"Night Signal\""),
            ("click", "click \"#seats>i\""),
            ("change", "change \"card\""),
            ("click", "click \"Book Now\""),
        ]
    );
    assert_eq!(script.origin, "https://shop.example");
    assert_eq!(script.instructions[0].path, "/films?day=");
    assert_eq!(script.viewport, Some((1440, 900)));
    assert_eq!(
        script.instructions[3].step.value,
        Some(ValueReference::Secret("card".into()))
    );
    assert_eq!(script.left_out, Vec::<String>::new());
}

#[test]
fn a_load_soon_after_a_step_is_what_the_step_led_to() {
    let mut spans = visit();
    let url = |path: &str| Attribute::new("url.full", format!("https://shop.example{path}"));
    let mut led = root(5, "load", "load /ticket", 9_500.0, Vec::new());
    led.span.attributes[2] = url("/ticket");
    let mut typed = root(6, "load", "load /help", 60_000.0, Vec::new());
    typed.span.attributes[2] = url("/help");
    spans.extend([led, typed]);
    let script = script(&read(SESSION, &spans, &[]));
    let last: Vec<(&str, Option<&str>, &str)> = script.instructions[4..]
        .iter()
        .map(|one| {
            (
                one.kind.as_str(),
                one.leads_to.as_deref(),
                one.path.as_str(),
            )
        })
        .collect();
    assert_eq!(
        last,
        [("click", Some("/ticket"), ""), ("goto", None, "/help")]
    );
}

#[test]
fn what_nothing_leads_to_is_said_to_be_left_out() {
    let spans = [root(1, "click", "click \"canvas\"", 0.0, Vec::new())];
    let script = script(&read(SESSION, &spans, &[]));
    assert_eq!(script.instructions.len(), 0);
    assert_eq!(
        script.left_out,
        ["click \"canvas\": nothing unique leads to its element"]
    );
}

#[test]
fn a_session_is_the_same_after_json() {
    let session = session();
    let json = serde_json::to_string(&session).expect("JSON");
    assert_eq!(
        serde_json::from_str::<Session>(&json).expect("a session"),
        session
    );
}

#[test]
fn what_a_page_says_is_no_code_of_an_export() {
    let hostile = "\"]`);</script><img src=x>\n*/ alert(1) //\u{2028}";
    let mut spans = visit();
    spans[0].span.name = format!("click \"{hostile}\"");
    let selector = format!("testid={hostile}");
    spans[0].span.attributes[5] = Attribute::new("throughline.step.selectors", list(&[&selector]));
    let session = read(SESSION, &spans, &[]);
    let script = script(&session);
    let traces = spans
        .iter()
        .map(|record| {
            (
                record.span.trace_id,
                shared::trace::assemble(vec![record.clone()]),
            )
        })
        .collect();
    let exported = export::Exported {
        session: &session,
        script: &script,
        traces: &traces,
    };
    let test = export::playwright(&exported);
    // Every string is one of JSON's, and none ends a line, a comment or a script.
    assert!(
        test.contains(r#"page.getByTestId("\"]`);<\/script>"#),
        "{test}"
    );
    assert!(!test.contains('\u{2028}') && !test.contains("\n*/ alert"));
    let page = export::bundle(&exported, None);
    assert!(!page.contains("<img src=x") && !page.contains("<script"));
    let report = export::markdown(&exported, None, None);
    assert!(!report.replace("\\<", "").contains("<img") && !report.contains("\n*/ alert"));
}

#[test]
fn a_flow_has_the_recorders_selectors() {
    let session = session();
    let script = script(&session);
    let traces = std::collections::BTreeMap::new();
    let flow = export::userflow(&export::Exported {
        session: &session,
        script: &script,
        traces: &traces,
    });
    let last = &flow["steps"][5];
    assert_eq!(last["type"], "click");
    assert_eq!(
        last["selectors"],
        serde_json::json!([
            ["[data-testid=\"book\"]"],
            ["aria/Book Now[role=\"button\"]"]
        ])
    );
    assert_eq!(flow["steps"][4]["value"], "{{secret:card}}");
}
