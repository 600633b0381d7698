//! What is wrong with a re-run: the reasons of the trace diff, named as a tester would name them.

use shared::diff::{AttributeChange, Change, DiffNode, TraceDiff};
use shared::query::run::{Finding, FindingKind};
use shared::span::SpanKind;

/// From so many times on a query that is new or runs more often is called N+1.
const MANY: u32 = 5;

/// The findings of one step, the most important first. `with_time` says whether the baselines are
/// such that being slower means something.
#[must_use]
pub fn findings(diff: &TraceDiff, with_time: bool) -> Vec<Finding> {
    let mut found: Vec<Finding> = diff
        .reasons
        .iter()
        .filter_map(|reason| {
            let node = &diff.nodes[reason.node as usize];
            let kind = kind_of(diff, reason.node, reason.change)?;
            let is_time = matches!(kind, FindingKind::Slower | FindingKind::Faster);
            // How long a browser takes says more of the machine that it runs on than of the build.
            let is_judged = !is_time || (with_time && !node.browser);
            is_judged.then(|| Finding {
                kind,
                service: node.service.clone(),
                operation: node.operation.clone(),
                text: match kind {
                    FindingKind::NPlusOne => format!("N+1: {}", reason.text),
                    FindingKind::MissingWrite => format!("missing write: {}", reason.text),
                    _ => reason.text.clone(),
                },
            })
        })
        .collect();
    drop_consequences(&mut found);
    found.extend(parameters(diff));
    found
}

fn kind_of(diff: &TraceDiff, index: u32, change: Change) -> Option<FindingKind> {
    let node = &diff.nodes[index as usize];
    Some(match change {
        Change::Added | Change::Count
            if is_query(node) && node.count.other >= MANY.max(2 * node.count.most) =>
        {
            FindingKind::NPlusOne
        }
        Change::Added => FindingKind::New,
        Change::Removed if writes_below(diff, index) => FindingKind::MissingWrite,
        Change::Removed => FindingKind::Missing,
        Change::Count if node.count.other < node.count.least && is_write(node) => {
            FindingKind::MissingWrite
        }
        Change::Count => FindingKind::Count,
        Change::Failing => FindingKind::NewError,
        Change::Recovered => FindingKind::Recovered,
        Change::Slower => FindingKind::Slower,
        Change::Faster => FindingKind::Faster,
        Change::Moved => FindingKind::Order,
        Change::Renamed => FindingKind::Renamed,
        Change::SlowerBelow | Change::FasterBelow => return None,
    })
}

/// What a call to a database or another service is, and what it changes, from its first word.
fn first_word(node: &DiffNode) -> String {
    let word = node.operation.split(' ').next().unwrap_or_default();
    word.to_ascii_uppercase()
}

fn is_query(node: &DiffNode) -> bool {
    node.kind == SpanKind::Client || first_word(node) == "SELECT"
}

fn is_write(node: &DiffNode) -> bool {
    const WRITES: [&str; 9] = [
        "INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "POST", "PUT", "PATCH", "SET",
    ];
    matches!(node.kind, SpanKind::Client | SpanKind::Producer)
        && (node.kind == SpanKind::Producer || WRITES.contains(&first_word(node).as_str()))
}

/// Whether a place or one below it changes data.
fn writes_below(diff: &TraceDiff, index: u32) -> bool {
    let first = index as usize;
    let end = first + diff.nodes[first].subtree as usize;
    diff.nodes[first..end].iter().any(is_write)
}

/// A query that is replaced by many is not missing: the many are what is wrong.
fn drop_consequences(found: &mut Vec<Finding>) {
    let many: Vec<String> = services_of(found, FindingKind::NPlusOne);
    found.retain(|one| !(one.kind == FindingKind::Missing && many.contains(&one.service)));
    // What a call was to cause is not done once it fails, what makes up for it is new, and all who
    // wait for it take another time.
    let failing = services_of(found, FindingKind::NewError);
    if !failing.is_empty() {
        found.retain(|one| !one.kind.is_regression() || failing.contains(&one.service));
    }
}

fn services_of(found: &[Finding], kind: FindingKind) -> Vec<String> {
    found
        .iter()
        .filter(|one| one.kind == kind)
        .map(|one| one.service.clone())
        .collect()
}

/// Other values of parameters and attributes, told apart from the structure.
fn parameters(diff: &TraceDiff) -> impl Iterator<Item = Finding> {
    diff.nodes.iter().flat_map(|node| {
        let told = node
            .attributes
            .iter()
            .filter(|change| !is_of_environment(&change.key));
        told.map(|change| Finding {
            kind: FindingKind::Parameters,
            service: node.service.clone(),
            operation: node.operation.clone(),
            text: format!(
                "{} in {}: {} {}",
                node.operation,
                node.service,
                change.key,
                values(change)
            ),
        })
    })
}

/// Whether an attribute says where something ran, and not what it was about.
fn is_of_environment(key: &str) -> bool {
    const GROUPS: [&str; 5] = ["server.", "network.", "client.", "host.", "user_agent."];
    GROUPS.iter().any(|group| key.starts_with(group)) || key.ends_with("body.size")
}

fn values(change: &AttributeChange) -> String {
    let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
    let pairs: Vec<String> = change
        .examples
        .iter()
        .map(|(before, after)| format!("{} → {}", shown(before), shown(after)))
        .collect();
    pairs.join(", ")
}
