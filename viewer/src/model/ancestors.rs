//! The line of what the first row that is seen belongs to: the nearest ancestors by name, the others behind a button.

use super::trace::TraceModel;
use crate::format;
use crate::markup::{Markup, button, element, text};

/// So many of the nearest are named, beside the outermost.
const NEAREST: usize = 3;
/// So many are listed; beyond them lies the way to the outermost.
const LISTED: usize = 100;

/// What the button picks that opens and closes the list.
pub const MORE: &str = "more";

/// The line, and the list of all where it is opened; nothing where there are none. `nodes` are the outermost first.
#[must_use]
pub fn line(model: &TraceModel, nodes: &[u32], narrow: bool, opened: bool) -> Vec<Markup> {
    let name = |class: &str, node: u32| {
        let name = format::clipped(&format::quoted(model.name(node)), 60);
        button(class, &node.to_string(), &name)
    };
    let Some((outermost, rest)) = nodes.split_first() else {
        return Vec::new();
    };
    // A narrow line has room for one name.
    let shown: &[u32] = if narrow { nodes } else { rest };
    let left_out = shown.len().saturating_sub(if narrow { 1 } else { NEAREST });
    let mut line =
        element("nav", "ancestors__line").set("aria-label", "Above the rows that are seen");
    if !narrow {
        line = line.with(name("ancestors__one", *outermost));
    }
    let count = format::count(left_out as u64);
    let more = (left_out > 0).then(|| {
        button("ancestors__more", MORE, &format!("… {count}"))
            .set("aria-label", &format!("{count} more above"))
            .set("aria-expanded", if opened { "true" } else { "false" })
    });
    for (place, node) in shown[left_out..].iter().enumerate() {
        let sign = if narrow { "↑" } else { "›" };
        line = line.with(text("span", "", sign).set("aria-hidden", "true"));
        if let Some(more) = more.as_ref().filter(|_| place == 0 && !narrow) {
            line = line
                .with(more.clone())
                .with(text("span", "", "›").set("aria-hidden", "true"));
        }
        line = line.with(name("ancestors__one", *node));
    }
    if let Some(more) = more.clone().filter(|_| narrow) {
        line = line.with(more);
    }
    if opened && more.is_some() {
        line = line.with(list(nodes, |node| {
            // Caller and callee are often called the same.
            let service = format::clipped(&model.service_of(node).name, 32);
            name("ancestors__listed", node).text(" ").with(text(
                "small",
                "ancestors__service",
                &service,
            ))
        }));
    }
    vec![line]
}

fn list(nodes: &[u32], name: impl Fn(u32) -> Markup) -> Markup {
    let skipped = nodes.len().saturating_sub(LISTED);
    let mut list = element("ol", "ancestors__list");
    for (depth, node) in nodes.iter().enumerate() {
        if (1..=skipped).contains(&depth) {
            if depth == 1 {
                let words = format!("{} between", format::counted(skipped as u64, "span"));
                list = list.with(text("li", "ancestors__between", &words));
            }
            continue;
        }
        list = list.with(element("li", "").with(name(*node)));
    }
    list
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{model, span};
    use super::*;

    fn chain(length: u64) -> (TraceModel, Vec<u32>) {
        let spans = (0..length).map(|id| span(id + 1, id, "a", &format!("s{id}"), id, 1_000));
        (model(spans.collect()), (0..length as u32).collect())
    }

    fn words(length: u64, narrow: bool, opened: bool) -> String {
        let (model, nodes) = chain(length);
        let drawn = line(&model, &nodes, narrow, opened);
        drawn.iter().map(Markup::inner_text).collect()
    }

    #[test]
    fn the_nearest_are_named_and_the_others_counted() {
        for (length, narrow, expected) in [
            (0, false, ""),
            (1, false, "s0"),
            (4, false, "s0›s1›s2›s3"),
            (7, false, "s0›… 3›s4›s5›s6"),
            (1, true, "↑s0"),
            (4, true, "↑s3… 3"),
        ] {
            assert_eq!(words(length, narrow, false), expected);
        }
    }

    #[test]
    fn the_list_names_all_and_of_very_many_the_ends() {
        assert_eq!(words(3, true, true), "↑s2… 2s0 as1 as2 a");
        assert_eq!(words(1, true, true), "↑s0", "there is nothing to open");
        let many = words(150, true, true);
        assert!(
            many.starts_with("↑s149… 149s0 a50 spans betweens51 a"),
            "{many}"
        );
        assert!(many.ends_with("s148 as149 a"));
    }
}
