//! Files of traces on disk, packed or not.

use std::io::Read as _;

use anyhow::Context as _;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;
use shared::interchange::{self, Format};
use shared::otlp::json::Decoded;
use shared::span::SpanRecord;

use crate::otlp_protobuf::decode;

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// The spans of a file. Its first bytes tell how it is packed, its contents in which format it is:
/// one of [`Format`], or OTLP protobuf. A format that is given is not guessed.
///
/// # Errors
/// When it is damaged, or of no known format.
pub fn decode(bytes: Vec<u8>, format: Option<Format>) -> anyhow::Result<Decoded<SpanRecord>> {
    let bytes = unpack(bytes)?;
    if let Some(format) = format {
        return Ok(interchange::decode(format, &bytes)?);
    }
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    if matches!(first, None | Some(b'{' | b'[')) {
        let format = Format::detect(&bytes)?;
        return Ok(interchange::decode(format, &bytes)?);
    }
    let request = ExportTraceServiceRequest::decode(bytes.as_slice())
        .context("neither JSON nor OTLP protobuf")?;
    Ok(decode::spans(request))
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
