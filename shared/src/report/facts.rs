//! What a report says before it shows the spans.

use std::collections::HashMap;

use crate::query::{TraceSummary, summarise};
use crate::time::DurationNanos;
use crate::trace::{Short, Trace, critical_path};

/// So many parts of the critical path are told of.
const MAX_PARTS: usize = 5;

/// The facts of a trace.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// What the list of traces shows of it.
    pub summary: TraceSummary,
    /// What the answer waited for, the longest first.
    pub parts: Vec<Part>,
    /// The trace in a few sentences.
    pub story: String,
}

/// Spans of one name and service on the critical path.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// The first of them, as an index into the trace's nodes.
    pub node: u32,
    /// The service.
    pub service: String,
    /// The spans' name.
    pub name: String,
    /// How many of them.
    pub count: u32,
    /// How long the answer waited for their own work.
    pub time: DurationNanos,
    /// The same as a share of the root's duration, from 0 to 1.
    pub share: f64,
}

/// The facts of a trace; `None` where it has no spans.
#[must_use]
pub fn facts(trace: &Trace) -> Option<Facts> {
    let summary = summarise(trace)?;
    let parts = parts(trace);
    let story = story(&summary, &parts);
    Some(Facts {
        summary,
        parts,
        story,
    })
}

fn parts(trace: &Trace) -> Vec<Part> {
    let mut found: Vec<Part> = Vec::new();
    let mut places: HashMap<(&str, &str), usize> = HashMap::new();
    let mut last_of: Vec<u32> = Vec::new();
    let mut whole = 0_i64;
    for segment in critical_path(trace) {
        let record = &trace.nodes[segment.node as usize].record;
        let key = (record.resource.service_name(), record.span.name.as_str());
        let place = *places.entry(key).or_insert_with(|| {
            found.push(Part {
                node: segment.node,
                service: key.0.to_owned(),
                name: key.1.to_owned(),
                count: 0,
                time: DurationNanos(0),
                share: 0.0,
            });
            last_of.push(u32::MAX);
            found.len() - 1
        });
        let part = &mut found[place];
        // The path comes back to a span after each wait; that is one span still.
        if last_of[place] != segment.node {
            last_of[place] = segment.node;
            part.count += 1;
        }
        let time = segment.end - segment.start;
        part.time = part.time + time;
        whole = whole.saturating_add(time.0);
    }
    for part in &mut found {
        part.share = part.time.0 as f64 / whole.max(1) as f64;
    }
    found.sort_by_key(|part| std::cmp::Reverse(part.time));
    found.truncate(MAX_PARTS);
    found
}

fn story(summary: &TraceSummary, parts: &[Part]) -> String {
    let mut story = summary.root_name.clone();
    if let Some(caused) = &summary.caused {
        story.push_str(&format!(" → {caused}"));
    }
    story.push_str(&format!(" took {}.", Short(summary.duration)));
    if let Some(part) = parts.first() {
        let times = if part.count > 1 {
            format!(" ({} times)", part.count)
        } else {
            String::new()
        };
        story.push_str(&format!(
            " {} of it, {:.0} %, went to {} in {}{times}.",
            Short(part.time),
            part.share * 100.0,
            part.name,
            part.service,
        ));
    }
    if let Some(error) = &summary.error {
        story.push_str(&format!(
            " {} failed, the first: {error}.",
            match summary.error_count {
                1 => "1 span".to_owned(),
                several => format!("{several} spans"),
            }
        ));
    }
    story
}
