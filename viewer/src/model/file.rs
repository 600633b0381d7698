//! A file of traces, read in the browser, and what pages ask of them.

use std::collections::BTreeMap;

use shared::columns::{AttributeEncoder, encode_fields, encode_trace};
use shared::id::{SpanId, TraceId};
use shared::interchange::{FormatError, read};
use shared::otlp::json::SpansJson;
use shared::query::NotesResponse;
use shared::query::traceql::Field;
use shared::span::SpanRecord;
use shared::trace::{Trace, assemble};

use crate::format;
use crate::markup::{Markup, element, link, text};
use crate::url;

/// So many traces are listed.
const MOST_LISTED: usize = 200;

/// The traces of a file.
#[derive(Debug, Default)]
pub struct File {
    /// Each with its id, the largest first.
    pub traces: Vec<(TraceId, Trace)>,
    /// How many spans could not be read, and why the first could not.
    pub left_out: Option<(u32, String)>,
}

impl File {
    /// Reads an unpacked file of OTLP, Jaeger, Zipkin or Chrome's trace events.
    ///
    /// # Errors
    /// [`FormatError`] where it is none of these, or damaged.
    pub fn read(bytes: &[u8]) -> Result<Self, FormatError> {
        let decoded = read(bytes)?;
        let mut spans: BTreeMap<TraceId, Vec<SpanRecord>> = BTreeMap::new();
        for record in decoded.records {
            spans.entry(record.span.trace_id).or_default().push(record);
        }
        let mut traces: Vec<(TraceId, Trace)> = spans
            .into_iter()
            .map(|(id, records)| (id, assemble(records)))
            .collect();
        traces.sort_by_key(|(id, trace)| (std::cmp::Reverse(trace.nodes.len()), *id));
        let why = decoded.reason.unwrap_or_default();
        Ok(Self {
            traces,
            left_out: (decoded.rejected > 0).then_some((decoded.rejected, why)),
        })
    }
}

/// What the server would answer about a trace, where a file alone can: `asked` is what follows its id in the path.
#[must_use]
pub fn answer(trace: &Trace, asked: &str) -> Option<Vec<u8>> {
    let (path, query) = asked.split_once('?').unwrap_or((asked, ""));
    let records = || trace.nodes.iter().map(|node| &node.record);
    let written = |records: Vec<SpanRecord>| serde_json::to_vec(&SpansJson(&records)).ok();
    match path {
        "" => written(records().cloned().collect()),
        "/columns" => Some(encode_trace(trace).into_bytes()),
        "/logs" => Some(br#"{"resourceLogs":[]}"#.to_vec()),
        "/notes" => serde_json::to_vec(&NotesResponse { notes: Vec::new() }).ok(),
        "/attribute" => {
            let pairs = url::parse(query);
            let (_, key) = pairs.iter().find(|(name, _)| name == "key")?;
            let mut values = AttributeEncoder::default();
            records().for_each(|record| values.take(record, key));
            Some(values.into_bytes())
        }
        "/fields" => {
            let names = url::parse(query);
            let fields = names.iter().map(|(_, name)| Field::parse(name));
            Some(encode_fields(trace, fields.collect::<Option<_>>()?))
        }
        _ => {
            let id: SpanId = path.strip_prefix("/spans/")?.parse().ok()?;
            let own = records().filter(|record| record.span.span_id == id);
            written(own.cloned().collect())
        }
    }
}

/// The traces of a file as a list of links.
#[must_use]
pub fn list(file: &File) -> Markup {
    let item = |(id, trace): &(TraceId, Trace)| {
        let root = trace.root().and_then(|root| trace.nodes.get(root as usize));
        let name = root.map_or("", |root| root.record.span.name.as_str());
        let spans = format::counted(trace.nodes.len() as u64, "span");
        element("li", "")
            .with(link(
                "",
                &format!("/trace/{id}"),
                &format::clipped(&format::quoted(name), 120),
            ))
            .with(text("small", "", &format!(" {spans}")))
    };
    let shown = file.traces.iter().take(MOST_LISTED).map(item);
    let mut list = element("ol", "file__traces").all(shown.collect());
    if file.traces.len() > MOST_LISTED {
        let rest = format!(
            "{MOST_LISTED} of {} traces",
            format::count(file.traces.len() as u64)
        );
        list = list.with(text("li", "", &format!("{rest}, the largest")));
    }
    list
}

#[cfg(test)]
mod tests {
    use shared::columns::{AttributeColumn, Decoder};
    use shared::interchange::{Format, encode};

    use super::super::fixture::{span, with};
    use super::*;

    fn spans() -> Vec<SpanRecord> {
        vec![
            with(
                span(1, 0, "a", "root", 0, 100_000),
                "booking.status",
                "paid",
            ),
            with(
                span(2, 1, "b", "child", 1_000, 9_000),
                "baggage.booking.status",
                "paid",
            ),
        ]
    }

    #[test]
    fn a_file_of_every_format_is_read_and_answered_for() {
        for format in Format::ALL {
            let file = File::read(&encode(format, &spans())).expect("a file");
            let [(id, trace)] = file.traces.as_slice() else {
                panic!("{format}: {:?}", file.traces.len());
            };
            assert_eq!(
                (*id, trace.nodes.len()),
                (spans()[0].span.trace_id, 2),
                "{format}"
            );
            let mut decoder = Decoder::default();
            decoder
                .push(&answer(trace, "/columns").expect("columns"))
                .expect("columns");
            assert_eq!(decoder.finish().expect("all").len(), 2);
            let one = answer(trace, "/spans/0000000000000002").expect("a span");
            assert!(String::from_utf8_lossy(&one).contains("child"));
            let values = answer(trace, "/attribute?key=booking.status").expect("values");
            assert_eq!(
                AttributeColumn::decode(&values)
                    .expect("values")
                    .values
                    .len(),
                2
            );
            assert!(answer(trace, "").is_some() && answer(trace, "/logs").is_some());
            assert_eq!(answer(trace, "/statistics?by=name"), None);
            assert!(list(&file).inner_text().starts_with("root 2 spans"));
        }
    }

    #[test]
    fn what_is_no_trace_is_said() {
        for bytes in [
            &b"hello"[..],
            b"{\"a\":1}",
            b"",
            b"{\"traceEvents\":[{\"ph\":\"X\"}]}",
        ] {
            assert!(
                File::read(bytes).is_err()
                    || File::read(bytes).is_ok_and(|file| file.traces.is_empty())
            );
        }
    }
}
