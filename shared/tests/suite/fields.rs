//! Fields of a trace, row by row: what a query reads goes in and comes out, and hostile bytes are errors.

use proptest::collection::vec;
use proptest::prelude::*;
use shared::columns::{
    ColumnsError, FIELDS_MAGIC, Fields, FieldsDecoder, FieldsEncoder, digest, encode_fields,
};
use shared::query::traceql::{Field, Read};
use shared::span::SpanRecord;
use shared::trace::{Trace, assemble};

use crate::generate::span_records;

const NAMES: [&str; 8] = [
    "name",
    "span:id",
    "statusMessage",
    "status",
    "kind",
    "event:name",
    "event:timeSinceStart",
    "link:traceID",
];

fn decode(bytes: &[u8], piece: usize) -> Result<Fields, ColumnsError> {
    let mut decoder = FieldsDecoder::default();
    for piece in bytes.chunks(piece.max(1)) {
        decoder.push(piece)?;
    }
    decoder.finish()
}

/// The intrinsics, and every attribute that the spans have, in every scope.
fn fields(trace: &Trace) -> Vec<Field> {
    let mut names: Vec<String> = NAMES.map(str::to_owned).to_vec();
    for node in &trace.nodes {
        for attribute in &node.record.span.attributes {
            let quoted = attribute.key.replace('\\', "\\\\").replace('"', "\\\"");
            for scope in ["span", "resource", "event"] {
                names.push(format!("{scope}.\"{quoted}\""));
            }
        }
    }
    names.truncate(16);
    names.iter().filter_map(|name| Field::parse(name)).collect()
}

fn check(found: &Fields, trace: &Trace, fields: &[Field]) {
    assert_eq!(found.rows as usize, trace.nodes.len());
    let ids = trace.nodes.iter().map(|node| &node.record.span.span_id);
    assert_eq!(found.digest, digest(ids));
    assert_eq!(found.columns.len(), fields.len());
    for (field, (name, column)) in fields.iter().zip(&found.columns) {
        assert_eq!(*name, field.to_string());
        for (row, node) in (0..).zip(&trace.nodes) {
            let (read, meant) = (column.read(row), Read::of_record(&node.record, field));
            // As texts: a number that is none differs from itself.
            assert_eq!(format!("{read:?}"), format!("{meant:?}"), "{name}");
        }
    }
}

proptest! {
    #[test]
    fn fields_say_what_the_spans_say_in_pieces_of_any_size(records in span_records(), piece in 1_usize..400) {
        prop_assume!(!records.is_empty());
        let trace = assemble(records.clone());
        let fields = fields(&trace);
        check(&decode(&encode_fields(&trace, fields.clone()), piece).expect("readable"), &trace, &fields);
        let mut encoder = FieldsEncoder::new(fields.clone());
        let mut contents: Vec<String> = Vec::new();
        for record in &records {
            let content = format!("{record:?}");
            let number = contents.iter().position(|known| *known == content).unwrap_or(contents.len());
            contents.push(content);
            encoder.push(record, number as i64);
        }
        let mut bytes = FIELDS_MAGIC.to_vec();
        bytes.extend(encoder.into_bytes());
        prop_assert_eq!(decode(&bytes, piece).expect("readable").rows as usize, trace.nodes.len());
    }

    #[test]
    fn a_damaged_stream_is_an_error_or_fields_never_a_panic(
        records in span_records(),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        prop_assume!(!records.is_empty());
        let trace = assemble(records);
        let mut bytes = encode_fields(&trace, fields(&trace));
        let length = bytes.len();
        prop_assert_eq!(decode(&bytes[..cut.index(length)], 64).err(), Some(ColumnsError::Incomplete));
        for (place, byte) in damage {
            bytes[place.index(length)] = byte;
        }
        if let Ok(found) = decode(&bytes, 64) {
            for (_, column) in &found.columns {
                for row in 0..found.rows.min(1_000) {
                    let _ = column.read(row);
                }
            }
        }
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in vec(any::<u8>(), 0..200)) {
        let mut stream = FIELDS_MAGIC.to_vec();
        stream.extend_from_slice(&bytes);
        let _ = decode(&stream, 7);
    }
}

#[test]
fn values_beyond_the_limit_are_named_and_not_sent() {
    let mut records: Vec<SpanRecord> = Vec::new();
    for id in 1..=3_u64 {
        let mut record = crate::shop::span(id, 0, "a", "large", id as f64, 1.0);
        let large = format!("{id}").repeat(30 << 20);
        record.span.attributes = vec![shared::attribute::Attribute::new("large", large)];
        records.push(record);
    }
    let trace = assemble(records);
    let fields = ["span.large", "name"].map(|name| Field::parse(name).expect(name));
    let found = decode(&encode_fields(&trace, fields.to_vec()), 1 << 20).expect("readable");
    assert!(found.columns[0].1.is_too_large());
    assert_eq!(found.columns[0].1.read(0), Read::Nil);
    assert!(!found.columns[1].1.is_too_large());
    assert_eq!(found.columns[1].1.read(2), Read::text("large"));
}
