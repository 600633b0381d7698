//! Lists that follow what arrives, over HTTP.

use std::time::Duration;

use shared::query::tail::TailEvent;

use super::description::check;
use super::*;
use crate::api::native::{self, MAX_STREAMS};

/// A stream, and what of it was not read yet.
struct Tail {
    response: Response,
    rest: String,
}

impl Tail {
    async fn open(server: &Running, query: &str, last: Option<&str>) -> Self {
        let mut request = Client::new()
            .get(format!("{}/api/v1/search/tail", server.viewer))
            .query(&[("q", query)]);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = send(request).await;
        assert_eq!(response.status(), 200);
        assert_eq!(header(&response, "content-type"), Some("text/event-stream"));
        Self {
            response,
            rest: String::new(),
        }
    }

    /// The next event with its id; `None` at the end.
    async fn next(&mut self) -> Option<(String, TailEvent)> {
        loop {
            if let Some((event, rest)) = self.rest.split_once("\n\n") {
                let line = |name: &str| {
                    event
                        .lines()
                        .find_map(|line| line.strip_prefix(name))
                        .unwrap_or_else(|| panic!("{name} in {event}"))
                };
                assert_eq!(line("event: "), "arrived");
                let read = serde_json::from_str(line("data: ")).expect("an event");
                let read = (line("id: ").to_owned(), read);
                self.rest = rest.to_owned();
                return Some(read);
            }
            let piece = self.response.chunk().await.expect("no break")?;
            self.rest
                .push_str(std::str::from_utf8(&piece).expect("text"));
        }
    }

    /// The next event in which something arrived.
    async fn news(&mut self) -> (String, TailEvent) {
        loop {
            let (id, event) = self.next().await.expect("an event");
            if event.scanned_traces > 0 {
                return (id, event);
            }
        }
    }
}

/// Sends spans as a service would.
async fn export(server: &Running, spans: Vec<shared::span::SpanRecord>) {
    let body = serde_json::to_vec(&shared::otlp::json::SpansJson(&spans)).expect("JSON");
    let request = Client::new()
        .post(format!("{}/v1/traces", server.ingest))
        .header("content-type", "application/json")
        .body(body);
    assert_eq!(send(request).await.status(), 200);
}

fn named(number: u32, name: &str) -> shared::span::SpanRecord {
    let mut record = span(number, 1);
    record.span.name = name.to_owned();
    record
}

fn traces(event: &TailEvent) -> Vec<shared::id::TraceId> {
    event.traces.iter().map(|trace| trace.trace_id).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_arrives_for_a_search_is_told_as_it_arrives() {
    let server = server().await;
    let mut tail = Tail::open(&server, r#"{ name = "wanted" }"#, None).await;
    let (_, first) = tail.next().await.expect("at once");
    assert_eq!(
        (first.scanned_traces, first.missed),
        (0, false),
        "nothing new"
    );
    export(&server, vec![named(7, "wanted"), named(8, "other")]).await;
    let (last, event) = tail.news().await;
    assert_eq!(traces(&event), [trace_id(7)]);
    assert_eq!(event.others, [trace_id(8)]);
    let document: Value = serde_json::from_str(native::OPENAPI).expect("JSON");
    let schema = &document["components"]["schemas"]["TailEvent"];
    let sent = serde_json::to_value(&event).expect("JSON");
    check(&document, schema, &sent, "event");
    drop(tail);

    export(&server, vec![named(9, "wanted")]).await;
    let mut again = Tail::open(&server, r#"{ name = "wanted" }"#, Some(&last)).await;
    let (_, event) = again.next().await.expect("at once");
    assert_eq!((traces(&event), event.missed), (vec![trace_id(9)], false));

    for unknown in ["1-2", "gone"] {
        let mut lost = Tail::open(&server, "", Some(unknown)).await;
        let (_, event) = lost.next().await.expect("at once");
        assert_eq!((event.scanned_traces, event.missed), (0, true), "{unknown}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_with_the_server_and_gives_its_place_back_when_it_is_closed() {
    let server = server().await;
    let mut open = Vec::new();
    for _ in 0..MAX_STREAMS {
        open.push(Tail::open(&server, "", None).await);
    }
    let refused = get(&server, "/api/v1/search/tail").await;
    assert_eq!(refused.status(), 409);
    let refused: ErrorResponse = refused.json().await.expect("a body");
    assert_eq!(refused.code, "refused");
    let wrong = get(&server, "/api/v1/search/tail?q=%7B").await;
    assert_eq!(wrong.status(), 400);
    open.pop();
    let mut last = loop {
        // The server learns that a reader is gone when its connection is.
        let answer = get(&server, "/api/v1/search/tail").await;
        if answer.status() == 200 {
            break Tail {
                response: answer,
                rest: String::new(),
            };
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert!(last.next().await.is_some());
    let ended = tokio::spawn(async move { while last.next().await.is_some() {} });
    server.stop().await;
    ended.await.expect("the stream ends");
}
