//! What is worth knowing about a trace before its timeline is read: a few chips, each pointing at a span.

use shared::columns::{NoteKind, flag};
use shared::span::SpanKind;

use super::analysis::one_after_the_other;
use super::clock;
use super::trace::TraceModel;
use crate::format;
use crate::markup::{Markup, button, element, text};

/// More chips than this would be a list, not an answer.
const ERRORS_SHOWN: usize = 3;
const REPEATS_SHOWN: usize = 2;
/// Repeats that are worth a word.
const REPEATS_FROM: u32 = 5;

/// Stretches of the critical path without a span below are told from one part in so many of the whole on, and from so
/// many nanoseconds.
const UNSEEN_SHARE: i64 = 5;
const UNSEEN_FROM: i64 = 1_000_000;

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

/// The findings of a trace, the most telling first.
#[must_use]
pub fn findings(model: &TraceModel) -> Vec<Finding> {
    let mut out = Vec::new();
    out.extend(critical_share(model));
    out.extend(errors(model));
    out.extend(
        model
            .analysis()
            .into_iter()
            .flat_map(|analysis| &analysis.retries)
            .take(REPEATS_SHOWN)
            .map(|retries| Finding {
                tone: Tone::Warn,
                lead: "↻".to_owned(),
                strong: format!("{} tries", retries.tries.len()),
                rest: format::clipped(model.name(retries.tries[0]), 40),
                detail: if retries.succeeded {
                    "The last try succeeded.".to_owned()
                } else {
                    "No try succeeded.".to_owned()
                },
                node: retries.tries[0],
            }),
    );
    out.extend(repeats(model));
    let unseen: Vec<Finding> = waiting(model).into_iter().chain(gap(model)).collect();
    out.extend(own_time(model, &unseen));
    out.extend(unseen);
    out.extend(warnings(model));
    out
}

/// Failed spans below which nothing failed: where failures began, by start.
#[must_use]
pub fn origins_of_errors(model: &TraceModel) -> Vec<u32> {
    let mut out: Vec<u32> = model
        .failed()
        .filter(|node| model.errors_below[*node as usize] == 0)
        .collect();
    out.sort_by_key(|node| model.start[*node as usize]);
    out
}

/// Why a span failed, in few words: the status code, the class of error, or the message.
#[must_use]
pub fn reason(model: &TraceModel, node: u32) -> String {
    match model.failure_reason(node) {
        "" => "error".to_owned(),
        reason => format::clipped(reason, 40),
    }
}

fn critical_share(model: &TraceModel) -> Option<Finding> {
    let analysis = model.analysis()?;
    let (service, nanos) = *analysis.service_shares.first()?;
    let node = analysis
        .contributors
        .iter()
        .find(|contributor| model.service[contributor.node as usize] == service)?
        .node;
    let total: i64 = analysis
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

/// Whether a part of the critical path is worth a word: shorter ones explain little.
fn tells(model: &TraceModel, nanos: i64) -> bool {
    nanos >= (model.headline_duration() / UNSEEN_SHARE).max(UNSEEN_FROM)
}

/// The calls that most was waited for, where no span tells what they did.
fn waiting(model: &TraceModel) -> Option<Finding> {
    let of_calls = |node: u32| model.kind(node) == SpanKind::Client && leaf(model, node);
    let mut contributors = model.analysis()?.contributors.iter();
    let most = contributors.find(|one| of_calls(one.node))?;
    let service = format::clipped(&model.service_of(most.node).name, 32);
    tells(model, most.nanos).then(|| Finding {
        tone: Tone::Line,
        lead: "Waiting".to_owned(),
        strong: format::duration(most.nanos),
        rest: format::clipped(&format::quoted(model.name(most.node)), 40),
        detail: format!(
            "{service} waited {} for answers; no span tells what was done for them.",
            format::duration(most.nanos)
        ),
        node: most.node,
    })
}

/// The span with the largest own time, other than those whose waiting or gap is told already.
fn own_time(model: &TraceModel, told: &[Finding]) -> Option<Finding> {
    let analysis = model.analysis()?;
    let alike = |a: u32, b: u32| {
        let whose = |node: u32| (model.service[node as usize], model.name_number(node));
        whose(a) == whose(b)
    };
    let node = *analysis
        .longest
        .iter()
        .find(|node| told.iter().all(|told| !alike(told.node, **node)))?;
    let own = model.self_time(node);
    let service = format::clipped(&model.service_of(node).name, 32);
    tells(model, own).then(|| Finding {
        tone: Tone::Line,
        lead: "Self time".to_owned(),
        strong: format::duration(own),
        rest: format::clipped(&format::quoted(model.name(node)), 40),
        detail: format!(
            "The largest self time: {service} waited for none of its calls in {} of its {}.",
            format::duration(own),
            format::duration(model.duration_of(node))
        ),
        node,
    })
}

/// The longest stretch of the critical path in which a span that calls others called none.
fn gap(model: &TraceModel) -> Option<Finding> {
    let between = |node: u32| model.kind(node) != SpanKind::Client && !leaf(model, node);
    let own = model.critical().iter();
    let own = own.filter(|segment| between(segment.node));
    let longest = own.max_by_key(|segment| {
        (
            segment.end - segment.start,
            std::cmp::Reverse(segment.start),
        )
    })?;
    let nanos = longest.end - longest.start;
    tells(model, nanos).then(|| Finding {
        tone: Tone::Note,
        lead: "Gap".to_owned(),
        strong: format::duration(nanos),
        rest: format!(
            "in {}",
            format::clipped(&format::quoted(model.name(longest.node)), 40)
        ),
        detail: format!(
            "For {} nothing below it ran: work of its own, or calls that are not traced.",
            format::duration(nanos)
        ),
        node: longest.node,
    })
}

fn leaf(model: &TraceModel, node: u32) -> bool {
    model.subtree[node as usize] == 1
}

fn errors(model: &TraceModel) -> Vec<Finding> {
    let mut groups: Vec<(u16, String, &str, Vec<u32>)> = Vec::new();
    let origins = origins_of_errors(model);
    for node in &origins {
        let (service, reason, name) = (
            model.service[*node as usize],
            reason(model, *node),
            model.name(*node),
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
            detail: model.failure_message(nodes[0]).to_owned(),
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
    let mut heads: Vec<u32> = model
        .folds()
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
            let database = model.has(head, flag::DATABASE);
            Finding {
                tone: Tone::Warn,
                lead: if database && one_after_the_other(model, &members) {
                    "N+1"
                } else {
                    "Repeated"
                }
                .to_owned(),
                strong: format!("×{}", format::count(members.len() as u64)),
                rest: format::clipped(&format::quoted(model.name(head)), 40),
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
    let mut out: Vec<Finding> = Vec::new();
    if let Some((node, count)) = model.clocks {
        let two = [
            NoteKind::StartsBeforeOtherService,
            NoteKind::EndsAfterOtherService,
        ];
        let told = model.notes().iter().find(|note| two.contains(&note.kind));
        let detail = told.map_or("", |note| &note.text);
        // By how much is told of times as they were sent: adjusted, what still disagrees is told by no offset.
        let apart = if model.adjusted {
            String::new()
        } else {
            clock::told(model, &model.skews)
        };
        let count = if apart.is_empty() { count } else { 1 };
        let mut chip = note("Clocks disagree", count, detail, node);
        if !apart.is_empty() {
            chip.lead = std::mem::replace(&mut chip.strong, apart);
        }
        out.push(chip);
    }
    for warning in model.notes() {
        if let Some(words) = note_words(warning.kind) {
            out.push(note(words, warning.count, &warning.text, warning.row));
        }
    }
    out
}

fn note(words: &str, count: u32, detail: &str, node: u32) -> Finding {
    Finding {
        tone: Tone::Note,
        lead: String::new(),
        strong: if count > 1 {
            format!("{} ×{}", words, format::count(u64::from(count)))
        } else {
            words.to_owned()
        },
        rest: String::new(),
        detail: detail.to_owned(),
        node,
    }
}

/// A kind of note in few words; `None` for what needs no chip: an instant is as good a span as any, asynchronous
/// work may outlive what began it within one clock, and what two clocks say has its own chip.
fn note_words(kind: NoteKind) -> Option<&'static str> {
    Some(match kind {
        NoteKind::Orphan => "Parent missing",
        NoteKind::Cycle => "Parents in a circle",
        NoteKind::SeveralRoots => "Several roots",
        NoteKind::StartsBeforeParent => "Starts before its parent",
        NoteKind::NegativeDuration => "Ends before it starts",
        NoteKind::DuplicateSpanId => "Span id used twice",
        NoteKind::ClockImplausible => "Clock far off",
        NoteKind::ZeroDuration
        | NoteKind::EndsAfterParent
        | NoteKind::StartsBeforeOtherService
        | NoteKind::EndsAfterOtherService => return None,
    })
}

/// The findings as buttons, each of which picks its node; nothing where there are none.
#[must_use]
pub fn chips(findings: &[Finding]) -> Option<Markup> {
    let chip = |finding: &Finding| {
        let class = match finding.tone {
            Tone::Line => "chip chip--line",
            Tone::Error => "chip chip--error",
            Tone::Warn => "chip chip--warn",
            Tone::Note => "chip",
        };
        let mut chip = button(class, &finding.node.to_string(), "").set("title", &finding.detail);
        if !finding.lead.is_empty() {
            chip = chip.with(text("span", "chip__lead", &finding.lead));
        }
        chip = chip.with(text("b", "", &finding.strong));
        if !finding.rest.is_empty() {
            chip = chip.with(text("span", "", &finding.rest));
        }
        chip
    };
    let group = element("div", "chips")
        .set("role", "group")
        .set("aria-label", "Findings");
    (!findings.is_empty()).then(|| group.all(findings.iter().map(chip).collect()))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{booking, failed, kind, model, span};
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
                "Waiting 1.75 s POST acquirer/charge",
            ]
        );
    }

    #[test]
    fn what_no_span_tells_of_is_a_gap_or_a_wait() {
        const MS: u64 = 1_000_000;
        let call = |id, parent, name: &str, from: u64, to: u64| {
            kind(
                span(id, parent, "a", name, from * MS, to * MS),
                SpanKind::Client,
            )
        };
        let spans = |pause: u64| {
            vec![
                span(1, 0, "a", "root", 0, 1_000 * MS),
                call(2, 1, "ask b", 0, 500 - pause),
                span(3, 2, "b", "answer", 0, (500 - pause) * MS),
                call(4, 1, "ask elsewhere", 500 + pause, 1_000),
            ]
        };
        let told = chips(&model(spans(150)));
        assert!(told.contains(&"Gap 300 ms in root".to_owned()), "{told:?}");
        assert!(
            told.contains(&"Waiting 350 ms ask elsewhere".to_owned()),
            "{told:?}"
        );
        let told = chips(&model(spans(50)));
        assert!(told.iter().all(|chip| !chip.starts_with("Gap")), "{told:?}");
    }

    #[test]
    fn the_largest_own_time_is_told_once() {
        const MS: u64 = 1_000_000;
        let told = |work: u64| {
            chips(&model(vec![
                span(1, 0, "a", "root", 0, 1_000 * MS),
                span(2, 1, "a", "prepare", 0, (1_000 - work) * MS),
                span(3, 1, "b", "compute", (1_000 - work) * MS, 1_000 * MS),
            ]))
        };
        let told_first = told(700);
        assert!(
            told_first.contains(&"Self time 700 ms compute".to_owned()),
            "{told_first:?}"
        );
        assert!(
            told(300).contains(&"Self time 700 ms prepare".to_owned()),
            "whichever it is"
        );
        let only = chips(&model(vec![span(1, 0, "a", "root", 0, 1_000 * MS)]));
        assert_eq!(only.len(), 2, "{only:?}");
        let spread = (0..10).map(|step| {
            span(
                step + 2,
                1,
                "a",
                &format!("{step}"),
                step * MS,
                (step + 1) * MS,
            )
        });
        let spread = model(
            std::iter::once(span(1, 0, "a", "root", 0, 10 * MS))
                .chain(spread)
                .collect(),
        );
        assert!(
            chips(&spread)
                .iter()
                .all(|chip| !chip.starts_with("Self time"))
        );
    }

    #[test]
    fn clocks_that_disagree_are_told_by_name_and_how_far() {
        const MS: u64 = 1_000_000;
        let ask = |id, parent, service: &str, from, to| {
            kind(span(id, parent, service, "ask", from, to), SpanKind::Client)
        };
        let answer = |id, parent, service: &str, from, to| {
            kind(
                span(id, parent, service, "answer", from, to),
                SpanKind::Server,
            )
        };
        let model = model(vec![
            ask(1, 0, "shop", 0, 100 * MS),
            answer(2, 1, "payment", 5_010 * MS, 5_090 * MS),
        ]);
        assert!(chips(&model).contains(&"Clocks disagree payment +5.00 s".to_owned()));
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
        assert!(model.analysis().expect("analysed").retries.is_empty());
    }
}
