//! Senders are told to come back when there is no room or the store refuses.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use tokio::sync::Semaphore;

use super::*;
use crate::ingest::rpc_status::{RetryInfo, RpcStatus};
use crate::running::{Running, Setup};
use crate::sample::{span, trace_id};
use crate::store::interposed::Interposed;
use crate::store::{Store, StoreError};

/// Lets a store write when it is told to, and has it refuse.
#[derive(Clone)]
struct Gate(Arc<State>);

struct State {
    open: Semaphore,
    asked: AtomicBool,
    broken: AtomicBool,
}

impl Gate {
    fn closed() -> Self {
        Self(Arc::new(State {
            open: Semaphore::new(0),
            asked: AtomicBool::new(false),
            broken: AtomicBool::new(false),
        }))
    }

    /// A store behind the gate.
    fn store(&self) -> Arc<dyn Store> {
        let gate = Arc::clone(&self.0);
        Arc::new(Interposed::before_append(move || {
            gate.asked.store(true, Ordering::Release);
            while gate
                .open
                .try_acquire()
                .map(tokio::sync::SemaphorePermit::forget)
                .is_err()
            {
                std::thread::sleep(Duration::from_millis(1));
            }
            if gate.broken.load(Ordering::Relaxed) {
                return Err(StoreError::Format(
                    "the disk /secret/path is full".to_owned(),
                ));
            }
            Ok(())
        }))
    }

    /// Until a batch has come as far as the store.
    async fn asked(&self) {
        while !self.0.asked.load(Ordering::Acquire) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    fn open(&self) {
        self.0.open.add_permits(1_000);
    }

    fn break_down(&self, broken: bool) {
        self.0.broken.store(broken, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn tells_senders_to_come_back_when_the_queue_is_full() {
    let gate = Gate::closed();
    let body = protobuf(&[span(1, 1)]);
    let setup = Setup {
        store: gate.store(),
        // Room for one request and a half.
        pending_bytes: body.len() * 3 / 2,
        ..Setup::default()
    };
    let server = Running::start(setup).await;
    let first = tokio::spawn(send(post(
        &server.ingest,
        "/v1/traces",
        PROTOBUF,
        body.clone(),
    )));
    gate.asked().await;
    let refused = send(post(&server.ingest, "/v1/traces", PROTOBUF, body.clone())).await;
    assert_eq!(refused.status(), 429);
    assert_eq!(header(&refused, "retry-after"), Some("1"));
    let status = RpcStatus::decode(refused.bytes().await.expect("a body")).expect("a status");
    assert_eq!(status.code, 8);
    let info = RetryInfo::decode(status.details[0].value.as_slice()).expect("a retry info");
    assert_eq!(info.retry_delay.expect("a delay").seconds, 1);

    let mut client = TraceServiceClient::connect(server.grpc.clone())
        .await
        .expect("a channel");
    let error = client
        .export(request(&[span(3, 1)]))
        .await
        .expect_err("no room");
    assert_eq!(error.code(), tonic::Code::ResourceExhausted);
    let details = RpcStatus::decode(error.details()).expect("details");
    assert!(
        details.details[0]
            .type_url
            .ends_with("google.rpc.RetryInfo")
    );

    gate.open();
    assert_eq!(first.await.expect("no panic").status(), 200);
    let again = send(post(&server.ingest, "/v1/traces", PROTOBUF, body)).await;
    assert_eq!(again.status(), 200, "there is room again");
    assert_eq!(server.store.trace(trace_id(1)).expect("readable").len(), 1);
}

#[tokio::test]
async fn acknowledges_nothing_while_the_store_refuses() {
    let gate = Gate::closed();
    gate.open();
    gate.break_down(true);
    let setup = Setup {
        store: gate.store(),
        ..Setup::default()
    };
    let server = Running::start(setup).await;
    let export = async || {
        send(post(
            &server.ingest,
            "/v1/traces",
            JSON,
            json(&[span(1, 1), span(1, 2)]),
        ))
        .await
    };
    let response = export().await;
    assert_eq!(response.status(), 503);
    assert_eq!(header(&response, "retry-after"), Some("1"));
    let text = response.text().await.expect("text");
    assert!(
        !text.contains("/secret/path"),
        "paths are for operators: {text}"
    );

    let mut client = TraceServiceClient::connect(server.grpc.clone())
        .await
        .expect("a channel");
    let error = client
        .export(request(&[span(1, 1)]))
        .await
        .expect_err("refused");
    assert_eq!(error.code(), tonic::Code::Unavailable);

    let status: shared::query::StatusResponse =
        send(Client::new().get(format!("{}/api/v1/status", server.viewer)))
            .await
            .json()
            .await
            .expect("a status");
    assert_eq!((status.accepted.spans, status.refused.spans), (0, 3));
    assert!(
        status
            .last_refusal
            .expect("a reason")
            .contains("/secret/path")
    );

    gate.break_down(false);
    assert_eq!(
        export().await.status(),
        200,
        "the store takes batches again"
    );
}

#[tokio::test]
async fn requests_under_way_are_finished_before_the_server_ends() {
    let gate = Gate::closed();
    let setup = Setup {
        store: gate.store(),
        ..Setup::default()
    };
    let server = Running::start(setup).await;
    let body = protobuf(&[span(1, 1)]);
    let under_way = tokio::spawn(send(post(&server.ingest, "/v1/traces", PROTOBUF, body)));
    let ingest = server.ingest.clone();
    gate.asked().await;
    let stopping = tokio::spawn(server.stop());
    gate.open();
    let response = under_way.await.expect("no panic");
    assert_eq!(response.status(), 200);
    stopping.await.expect("no panic");
    assert!(
        Client::new()
            .get(format!("{ingest}/healthz"))
            .send()
            .await
            .is_err(),
        "closed"
    );
}
