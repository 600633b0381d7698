//! What pages of other origins may ask of the public face (the Fetch standard, "HTTP-CORS protocol").
//!
//! Until origins are configured, pages on this machine may export: `localhost` and loopback
//! addresses, with any port. Exports carry no credentials, so none are ever allowed.

use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
    VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::telemetry::{Signal, Telemetry};

/// What the tracer and OpenTelemetry's web SDK send, and the keys that a gateway in front may ask for.
const ALLOWED_HEADERS: HeaderValue = HeaderValue::from_static(
    "content-type, content-encoding, traceparent, tracestate, baggage, authorization, x-api-key",
);

/// What a page may read of the answers beside the body.
const EXPOSED_HEADERS: HeaderValue = HeaderValue::from_static("Retry-After, Throughline-Time");

/// Two hours, the longest that Chromium keeps a preflight's answer.
const MAX_AGE_SECONDS: HeaderValue = HeaderValue::from_static("7200");

const REQUEST_PRIVATE_NETWORK: HeaderName =
    HeaderName::from_static("access-control-request-private-network");
const ALLOW_PRIVATE_NETWORK: HeaderName =
    HeaderName::from_static("access-control-allow-private-network");

/// Whose pages may export.
#[derive(Debug, Clone)]
pub struct AllowedOrigins {
    configured: Arc<[OriginPattern]>,
}

/// One origin that may export: `https://shop.example`, `https://*.shop.example`, `*` or `null`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OriginPattern {
    /// Every origin.
    Any,
    /// Exactly this one.
    Exactly(String),
    /// Every host below one, such as `https://` and `.shop.example` with its port.
    Below {
        /// Up to and with `://`.
        scheme: String,
        /// From the first dot on.
        suffix: String,
    },
}

/// The text is not an origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "an origin is a scheme, a host and perhaps a port, without a path: https://shop.example, https://*.shop.example, * or null"
)]
pub struct OriginError;

impl FromStr for OriginPattern {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        match text {
            "*" => return Ok(Self::Any),
            "null" => return Ok(Self::Exactly(text.to_owned())),
            _ => {}
        }
        let text = text.to_ascii_lowercase();
        let (scheme, host) = text.split_once("://").ok_or(OriginError)?;
        let (host, below) = match host.strip_prefix("*.") {
            Some(host) => (host, true),
            None => (host, false),
        };
        let host_is_valid = !host.is_empty()
            && host
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte));
        if scheme.is_empty()
            || !scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
            || !host_is_valid
        {
            return Err(OriginError);
        }
        if below {
            let (scheme, suffix) = (format!("{scheme}://"), format!(".{host}"));
            return Ok(Self::Below { scheme, suffix });
        }
        Ok(Self::Exactly(text))
    }
}

impl AllowedOrigins {
    /// These origins, or those on this machine where there are none.
    #[must_use]
    pub fn new(configured: Vec<OriginPattern>) -> Self {
        Self {
            configured: configured.into(),
        }
    }

    /// Whether pages of this origin may export.
    #[must_use]
    pub fn allows(&self, origin: &str) -> bool {
        if self.configured.is_empty() {
            return is_loopback_origin(origin);
        }
        self.configured.iter().any(|pattern| match pattern {
            OriginPattern::Any => true,
            OriginPattern::Exactly(allowed) => allowed == origin,
            OriginPattern::Below { scheme, suffix } => origin
                .strip_prefix(scheme.as_str())
                .and_then(|host| host.strip_suffix(suffix.as_str()))
                .is_some_and(|host| !host.is_empty() && !host.contains(['/', ':', '@'])),
        })
    }
}

fn is_loopback_origin(origin: &str) -> bool {
    let Ok(uri) = origin.parse::<Uri>() else {
        return false;
    };
    matches!(uri.scheme_str(), Some("http" | "https"))
        && uri.host().is_some_and(is_loopback_host)
        && !origin.contains('@')
}

/// Whether a host name or address (IPv6 in brackets) can only be this machine. Names below
/// `localhost` are it by RFC 6761 §6.3.
#[must_use]
pub fn is_loopback_host(host: &str) -> bool {
    let host = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    match host.parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => {
            let host = host.to_ascii_lowercase();
            host == "localhost" || host.ends_with(".localhost")
        }
    }
}

/// Answers preflights, and marks answers that the asking page may read.
///
/// A page that may not export is the commonest reason for nothing to arrive, so that is told too.
pub async fn cors(
    State((origins, telemetry)): State<(AllowedOrigins, Arc<Telemetry>)>,
    request: Request,
    next: Next,
) -> Response {
    let origin = request.headers().get(ORIGIN).cloned();
    let is_preflight = request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    if is_preflight
        && let Some(origin) = origin.as_ref().and_then(|origin| origin.to_str().ok())
        && !origins.allows(origin)
    {
        let reason = format!("pages of {origin} may not export: allow it with --cors-origin");
        telemetry.refused(signal_of(request.uri().path()), 0, reason);
    }
    let allowed =
        origin.filter(|origin| origin.to_str().is_ok_and(|origin| origins.allows(origin)));
    let mut response = if is_preflight {
        preflight(request.headers(), allowed.is_some())
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.append(VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = allowed {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS);
    }
    response
}

fn signal_of(path: &str) -> Signal {
    match path {
        "/v1/logs" => Signal::Logs,
        "/v1/metrics" => Signal::Metrics,
        _ => Signal::Traces,
    }
}

fn preflight(request: &HeaderMap, allowed: bool) -> Response {
    if !allowed {
        let text = "pages of this origin may not export here: allow it with --cors-origin\n";
        return (StatusCode::FORBIDDEN, text).into_response();
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(
        ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("POST"),
    );
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS);
    headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE_SECONDS);
    if request
        .get(REQUEST_PRIVATE_NETWORK)
        .is_some_and(|value| value == "true")
    {
        headers.insert(ALLOW_PRIVATE_NETWORK, HeaderValue::from_static("true"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allows_pages_on_this_machine_until_origins_are_configured() {
        let origins = AllowedOrigins::new(Vec::new());
        for (origin, expected, reason) in [
            ("http://localhost:4330", true, "the demo shop"),
            ("https://localhost", true, "no port"),
            ("http://127.0.0.1:8080", true, "an address"),
            ("http://127.9.9.9", true, "the whole block is loopback"),
            ("http://[::1]:3000", true, "IPv6"),
            ("http://shop.localhost:3000", true, "a name below localhost"),
            ("https://shop.example", false, "another machine"),
            (
                "http://localhost.evil.example",
                false,
                "localhost as a prefix",
            ),
            (
                "http://127.0.0.1.evil.example",
                false,
                "an address as a prefix",
            ),
            (
                "http://localhost@evil.example",
                false,
                "localhost as a user",
            ),
            ("http://192.168.0.5", false, "the local network"),
            ("null", false, "an opaque origin"),
            ("file://", false, "a file"),
            ("chrome-extension://localhost", false, "an extension"),
            ("", false, "nothing"),
        ] {
            assert_eq!(origins.allows(origin), expected, "{reason}");
        }
    }

    #[test]
    fn allows_only_what_is_configured() {
        let patterns = [
            "https://shop.example",
            "https://*.shop.example:8443",
            "null",
        ];
        let parsed = patterns
            .iter()
            .map(|text| text.parse().expect("an origin"))
            .collect();
        let origins = AllowedOrigins::new(parsed);
        for (origin, expected, reason) in [
            ("https://shop.example", true, "as configured"),
            ("https://a.shop.example:8443", true, "below"),
            ("https://a.b.shop.example:8443", true, "two levels below"),
            ("null", true, "configured"),
            ("https://a.shop.example", false, "another port"),
            ("https://.shop.example:8443", false, "no name"),
            ("https://evil:1.shop.example:8443", false, "not one host"),
            ("http://shop.example", false, "another scheme"),
            ("https://evilshop.example", false, "not below"),
            (
                "http://localhost:4330",
                false,
                "no longer allowed by itself",
            ),
        ] {
            assert_eq!(origins.allows(origin), expected, "{reason}");
        }
    }

    #[test]
    fn refuses_patterns_that_are_not_origins() {
        for text in [
            "shop.example",
            "https://",
            "https://shop.example/",
            "https://a/b",
            "",
            "://x",
        ] {
            assert_eq!(text.parse::<OriginPattern>(), Err(OriginError), "{text}");
        }
    }
}
