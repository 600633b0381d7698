//! Sampled stacks under a slow span: which functions took its time, as the tracer's profile has them
//! (`throughline.profile.stacks`: `outer;inner 120 ms`, the largest first).

use shared::attribute::AttributeValue;
use shared::span::Span;

use crate::format;
use crate::markup::{Markup, element, text};

/// The event that has them, and their attribute.
const EVENT: &str = "profile";
const STACKS: &str = "throughline.profile.stacks";
/// Deeper calls are not drawn; the list of functions has them.
const MOST_DEPTH: usize = 14;
/// Narrower calls are not drawn, as a share of all samples.
const LEAST_SHARE: f64 = 0.01;
/// So many functions are listed.
const MOST_FUNCTIONS: usize = 5;

/// A function with what it called.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Call {
    name: String,
    millis: u64,
    /// Without what it called.
    own: u64,
    calls: Vec<Call>,
}

impl Call {
    fn add(&mut self, path: &[&str], millis: u64) {
        let mut call = self;
        call.millis += millis;
        for name in path {
            let place = match call.calls.iter().position(|known| known.name == *name) {
                Some(place) => place,
                None => {
                    call.calls.push(Call {
                        name: (*name).to_owned(),
                        ..Call::default()
                    });
                    call.calls.len() - 1
                }
            };
            call = &mut call.calls[place];
            call.millis += millis;
        }
        call.own += millis;
    }
}

/// The calls of a span's profile, under one that stands for all; `None` where it has no profile.
fn calls(span: &Span) -> Option<Call> {
    let mut root = Call::default();
    let profiles = span.events.iter().filter(|event| event.name == EVENT);
    let found = profiles.flat_map(|event| &event.attributes);
    for attribute in found.filter(|attribute| attribute.key == STACKS) {
        let AttributeValue::Array(stacks) = &attribute.value else {
            continue;
        };
        for stack in stacks.iter().filter_map(AttributeValue::as_str) {
            let Some((path, millis)) = stack
                .strip_suffix(" ms")
                .and_then(|stack| stack.rsplit_once(' '))
            else {
                continue;
            };
            // Another sender's may be as deep as it likes.
            let path: Vec<&str> = path.split(';').take(256).collect();
            if let Ok(millis) = millis.parse::<u32>() {
                root.add(&path, u64::from(millis));
            }
        }
    }
    (root.millis > 0).then_some(root)
}

/// The picture of a span's profile: callers above what they called, as wide as their time, and the functions that took
/// the most. Nothing where the span has none.
#[must_use]
pub fn picture(span: &Span) -> Vec<Markup> {
    let Some(root) = calls(span) else {
        return Vec::new();
    };
    let total = root.millis;
    // What every sample begins with says nothing.
    let mut top = &root;
    while let [only] = top.calls.as_slice()
        && only.own == 0
        && !only.calls.is_empty()
    {
        top = only;
    }
    let mut boxes = Vec::new();
    let mut depth = 0;
    let mut level: Vec<(&Call, u64)> = placed(top, 0);
    while !level.is_empty() && depth < MOST_DEPTH {
        let mut next = Vec::new();
        for (call, from) in level {
            let share = call.millis as f64 / total as f64;
            if share < LEAST_SHARE {
                continue;
            }
            let took = format::duration((call.millis * 1_000_000) as i64);
            let style = format!(
                "--left:{:.2}%;--width:{:.2}%;--depth:{depth}",
                from as f64 / total as f64 * 100.0,
                share * 100.0
            );
            boxes.push(
                text("span", "stacks__call", &call.name)
                    .set("style", &style)
                    .set("title", &format!("{} {took}", call.name)),
            );
            next.extend(placed(call, from));
        }
        level = next;
        depth += 1;
    }
    let picture = element("div", "stacks__picture")
        .set("style", &format!("--rows:{depth}"))
        .set("aria-hidden", "true")
        .all(boxes);
    let title = format!(
        "Sampled functions, {} in all",
        format::duration((total * 1_000_000) as i64)
    );
    vec![
        text("h3", "stacks__head", &title),
        picture,
        functions(&root),
    ]
}

/// What a call called, each with where it begins.
fn placed(call: &Call, mut from: u64) -> Vec<(&Call, u64)> {
    let mut out = Vec::with_capacity(call.calls.len());
    for called in &call.calls {
        out.push((called, from));
        from += called.millis;
    }
    out
}

/// The functions that took the most themselves.
fn functions(root: &Call) -> Markup {
    let mut own: Vec<(&str, u64)> = Vec::new();
    let mut open = vec![root];
    while let Some(call) = open.pop() {
        if call.own > 0 {
            match own.iter_mut().find(|(name, _)| *name == call.name) {
                Some((_, millis)) => *millis += call.own,
                None => own.push((&call.name, call.own)),
            }
        }
        open.extend(&call.calls);
    }
    own.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let item = |(name, millis): &(&str, u64)| {
        element("li", "").with(text("code", "", name)).with(text(
            "b",
            "",
            &format::duration((*millis * 1_000_000) as i64),
        ))
    };
    element("ol", "stacks__functions")
        .set("aria-label", "Functions that took the most time")
        .all(own.iter().take(MOST_FUNCTIONS).map(item).collect())
}

#[cfg(test)]
mod tests {
    use shared::attribute::Attribute;
    use shared::span::SpanEvent;

    use super::super::fixture::span;
    use super::*;

    fn profiled(stacks: &[&str]) -> Span {
        let mut record = span(1, 0, "web", "click", 0, 1_000);
        let stacks = stacks.iter().map(|stack| AttributeValue::from(*stack));
        record.span.events.push(SpanEvent {
            time: record.span.start,
            name: EVENT.to_owned(),
            attributes: vec![Attribute::new(
                STACKS,
                AttributeValue::Array(stacks.collect()),
            )],
            dropped_attributes_count: 0,
        });
        record.span
    }

    fn words(span: &Span) -> String {
        let drawn = picture(span);
        let words: Vec<String> = drawn.iter().map(Markup::inner_text).collect();
        words.join("|").replace('\u{a0}', " ")
    }

    #[test]
    fn stacks_become_calls_and_the_functions_that_took_the_time() {
        let span = profiled(&[
            "onclick (app.js:1);render (app.js:9);layout (ui.js:3) 120 ms",
            "onclick (app.js:1);render (app.js:9) 30 ms",
            "onclick (app.js:1);save (app.js:7) 50 ms",
        ]);
        assert_eq!(
            words(&span),
            "Sampled functions, 200 ms in all|render (app.js:9)save (app.js:7)layout (ui.js:3)|layout (ui.js:3)120 mssave (app.js:7)50 msrender (app.js:9)30 ms"
        );
        let drawn = picture(&span);
        let crate::markup::Content::Element(layout) = &drawn[1].contents[2] else {
            panic!("a call");
        };
        assert_eq!(
            layout.attributes[1].1,
            "--left:0.00%;--width:60.00%;--depth:1"
        );
    }

    #[test]
    fn what_is_no_profile_draws_nothing() {
        for stacks in [&[][..], &["", "x", "a 5 s", "b -3 ms", " ms"]] {
            assert_eq!(words(&profiled(stacks)), "", "{stacks:?}");
        }
        let deep = format!("{} 10 ms", vec!["f"; 10_000].join(";"));
        assert!(words(&profiled(&[&deep])).contains("Sampled functions"));
    }
}
