//! What a TraceQL query reads of a trace in columns, and what it has to ask for first.
//!
//! The query is evaluated by the same code that the server searches with ([`shared::query::traceql`]). Columns say
//! exactly what the spans say of a few fields; every other one is asked for once, as the server reads it.

use std::sync::Arc;

use shared::columns::{FieldColumn, MOST_CHARACTERS, NONE, NoteKind, digest};
use shared::query::traceql::{Field, Intrinsic, Query, Read, Scope, TraceView};
use shared::semconv;

use super::trace::TraceModel;

/// So many services a trace in columns tells apart.
const MOST_SERVICES: usize = 65_000;
/// So many fields are kept.
const MOST_KEPT: usize = 32;

/// The fields that have been asked for, of one order of spans.
#[derive(Debug, Default)]
pub struct KnownFields {
    digest: u64,
    columns: Vec<(String, Arc<FieldColumn>)>,
}

impl KnownFields {
    /// The column of a field, for a trace of this digest.
    #[must_use]
    pub fn get(&self, digest: u64, name: &str) -> Option<Arc<FieldColumn>> {
        let found = self.columns.iter().find(|(known, _)| known == name);
        found
            .filter(|_| self.digest == digest)
            .map(|(_, column)| Arc::clone(column))
    }

    /// Keeps columns of a trace of this digest; those of another go.
    pub fn keep(&mut self, digest: u64, columns: Vec<(String, FieldColumn)>) {
        if self.digest != digest {
            self.columns.clear();
            self.digest = digest;
        }
        let columns = columns.into_iter();
        self.columns
            .extend(columns.map(|(name, column)| (name, Arc::new(column))));
        let over = self.columns.len().saturating_sub(MOST_KEPT);
        self.columns.drain(..over);
    }
}

/// The digest of a model's spans, in the order in which they were sent.
#[must_use]
pub fn digest_of(model: &TraceModel) -> u64 {
    let ids = &model.columns().span_ids;
    if model.sent_rows.is_empty() {
        return digest(ids.iter());
    }
    let mut nodes = vec![0_u32; ids.len()];
    for (node, row) in (0..).zip(&model.sent_rows) {
        nodes[*row as usize] = node;
    }
    digest(nodes.iter().map(|node| &ids[*node as usize]))
}

/// The fields that a query asks for beyond what columns say, as a query writes them.
#[must_use]
pub fn asked(query: &Query, model: &TraceModel) -> Vec<String> {
    let exact = Exact::of(model);
    let mut names: Vec<String> = Vec::new();
    for field in query.reads() {
        let name = match field {
            _ if exact.knows(field) => continue,
            // Of these the root's own is read.
            Field::Intrinsic(Intrinsic::RootName) => Field::Intrinsic(Intrinsic::Name).to_string(),
            Field::Intrinsic(Intrinsic::RootServiceName) => service_name().to_string(),
            field => field.to_string(),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn service_name() -> Field {
    Field::Attribute(Scope::Resource, semconv::SERVICE_NAME.to_owned())
}

/// What columns say exactly: texts in them may be cut, and not every parent has arrived.
#[derive(Debug, Clone, Copy)]
struct Exact {
    names: bool,
    services: bool,
    parents: bool,
}

impl Exact {
    fn of(model: &TraceModel) -> Self {
        let cut = |text: &str| {
            text.len() > MOST_CHARACTERS && text.chars().nth(MOST_CHARACTERS).is_some()
        };
        let columns = model.columns();
        let texts = &columns.texts;
        let missing = [NoteKind::Orphan, NoteKind::Cycle];
        Self {
            names: !(0..texts.len() as u32).any(|number| cut(texts.get(number))),
            services: columns.services.len() < MOST_SERVICES
                && model.services.iter().all(|service| {
                    // That is what a service without a name is called, too.
                    service.name != "unknown_service" && !cut(&service.name)
                }),
            parents: !columns
                .notes
                .iter()
                .any(|note| missing.contains(&note.kind)),
        }
    }

    fn knows(self, field: &Field) -> bool {
        match field {
            Field::Intrinsic(intrinsic) => match intrinsic {
                Intrinsic::Name | Intrinsic::RootName => self.names,
                Intrinsic::RootServiceName => self.services,
                Intrinsic::ParentId => self.parents,
                Intrinsic::Duration
                | Intrinsic::Status
                | Intrinsic::Kind
                | Intrinsic::SpanId
                | Intrinsic::TraceId
                | Intrinsic::TraceDuration => true,
                _ => false,
            },
            field => self.services && *field == service_name(),
        }
    }
}

/// A trace in columns, with the fields that a query asked for.
#[derive(Debug)]
pub struct QueryView {
    model: Arc<TraceModel>,
    fields: Vec<(Field, Arc<FieldColumn>)>,
}

impl QueryView {
    /// From a trace and the columns of what [`asked`] says.
    #[must_use]
    pub fn new(model: Arc<TraceModel>, columns: Vec<(String, Arc<FieldColumn>)>) -> Self {
        let columns = columns.into_iter();
        Self {
            model,
            fields: columns
                .filter_map(|(name, column)| Some((Field::parse(&name)?, column)))
                .collect(),
        }
    }

    fn sent(&self, node: u32, field: &Field) -> Option<Read<'_>> {
        let (_, column) = self.fields.iter().find(|(known, _)| known == field)?;
        let row = self.model.sent_rows.get(node as usize);
        Some(column.read(row.copied().unwrap_or(node)))
    }
}

impl TraceView for QueryView {
    fn count(&self) -> u32 {
        self.model.len() as u32
    }

    fn parent(&self, node: u32) -> Option<u32> {
        let parent = self.model.parent[node as usize];
        (parent != NONE).then_some(parent)
    }

    fn depth(&self, node: u32) -> u32 {
        self.model.depth[node as usize]
    }

    fn subtree(&self, node: u32) -> u32 {
        self.model.subtree[node as usize]
    }

    fn read(&self, node: u32, field: &Field) -> Read<'_> {
        if let Some(sent) = self.sent(node, field) {
            return sent;
        }
        let model = &*self.model;
        let hex = |text: String| Read::Text(text.into());
        let service = |node: u32| Read::text(&model.service_of(node).name);
        match field {
            Field::Intrinsic(intrinsic) => match intrinsic {
                Intrinsic::Name => Read::text(model.name(node)),
                Intrinsic::Duration => Read::Int(model.raw_duration(node)),
                Intrinsic::Status => Read::Status(model.status(node)),
                Intrinsic::Kind => Read::Kind(model.kind(node)),
                Intrinsic::SpanId => hex(model.span_id(node).to_hex()),
                Intrinsic::ParentId => self
                    .parent(node)
                    .map_or(Read::Nil, |parent| hex(model.span_id(parent).to_hex())),
                Intrinsic::TraceId => model.trace_id().map_or(Read::Nil, |id| hex(id.to_hex())),
                Intrinsic::TraceDuration => Read::Int(model.sent_duration),
                Intrinsic::RootName => self
                    .sent(model.root, &Field::Intrinsic(Intrinsic::Name))
                    .unwrap_or_else(|| Read::text(model.name(model.root))),
                Intrinsic::RootServiceName => match self.sent(model.root, &service_name()) {
                    Some(Read::Text(name)) if !name.is_empty() => Read::Text(name),
                    _ => service(model.root),
                },
                _ => Read::Nil,
            },
            field if *field == service_name() => service(node),
            _ => Read::Nil,
        }
    }
}

#[cfg(test)]
mod tests {
    use shared::attribute::{Attribute, AttributeValue};
    use shared::columns::{FieldsDecoder, encode_fields};
    use shared::id::{SpanId, TraceId};
    use shared::query::traceql::{Evaluation, parse};
    use shared::resource::{Resource, Scope as Library};
    use shared::span::{SpanEvent, SpanKind, SpanLink, SpanRecord, StatusCode};
    use shared::time::DurationNanos;
    use shared::trace::{Trace, assemble};

    use super::super::clock;
    use super::super::fixture::{failed, kind, span, with};
    use super::super::pace::{Unhurried, at_once};
    use super::*;

    const MS: u64 = 1_000_000;

    /// A trace with whatever a query can ask for: values of every kind, events, links, a long name, an orphan, a span
    /// that was sent by nobody, two spans of one id, and a clock that is ahead.
    fn odd() -> Vec<SpanRecord> {
        let mut records = vec![
            with(
                span(1, 0, "shop-web", "load /", 0, 90 * MS),
                "booking.id",
                "b-1",
            ),
            kind(
                with(
                    span(2, 1, "shop-web", "GET /seats", MS, 40 * MS),
                    "count",
                    3,
                ),
                SpanKind::Client,
            ),
            kind(
                with(
                    span(3, 2, "seats", "GET /seats", 60 * MS, 80 * MS),
                    "count",
                    3.0,
                ),
                SpanKind::Server,
            ),
            failed(
                with(
                    span(4, 3, "seats", "SELECT", 61 * MS, 62 * MS),
                    "retried",
                    true,
                ),
                "lock",
            ),
            failed(
                with(
                    span(5, 3, "seats", &"long ".repeat(400), 63 * MS, 64 * MS),
                    "count",
                    "3",
                ),
                "",
            ),
            span(6, 99, "seats", "orphan", 5 * MS, 6 * MS),
            with(
                span(7, 1, "shop-web", "paint", 50 * MS, 49 * MS),
                "seats",
                AttributeValue::Array(vec![
                    "A1".into(),
                    7.into(),
                    AttributeValue::Array(vec!["nested".into()]),
                    AttributeValue::Bytes(vec![1, 2]),
                    AttributeValue::Map(vec![Attribute::new("k", 1.5)]),
                ]),
            ),
            with(span(8, 1, "shop-web", "twin", 51 * MS, 52 * MS), "count", 9),
            with(
                span(8, 1, "shop-web", "twin", 53 * MS, 54 * MS),
                "count",
                10,
            ),
            with(
                span(9, 1, "shop-web", "bytes", 55 * MS, 56 * MS),
                "raw",
                AttributeValue::Bytes(vec![9]),
            ),
        ];
        let unnamed = Resource {
            attributes: vec![Attribute::new("host.name", "h-1")],
            ..Resource::default()
        };
        let mut nobody = span(10, 1, "x", "nobody's", 57 * MS, 58 * MS);
        nobody.resource = Arc::new(unnamed);
        nobody.span.status.message = "fine".to_owned();
        nobody.span.status.code = StatusCode::Ok;
        let start = nobody.span.start;
        nobody.scope = Arc::new(Library {
            name: "forms".to_owned(),
            version: "1.2".to_owned(),
            attributes: vec![Attribute::new("mode", "strict")],
            ..Library::default()
        });
        nobody.span.events = ["retry", "exception"]
            .into_iter()
            .zip(1_i64..)
            .map(|(name, code)| SpanEvent {
                time: start + DurationNanos(code * 1_000),
                name: name.to_owned(),
                attributes: vec![Attribute::new("code", code)],
                ..SpanEvent::default()
            })
            .collect();
        nobody.span.links = vec![SpanLink {
            trace_id: TraceId::from_bytes([9; 16]).expect("not zero"),
            span_id: SpanId::from_bytes([8; 8]).expect("not zero"),
            trace_state: String::new(),
            attributes: vec![Attribute::new("why", "follows")],
            dropped_attributes_count: 0,
            flags: 0,
        }];
        records.push(nobody);
        records
    }

    const QUERIES: [&str; 62] = [
        "{ }",
        "{ name = \"GET /seats\" }",
        "{ name =~ \"(?i)get .*\" }",
        "{ name !~ \"\\\\w+ .*\" }",
        "{ name =~ \"(long ){400}\" }",
        "{ duration > 10ms }",
        "{ duration < 0s }",
        "{ status = error }",
        "{ statusMessage = \"lock\" }",
        "{ statusMessage = \"fine\" }",
        "{ kind = server || kind = client }",
        "{ childCount > 2 }",
        "{ parent.childCount > 2 }",
        "{ span:id = \"0000000000000003\" }",
        "{ span:parentID = \"0000000000000063\" }",
        "{ span:parentID = nil }",
        "{ trace:id =~ \"07.*\" }",
        "{ traceDuration > 89ms }",
        "{ rootName = \"load /\" && rootServiceName = \"shop-web\" }",
        "{ parent = nil }",
        "{ nestedSetParent < 0 }",
        "{ resource.service.name = \"seats\" }",
        "{ resource.service.name = nil }",
        "{ .service.name != \"seats\" }",
        "{ resource.host.name = \"h-1\" }",
        "{ span.booking.id = \"b-1\" }",
        "{ .booking.id != nil }",
        "{ span.count = 3 }",
        "{ span.count = \"3\" }",
        "{ span.count > 3 }",
        "{ span.count != 3 }",
        "{ span.count * 2 >= 18 }",
        "{ .retried }",
        "{ !.retried }",
        "{ span.retried = false }",
        "{ span.seats = \"A1\" }",
        "{ span.seats != \"B2\" }",
        "{ span.seats =~ \"A.\" }",
        "{ span.seats = 7 }",
        "{ span.seats = \"nested\" }",
        "{ span.raw != nil }",
        "{ span.raw = \"09\" }",
        "{ event:name = \"exception\" }",
        "{ event:name != \"exception\" }",
        "{ event:timeSinceStart > 1us }",
        "{ event.code > 1 }",
        "{ link:traceID != nil && link:spanID =~ \"08.*\" }",
        "{ link.why = \"follows\" }",
        "{ instrumentation:name = \"forms\" && instrumentation:version = \"1.2\" }",
        "{ instrumentation.mode = \"strict\" }",
        "{ parent.count = 3 }",
        "{ parent.resource.service.name = \"shop-web\" && resource.service.name = \"seats\" }",
        "{ kind = client } > { kind = server }",
        "{ rootName = \"load /\" } >> { status = error }",
        "{ status = error } << { }",
        "{ name = \"SELECT\" } ~ { }",
        "{ kind = client } !>> { }",
        "{ kind = client } &> { kind = server }",
        "{ } | by(span.count) | count() > 1",
        "{ } | by(span.seats) | count() = 1",
        "{ } | by(resource.service.name) | avg(duration) > 5ms",
        "({ status = error } | count() > 1) || { span.count = 9 } | max(span.count) > 2",
    ];

    /// What the viewer finds, by span ids and in the order of the trace as sent.
    fn in_viewer(trace: &Trace, model: &Arc<TraceModel>, query: &Query) -> Vec<u32> {
        let names = asked(query, model);
        let fields = names.iter().filter_map(|name| Field::parse(name)).collect();
        let mut decoder = FieldsDecoder::default();
        for piece in encode_fields(trace, fields).chunks(7) {
            decoder.push(piece).expect("a stream");
        }
        let fields = decoder.finish().expect("a whole stream");
        let digest = digest_of(model);
        assert_eq!(fields.digest, digest, "the same order");
        let mut known = KnownFields::default();
        known.keep(digest, fields.columns);
        let columns = names
            .into_iter()
            .map(|name| (name.clone(), known.get(digest, &name).expect("asked for")));
        let view = QueryView::new(Arc::clone(model), columns.collect());
        let found = at_once(Evaluation::default().finish_with(query, &view, &Unhurried));
        let rows = found.nodes.into_iter().map(|node| {
            let row = model.sent_rows.get(node as usize);
            row.copied().unwrap_or(node)
        });
        let mut rows: Vec<u32> = rows.collect();
        rows.sort_unstable();
        rows
    }

    #[test]
    fn the_viewer_finds_what_the_server_finds() {
        let traces = [
            odd(),
            odd()
                .into_iter()
                .filter(|one| one.span.name.len() < 100)
                .collect(),
            // Without the orphan and the nameless: what columns know of ids and services is exact.
            odd().into_iter().take(5).collect(),
        ];
        let mut found_any = 0;
        for records in traces {
            let trace = assemble(records);
            let model = Arc::new(TraceModel::new(&trace));
            for text in QUERIES {
                let query = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
                let on_server = query.matches(&trace);
                found_any += usize::from(!on_server.is_empty());
                assert_eq!(in_viewer(&trace, &model, &query), on_server, "{text}");
            }
        }
        assert!(found_any > 120, "most queries find something: {found_any}");
    }

    #[test]
    fn adjusted_clocks_change_no_answer() {
        let trace = assemble(odd());
        let sent = TraceModel::new(&trace);
        assert!(sent.clocks_apart());
        let adjusted = Arc::new(at_once(clock::adjusted(&sent, &sent.skews, &Unhurried)));
        assert!(adjusted.adjusted);
        for text in QUERIES {
            let query = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            let found = in_viewer(&trace, &adjusted, &query);
            assert_eq!(found, query.matches(&trace), "{text}");
        }
    }

    #[test]
    fn only_what_columns_do_not_say_is_asked_for() {
        let plain = Arc::new(super::super::fixture::booking());
        let odd = Arc::new(TraceModel::new(&assemble(odd())));
        let asked =
            |model: &Arc<TraceModel>, text: &str| asked(&parse(text).expect(text), model).join(" ");
        let local = "{ name = \"a\" && duration > 1ms && resource.service.name = \"b\" && rootName = \"c\" && parent.name = \"d\" && childCount > 1 }";
        assert_eq!(asked(&plain, local), "");
        assert_eq!(asked(&odd, local), "name resource.service.name");
        assert_eq!(
            asked(
                &plain,
                "{ parent.span.a = 1 && .a = 2 && event:name = \"e\" } | by(span.a) | select(span.b)"
            ),
            "span.a .a event:name"
        );
    }

    #[test]
    fn fields_of_another_order_are_forgotten() {
        let mut known = KnownFields::default();
        let column = |name: &str| vec![(name.to_owned(), FieldColumn::default())];
        known.keep(1, column("a"));
        assert!(known.get(1, "a").is_some() && known.get(2, "a").is_none());
        known.keep(2, column("b"));
        assert!(known.get(2, "a").is_none() && known.get(2, "b").is_some());
        for number in 0..40 {
            known.keep(2, column(&number.to_string()));
        }
        assert!(known.get(2, "b").is_none() && known.get(2, "39").is_some());
    }
}
