//! Who is at the other end of a span, by its attributes (OpenTelemetry's semantic conventions for
//! databases, messaging, RPC and HTTP, the current names and those before them).

use super::{NodeKey, Role};
use crate::attribute::{AttributeValue, find, find_str};
use crate::semconv;
use crate::span::Span;

/// Whom a client or producer span asked; `None` where it does not say.
#[must_use]
pub fn of(span: &Span) -> Option<NodeKey> {
    database(span)
        .or_else(|| queue(span))
        .or_else(|| external(span))
}

/// The queue or topic that a span puts into or takes from.
#[must_use]
pub fn queue(span: &Span) -> Option<NodeKey> {
    let system = first(span, &["messaging.system"])?;
    let name = first(
        span,
        &[
            "messaging.destination.name",
            "messaging.destination",
            "messaging.destination.template",
        ],
    );
    Some(NodeKey {
        role: Role::Queue,
        name: name.unwrap_or(system).to_owned(),
        system: system.to_owned(),
    })
}

fn database(span: &Span) -> Option<NodeKey> {
    let system = first(span, &["db.system.name", "db.system"])?;
    let name = first(
        span,
        &[
            "db.namespace",
            "db.name",
            "peer.service",
            "server.address",
            "net.peer.name",
        ],
    );
    // A file's path says no more than its last part.
    let name = name.and_then(|name| name.rsplit(['/', '\\']).find(|part| !part.is_empty()));
    Some(NodeKey {
        role: Role::Database,
        name: name.unwrap_or(system).to_owned(),
        system: system.to_owned(),
    })
}

fn external(span: &Span) -> Option<NodeKey> {
    let name = match first(span, &["peer.service", "server.address", "net.peer.name"]) {
        Some(name) if first(span, &["peer.service"]).is_some() => name.to_owned(),
        Some(host) => {
            let port = ["server.port", "net.peer.port"]
                .iter()
                .find_map(|key| find(&span.attributes, key))
                .and_then(AttributeValue::as_int)
                .filter(|port| !matches!(port, 80 | 443));
            port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
        }
        None => {
            let url = first(span, &[semconv::URL_FULL, "http.url"])?;
            let (_, rest) = url.split_once("://")?;
            let host = rest.split(['/', '?', '#']).next()?;
            host.rsplit('@').next()?.to_owned()
        }
    };
    (!name.is_empty()).then_some(NodeKey {
        role: Role::External,
        name,
        system: String::new(),
    })
}

fn first<'a>(span: &'a Span, keys: &[&str]) -> Option<&'a str> {
    keys.iter()
        .find_map(|key| find_str(&span.attributes, key).filter(|text| !text.is_empty()))
}
