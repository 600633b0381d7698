//! The OpenAPI document, beside what the server answers.

use std::collections::BTreeSet;

use super::*;
use crate::api::native;
use crate::sample::{action, run};

#[tokio::test]
async fn the_description_lists_exactly_the_routes() {
    let document: Value = serde_json::from_str(native::OPENAPI).expect("JSON");
    let described: BTreeSet<&str> = document["paths"]
        .as_object()
        .expect("paths")
        .keys()
        .map(String::as_str)
        .collect();
    let routed: BTreeSet<&str> = native::routes().iter().map(|(path, _)| *path).collect();
    assert_eq!(described, routed);
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    let server = server().await;
    let served: Value = get(&server, "/api/v1/openapi.json")
        .await
        .json()
        .await
        .expect("JSON");
    assert_eq!(served, document);
}

#[tokio::test]
async fn answers_are_as_described() {
    let server = server().await;
    let visit = spans([action(4, "visit", "click \"Book\"", 4)]);
    server.store.append(&[visit]).expect("stored");
    let chunk = format!("{}/v1/replay", server.ingest);
    let events = r#"{"session":"visit","stream":"tab","number":0,"events":[{"type":4,"timestamp":1795348800000,"data":{"href":"/"}}]}"#;
    let taken = send(Client::new().post(chunk).body(events)).await;
    assert_eq!(taken.status(), 204);
    let again = Batch {
        runs: vec![
            run("good", "visit", None, NOON),
            run("bad", "visit", Some("gone"), after_noon(1)),
        ],
        ..Batch::default()
    };
    server.store.append(&[again]).expect("stored");
    let document: Value = serde_json::from_str(native::OPENAPI).expect("JSON");
    let trace = trace_id(2);
    for (path, route) in [
        (format!("/api/v1/traces/{trace}"), "/api/v1/traces/{id}"),
        ("/api/v1/traces/xyz".to_owned(), "/api/v1/traces/{id}"),
        (
            format!("/api/v1/traces/{}", trace_id(99)),
            "/api/v1/traces/{id}",
        ),
        (
            format!("/api/v1/traces/{trace}/logs"),
            "/api/v1/traces/{id}/logs",
        ),
        (
            format!("/api/v1/traces/{trace}/matches?q=%7B%7D"),
            "/api/v1/traces/{id}/matches",
        ),
        (
            format!("/api/v1/traces/{}/matches", trace_id(99)),
            "/api/v1/traces/{id}/matches",
        ),
        ("/api/v1/search".to_owned(), "/api/v1/search"),
        (
            "/api/v1/search?limit=1&q=%7B%7D%7Cby(name)%7Cselect(name)".to_owned(),
            "/api/v1/search",
        ),
        (
            "/api/v1/search/parts?q=%7Bname%3D%22x%22%7D&start=1".to_owned(),
            "/api/v1/search/parts",
        ),
        ("/api/v1/tags".to_owned(), "/api/v1/tags"),
        ("/api/v1/tags?scope=x".to_owned(), "/api/v1/tags"),
        (
            "/api/v1/tags/span.index/values".to_owned(),
            "/api/v1/tags/{name}/values",
        ),
        (
            "/api/v1/tags/x/values".to_owned(),
            "/api/v1/tags/{name}/values",
        ),
        ("/api/v1/search?q=%7B".to_owned(), "/api/v1/search"),
        (
            format!("/api/v1/traces/{trace}/graph"),
            "/api/v1/traces/{id}/graph",
        ),
        (
            format!("/api/v1/traces/{trace}/story"),
            "/api/v1/traces/{id}/story",
        ),
        (
            format!("/api/v1/traces/{trace}/statistics?by=kind,text"),
            "/api/v1/traces/{id}/statistics",
        ),
        (
            format!("/api/v1/traces/{trace}/statistics?by="),
            "/api/v1/traces/{id}/statistics",
        ),
        (
            format!("/api/v1/traces/{trace}?from=0&limit=1"),
            "/api/v1/traces/{id}",
        ),
        (
            format!("/api/v1/traces/{trace}/alike"),
            "/api/v1/traces/{id}/alike",
        ),
        (
            format!("/api/v1/traces/{}/alike", trace_id(99)),
            "/api/v1/traces/{id}/alike",
        ),
        (
            format!("/api/v1/traces/{}/graph", trace_id(99)),
            "/api/v1/traces/{id}/graph",
        ),
        (
            format!("/api/v1/map?{HOUR}&beforeStart=1795340000&beforeEnd=1795345000"),
            "/api/v1/map",
        ),
        ("/api/v1/map?start=2&end=1".to_owned(), "/api/v1/map"),
        (format!("/api/v1/red?{HOUR}"), "/api/v1/red"),
        ("/api/v1/red?strat=1".to_owned(), "/api/v1/red"),
        (
            format!(
                "/api/v1/diff?baseline={},{trace}&other={trace}",
                trace_id(1)
            ),
            "/api/v1/diff",
        ),
        (
            format!("/api/v1/diff?baseline={trace}&other={}", trace_id(99)),
            "/api/v1/diff",
        ),
        (format!("/api/v1/diff?other={trace}"), "/api/v1/diff"),
        ("/api/v1/sessions".to_owned(), "/api/v1/sessions"),
        ("/api/v1/sessions?limit=x".to_owned(), "/api/v1/sessions"),
        ("/api/v1/sessions/visit".to_owned(), "/api/v1/sessions/{id}"),
        (
            "/api/v1/sessions/nobody".to_owned(),
            "/api/v1/sessions/{id}",
        ),
        (
            "/api/v1/sessions/visit/replay".to_owned(),
            "/api/v1/sessions/{id}/replay",
        ),
        (
            "/api/v1/sessions/visit/replay/tab".to_owned(),
            "/api/v1/sessions/{id}/replay/{stream}",
        ),
        (
            "/api/v1/sessions/visit/replay/none".to_owned(),
            "/api/v1/sessions/{id}/replay/{stream}",
        ),
        ("/api/v1/services".to_owned(), "/api/v1/services"),
        (
            "/api/v1/services?traces=true".to_owned(),
            "/api/v1/services",
        ),
        ("/api/v1/services?traces=1".to_owned(), "/api/v1/services"),
        (
            "/api/v1/sessions/visit/runs".to_owned(),
            "/api/v1/sessions/{id}/runs",
        ),
        ("/api/v1/runs/bad".to_owned(), "/api/v1/runs/{id}"),
        ("/api/v1/runs/none".to_owned(), "/api/v1/runs/{id}"),
        (
            "/api/v1/runs/good/expectations".to_owned(),
            "/api/v1/runs/{id}/expectations",
        ),
        (
            "/api/v1/runs/bad/expectations".to_owned(),
            "/api/v1/runs/{id}/expectations",
        ),
        ("/api/v1/caller".to_owned(), "/api/v1/caller"),
        ("/api/v1/audit".to_owned(), "/api/v1/audit"),
        ("/api/v1/audit?limit=0".to_owned(), "/api/v1/audit"),
        ("/api/v1/status".to_owned(), "/api/v1/status"),
    ] {
        let response = get(&server, &path).await;
        let status = response.status().as_u16().to_string();
        let described = &document["paths"][route]["get"]["responses"][&status];
        let schema = &described["content"]["application/json"]["schema"];
        assert!(schema.is_object(), "{path}: {status} is described");
        let body: Value = response.json().await.expect("JSON");
        check(&document, schema, &body, &path);
    }
}

/// Checks a value against as much of JSON Schema as the description uses.
pub fn check(document: &Value, schema: &Value, value: &Value, at: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        let pointer = reference.strip_prefix('#').expect("a local reference");
        return check(
            document,
            document.pointer(pointer).expect("described"),
            value,
            at,
        );
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        let described = choices
            .iter()
            .find(|choice| (choice["type"] == "null") == value.is_null());
        return check(document, described.expect("a choice"), value, at);
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let kinds = match &schema["type"] {
        Value::Array(kinds) => kinds.clone(),
        kind => vec![kind.clone()],
    };
    assert!(
        kinds
            .iter()
            .any(|described| described == kind || described == "number" && kind == "integer"),
        "{at} is {kind}, not {kinds:?}"
    );
    match value {
        Value::Object(members) => {
            for required in schema["required"].as_array().into_iter().flatten() {
                let name = required.as_str().expect("a name");
                assert!(members.contains_key(name), "{at} has no {name}");
            }
            for (name, value) in members {
                match schema["properties"].get(name) {
                    Some(schema) => check(document, schema, value, &format!("{at}.{name}")),
                    None => assert_ne!(schema["additionalProperties"], false, "{at}.{name}"),
                }
            }
        }
        Value::Array(values) => {
            for value in values {
                check(document, &schema["items"], value, &format!("{at}[]"));
            }
        }
        Value::String(text) => {
            if let Some(values) = schema["enum"].as_array() {
                assert!(values.iter().any(|value| value == text), "{at} is {text}");
            }
        }
        _ => {}
    }
}
