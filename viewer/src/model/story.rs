//! The trace in one sentence: what the time went to, and what failed.

use shared::columns::flag;
use shared::span::SpanKind;

use super::analysis::Contributor;
use super::findings;
use super::trace::TraceModel;
use crate::format;
use crate::markup::{Markup, element, text};

/// A contributor with less than this share does not explain the whole.
const CULPRIT_SHARE: f64 = 0.3;

/// How a piece of the story is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Emphasis {
    /// Running text.
    Plain,
    /// A name or a figure.
    Strong,
    /// The culprit.
    Culprit,
    /// What failed.
    Failure,
}

/// A piece of the story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// How it is set.
    pub emphasis: Emphasis,
    /// Its text.
    pub text: String,
}

struct Story(Vec<Piece>);

impl Story {
    fn add(&mut self, emphasis: Emphasis, text: impl Into<String>) -> &mut Self {
        self.0.push(Piece {
            emphasis,
            text: text.into(),
        });
        self
    }

    fn plain(&mut self, text: &str) -> &mut Self {
        self.add(Emphasis::Plain, text)
    }
}

/// The story of a trace; empty for a trace without spans.
#[must_use]
pub fn story(model: &TraceModel) -> Vec<Piece> {
    let mut story = Story(Vec::new());
    if model.is_empty() {
        return story.0;
    }
    let Some(analysis) = model.analysis() else {
        return story.0;
    };
    let contributors = &analysis.contributors;
    match contributors.first() {
        None => {
            story.plain("No time passed between the first start and the last end");
        }
        Some(only) if model.len() == 1 => {
            story
                .add(Emphasis::Strong, format::duration(model.duration))
                .plain(" in one span of ");
            story.add(Emphasis::Strong, service(model, only.node));
        }
        Some(largest) => where_the_time_went(model, &mut story, *largest, contributors.len()),
    }
    what_failed(model, &mut story, contributors.first().copied());
    story.plain(".");
    story.0
}

fn where_the_time_went(
    model: &TraceModel,
    story: &mut Story,
    largest: Contributor,
    contributors: usize,
) {
    let total: i64 = model
        .critical()
        .iter()
        .map(|segment| segment.end - segment.start)
        .sum();
    let culprit = largest.nanos as f64 >= total as f64 * CULPRIT_SHARE;
    if culprit {
        story
            .plain("Of the ")
            .add(Emphasis::Strong, format::duration(total));
        let covers = total as f64 > model.headline_duration() as f64 * 0.98;
        if !covers {
            story
                .plain(" that ")
                .add(Emphasis::Strong, name(model, model.root))
                .plain(" took");
        } else if model.has(model.root, flag::ACTION) {
            story.plain(" that the user waited");
        }
        story.plain(", ");
    } else {
        let places = format::counted(contributors as u64, "place");
        story
            .plain("The ")
            .add(Emphasis::Strong, format::duration(total))
            .plain(&format!(" went to {places}; the largest part, "));
    }
    let (who, how) = role(model, largest.node);
    let nanos = format::duration(largest.nanos);
    let emphasis = if culprit {
        Emphasis::Culprit
    } else {
        Emphasis::Strong
    };
    if culprit {
        story.add(emphasis, format!("{nanos} was {who}"));
    } else {
        story
            .add(emphasis, nanos)
            .plain(", was ")
            .add(emphasis, who);
    }
    story
        .plain(how)
        .add(Emphasis::Strong, name(model, largest.node));
}

/// Who spent a node's own time, and the words that lead to its name.
fn role(model: &TraceModel, node: u32) -> (String, &'static str) {
    let who = service(model, node);
    if model.kind(node) != SpanKind::Client {
        let who = if model.service_of(node).browser {
            "the browser".to_owned()
        } else {
            who
        };
        return (who, " in ");
    }
    let answered = model
        .children(node)
        .any(|child| model.service[child as usize] != model.service[node as usize]);
    if answered {
        ("the way there and back".to_owned(), " of ")
    } else {
        (who, " waiting for ")
    }
}

fn what_failed(model: &TraceModel, story: &mut Story, largest: Option<Contributor>) {
    let retries = model
        .analysis()
        .map_or(&[][..], |analysis| &analysis.retries);
    let told = largest.map(|contributor| contributor.node);
    if let Some(retries) = retries
        .iter()
        .max_by_key(|retries| told.is_some_and(|node| retries.tries.contains(&node)))
    {
        let failures = retries.tries.len() - usize::from(retries.succeeded);
        if told.is_some_and(|node| retries.tries.contains(&node)) {
            story.plain("; it ");
        } else {
            story
                .plain("; ")
                .add(Emphasis::Strong, name(model, retries.tries[0]))
                .plain(" ");
        }
        story.add(Emphasis::Failure, format!("failed {}", times(failures)));
        if retries.succeeded {
            story.plain(&format!(
                " and succeeded on the {} try",
                ordinal(failures + 1)
            ));
        }
        return;
    }
    let origins = findings::origins_of_errors(model);
    let Some(first) = origins.first().copied() else {
        return;
    };
    let message = model.failure_message(first);
    if told == Some(first) {
        story.plain("; it ");
    } else {
        story
            .plain("; ")
            .add(Emphasis::Strong, name(model, first))
            .plain(" in ")
            .add(Emphasis::Strong, service(model, first))
            .plain(" ");
    }
    let reason = findings::reason(model, first);
    story.add(
        Emphasis::Failure,
        if reason == "error" {
            "failed".to_owned()
        } else {
            format!("failed with {reason}")
        },
    );
    if !message.is_empty() && message != reason {
        story.plain(&format!(
            ": {}",
            format::clipped(message.trim_end_matches('.'), 120)
        ));
    }
    if origins.len() > 1 {
        story.plain(&format!(
            ", and {} more",
            format::count(origins.len() as u64 - 1)
        ));
    }
}

fn service(model: &TraceModel, node: u32) -> String {
    format::clipped(&model.service_of(node).name, 40)
}

fn name(model: &TraceModel, node: u32) -> String {
    format::clipped(&format::quoted(model.name(node)), 80)
}

fn times(count: usize) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        3 => "three times".to_owned(),
        count => format!("{count} times"),
    }
}

fn ordinal(number: usize) -> String {
    match number {
        2 => "second".to_owned(),
        3 => "third".to_owned(),
        4 => "fourth".to_owned(),
        5 => "fifth".to_owned(),
        number => format!("{number}th"),
    }
}

/// The story as a paragraph.
#[must_use]
pub fn sentence(pieces: &[Piece]) -> Markup {
    let piece = |piece: &Piece| {
        let class = match piece.emphasis {
            Emphasis::Plain => "",
            Emphasis::Strong => "story__strong",
            Emphasis::Culprit => "story__culprit",
            Emphasis::Failure => "story__failure",
        };
        text("span", class, &piece.text)
    };
    element("p", "story").all(pieces.iter().map(piece).collect())
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{booking, failed, kind, model, span, with};
    use super::*;

    fn check(model: &TraceModel, expected: &str) {
        let text: String = story(model).into_iter().map(|piece| piece.text).collect();
        assert_eq!(text.replace('\u{a0}', " "), expected);
    }

    #[test]
    fn names_the_culprit_and_its_tries() {
        check(
            &booking(),
            "Of the 2.31 s that the user waited, 1.75 s was payment waiting for POST acquirer/charge; it failed twice and succeeded on the third try.",
        );
    }

    #[test]
    fn names_what_failed_elsewhere() {
        let seat = with(
            failed(
                span(3, 1, "seating", "POST /allocate", 10, 20),
                "seat F12 is taken",
            ),
            "http.response.status_code",
            409_i64,
        );
        check(
            &model(vec![span(1, 0, "shop", "book", 0, 100), seat]),
            "Of the 100 ns, 90 ns was shop in book; POST /allocate in seating failed with 409: seat F12 is taken.",
        );
    }

    #[test]
    fn time_spread_over_many_places_has_no_culprit() {
        let mut spans = vec![span(1, 0, "a", "root", 0, 1_000)];
        spans.extend(
            (0..10).map(|i| span(10 + i, 1, "b", &format!("step {i}"), i * 100, i * 100 + 100)),
        );
        check(
            &model(spans),
            "The 1 µs went to 10 places; the largest part, 100 ns, was b in step 0.",
        );
    }

    #[test]
    fn names_the_root_where_the_trace_is_longer_than_it() {
        check(
            &model(vec![
                span(1, 0, "a", "root", 0, 100),
                span(2, 1, "a", "afterwards", 200, 500),
            ]),
            "Of the 100 ns that root took, 100 ns was a in root.",
        );
    }

    #[test]
    fn tells_the_network_from_the_service_that_answers() {
        let fetch = kind(span(1, 0, "shop-web", "GET /api", 0, 100), SpanKind::Client);
        check(
            &model(vec![fetch, span(2, 1, "api", "GET /api", 40, 60)]),
            "Of the 100 ns, 80 ns was the way there and back of GET /api.",
        );
    }

    #[test]
    fn small_traces_have_a_story_too() {
        check(
            &model(vec![span(1, 0, "a", "root", 0, 100)]),
            "100 ns in one span of a.",
        );
        check(
            &model(vec![span(1, 0, "a", "root", 5, 5)]),
            "No time passed between the first start and the last end.",
        );
        check(&model(Vec::new()), "");
    }
}
