//! A trace in sentences: what it waited for, what was tried again, what ran too often, where nothing was
//! recorded, what failed and where that began.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{Short, Trace, Warning, critical_path};
use crate::attribute::find_str;
use crate::id::SpanId;
use crate::query::error_reason;
use crate::span::SpanKind;
use crate::time::{DurationNanos, UnixNanos};

/// What takes a smaller share of the whole is left out.
const NOTABLE: f64 = 0.04;
/// So many places are named that the time went to.
const PLACES: usize = 3;
/// From so many on, calls of one kind in a row are too many.
const TOO_MANY: usize = 5;
/// So many sentences are about the same; the rest are counted in one.
const MOST_ALIKE: usize = 20;

/// The answer to `GET /api/v1/traces/{id}/story`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Story {
    /// The sentences in order.
    pub sentences: Vec<Sentence>,
}

/// A sentence, and what it is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sentence {
    /// What it tells of.
    pub about: About,
    /// Its text.
    pub text: String,
    /// The span to look at.
    pub span: SpanId,
}

/// What a sentence tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// The whole.
    Whole,
    /// Where the time went.
    Time,
    /// The network between two services.
    Network,
    /// The same call again after a failure.
    Retry,
    /// The same call again and again.
    Repeat,
    /// Time in which nothing was recorded.
    Gap,
    /// Calls that ran at the same time.
    Parallel,
    /// A failure.
    Failure,
    /// What is odd about the trace itself.
    Oddity,
}

/// Tells the story of a trace; nothing for a trace without spans.
#[must_use]
pub fn tell(trace: &Trace) -> Story {
    let Some(root) = trace.root() else {
        return Story {
            sentences: Vec::new(),
        };
    };
    let mut teller = Teller {
        trace,
        sentences: Vec::new(),
        alike: Vec::new(),
    };
    teller.whole(root);
    teller.time(root);
    teller.network(root);
    for node in 0..trace.nodes.len() as u32 {
        teller.children(node, root);
    }
    teller.left_out();
    teller.failures(root);
    teller.oddities();
    Story {
        sentences: teller.sentences,
    }
}

struct Teller<'a> {
    trace: &'a Trace,
    sentences: Vec<Sentence>,
    /// What sentences about spans' children are about: how many there would be, and the first that is left out.
    alike: Vec<(About, usize, u32)>,
}

impl Teller<'_> {
    fn say(&mut self, about: About, node: u32, text: String) {
        let span = self.trace.span(node).span_id;
        self.sentences.push(Sentence { about, text, span });
    }

    fn service(&self, node: u32) -> &str {
        self.trace.nodes[node as usize]
            .record
            .resource
            .service_name()
    }

    fn length(&self, node: u32) -> DurationNanos {
        DurationNanos(self.trace.span(node).duration().0.max(0))
    }

    fn whole(&mut self, root: u32) {
        let services: std::collections::BTreeSet<&str> = (0..self.trace.nodes.len() as u32)
            .map(|node| self.service(node))
            .collect();
        let text = format!(
            "{} took {}, in {} and {}.",
            self.trace.span(root).name,
            Short(self.length(root)),
            counted(services.len(), "service"),
            counted(self.trace.nodes.len(), "span"),
        );
        self.say(About::Whole, root, text);
    }

    /// Who the answer waited for, by the critical path.
    fn time(&mut self, root: u32) {
        let mut waited: HashMap<u32, i64> = HashMap::new();
        for segment in critical_path(self.trace) {
            *waited.entry(segment.node).or_default() += (segment.end - segment.start).0;
        }
        let whole = self.length(root).0.max(1);
        let mut places: Vec<(u32, i64)> = waited.into_iter().collect();
        places.sort_by_key(|&(node, nanos)| (std::cmp::Reverse(nanos), node));
        places.truncate(PLACES);
        for (node, nanos) in places {
            let share = nanos as f64 / whole as f64;
            if share < NOTABLE {
                continue;
            }
            let span = self.trace.span(node);
            let (time, percent) = (Short(DurationNanos(nanos)), (share * 100.0).round());
            let asks = matches!(span.kind, SpanKind::Client | SpanKind::Producer);
            let browser = self.trace.nodes[node as usize].record.resource.is_browser();
            let text = if asks && browser {
                format!(
                    "{time} of it, {percent} %, the browser waited for {} outside any service.",
                    span.name
                )
            } else if asks {
                let host = find_str(&span.attributes, "server.address");
                let host = host.map(|host| format!(" of {host}")).unwrap_or_default();
                format!(
                    "{time} of it, {percent} %, {} waited for {}{host}.",
                    self.service(node),
                    span.name
                )
            } else if browser {
                format!(
                    "{time} of it, {percent} %, the browser worked itself, in {}.",
                    span.name
                )
            } else {
                format!(
                    "{time} of it, {percent} %, {} worked itself, in {}.",
                    self.service(node),
                    span.name
                )
            };
            self.say(About::Time, node, text);
        }
    }

    /// What requests took longer than their answers took to make.
    fn network(&mut self, root: u32) {
        let whole = self.length(root).0.max(1) as f64;
        let mut most: Option<(u32, u32, i64)> = None;
        let mut sum = 0;
        for (index, node) in self.trace.nodes.iter().enumerate() {
            let child = index as u32;
            let Some(parent) = node.parent else { continue };
            let asked = self.trace.span(parent).kind == SpanKind::Client
                && node.record.span.kind == SpanKind::Server;
            let between = self.length(parent).0 - self.length(child).0;
            if asked && between > 0 {
                sum += between;
                if most.is_none_or(|most| between > most.2) {
                    most = Some((parent, child, between));
                }
            }
        }
        let Some((parent, child, between)) = most else {
            return;
        };
        if sum as f64 >= whole * NOTABLE {
            let text = format!(
                "{} went between services and not in them: over the network and in queues, {} of it between {} and {}.",
                Short(DurationNanos(sum)),
                Short(DurationNanos(between)),
                self.service(parent),
                self.service(child),
            );
            self.say(About::Network, parent, text);
        }
    }

    /// Retries, repeats, gaps and parallel work among the children of a span.
    fn children(&mut self, node: u32, root: u32) {
        let children: Vec<u32> = self.trace.children(node).collect();
        if children.is_empty() {
            return;
        }
        let whole = self.length(root).0.max(1) as f64;
        let mut alike: Vec<(&str, Vec<u32>)> = Vec::new();
        let mut places: HashMap<(&str, &str), usize> = HashMap::new();
        for &child in &children {
            let name = self.trace.span(child).name.as_str();
            let service = self.trace.nodes[child as usize]
                .record
                .resource
                .service_name();
            let place = *places.entry((service, name)).or_insert_with(|| {
                alike.push((name, Vec::new()));
                alike.len() - 1
            });
            alike[place].1.push(child);
        }
        let mut said = Vec::new();
        for (name, members) in &alike {
            let failed = members[..members.len() - 1]
                .iter()
                .take_while(|&&member| self.trace.span(member).is_error())
                .count();
            let together: i64 = members.iter().map(|&member| self.length(member).0).sum();
            let time = Short(DurationNanos(together));
            if failed > 0 && failed + 1 == members.len() {
                let reason = error_reason(self.trace.span(members[0]));
                let reason = reason
                    .map(|reason| format!(": {reason}"))
                    .unwrap_or_default();
                let end = if self.trace.span(members[failed]).is_error() {
                    "and never succeeded"
                } else {
                    "before it succeeded"
                };
                let text = format!(
                    "{} tried {name} {} times {end}, {time} together; the first failed{reason}.",
                    self.service(node),
                    members.len()
                );
                said.push((About::Retry, members[0], text));
            } else if members.len() >= TOO_MANY && self.in_a_row(members) {
                let text = format!(
                    "{} ran {name} {} times one after another, {time} together.",
                    self.service(node),
                    members.len()
                );
                said.push((About::Repeat, members[0], text));
            }
        }
        if let Some((before, gap)) = self.widest_gap(node, &children)
            && gap as f64 >= whole * 0.1
        {
            let text = format!(
                "In {} nothing is recorded for {} after {}.",
                self.trace.span(node).name,
                Short(DurationNanos(gap)),
                self.trace.span(before).name
            );
            said.push((About::Gap, node, text));
        }
        let (sum, covered) = self.covered(&children);
        if (sum - covered) as f64 >= whole * 0.1 {
            let text = format!(
                "{} ran calls at the same time: {} of work in {}.",
                self.trace.span(node).name,
                Short(DurationNanos(sum)),
                Short(DurationNanos(covered))
            );
            said.push((About::Parallel, node, text));
        }
        for (about, node, text) in said {
            let place = self.alike.iter().position(|alike| alike.0 == about);
            let place = place.unwrap_or_else(|| {
                self.alike.push((about, 0, node));
                self.alike.len() - 1
            });
            let (_, count, first) = &mut self.alike[place];
            *count += 1;
            if *count <= MOST_ALIKE {
                self.say(about, node, text);
            } else if *count == MOST_ALIKE + 1 {
                *first = node;
            }
        }
    }

    /// Counts what is not told one by one.
    fn left_out(&mut self) {
        for (about, count, first) in std::mem::take(&mut self.alike) {
            if count > MOST_ALIKE {
                let more = counted(count - MOST_ALIKE, "more sentence");
                self.say(about, first, format!("Left out here: {more} like those."));
            }
        }
    }

    fn in_a_row(&self, members: &[u32]) -> bool {
        members.windows(2).all(|pair| {
            let (one, next) = (self.trace.span(pair[0]), self.trace.span(pair[1]));
            one.end.0 <= next.start.0.saturating_add(1_000_000)
        })
    }

    /// The longest time between two children of a service's span, and the child before it. What a browser
    /// does between its requests is the user's time.
    fn widest_gap(&self, node: u32, children: &[u32]) -> Option<(u32, i64)> {
        if self.trace.nodes[node as usize].record.resource.is_browser() {
            return None;
        }
        let mut widest: Option<(u32, i64)> = None;
        let mut last = children[0];
        for &child in &children[1..] {
            let gap = (self.trace.span(child).start - self.trace.span(last).end).0;
            if gap > widest.map_or(0, |widest| widest.1) {
                widest = Some((last, gap));
            }
            if self.trace.span(child).end > self.trace.span(last).end {
                last = child;
            }
        }
        widest
    }

    /// How long children lasted together, and how long at least one of them ran.
    fn covered(&self, children: &[u32]) -> (i64, i64) {
        let (mut sum, mut covered, mut until) = (0, 0, UnixNanos(0));
        for &child in children {
            let span = self.trace.span(child);
            sum += self.length(child).0;
            let from = span.start.max(until);
            if span.end > from {
                covered += (span.end - from).0;
                until = span.end;
            }
        }
        (sum, covered)
    }

    /// Where failures began, and how far they went up.
    fn failures(&mut self, root: u32) {
        let origins = self.origins_of_failures();
        let more = origins.len().saturating_sub(PLACES);
        for node in origins.into_iter().take(PLACES) {
            let mut top = node;
            let mut through = Vec::new();
            while let Some(above) = self.failed_above(top) {
                top = above;
                let service = self.service(top).to_owned();
                if through.last() != Some(&service) && service != self.service(node) {
                    through.push(service);
                }
            }
            let reason = error_reason(self.trace.span(node));
            let reason = reason
                .map(|reason| format!(": {reason}"))
                .unwrap_or_default();
            // A user's action has no status: what it asked for and did not get has failed it.
            let parent = self.trace.nodes[top as usize].parent;
            let browser = |node: u32| self.trace.nodes[node as usize].record.resource.is_browser();
            let to_the_root = top == root || parent == Some(root) && browser(root);
            let way = if to_the_root && through.is_empty() {
                match top == node {
                    true => String::new(),
                    false => ", and all failed with it".to_owned(),
                }
            } else if to_the_root {
                format!(", and took {} with it", through.join(", "))
            } else {
                // The walk ended below a span that did not fail.
                format!(", which {} got over", self.service(parent.unwrap_or(root)))
            };
            let text = format!(
                "{} in {} failed{reason}{way}.",
                self.trace.span(node).name,
                self.service(node)
            );
            self.say(About::Failure, node, text);
        }
        if more > 0 {
            let text = format!("{} began elsewhere.", counted(more, "more failure"));
            self.say(About::Failure, root, text);
        }
    }

    fn failed(&self, node: u32) -> bool {
        self.trace.span(node).is_error()
    }

    /// Failed spans below which nothing failed.
    fn origins_of_failures(&self) -> Vec<u32> {
        let mut origins = Vec::new();
        let mut after = u32::MAX;
        // Parents stand before their children, so what failed last before a span's end is below it or nowhere.
        for node in (0..self.trace.nodes.len() as u32).rev() {
            if self.failed(node) {
                let end = node + self.trace.nodes[node as usize].subtree;
                if after >= end {
                    origins.push(node);
                }
                after = node;
            }
        }
        origins.reverse();
        origins
    }

    /// The failed span that a failed one failed: its parent, or the request that its parent answered. What answers
    /// with HTTP's 4xx has not failed by OpenTelemetry's conventions, and whoever asked has.
    fn failed_above(&self, node: u32) -> Option<u32> {
        let parent = self.trace.nodes[node as usize].parent?;
        if self.failed(parent) {
            return Some(parent);
        }
        if self.trace.span(parent).kind != SpanKind::Server {
            return None;
        }
        let asked = self.trace.nodes[parent as usize].parent?;
        (self.failed(asked) && self.trace.span(asked).kind == SpanKind::Client).then_some(asked)
    }

    /// Clocks that disagree and spans that are missing, once for each pair of services.
    fn oddities(&mut self) {
        let mut clocks: HashMap<(String, String), (u32, DurationNanos, bool)> = HashMap::new();
        let mut orphans = Vec::new();
        for warning in &self.trace.warnings {
            match *warning {
                Warning::ChildStartsBeforeParent {
                    node,
                    by,
                    across_services: true,
                    ..
                } => {
                    self.clock(&mut clocks, node, by, true);
                }
                Warning::ChildEndsAfterParent {
                    node,
                    by,
                    across_services: true,
                    ..
                } => {
                    self.clock(&mut clocks, node, by, false);
                }
                Warning::Orphan { node, .. } => orphans.push(node),
                _ => {}
            }
        }
        let mut clocks: Vec<_> = clocks.into_iter().collect();
        clocks.sort();
        for ((parent, child), (node, by, behind)) in clocks {
            let way = if behind { "behind" } else { "ahead of" };
            let text = format!(
                "The clock of {child} is {} or more {way} {parent}'s.",
                Short(by)
            );
            self.say(About::Oddity, node, text);
        }
        if let Some(&first) = orphans.first() {
            let text = match orphans.len() {
                1 => "The parent of one span has not arrived.".to_owned(),
                count => format!("The parents of {count} spans have not arrived."),
            };
            self.say(About::Oddity, first, text);
        }
    }

    fn clock(
        &self,
        clocks: &mut HashMap<(String, String), (u32, DurationNanos, bool)>,
        node: u32,
        by: DurationNanos,
        behind: bool,
    ) {
        // Clocks of one machine differ by less in what they say of one call.
        let Some(parent) = self.trace.nodes[node as usize].parent else {
            return;
        };
        if by.0 < 5_000_000 {
            return;
        }
        let key = (
            self.service(parent).to_owned(),
            self.service(node).to_owned(),
        );
        let known = clocks.entry(key).or_insert((node, by, behind));
        if by > known.1 {
            *known = (node, by, behind);
        }
    }
}

fn counted(count: usize, noun: &str) -> String {
    match count {
        1 => format!("one {noun}"),
        count => format!("{count} {noun}s"),
    }
}
