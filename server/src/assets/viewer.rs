//! The viewer: its files, and `index.html` for every path that is one of its pages.

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use rust_embed::RustEmbed;

use super::{Asset, Assets};
use crate::config::origin::Origin;

/// The viewer's files.
#[derive(RustEmbed)]
#[folder = "../target/embed/viewer/"]
pub struct ViewerFiles;

/// The viewer's files, and what its pages may do.
#[derive(Debug, Clone)]
pub struct Site<A> {
    assets: A,
    policy: HeaderValue,
}

impl<A> Site<A> {
    /// The page runs its own scripts and WASM, talks to its own server, sits in no frame and holds none but the player's.
    /// Spans hold text from anywhere: should some of it ever become markup, it could neither run nor send.
    /// Components set custom properties in `style` attributes.
    #[must_use]
    pub fn new(assets: A, player: Option<&Origin>) -> Self {
        const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; \
             img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; \
             base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
        let policy = player
            .and_then(|player| HeaderValue::from_str(&format!("{POLICY}; frame-src {player}")).ok())
            .unwrap_or(HeaderValue::from_static(POLICY));
        Self { assets, policy }
    }

    fn secure(&self, mut response: Response) -> Response {
        response
            .headers_mut()
            .insert(CONTENT_SECURITY_POLICY, self.policy.clone());
        response
    }
}

const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// Kept, but asked for again each time: the tag answers in one round trip.
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// Answers a request for a file or a page.
pub async fn file<A: Assets>(
    State(site): State<Site<A>>,
    method: Method,
    uri: Uri,
    request: HeaderMap,
) -> Response {
    if method != Method::GET && method != Method::HEAD {
        let headers = [(axum::http::header::ALLOW, "GET, HEAD")];
        return (
            StatusCode::METHOD_NOT_ALLOWED,
            headers,
            "only GET and HEAD\n",
        )
            .into_response();
    }
    let path = uri.path().trim_start_matches('/');
    if path != "index.html"
        && let Some(asset) = site.assets.find(path)
    {
        let cache_control = if is_hashed(path) {
            IMMUTABLE
        } else {
            REVALIDATE
        };
        return site.secure(asset.response(&request, content_type(path), cache_control));
    }
    // A page's address never looks like a file's: a missing script must not become a page.
    if path
        .rsplit('/')
        .next()
        .is_some_and(|name| name.contains('.'))
        && path != "index.html"
    {
        return site.secure((StatusCode::NOT_FOUND, "no such file\n").into_response());
    }
    site.secure(match site.assets.find("index.html") {
        Some(asset) => page(asset, &request),
        None => not_built(),
    })
}

fn page(index: Asset, request: &HeaderMap) -> Response {
    index.response(request, HTML, REVALIDATE)
}

fn not_built() -> Response {
    let page = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Throughline</title>\
        <p>The viewer is not built into this binary: run <code>cargo xtask build</code>.</p>\
        <p>The API is at <a href=\"/api/v1/openapi.json\">/api/v1/</a>.</p></html>\n";
    let headers = [
        (CONTENT_TYPE, HTML),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (StatusCode::NOT_FOUND, headers, page).into_response()
}

/// Whether a file's name holds a hash of its content: `viewer-0123456789abcdef_bg.wasm`.
fn is_hashed(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.split(['-', '.', '_']).any(|part| {
        part.len() >= 8
            && part.bytes().all(|byte| byte.is_ascii_hexdigit())
            && part.bytes().any(|byte| byte.is_ascii_digit())
    })
}

fn content_type(path: &str) -> HeaderValue {
    let guess = mime_guess::from_path(path).first_or_octet_stream();
    let text = match (guess.type_().as_str(), guess.subtype().as_str()) {
        ("text", _) | ("application", "json" | "javascript") => format!("{guess}; charset=utf-8"),
        _ => guess.to_string(),
    };
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("application/octet-stream"))
}
