//! The browser's main thread under a trace: frames that took long, and memory that an action has cost.

use super::trace::TraceModel;
use super::values::Values;
use crate::format;
use crate::markup::{Markup, button, element};
use crate::timeline::detail::joined;
use crate::timeline::scale::Scale;

/// The attribute with an action's growth of the heap, in bytes.
pub const MEMORY: &str = "throughline.memory.growth_bytes";
/// What the tracer calls a span of a long animation frame, or of a long task where the browser has no such frames.
const FRAME: &str = "long frame";
/// No more frames, and no more actions with memory, are drawn.
const MOST: usize = 400;
const MOST_MEMORY: usize = 3;

/// What the track shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MainThread {
    /// The nodes of long frames, by start.
    pub frames: Vec<u32>,
    /// Actions with how many bytes the heap has grown by.
    pub memory: Vec<(u32, i64)>,
}

impl MainThread {
    /// The long frames of a trace.
    #[must_use]
    pub fn new(model: &TraceModel) -> Self {
        let browsers: Vec<bool> = model.services.iter().map(|one| one.browser).collect();
        let name = model.number_of_name(FRAME);
        let of_browser = |node: u32| browsers[usize::from(model.service[node as usize])];
        // Numbers are compared, and not texts: a million of them take no frame's time.
        let mut frames: Vec<u32> = name.map_or_else(Vec::new, |name| {
            (0..model.len() as u32)
                .filter(|node| model.name_number(*node) == name && of_browser(*node))
                .collect()
        });
        frames.sort_by_key(|node| model.start[*node as usize]);
        Self {
            frames,
            memory: Vec::new(),
        }
    }

    /// Takes the values of [`MEMORY`].
    pub fn remember(&mut self, values: &Values) {
        let nodes = 0..values.len() as u32;
        let grown = nodes.filter_map(|node| {
            let text = values.text(values.number(node)?);
            let bytes = text.parse::<f64>().ok().filter(|bytes| *bytes > 0.0)?;
            Some((node, bytes as i64))
        });
        self.memory = grown.collect();
        // The largest are named.
        self.memory
            .sort_by_key(|(node, bytes)| (std::cmp::Reverse(*bytes), *node));
        self.memory.truncate(MOST_MEMORY);
    }

    /// Whether there is nothing to show.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty() && self.memory.is_empty()
    }
}

/// The track: a block for each long frame, or for several that cannot be told apart, and beside its name the memory that
/// actions have cost. Each picks its span.
#[must_use]
pub fn track(model: &TraceModel, thread: &MainThread, scale: Scale) -> Vec<Markup> {
    let width = scale.width();
    let seen = |from: f64, to: f64| to >= 0.0 && from <= width;
    let place = |node: u32| {
        (
            scale.px_from_nanos(model.start[node as usize]),
            scale.px_from_nanos(model.end[node as usize]),
        )
    };
    let mut out = Vec::new();
    let shown = thread.frames.iter().map(|node| place(*node));
    let blocks = joined(shown.filter(|(from, to)| seen(*from, *to)), 1.0, 3.0);
    for (from, to) in blocks.into_iter().take(MOST) {
        // By start, those of a block are neighbours.
        let before = |edge: f64| thread.frames.partition_point(|node| place(*node).0 < edge);
        let frames = &thread.frames[before(from)..before(to + 0.5)];
        let Some(longest) = frames.iter().max_by_key(|node| model.duration_of(**node)) else {
            continue;
        };
        let took = format::duration(model.duration_of(*longest));
        let words = match frames.len() {
            1 => format!("Long frame, {took}"),
            count => format!("{count} long frames, the longest {took}"),
        };
        let (left, right) = (from.max(0.0), to.min(width));
        let label = if right - left > 48.0 {
            took.as_str()
        } else {
            ""
        };
        out.push(
            button("track__frame", &longest.to_string(), label)
                .set("aria-label", &words)
                .set("title", &words)
                .set(
                    "style",
                    &format!("--x:{left:.1}px;--width:{:.1}px", (right - left).max(3.0)),
                ),
        );
    }
    let mut name = element("div", "track__name").text("Main thread");
    for (node, bytes) in &thread.memory {
        let grown = format::bytes(*bytes as u64);
        let action = format::clipped(&format::quoted(model.name(*node)), 60);
        let words = format!("The heap grew by {grown} in {action}");
        name = name.with(
            button("track__memory", &node.to_string(), &format!("+{grown}"))
                .set("aria-label", &words)
                .set("title", &words),
        );
    }
    let strip = element("div", "track__strip").all(out);
    vec![
        element("div", "track__all")
            .set("role", "group")
            .set("aria-label", "Main thread")
            .with(name)
            .with(strip),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{model, span};
    use super::*;

    fn page() -> TraceModel {
        const MS: u64 = 1_000_000;
        model(vec![
            span(1, 0, "shop-web", "click", 0, 1_000 * MS),
            span(2, 1, "shop-web", "long frame", 100 * MS, 400 * MS),
            span(3, 1, "shop-web", "long frame", 700 * MS, 701 * MS),
            span(4, 1, "shop-web", "long frame", 702 * MS, 760 * MS),
            span(5, 1, "shop", "long frame", 500 * MS, 600 * MS),
        ])
    }

    #[test]
    fn long_frames_of_the_browser_are_blocks_that_pick_them() {
        let model = page();
        let thread = MainThread::new(&model);
        assert_eq!(thread.frames, [1, 3, 4], "a service's is none");
        let titles = |scale| -> Vec<String> {
            let drawn = track(&model, &thread, scale);
            let crate::markup::Content::Element(strip) = &drawn[0].contents[1] else {
                panic!("a strip");
            };
            let crate::markup::Content::Element(first) = &strip.contents[0] else {
                panic!("a block");
            };
            let count = strip.contents.len();
            vec![
                first.attributes[3].1.replace('\u{a0}', " "),
                count.to_string(),
            ]
        };
        assert_eq!(
            titles(Scale::new(model.duration, None, 500.0)),
            ["Long frame, 300 ms", "2"],
            "what cannot be told apart is one"
        );
        let later = Some((650_000_000, 800_000_000));
        assert_eq!(
            titles(Scale::new(model.duration, later, 500.0)),
            ["Long frame, 1 ms", "2"]
        );
    }

    #[test]
    fn memory_stands_beside_the_name_of_the_track() {
        let model = page();
        let mut thread = MainThread::default();
        assert!(thread.is_empty());
        thread.remember(&Values::of_nodes(&[
            Some("35651584"),
            Some("x"),
            None,
            None,
            None,
        ]));
        assert_eq!(thread.memory, [(0, 35_651_584)]);
        let drawn = track(&model, &thread, Scale::new(model.duration, None, 500.0));
        let words = drawn[0].inner_text().replace('\u{a0}', " ");
        assert_eq!(words, "Main thread+36 MB");
    }
}
