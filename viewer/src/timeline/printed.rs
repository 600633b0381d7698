//! The rows as they are printed: in the flow of the page, so that no sheet cuts through one.

use std::collections::HashMap;

use super::detail::joined;
use super::scale::Scale;
use super::ticks::ticks;
use crate::format;
use crate::markup::{Markup, element, text};
use crate::model::colour::Colours;
use crate::model::rows::{Row, Rows};
use crate::model::trace::TraceModel;
use crate::palette::NEUTRAL;

/// More rows than so many, some thirty sheets, nobody leafs through.
const MOST_ROWS: usize = 1_000;
/// The width that marks and bars are laid out for; they lie at shares of whatever there is.
const WIDTH: f64 = 400.0;
/// Deeper rows are indented no further.
const MOST_INDENTED: u32 = 16;

/// What is printed.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The trace.
    pub model: &'a TraceModel,
    /// Its rows, as they are open on the screen.
    pub rows: &'a Rows,
    /// The time that is shown; all of it where there is none.
    pub window: Option<(i64, i64)>,
    /// Whether the critical path is drawn.
    pub line: bool,
    /// What the hues of bars stand for.
    pub colours: &'a Colours,
}

/// A table with a row for each row, and in words what of the trace is not in it.
#[must_use]
pub fn printed(subject: Subject<'_>) -> Vec<Markup> {
    let scale = Scale::new(subject.model.duration, subject.window, WIDTH);
    let count = subject.rows.len().min(MOST_ROWS);
    let lines = if subject.line {
        lines(subject, count)
    } else {
        HashMap::new()
    };
    let rows = subject.rows.rows[..count].iter().enumerate();
    let rows = rows.map(|(index, row)| {
        let line = lines.get(&index).map_or(&[][..], Vec::as_slice);
        printed_row(subject, scale, row, line)
    });
    let marks = ticks(scale).into_iter();
    let marks = marks.filter(|tick| tick.px < WIDTH - 30.0);
    let marks = marks.map(|tick| text("span", "", &tick.label).set("style", &at(tick.px)));
    let head = element("tr", "")
        .with(text("th", "", "Span"))
        .with(text("th", "printed__took", "Duration"))
        .with(element("th", "printed__time").all(marks.collect()));
    let table = element("table", "printed__table")
        .with(element("thead", "").with(head))
        .with(element("tbody", "").all(rows.collect()));
    let left_out = left_out(subject, count);
    let note = (!left_out.is_empty()).then(|| text("p", "printed__note", &left_out.join(" ")));
    note.into_iter().chain([table]).collect()
}

/// What the sheets do not show, and what to do about it.
fn left_out(subject: Subject<'_>, count: usize) -> Vec<String> {
    let mut out = Vec::new();
    let all = subject.rows.len();
    if count < all {
        out.push(format!(
            "The first {} of {} rows. To print the others, show less and print again: a span with what is below it, \
             only what takes long, or what a filter finds.",
            format::count(count as u64),
            format::count(all as u64)
        ));
    }
    if subject.rows.left_out > 0 {
        let spans = format::counted(u64::from(subject.rows.left_out), "span");
        out.push(format!("{spans} left out as on the screen."));
    }
    if let Some((from, to)) = subject.window {
        out.push(format!(
            "Bars from {} to {} of {}.",
            format::duration(from),
            format::duration(to),
            format::duration(subject.model.duration)
        ));
    }
    out
}

/// The stretches of the critical path on each of the first rows.
fn lines(subject: Subject<'_>, count: usize) -> HashMap<usize, Vec<(i64, i64)>> {
    let mut lines: HashMap<usize, Vec<(i64, i64)>> = HashMap::new();
    for segment in subject.model.critical() {
        let row = subject.rows.row_of(segment.node);
        if row < count {
            lines
                .entry(row)
                .or_default()
                .push((segment.start, segment.end));
        }
    }
    lines
}

fn printed_row(subject: Subject<'_>, scale: Scale, row: &Row, line: &[(i64, i64)]) -> Markup {
    let (model, node) = (subject.model, row.key.node);
    let fold = model.fold_times(node).filter(|_| row.key.fold);
    let service = model.service_of(node);
    let (from, to) = (model.start[node as usize], model.end[node as usize]);
    let to = fold.map_or(to, |fold| fold.end);
    let failed = if row.key.fold {
        row.hides_error
    } else {
        model.error[node as usize]
    };
    let mut took = match fold {
        Some(fold) => format!("median {}", format::duration(fold.p50)),
        None => format::duration(model.raw_duration(node)),
    };
    if failed {
        took = format!("✕ {took}");
    }
    let mut name = format::clipped(&format::quoted(model.name(node)), 200);
    if row.key.fold {
        name = format!("{name} ×{}", format::count(u64::from(row.hidden)));
    } else if row.open == Some(false) {
        name = format!("{name} +{}", format::count(u64::from(row.hidden)));
    }
    let hue = subject.colours.row_hue(model, row.key);
    let class = match (failed, hue == NEUTRAL) {
        (false, false) => "",
        (true, false) => "printed__failed",
        (false, true) => "row--grey",
        (true, true) => "printed__failed row--grey",
    };
    let dot = if service.browser {
        "dot dot--browser"
    } else {
        "dot"
    };
    let px = |(from, to): (i64, i64)| (scale.px_from_nanos(from), scale.px_from_nanos(to));
    let line = joined(line.iter().copied().map(px), 1.0, 1.0);
    let bar = stretch("printed__bar", px((from, to)));
    let line = line
        .into_iter()
        .filter_map(|piece| stretch("printed__line", piece));
    let bars = bar.into_iter().chain(line).collect();
    let indent = row.depth.min(MOST_INDENTED);
    element("tr", class)
        .set("style", &format!("--h:{hue};--depth:{indent}"))
        .with(
            element("td", "printed__name")
                .with(element("i", dot))
                .text(&name)
                .with(text("span", "printed__service", &service.name)),
        )
        .with(text("td", "printed__took", &took))
        .with(element("td", "printed__time").all(bars))
}

/// A stretch of time; nothing where it is not shown.
fn stretch(class: &str, (from, to): (f64, f64)) -> Option<Markup> {
    if to < 0.0 || from > WIDTH {
        return None;
    }
    let (from, to) = (from.max(0.0), to.min(WIDTH));
    let style = format!("{};width:{:.2}%", at(from), (to - from) / WIDTH * 100.0);
    Some(element("i", class).set("style", &style))
}

fn at(px: f64) -> String {
    format!("left:{:.2}%", px / WIDTH * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixture::{booking, failed, model, span};
    use crate::model::rows::{Narrowing, Openness};

    fn sheets(model: &TraceModel, rows: &Rows, window: Option<(i64, i64)>) -> Vec<Markup> {
        printed(Subject {
            model,
            rows,
            window,
            line: true,
            colours: &Colours::Service,
        })
    }

    fn texts(sheets: &[Markup]) -> String {
        let texts: Vec<String> = sheets.iter().map(Markup::inner_text).collect();
        texts.join("\n").replace('\u{a0}', " ")
    }

    #[test]
    fn every_row_is_printed_with_its_bar() {
        let model = booking();
        let rows = Rows::new(&model, &Openness::default());
        let sheets = sheets(&model, &rows, None);
        assert_eq!(sheets.len(), 1, "nothing is left out");
        let told = texts(&sheets);
        assert!(told.contains("SELECT seats ×24"), "{told}");
        assert!(told.contains("✕"), "{told}");
        let printed = format!("{sheets:?}");
        assert_eq!(printed.matches("printed__bar").count(), rows.len());
        assert!(printed.contains("printed__line"));
    }

    #[test]
    fn what_is_not_printed_is_said() {
        let mut spans = vec![span(1, 0, "a", "root", 0, 10_000)];
        spans.extend((2..1_500).map(|id| span(id, 1, "a", &format!("step {id}"), id, id + 5)));
        let model = model(spans);
        let rows = Rows::new(&model, &Openness::default());
        let told = texts(&sheets(&model, &rows, Some((0, 5_000))));
        assert!(
            told.starts_with("The first 1,000 of 1,499 rows. To print the others, "),
            "{told}"
        );
        assert!(told.contains("Bars from 0 ns to 5 µs of 10 µs."), "{told}");
        assert!(told.contains("step 1000") && !told.contains("step 1001"));
        let narrowing = Narrowing {
            least: 1_000,
            ..Narrowing::default()
        };
        let rows = Rows::narrowed(&model, &Openness::default(), &narrowing);
        let told = texts(&sheets(&model, &rows, None));
        assert!(
            told.starts_with("1,498 spans left out as on the screen."),
            "{told}"
        );
    }

    #[test]
    fn a_closed_row_says_how_much_it_hides() {
        let model = model(vec![
            span(1, 0, "a", "root", 0, 100),
            failed(span(2, 1, "b", "child", 50, 100), "no"),
        ]);
        let openness = Openness {
            exceptions: [0].into(),
            ..Openness::default()
        };
        let rows = Rows::new(&model, &openness);
        assert!(texts(&sheets(&model, &rows, None)).contains("root +1"));
    }
}
