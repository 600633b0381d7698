//! Links between spans, from either end.

use std::collections::HashMap;

use shared::columns::{Columns, Link};
use shared::id::{SpanId, TraceId};

use super::pace::Pace;
use super::trace::{STRIDE, TraceModel};
use crate::format;
use crate::markup::{Markup, button, element, link, text};
use crate::palette::dot;
use crate::url::QueryString;

/// So many spans that link to one are listed; the rest are counted.
const MOST: usize = 200;

/// For each span that another one of the trace links to, the spans that do.
pub async fn linked_from(columns: &Columns, pace: &impl Pace) -> HashMap<u32, Vec<u32>> {
    let own = |link: &&Link| Some(link.trace_id) == columns.trace_id;
    let mut rows: HashMap<SpanId, Option<u32>> = HashMap::new();
    for links in columns.links.chunks(STRIDE) {
        rows.extend(links.iter().filter(own).map(|one| (one.span_id, None)));
        pace.breathe().await;
    }
    let mut out: HashMap<u32, Vec<u32>> = HashMap::new();
    if rows.is_empty() {
        return out;
    }
    for (row, id) in (0_u32..).zip(&columns.span_ids) {
        if let Some(place) = rows.get_mut(id) {
            *place = Some(row);
        }
        if (row as usize).is_multiple_of(STRIDE) {
            pace.breathe().await;
        }
    }
    for links in columns.links.chunks(STRIDE) {
        for link in links.iter().filter(own) {
            let Some(target) = rows.get(&link.span_id).copied().flatten() else {
                continue;
            };
            let from = out.entry(target).or_default();
            if from.last() != Some(&link.row) {
                from.push(link.row);
            }
        }
        pace.breathe().await;
    }
    out
}

/// What a link leads to: a span of this trace, which is picked, or another trace.
#[must_use]
pub fn target(model: &TraceModel, trace: TraceId, span: SpanId) -> Markup {
    if model.trace_id() != Some(trace) {
        let address = format!("/trace/{trace}?span={span}");
        let label = format!("Trace {}, span {span}", format::short_id(&trace.to_hex()));
        return link("", &address, &label);
    }
    match model.node_of(span) {
        Some(node) => here(model, node),
        None => text(
            "span",
            "",
            &format!("Span {span} of this trace, which has not arrived"),
        ),
    }
}

/// A span of this trace, which is picked.
fn here(model: &TraceModel, node: u32) -> Markup {
    let service = model.service_of(node);
    button("link links__span", &node.to_string(), "")
        .with(
            element("i", &dot(service.hue, service.browser))
                .set("style", &format!("--h:{}", service.hue))
                .set("aria-hidden", "true"),
        )
        .text(&format!(
            " {} {}",
            format::clipped(&service.name, 60),
            format::clipped(&format::quoted(model.name(node)), 120)
        ))
}

/// The spans of this trace that link to a node, and where those of other traces are found.
#[must_use]
pub fn others(model: &TraceModel, node: u32) -> Vec<Markup> {
    let from = model.linked_from(node);
    let mut out = Vec::new();
    if !from.is_empty() {
        let item = |node: &u32| element("li", "moment moment--wide").with(here(model, *node));
        out.push(text("h3", "links__head", "Linked from"));
        out.push(element("ol", "moments").all(from.iter().take(MOST).map(item).collect()));
        if from.len() > MOST {
            let rest = format!("{MOST} of {} shown", format::count(from.len() as u64));
            out.push(text("p", "drawer__note", &rest));
        }
    }
    if let Some(trace) = model.trace_id() {
        let mut address = QueryString::new("/search");
        let span = model.span_id(node);
        address.push(
            "q",
            &format!("{{ link:traceID = \"{trace}\" && link:spanID = \"{span}\" }}"),
        );
        out.push(element("p", "drawer__note").with(link(
            "",
            &address.finish(),
            "Find other traces that link here",
        )));
    }
    out
}

#[cfg(test)]
mod tests {
    use shared::span::SpanLink;

    use super::super::fixture::{model, span};
    use super::*;

    fn linked(
        mut record: shared::span::SpanRecord,
        trace: [u8; 16],
        to: u64,
    ) -> shared::span::SpanRecord {
        record.span.links.push(SpanLink {
            trace_id: TraceId::from_bytes(trace).expect("not zero"),
            span_id: SpanId::from_bytes(to.to_be_bytes()).expect("not zero"),
            trace_state: String::new(),
            flags: 0,
            attributes: Vec::new(),
            dropped_attributes_count: 0,
        });
        record
    }

    #[test]
    fn a_link_is_known_at_both_ends() {
        let spans = vec![
            span(1, 0, "a", "root", 0, 100),
            span(2, 1, "a", "send", 10, 20),
            linked(
                linked(span(3, 1, "b", "receive", 30, 40), [7; 16], 2),
                [9; 16],
                2,
            ),
        ];
        let model = model(spans);
        assert_eq!(model.linked_from(1), [2]);
        assert!(model.linked_from(0).is_empty());
        assert_eq!(model.links_of(2).len(), 2);
        let words = |trace| {
            let id = SpanId::from_bytes(2_u64.to_be_bytes()).expect("not zero");
            target(&model, TraceId::from_bytes(trace).expect("not zero"), id)
        };
        assert_eq!(words([7; 16]).inner_text(), " a send");
        assert_eq!(words([9; 16]).tag, "a");
        let drawn: String = others(&model, 1).iter().map(Markup::inner_text).collect();
        assert!(drawn.starts_with("Linked from b receive"), "{drawn}");
    }
}
