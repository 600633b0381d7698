//! The spans of a trace in groups: how many, how long, how much of it themselves.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{Trace, self_times};
use crate::attribute::find;
use crate::id::SpanId;
use crate::time::DurationNanos;

/// What spans are grouped by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupBy {
    /// Their service.
    Service,
    /// Their name.
    Name,
    /// Their kind.
    Kind,
    /// The value of an attribute of the span, or else of its resource.
    Attribute(String),
}

impl GroupBy {
    /// The grouping of a name: `service`, `name`, `kind`, or else an attribute's key.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        match text {
            "service" => Self::Service,
            "name" => Self::Name,
            "kind" => Self::Kind,
            key => Self::Attribute(key.to_owned()),
        }
    }
}

/// The answer to `GET /api/v1/traces/{id}/statistics`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Statistics {
    /// How long the trace took.
    pub duration: DurationNanos,
    /// How long all spans worked themselves, together.
    pub own: DurationNanos,
    /// The groups, those that worked longest first, or as they were asked for.
    pub groups: Vec<Group>,
    /// How many groups there are: more than are listed where only some were asked for.
    #[serde(default)]
    pub count: u32,
    /// Keys of attributes to group by, in order.
    pub keys: Vec<String>,
}

/// A group of spans.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// What its spans have in common, one text for each grouping; empty where they have no such thing.
    pub key: Vec<String>,
    /// How many spans.
    pub count: u32,
    /// How many of them failed.
    pub errors: u32,
    /// How long they lasted together.
    pub total: DurationNanos,
    /// How long they worked themselves, together.
    pub own: DurationNanos,
    /// Half of them lasted no longer.
    pub p50: DurationNanos,
    /// 95 % of them lasted no longer.
    pub p95: DurationNanos,
    /// The longest.
    pub longest: DurationNanos,
    /// The one that lasted longest.
    pub span: SpanId,
}

/// What groups are sorted by, from its name: `count`, `errors`, `total`, `own` or `share`, `p50`, `p95`, `longest`.
#[must_use]
pub fn measure(name: &str) -> Option<fn(&Group) -> i64> {
    Some(match name {
        "count" => |group| i64::from(group.count),
        "errors" => |group| i64::from(group.errors),
        "total" => |group| group.total.0,
        "own" | "share" => |group| group.own.0,
        "p50" => |group| group.p50.0,
        "p95" => |group| group.p95.0,
        "longest" => |group| group.longest.0,
        _ => return None,
    })
}

impl Statistics {
    /// Lists the groups by a measure, the greatest first, and of them so many at most.
    #[must_use]
    pub fn first(mut self, by: fn(&Group) -> i64, most: usize) -> Self {
        self.groups
            .sort_by_key(|group| std::cmp::Reverse(by(group)));
        self.groups.truncate(most);
        self
    }
}

/// Groups the spans of a trace.
#[must_use]
pub fn statistics(trace: &Trace, by: &[GroupBy]) -> Statistics {
    let own_times = self_times(trace);
    let mut places: HashMap<Vec<String>, usize> = HashMap::new();
    let mut groups: Vec<Group> = Vec::new();
    let mut durations: Vec<Vec<DurationNanos>> = Vec::new();
    let mut keys = std::collections::BTreeSet::new();
    for (node, own) in trace.nodes.iter().zip(&own_times) {
        let (span, resource) = (&node.record.span, &node.record.resource);
        for attribute in &span.attributes {
            if !keys.contains(&attribute.key) {
                keys.insert(attribute.key.clone());
            }
        }
        let value = |by: &GroupBy| match by {
            GroupBy::Service => resource.service_name().to_owned(),
            GroupBy::Name => span.name.clone(),
            GroupBy::Kind => span.kind.as_str().to_owned(),
            GroupBy::Attribute(key) => find(&span.attributes, key)
                .or_else(|| find(&resource.attributes, key))
                .map(ToString::to_string)
                .unwrap_or_default(),
        };
        let key: Vec<String> = by.iter().map(value).collect();
        let duration = DurationNanos(span.duration().0.max(0));
        let place = *places.entry(key).or_insert_with_key(|key| {
            groups.push(Group {
                key: key.clone(),
                count: 0,
                errors: 0,
                total: DurationNanos(0),
                own: DurationNanos(0),
                p50: DurationNanos(0),
                p95: DurationNanos(0),
                longest: DurationNanos(-1),
                span: span.span_id,
            });
            durations.push(Vec::new());
            groups.len() - 1
        });
        let group = &mut groups[place];
        group.count += 1;
        group.errors += u32::from(span.is_error());
        group.total = group.total + duration;
        group.own = group.own + *own;
        if duration > group.longest {
            group.longest = duration;
            group.span = span.span_id;
        }
        durations[place].push(duration);
    }
    for (group, durations) in groups.iter_mut().zip(&mut durations) {
        durations.sort_unstable();
        let at = |share: f64| {
            let rank = (durations.len() as f64 * share).ceil() as usize;
            durations[rank.clamp(1, durations.len()) - 1]
        };
        (group.p50, group.p95) = (at(0.5), at(0.95));
    }
    groups.sort_by(|a, b| b.own.cmp(&a.own).then_with(|| a.key.cmp(&b.key)));
    Statistics {
        duration: trace.duration(),
        own: DurationNanos(own_times.iter().map(|own| own.0).sum()),
        count: groups.len() as u32,
        groups,
        keys: keys.into_iter().collect(),
    }
}
