//! The player's face: the page that plays recordings inside of the viewer, on a host name of its own.
//!
//! A recording is what a visitor's browser sent, so it is played where it could reach nothing even if it acted: this face
//! has no API, sets no cookie and answers to no other name, and its policy lets the page load nothing but its own script
//! and style sheet. Events come from the viewer, which may read them, by `postMessage`.

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use rust_embed::RustEmbed;

use super::Assets;
use crate::api::guard::authority;
use crate::config::origin::Origin;

/// The player's files.
#[derive(RustEmbed)]
#[folder = "../target/embed/player/"]
pub struct PlayerFiles;

/// Stands for the viewer's origin in the page.
const VIEWER: &str = "VIEWER";

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const JAVASCRIPT: HeaderValue = HeaderValue::from_static("text/javascript; charset=utf-8");
const CSS: HeaderValue = HeaderValue::from_static("text/css; charset=utf-8");

/// A year. The name changes with the content.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

const HEADERS: [(HeaderName, HeaderValue); 3] = [
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("referrer-policy"),
        HeaderValue::from_static("no-referrer"),
    ),
    (
        HeaderName::from_static("x-content-type-options"),
        HeaderValue::from_static("nosniff"),
    ),
];

/// Where the player is, and the one viewer that it serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The player's origin.
    pub player: Origin,
    /// The origin of the viewer whose pages may hold it.
    pub viewer: Origin,
}

impl Place {
    /// # Errors
    /// Where both have one host name: cookies ignore ports, so the player would have the viewer's.
    pub fn new(player: Origin, viewer: Origin) -> Result<Self, String> {
        if player.host() == viewer.host() {
            return Err(format!(
                "the player at {player} must have another host name than the viewer at {viewer}, since cookies ignore ports: \
                 use --listen-player {}:4320, or --listen-player off to play no recordings",
                other_host(viewer.host())
            ));
        }
        Ok(Self { player, viewer })
    }

    fn policy(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&format!(
            "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self' 'unsafe-inline'; \
             img-src data: blob:; font-src data:; frame-src 'none'; object-src 'none'; base-uri 'none'; \
             form-action 'none'; frame-ancestors {}",
            self.viewer
        ))
        .ok()
    }
}

/// A name of this machine that is not this one.
#[must_use]
pub fn other_host(host: &str) -> &'static str {
    if host == "127.0.0.1" {
        "localhost"
    } else {
        "127.0.0.1"
    }
}

/// What the face needs.
#[derive(Clone)]
struct Site<A> {
    assets: A,
    place: Place,
}

/// The routes of the player's face.
pub fn router<A: Assets>(assets: A, place: Place) -> Router {
    let policy = place.policy();
    let site = Site {
        assets,
        place: place.clone(),
    };
    Router::new()
        .route("/", get(page::<A>))
        .route("/{file}", get(file::<A>))
        .fallback(async || not_found())
        .with_state(site)
        .layer(middleware::map_response(move |mut response: Response| {
            let policy = policy.clone();
            async move {
                let headers = response.headers_mut();
                for (name, value) in HEADERS {
                    headers.insert(name, value);
                }
                if let Some(policy) = policy {
                    headers.insert(CONTENT_SECURITY_POLICY, policy);
                }
                response
            }
        }))
        .layer(middleware::from_fn_with_state(place, own_name))
}

/// Lets a request pass that is meant for this face by its own name.
async fn own_name(State(place): State<Place>, request: Request, next: Next) -> Response {
    let is_own = authority(&request).is_some_and(|authority| {
        authority
            .as_str()
            .eq_ignore_ascii_case(place.player.authority())
    });
    if is_own {
        return next.run(request).await;
    }
    let text = format!("the player answers to {} alone\n", place.player);
    (StatusCode::FORBIDDEN, text).into_response()
}

async fn page<A: Assets>(State(site): State<Site<A>>) -> Response {
    let Some(index) = site.assets.find("index.html") else {
        return text(
            StatusCode::NOT_FOUND,
            "the player is not built into this binary: run `cargo xtask build`\n",
        );
    };
    let page = String::from_utf8_lossy(&index.plain).replace(VIEWER, site.place.viewer.as_str());
    ([(CONTENT_TYPE, HTML), (CACHE_CONTROL, REVALIDATE)], page).into_response()
}

async fn file<A: Assets>(
    State(site): State<Site<A>>,
    Path(file): Path<String>,
    request: HeaderMap,
) -> Response {
    let content_type = match file.rsplit_once('.') {
        Some((_, "js")) => JAVASCRIPT,
        Some((_, "css")) => CSS,
        _ => return not_found(),
    };
    match site.assets.find(&file) {
        Some(asset) => asset.response(&request, content_type, IMMUTABLE),
        None => not_found(),
    }
}

fn not_found() -> Response {
    text(
        StatusCode::NOT_FOUND,
        "this address serves the page that plays recordings inside of the viewer, and nothing else\n",
    )
}

fn text(status: StatusCode, text: &'static str) -> Response {
    (status, [(CACHE_CONTROL, "no-store")], text).into_response()
}
