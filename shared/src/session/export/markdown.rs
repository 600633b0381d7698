//! A session as a bug report in Markdown.

use std::fmt::Write as _;

use super::Exported;
use crate::report;
use crate::report::{plain, utc};

/// A picture of the page, as a report shows it.
#[derive(Debug, Clone, Copy)]
pub struct Picture<'a> {
    /// Its address.
    pub address: &'a str,
    /// Where it leads to; to nothing where this is not given.
    pub page: Option<&'a str>,
}

/// The report: the steps, what went wrong, and the trace of what failed, or else of the last step.
/// `viewer` is the viewer's address.
#[must_use]
pub fn markdown(
    exported: &Exported<'_>,
    viewer: Option<&str>,
    picture: Option<Picture<'_>>,
) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write(&mut out, exported, viewer, picture);
    out
}

fn write(
    out: &mut String,
    exported: &Exported<'_>,
    viewer: Option<&str>,
    picture: Option<Picture<'_>>,
) -> std::fmt::Result {
    let session = exported.session;
    let script = exported.script;
    writeln!(out, "# {}\n", plain(exported.title()))?;
    writeln!(out, "- Session: `{}`", plain(&session.id))?;
    writeln!(
        out,
        "- When: {} to {}",
        utc(session.start),
        utc(session.end)
    )?;
    writeln!(out, "- Where: {}", plain(&script.origin))?;
    if let Some((width, height)) = script.viewport {
        let colours = script.color_scheme.map(|scheme| scheme.as_str());
        let colours = colours.map_or(String::new(), |scheme| format!(", {scheme} colours"));
        writeln!(out, "- Window: {width} × {height}{colours}")?;
    }
    if let Some(viewer) = viewer {
        let viewer = viewer
            .trim_end_matches('/')
            .replace(['<', '>', ' ', '\n'], "");
        writeln!(out, "- Link: <{viewer}/session/{}>", session.id)?;
    }
    writeln!(out, "\n## Steps\n")?;
    for (index, one) in script.instructions.iter().enumerate() {
        let what = match one.kind.as_str() {
            "goto" => format!("open {}", plain(&one.path)),
            _ => plain(&one.name),
        };
        let value = one.step.value.as_ref().filter(|_| one.kind == "change");
        let value = value.map_or_else(String::new, |value| {
            format!(", enter {}", plain(&value.to_string()))
        });
        let failed = exported.trace(one.trace).is_some_and(fails);
        let mark = if failed { " — **failed**" } else { "" };
        writeln!(out, "{}. {what}{value}{mark}", index + 1)?;
    }
    for left_out in &script.left_out {
        writeln!(out, "- not to be done again: {}", plain(left_out))?;
    }
    if !session.errors.is_empty() {
        writeln!(out, "\n## What went wrong in the page\n")?;
        for error in &session.errors {
            writeln!(out, "- {}: {}", utc(error.time), plain(&error.text))?;
        }
    }
    if let Some(picture) = picture {
        let quoted = |address: &str| address.replace([' ', '(', ')', '<', '>', '\n'], "%20");
        let shown = format!("![The page]({})", quoted(picture.address));
        match picture.page {
            None => writeln!(out, "\n## The page\n\n{shown}")?,
            Some(page) => writeln!(out, "\n## The page\n\n[{shown}]({})", quoted(page))?,
        }
    }
    let instructions = || script.instructions.iter().rev();
    let failing = instructions().find(|one| exported.trace(one.trace).is_some_and(fails));
    let shown = failing.or_else(|| instructions().find(|one| exported.trace(one.trace).is_some()));
    if let Some(trace) = shown.and_then(|one| exported.trace(one.trace)) {
        let link = viewer.zip(shown.and_then(|one| one.trace));
        let link = link.map(|(viewer, id)| format!("{}/trace/{id}", viewer.trim_end_matches('/')));
        writeln!(out, "\n{}", report::markdown(trace, &[], link.as_deref()))?;
    }
    Ok(())
}

fn fails(trace: &crate::trace::Trace) -> bool {
    trace.nodes.iter().any(|node| node.record.span.is_error())
}
