//! A trace as a bug report in Markdown.

use std::fmt::Write as _;

use super::{Facts, facts, utc};
use crate::query::Note;
use crate::trace::{Short, Trace};

/// The report. `link` leads to the trace in a viewer, where one is known.
#[must_use]
pub fn markdown(trace: &Trace, notes: &[Note], link: Option<&str>) -> String {
    let Some(facts) = facts(trace) else {
        return "The trace has no spans.\n".to_owned();
    };
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write(&mut out, trace, &facts, notes, link);
    out
}

fn write(
    out: &mut String,
    trace: &Trace,
    facts: &Facts,
    notes: &[Note],
    link: Option<&str>,
) -> std::fmt::Result {
    let summary = &facts.summary;
    writeln!(out, "## {}\n", plain(&summary.root_name))?;
    writeln!(out, "{}\n", plain(&facts.story))?;
    writeln!(out, "- Trace: {}", code(&summary.trace_id.to_hex()))?;
    writeln!(out, "- When: {}", utc(summary.start))?;
    writeln!(
        out,
        "- Duration: {}, {} spans, {} errors",
        Short(summary.duration),
        summary.span_count,
        summary.error_count
    )?;
    let services: Vec<String> = summary.services.iter().map(|of| plain(&of.name)).collect();
    writeln!(out, "- Services: {}", services.join(", "))?;
    if let Some(link) = link {
        writeln!(out, "- Link: <{}>", link.replace(['<', '>', ' ', '\n'], ""))?;
    }
    writeln!(out, "\n### Where the time went\n")?;
    writeln!(
        out,
        "| time | share | service | span |\n| ---: | ---: | --- | --- |"
    )?;
    for part in &facts.parts {
        let times = if part.count > 1 {
            format!(" ×{}", part.count)
        } else {
            String::new()
        };
        writeln!(
            out,
            "| {} | {:.0} % | {} | {}{times} |",
            Short(part.time),
            part.share * 100.0,
            plain(&part.service),
            plain(&part.name)
        )?;
    }
    if !trace.warnings.is_empty() {
        writeln!(out, "\n### Warnings\n")?;
        for warning in trace.warnings.iter().take(10) {
            writeln!(out, "- {}", plain(&warning.to_string()))?;
        }
        let more = trace.warnings.len().saturating_sub(10);
        if more > 0 {
            writeln!(out, "- and {more} more")?;
        }
    }
    if !notes.is_empty() {
        writeln!(out, "\n### Notes\n")?;
        for note in notes {
            let span = note
                .span_id
                .map(|id| format!(" on span {}", code(&id.to_hex())));
            let author = if note.author.is_empty() {
                "Somebody"
            } else {
                &note.author
            };
            writeln!(
                out,
                "- **{}**, {}{}: {}",
                plain(author),
                utc(note.updated),
                span.unwrap_or_default(),
                plain(&note.text)
            )?;
        }
    }
    Ok(())
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

/// A text on one line in which nothing is markup: no link, no image, no HTML, no mention.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '!' | '~' | '&' => {
                out.push('\\');
                out.push(character);
            }
            // A word joiner keeps `@name` from calling somebody.
            '@' => out.push_str("@\u{2060}"),
            character if character.is_control() => out.push(' '),
            character => out.push(character),
        }
    }
    out
}
