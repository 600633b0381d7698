//! Listening sockets, and serving HTTP on them.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, bail};
use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

use crate::config::HostPort;

/// How long a client may take to send a request's head; an idle connection is closed after it.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);

/// How long requests that are under way at shutdown may take.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// A port taken on the first address of a name must be free on the others; tries with port 0.
const PORT_TRIES: usize = 8;

/// One face of the server, listening.
pub struct Listener {
    sockets: Vec<TcpListener>,
    host: String,
    port: u16,
}

impl Listener {
    /// Listens on every address of a host: browsers try `::1` and `127.0.0.1` for `localhost`, and
    /// whoever else held one of them would be taken for this server.
    ///
    /// # Errors
    /// Says which flag is concerned and what to do.
    pub async fn bind(flag: &str, at: &HostPort) -> anyhow::Result<Self> {
        let addresses = resolve(flag, at).await?;
        for _ in 0..PORT_TRIES {
            match bind_all(&addresses, at.port).await {
                Ok(sockets) => {
                    let port = sockets
                        .first()
                        .and_then(|socket| socket.local_addr().ok())
                        .map_or(at.port, |address| address.port());
                    return Ok(Self {
                        sockets,
                        host: at.host.clone(),
                        port,
                    });
                }
                Err(error) if at.port == 0 && error.kind() == ErrorKind::AddrInUse => {}
                Err(error) => bail!("{}", explain(flag, at, &error)),
            }
        }
        bail!("{flag} {at}: found no free port; name one")
    }

    /// As an origin: `http://127.0.0.1:4318`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}:{}", self.host, self.port)
    }

    /// Serves until `shutdown` says so, then finishes the requests that are under way.
    pub async fn serve(self, router: Router, shutdown: watch::Receiver<bool>) {
        let limit = Arc::new(Semaphore::new(max_connections()));
        let graceful = GracefulShutdown::new();
        let accept_all = self.sockets.iter().map(|socket| {
            accept(
                socket,
                router.clone(),
                shutdown.clone(),
                &graceful,
                Arc::clone(&limit),
            )
        });
        futures_join(accept_all.collect()).await;
        drop(self.sockets);
        if tokio::time::timeout(DRAIN_TIMEOUT, graceful.shutdown())
            .await
            .is_err()
        {
            tracing::warn!("some requests did not finish in time");
        }
    }
}

/// Waits for all of a few futures.
async fn futures_join<F: Future<Output = ()>>(futures: Vec<F>) {
    let mut futures: Vec<_> = futures.into_iter().map(Box::pin).collect();
    std::future::poll_fn(move |context| {
        futures.retain_mut(|future| future.as_mut().poll(context).is_pending());
        if futures.is_empty() {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
}

/// The addresses of a host.
///
/// # Errors
/// When the host has none.
pub async fn resolve(flag: &str, at: &HostPort) -> anyhow::Result<Vec<SocketAddr>> {
    let addresses: Vec<SocketAddr> = tokio::net::lookup_host(at.to_string())
        .await
        .with_context(|| format!("{flag} {at}: cannot find the address of {}", at.host))?
        .collect();
    if addresses.is_empty() {
        bail!("{flag} {at}: {} has no address", at.host);
    }
    Ok(addresses)
}

async fn bind_all(addresses: &[SocketAddr], port: u16) -> std::io::Result<Vec<TcpListener>> {
    let mut sockets: Vec<TcpListener> = Vec::new();
    let mut port = port;
    let mut unavailable = None;
    for address in addresses {
        match TcpListener::bind(SocketAddr::new(address.ip(), port)).await {
            Ok(socket) => {
                port = socket.local_addr()?.port();
                sockets.push(socket);
            }
            // `localhost` names ::1 on machines without IPv6 too.
            Err(error) if error.kind() == ErrorKind::AddrNotAvailable && addresses.len() > 1 => {
                unavailable = Some(error);
            }
            Err(error) => return Err(error),
        }
    }
    match unavailable {
        Some(error) if sockets.is_empty() => Err(error),
        _ => Ok(sockets),
    }
}

fn explain(flag: &str, at: &HostPort, error: &std::io::Error) -> String {
    let HostPort { host, port } = at;
    match error.kind() {
        ErrorKind::AddrInUse => format!(
            "{flag} {at}: port {port} is in use by another program; stop it, or choose another \
             port with {flag} {host}:PORT (0 picks a free one)"
        ),
        ErrorKind::PermissionDenied => format!(
            "{flag} {at}: this user may not listen on port {port}; choose a port above 1023"
        ),
        ErrorKind::AddrNotAvailable => {
            format!("{flag} {at}: {host} is not an address of this machine")
        }
        _ => format!("{flag} {at}: {error}"),
    }
}

async fn accept(
    socket: &TcpListener,
    router: Router,
    mut shutdown: watch::Receiver<bool>,
    graceful: &GracefulShutdown,
    limit: Arc<Semaphore>,
) {
    loop {
        // Beyond the limit connections wait in the operating system's queue.
        let Ok(permit) = Arc::clone(&limit).acquire_owned().await else {
            return;
        };
        let accepted = tokio::select! {
            accepted = socket.accept() => accepted,
            _ = shutdown.wait_for(|stop| *stop) => return,
        };
        match accepted {
            Ok((stream, _)) => {
                let connection = serve_connection(stream, router.clone(), graceful);
                tokio::spawn(async move {
                    connection.await;
                    drop(permit);
                });
            }
            Err(error) => {
                // Out of file descriptors, or a client that left at once.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

fn serve_connection(
    stream: TcpStream,
    router: Router,
    graceful: &GracefulShutdown,
) -> impl Future<Output = ()> + Send + 'static {
    // Answers are small and written whole.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(HEAD_TIMEOUT)
        .max_concurrent_streams(128)
        .adaptive_window(true);
    let service = TowerToHyperService::new(router);
    let connection = builder
        .serve_connection(TokioIo::new(stream), service)
        .into_owned();
    let connection = graceful.watch(connection);
    async move {
        if let Err(error) = connection.await {
            tracing::debug!(error, "a connection broke off");
        }
    }
}

/// Connections of one face: a part of the file descriptors that this process may have, since the
/// store needs some as well.
fn max_connections() -> usize {
    const LARGEST: usize = 10_000;
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let limit = getrlimit(Resource::Nofile);
        let raised = rustix::process::Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        };
        let current = match setrlimit(Resource::Nofile, raised) {
            Ok(()) => limit.maximum,
            Err(_) => limit.current,
        };
        let current = current.map_or(LARGEST, |files| usize::try_from(files).unwrap_or(LARGEST));
        (current / 4).clamp(1, LARGEST)
    }
    #[cfg(not(unix))]
    250
}
