//! The card beside a row: what it is, how long it took, how much of that itself, who waited for it and for whom it waited.

use super::log_marks::LogMarks;
use super::rows::RowKey;
use super::trace::{Segment, TraceModel};
use crate::format;
use crate::markup::{Markup, element, text};

/// So many stretches of the critical path are told apart by child; of more only the sum is said.
const MOST_SEGMENTS: usize = 20_000;
/// Longer names are cut.
const LONGEST: usize = 120;

/// What of the critical path lies within a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Share {
    /// In the span or below it, in nanoseconds.
    all: i64,
    /// In the span itself.
    own: i64,
    /// The child with the largest part, and that.
    most: Option<(u32, i64)>,
}

fn share(model: &TraceModel, node: u32) -> Share {
    let (start, end) = (model.start[node as usize], model.end[node as usize]);
    let path = model.critical();
    let from = path.partition_point(|segment| segment.end <= start);
    let to = path.partition_point(|segment| segment.start < end);
    let within = node..model.after(node);
    let segments: Vec<&Segment> = path
        .get(from..to)
        .unwrap_or_default()
        .iter()
        .filter(|segment| within.contains(&segment.node))
        .collect();
    let mut found = Share::default();
    let children: Vec<u32> = if segments.len() <= MOST_SEGMENTS {
        model.children(node).collect()
    } else {
        Vec::new()
    };
    let mut parts = vec![0_i64; children.len()];
    for segment in segments {
        let nanos = segment.end - segment.start;
        found.all += nanos;
        if segment.node == node {
            found.own += nanos;
        } else if let Some(place) = children
            .partition_point(|child| *child <= segment.node)
            .checked_sub(1)
        {
            parts[place] += nanos;
        }
    }
    let largest = (0..children.len()).max_by_key(|place| (parts[*place], usize::MAX - place));
    found.most = largest
        .map(|place| (children[place], parts[place]))
        .filter(|(_, nanos)| *nanos > 0);
    found
}

fn who(model: &TraceModel, node: u32) -> String {
    format!(
        "{} {}",
        format::clipped(&model.service_of(node).name, 40),
        format::clipped(&format::quoted(model.name(node)), 60)
    )
}

fn figure(name: &str, value: &str) -> Markup {
    element("div", "")
        .with(text("dt", "", name))
        .with(text("dd", "", value))
}

/// The card of a row.
#[must_use]
pub fn card(model: &TraceModel, logs: &LogMarks, row: RowKey) -> Vec<Markup> {
    let node = row.node;
    let name = format::clipped(&format::quoted(model.name(node)), LONGEST);
    let service = &model.service_of(node).name;
    let kind = model.kind(node).as_str();
    let mut out = vec![
        text("b", "card__name", &name),
        text(
            "p",
            "card__who",
            &format!("{} · {kind}", format::clipped(service, LONGEST)),
        ),
    ];
    if row.fold {
        out.push(of_fold(model, node));
        return out;
    }
    let (duration, own) = (model.duration_of(node), model.self_time(node));
    let mut figures = vec![
        figure("Duration", &format::duration(model.raw_duration(node))),
        figure("Itself", &format::duration(own)),
        figure("Of the trace", &format::percent(duration, model.duration)),
    ];
    let share = share(model, node);
    let total = path_length(model);
    if total > 0 {
        figures.push(figure("Critical path", &format::percent(share.all, total)));
    }
    out.push(element("dl", "card__figures").all(figures));
    let mut say = |words: String| out.push(text("p", "", &words));
    if let Some(parent) = model.parent_of(node) {
        let (from, to) = (
            model.start[node as usize].max(model.start[parent as usize]),
            model.end[node as usize].min(model.end[parent as usize]),
        );
        match (share.all > 0, to > from) {
            (true, _) => say(format!(
                "{} waited {} for it.",
                who(model, parent),
                format::duration(share.all)
            )),
            (false, true) if total > 0 => say(format!(
                "Nobody waited for it: {} went on or waited for something longer.",
                who(model, parent)
            )),
            (false, false) => say(format!(
                "{} did not wait for it: they do not overlap.",
                who(model, parent)
            )),
            _ => {}
        }
    }
    if let Some((child, nanos)) = share.most {
        say(format!(
            "It waited {} for {}.",
            format::duration(nanos),
            who(model, child)
        ));
    }
    let logged = logs.told(node);
    if !logged.is_empty() {
        say(logged);
    }
    out
}

fn path_length(model: &TraceModel) -> i64 {
    match (model.critical().first(), model.critical().last()) {
        // The path is continuous.
        (Some(first), Some(last)) => last.end - first.start,
        _ => 0,
    }
}

fn of_fold(model: &TraceModel, head: u32) -> Markup {
    let members = u64::from(model.fold[head as usize]);
    let mut figures = vec![figure("Alike calls", &format::count(members))];
    if let Some(times) = model.fold_times(head) {
        let wall = times.end - model.start[head as usize];
        figures.push(figure("Median", &format::duration(times.p50)));
        figures.push(figure("p95", &format::duration(times.p95)));
        figures.push(figure("First to last", &format::duration(wall)));
    }
    element("dl", "card__figures").all(figures)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{booking, model, span};
    use super::*;

    fn words(model: &TraceModel, node: u32, fold: bool) -> String {
        let drawn = card(model, &LogMarks::default(), RowKey { node, fold });
        let words: Vec<String> = drawn.iter().map(Markup::inner_text).collect();
        words.join("|").replace('\u{a0}', " ")
    }

    fn named(model: &TraceModel, name: &str) -> u32 {
        (0..model.len() as u32)
            .find(|node| model.name(*node) == name)
            .expect("a span")
    }

    #[test]
    fn the_card_says_who_waited_and_for_whom() {
        let model = booking();
        let said = words(&model, named(&model, "POST /charge"), false);
        for part in [
            "payment · internal",
            "Duration1.86 s",
            "Itself107 ms",
            "Of the trace81 %",
            "Critical path81 %",
            "booking POST /record waited 1.86 s for it.",
            "It waited 602 ms for payment POST acquirer/charge.",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
    }

    #[test]
    fn what_runs_beside_the_path_kept_nobody_waiting() {
        let model = model(vec![
            span(1, 0, "a", "root", 0, 100),
            span(2, 1, "b", "short", 10, 20),
            span(3, 1, "b", "long", 5, 95),
            span(4, 1, "b", "afterwards", 150, 160),
        ]);
        let said = |name| words(&model, named(&model, name), false);
        assert!(
            said("short").contains("Nobody waited for it"),
            "{}",
            said("short")
        );
        assert!(said("long").contains("a root waited 90 ns for it."));
        assert!(said("afterwards").contains("did not wait for it"));
        assert!(!said("root").contains("waited 100"), "a root has no caller");
    }

    #[test]
    fn alike_calls_have_one_card() {
        let model = booking();
        let head = model.folds().next().expect("a fold");
        assert!(
            words(&model, head, true).ends_with("Alike calls24Median2 msp952 msFirst to last71 ms")
        );
    }
}
