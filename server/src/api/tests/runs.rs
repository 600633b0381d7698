//! Re-runs over real sockets.

use base64::Engine as _;
use reqwest::Client;
use serde_json::{Value, json};

use super::{get, send};
use crate::running::Running;
use crate::sample::{NOON, action, run, spans, trace_id};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and so on";

async fn publish(server: &Running, body: Value) -> (u16, Value) {
    let request = Client::new().post(format!("{}/api/v1/runs", server.viewer));
    let response = send(request.body(body.to_string())).await;
    (
        response.status().as_u16(),
        response.json().await.expect("JSON"),
    )
}

fn report(diverged: Option<&str>, pictures: Value) -> Value {
    let outcome = run("", "visit", diverged, NOON).report.outcome;
    json!({ "outcome": outcome, "pictures": pictures })
}

#[tokio::test]
async fn a_report_is_kept_with_its_pictures_beside_those_of_the_last_good_run() {
    let server = Running::usual().await;
    let data = base64::engine::general_purpose::STANDARD.encode(PNG);
    let picture = json!([{ "run": 0, "step": 1, "data": data }]);
    let (status, good) = publish(&server, report(None, picture.clone())).await;
    assert_eq!(status, 201, "{good}");
    let (_, bad) = publish(&server, report(Some("the element is gone"), picture)).await;
    assert_ne!(good["id"], bad["id"]);
    let id = bad["id"].as_str().expect("an id");
    let read: Value = get(&server, &format!("/api/v1/runs/{id}"))
        .await
        .json()
        .await
        .expect("JSON");
    assert_eq!(
        read["outcome"]["runs"][0]["steps"][0]["diverged"],
        "the element is gone"
    );
    assert_eq!(
        (&read["good"]["id"], &read["pictures"][0]["step"]),
        (&good["id"], &json!(1))
    );
    let shown = get(&server, &format!("/api/v1/runs/{id}/pictures/0")).await;
    assert_eq!(shown.headers()["content-type"], "image/png");
    assert_eq!(shown.headers()["x-content-type-options"], "nosniff");
    assert_eq!(shown.bytes().await.expect("a body"), PNG);
    let list: Value = get(&server, "/api/v1/sessions/visit/runs")
        .await
        .json()
        .await
        .expect("JSON");
    let verdicts: Vec<&Value> = list["runs"]
        .as_array()
        .expect("runs")
        .iter()
        .map(|run| &run["verdict"])
        .collect();
    assert_eq!(verdicts, ["DIVERGED", "REPRODUCED"]);
    for path in [
        "/api/v1/runs/0000",
        "/api/v1/runs/0000/expectations",
        "/api/v1/runs/0000/pictures/0",
        &format!("/api/v1/runs/{id}/pictures/7"),
    ] {
        assert_eq!(get(&server, path).await.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn what_is_no_report_is_refused() {
    let server = Running::usual().await;
    for (body, reason) in [
        (json!({}), "no outcome"),
        (
            report(None, json!([{ "run": 0, "step": 1, "data": "aGVsbG8=" }])),
            "no picture",
        ),
        (
            report(
                None,
                json!([{ "run": 0, "step": 9, "data": base64::engine::general_purpose::STANDARD.encode(PNG) }]),
            ),
            "no such step",
        ),
    ] {
        let (status, answer) = publish(&server, body).await;
        assert_eq!(
            (status, &answer["code"]),
            (400, &json!("invalid_argument")),
            "{reason}"
        );
    }
}

#[tokio::test]
async fn a_good_run_becomes_a_file_of_expectations_and_a_diverged_one_does_not() {
    let server = Running::usual().await;
    server
        .store
        .append(&[spans([action(2, "visit", "click \"Book\"", 4)])])
        .expect("stored");
    let (_, good) = publish(&server, report(None, json!([]))).await;
    let (_, bad) = publish(&server, report(Some("gone"), json!([]))).await;
    let address = |kept: &Value| {
        format!(
            "/api/v1/runs/{}/expectations",
            kept["id"].as_str().expect("an id")
        )
    };
    let file = get(&server, &address(&good)).await;
    assert!(
        file.headers()["content-disposition"]
            .to_str()
            .expect("text")
            .ends_with(".expect.json\"")
    );
    let file: Value = file.json().await.expect("JSON");
    assert_eq!(
        (&file["version"], &file["session"], &file["runs"]),
        (&json!(1), &json!("visit"), &json!(1))
    );
    assert_eq!(file["steps"][0]["spans"][0]["service"], "shop-web");
    assert_eq!(get(&server, &address(&bad)).await.status(), 409);
    let erased = server.store.erase(
        &crate::store::erasure::Erasure {
            traces: [trace_id(2)].into(),
            ..Default::default()
        },
        false,
    );
    assert_eq!(erased.expect("erasable").spans, 1);
    let gone = get(&server, &address(&good)).await;
    assert_eq!(gone.status(), 409);
    assert!(
        gone.text()
            .await
            .expect("text")
            .contains("past its retention")
    );
}
