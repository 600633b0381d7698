//! What differs between a trace and the good runs before it.
//!
//! Spans are matched top-down by service, kind and normalised route or statement ([`operation`],
//! [`template`]) into one tree that all traces share ([`shape`]): repeats are one node with a count,
//! several baselines make every figure a range. A node that some baselines lack is optional. What is
//! slower must be slower than the slowest baseline by a ratio *and* by an absolute floor ([`judge`]).
//! Parameters such as an order's number are no part of the structure and are compared apart
//! ([`pairs`]). The reasons are ranked by how much of the difference in duration they explain
//! ([`reasons`]); since the critical path adds up to the duration, the shares add up too.
//!
//! The work is near-linear in the number of spans, and nothing recurses.

mod judge;
mod operation;
mod order;
mod pairs;
mod reasons;
mod shape;
pub mod template;

use serde::{Deserialize, Serialize};

use crate::id::{SpanId, TraceId};
use crate::span::SpanKind;
use crate::time::DurationNanos;
use crate::trace::Trace;

/// So many pairs of values are shown of an attribute that changed.
const EXAMPLES: usize = 3;

/// When a difference in time counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// A span is slower beyond the slowest baseline times this; faster below the fastest divided by
    /// it.
    pub ratio: f64,
    /// A smaller difference than this never counts.
    pub floor: DurationNanos,
}

impl Default for Limits {
    /// Half as slow again, and ten milliseconds.
    fn default() -> Self {
        Self {
            ratio: 1.5,
            floor: DurationNanos::from_millis(10),
        }
    }
}

/// What differs between a trace and its baselines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TraceDiff {
    /// The baselines; the first is the one whose spans and attributes are compared one by one.
    pub baselines: Vec<TraceId>,
    /// The trace that is compared with them.
    pub other: Option<TraceId>,
    /// How long their roots lasted.
    pub duration: Compared<DurationNanos>,
    /// How many spans they have.
    pub spans: Compared<u32>,
    /// Why the other trace is different, the most important first; empty where it is not.
    pub reasons: Vec<Reason>,
    /// How much of the difference in duration no reason explains.
    pub unexplained: DurationNanos,
    /// Every place in the tree, in preorder.
    pub nodes: Vec<DiffNode>,
}

/// A figure of the baselines as a range, and of the other trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Compared<T> {
    /// The least of the baselines.
    pub least: T,
    /// The greatest of the baselines.
    pub most: T,
    /// The other trace's.
    pub other: T,
}

/// A place in the tree: the spans with one operation below one place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DiffNode {
    /// The index of the place above.
    pub parent: Option<u32>,
    /// How many places are above.
    pub depth: u32,
    /// How many places its subtree has, itself included.
    pub subtree: u32,
    /// The service.
    pub service: String,
    /// Whether the service is a browser.
    pub browser: bool,
    /// The role in the call.
    #[serde(with = "kind_text")]
    pub kind: SpanKind,
    /// The normalised route, statement or name.
    pub operation: String,
    /// How many spans.
    pub count: Compared<u32>,
    /// How many of them failed.
    pub errors: Compared<u32>,
    /// How long they lasted together.
    pub total: Compared<DurationNanos>,
    /// How long they worked themselves, together.
    pub own: Compared<DurationNanos>,
    /// The spans of the first baseline.
    pub before: Option<Window>,
    /// The spans of the other trace.
    pub after: Option<Window>,
    /// What changed, in no order of importance.
    pub changes: Vec<Change>,
    /// The attributes and parameters that changed, by key.
    pub attributes: Vec<AttributeChange>,
}

/// When the spans of a place ran, from the start of their trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The first start.
    pub start: DurationNanos,
    /// The last end.
    pub end: DurationNanos,
    /// The first span.
    pub span: SpanId,
}

/// A kind of difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// No baseline has it.
    Added,
    /// Every baseline has it, the other trace does not.
    Removed,
    /// It runs more or less often.
    Count,
    /// More of its spans fail.
    Failing,
    /// Fewer of its spans fail.
    Recovered,
    /// It works longer itself.
    Slower,
    /// It works shorter itself.
    Faster,
    /// It takes longer, because of what is below it.
    SlowerBelow,
    /// It takes less time, because of what is below it.
    FasterBelow,
    /// It runs before what it ran after, or after what it ran before.
    Moved,
    /// It is the root, under another name.
    Renamed,
}

/// An attribute or parameter that has another value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttributeChange {
    /// The attribute's key; `path`, `statement` or `name` for the parameters of the operation.
    pub key: String,
    /// How many pairs of spans differ in it.
    pub pairs: u32,
    /// Some of the pairs of values; `None` where one side has no such attribute. Long values are cut.
    pub examples: Vec<(Option<String>, Option<String>)>,
}

/// Why the traces differ.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// The index of the place.
    pub node: u32,
    /// The kind of difference.
    pub change: Change,
    /// How much of the difference in duration comes from it; negative where it saves time.
    pub explains: DurationNanos,
    /// The reason in a sentence.
    pub text: String,
}

/// Compares a trace with one or more baselines.
///
/// Without a baseline everything is new. The order in which spans arrived makes no difference.
#[must_use]
pub fn diff(baselines: &[&Trace], other: &Trace, limits: &Limits) -> TraceDiff {
    let empty = Trace::default();
    let mut traces: Vec<&Trace> = baselines.to_vec();
    if traces.is_empty() {
        traces.push(&empty);
    }
    let baseline_count = traces.len();
    traces.push(other);
    let shape = shape::Shape::new(&traces);
    let mut nodes = judge::nodes(&shape, &traces, limits);
    let (first, last) = (traces[0], traces[baseline_count]);
    let partner = pairs::pair(first, &shape.places[0], last, &shape.places[baseline_count]);
    let varying = pairs::varying(&shape, &traces[..baseline_count]);
    let mut attributes =
        pairs::attribute_changes(first, last, &shape.places[0], &partner, &varying);
    let order = shape.preorder();
    for (node, (place, _)) in nodes.iter_mut().zip(&order) {
        node.attributes = attributes.remove(place).unwrap_or_default();
    }
    let (reasons, unexplained) = reasons::rank(&mut nodes, &shape, &order, &traces);
    let length = |trace: &&Trace| {
        let root = trace.root();
        root.map_or(DurationNanos(0), |root| trace.span(root).duration())
    };
    let id = |trace: &&Trace| trace.root().map(|root| trace.span(root).trace_id);
    TraceDiff {
        baselines: baselines.iter().filter_map(id).collect(),
        other: id(&other),
        duration: Compared::of(traces.iter().map(length)),
        spans: Compared::of(traces.iter().map(|trace| trace.nodes.len() as u32)),
        reasons,
        unexplained,
        nodes,
    }
}

impl<T: Copy + Ord + Default> Compared<T> {
    /// Of the baselines' figures and, last, the other trace's.
    fn of(figures: impl Iterator<Item = T>) -> Self {
        let mut figures: Vec<T> = figures.collect();
        let other = figures.pop().unwrap_or_default();
        Self {
            least: figures.iter().copied().min().unwrap_or_default(),
            most: figures.iter().copied().max().unwrap_or_default(),
            other,
        }
    }
}

impl DiffNode {
    /// Whether it has a change of this kind.
    #[must_use]
    pub fn has(&self, change: Change) -> bool {
        self.changes.contains(&change)
    }
}

mod kind_text {
    //! A span's kind as TraceQL writes it.

    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::span::SpanKind;

    pub fn serialize<S: Serializer>(kind: &SpanKind, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(kind.as_str())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SpanKind, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let kind = (0..6).map(SpanKind::from_otlp);
        Ok(kind
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .unwrap_or_default())
    }
}
