//! What is worth knowing about a trace before its timeline is read: a few chips, each pointing at a span.

use std::collections::HashMap;

use shared::attribute::find_str;
use shared::semconv;
use shared::trace::Warning;

use super::trace::{CLOCK_NOISE, TraceModel, http_status};
use crate::format;

/// More chips than this would be a list, not an answer.
const ERRORS_SHOWN: usize = 3;
const REPEATS_SHOWN: usize = 2;
/// Repeats that are worth a word.
const REPEATS_FROM: u32 = 5;

/// What a finding is about; it decides colour and mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// The critical path.
    Line,
    /// A failure.
    Error,
    /// Something wasteful.
    Warn,
    /// Something odd about the data itself.
    Note,
}

/// A chip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is about.
    pub tone: Tone,
    /// Words before the figure.
    pub lead: String,
    /// The figure.
    pub strong: String,
    /// Words after the figure.
    pub rest: String,
    /// The whole finding in words, for a tooltip; empty where the chip says it all.
    pub detail: String,
    /// The span that shows it.
    pub node: u32,
}

/// A contributor to the critical path: spans of one name in one service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contributor {
    /// The span of the group with the largest part.
    pub node: u32,
    /// How much of the critical path is the group's own time, in nanoseconds.
    pub nanos: i64,
}

/// Tries of one call, one after the other, of which all but perhaps the last failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retries {
    /// The tries in order.
    pub tries: Vec<u32>,
    /// Whether the last one succeeded.
    pub succeeded: bool,
}

/// The findings of a trace, the most telling first.
#[must_use]
pub fn findings(model: &TraceModel) -> Vec<Finding> {
    let mut out = Vec::new();
    out.extend(critical_share(model));
    out.extend(errors(model));
    out.extend(
        retries(model)
            .into_iter()
            .take(REPEATS_SHOWN)
            .map(|retries| Finding {
                tone: Tone::Warn,
                lead: "↻".to_owned(),
                strong: format!("{} tries", retries.tries.len()),
                rest: format::clipped(&model.span(retries.tries[0]).name, 40),
                detail: if retries.succeeded {
                    "The last try succeeded.".to_owned()
                } else {
                    "No try succeeded.".to_owned()
                },
                node: retries.tries[0],
            }),
    );
    out.extend(repeats(model));
    out.extend(warnings(model));
    out
}

/// The largest contributors to the critical path, the largest first.
#[must_use]
pub fn contributors(model: &TraceModel) -> Vec<Contributor> {
    #[derive(Default)]
    struct Group {
        nanos: i64,
        by_node: HashMap<u32, i64>,
    }
    let mut groups: HashMap<(u16, &str), Group> = HashMap::new();
    for segment in &model.critical {
        let key = (
            model.service[segment.node as usize],
            model.span(segment.node).name.as_str(),
        );
        let group = groups.entry(key).or_default();
        let nanos = segment.end - segment.start;
        group.nanos += nanos;
        *group.by_node.entry(segment.node).or_default() += nanos;
    }
    let mut out: Vec<Contributor> = groups
        .into_values()
        .filter_map(|Group { nanos, by_node }| {
            let node = by_node
                .into_iter()
                .max_by_key(|(node, nanos)| (*nanos, std::cmp::Reverse(*node)))?
                .0;
            Some(Contributor { node, nanos })
        })
        .collect();
    out.sort_by_key(|contributor| (std::cmp::Reverse(contributor.nanos), contributor.node));
    out
}

/// The services' own parts of the critical path as (service, nanoseconds), the largest first.
#[must_use]
pub fn service_shares(model: &TraceModel) -> Vec<(u16, i64)> {
    let mut totals = vec![0; model.services.len()];
    for segment in &model.critical {
        totals[usize::from(model.service[segment.node as usize])] += segment.end - segment.start;
    }
    let mut out: Vec<(u16, i64)> = (0..).zip(totals).filter(|(_, nanos)| *nanos > 0).collect();
    out.sort_by_key(|(service, nanos)| (std::cmp::Reverse(*nanos), *service));
    out
}

/// Failed spans below which nothing failed: where failures began, by start.
#[must_use]
pub fn origins_of_errors(model: &TraceModel) -> Vec<u32> {
    let mut out: Vec<u32> = (0..model.len() as u32)
        .filter(|node| model.error[*node as usize] && model.errors_below[*node as usize] == 0)
        .collect();
    out.sort_by_key(|node| model.start[*node as usize]);
    out
}

/// Calls that were tried again after a failure.
#[must_use]
pub fn retries(model: &TraceModel) -> Vec<Retries> {
    let mut groups: HashMap<(u32, u16, &str), Vec<u32>> = HashMap::new();
    for node in 0..model.len() as u32 {
        let key = (
            model.parent[node as usize],
            model.service[node as usize],
            model.span(node).name.as_str(),
        );
        groups.entry(key).or_default().push(node);
    }
    let mut out: Vec<Retries> = groups
        .into_values()
        .filter(|tries| tries.len() > 1 && one_after_the_other(model, tries))
        .filter_map(|tries| {
            let (last, earlier) = tries.split_last()?;
            let failed = |node: &u32| model.error[*node as usize];
            earlier.iter().all(failed).then(|| Retries {
                succeeded: !failed(last),
                tries: tries.clone(),
            })
        })
        .collect();
    out.sort_by_key(|retries| retries.tries[0]);
    out
}

/// Why a span failed, in few words: the status code, the class of error, or the message.
#[must_use]
pub fn reason(model: &TraceModel, node: u32) -> String {
    let span = model.span(node);
    if let Some(status) = http_status(span).filter(|status| *status >= 400) {
        return status.to_string();
    }
    match find_str(&span.attributes, semconv::ERROR_TYPE) {
        Some(class) if !class.is_empty() => format::clipped(class, 40),
        _ if !span.status.message.is_empty() => format::clipped(&span.status.message, 40),
        _ => "error".to_owned(),
    }
}

fn critical_share(model: &TraceModel) -> Option<Finding> {
    let (service, nanos) = *service_shares(model).first()?;
    let node = contributors(model)
        .into_iter()
        .find(|contributor| model.service[contributor.node as usize] == service)?
        .node;
    let total: i64 = model
        .critical
        .iter()
        .map(|segment| segment.end - segment.start)
        .sum();
    Some(Finding {
        tone: Tone::Line,
        lead: "Critical path".to_owned(),
        strong: format!(
            "{} {}",
            format::clipped(&model.services[usize::from(service)].name, 32),
            format::percent(nanos, total)
        ),
        rest: String::new(),
        detail: format!(
            "{} of the {} that the whole took.",
            format::duration(nanos),
            format::duration(total)
        ),
        node,
    })
}

fn errors(model: &TraceModel) -> Vec<Finding> {
    let mut groups: Vec<(u16, String, &str, Vec<u32>)> = Vec::new();
    let origins = origins_of_errors(model);
    for node in &origins {
        let (service, reason, name) = (
            model.service[*node as usize],
            reason(model, *node),
            model.span(*node).name.as_str(),
        );
        // A trace may have thousands of failures; groups beyond the shown ones are only counted.
        match groups
            .iter()
            .position(|group| group.0 == service && group.1 == reason && group.2 == name)
        {
            Some(index) => groups[index].3.push(*node),
            None if groups.len() < ERRORS_SHOWN => {
                groups.push((service, reason, name, vec![*node]))
            }
            None => {}
        }
    }
    let shown: usize = groups.iter().map(|group| group.3.len()).sum();
    let rest = origins.len() - shown;
    let mut out: Vec<Finding> = groups
        .into_iter()
        .map(|(_, reason, name, nodes)| Finding {
            tone: Tone::Error,
            lead: "✕".to_owned(),
            strong: if nodes.len() > 1 {
                format!("{reason} ×{}", nodes.len())
            } else {
                reason
            },
            rest: format::clipped(&format::quoted(name), 40),
            detail: model.span(nodes[0]).status.message.clone(),
            node: nodes[0],
        })
        .collect();
    if rest > 0
        && let Some(node) = origins.last()
    {
        out.push(Finding {
            tone: Tone::Error,
            lead: "✕".to_owned(),
            strong: format!("{} more", format::count(rest as u64)),
            rest: "failures".to_owned(),
            detail: "Press n to walk through them.".to_owned(),
            node: *node,
        });
    }
    out
}

fn repeats(model: &TraceModel) -> Vec<Finding> {
    let mut heads: Vec<u32> = (0..model.len() as u32)
        .filter(|node| model.fold[*node as usize] >= REPEATS_FROM)
        .collect();
    heads.sort_by_key(|head| (std::cmp::Reverse(model.fold[*head as usize]), *head));
    heads
        .into_iter()
        .take(REPEATS_SHOWN)
        .map(|head| {
            let members: Vec<u32> = model.fold_members(head).collect();
            let total: i64 = members
                .iter()
                .map(|member| model.duration_of(*member))
                .sum();
            let span = model.span(head);
            let database = span
                .attributes
                .iter()
                .any(|attribute| attribute.key.starts_with("db."));
            Finding {
                tone: Tone::Warn,
                lead: if database && one_after_the_other(model, &members) {
                    "N+1"
                } else {
                    "Repeated"
                }
                .to_owned(),
                strong: format!("×{}", format::count(members.len() as u64)),
                rest: format::clipped(&format::quoted(&span.name), 40),
                detail: format!(
                    "{} alike calls took {} together.",
                    members.len(),
                    format::duration(total)
                ),
                node: head,
            }
        })
        .collect()
}

fn warnings(model: &TraceModel) -> Vec<Finding> {
    let mut groups: Vec<(&str, Vec<&Warning>)> = Vec::new();
    for warning in &model.trace.warnings {
        let Some(words) = warning_words(model, warning) else {
            continue;
        };
        match groups.iter_mut().find(|group| group.0 == words) {
            Some(group) => group.1.push(warning),
            None => groups.push((words, vec![warning])),
        }
    }
    groups
        .into_iter()
        .map(|(words, warnings)| Finding {
            tone: Tone::Note,
            lead: String::new(),
            strong: if warnings.len() > 1 {
                format!("{} ×{}", words, format::count(warnings.len() as u64))
            } else {
                words.to_owned()
            },
            rest: String::new(),
            detail: warnings[0].to_string(),
            node: warnings[0].node(),
        })
        .collect()
}

/// A warning in few words; `None` for what needs no chip: an instant is as good a span as any, and asynchronous
/// work may outlive what began it within one clock.
fn warning_words(model: &TraceModel, warning: &Warning) -> Option<&'static str> {
    Some(match warning {
        Warning::Orphan { .. } => "Parent missing",
        Warning::Cycle { .. } => "Parents in a circle",
        Warning::SeveralRoots { .. } => "Several roots",
        _ if model.clocks_disagree(warning) => "Clocks disagree",
        Warning::ChildStartsBeforeParent {
            across_services: true,
            by,
            ..
        } if by.0.abs() < CLOCK_NOISE => return None,
        Warning::ChildStartsBeforeParent { .. } => "Starts before its parent",
        Warning::NegativeDuration { .. } => "Ends before it starts",
        Warning::DuplicateSpanId { .. } => "Span id used twice",
        Warning::ClockImplausible { .. } => "Clock far off",
        Warning::ZeroDuration { .. } | Warning::ChildEndsAfterParent { .. } => return None,
    })
}

fn one_after_the_other(model: &TraceModel, nodes: &[u32]) -> bool {
    nodes
        .windows(2)
        .all(|pair| model.end[pair[0] as usize] <= model.start[pair[1] as usize])
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{booking, failed, model, span};
    use super::*;

    fn chips(model: &TraceModel) -> Vec<String> {
        findings(model)
            .iter()
            .map(|finding| {
                format!("{} {} {}", finding.lead, finding.strong, finding.rest)
                    .trim()
                    .replace('\u{a0}', " ")
            })
            .collect()
    }

    #[test]
    fn a_booking_tells_its_critical_path_errors_tries_and_repeats() {
        assert_eq!(
            chips(&booking()),
            [
                "Critical path payment 81 %",
                "✕ 502 ×2 POST acquirer/charge",
                "↻ 3 tries POST acquirer/charge",
                "N+1 ×24 SELECT seats",
            ]
        );
    }

    #[test]
    fn an_error_is_told_where_it_began() {
        let model = model(vec![
            failed(span(1, 0, "a", "root", 0, 100), "a called b"),
            failed(span(2, 1, "b", "child", 10, 90), "disk full"),
        ]);
        assert_eq!(origins_of_errors(&model), [1]);
        assert!(chips(&model).contains(&"✕ disk full child".to_owned()));
    }

    #[test]
    fn parallel_calls_are_no_retries() {
        let model = model(vec![
            span(1, 0, "a", "root", 0, 100),
            failed(span(2, 1, "a", "call", 10, 50), ""),
            span(3, 1, "a", "call", 20, 60),
        ]);
        assert_eq!(retries(&model), []);
    }
}
