//! Writes columns, chunk by chunk.

use super::builder::Builder;
use super::wire::{self, close, open, put, put_signed, put_text};
use super::{MAGIC, NONE, NoteKind, flag};
use crate::time::UnixNanos;
use crate::trace::order::{Order, order};
use crate::trace::{Trace, Warning};

/// Spans in one chunk.
const ROWS: usize = 8_192;

/// The chunks of a trace, the first of them with the head; each is worth sending by itself.
#[derive(Debug)]
pub struct Encoder {
    spans: Builder,
    order: Order,
    /// By place in preorder.
    flags: Vec<u16>,
    /// The number on the wire of each service and each text; [`NONE`] where it has not been sent.
    services: Vec<u32>,
    texts: Vec<u32>,
    texts_sent: u32,
    next: usize,
    ended: bool,
}

/// The chunks of an assembled trace.
#[must_use]
pub fn encode_trace(trace: &Trace) -> Encoder {
    let mut spans = Builder::with_capacity(trace.nodes.len());
    let mut found = Order {
        warnings: trace.warnings.clone(),
        start: trace.start,
        end: trace.end,
        ..Order::default()
    };
    for (index, node) in (0..).zip(&trace.nodes) {
        // The order is known, so that nothing asks for the content.
        spans.push(&node.record, 0);
        found.spans.push(index);
        found.parents.push(node.parent.unwrap_or(NONE));
        found.depths.push(node.depth);
        found.subtrees.push(node.subtree);
    }
    Encoder::in_order(spans, found)
}

/// A word on how far a trace is that is still being read; `magic` where the stream begins with it.
#[must_use]
pub fn progress(read: usize, expected: usize, magic: Option<[u8; 4]>) -> Vec<u8> {
    let mut out = magic.map_or_else(Vec::new, |magic| magic.to_vec());
    let start = open(&mut out, wire::PROGRESS);
    put(&mut out, read as u64);
    put(&mut out, expected as u64);
    close(&mut out, start);
    out
}

impl Encoder {
    /// Puts the spans in order.
    #[must_use]
    pub fn new(spans: Builder) -> Self {
        let order = order(&spans);
        Self::in_order(spans, order)
    }

    fn in_order(spans: Builder, order: Order) -> Self {
        let mut flags: Vec<u16> = order
            .spans
            .iter()
            .map(|index| spans.flags[*index as usize])
            .collect();
        for warning in &order.warnings {
            flags[warning.node() as usize] |= warning_flag(warning);
        }
        let mut encoder = Self {
            flags,
            services: Vec::new(),
            texts: vec![NONE; spans.texts.len()],
            texts_sent: 0,
            next: 0,
            ended: false,
            spans,
            order,
        };
        encoder.services = encoder.service_order();
        encoder
    }

    /// Browsers first, then by the first span of each.
    fn service_order(&self) -> Vec<u32> {
        let count = self.spans.services.len();
        let mut firsts = vec![UnixNanos(u64::MAX); count];
        for (index, service) in self.spans.service.iter().enumerate() {
            let first = &mut firsts[usize::from(*service)];
            *first = (*first).min(self.spans.times[index].0);
        }
        let mut sorted: Vec<usize> = (0..count).collect();
        sorted.sort_by_key(|service| (!self.spans.services[*service].browser, firsts[*service]));
        let mut places = vec![0; count];
        for (place, service) in sorted.into_iter().enumerate() {
            places[service] = place as u32;
        }
        places
    }

    /// The whole stream in one piece.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        for chunk in self {
            out.extend_from_slice(&chunk);
        }
        out
    }

    fn head(&self, out: &mut Vec<u8>) {
        let start = open(out, wire::HEAD);
        let id = self.spans.trace_id.map_or([0; 16], |id| *id.as_bytes());
        out.extend_from_slice(&id);
        put(out, self.order.spans.len() as u64);
        put(out, self.order.start.0);
        put(out, self.order.end.0);
        let roots = || (0..self.flags.len()).filter(|place| self.order.parents[*place] == NONE);
        let root = roots()
            .find(|place| self.flags[*place] & flag::ROOT != 0)
            .or_else(|| roots().next());
        put(out, root.unwrap_or(0) as u64);
        put_text(out, &self.spans.session);
        put(out, self.services.len() as u64);
        let mut named = vec![0; self.services.len()];
        for (service, place) in self.services.iter().enumerate() {
            named[*place as usize] = service;
        }
        for service in named {
            let service = &self.spans.services[service];
            let host = !service.host.is_empty();
            put(out, u64::from(service.browser) | u64::from(host) << 1);
            put_text(out, &service.name);
            if host {
                put_text(out, &service.host);
            }
        }
        close(out, start);
    }

    /// The number of a text on the wire; a text that was not sent yet joins `fresh`.
    fn text(&mut self, number: u32, fresh: &mut Vec<u32>) -> u64 {
        if number == NONE {
            return 0;
        }
        let sent = &mut self.texts[number as usize];
        if *sent == NONE {
            *sent = self.texts_sent;
            self.texts_sent += 1;
            fresh.push(number);
        }
        // 0 says that there is none.
        u64::from(*sent) + 1
    }

    fn rows(&mut self, out: &mut Vec<u8>) {
        let (first, last) = (self.next, (self.next + ROWS).min(self.order.spans.len()));
        self.next = last;
        let mut fresh = Vec::new();
        let mut rows = Vec::with_capacity((last - first) * 24);
        let content = open(&mut rows, wire::ROWS);
        put(&mut rows, (last - first) as u64);
        let places = first..last;
        let index = |this: &Self, place: usize| this.order.spans[place] as usize;
        for place in places.clone() {
            rows.extend_from_slice(self.spans.ids[index(self, place)].as_bytes());
        }
        let mut before = 0;
        for place in places.clone() {
            let start = (self.spans.times[index(self, place)].0 - self.order.start).0;
            put_signed(&mut rows, start.wrapping_sub(before));
            before = start;
        }
        for place in places.clone() {
            let (start, end) = self.spans.times[index(self, place)];
            put_signed(&mut rows, (end - start).0);
        }
        for place in places.clone() {
            put(&mut rows, u64::from(self.order.subtrees[place]));
        }
        for place in places.clone() {
            let service = self.spans.service[index(self, place)];
            put(&mut rows, u64::from(self.services[usize::from(service)]));
        }
        for place in places.clone() {
            let name = self.spans.names[index(self, place)];
            let number = self.text(name, &mut fresh);
            put(&mut rows, number);
        }
        for place in places.clone() {
            rows.push(self.spans.kinds[index(self, place)]);
        }
        for place in places.clone() {
            put(&mut rows, u64::from(self.flags[place]));
        }
        close(&mut rows, content);
        let sparse = [
            (wire::FAILURES, self.failures(first, last, &mut fresh)),
            (wire::MARKS, self.marks(first, last, &mut fresh)),
            (wire::LINKS, self.links(first, last)),
        ];
        if !fresh.is_empty() {
            let content = open(out, wire::TEXTS);
            put(out, fresh.len() as u64);
            for number in fresh {
                put_text(out, &self.spans.texts[number as usize]);
            }
            close(out, content);
        }
        out.extend_from_slice(&rows);
        for (kind, entries) in sparse {
            if !entries.is_empty() {
                let content = open(out, kind);
                out.extend_from_slice(&entries);
                close(out, content);
            }
        }
    }

    fn failures(&mut self, first: usize, last: usize, fresh: &mut Vec<u32>) -> Vec<u8> {
        let mut out = Vec::new();
        for place in first..last {
            if let Some((reason, message)) = self.spans.failures.get(&self.order.spans[place]) {
                let (reason, message) = (*reason, *message);
                put(&mut out, place as u64);
                let reason = self.text(reason, fresh);
                put(&mut out, reason);
                let message = self.text(message, fresh);
                put(&mut out, message);
            }
        }
        out
    }

    fn marks(&mut self, first: usize, last: usize, fresh: &mut Vec<u32>) -> Vec<u8> {
        let mut out = Vec::new();
        for place in first..last {
            let index = self.order.spans[place];
            for (time, name) in self.spans.marks.remove(&index).unwrap_or_default() {
                put(&mut out, place as u64);
                let name = self.text(name, fresh);
                put(&mut out, name);
                put_signed(&mut out, (time - self.order.start).0);
            }
        }
        out
    }

    fn links(&self, first: usize, last: usize) -> Vec<u8> {
        let mut out = Vec::new();
        for place in first..last {
            let index = self.order.spans[place];
            for (trace_id, span_id) in self.spans.links.get(&index).into_iter().flatten() {
                put(&mut out, place as u64);
                out.extend_from_slice(trace_id.as_bytes());
                out.extend_from_slice(span_id.as_bytes());
            }
        }
        out
    }

    fn notes(&self, out: &mut Vec<u8>) {
        let mut notes: Vec<(NoteKind, &Warning, u32)> = Vec::new();
        for warning in &self.order.warnings {
            let kind = note_kind(warning);
            match notes.iter_mut().find(|note| note.0 == kind) {
                Some(note) => note.2 += 1,
                None => notes.push((kind, warning, 1)),
            }
        }
        let content = open(out, wire::NOTES);
        for (kind, warning, count) in notes {
            out.push(kind as u8);
            put(out, u64::from(warning.node()));
            put(out, u64::from(count));
            put_text(out, &warning.to_string());
        }
        close(out, content);
    }
}

impl Iterator for Encoder {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        if self.ended {
            return None;
        }
        let mut out = Vec::new();
        if self.next == 0 {
            self.head(&mut out);
        }
        if self.next < self.order.spans.len() {
            self.rows(&mut out);
        }
        if self.next >= self.order.spans.len() {
            self.notes(&mut out);
            let content = open(&mut out, wire::END);
            close(&mut out, content);
            self.ended = true;
        }
        Some(out)
    }
}

fn note_kind(warning: &Warning) -> NoteKind {
    match *warning {
        Warning::Orphan { .. } => NoteKind::Orphan,
        Warning::Cycle { .. } => NoteKind::Cycle,
        Warning::SeveralRoots { .. } => NoteKind::SeveralRoots,
        Warning::ChildStartsBeforeParent {
            across_services, ..
        } if across_services => NoteKind::StartsBeforeOtherService,
        Warning::ChildStartsBeforeParent { .. } => NoteKind::StartsBeforeParent,
        Warning::ChildEndsAfterParent {
            across_services, ..
        } if across_services => NoteKind::EndsAfterOtherService,
        Warning::ChildEndsAfterParent { .. } => NoteKind::EndsAfterParent,
        Warning::NegativeDuration { .. } => NoteKind::NegativeDuration,
        Warning::ZeroDuration { .. } => NoteKind::ZeroDuration,
        Warning::DuplicateSpanId { .. } => NoteKind::DuplicateSpanId,
        Warning::ClockImplausible { .. } => NoteKind::ClockImplausible,
    }
}

fn warning_flag(warning: &Warning) -> u16 {
    match *warning {
        Warning::Orphan { .. } => flag::ORPHAN,
        Warning::Cycle { .. } => flag::CYCLE,
        Warning::DuplicateSpanId { .. } => flag::DUPLICATE,
        Warning::ClockImplausible { .. } => flag::IMPLAUSIBLE,
        Warning::ChildStartsBeforeParent {
            across_services, ..
        } => flag::STARTS_BEFORE_PARENT | across(across_services),
        Warning::ChildEndsAfterParent {
            across_services, ..
        } => flag::ENDS_AFTER_PARENT | across(across_services),
        Warning::SeveralRoots { .. }
        | Warning::NegativeDuration { .. }
        | Warning::ZeroDuration { .. } => 0,
    }
}

const fn across(across_services: bool) -> u16 {
    if across_services {
        flag::ACROSS_SERVICES
    } else {
        0
    }
}
