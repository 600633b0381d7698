//! The figures of a span in the drawer: how long, how much of it itself, when, and its network phases.

use super::clock::both_times;
use super::phases::{Phase, phases};
use super::trace::TraceModel;
use crate::format;
use crate::markup::{Markup, element, text};

/// More stretches than pixels tell nothing.
const MOST_PARTS: usize = 200;

/// The figures, and below them the span's own time or its phases.
#[must_use]
pub fn figures(model: &TraceModel, node: u32) -> Vec<Markup> {
    let duration = model.duration_of(node);
    let start = model.start[node as usize];
    let figure = |name: &str, value: &str| {
        element("div", "")
            .with(text("dt", "", name))
            .with(text("dd", "", value))
    };
    let figures = element("dl", "figures").all(vec![
        figure("Duration", &format::duration(model.raw_duration(node))),
        figure("Self", &format::duration(model.self_time(node))),
        figure("Of trace", &format::percent(duration, model.duration)),
        figure("Starts at", &format!("+{}", format::duration(start))),
    ]);
    let found = phases(model, node);
    let share = |nanos: i64| nanos as f64 / duration.max(1) as f64 * 100.0;
    let stretch = |class, from: i64, to: i64, strength: &str| {
        let (left, width) = (share(from), share(to - from));
        element("i", class).set(
            "style",
            &format!("--left:{left:.3}%;--width:{width:.3}%{strength}"),
        )
    };
    let split = element("div", "split").set("aria-hidden", "true");
    if found.is_empty() {
        let parts = model.self_parts(node);
        let part = |(from, to): &(i64, i64)| stretch("split__own", from - start, to - start, "");
        let split = split
            .set("title", "Solid: its own time. Pale: waiting for children.")
            .all(parts.iter().take(MOST_PARTS).map(part).collect());
        return with_clock(model, node, vec![figures, split]);
    }
    let strength = |phase: &Phase| format!(";--strength:{}", phase.kind.strength());
    let part = |phase: &Phase| stretch("split__phase", phase.start, phase.end, &strength(phase));
    let item = |phase: &Phase| {
        element("li", "")
            .with(
                element("i", "")
                    .set("style", &strength(phase)[1..])
                    .set("aria-hidden", "true"),
            )
            .text(phase.kind.label())
            .text(" ")
            .with(text("b", "", &format::duration(phase.end - phase.start)))
    };
    let list = element("ul", "phases")
        .set("aria-label", "Network phases")
        .all(found.iter().map(item).collect());
    let split = split.all(found.iter().map(part).collect());
    with_clock(model, node, vec![figures, split, list])
}

/// With what its clock and its caller's say, where they disagree.
fn with_clock(model: &TraceModel, node: u32, mut drawn: Vec<Markup>) -> Vec<Markup> {
    drawn.extend(both_times(model, node).map(|words| text("p", "figures__clock", &words)));
    drawn
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{model, span};
    use super::*;

    #[test]
    fn a_span_shows_its_own_time_beside_what_it_waited_for() {
        let model = model(vec![
            span(1, 0, "a", "root", 0, 400),
            span(2, 1, "a", "child", 100, 200),
        ]);
        let drawn = figures(&model, 1);
        let words: String = drawn.iter().map(Markup::inner_text).collect();
        assert!(
            words.contains("Of trace25") && words.contains("Starts at+100"),
            "{words}"
        );
        let root = figures(&model, 0);
        assert_eq!(root[1].contents.len(), 2, "before the child and after it");
    }
}
