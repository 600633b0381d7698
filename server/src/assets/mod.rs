//! The files that the binary carries: the tracer's script, the viewer and the player.
//!
//! `cargo xtask build` writes them to `target/embed/` with a `.br` and a `.gz` beside each. Release
//! builds hold them in the executable; debug builds read them from the disk at run time, so that a
//! rebuilt tracer is served without rebuilding the server.

pub mod player;
pub mod tracer;
pub mod viewer;

use std::borrow::Cow;

use axum::http::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use rust_embed::RustEmbed;

/// A file with its packed twins.
pub struct Asset {
    /// The content.
    pub plain: Cow<'static, [u8]>,
    /// The same, packed by brotli.
    pub brotli: Option<Cow<'static, [u8]>>,
    /// The same, packed by gzip.
    pub gzip: Option<Cow<'static, [u8]>>,
    /// The content's hash.
    pub sha256: [u8; 32],
}

/// Where assets are looked up.
pub trait Assets: Clone + Send + Sync + 'static {
    /// The file with this path, with its packed twins.
    fn find(&self, path: &str) -> Option<Asset>;
}

/// The files embedded as `E`.
#[derive(Debug)]
pub struct Embedded<E>(std::marker::PhantomData<fn() -> E>);

impl<E> Embedded<E> {
    /// The embedded files.
    #[must_use]
    pub fn new() -> Self {
        Self(std::marker::PhantomData)
    }
}

impl<E> Clone for Embedded<E> {
    fn clone(&self) -> Self {
        Self::new()
    }
}

impl<E: RustEmbed + 'static> Assets for Embedded<E> {
    fn find(&self, path: &str) -> Option<Asset> {
        // The packed twins are not files of their own.
        if path.ends_with(".br") || path.ends_with(".gz") {
            return None;
        }
        let plain = E::get(path)?;
        let twin = |suffix: &str| E::get(&format!("{path}{suffix}")).map(|file| file.data);
        Some(Asset {
            sha256: plain.metadata.sha256_hash(),
            plain: plain.data,
            brotli: twin(".br"),
            gzip: twin(".gz"),
        })
    }
}

impl Asset {
    /// The first 16 hexadecimal digits of the content's SHA-256.
    #[must_use]
    pub fn hash(&self) -> String {
        self.sha256[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// Answers with the smallest form that the client takes, or with 304 where it has the content.
    #[must_use]
    pub fn response(
        self,
        request: &HeaderMap,
        content_type: HeaderValue,
        cache_control: HeaderValue,
    ) -> Response {
        let (encoding, body) = match accepted_encoding(request, &self) {
            Some("br") => ("br", self.brotli.clone()),
            Some("gzip") => ("gzip", self.gzip.clone()),
            _ => ("", None),
        };
        // The forms of one content have different bytes, so each has a strong tag of its own.
        let tag = format!(
            "\"{}{}{encoding}\"",
            self.hash(),
            if encoding.is_empty() { "" } else { "-" }
        );
        let known = request
            .get_all(IF_NONE_MATCH)
            .iter()
            .filter_map(|header| header.to_str().ok())
            .flat_map(|header| header.split(','))
            .any(|known| known.trim().trim_start_matches("W/") == tag || known.trim() == "*");
        let mut response = if known {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            body.unwrap_or(self.plain).into_owned().into_response()
        };
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, content_type);
        headers.insert(axum::http::header::CACHE_CONTROL, cache_control);
        headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            headers.insert(ETAG, tag);
        }
        if !encoding.is_empty() {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        response
    }
}

/// The best encoding that the client takes and the asset has (RFC 9110 §12.5.3).
fn accepted_encoding(request: &HeaderMap, asset: &Asset) -> Option<&'static str> {
    let mut brotli = None;
    let mut gzip = None;
    let mut any = None;
    let headers = request.get_all(ACCEPT_ENCODING).iter();
    for item in headers
        .filter_map(|header| header.to_str().ok())
        .flat_map(|text| text.split(','))
    {
        let mut parts = item.split(';');
        let name = parts.next().unwrap_or_default().trim();
        let quality: f32 = parts
            .find_map(|part| {
                part.trim()
                    .strip_prefix("q=")
                    .map(|text| text.parse().unwrap_or(0.0))
            })
            .unwrap_or(1.0);
        match name.to_ascii_lowercase().as_str() {
            "br" => brotli = Some(quality),
            "gzip" | "x-gzip" => gzip = Some(quality),
            "*" => any = Some(quality),
            _ => {}
        }
    }
    let wanted = |quality: Option<f32>| quality.or(any).is_some_and(|quality| quality > 0.0);
    if asset.brotli.is_some() && wanted(brotli) {
        Some("br")
    } else if asset.gzip.is_some() && wanted(gzip) {
        Some("gzip")
    } else {
        None
    }
}

#[cfg(test)]
pub mod tests;
