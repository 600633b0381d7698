//! A waterfall as one picture, to be pasted elsewhere: a head that says what it is, the names and the bars.
//!
//! Whoever sees it has nothing else: it says of which trace it is, what the hues stand for, and which of the rows and
//! which stretch of the time it leaves out.

use super::draw::{Scene, draw};
use super::layout::RowMeasures;
use super::line::Point;
use super::scale::Scale;
use super::surface::{Rect, Surface, Theme, Weight};
use super::ticks::ticks;
use crate::format;
use crate::model::colour::{Colours, Entry};
use crate::model::find::Hits;
use crate::model::log_marks::LogMarks;
use crate::model::rows::{Row, Rows};
use crate::model::trace::TraceModel;

/// Around everything.
const MARGIN: f64 = 16.0;
/// The width of the names.
const NAMES: f64 = 320.0;
/// A line of the head.
const LINE: f64 = 20.0;
/// The marks of the time.
const AXIS: f64 = 24.0;
/// Between two entries of the legend.
const GAP: f64 = 16.0;
/// From an entry's dot to its words.
const DOT: f64 = 12.0;
/// How far a level is indented, at most.
const INDENT: f64 = 14.0;
/// All levels together, at most.
const INDENTS: f64 = 120.0;
/// No narrower timeline can be read.
const LEAST_TIMELINE: f64 = 560.0;
/// So many rows are in the picture where there are so many, however few are seen.
const LEAST_ROWS: usize = 40;
/// So many are in it however many are seen: a canvas has its limits.
const MOST_ROWS: usize = 100;

/// What the picture is of.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The trace.
    pub model: &'a TraceModel,
    /// Its rows.
    pub rows: &'a Rows,
    /// The first row that is seen, and how many are.
    pub seen: (usize, usize),
    /// The time that is shown; all of it where there is none.
    pub window: Option<(i64, i64)>,
    /// The width of the timeline that is seen, in pixels.
    pub width: f64,
    /// Whether rows are low.
    pub compact: bool,
    /// Whether the critical path is drawn.
    pub line: bool,
    /// What the hues of bars stand for.
    pub colours: &'a Colours,
    /// The spans that have the value that is followed; the others step back.
    pub followed: Option<&'a Hits>,
    /// The logs.
    pub logs: &'a LogMarks,
    /// The colours.
    pub theme: &'a Theme,
}

/// A picture, laid out.
#[derive(Debug, Clone)]
pub struct Picture<'a> {
    subject: Subject<'a>,
    first: usize,
    count: usize,
    measures: RowMeasures,
    scale: Scale,
    facts: String,
    /// Each entry with the place of its dot.
    legend: Vec<(Point, Entry)>,
    /// Where the axis begins.
    axis: f64,
}

impl<'a> Picture<'a> {
    /// Lays it out; `text_width` tells how wide a text will be.
    #[must_use]
    pub fn new(subject: Subject<'a>, mut text_width: impl FnMut(&str) -> f64) -> Self {
        let all = subject.rows.len();
        let count = subject.seen.1.clamp(LEAST_ROWS, MOST_ROWS).min(all);
        let first = subject.seen.0.min(all - count);
        let width = subject.width.max(LEAST_TIMELINE);
        let scale = Scale::new(subject.model.duration, subject.window, width);
        let right = MARGIN + NAMES + width;
        let mut at = Point {
            x: MARGIN,
            y: MARGIN + 2.0 * LINE + 8.0,
        };
        let mut legend = Vec::new();
        for entry in entries(&subject) {
            let taken = DOT + text_width(&entry.label);
            if at.x + taken > right && at.x > MARGIN {
                at = Point {
                    x: MARGIN,
                    y: at.y + LINE,
                };
            }
            legend.push((at, entry));
            at.x += taken + GAP;
        }
        Self {
            subject,
            first,
            count,
            measures: if subject.compact {
                RowMeasures::COMPACT
            } else {
                RowMeasures::WIDE
            },
            scale,
            facts: facts(&subject, first, count),
            legend,
            axis: at.y + LINE + 4.0,
        }
    }

    /// Its width and height in pixels.
    #[must_use]
    pub fn size(&self) -> (f64, f64) {
        let (_, top) = self.bars();
        (
            2.0 * MARGIN + NAMES + self.scale.width(),
            top + self.count as f64 * self.measures.height + MARGIN,
        )
    }

    /// Where the bars are drawn by [`Self::draw_bars`].
    #[must_use]
    pub fn bars(&self) -> (f64, f64) {
        (MARGIN + NAMES, self.axis + AXIS)
    }

    /// Draws the ground, the head and the names.
    pub fn draw_frame(&self, surface: &mut impl Surface) {
        let Subject { model, theme, .. } = self.subject;
        let (width, height) = self.size();
        let whole = Rect {
            x: 0.0,
            y: 0.0,
            width,
            height,
        };
        surface.fill(whole, 0.0, &theme.panel);
        let mut words = Words { surface, theme };
        let at = Point {
            x: MARGIN,
            y: MARGIN + 12.0,
        };
        let mut title = format::quoted(model.name(model.root));
        if let Some(caused) = model.caused() {
            title = format!("{title} → {}", format::quoted(model.name(caused)));
        }
        let duration = format::duration(model.headline_duration());
        let room = width - 2.0 * MARGIN - GAP - words.width(&duration, Weight::Strong);
        let end = words.write(at, &title, Weight::Strong, &theme.ink, room);
        let beside = Point { x: end + GAP, ..at };
        words.write(beside, &duration, Weight::Strong, &theme.line, f64::MAX);
        let below = Point {
            y: at.y + LINE,
            ..at
        };
        words.write(
            below,
            &self.facts,
            Weight::Regular,
            &theme.ink_2,
            width - 2.0 * MARGIN,
        );
        for (at, entry) in &self.legend {
            words.dot(*at, &theme.service(entry.hue, 1.0));
            let label = Point {
                x: at.x + DOT,
                y: at.y + 4.0,
            };
            words.write(label, &entry.label, Weight::Regular, &theme.ink_2, width);
        }
        let (left, top) = self.bars();
        for tick in ticks(self.scale) {
            let at = Point {
                x: left + tick.px + 4.0,
                y: top - 8.0,
            };
            words.write(
                at,
                &tick.label,
                Weight::Regular,
                &theme.ink_2,
                left + self.scale.width() - at.x,
            );
        }
        for place in 0..self.count {
            let row = self.subject.rows.rows[self.first + place];
            self.draw_name(&mut words, row, top + place as f64 * self.measures.height);
        }
    }

    /// Draws the bars onto a surface whose origin lies at [`Self::bars`].
    pub fn draw_bars(&self, surface: &mut impl Surface) {
        let scene = Scene {
            model: self.subject.model,
            rows: self.subject.rows,
            first: self.first,
            count: self.count,
            scale: self.scale,
            ticks: &ticks(self.scale),
            measures: self.measures,
            selected: None,
            line: self.subject.line,
            colours: self.subject.colours,
            followed: self.subject.followed,
            logs: self.subject.logs,
            theme: self.subject.theme,
        };
        draw(surface, &scene);
    }

    fn draw_name(&self, words: &mut Words<'_, impl Surface>, row: Row, top: f64) {
        let Subject {
            model,
            theme,
            colours,
            ..
        } = self.subject;
        let node = row.key.node;
        let deepest = f64::from(model.depth.iter().copied().max().unwrap_or(1).max(1));
        let indent = f64::from(model.depth[node as usize]) * INDENT.min(INDENTS / deepest);
        let middle = top + self.measures.height / 2.0;
        let left = MARGIN + indent;
        words.dot(
            Point { x: left, y: middle },
            &theme.service(colours.row_hue(model, row.key), 1.0),
        );
        let at = Point {
            x: left + DOT,
            y: middle + 4.0,
        };
        let right = MARGIN + NAMES - 8.0;
        let mut name = format::quoted(model.name(node));
        if row.key.fold || row.open == Some(false) {
            let sign = if row.key.fold { "×" } else { "+" };
            name = format!("{name} {sign}{}", format::count(u64::from(row.hidden)));
        }
        let (mark, color) = if model.error[node as usize] {
            ("✕ ", &theme.error)
        } else {
            ("", &theme.ink)
        };
        let end = words.write(
            at,
            &format!("{mark}{name}"),
            Weight::Regular,
            color,
            right - at.x,
        );
        let service = Point { x: end + 6.0, ..at };
        let name = &model.service_of(node).name;
        words.write(
            service,
            name,
            Weight::Regular,
            &theme.ink_2,
            right - service.x,
        );
    }
}

/// What of the trace it shows, and of which.
fn facts(subject: &Subject<'_>, first: usize, count: usize) -> String {
    let model = subject.model;
    let (date, time) = format::date_and_time(model.start_time());
    let mut facts = vec![
        format!("{date}, {time}"),
        format::counted(model.services.len() as u64, "service"),
        format::counted(model.len() as u64, "span"),
    ];
    if model.error_count > 0 {
        facts.push(format::counted(u64::from(model.error_count), "error"));
    }
    if count < subject.rows.len() {
        facts.push(format!(
            "rows {} to {} of {}",
            format::count(first as u64 + 1),
            format::count((first + count) as u64),
            format::count(subject.rows.len() as u64)
        ));
    }
    if let Some((from, to)) = subject.window {
        facts.push(format!(
            "{} to {}",
            format::duration(from),
            format::duration(to)
        ));
    }
    if let Some(id) = model.trace_id() {
        facts.push(format!("trace {}", id.to_hex()));
    }
    facts.join(" · ")
}

/// What each hue stands for.
fn entries(subject: &Subject<'_>) -> Vec<Entry> {
    if !matches!(subject.colours, Colours::Service) {
        return subject.colours.legend(subject.model);
    }
    let services = subject.model.services.iter();
    services
        .map(|service| Entry {
            label: format::clipped(&service.name, 40),
            hue: service.hue,
            count: 0,
        })
        .collect()
}

/// Writes texts that keep within their room.
struct Words<'a, S> {
    surface: &'a mut S,
    theme: &'a Theme,
}

impl<S: Surface> Words<'_, S> {
    fn width(&mut self, text: &str, weight: Weight) -> f64 {
        self.surface.text_width(text, weight)
    }

    fn dot(&mut self, at: Point, color: &str) {
        self.surface.dot(
            Point {
                x: at.x + 4.0,
                ..at
            },
            4.0,
            color,
        );
    }

    /// Writes as much of a text as there is room for; answers where it ends.
    fn write(&mut self, at: Point, text: &str, weight: Weight, color: &str, room: f64) -> f64 {
        let text = self.fitted(text, weight, room);
        if text.is_empty() {
            return at.x;
        }
        self.surface
            .text(at, &text, weight, color, &self.theme.panel);
        at.x + self.width(&text, weight)
    }

    /// The text, cut with an ellipsis where it is too long.
    fn fitted(&mut self, text: &str, weight: Weight, room: f64) -> String {
        // No screen has room for more characters, and a sender may have sent a million.
        let mut text = format::clipped(text, 400);
        if self.width(&text, weight) <= room {
            return text;
        }
        while text.pop().is_some() {
            let cut = format!("{}…", text.trim_end());
            if self.width(&cut, weight) <= room && !text.is_empty() {
                return cut;
            }
        }
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixture::{booking, failed, model, span};
    use crate::model::rows::Openness;

    /// Writes down texts and where they end; every character is 7 pixels wide.
    #[derive(Default)]
    struct Record(Vec<(String, Point)>);

    impl Surface for Record {
        fn fill(&mut self, rect: Rect, _: f64, _: &str) {
            assert!(rect.width >= 0.0 && rect.height >= 0.0, "{rect:?}");
        }
        fn edge(&mut self, _: Rect, _: f64, _: f64, _: &str) {}
        fn hatch(&mut self, _: Rect, _: &str, _: f64) {}
        fn stroke(&mut self, _: &[Point], _: f64, _: &str) {}
        fn dot(&mut self, _: Point, _: f64, _: &str) {}
        fn text(&mut self, at: Point, text: &str, weight: Weight, _: &str, _: &str) {
            let end = at.x + self.text_width(text, weight);
            self.0
                .push((text.replace('\u{a0}', " "), Point { x: end, ..at }));
        }
        fn text_width(&mut self, text: &str, _: Weight) -> f64 {
            7.0 * text.chars().count() as f64
        }
    }

    /// The texts of a picture and its size; none of them is cut by its edge.
    fn check(
        model: &TraceModel,
        seen: (usize, usize),
        window: Option<(i64, i64)>,
    ) -> (Vec<String>, (f64, f64)) {
        let rows = Rows::new(model, &Openness::default());
        let subject = Subject {
            model,
            rows: &rows,
            seen,
            window,
            width: 320.0,
            compact: false,
            line: true,
            colours: &Colours::Service,
            followed: None,
            logs: &LogMarks::default(),
            theme: &Theme::default(),
        };
        let picture = Picture::new(subject, |text| 7.0 * text.chars().count() as f64);
        let (width, height) = picture.size();
        let mut frame = Record::default();
        picture.draw_frame(&mut frame);
        let mut bars = Record::default();
        picture.draw_bars(&mut bars);
        let (left, top) = picture.bars();
        let bars = bars.0.into_iter().map(|(text, end)| {
            let end = Point {
                x: end.x + left,
                y: end.y + top,
            };
            (text, end)
        });
        let all: Vec<(String, Point)> = frame.0.into_iter().chain(bars).collect();
        for (text, end) in &all {
            assert!(
                end.x <= width && end.y <= height,
                "cut: {text} ends at {end:?}"
            );
        }
        (
            all.into_iter().map(|(text, _)| text).collect(),
            (width, height),
        )
    }

    #[test]
    fn says_what_it_is_a_picture_of() {
        let model = booking();
        let (texts, _) = check(&model, (0, 10), None);
        let all = texts.join("|");
        for service in &model.services {
            assert!(all.contains(&service.name), "{} in {all}", service.name);
        }
        assert!(
            all.contains(&format::quoted(model.name(model.root))),
            "{all}"
        );
        assert!(
            all.contains(&model.trace_id().expect("an id").to_hex()),
            "{all}"
        );
        assert!(!all.contains("rows 1"), "{all}");
    }

    #[test]
    fn of_many_rows_it_has_those_that_are_seen_and_says_which() {
        let mut spans = vec![span(1, 0, "a", "root", 0, 100_000)];
        spans.extend((2..700).map(|id| {
            let name = format!("call {id}");
            let span = span(id, 1, "a", &name, id * 100, id * 100 + 50);
            if id == 650 { failed(span, "no") } else { span }
        }));
        let model = model(spans);
        let rows = Rows::new(&model, &Openness::default()).len();
        assert!(rows > 600, "{rows}");
        let (texts, (_, few)) = check(&model, (100, 4), Some((0, 50_000)));
        assert!(
            texts
                .iter()
                .any(|text| text.contains("rows 101 to 140 of 699 · 0 ns to 50 µs")),
            "{texts:?}"
        );
        let (texts, (_, many)) = check(&model, (600, 5_000), None);
        assert!(
            texts
                .iter()
                .any(|text| text.contains("rows 600 to 699 of 699")),
            "{texts:?}"
        );
        assert!(texts.iter().any(|text| text == "✕ call 650"), "{texts:?}");
        assert!(many > few);
    }

    #[test]
    fn names_of_any_length_keep_within_their_room() {
        let long = "a name that does not end ".repeat(4_000);
        let spans =
            (1..60).map(|id| span(id, id - 1, &format!("{id} {long}"), &long, id, 1_000 - id));
        check(&model(spans.collect()), (0, 60), None);
    }
}
