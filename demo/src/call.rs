//! Calls from one service to another, each in a CLIENT span of OpenTelemetry's HTTP conventions.

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use opentelemetry::KeyValue;
use opentelemetry::trace::SpanKind;
use serde::Serialize;

use crate::faults;
use crate::problem::{MEDIA_TYPE, Problem};
use crate::stage::{ActiveSpan, Stage};

/// Another service: its name, for messages, and its base URL.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The service's name.
    pub name: &'static str,
    /// `http://host:port`, without a slash at the end.
    pub base_url: String,
}

/// One call to a peer.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// Who is called.
    pub peer: &'a Peer,
    /// `POST`, `GET` or `DELETE`.
    pub method: reqwest::Method,
    /// The path of the route, which also names the span.
    pub path: &'static str,
    /// What follows the `?`, percent-encoded; empty for none.
    pub query: String,
    /// How many tries went before (`http.request.resend_count`).
    pub resend_count: u32,
}

impl<'a> Call<'a> {
    /// A `POST` without a query.
    pub fn post(peer: &'a Peer, path: &'static str) -> Self {
        Self {
            peer,
            method: reqwest::Method::POST,
            path,
            query: String::new(),
            resend_count: 0,
        }
    }
}

/// A peer's answer below 400.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The response's headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

impl Stage {
    /// Calls a peer in a CLIENT span that lasts until the whole body is here; trace context, baggage and faults go along.
    ///
    /// # Errors
    /// Returns the peer's problem document as this service relays it, or one that says that the peer is away.
    pub async fn call(
        &self,
        call: Call<'_>,
        body: Option<&(impl Serialize + Sync)>,
    ) -> Result<Answer, Problem> {
        let mut url = format!("{}{}", call.peer.base_url, call.path);
        if !call.query.is_empty() {
            url.push('?');
            url.push_str(&call.query);
        }
        let span = self.client(
            format!("{} {}", call.method, call.path),
            client_attributes(&call, &url),
        );
        let mut headers = self.propagation_headers(&span);
        if let Some(value) = self
            .faults()
            .header_value()
            .and_then(|value| HeaderValue::from_str(&value).ok())
        {
            headers.insert(faults::HEADER, value);
        }
        let mut request = self
            .http()
            .request(call.method.clone(), url)
            .headers(headers);
        if let Some(body) = body {
            request = request.json(body);
        }
        match receive(request).await {
            Ok((status, answer)) => {
                span.http_status(status, SpanKind::Client);
                if status.as_u16() < 400 {
                    return Ok(answer);
                }
                Err(problem_of(self.service(), call.peer, status, &answer).relayed())
            }
            Err(error) => {
                record_transport_error(&span, &error);
                Err(Problem::unreachable(self.service(), call.peer.name))
            }
        }
    }
}

async fn receive(request: reqwest::RequestBuilder) -> Result<(StatusCode, Answer), reqwest::Error> {
    let response = request.send().await?;
    let status = response.status();
    let headers = response.headers().clone();
    let body = response.bytes().await?;
    Ok((status, Answer { headers, body }))
}

fn client_attributes(call: &Call<'_>, url: &str) -> Vec<KeyValue> {
    let mut attributes = vec![
        KeyValue::new("http.request.method", call.method.to_string()),
        KeyValue::new("url.full", url.to_owned()),
        KeyValue::new("url.template", call.path),
        KeyValue::new("network.protocol.version", "1.1"),
    ];
    if let Some(authority) = url.parse::<Uri>().ok().as_ref().and_then(Uri::authority) {
        attributes.push(KeyValue::new("server.address", authority.host().to_owned()));
        attributes.push(KeyValue::new(
            "server.port",
            i64::from(authority.port_u16().unwrap_or(80)),
        ));
    }
    if call.resend_count > 0 {
        attributes.push(KeyValue::new(
            "http.request.resend_count",
            i64::from(call.resend_count),
        ));
    }
    attributes
}

fn problem_of(service: &str, peer: &Peer, status: StatusCode, answer: &Answer) -> Problem {
    let is_problem = answer
        .headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(MEDIA_TYPE.as_bytes()));
    let document = is_problem
        .then(|| serde_json::from_slice(&answer.body).ok())
        .flatten();
    document.unwrap_or_else(|| {
        Problem::new(
            service,
            status,
            "upstream",
            "We cannot take bookings right now",
            format!("Our {} service answered {status}.", peer.name),
        )
    })
}

fn record_transport_error(span: &ActiveSpan, error: &reqwest::Error) {
    let kind = if error.is_timeout() {
        "timeout"
    } else if error.is_connect() {
        "connect"
    } else {
        "transport"
    };
    span.exception(kind, &error.to_string(), None);
}
