//! `/throughline.js` and `/throughline-HASH.js`: the tracer, for pages of any origin; and alike `throughline.late.js`,
//! `throughline.csp.js` and `throughline.worker.js`.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use rust_embed::RustEmbed;

use super::{Asset, Assets};

/// The tracer's files.
#[derive(RustEmbed)]
#[folder = "../target/embed/tracer/"]
pub struct TracerFiles;

const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");

/// Without `charset` a page in another encoding would garble the WASM in the script's strings.
const JAVASCRIPT: HeaderValue = HeaderValue::from_static("text/javascript; charset=utf-8");

/// Pages ask again after five minutes: a new tracer must reach them without a change to the tag.
const SHORT: HeaderValue = HeaderValue::from_static("public, max-age=300, must-revalidate");

/// A year. The name changes with the content.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// Programs that are served: the tracer, its late half, its recorder, the same lowered to JavaScript, and its part for workers.
const PROGRAMS: [&str; 5] = [
    "throughline",
    "throughline.late",
    "throughline.replay",
    "throughline.csp",
    "throughline.worker",
];

/// The routes of the scripts.
pub fn router<A: Assets>(assets: A) -> Router {
    Router::new()
        .route("/{file}", get(script::<A>))
        .with_state(assets)
}

async fn script<A: Assets>(
    State(assets): State<A>,
    Path(file): Path<String>,
    request: HeaderMap,
) -> Response {
    let Some(name) = file.strip_suffix(".js") else {
        return not_found(
            "this address takes OTLP exports and serves the tracer, /throughline.js\n",
        );
    };
    for program in PROGRAMS {
        let Some(rest) = name.strip_prefix(program) else {
            continue;
        };
        let path = format!("{program}.js");
        if rest.is_empty() {
            return match assets.find(&path) {
                Some(asset) => respond(asset, &request, SHORT),
                None => not_built(),
            };
        }
        if let Some(hash) = rest.strip_prefix('-') {
            return match assets.find(&path) {
                Some(asset) if asset.hash() == hash => respond(asset, &request, IMMUTABLE),
                Some(_) => not_found("this server carries another version of the tracer\n"),
                None => not_built(),
            };
        }
    }
    unknown().await
}

/// The answer to every other path.
pub async fn unknown() -> Response {
    not_found("this address takes OTLP exports and serves the tracer, /throughline.js\n")
}

fn respond(asset: Asset, request: &HeaderMap, cache_control: HeaderValue) -> Response {
    let mut response = asset.response(request, JAVASCRIPT, cache_control);
    let headers = response.headers_mut();
    headers.insert(
        CROSS_ORIGIN_RESOURCE_POLICY,
        HeaderValue::from_static("cross-origin"),
    );
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

fn not_built() -> Response {
    not_found("the tracer is not built into this binary: run `cargo xtask build`\n")
}

fn not_found(text: &'static str) -> Response {
    // A page may ask before the server is rebuilt; the answer must not stay in its cache.
    (StatusCode::NOT_FOUND, [(CACHE_CONTROL, "no-store")], text).into_response()
}
