//! `throughline serve`: puts the rooms together, and takes them down in order.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use axum::{Router, middleware};
use tokio::sync::{Semaphore, watch};

use crate::api::{self, guard::Guard, native::Api};
use crate::assets::player::{self, Place, PlayerFiles};
use crate::assets::{Assets, Embedded, tracer, tracer::TracerFiles, viewer::ViewerFiles};
use crate::auth::Access;
use crate::auth::audit::Audit;
use crate::auth::gate::Gate;
use crate::config::{HostPort, Serve, StoreKind, origin::Origin};
use crate::ingest::budget::Budget;
use crate::ingest::cors::{AllowedOrigins, cors};
use crate::ingest::{self, Limits, Receiver};
use crate::listen::{self, Listener};
use crate::query::map::Minutes;
use crate::query::tail::Journal;
use crate::store::memory::MemoryStore;
use crate::store::sqlite::{DataDirectory, SqliteStore};
use crate::store::writer::Writer;
use crate::store::{Store, system_clock};
use crate::telemetry::Telemetry;

/// How often days past their retention are looked for.
const EXPIRE_EVERY: Duration = Duration::from_secs(60);

/// Serves until the process is told to end.
///
/// # Errors
/// When the server cannot start, with what to do about it.
pub async fn serve(config: Serve) -> anyhow::Result<()> {
    let shutdown = shutdown_signal()?;
    let access = Access::new(&config.tokens)?;
    if !is_private(&config.listen_viewer).await? {
        if !access.is_required() {
            refuse_other_machines(&config)?;
        }
        tracing::warn!(
            "the viewer speaks no TLS: tokens and traces can be read on the way, unless a proxy with TLS stands before it"
        );
    }
    let ingest_listener = Listener::bind("--listen-ingest", &config.listen_ingest).await?;
    let grpc_listener = Listener::bind("--listen-grpc", &config.listen_grpc).await?;
    let viewer_listener = Listener::bind("--listen-viewer", &config.listen_viewer).await?;
    let player = player(&config, &viewer_listener).await?;

    let store = open_store(&config)?;
    let audit = open_audit(&config)?;
    let minutes = Arc::new(Minutes::default());
    let journal = Arc::new(Journal::new(system_clock()()));
    let written = (Arc::clone(&minutes), Arc::clone(&journal));
    let writer = Writer::start(Arc::clone(&store), move |batches| {
        written.0.written(batches);
        written.1.written(batches);
    })
    .context("cannot start the store's writing thread")?;
    let writer = Arc::new(writer);
    let telemetry = Arc::new(Telemetry::default());
    let receiver = Receiver {
        writer: Arc::clone(&writer),
        budget: Budget::new(config.max_pending_bytes),
        limits: Limits {
            request_bytes: config.max_request_bytes,
            decompressed_bytes: config.max_decompressed_bytes,
        },
        telemetry: Arc::clone(&telemetry),
    };
    let api = Api {
        store: Arc::clone(&store),
        minutes,
        journal,
        streams: Arc::new(Semaphore::new(api::native::MAX_STREAMS)),
        stopping: shutdown.clone(),
        telemetry,
        ingest_url: ingest_listener.url().into(),
        grpc_url: grpc_listener.url().into(),
        gate: Gate {
            access: Arc::new(access),
            audit: Arc::new(audit),
        },
        player: player.as_ref().map(|(_, place)| place.clone()),
    };
    let origins = AllowedOrigins::new(config.cors_origin);
    let guard = if config.tokens.is_empty() {
        Guard::new(&config.listen_viewer.host)
    } else {
        Guard::any()
    };

    announce(
        [
            ("ingest", &ingest_listener),
            ("grpc", &grpc_listener),
            ("viewer", &viewer_listener),
        ]
        .into_iter()
        .chain(player.iter().map(|(listener, _)| ("player", listener))),
    );
    let expiry = tokio::spawn(expire(Arc::clone(&store)));
    tokio::join!(
        ingest_listener.serve(
            ingest_router(receiver.clone(), origins, Embedded::<TracerFiles>::new()),
            shutdown.clone()
        ),
        grpc_listener.serve(ingest::grpc::router(receiver), shutdown.clone()),
        viewer_listener.serve(
            api::router(api, Embedded::<ViewerFiles>::new(), guard),
            shutdown.clone()
        ),
        async {
            if let Some((listener, place)) = player {
                let router = player::router(Embedded::<PlayerFiles>::new(), place);
                listener.serve(router, shutdown).await;
            }
        },
    );
    expiry.abort();

    // Requests are answered; what their clients no longer wait for is still in the queue.
    tokio::task::spawn_blocking(move || {
        writer.finish();
        store.close()
    })
    .await
    .context("the store did not close")?
    .context("the store did not close; nothing that was acknowledged is lost")?;
    tracing::info!("stopped");
    Ok(())
}

/// The routes of the public face.
pub fn ingest_router<A: Assets>(receiver: Receiver, origins: AllowedOrigins, tracer: A) -> Router {
    let telemetry = Arc::clone(&receiver.telemetry);
    ingest::http::router(receiver)
        .layer(middleware::from_fn_with_state((origins, telemetry), cors))
        .merge(tracer::router(tracer))
        .fallback(tracer::unknown)
}

fn open_store(config: &Serve) -> anyhow::Result<Arc<dyn Store>> {
    match config.store {
        StoreKind::Memory => {
            tracing::warn!("what arrives is kept in memory and gone when the server ends");
            Ok(Arc::new(MemoryStore::new(system_clock())))
        }
        StoreKind::Sqlite => {
            let directory = DataDirectory::hold(&config.data)?;
            let store = SqliteStore::open(directory, system_clock(), config.retention_days)
                .context("cannot open the store")?;
            Ok(Arc::new(store))
        }
    }
}

fn open_audit(config: &Serve) -> anyhow::Result<Audit> {
    match config.store {
        StoreKind::Memory => Ok(Audit::default()),
        StoreKind::Sqlite => Audit::open(&config.data).with_context(|| {
            let path = config.data.join(crate::auth::audit::FILE);
            format!("cannot open the audit log {}", path.display())
        }),
    }
}

/// Whether an address is this machine's alone.
async fn is_private(at: &HostPort) -> anyhow::Result<bool> {
    let addresses = listen::resolve("--listen-viewer", at).await?;
    Ok(addresses.iter().all(|address| address.ip().is_loopback()))
}

/// Without tokens the viewer shows everything to whoever asks, so only this machine may ask.
fn refuse_other_machines(config: &Serve) -> anyhow::Result<()> {
    let at = &config.listen_viewer;
    bail!(
        "--listen-viewer {at}: without tokens the viewer and the query API listen on loopback \
         addresses only, since they show everything to whoever asks; configure tokens (--tokens, or \
         [[token]] in the file that --config names), or use localhost:{} and reach it from elsewhere \
         through an SSH tunnel or a proxy that authenticates",
        at.port
    )
}

/// The player's listener, and where browsers find it; `None` where it is off.
async fn player(config: &Serve, viewer: &Listener) -> anyhow::Result<Option<(Listener, Place)>> {
    let Some(at) = config.player_at() else {
        if config.listen_player.is_none() {
            tracing::warn!(
                "recordings are not played: the viewer is for other machines, so say with --listen-player and --player-url \
                 where their browsers find the player (--listen-player off keeps this quiet)"
            );
        }
        return Ok(None);
    };
    let origin = |flag: &str, given: &Option<Origin>, listener: &Listener| match given {
        Some(origin) => Ok(origin.clone()),
        None => listener
            .url()
            .parse()
            .ok()
            .filter(Origin::is_reachable)
            .ok_or_else(|| {
                anyhow!(
                    "{} is no address that a browser opens: say where it is with {flag}",
                    listener.url()
                )
            }),
    };
    let listener = Listener::bind("--listen-player", &at).await?;
    let place = Place::new(
        origin("--player-url", &config.player_url, &listener)?,
        origin("--viewer-url", &config.viewer_url, viewer)?,
    )
    .map_err(anyhow::Error::msg)?;
    Ok(Some((listener, place)))
}

/// Says where the server listens: one line a face on stdout, and nothing else there, ever.
fn announce<'a>(listeners: impl IntoIterator<Item = (&'a str, &'a Listener)>) {
    let mut lines = String::new();
    for (face, listener) in listeners {
        lines.push_str(&format!("listening {face} {}\n", listener.url()));
    }
    // Nobody may be reading.
    let mut stdout = std::io::stdout().lock();
    let _ = stdout
        .write_all(lines.as_bytes())
        .and_then(|()| stdout.flush());
}

async fn expire(store: Arc<dyn Store>) {
    let mut interval = tokio::time::interval(EXPIRE_EVERY);
    loop {
        interval.tick().await;
        let store = Arc::clone(&store);
        match tokio::task::spawn_blocking(move || store.expire()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "cannot drop what is past its retention"),
            Err(error) => tracing::error!(%error, "dropping what is past its retention panicked"),
        }
    }
}

/// Becomes true when the process is told to end. The second time it ends at once.
fn shutdown_signal() -> anyhow::Result<watch::Receiver<bool>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    let (sender, receiver) = watch::channel(false);
    tokio::spawn(async move {
        for first in [true, false] {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if first {
                tracing::info!("stopping: requests that are under way finish first");
                let _ = sender.send(true);
            } else {
                std::process::exit(1);
            }
        }
    });
    Ok(receiver)
}
