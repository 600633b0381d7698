//! Files of traces on disk, packed or not.

use std::io::Read as _;

use anyhow::Context as _;
use shared::interchange::{self, Format};
use shared::otlp::json::Decoded;
use shared::span::SpanRecord;

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// The spans of a file. Its first bytes tell how it is packed, its contents in which format it is:
/// one of [`Format`], or OTLP protobuf. A format that is given is not guessed.
///
/// # Errors
/// When it is damaged, or of no known format.
pub fn decode(bytes: Vec<u8>, format: Option<Format>) -> anyhow::Result<Decoded<SpanRecord>> {
    let bytes = unpack(bytes)?;
    Ok(match format {
        Some(format) => interchange::decode(format, &bytes)?,
        None => interchange::read(&bytes)?,
    })
}

fn unpack(bytes: Vec<u8>) -> anyhow::Result<Vec<u8>> {
    let mut unpacked = Vec::new();
    if bytes.starts_with(GZIP) {
        flate2::read::MultiGzDecoder::new(bytes.as_slice())
            .read_to_end(&mut unpacked)
            .context("the gzip file is damaged")?;
    } else if bytes.starts_with(ZSTD) {
        zstd::stream::read::Decoder::new(bytes.as_slice())
            .and_then(|mut decoder| decoder.read_to_end(&mut unpacked))
            .context("the zstd file is damaged")?;
    } else {
        unpacked = bytes;
    }
    Ok(unpacked)
}

/// Packs a file as its name asks for.
///
/// # Errors
/// When there is no memory for it.
pub fn pack_for(name: &str, bytes: Vec<u8>) -> anyhow::Result<Vec<u8>> {
    if name.ends_with(".gz") {
        let mut encoder =
            flate2::read::GzEncoder::new(bytes.as_slice(), flate2::Compression::new(6));
        let mut packed = Vec::new();
        encoder.read_to_end(&mut packed)?;
        return Ok(packed);
    }
    if name.ends_with(".zst") {
        return Ok(zstd::stream::encode_all(bytes.as_slice(), 6)?);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use opentelemetry_proto::tonic::common::v1::{
        AnyValue, ArrayValue, KeyValue, KeyValueList, any_value::Value,
    };
    use opentelemetry_proto::tonic::trace::v1 as proto;
    use proptest::prelude::*;
    use prost::Message as _;

    use super::*;
    use crate::otlp_protobuf;

    fn value() -> impl Strategy<Value = AnyValue> {
        let leaf = prop_oneof![
            any::<String>().prop_map(Value::StringValue),
            any::<bool>().prop_map(Value::BoolValue),
            any::<i64>().prop_map(Value::IntValue),
            (-1e9..1e9).prop_map(Value::DoubleValue),
            any::<Vec<u8>>().prop_map(Value::BytesValue),
        ];
        let leaf = proptest::option::of(leaf).prop_map(|value| AnyValue { value });
        leaf.prop_recursive(3, 12, 3, |inner| {
            let values = proptest::collection::vec(inner, 0..3);
            (values, any::<bool>()).prop_map(|(values, is_list)| {
                let members = |(index, value)| KeyValue {
                    key: format!("k{index}"),
                    value: Some(value),
                    ..KeyValue::default()
                };
                let value = if is_list {
                    Value::ArrayValue(ArrayValue { values })
                } else {
                    let values = values.into_iter().enumerate().map(members).collect();
                    Value::KvlistValue(KeyValueList { values })
                };
                AnyValue { value: Some(value) }
            })
        })
    }

    prop_compose! {
        fn attributes()(values in proptest::collection::vec((any::<String>(), value()), 0..3)) -> Vec<KeyValue> {
            let pair = |(key, value)| KeyValue { key, value: Some(value), ..KeyValue::default() };
            values.into_iter().map(pair).collect()
        }
    }

    prop_compose! {
        fn span()(
            // Some ids are none.
            trace_id in proptest::collection::vec(any::<u8>(), 15..=16),
            ids in any::<[[u8; 8]; 2]>(),
            texts in any::<[String; 3]>(),
            numbers in any::<(u64, u64, u32, u32, u32)>(),
            (kind, code) in (0..7i32, 0..4i32),
            all in proptest::collection::vec(attributes(), 3),
        ) -> proto::Span {
            let [name, trace_state, message] = texts;
            let [own, of_event, of_link] = [all[0].clone(), all[1].clone(), all[2].clone()];
            proto::Span {
                trace_id: trace_id.clone(), span_id: ids[0].to_vec(), parent_span_id: ids[1].to_vec(),
                name, trace_state, kind, flags: numbers.2, attributes: own,
                start_time_unix_nano: numbers.0, end_time_unix_nano: numbers.1,
                dropped_attributes_count: numbers.3, dropped_links_count: numbers.4,
                events: vec![proto::span::Event { time_unix_nano: numbers.1, name: "event".to_owned(), attributes: of_event, dropped_attributes_count: 1 }],
                links: vec![proto::span::Link { trace_id, span_id: ids[1].to_vec(), attributes: of_link, flags: numbers.2, ..Default::default() }],
                status: Some(proto::Status { message, code }),
                ..Default::default()
            }
        }
    }

    prop_compose! {
        fn request()(spans in proptest::collection::vec(span(), 0..4), own in attributes()) -> ExportTraceServiceRequest {
            let resource = opentelemetry_proto::tonic::resource::v1::Resource { attributes: own.clone(), ..Default::default() };
            let scope = opentelemetry_proto::tonic::common::v1::InstrumentationScope { name: "scope".to_owned(), version: "1".to_owned(), attributes: own, ..Default::default() };
            let group = proto::ScopeSpans { scope: Some(scope), spans, ..Default::default() };
            let group = proto::ResourceSpans { resource: Some(resource), scope_spans: vec![group], ..Default::default() };
            ExportTraceServiceRequest { resource_spans: vec![group] }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn protobuf_is_read_as_the_ingest_face_reads_it_in_one_message_and_in_streams(requests in proptest::collection::vec(request(), 1..4)) {
            let expected = |requests: &[ExportTraceServiceRequest]| {
                let mut all = Decoded { records: Vec::new(), rejected: 0, reason: None };
                for request in requests {
                    let decoded = otlp_protobuf::decode::spans(request.clone());
                    all.records.extend(decoded.records);
                    all.rejected += decoded.rejected;
                    all.reason = all.reason.or(decoded.reason);
                }
                all
            };
            let plain = decode(requests[0].encode_to_vec(), None).expect("a message");
            prop_assert_eq!(plain, expected(&requests[..1]));
            let varints: Vec<u8> = requests.iter().flat_map(|one| one.encode_length_delimited_to_vec()).collect();
            prop_assert_eq!(decode(varints, None).expect("a stream"), expected(&requests));
            let bytes = |one: &ExportTraceServiceRequest| {
                let message = one.encode_to_vec();
                [(message.len() as u32).to_be_bytes().to_vec(), message].concat()
            };
            let fixed: Vec<u8> = requests.iter().flat_map(bytes).collect();
            let packed = pack_for("x.pb.gz", fixed).expect("packed");
            prop_assert_eq!(decode(packed, None).expect("the Collector's file"), expected(&requests));
        }

        #[test]
        fn damaged_protobuf_is_an_error_or_less_and_never_a_panic(request in request(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mut bytes = request.encode_to_vec();
            let place = at.index(bytes.len());
            let _ = decode(bytes[..place].to_vec(), None);
            bytes[place] = byte;
            let _ = decode(bytes, None);
        }
    }
}
