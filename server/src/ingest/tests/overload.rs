//! Senders are told to come back when there is no room or the store refuses.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use shared::id::{SpanId, TraceId};
use shared::log::LogEntry;
use shared::query::erase::ErasedResponse;
use shared::query::run::{RunReport, RunSummary};
use shared::query::{Note, Service};
use shared::time::UnixNanos;
use tokio::sync::Semaphore;

use super::*;
use crate::ingest::rpc_status::{RetryInfo, RpcStatus};
use crate::running::{Running, Setup};
use crate::sample::{span, trace_id};
use crate::store::erasure::Erasure;
use crate::store::memory::MemoryStore;
use crate::store::replay::ReplayPart;
use crate::store::{Batch, Candidates, Filter, MetricRecord, Store, StoreError, system_clock};

/// A store that writes only when it is let, and refuses when it is told to.
struct Gate {
    inner: MemoryStore,
    open: Semaphore,
    asked: AtomicBool,
    broken: AtomicBool,
}

impl Gate {
    fn closed() -> Arc<Self> {
        Arc::new(Self {
            inner: MemoryStore::new(system_clock()),
            open: Semaphore::new(0),
            asked: AtomicBool::new(false),
            broken: AtomicBool::new(false),
        })
    }

    /// Until a batch has come as far as the store.
    async fn asked(&self) {
        while !self.asked.load(Ordering::Acquire) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    fn open(&self) {
        self.open.add_permits(1_000);
    }
}

impl Store for Gate {
    fn append(&self, batches: &[Batch]) -> Result<(), StoreError> {
        self.asked.store(true, Ordering::Release);
        while self
            .open
            .try_acquire()
            .map(tokio::sync::SemaphorePermit::forget)
            .is_err()
        {
            std::thread::sleep(Duration::from_millis(1));
        }
        if self.broken.load(Ordering::Relaxed) {
            return Err(StoreError::Format(
                "the disk /secret/path is full".to_owned(),
            ));
        }
        self.inner.append(batches)
    }

    fn trace(&self, id: TraceId) -> Result<Vec<SpanRecord>, StoreError> {
        self.inner.trace(id)
    }

    fn trace_start(&self, id: TraceId) -> Result<Option<UnixNanos>, StoreError> {
        self.inner.trace_start(id)
    }

    fn logs(&self, id: TraceId) -> Result<Vec<LogEntry>, StoreError> {
        self.inner.logs(id)
    }

    fn candidates(&self, filter: &Filter) -> Result<Candidates<'_>, StoreError> {
        self.inner.candidates(filter)
    }

    fn services(&self) -> Result<Vec<Service>, StoreError> {
        self.inner.services()
    }

    fn metrics(&self, name: &str) -> Result<Vec<MetricRecord>, StoreError> {
        self.inner.metrics(name)
    }

    fn notes(&self, id: TraceId) -> Result<Vec<Note>, StoreError> {
        self.inner.notes(id)
    }

    fn views(&self) -> Result<Vec<shared::query::View>, StoreError> {
        self.inner.views()
    }

    fn put_view(&self, view: &shared::query::View) -> Result<(), StoreError> {
        self.inner.put_view(view)
    }

    fn delete_view(&self, id: SpanId) -> Result<bool, StoreError> {
        self.inner.delete_view(id)
    }

    fn put_note(&self, id: TraceId, note: &Note) -> Result<(), StoreError> {
        self.inner.put_note(id, note)
    }

    fn delete_note(&self, id: TraceId, note: SpanId) -> Result<bool, StoreError> {
        self.inner.delete_note(id, note)
    }

    fn replay_parts(&self, _: &str) -> Result<Vec<ReplayPart>, StoreError> {
        Ok(Vec::new())
    }

    fn replay_events(
        &self,
        _: &str,
        _: &str,
        _: std::ops::RangeInclusive<u32>,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        Ok(Vec::new())
    }

    fn runs(&self, _: &str) -> Result<Vec<RunSummary>, StoreError> {
        Ok(Vec::new())
    }

    fn run(&self, _: &str) -> Result<Option<RunReport>, StoreError> {
        Ok(None)
    }

    fn run_picture(&self, _: &str, _: u32) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(None)
    }

    fn each_log(&self, take: &mut dyn FnMut(&LogEntry)) -> Result<(), StoreError> {
        self.inner.each_log(take)
    }

    fn erase(&self, erasure: &Erasure, dry_run: bool) -> Result<ErasedResponse, StoreError> {
        self.inner.erase(erasure, dry_run)
    }

    fn expire(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[tokio::test]
async fn tells_senders_to_come_back_when_the_queue_is_full() {
    let store = Gate::closed();
    let body = protobuf(&[span(1, 1)]);
    let setup = Setup {
        store: Arc::clone(&store) as Arc<dyn Store>,
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
    store.asked().await;
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

    store.open();
    assert_eq!(first.await.expect("no panic").status(), 200);
    let again = send(post(&server.ingest, "/v1/traces", PROTOBUF, body)).await;
    assert_eq!(again.status(), 200, "there is room again");
    assert_eq!(server.store.trace(trace_id(1)).expect("readable").len(), 1);
}

#[tokio::test]
async fn acknowledges_nothing_while_the_store_refuses() {
    let store = Gate::closed();
    store.open();
    store.broken.store(true, Ordering::Relaxed);
    let setup = Setup {
        store: Arc::clone(&store) as Arc<dyn Store>,
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

    store.broken.store(false, Ordering::Relaxed);
    assert_eq!(
        export().await.status(),
        200,
        "the store takes batches again"
    );
}

#[tokio::test]
async fn requests_under_way_are_finished_before_the_server_ends() {
    let store = Gate::closed();
    let setup = Setup {
        store: Arc::clone(&store) as Arc<dyn Store>,
        ..Setup::default()
    };
    let server = Running::start(setup).await;
    let body = protobuf(&[span(1, 1)]);
    let under_way = tokio::spawn(send(post(&server.ingest, "/v1/traces", PROTOBUF, body)));
    let ingest = server.ingest.clone();
    store.asked().await;
    let stopping = tokio::spawn(server.stop());
    store.open();
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
