//! Keeps pages of other sites away from the private face, even on loopback.
//!
//! A page can point its own name at 127.0.0.1 (DNS rebinding); its requests then reach this server
//! with that name in `Host`. And every page can send requests here without reading the answers; the
//! browser says so in `Sec-Fetch-Site` (<https://www.w3.org/TR/fetch-metadata/>).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::HOST;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::ingest::cors::is_loopback_host;

/// Which names the private face answers to.
#[derive(Debug, Clone)]
pub struct Guard {
    /// None where a token stands between a page and the data: a browser sends it for the viewer's own pages alone.
    listen_host: Option<Arc<str>>,
}

impl Guard {
    /// Loopback names, and the host that it was told to listen on.
    #[must_use]
    pub fn new(listen_host: &str) -> Self {
        Self {
            listen_host: Some(listen_host.to_ascii_lowercase().into()),
        }
    }

    /// Any name: for a server that asks for tokens, which may stand behind a proxy.
    #[must_use]
    pub fn any() -> Self {
        Self { listen_host: None }
    }

    fn allows(&self, host: &str) -> bool {
        let Some(listen_host) = &self.listen_host else {
            return true;
        };
        let host = host.to_ascii_lowercase();
        is_loopback_host(&host) || host == **listen_host
    }
}

/// Lets a request pass, or says why not.
pub async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let host = authority(&request);
    if !host
        .as_ref()
        .is_some_and(|authority| guard.allows(authority.host()))
    {
        let name = host.map_or_else(|| "no host".to_owned(), |host| host.to_string());
        let text = format!(
            "this server does not answer to {name:?}: open it as http://{}\n",
            guard.listen_host.as_deref().unwrap_or("localhost")
        );
        return (StatusCode::FORBIDDEN, text).into_response();
    }
    if request.uri().path().starts_with("/api/") && is_foreign(request.headers()) {
        let text = "pages of other origins may not use the API\n";
        return (StatusCode::FORBIDDEN, text).into_response();
    }
    next.run(request).await
}

/// Whom the request is meant for: `:authority` in HTTP/2, `Host` in HTTP/1.1. Where both are given
/// they must agree.
pub fn authority(request: &Request) -> Option<Authority> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let header: Option<Authority> = match (hosts.next(), hosts.next()) {
        (Some(host), None) => Some(host.to_str().ok()?.parse().ok()?),
        (None, _) => None,
        (Some(_), Some(_)) => return None,
    };
    match (request.uri().authority().cloned(), header) {
        (Some(authority), Some(header)) if authority != header => None,
        (Some(authority), _) => Some(authority),
        (None, header) => header,
    }
}

/// Whether a page of another origin sent the request. Typing an address or following a link is the
/// user's own doing; programs other than browsers say nothing.
fn is_foreign(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    match text("sec-fetch-site") {
        None | Some("same-origin" | "none") => false,
        Some(_) => {
            text("sec-fetch-mode") != Some("navigate") || text("sec-fetch-dest") != Some("document")
        }
    }
}
