//! What the setup page needs: what arrives, a test span, and sample data.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use shared::query::IngestStatusResponse;
use shared::time::UnixNanos;

use super::Api;
use super::error::ApiError;
use crate::exchange::http;
use crate::sample_data;
use crate::store::system_clock;

/// `GET /api/v1/ingest/status`.
pub async fn status(State(api): State<Api>) -> Json<IngestStatusResponse> {
    Json(api.telemetry.ingest_status())
}

/// The answer to `POST /api/v1/test-span`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TestSpan {
    trace_id: String,
}

/// `POST /api/v1/test-span`: sends a span to the ingest face as any service would, over HTTP.
pub async fn test_span(State(api): State<Api>) -> Result<Json<TestSpan>, ApiError> {
    let now = system_clock()();
    let trace_id = format!("7e57{:028x}", now.0);
    let body = test_span_body(&trace_id, now);
    let url = api.ingest_url.to_string();
    let answer =
        tokio::task::spawn_blocking(move || http::post_json(&url, "/v1/traces", body.as_bytes()))
            .await
            .map_err(|_| ApiError::Internal)?;
    match answer {
        Ok((200, _)) => Ok(Json(TestSpan { trace_id })),
        Ok((status, body)) => Err(ApiError::Refused(format!(
            "the ingest face answers {status}: {}",
            String::from_utf8_lossy(&body)
        ))),
        Err(error) => Err(ApiError::Refused(format!("{error:#}"))),
    }
}

fn test_span_body(trace_id: &str, now: UnixNanos) -> String {
    let text =
        |key: &str, value: &str| serde_json::json!({"key": key, "value": {"stringValue": value}});
    serde_json::json!({"resourceSpans": [{
        "resource": {"attributes": [text("service.name", "throughline-test")]},
        "scopeSpans": [{"scope": {"name": "throughline"}, "spans": [{
            "traceId": trace_id,
            "spanId": format!("{:016x}", now.0 | 1),
            "name": "test span",
            "kind": 1,
            "startTimeUnixNano": now.0.saturating_sub(5_000_000).to_string(),
            "endTimeUnixNano": now.0.to_string(),
            "attributes": [text("sent.from", "the setup page")],
        }]}],
    }]})
    .to_string()
}

/// The parameters of `POST /api/v1/sample-data`.
#[derive(Deserialize)]
pub struct SampleParameters {
    #[serde(default = "first_seed")]
    seed: u64,
    #[serde(default)]
    mix: bool,
}

fn first_seed() -> u64 {
    1
}

/// The answer to `POST /api/v1/sample-data`.
#[derive(Serialize)]
pub struct Sample {
    spans: usize,
    query: &'static str,
}

/// `POST /api/v1/sample-data`: an hour of a shop, ending now. Refuses where other traces are,
/// since a day's file keeps what it has.
pub async fn sample(
    State(api): State<Api>,
    Query(parameters): Query<SampleParameters>,
) -> Result<Json<Sample>, ApiError> {
    let (minutes, journal) = (Arc::clone(&api.minutes), Arc::clone(&api.journal));
    let spans = api
        .read(move |store| {
            if !parameters.mix && store.range()?.is_some() {
                return Ok(None);
            }
            let batches = sample_data::hour(parameters.seed, system_clock()());
            store.append(&batches)?;
            minutes.written(&batches);
            journal.written(&batches);
            Ok(Some(sample_data::span_count(&batches)))
        })
        .await?
        .ok_or_else(|| {
            ApiError::Refused(
                "this server has traces already, and sample data cannot be taken out again: fill a \
                 directory of its own with `throughline sample-data --data DIR`, which can be \
                 deleted as a whole, or say that the two may mix (`--mix`, `mix=true`)"
                    .to_owned(),
            )
        })?;
    Ok(Json(Sample {
        spans,
        query: sample_data::INCIDENT,
    }))
}

#[cfg(test)]
mod tests {
    use reqwest::Client;
    use serde_json::Value;
    use shared::query::IngestStatusResponse;

    use crate::running::Running;

    async fn post(url: String) -> (u16, Value) {
        let response = Client::new().post(url).send().await.expect("an answer");
        let status = response.status().as_u16();
        (status, response.json().await.expect("JSON"))
    }

    async fn ingest_status(server: &Running) -> IngestStatusResponse {
        let url = format!("{}/api/v1/ingest/status", server.viewer);
        let response = Client::new().get(url).send().await.expect("an answer");
        response.json().await.expect("as described")
    }

    #[tokio::test]
    async fn a_test_span_comes_in_as_any_other_and_is_seen_to_arrive() {
        let server = Running::usual().await;
        assert!(ingest_status(&server).await.services.is_empty());
        let (status, answer) = post(format!("{}/api/v1/test-span", server.viewer)).await;
        assert_eq!(status, 200, "{answer}");
        let id = answer["traceId"]
            .as_str()
            .expect("an id")
            .parse()
            .expect("of a trace");
        assert_eq!(server.store.trace(id).expect("readable").len(), 1);
        let found = ingest_status(&server).await;
        let [service] = &found.services[..] else {
            panic!("{found:?}");
        };
        assert_eq!(service.name, "throughline-test");
        assert_eq!((service.spans.total, service.spans.last_minute), (1, 1));
    }

    #[tokio::test]
    async fn refusals_are_told_with_their_reasons_also_those_of_pages() {
        let server = Running::usual().await;
        let traces = format!("{}/v1/traces", server.ingest);
        let client = Client::new();
        for _ in 0..2 {
            let request = client
                .post(&traces)
                .header("content-type", "application/json");
            request.body("[").send().await.expect("an answer");
        }
        let preflight = client
            .request(reqwest::Method::OPTIONS, &traces)
            .header("origin", "https://shop.example")
            .header("access-control-request-method", "POST");
        preflight.send().await.expect("an answer");
        let refusals = ingest_status(&server).await.refusals;
        let [page, body] = &refusals[..] else {
            panic!("{refusals:?}");
        };
        assert!(
            page.reason.contains("https://shop.example"),
            "{}",
            page.reason
        );
        assert!(page.reason.contains("--cors-origin"), "{}", page.reason);
        assert_eq!(body.times, 2);
        assert!(
            body.reason.contains("expected an object"),
            "{}",
            body.reason
        );
    }

    #[tokio::test]
    async fn sample_data_fills_an_empty_server_and_mixes_only_when_told() {
        let server = Running::usual().await;
        let url = format!("{}/api/v1/sample-data?seed=3", server.viewer);
        let (status, answer) = post(url.clone()).await;
        assert_eq!(status, 200, "{answer}");
        assert!(answer["spans"].as_u64().expect("a count") > 10_000);
        let (status, answer) = post(url.clone()).await;
        assert_eq!(status, 409, "{answer}");
        assert!(
            answer["message"]
                .as_str()
                .expect("text")
                .contains("--data DIR")
        );
        let (status, _) = post(format!("{url}&mix=true")).await;
        assert_eq!(status, 200);
        let (status, _) = post(format!("{}/api/v1/services", server.viewer)).await;
        assert_eq!(status, 405);
    }
}
