//! Traces in columns: what goes in comes out, whatever the pieces, and hostile bytes are errors.

use proptest::collection::vec;
use proptest::prelude::*;
use shared::columns::{Builder, Columns, ColumnsError, Decoder, Encoder, encode_trace, flag};
use shared::span::SpanRecord;
use shared::trace::{Trace, assemble};

use crate::generate::span_records;
use crate::trace::bag;

fn decode(bytes: &[u8], piece: usize) -> Result<Columns, ColumnsError> {
    let mut decoder = Decoder::default();
    for piece in bytes.chunks(piece.max(1)) {
        decoder.push(piece)?;
    }
    decoder.finish()
}

fn check(columns: &Columns, trace: &Trace) {
    assert_eq!(columns.len(), trace.nodes.len());
    assert_eq!((columns.start, columns.end), (trace.start, trace.end));
    for (row, node) in (0..).zip(&trace.nodes) {
        let (at, span) = (row as usize, &node.record.span);
        assert_eq!(columns.span_ids[at], span.span_id);
        assert_eq!(columns.starts[at], (span.start - trace.start).0);
        assert_eq!(columns.durations[at], span.duration().0);
        assert_eq!(columns.parents[at], node.parent.unwrap_or(u32::MAX));
        assert_eq!(columns.depths[at], node.depth);
        assert_eq!(columns.subtrees[at], node.subtree);
        assert_eq!(columns.name(row), span.name);
        assert_eq!(columns.kind(row), span.kind);
        assert_eq!(columns.status(row), span.status.code);
        assert_eq!(columns.failure(row).is_some(), span.is_error());
        assert_eq!(columns.marks_of(row).len(), span.events.len());
        assert_eq!(columns.links_of(row).len(), span.links.len());
        let service = &columns.services[usize::from(columns.service[at])];
        assert_eq!(service.name, node.record.resource.service_name());
        assert_eq!(service.host, node.record.resource.host());
        let root = span.parent_span_id.is_none();
        assert_eq!(columns.flags[at] & flag::ROOT != 0, root);
    }
    if let Some(root) = trace.root() {
        assert_eq!(columns.root, root);
    }
}

/// Tangled ones, and ones with texts, events and links of every kind.
fn records() -> impl Strategy<Value = Vec<SpanRecord>> {
    prop_oneof![bag(), span_records()]
}

proptest! {
    #[test]
    fn columns_say_what_the_trace_says_in_pieces_of_any_size(records in records(), piece in 1_usize..400) {
        prop_assume!(!records.is_empty());
        let mut builder = Builder::default();
        let mut contents: Vec<String> = Vec::new();
        for record in &records {
            let content = format!("{record:?}");
            let number = contents.iter().position(|known| *known == content).unwrap_or(contents.len());
            contents.push(content);
            builder.push(record, number as i64);
        }
        let trace = assemble(records);
        check(&decode(&encode_trace(&trace).into_bytes(), piece).expect("readable"), &trace);
        let found = decode(&Encoder::new(builder).into_bytes(), piece).expect("readable");
        prop_assert_eq!(found.len(), trace.nodes.len());
        prop_assert_eq!(found.subtrees, trace.nodes.iter().map(|node| node.subtree).collect::<Vec<_>>());
    }

    #[test]
    fn a_damaged_stream_is_an_error_or_a_trace_never_a_panic(
        records in records(),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        prop_assume!(!records.is_empty());
        let mut bytes = encode_trace(&assemble(records)).into_bytes();
        let length = bytes.len();
        prop_assert_eq!(decode(&bytes[..cut.index(length)], 64).err(), Some(ColumnsError::Incomplete));
        for (place, byte) in damage {
            bytes[place.index(length)] = byte;
        }
        if let Ok(columns) = decode(&bytes, 64) {
            for row in 0..columns.len() as u32 {
                let end = row + columns.subtrees[row as usize];
                prop_assert!(end as usize <= columns.len());
                let parent = columns.parents[row as usize];
                prop_assert!(parent == u32::MAX || parent < row);
                let _ = (columns.name(row), columns.kind(row), columns.status(row));
                let _ = &columns.services[usize::from(columns.service[row as usize])];
            }
        }
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in vec(any::<u8>(), 0..200)) {
        let mut stream = shared::columns::MAGIC.to_vec();
        stream.extend_from_slice(&bytes);
        let _ = decode(&stream, 7);
        prop_assert!(decode(&bytes, 7).is_err());
    }
}

#[test]
fn a_count_without_rows_asks_for_no_memory() {
    let mut stream = shared::columns::MAGIC.to_vec();
    // Rows: a chunk of five bytes that claims four thousand million.
    stream.extend_from_slice(&[3, 5, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f]);
    assert_eq!(decode(&stream, 100), Err(ColumnsError::Malformed));
    let page = b"<!doctype html>";
    assert_eq!(decode(page, 100), Err(ColumnsError::Foreign));
}
