//! The web server of the shop: the page's files, and a plain reverse proxy from `/api/` to service A. It is not traced.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};

use crate::call::Peer;
use crate::catalogue;
use crate::poster;
use crate::problem::Problem;
use crate::service;

const INDEX: &str = include_str!("../../page/index.html");
const SCRIPT: &str = include_str!("../../page/shop.js");
const STYLES: &str = include_str!("../../page/shop.css");

/// The largest request body that the shop takes; a booking has a few hundred bytes.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// Headers of one connection, RFC 9110 §7.6.1; everything else passes.
const HOP_BY_HOP: [HeaderName; 8] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Where the page's tag and links point, and where its API is.
#[derive(Clone, Debug)]
pub struct Shop {
    /// The tracer script's URL; empty for a page without the tag.
    pub tracer: String,
    /// What the tracer records of the page: `off`, `error` or `always`.
    pub replay: String,
    /// The viewer's base URL.
    pub viewer: String,
    /// Service A.
    pub validation: Peer,
}

#[derive(Debug)]
struct Site {
    page: String,
    content_security_policy: HeaderValue,
    validation: Peer,
    http: reqwest::Client,
}

/// The shop's routes.
///
/// # Errors
/// Fails where the tracer's URL cannot stand in a header.
pub fn routes(shop: Shop) -> anyhow::Result<Router> {
    let site = Site {
        page: page(&shop),
        content_security_policy: content_security_policy(&shop.tracer)?,
        validation: shop.validation,
        http: service::http_client()?,
    };
    Ok(Router::new()
        .route("/", get(index))
        .route(
            "/shop.js",
            get(async || file("text/javascript; charset=utf-8", SCRIPT)),
        )
        .route(
            "/shop.css",
            get(async || file("text/css; charset=utf-8", STYLES)),
        )
        .route("/posters/{file}", get(poster_file))
        .route("/api/{*path}", any(proxy))
        .with_state(Arc::new(site)))
}

fn page(shop: &Shop) -> String {
    let tag = if shop.tracer.is_empty() {
        String::new()
    } else {
        let replay = match shop.replay.as_str() {
            "off" => String::new(),
            when => format!(" data-replay=\"{}\"", escape(when)),
        };
        format!(
            "<script src=\"{}\" crossorigin data-service=\"shop-web\"{replay}></script>",
            escape(&shop.tracer)
        )
    };
    INDEX
        .replace("<!-- tracer -->", &tag)
        .replace("{{viewer}}", &escape(shop.viewer.trim_end_matches('/')))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
}

/// Scripts and requests stay at home, but for the tracer's origin.
fn content_security_policy(tracer: &str) -> anyhow::Result<HeaderValue> {
    let uri: Option<Uri> = tracer.parse().ok();
    let origin = uri
        .as_ref()
        .and_then(|uri| Some(format!(" {}://{}", uri.scheme()?, uri.authority()?)))
        .unwrap_or_default();
    Ok(HeaderValue::from_str(&format!(
        "default-src 'none'; script-src 'self'{origin} 'wasm-unsafe-eval'; worker-src blob:; connect-src 'self'{origin}; \
         style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ))?)
}

async fn index(State(site): State<Arc<Site>>) -> Response {
    (
        [
            (
                header::CONTENT_TYPE,
                HeaderValue::from_static("text/html; charset=utf-8"),
            ),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
            (
                header::CONTENT_SECURITY_POLICY,
                site.content_security_policy.clone(),
            ),
            (
                header::REFERRER_POLICY,
                HeaderValue::from_static("same-origin"),
            ),
            (
                header::X_CONTENT_TYPE_OPTIONS,
                HeaderValue::from_static("nosniff"),
            ),
        ],
        site.page.clone(),
    )
        .into_response()
}

fn file(content_type: &'static str, content: &'static str) -> Response {
    (
        [
            (header::CONTENT_TYPE, content_type),
            (header::CACHE_CONTROL, "no-cache"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ],
        content,
    )
        .into_response()
}

async fn poster_file(Path(file): Path<String>) -> Response {
    let film = file.strip_suffix(".svg").and_then(catalogue::film);
    match film {
        Some(film) => (
            [
                (header::CONTENT_TYPE, "image/svg+xml"),
                (header::CACHE_CONTROL, "no-cache"),
            ],
            poster::svg(film),
        )
            .into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Hands a request on to A, and the answer back, with all headers.
async fn proxy(
    State(site): State<Arc<Site>>,
    Path(path): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let mut url = format!("{}/{path}", site.validation.base_url);
    if let Some(query) = parts.uri.query() {
        url.push('?');
        url.push_str(query);
    }
    let body = axum::body::to_bytes(body, MAX_BODY_BYTES)
        .await
        .map_err(|_too_long| {
            Problem::new(
                "shop",
                StatusCode::PAYLOAD_TOO_LARGE,
                "too-large",
                "The request is too large",
                "A booking has a few hundred bytes.",
            )
        })?;
    let unreachable = |_error| Problem::unreachable("shop", site.validation.name);
    let mut headers = end_to_end(&parts.headers);
    // The client writes its own, for A's address and this body.
    headers.remove(header::HOST);
    headers.remove(header::CONTENT_LENGTH);
    let answer = site
        .http
        .request(parts.method, url)
        .headers(headers)
        .body(body)
        .send()
        .await
        .map_err(unreachable)?;
    let (status, headers) = (answer.status(), end_to_end(answer.headers()));
    let mut response = Response::new(Body::from(answer.bytes().await.map_err(unreachable)?));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

fn end_to_end(headers: &HeaderMap) -> HeaderMap {
    let named: Vec<String> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .collect();
    let mut kept = headers.clone();
    for name in HOP_BY_HOP {
        kept.remove(name);
    }
    for name in named {
        kept.remove(name.as_str());
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{FILMS, SHOW_TIMES, Seat};

    fn shop(tracer: &str) -> Shop {
        Shop {
            tracer: tracer.to_owned(),
            replay: "off".to_owned(),
            viewer: "http://localhost:4319/".to_owned(),
            validation: Peer {
                name: service::name::VALIDATION,
                base_url: String::new(),
            },
        }
    }

    #[test]
    fn page_offers_what_the_services_sell() {
        let page = page(&shop(""));
        for film in FILMS {
            assert!(
                page.contains(&format!("value=\"{}\"", film.id)),
                "{}",
                film.id
            );
            assert!(page.contains(film.title), "{}", film.title);
        }
        for time in SHOW_TIMES {
            assert!(page.contains(&format!("value=\"{time}\"")), "{time}");
        }
        for seat in Seat::all() {
            let price = seat.section().price_cents;
            let price = format!("€{}.{:02}", price / 100, price % 100);
            assert!(page.contains(&price), "{price}");
        }
    }

    #[test]
    fn page_carries_the_tag_and_the_links() {
        let traced = page(&shop("http://127.0.0.1:4318/throughline.js"));
        assert!(traced.contains(
            "<script src=\"http://127.0.0.1:4318/throughline.js\" crossorigin data-service=\"shop-web\"></script>"
        ));
        assert!(traced.contains("data-viewer=\"http://localhost:4319\""));
        let recorded = page(&Shop {
            replay: "always".to_owned(),
            ..shop("http://127.0.0.1:4318/throughline.js")
        });
        assert!(recorded.contains("data-service=\"shop-web\" data-replay=\"always\"></script>"));
        let untraced = page(&shop(""));
        assert!(!untraced.contains("shop-web"));
        assert!(!untraced.contains("<!-- tracer -->"));
    }

    #[test]
    fn policy_allows_the_tracers_origin_only() {
        let with =
            content_security_policy("http://127.0.0.1:4318/throughline.js").expect("a header");
        let with = with.to_str().expect("text");
        assert!(with.contains("script-src 'self' http://127.0.0.1:4318 'wasm-unsafe-eval';"));
        assert!(with.contains("connect-src 'self' http://127.0.0.1:4318;"));
        let without = content_security_policy("").expect("a header");
        assert!(
            without
                .to_str()
                .expect("text")
                .contains("connect-src 'self';")
        );
    }

    #[test]
    fn proxy_drops_what_belongs_to_the_connection() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "keep-alive, x-private"),
            ("keep-alive", "timeout=5"),
            ("x-private", "1"),
            (
                "traceparent",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            ),
            ("baggage", "a=1"),
            ("x-demo-faults", "clock-skew"),
        ] {
            headers.append(name, value.parse().expect("value"));
        }
        let kept = end_to_end(&headers);
        let mut names: Vec<&str> = kept.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["baggage", "traceparent", "x-demo-faults"]);
    }
}
