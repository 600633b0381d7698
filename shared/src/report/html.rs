//! A trace as one page that needs nothing but itself.

use std::fmt::{self, Write as _};

use super::{Facts, facts, utc};
use crate::attribute::Attribute;
use crate::id::SpanId;
use crate::query::Note;
use crate::span::SpanEvent;
use crate::trace::{Node, Short, Trace, critical_path};

/// So many spans are shown; a browser cannot lay out more elements in good time.
const MAX_SPANS: usize = 20_000;

/// Names are indented up to this depth.
const MAX_INDENT: u32 = 24;

/// No script, nothing from elsewhere. Geometry is in style attributes, which need `unsafe-inline`.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

const STYLE: &str = include_str!("report.css");

/// The page.
#[must_use]
pub fn html(trace: &Trace, notes: &[Note]) -> String {
    let mut out = String::with_capacity(4_096 + trace.nodes.len().min(MAX_SPANS) * 600);
    // Writing to a string cannot fail.
    let _ = page(&mut out, trace, notes);
    out
}

/// A text within an element or a quoted attribute.
pub(crate) struct Escaped<'a>(pub &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                // No document may have it.
                '\0' => f.write_char('\u{fffd}')?,
                character => f.write_char(character)?,
            }
        }
        Ok(())
    }
}

fn page(out: &mut String, trace: &Trace, notes: &[Note]) -> fmt::Result {
    let facts = facts(trace);
    let title = facts
        .as_ref()
        .map_or("Trace", |facts| &facts.summary.root_name);
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{} · Throughline</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n",
        Escaped(title)
    )?;
    match &facts {
        Some(facts) => {
            head(out, facts)?;
            all_notes(out, trace, notes)?;
            warnings(out, trace)?;
            spans(out, trace, notes)?;
        }
        None => out.push_str("<h1>The trace has no spans</h1>\n"),
    }
    out.push_str("</main>\n</body>\n</html>\n");
    Ok(())
}

fn head(out: &mut String, facts: &Facts) -> fmt::Result {
    let summary = &facts.summary;
    let errors = match summary.error_count {
        0 => String::new(),
        1 => "<li class=\"failed\">1 error</li>".to_owned(),
        several => format!("<li class=\"failed\">{several} errors</li>"),
    };
    write!(
        out,
        "<h1>{}</h1>\n<p class=\"story\">{}</p>\n<ul class=\"facts\">\n<li><strong>{}</strong></li>\
         <li>{} spans</li>{errors}<li>{}</li><li><code>{}</code></li>\n</ul>\n",
        Escaped(&summary.root_name),
        Escaped(&facts.story),
        Short(summary.duration),
        summary.span_count,
        utc(summary.start),
        summary.trace_id,
    )?;
    out.push_str("<h2>Where the time went</h2>\n<table class=\"parts\">\n");
    for part in &facts.parts {
        let times = if part.count > 1 {
            format!(" ×{}", part.count)
        } else {
            String::new()
        };
        writeln!(
            out,
            "<tr><td>{}</td><td>{:.0} %</td><td>{}</td><td>{}{times}</td></tr>",
            Short(part.time),
            part.share * 100.0,
            Escaped(&part.service),
            Escaped(&part.name)
        )?;
    }
    out.push_str("</table>\n");
    Ok(())
}

fn all_notes(out: &mut String, trace: &Trace, notes: &[Note]) -> fmt::Result {
    if notes.is_empty() {
        return Ok(());
    }
    out.push_str("<h2>Notes</h2>\n");
    for note in notes {
        let span = note.span_id.and_then(|id| {
            trace
                .nodes
                .iter()
                .find(|node| node.record.span.span_id == id)
        });
        write_note(out, note)?;
        if let Some(node) = span {
            let span = &node.record.span;
            writeln!(
                out,
                "<p class=\"of\">on <a href=\"#s{}\">{}</a></p>",
                span.span_id,
                Escaped(&span.name)
            )?;
        }
    }
    Ok(())
}

fn write_note(out: &mut String, note: &Note) -> fmt::Result {
    let author = if note.author.is_empty() {
        "Somebody"
    } else {
        &note.author
    };
    writeln!(
        out,
        "<blockquote><p>{}</p><footer>{}, {}</footer></blockquote>",
        Escaped(&note.text),
        Escaped(author),
        utc(note.updated)
    )
}

fn warnings(out: &mut String, trace: &Trace) -> fmt::Result {
    if trace.warnings.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "<details><summary>{} warnings</summary><ul>",
        trace.warnings.len()
    )?;
    for warning in &trace.warnings {
        writeln!(out, "<li>{}</li>", Escaped(&warning.to_string()))?;
    }
    out.push_str("</ul></details>\n");
    Ok(())
}

fn spans(out: &mut String, trace: &Trace, notes: &[Note]) -> fmt::Result {
    out.push_str("<h2>Spans</h2>\n");
    let (shown, all) = (trace.nodes.len().min(MAX_SPANS), trace.nodes.len());
    if shown < all {
        writeln!(
            out,
            "<p class=\"cut\">The first {shown} of {all} spans are shown.</p>"
        )?;
    }
    let mut on_path = vec![false; all];
    for segment in critical_path(trace) {
        on_path[segment.node as usize] = true;
    }
    for (node, on_path) in trace.nodes.iter().zip(on_path).take(shown) {
        span(out, trace, node, on_path, notes)?;
    }
    Ok(())
}

/// A place on the time axis in per cent. Spans with an implausible clock lie outside and are cut.
fn percent(trace: &Trace, node: &Node) -> (f64, f64) {
    let whole = trace.duration().0.max(1) as f64;
    let from = (node.record.span.start - trace.start).0 as f64 / whole * 100.0;
    let width = node.record.span.duration().0.max(0) as f64 / whole * 100.0;
    let left = from.clamp(0.0, 100.0);
    (left, (from + width).clamp(left, 100.0) - left)
}

fn span(
    out: &mut String,
    trace: &Trace,
    node: &Node,
    on_path: bool,
    notes: &[Note],
) -> fmt::Result {
    let record = &node.record;
    let span = &record.span;
    let (left, width) = percent(trace, node);
    let pinned = || {
        notes
            .iter()
            .filter(|note| note.span_id == Some(span.span_id))
    };
    let class = match (span.is_error(), on_path) {
        (true, true) => "failed path",
        (true, false) => "failed",
        (false, true) => "path",
        (false, false) => "",
    };
    writeln!(
        out,
        "<details class=\"span {class}\" id=\"s{}\"><summary><span class=\"name\" \
         style=\"--d:{}\"><b>{}</b> {}{}{}</span><span class=\"bar\"><i \
         style=\"left:{left:.3}%;width:{width:.3}%\"></i></span><span class=\"time\">{}</span></summary>",
        span.span_id,
        node.depth.min(MAX_INDENT),
        Escaped(record.resource.service_name()),
        Escaped(&span.name),
        if span.is_error() {
            " <em>failed</em>"
        } else {
            ""
        },
        if pinned().next().is_some() {
            " <em>note</em>"
        } else {
            ""
        },
        Short(span.duration()),
    )?;
    for note in pinned() {
        write_note(out, note)?;
    }
    if !span.status.message.is_empty() {
        let message = Escaped(&span.status.message);
        writeln!(out, "<p class=\"message\">{message}</p>")?;
    }
    let parent = span
        .parent_span_id
        .as_ref()
        .map_or("none".to_owned(), SpanId::to_hex);
    writeln!(
        out,
        "<p class=\"ids\">{} span <code>{}</code>, parent <code>{parent}</code>, from {} on</p>",
        span.kind.as_str(),
        span.span_id,
        Short(span.start - trace.start)
    )?;
    attributes(out, "Attributes", &span.attributes)?;
    for event in &span.events {
        moment(out, trace, event)?;
    }
    for link in &span.links {
        let (trace, span) = (link.trace_id, link.span_id);
        writeln!(
            out,
            "<p>Link to trace <code>{trace}</code>, span <code>{span}</code></p>"
        )?;
    }
    attributes(out, "Resource", &record.resource.attributes)?;
    out.push_str("</details>\n");
    Ok(())
}

fn moment(out: &mut String, trace: &Trace, event: &SpanEvent) -> fmt::Result {
    let at = Short(event.time - trace.start);
    writeln!(out, "<p>At {at}: {}</p>", Escaped(&event.name))?;
    attributes(out, "Event", &event.attributes)
}

fn attributes(out: &mut String, caption: &str, attributes: &[Attribute]) -> fmt::Result {
    if attributes.is_empty() {
        return Ok(());
    }
    write!(out, "<table><caption>{caption}</caption>")?;
    for Attribute { key, value } in attributes {
        let value = value.to_string();
        writeln!(
            out,
            "<tr><th>{}</th><td>{}</td></tr>",
            Escaped(key),
            Escaped(&value)
        )?;
    }
    out.push_str("</table>\n");
    Ok(())
}
