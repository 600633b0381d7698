//! Who calls whom: the services of traces with the databases, queues and third parties behind them,
//! and the traffic between.
//!
//! A call is a span whose parent belongs to another service. What sends no spans itself is inferred
//! from the client and producer spans that nobody answered in the trace ([`peer`]). Graphs of
//! different traces add up.

mod histogram;
mod peer;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use histogram::Histogram;

use crate::resource::Resource;
use crate::span::{Span, SpanKind};
use crate::time::{DurationNanos, UnixNanos};
use crate::trace::Trace;

/// What a node of the graph is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A page in a user's browser.
    Browser,
    /// A service that sends spans.
    Service,
    /// A database that its clients tell of.
    Database,
    /// A queue or topic that its producers and consumers tell of.
    Queue,
    /// Anything else that is called and sends no spans.
    External,
}

/// A node of the graph.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NodeKey {
    /// What it is.
    pub role: Role,
    /// Its name: the service's, the database's, the queue's, the host's.
    pub name: String,
    /// The product, where it is a database or a queue: `postgresql`, `kafka`; empty otherwise.
    pub system: String,
}

/// Calls, failures and durations.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Traffic {
    /// How many calls.
    pub count: u64,
    /// How many of them failed.
    pub errors: u64,
    /// How long they took.
    pub durations: Histogram,
}

/// The graph.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServiceGraph {
    /// What each node was asked to do; for a browser, what its users did.
    pub nodes: BTreeMap<NodeKey, Traffic>,
    /// The calls from one node to another.
    pub edges: BTreeMap<(NodeKey, NodeKey), Traffic>,
    /// What each service was asked to do, by the name of the span that did it.
    pub operations: BTreeMap<(NodeKey, String), Traffic>,
}

impl Traffic {
    fn add(&mut self, duration: DurationNanos, failed: bool) {
        self.count += 1;
        self.errors += u64::from(failed);
        self.durations.add(duration);
    }

    /// Adds what another one has counted.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.errors += other.errors;
        self.durations.merge(&other.durations);
    }

    /// The figures that are shown.
    #[must_use]
    pub fn figures(&self) -> Figures {
        Figures {
            count: self.count,
            errors: self.errors,
            p50: self.durations.percentile(0.5),
            p95: self.durations.percentile(0.95),
            p99: self.durations.percentile(0.99),
        }
    }
}

impl ServiceGraph {
    /// Adds the calls of a trace.
    pub fn add(&mut self, trace: &Trace) {
        let services = services(trace);
        let key = |node: u32| Arc::clone(&services[node as usize]);
        for (index, node) in trace.nodes.iter().enumerate() {
            let index = index as u32;
            let span = &node.record.span;
            let here = key(index);
            let parent = node
                .parent
                .filter(|&parent| *services[parent as usize] != *here);
            self.nodes.entry((*here).clone()).or_default();
            if node.parent.is_none() || parent.is_some() {
                self.entry(&here, span);
            }
            if let Some(parent) = parent {
                self.call(&key(parent), trace.span(parent), &here, span);
            } else if span.kind == SpanKind::Consumer
                && node.parent.is_none()
                && let Some(queue) = peer::queue(span)
            {
                self.edge(&queue, &here, span.duration(), span.is_error());
                self.nodes.entry(queue).or_default();
            }
            if let Some(peer) = unanswered(trace, &services, index) {
                self.edge(&here, &peer, span.duration(), span.is_error());
                self.nodes
                    .entry(peer)
                    .or_default()
                    .add(span.duration(), span.is_error());
            }
        }
    }

    /// Adds another graph.
    pub fn merge(&mut self, other: &Self) {
        for (key, traffic) in &other.nodes {
            merge_into(&mut self.nodes, key, traffic);
        }
        for (key, traffic) in &other.edges {
            merge_into(&mut self.edges, key, traffic);
        }
        for (key, traffic) in &other.operations {
            merge_into(&mut self.operations, key, traffic);
        }
    }

    /// Something that a service was asked to do.
    fn entry(&mut self, here: &NodeKey, span: &Span) {
        let (duration, failed) = (span.duration(), span.is_error());
        self.nodes
            .entry(here.clone())
            .or_default()
            .add(duration, failed);
        self.operations
            .entry((here.clone(), span.name.clone()))
            .or_default()
            .add(duration, failed);
    }

    /// A call from one service to another, as the caller saw it: with the network between them.
    fn call(&mut self, from: &NodeKey, caller: &Span, to: &NodeKey, callee: &Span) {
        let asked = matches!(caller.kind, SpanKind::Client | SpanKind::Producer);
        let queue = peer::queue(callee)
            .filter(|_| callee.kind == SpanKind::Consumer)
            .or_else(|| peer::queue(caller).filter(|_| caller.kind == SpanKind::Producer));
        if let Some(queue) = queue {
            self.edge(from, &queue, caller.duration(), caller.is_error());
            self.edge(&queue, to, callee.duration(), callee.is_error());
            self.nodes
                .entry(queue)
                .or_default()
                .add(caller.duration(), caller.is_error());
            return;
        }
        let seen = if asked { caller } else { callee };
        let failed = callee.is_error() || asked && caller.is_error();
        self.edge(from, to, seen.duration(), failed);
    }

    fn edge(&mut self, from: &NodeKey, to: &NodeKey, duration: DurationNanos, failed: bool) {
        self.edges
            .entry((from.clone(), to.clone()))
            .or_default()
            .add(duration, failed);
    }
}

fn merge_into<K: Ord + Clone>(map: &mut BTreeMap<K, Traffic>, key: &K, traffic: &Traffic) {
    match map.get_mut(key) {
        Some(known) => known.merge(traffic),
        None => {
            map.insert(key.clone(), traffic.clone());
        }
    }
}

/// The service of each span. Spans of one batch share their resource, so that its name is read once.
fn services(trace: &Trace) -> Vec<Arc<NodeKey>> {
    let mut known: BTreeMap<*const Resource, Arc<NodeKey>> = BTreeMap::new();
    let key = |resource: &Arc<Resource>| {
        let key = || NodeKey {
            role: if resource.is_browser() {
                Role::Browser
            } else {
                Role::Service
            },
            name: resource.service_name().to_owned(),
            system: String::new(),
        };
        let key = known
            .entry(Arc::as_ptr(resource))
            .or_insert_with(|| Arc::new(key()));
        Arc::clone(key)
    };
    let resources = trace.nodes.iter().map(|node| &node.record.resource);
    resources.map(key).collect()
}

/// Whom a client or producer span asked, where the trace has no answer from there.
fn unanswered(trace: &Trace, services: &[Arc<NodeKey>], node: u32) -> Option<NodeKey> {
    let span = trace.span(node);
    if !matches!(span.kind, SpanKind::Client | SpanKind::Producer) {
        return None;
    }
    let here = &services[node as usize];
    let answered = trace.children(node).any(|child| {
        services[child as usize] != *here
            || matches!(
                trace.span(child).kind,
                SpanKind::Server | SpanKind::Consumer
            )
    });
    // A client within a client is how it sends: the HTTP request below a database's query.
    let within = trace.nodes[node as usize].parent.is_some_and(|parent| {
        services[parent as usize] == *here
            && matches!(
                trace.span(parent).kind,
                SpanKind::Client | SpanKind::Producer
            )
            && peer::of(trace.span(parent)).is_some()
    });
    if answered || within {
        return None;
    }
    peer::of(span)
}

/// The figures of some traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Figures {
    /// How many calls.
    pub count: u64,
    /// How many of them failed.
    pub errors: u64,
    /// Half of them took no longer.
    pub p50: DurationNanos,
    /// 95 % of them took no longer.
    pub p95: DurationNanos,
    /// 99 % of them took no longer.
    pub p99: DurationNanos,
}

/// The answer to `GET /api/v1/map`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MapResponse {
    /// The time that the map is about.
    pub range: Counted,
    /// The time that it is compared with.
    pub before: Option<Counted>,
    /// The nodes, by role and name.
    pub nodes: Vec<MapNode>,
    /// The edges, by the places of their nodes.
    pub edges: Vec<MapEdge>,
}

/// What was counted of a range of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// The earliest start of a trace.
    pub start: UnixNanos,
    /// The latest start of a trace; not included.
    pub end: UnixNanos,
    /// From here on everything is counted; `start` where nothing is missing. What is older is counted
    /// when the same is asked again.
    pub since: UnixNanos,
    /// How many traces were counted.
    pub traces: u64,
    /// How many spans they have.
    pub spans: u64,
}

/// A node with its figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MapNode {
    /// What it is and how it is called.
    pub key: NodeKey,
    /// Its figures.
    pub now: Figures,
    /// Its figures in the range that the map is compared with.
    pub before: Option<Figures>,
}

/// An edge with its figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MapEdge {
    /// The place of the caller among the nodes.
    pub from: u32,
    /// The place of the callee.
    pub to: u32,
    /// Its figures.
    pub now: Figures,
    /// Its figures in the range that the map is compared with.
    pub before: Option<Figures>,
}

/// The answer to `GET /api/v1/red`: rate, errors and duration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RedResponse {
    /// What was counted.
    pub range: Counted,
    /// The length of each step of the trends.
    pub step: DurationNanos,
    /// Every service that was asked to do something, by name.
    pub services: Vec<ServiceRed>,
}

/// What a service was asked to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServiceRed {
    /// Whether it is a browser.
    pub browser: bool,
    /// All of it, under the service's name.
    pub all: Red,
    /// Each operation, the busiest first.
    pub operations: Vec<Red>,
}

/// Figures over the whole range, and step by step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Red {
    /// What they are about.
    pub name: String,
    /// Over the whole range.
    pub figures: Figures,
    /// For each step its count, its errors and its p95 in microseconds.
    pub trend: Vec<(u64, u64, u64)>,
}

/// The nodes and edges of a graph with their figures, beside those of an earlier one. What only the
/// earlier one has is there too, with nothing counted now.
#[must_use]
pub fn map(now: &ServiceGraph, before: Option<&ServiceGraph>) -> (Vec<MapNode>, Vec<MapEdge>) {
    let keys: std::collections::BTreeSet<&NodeKey> = now
        .nodes
        .keys()
        .chain(before.iter().flat_map(|before| before.nodes.keys()))
        .collect();
    let keys: Vec<&NodeKey> = keys.into_iter().collect();
    let figures = |traffic: Option<&Traffic>| traffic.map(Traffic::figures).unwrap_or_default();
    let nodes = keys
        .iter()
        .map(|&key| MapNode {
            key: key.clone(),
            now: figures(now.nodes.get(key)),
            before: before.map(|before| figures(before.nodes.get(key))),
        })
        .collect();
    let pairs: std::collections::BTreeSet<&(NodeKey, NodeKey)> = now
        .edges
        .keys()
        .chain(before.iter().flat_map(|before| before.edges.keys()))
        .collect();
    let place = |key: &NodeKey| keys.binary_search(&key).map(|place| place as u32).ok();
    let edges = pairs
        .into_iter()
        .filter_map(|pair| {
            Some(MapEdge {
                from: place(&pair.0)?,
                to: place(&pair.1)?,
                now: figures(now.edges.get(pair)),
                before: before.map(|before| figures(before.edges.get(pair))),
            })
        })
        .collect();
    (nodes, edges)
}
