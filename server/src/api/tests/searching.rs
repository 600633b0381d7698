//! Searches over HTTP: pages, errors with their place, and senders that go away.

use std::cmp::Reverse;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use shared::query::{PartsResponse, TagValuesResponse, TagsResponse};
use tokio::sync::mpsc;

use super::*;
use crate::running::Setup;
use crate::store::interposed::Interposed;
use crate::store::{Candidate, StoreError};

async fn answer<T: serde::de::DeserializeOwned>(
    server: &Running,
    path: &str,
    parameters: &[(&str, &str)],
) -> T {
    let request = Client::new()
        .get(format!("{}{path}", server.viewer))
        .query(parameters);
    let response = send(request).await;
    let status = response.status();
    let body = response.text().await.expect("a body");
    serde_json::from_str(&body).unwrap_or_else(|error| panic!("{path}: {status}: {error}: {body}"))
}

#[tokio::test]
async fn a_page_is_followed_by_the_next() {
    let server = server().await;
    let mut after = String::new();
    let mut found = Vec::new();
    for page in 0..3 {
        let mut parameters = vec![("limit", "1"), ("q", "{ .index >= 0 }")];
        if page > 0 {
            parameters.push(("after", &after));
        }
        let response: SearchResponse = answer(&server, "/api/v1/search", &parameters).await;
        found.extend(response.traces.iter().map(|trace| trace.trace_id));
        assert_eq!(response.more, page < 2);
        after = response.next.unwrap_or_default();
    }
    assert_eq!(found, [3, 2, 1].map(trace_id));
    assert_eq!(after, "");
    let refused: ErrorResponse = answer(&server, "/api/v1/search", &[("after", "x")]).await;
    assert_eq!(refused.code, "invalid_argument");
}

#[tokio::test]
async fn what_is_understood_but_not_executed_says_so_at_its_place() {
    let server = server().await;
    for (query, code, position) in [
        ("{ status = error } | rate()", "invalid_query", 21),
        ("{ } with (sample=1)", "invalid_query", 10),
        ("{ .a = } ", "invalid_query", 7),
    ] {
        for path in [
            "/api/v1/search",
            "/api/v1/search/parts",
            "/api/v1/tags",
            "/api/v1/tags/name/values",
        ] {
            let refused: ErrorResponse = answer(&server, path, &[("q", query)]).await;
            assert_eq!(
                (refused.code.as_str(), refused.position),
                (code, Some(position)),
                "{path} {query}"
            );
        }
    }
}

#[tokio::test]
async fn names_values_and_parts_help_to_write_a_search() {
    let server = server().await;
    let tags: TagsResponse = answer(&server, "/api/v1/tags", &[("scope", "resource")]).await;
    let names: Vec<_> = tags.tags.iter().map(|tag| tag.name.as_str()).collect();
    assert_eq!(
        names,
        ["resource.service.name", "resource.browser.language"]
    );
    let values: TagValuesResponse = answer(
        &server,
        "/api/v1/tags/span.index/values",
        &[("q", "{ .index < 2 }")],
    )
    .await;
    let values: Vec<_> = values
        .values
        .iter()
        .map(|value| value.value.as_str())
        .collect();
    assert_eq!(values, ["0", "1"]);
    for (name, expected) in [("name", vec![4]), ("resource.service.name", vec![2, 1, 1])] {
        let path = format!("/api/v1/tags/{name}/values");
        let known: TagValuesResponse = answer(&server, &path, &[]).await;
        let counts: Vec<_> = known.values.iter().map(|value| value.span_count).collect();
        assert_eq!(counts, expected, "spans of each {name}");
        assert_eq!(
            (known.scanned_traces, known.scanned_spans, known.more),
            (None, 4, false),
            "all that are kept"
        );
    }
    let many: Vec<String> = (0..15).map(|part| format!(".k{part} = 1")).collect();
    let many = format!("{{ {} }}", many.join(" && "));
    let parts: PartsResponse = answer(&server, "/api/v1/search/parts", &[("q", &many)]).await;
    assert_eq!((parts.parts.len(), parts.untried), (12, 3));
    let parts: PartsResponse = answer(
        &server,
        "/api/v1/search/parts",
        &[("q", "{ .index = 0 && status = ok }")],
    )
    .await;
    let found: Vec<_> = parts.parts.iter().map(|part| part.found).collect();
    assert_eq!(found, [Some(false), Some(true)]);
    let refused: ErrorResponse = answer(&server, "/api/v1/tags/name)%7C%7B%7D/values", &[]).await;
    assert_eq!(refused.code, "invalid_argument");
}

/// Offers candidates for ever, and tells when it begins and when it is let go.
struct Offers(mpsc::UnboundedSender<&'static str>, Mutex<bool>);

impl Iterator for Offers {
    type Item = Result<Candidate, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if !std::mem::replace(self.1.get_mut().expect("no panic"), true) {
            let _ = self.0.send("begun");
        }
        Some(Ok(Candidate {
            start: Reverse(NOON),
            id: trace_id(1),
        }))
    }
}

impl Drop for Offers {
    fn drop(&mut self) {
        let _ = self.0.send("ended");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_ends_when_its_sender_goes_away() {
    let (sender, mut events) = mpsc::unbounded_channel();
    let server = Running::start(Setup {
        store: Arc::new(Interposed::offering(move || {
            Box::new(Offers(sender.clone(), Mutex::new(false)))
        })),
        ..Setup::default()
    })
    .await;
    let address = format!("{}/api/v1/search?q=%7Bname%3D%22x%22%7D", server.viewer);
    let asking = tokio::spawn(Client::new().get(address).send());
    assert_eq!(events.recv().await, Some("begun"));
    asking.abort();
    // Its own deadline would end it too, but only then.
    let ended = tokio::time::timeout(Duration::from_secs(9), events.recv()).await;
    assert_eq!(ended, Ok(Some("ended")));
}
