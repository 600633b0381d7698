//! Who calls whom, from spans.

use shared::attribute::Attribute;
use shared::graph::{NodeKey, Role, ServiceGraph, map};
use shared::span::{SpanKind, SpanRecord};
use shared::time::DurationNanos;
use shared::trace::assemble;

use crate::shop::{booking, failed, kind, span, with};

fn graph(spans: Vec<SpanRecord>) -> ServiceGraph {
    let mut graph = ServiceGraph::default();
    graph.add(&assemble(spans));
    graph
}

/// The edges as `from → to × count`, with the number of failures where there are some.
fn edges(graph: &ServiceGraph) -> Vec<String> {
    let text = |((from, to), traffic): (&(NodeKey, NodeKey), &shared::graph::Traffic)| {
        let failed = match traffic.errors {
            0 => String::new(),
            errors => format!(" ✕ {errors}"),
        };
        format!("{} → {} × {}{failed}", from.name, to.name, traffic.count)
    };
    graph.edges.iter().map(text).collect()
}

fn call(id: u64, attributes: &[(&str, &str)]) -> SpanRecord {
    let attributes = attributes
        .iter()
        .map(|(key, value)| Attribute::new(*key, *value))
        .collect();
    with(
        attributes,
        kind(SpanKind::Client, span(id, 1, "shop", "call", 10.0, 40.0)),
    )
}

#[test]
fn a_booking_goes_from_the_browser_through_the_services() {
    let graph = graph(booking());
    assert_eq!(
        edges(&graph),
        [
            "shop-web → validation × 1",
            "booking → payment × 1",
            "booking → sqlite × 1",
            "payment → seating × 1",
            "seating → ticketing × 1",
            "validation → booking × 1",
        ]
    );
    let browser = graph.nodes.iter().next().expect("a node");
    assert_eq!((browser.0.role, browser.1.count), (Role::Browser, 1));
}

#[test]
fn what_sends_no_spans_is_inferred_from_who_asks_it() {
    for (attributes, role, name, why) in [
        (
            &[("db.system.name", "postgresql"), ("db.namespace", "orders")][..],
            Role::Database,
            "orders",
            "a database by its name",
        ),
        (
            &[("db.system", "redis"), ("net.peer.name", "cache")],
            Role::Database,
            "cache",
            "the conventions before",
        ),
        (
            &[
                ("db.system.name", "sqlite"),
                ("db.namespace", "/srv/a/seats.db"),
            ],
            Role::Database,
            "seats.db",
            "a file by its last part",
        ),
        (
            &[
                ("messaging.system", "kafka"),
                ("messaging.destination.name", "tickets"),
            ],
            Role::Queue,
            "tickets",
            "a topic",
        ),
        (
            &[("server.address", "api.acquirer.example")],
            Role::External,
            "api.acquirer.example",
            "a host",
        ),
        (
            &[("peer.service", "acquirer"), ("server.address", "10.0.0.1")],
            Role::External,
            "acquirer",
            "a name that someone chose",
        ),
        (
            &[("url.full", "https://user:pw@maps.example:8443/tiles?x=1")],
            Role::External,
            "maps.example:8443",
            "a URL's host",
        ),
    ] {
        let root = span(1, 0, "shop", "GET /", 0.0, 100.0);
        let graph = graph(vec![root, call(2, attributes)]);
        let (key, traffic) = graph
            .nodes
            .iter()
            .find(|(key, _)| key.name != "shop")
            .expect(why);
        assert_eq!((key.role, key.name.as_str()), (role, name), "{why}");
        assert_eq!(traffic.count, 1, "{why}");
    }
    let silent = graph(vec![span(1, 0, "shop", "GET /", 0.0, 100.0), call(2, &[])]);
    assert_eq!(
        silent.nodes.len(),
        1,
        "a call that says nothing names nobody"
    );
}

#[test]
fn an_answer_from_a_service_is_no_third_party() {
    let host = [("server.address", "payment.internal")];
    let answered = vec![
        span(1, 0, "shop", "GET /", 0.0, 100.0),
        call(2, &host),
        failed(
            "no",
            kind(
                SpanKind::Server,
                span(3, 2, "payment", "POST /", 20.0, 30.0),
            ),
        ),
    ];
    let graph = graph(answered);
    assert_eq!(edges(&graph), ["shop → payment × 1 ✕ 1"]);
    let seen = graph.edges.values().next().expect("an edge").figures().p95;
    let error = (seen.0 - DurationNanos::from_millis(30).0).abs();
    assert!(error < 1_000_000, "as the caller saw it: {seen:?}");
}

#[test]
fn a_request_below_a_query_is_how_the_query_is_sent() {
    let query = call(2, &[("db.system.name", "elasticsearch")]);
    let mut request = call(3, &[("server.address", "es.internal")]);
    request.span.parent_span_id = Some(query.span.span_id);
    let found = graph(vec![
        span(1, 0, "shop", "GET /", 0.0, 100.0),
        query,
        request,
    ]);
    assert_eq!(edges(&found), ["shop → elasticsearch × 1"]);
}

#[test]
fn a_message_goes_through_its_queue() {
    let topic = || {
        vec![
            Attribute::new("messaging.system", "kafka"),
            Attribute::new("messaging.destination.name", "tickets"),
        ]
    };
    let send = |id| {
        let record = span(id, 1, "shop", "send tickets", 10.0, 12.0);
        with(topic(), kind(SpanKind::Producer, record))
    };
    let take = |id, parent| {
        let record = span(id, parent, "mailer", "process tickets", 50.0, 90.0);
        with(topic(), kind(SpanKind::Consumer, record))
    };
    let root = || span(1, 0, "shop", "POST /book", 0.0, 30.0);
    let joined = ["shop → tickets × 1", "tickets → mailer × 1"];
    assert_eq!(edges(&graph(vec![root(), send(2), take(3, 2)])), joined);
    let mut apart = graph(vec![root(), send(2)]);
    apart.merge(&graph(vec![take(3, 0)]));
    assert_eq!(
        edges(&apart),
        joined,
        "also where the two are in traces of their own"
    );
}

#[test]
fn graphs_add_up_and_are_compared() {
    let root = || span(1, 0, "shop", "GET /", 0.0, 100.0);
    let with_cache = graph(vec![root(), call(2, &[("db.system.name", "redis")])]);
    let mut twice = with_cache.clone();
    twice.merge(&with_cache);
    assert_eq!(edges(&twice), ["shop → redis × 2"]);
    let (nodes, edges) = map(&graph(vec![root()]), Some(&twice));
    assert_eq!(nodes.len(), 2, "what is gone is shown as gone");
    assert_eq!(edges[0].now.count, 0);
    assert_eq!(edges[0].before.map(|before| before.count), Some(2));
    assert_eq!(nodes[edges[0].from as usize].key.name, "shop");
}
