//! The private face: the viewer and the query API.

pub mod guard;
pub mod native;

use axum::http::{HeaderName, HeaderValue};
use axum::{Router, middleware};

use crate::assets::{Assets, viewer};

#[cfg(test)]
mod tests;

/// The routes of the private face, behind its guard.
pub fn router<A: Assets>(state: native::Api, assets: A, guard: guard::Guard) -> Router {
    let site = viewer::Site::new(assets, state.player.as_ref().map(|place| &place.player));
    native::router(state)
        .merge(Router::new().fallback(viewer::file::<A>).with_state(site))
        .layer(middleware::map_response(
            async |mut response: axum::response::Response| {
                let headers = response.headers_mut();
                for (name, value) in HEADERS {
                    headers.insert(name, value);
                }
                response
            },
        ))
        .layer(middleware::from_fn_with_state(guard, guard::guard))
}

/// What no page of another origin needs, none gets.
const HEADERS: [(HeaderName, HeaderValue); 4] = [
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
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
