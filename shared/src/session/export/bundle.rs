//! A session as one page that needs nothing but itself, for another machine.

use std::fmt::Write as _;

use super::Exported;
use crate::report;
use crate::report::{Escaped, utc};

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:1100px;margin:2rem auto;padding:0 1rem;color-scheme:light dark}\
    li{margin:.6rem 0}img{max-width:100%;border:1px solid #8884}iframe{width:100%;height:640px;border:1px solid #8884}.failed{color:#c0392b}summary{cursor:pointer}";

/// The page. Every trace is a report of its own in a frame that may run nothing and load nothing.
#[must_use]
pub fn bundle(exported: &Exported<'_>, picture: Option<&[u8]>) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write(&mut out, exported, picture);
    out
}

fn write(out: &mut String, exported: &Exported<'_>, picture: Option<&[u8]>) -> std::fmt::Result {
    let (session, script) = (exported.session, exported.script);
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\
         <title>{0}</title><style>{STYLE}</style></head><body>\n<h1>{0}</h1>\n\
         <p>Session {1} at {2}, {3} to {4}.</p>\n<ol>\n",
        Escaped(exported.title()),
        Escaped(&session.id),
        Escaped(&script.origin),
        utc(session.start),
        utc(session.end)
    )?;
    for one in &script.instructions {
        let what = if one.kind == "goto" {
            format!("open {}", one.path)
        } else {
            one.name.clone()
        };
        write!(out, "<li>{}", Escaped(&what))?;
        if let Some(value) = one.step.value.as_ref().filter(|_| one.kind == "change") {
            write!(out, " ← {}", Escaped(&value.to_string()))?;
        }
        if let Some(selector) = one.step.selectors.first() {
            write!(out, "<br><small>{}</small>", Escaped(&selector.to_string()))?;
        }
        if let Some(trace) = exported.trace(one.trace) {
            let failed = trace
                .nodes
                .iter()
                .filter(|node| node.record.span.is_error())
                .count();
            let class = if failed > 0 { " class=\"failed\"" } else { "" };
            write!(
                out,
                "<details><summary{class}>{} spans, {failed} failed</summary>\
                 <iframe sandbox title=\"trace\" srcdoc=\"{}\"></iframe></details>",
                trace.nodes.len(),
                Escaped(&report::html(trace, &[]))
            )?;
        }
        out.push_str("</li>\n");
    }
    out.push_str("</ol>\n");
    if !session.errors.is_empty() {
        out.push_str("<h2>What went wrong in the page</h2>\n<ul>\n");
        for error in &session.errors {
            writeln!(
                out,
                "<li>{}: {}</li>",
                utc(error.time),
                Escaped(&error.text)
            )?;
        }
        out.push_str("</ul>\n");
    }
    if let Some(picture) = picture {
        use base64::Engine as _;
        let data = base64::engine::general_purpose::STANDARD.encode(picture);
        let kind = if picture.starts_with(b"\xff\xd8\xff") {
            "jpeg"
        } else {
            "png"
        };
        writeln!(
            out,
            "<h2>The page</h2>\n<img alt=\"The page\" src=\"data:image/{kind};base64,{data}\">"
        )?;
    }
    out.push_str("</body></html>\n");
    Ok(())
}
