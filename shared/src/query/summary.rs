//! What a list shows of a trace, from its spans.

use std::collections::HashMap;

use super::{ServiceShare, TraceSummary};
use crate::attribute::{AttributeValue, find, find_str};
use crate::semconv;
use crate::span::{Span, SpanKind};
use crate::time::{DurationNanos, UnixNanos};
use crate::trace::Trace;

/// Sums up a trace, of which nothing was asked; `None` where it has no spans.
///
/// `caused` is the first CLIENT span below the root. `error` speaks of the first failed span, or of
/// the failed descendant that it failed for: a request fails because a seat is taken three services
/// further down, and that is what one wants to read.
#[must_use]
pub fn summarise(trace: &Trace) -> Option<TraceSummary> {
    let root = trace.root()?;
    let record = &trace.nodes[root as usize].record;
    let below = root + 1..root + trace.nodes[root as usize].subtree;
    let caused = below
        .map(|node| trace.span(node))
        .find(|span| span.kind == SpanKind::Client);
    Some(TraceSummary {
        trace_id: record.span.trace_id,
        root_name: record.span.name.clone(),
        root_service: record.resource.service_name().to_owned(),
        caused: caused.map(|span| span.name.clone()),
        start: trace.start,
        duration: trace.duration(),
        span_count: trace.nodes.len() as u32,
        error_count: trace
            .nodes
            .iter()
            .filter(|node| node.record.span.is_error())
            .count() as u32,
        error: first_error(trace),
        services: services(trace),
        noted: Vec::new(),
    })
}

/// The name and reason of the first failure.
fn first_error(trace: &Trace) -> Option<String> {
    let failed = |node: &u32| trace.span(*node).is_error();
    let mut node = (0..trace.nodes.len() as u32).find(failed)?;
    let mut cause = trace.span(node);
    let mut reason = error_reason(cause);
    // Down to where it began; a span that says nothing does not take the word from one that does.
    while let Some(child) = trace.children(node).find(failed) {
        node = child;
        let found = error_reason(trace.span(child));
        if found.is_some() || reason.is_none() {
            (cause, reason) = (trace.span(child), found);
        }
    }
    Some(match reason {
        Some(reason) => format!("{}: {reason}", cause.name),
        None => cause.name.clone(),
    })
}

/// Why a span failed, in its own words: the status message, the exception's message or type, the
/// class of error, or the HTTP status.
#[must_use]
pub fn error_reason(span: &Span) -> Option<String> {
    let given = |text: &&str| !text.is_empty();
    let exception = |key| {
        let events = span
            .events
            .iter()
            .rev()
            .filter(|event| event.name == "exception");
        events
            .filter_map(|event| find_str(&event.attributes, key))
            .find(given)
    };
    // In OpenTelemetry's conventions `_OTHER` says that the class is not known, and an HTTP span's
    // error.type is its status code, which reads better as such.
    let error_type = || {
        find_str(&span.attributes, semconv::ERROR_TYPE)
            .filter(|text| *text != "_OTHER" && !text.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let words = Some(span.status.message.as_str())
        .filter(given)
        .or_else(|| exception(semconv::EXCEPTION_MESSAGE))
        .or_else(|| exception(semconv::EXCEPTION_TYPE))
        .or_else(error_type);
    words.map(str::to_owned).or_else(|| {
        [semconv::HTTP_RESPONSE_STATUS_CODE, "http.status_code"]
            .into_iter()
            .find_map(|key| find(&span.attributes, key).and_then(AttributeValue::as_int))
            .map(|status| format!("HTTP {status}"))
    })
}

/// The services in the order of their first start, the browser first.
fn services(trace: &Trace) -> Vec<ServiceShare> {
    struct Share<'a> {
        name: &'a str,
        browser: bool,
        spans: u32,
        errors: u32,
        start: UnixNanos,
        end: UnixNanos,
    }
    let mut shares: Vec<Share<'_>> = Vec::new();
    let mut by_name: HashMap<&str, usize> = HashMap::new();
    // Spans of one batch share their resource, so that its name need not be looked for each time.
    let mut by_resource: HashMap<*const crate::resource::Resource, usize> = HashMap::new();
    for node in &trace.nodes {
        let (resource, span) = (&node.record.resource, &node.record.span);
        let end = span.end.max(span.start);
        let index = *by_resource
            .entry(std::sync::Arc::as_ptr(resource))
            .or_insert_with(|| {
                let name = resource.service_name();
                let index = *by_name.entry(name).or_insert_with(|| {
                    shares.push(Share {
                        name,
                        browser: false,
                        spans: 0,
                        errors: 0,
                        start: span.start,
                        end,
                    });
                    shares.len() - 1
                });
                shares[index].browser |= resource.is_browser();
                index
            });
        let share = &mut shares[index];
        share.spans += 1;
        share.errors += u32::from(span.is_error());
        share.start = share.start.min(span.start);
        share.end = share.end.max(end);
    }
    shares.sort_by_key(|share| (!share.browser, share.start));
    let share = |share: Share<'_>| ServiceShare {
        name: share.name.to_owned(),
        browser: share.browser,
        span_count: share.spans,
        error_count: share.errors,
        start: DurationNanos((share.start - trace.start).0),
        duration: share.end - share.start,
    };
    shares.into_iter().map(share).collect()
}
