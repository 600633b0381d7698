//! What a trace can be written as: a file of another tool's, or a report for people.

use std::str::FromStr;

use shared::interchange::{self, Format};
use shared::query::Note;
use shared::report;
use shared::span::SpanRecord;
use shared::trace::Trace;

/// A kind of document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Document {
    /// A file that tools read.
    File(Format),
    /// A page that needs nothing but itself.
    Html,
    /// A bug report.
    Markdown,
}

impl Document {
    /// The document of a trace. Notes and the link are in those for people.
    #[must_use]
    pub fn write(self, trace: &Trace, notes: &[Note], link: Option<&str>) -> Vec<u8> {
        match self {
            Self::File(format) => {
                let spans: Vec<SpanRecord> =
                    trace.nodes.iter().map(|node| node.record.clone()).collect();
                interchange::encode(format, &spans)
            }
            Self::Html => report::html(trace, notes).into_bytes(),
            Self::Markdown => report::markdown(trace, notes, link).into_bytes(),
        }
    }

    /// How its file's name ends.
    #[must_use]
    pub fn ending(self) -> String {
        match self {
            Self::File(format) => format!("{format}.json"),
            Self::Html => "html".to_owned(),
            Self::Markdown => "md".to_owned(),
        }
    }

    /// Its media type.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::File(_) => "application/json",
            Self::Html => "text/html; charset=utf-8",
            Self::Markdown => "text/markdown; charset=utf-8",
        }
    }
}

impl FromStr for Document {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "html" => Ok(Self::Html),
            "markdown" => Ok(Self::Markdown),
            text => text
                .parse()
                .map(Self::File)
                .map_err(|_| "expected otlp, jaeger, zipkin, perfetto, html or markdown"),
        }
    }
}
