//! What all services are made of: the listener, the server span around every route, the orderly end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use opentelemetry::KeyValue;
use opentelemetry::trace::SpanKind;
use tokio::net::TcpListener;

use crate::faults::{Fault, Faults};
use crate::panic;
use crate::problem::Problem;
use crate::stage::Stage;
use crate::telemetry::{Clock, Telemetry};

/// How far the clock of service D is behind when the page asks for a skewed clock.
const SKEW: Duration = Duration::from_secs(180);
/// Longer than the slowest booking, shorter than a browser's patience.
const CALL_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a service that ends waits for requests under way.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(3);

/// The names of the five services, A to E.
pub mod name {
    /// A: validates the form.
    pub const VALIDATION: &str = "validation";
    /// B: writes the customer's record.
    pub const BOOKING: &str = "booking";
    /// C: charges the card.
    pub const PAYMENT: &str = "payment";
    /// D: allocates the seat.
    pub const SEATING: &str = "seating";
    /// E: makes the ticket.
    pub const TICKETING: &str = "ticketing";
}

/// What the middleware needs to open a request's span.
#[derive(Clone, Debug)]
struct Instrumentation {
    telemetry: Arc<Telemetry>,
    http: reqwest::Client,
}

/// Takes the address.
///
/// # Errors
/// Fails where somebody else has it.
pub async fn bind(service: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("{service} cannot listen on {address}"))
}

/// Serves as the service of `telemetry` until the process is asked to end.
///
/// # Errors
/// Fails where the listener does.
pub async fn run(
    telemetry: Arc<Telemetry>,
    listener: TcpListener,
    traced: Router,
    untraced: Router,
) -> anyhow::Result<()> {
    let service = telemetry.service();
    let router = instrument(Arc::clone(&telemetry), traced)?.merge(untraced);
    let served = serve(service, listener, router).await;
    // The SDK's shutdown blocks until its exporters are done.
    tokio::task::spawn_blocking(move || telemetry.shutdown()).await?;
    served
}

/// Wraps every route of `traced` in a server span.
///
/// # Errors
/// Fails where the HTTP client cannot be built.
pub fn instrument(telemetry: Arc<Telemetry>, traced: Router) -> anyhow::Result<Router> {
    let instrumentation = Instrumentation {
        telemetry,
        http: http_client()?,
    };
    Ok(traced.route_layer(from_fn_with_state(instrumentation, server_span)))
}

/// Says on stdout where it listens, and serves until the process is asked to end.
///
/// # Errors
/// Fails where the listener does.
pub async fn serve(service: &str, listener: TcpListener, router: Router) -> anyhow::Result<()> {
    let router = router.route("/healthz", get(async || StatusCode::NO_CONTENT));
    println!("listening {service} http://{}", listener.local_addr()?);
    let (ending, mut ended) = tokio::sync::watch::channel(false);
    let server = axum::serve(listener, router).with_graceful_shutdown(async move {
        crate::lifecycle::asked_to_end().await;
        ending.send_replace(true);
    });
    tokio::select! {
        result = server.into_future() => result.context("the listener failed"),
        () = async {
            // An idle keep-alive connection must not hold the process up.
            let _ = ended.wait_for(|ending| *ending).await;
            tokio::time::sleep(DRAIN_TIMEOUT).await;
        } => Ok(()),
    }
}

/// The HTTP client of a service.
///
/// # Errors
/// Fails where the system offers no sockets.
pub fn http_client() -> anyhow::Result<reqwest::Client> {
    reqwest::Client::builder()
        .no_proxy()
        .timeout(CALL_TIMEOUT)
        .build()
        .context("cannot build the HTTP client")
}

/// The SERVER span of OpenTelemetry's HTTP conventions around one request.
async fn server_span(
    State(instrumentation): State<Instrumentation>,
    mut request: Request,
    next: Next,
) -> Response {
    let Instrumentation { telemetry, http } = instrumentation;
    let parent = telemetry.extract(request.headers());
    let faults = Faults::from_headers(request.headers());
    let service = telemetry.service();
    let clock = if service == name::SEATING && faults.has(Fault::ClockSkew) {
        Clock::slow_by(SKEW)
    } else {
        Clock::default()
    };
    let route = request.extensions().get::<MatchedPath>().map_or_else(
        || request.uri().path().to_owned(),
        |path| path.as_str().to_owned(),
    );
    let name = format!("{} {route}", request.method());
    let attributes = server_attributes(&request, route);
    let (stage, span) = Stage::begin(telemetry, http, &parent, faults, clock, name, attributes);
    let traceparent = span.traceparent();
    request.extensions_mut().insert(stage);

    // A task of its own: a customer who closes the tab does not stop a booking half way.
    let handled = tokio::spawn(panic::catch_async(next.run(request))).await;
    let mut response = match handled {
        Ok(Ok(response)) => response,
        Ok(Err(report)) => {
            span.panic(&report);
            Problem::internal(service, "Please try again.").into_response()
        }
        Err(_cancelled) => Problem::internal(service, "The shop is closing.").into_response(),
    };
    span.http_status(response.status(), SpanKind::Server);
    if let Ok(value) = HeaderValue::from_str(&format!("traceparent;desc=\"{traceparent}\"")) {
        response
            .headers_mut()
            .insert(header::HeaderName::from_static("server-timing"), value);
    }
    response
}

fn server_attributes(request: &Request, route: String) -> Vec<KeyValue> {
    let mut attributes = vec![
        KeyValue::new("http.request.method", request.method().to_string()),
        KeyValue::new("http.route", route),
        KeyValue::new("url.path", request.uri().path().to_owned()),
        KeyValue::new("url.scheme", "http"),
        KeyValue::new("network.protocol.version", "1.1"),
    ];
    if let Some(query) = request.uri().query() {
        attributes.push(KeyValue::new("url.query", query.to_owned()));
    }
    let header_text = |name| {
        let value: &HeaderValue = request.headers().get(name)?;
        value.to_str().ok()
    };
    let host: Option<Uri> = header_text(header::HOST).and_then(|host| host.parse().ok());
    if let Some(authority) = host.as_ref().and_then(Uri::authority) {
        attributes.push(KeyValue::new("server.address", authority.host().to_owned()));
        if let Some(port) = authority.port_u16() {
            attributes.push(KeyValue::new("server.port", i64::from(port)));
        }
    }
    if let Some(agent) = header_text(header::USER_AGENT) {
        attributes.push(KeyValue::new("user_agent.original", agent.to_owned()));
    }
    attributes
}

#[cfg(test)]
mod tests {
    use opentelemetry_sdk::trace::{InMemorySpanExporter, SpanData};

    use super::*;
    use crate::call::{Call, Peer};
    use crate::faults;
    use crate::problem::MEDIA_TYPE;
    use crate::stage::testing;

    const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const PARENT_ID: &str = "00f067aa0ba902b7";

    /// Serves `routes` as `service` on a free port.
    async fn serving(service: &'static str, routes: Router) -> (Peer, InMemorySpanExporter) {
        let (telemetry, spans) = testing::telemetry(service);
        let router = instrument(telemetry, routes).expect("a router");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base_url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let peer = Peer {
            name: service,
            base_url,
        };
        (peer, spans)
    }

    fn named(spans: &InMemorySpanExporter, kind: SpanKind) -> SpanData {
        let spans = spans.get_finished_spans().expect("spans");
        let found = spans.iter().find(|span| span.span_kind == kind);
        found
            .unwrap_or_else(|| panic!("no {kind:?} in {spans:?}"))
            .clone()
    }

    fn attribute(span: &SpanData, key: &str) -> Option<String> {
        let found = span
            .attributes
            .iter()
            .find(|attribute| attribute.key.as_str() == key);
        found.map(|attribute| attribute.value.to_string())
    }

    /// A chain of two: `validation` names the booking and calls `seating`, which answers `status`.
    async fn run_chain(
        status: StatusCode,
        faults: Option<&str>,
    ) -> (reqwest::Response, SpanData, SpanData, SpanData) {
        let inner = Router::new().route(
            "/inner",
            get(move |stage: Stage| async move {
                let seen = stage.booking_id().unwrap_or_default();
                let broken = stage.faults().header_value().unwrap_or_default();
                (status, format!("{seen} {broken}"))
            }),
        );
        let (peer, inner_spans) = serving(name::SEATING, inner).await;
        let outer = Router::new().route(
            "/outer",
            get(move |stage: Stage| {
                let peer = peer.clone();
                async move {
                    let stage = stage.with_booking_id("7K3M-9QXA");
                    let call = Call {
                        method: reqwest::Method::GET,
                        ..Call::post(&peer, "/inner")
                    };
                    stage
                        .call(call, None::<&()>)
                        .await
                        .map(|answer| answer.body)
                }
            }),
        );
        let (front, outer_spans) = serving(name::VALIDATION, outer).await;
        let mut request = reqwest::Client::new()
            .get(format!("{}/outer", front.base_url))
            .header("traceparent", format!("00-{TRACE_ID}-{PARENT_ID}-01"))
            .header("tracestate", "vendor=1");
        if let Some(faults) = faults {
            request = request.header(faults::HEADER, faults);
        }
        let response = request.send().await.expect("an answer");
        (
            response,
            named(&outer_spans, SpanKind::Server),
            named(&outer_spans, SpanKind::Client),
            named(&inner_spans, SpanKind::Server),
        )
    }

    #[tokio::test]
    async fn one_trace_runs_through_both_services() {
        let (response, server, client, inner) =
            run_chain(StatusCode::OK, Some("n-plus-one,unknown")).await;
        let timing = response.headers()["server-timing"]
            .to_str()
            .expect("text")
            .to_owned();
        assert_eq!(
            timing,
            format!(
                "traceparent;desc=\"00-{TRACE_ID}-{}-01\"",
                server.span_context.span_id()
            )
        );
        assert_eq!(
            response.text().await.expect("a body"),
            "7K3M-9QXA n-plus-one"
        );

        for span in [&server, &client, &inner] {
            assert_eq!(span.span_context.trace_id().to_string(), TRACE_ID);
            assert_eq!(span.span_context.trace_state().get("vendor"), Some("1"));
            assert_eq!(attribute(span, "booking.id").as_deref(), Some("7K3M-9QXA"));
        }
        assert_eq!(server.parent_span_id.to_string(), PARENT_ID);
        assert_eq!(client.parent_span_id, server.span_context.span_id());
        assert_eq!(inner.parent_span_id, client.span_context.span_id());
        assert_eq!(server.name, "GET /outer");
        assert_eq!(attribute(&server, "http.route").as_deref(), Some("/outer"));
        assert_eq!(client.name, "GET /inner");
    }

    #[tokio::test]
    async fn only_callers_count_client_errors_as_errors() {
        use opentelemetry::trace::Status;
        for (answer, relayed, server_is_error) in [
            (StatusCode::CONFLICT, 409, false),
            (StatusCode::INTERNAL_SERVER_ERROR, 502, true),
        ] {
            let (response, server, client, inner) = run_chain(answer, None).await;
            assert_eq!(response.status().as_u16(), relayed);
            assert_eq!(response.headers()["content-type"], MEDIA_TYPE);
            assert!(matches!(client.status, Status::Error { .. }), "{answer}");
            for span in [&server, &inner] {
                assert_eq!(
                    matches!(span.status, Status::Error { .. }),
                    server_is_error,
                    "{answer}"
                );
            }
            assert_eq!(
                attribute(&client, "error.type").as_deref(),
                Some(answer.as_str()),
            );
        }
    }

    #[tokio::test]
    async fn skews_the_clock_of_seating_alone() {
        let (_, _, client, inner) = run_chain(StatusCode::OK, Some("clock-skew")).await;
        let behind = client
            .start_time
            .duration_since(inner.start_time)
            .expect("seating is behind");
        assert!(
            behind > SKEW - Duration::from_secs(5) && behind <= SKEW,
            "{behind:?}"
        );
        let lasted = inner
            .end_time
            .duration_since(inner.start_time)
            .expect("a duration");
        assert!(
            lasted < Duration::from_secs(5),
            "the end is skewed too: {lasted:?}"
        );
    }

    #[tokio::test]
    async fn a_panic_is_an_answer_and_an_exception() {
        let routes = Router::new().route(
            "/broken",
            get(async || -> StatusCode { panic!("out of paper") }),
        );
        let (peer, spans) = serving(name::TICKETING, routes).await;
        for _ in 0..2 {
            let response = reqwest::get(format!("{}/broken", peer.base_url))
                .await
                .expect("an answer");
            assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        }
        let span = named(&spans, SpanKind::Server);
        let exception = span.events.iter().find(|event| event.name == "exception");
        let exception = exception.expect("an exception event");
        assert!(exception.attributes.iter().any(|attribute| {
            attribute.key.as_str() == "exception.message"
                && attribute.value.as_str() == "out of paper"
        }));
    }
}
