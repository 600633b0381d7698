//! A server in this process, on real sockets, for tests.

use std::borrow::Cow;
use std::sync::Arc;

use reqwest::{Client, Method};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

use crate::api::{self, guard::Guard, native::Api};
use crate::assets::player::{self, Place};
use crate::assets::{Asset, Assets};
use crate::auth::gate::Gate;
use crate::config::HostPort;
use crate::ingest::budget::Budget;
use crate::ingest::cors::AllowedOrigins;
use crate::ingest::{Limits, Receiver, grpc};
use crate::listen::Listener;
use crate::query::map::Minutes;
use crate::query::tail::Journal;
use crate::serve::ingest_router;
use crate::store::memory::MemoryStore;
use crate::store::writer::Writer;
use crate::store::{Store, system_clock};
use crate::telemetry::Telemetry;

/// How the server is set up.
pub struct Setup {
    pub store: Arc<dyn Store>,
    pub limits: Limits,
    pub pending_bytes: usize,
    pub origins: Vec<&'static str>,
    pub gate: Gate,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            store: Arc::new(MemoryStore::new(system_clock())),
            limits: Limits {
                request_bytes: 1 << 20,
                decompressed_bytes: 1 << 22,
            },
            pending_bytes: 1 << 26,
            origins: Vec::new(),
            gate: Gate::default(),
        }
    }
}

/// A server that ends when dropped.
pub struct Running {
    pub ingest: String,
    pub grpc: String,
    pub viewer: String,
    pub player: String,
    pub store: Arc<dyn Store>,
    stop: watch::Sender<bool>,
    faces: Vec<JoinHandle<()>>,
}

impl Running {
    /// Starts a server on free ports.
    pub async fn start(setup: Setup) -> Self {
        let bind = async |host: &str| {
            let at = HostPort {
                host: host.to_owned(),
                port: 0,
            };
            Listener::bind("--test", &at).await.expect("a free port")
        };
        let (ingest, grpc, viewer, player) = (
            bind("127.0.0.1").await,
            bind("127.0.0.1").await,
            bind("localhost").await,
            bind("127.0.0.1").await,
        );
        let urls = [ingest.url(), grpc.url(), viewer.url(), player.url()];
        let [of_player, of_viewer] =
            [&urls[3], &urls[2]].map(|url| url.parse().expect("an origin"));
        let place = Place::new(of_player, of_viewer).expect("two hosts");
        let (stop, stopped) = watch::channel(false);
        let telemetry = Arc::new(Telemetry::default());
        let minutes = Arc::new(Minutes::default());
        let journal = Arc::new(Journal::new(system_clock()()));
        let written = (Arc::clone(&minutes), Arc::clone(&journal));
        let writer = Writer::start(Arc::clone(&setup.store), move |batches| {
            written.0.written(batches);
            written.1.written(batches);
        });
        let writer = Arc::new(writer.expect("a thread"));
        let receiver = Receiver {
            writer,
            budget: Budget::new(setup.pending_bytes),
            limits: setup.limits,
            telemetry: Arc::clone(&telemetry),
        };
        let api = Api {
            store: Arc::clone(&setup.store),
            minutes,
            journal,
            streams: Arc::new(Semaphore::new(api::native::MAX_STREAMS)),
            stopping: stopped.clone(),
            telemetry,
            ingest_url: urls[0].as_str().into(),
            grpc_url: urls[1].as_str().into(),
            gate: setup.gate,
            player: Some(place.clone()),
        };
        let origins = setup
            .origins
            .iter()
            .map(|text| text.parse().expect("an origin"))
            .collect();
        let origins = AllowedOrigins::new(origins);
        let viewer_router = api::router(api, SampleFiles, Guard::new("localhost"));
        let faces = vec![
            tokio::spawn(ingest.serve(
                ingest_router(receiver.clone(), origins, SampleFiles),
                stopped.clone(),
            )),
            tokio::spawn(grpc.serve(grpc::router(receiver), stopped.clone())),
            tokio::spawn(viewer.serve(viewer_router, stopped.clone())),
            tokio::spawn(player.serve(player::router(SampleFiles, place), stopped)),
        ];
        let [ingest, grpc, viewer, player] = urls;
        Self {
            ingest,
            grpc,
            viewer,
            player,
            store: setup.store,
            stop,
            faces,
        }
    }

    /// Starts a server with the usual setup.
    pub async fn usual() -> Self {
        Self::start(Setup::default()).await
    }

    /// Asks the API with a JSON body, and gives the status and the JSON of its answer.
    pub async fn ask(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let request = Client::new()
            .request(method, format!("{}{path}", self.viewer))
            .body(body.to_string());
        let response = request.send().await.expect("an answer");
        let status = response.status().as_u16();
        (status, response.json().await.expect("JSON"))
    }

    /// Tells the server to end and waits until all faces have.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        for face in self.faces.drain(..) {
            face.await.expect("the face ends well");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
    }
}

/// A tracer and a viewer as small as can be.
#[derive(Clone, Copy)]
pub struct SampleFiles;

/// The sample's tracer.
pub const TRACER: &str = "console.log('tracer \u{00e9}')";

/// The sample's page.
pub const INDEX: &str = "<!doctype html><title>VIEWER</title>";

const FILES: [(&str, &[u8]); 6] = [
    ("throughline.js", TRACER.as_bytes()),
    ("throughline.js.br", b"packed by brotli"),
    ("throughline.js.gz", b"packed by gzip"),
    ("index.html", INDEX.as_bytes()),
    ("viewer-0123456789abcdef_bg.wasm", b"\0asm"),
    ("fonts/inter.woff2", b"font"),
];

impl Assets for SampleFiles {
    fn find(&self, path: &str) -> Option<Asset> {
        let get = |path: &str| {
            let (_, data) = FILES.iter().find(|(name, _)| *name == path)?;
            Some(Cow::Borrowed(*data))
        };
        Some(Asset {
            sha256: Sha256::digest(get(path)?).into(),
            plain: get(path)?,
            brotli: get(&format!("{path}.br")),
            gzip: get(&format!("{path}.gz")),
        })
    }
}
