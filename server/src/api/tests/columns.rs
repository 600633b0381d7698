//! A trace in columns over real sockets.

use std::io::Read as _;

use reqwest::Client;
use shared::columns::{AttributeColumn, Columns, Decoder, FieldsDecoder, digest};
use shared::query::traceql::Read;
use shared::trace::assemble;

use super::{get, header, send, server};
use crate::sample::{span_id, trace_id};

fn decode(bytes: &[u8]) -> Columns {
    let mut decoder = Decoder::default();
    decoder.push(bytes).expect("columns");
    decoder.finish().expect("whole")
}

#[tokio::test]
async fn a_trace_in_columns_is_the_trace_however_it_is_packed() {
    let server = server().await;
    let path = format!("/api/v1/traces/{}/columns", trace_id(1).to_hex());
    let response = get(&server, &path).await;
    assert_eq!(response.status(), 200);
    let plain = response.bytes().await.expect("a body").to_vec();
    let trace = assemble(server.store.trace(trace_id(1)).expect("spans"));
    let columns = decode(&plain);
    assert_eq!(columns.len(), 2);
    assert_eq!(columns.parents, [u32::MAX, 0]);
    assert_eq!(columns.starts[1], (trace.span(1).start - trace.start).0);
    assert_eq!(columns.failures.len(), 1);
    for (coding, unpack) in [
        ("gzip", gunzip as fn(&[u8]) -> Vec<u8>),
        ("zstd", |bytes| zstd::decode_all(bytes).expect("zstd")),
    ] {
        let request = Client::new()
            .get(format!("{}{path}", server.viewer))
            .header("accept-encoding", format!("identity;q=0.5, {coding}"));
        let response = send(request).await;
        assert_eq!(header(&response, "content-encoding"), Some(coding));
        assert_eq!(unpack(&response.bytes().await.expect("a body")), plain);
    }
}

fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    flate2::read::GzDecoder::new(bytes)
        .read_to_end(&mut out)
        .expect("gzip");
    out
}

#[tokio::test]
async fn gives_one_span_and_one_attribute_of_all_spans() {
    let server = server().await;
    let trace = format!("/api/v1/traces/{}", trace_id(1).to_hex());
    let path = format!("{trace}/spans/{}", span_id(2).to_hex());
    let body = get(&server, &path).await.bytes().await.expect("a body");
    let records = shared::otlp::json::decode_spans(&body)
        .expect("OTLP/JSON")
        .records;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].span.span_id, span_id(2));
    let path = format!("{trace}/attribute?key=service.name");
    let body = get(&server, &path).await.bytes().await.expect("a body");
    let column = AttributeColumn::decode(&body).expect("values");
    let mut values: Vec<_> = column
        .values
        .iter()
        .map(|(span, number)| (*span, column.texts.get(*number)))
        .collect();
    values.sort_unstable();
    assert_eq!(values, [(span_id(1), "shop"), (span_id(2), "payment")]);
}

#[tokio::test]
async fn gives_fields_of_all_spans_in_the_order_of_the_columns() {
    let server = server().await;
    let trace = format!("/api/v1/traces/{}", trace_id(1).to_hex());
    let body = get(&server, &format!("{trace}/columns")).await;
    let columns = decode(&body.bytes().await.expect("a body"));
    let mut fields = FieldsDecoder::default();
    let path = format!("{trace}/fields?name=resource.service.name&name=span%3Aid&name=span.none");
    let body = get(&server, &path).await.bytes().await.expect("a body");
    fields.push(&body).expect("fields");
    let fields = fields.finish().expect("all of it");
    assert_eq!(fields.rows, columns.total);
    assert_eq!(fields.digest, digest(columns.span_ids.iter()));
    let names: Vec<&str> = fields.columns.iter().map(|one| one.0.as_str()).collect();
    assert_eq!(names, ["resource.service.name", "span:id", "span.none"]);
    for row in 0..fields.rows {
        let at = row as usize;
        let service = &columns.services[usize::from(columns.service[at])].name;
        let id = columns.span_ids[at].to_hex();
        let read: Vec<Read<'_>> = fields.columns.iter().map(|one| one.1.read(row)).collect();
        assert_eq!(read, [Read::text(service), Read::text(&id), Read::Nil]);
    }
}

#[tokio::test]
async fn says_what_there_is_not() {
    let server = server().await;
    let known = trace_id(1).to_hex();
    let unknown = trace_id(9).to_hex();
    for (path, status) in [
        (format!("{unknown}/columns"), 404),
        ("nonsense/columns".to_owned(), 400),
        (format!("{known}/spans/{}", span_id(7).to_hex()), 404),
        (format!("{known}/spans/xyz"), 400),
        (format!("{unknown}/attribute?key=a"), 404),
        (format!("{known}/attribute"), 400),
        (format!("{unknown}/fields?name=name"), 404),
        (format!("{known}/fields"), 400),
        (format!("{known}/fields?name=nonsense+here"), 400),
        (format!("{known}/fields?key=name"), 400),
        (format!("{known}/fields?{}", "name=name&".repeat(17)), 400),
    ] {
        let response = get(&server, &format!("/api/v1/traces/{path}")).await;
        assert_eq!(response.status(), status, "{path}");
        let error: shared::query::ErrorResponse = response.json().await.expect("an error");
        assert!(!error.message.is_empty());
    }
}
