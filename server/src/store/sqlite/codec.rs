//! The blobs of a day's file.
//!
//! A blob is an OTLP protobuf message, less what the table's columns hold, behind one byte that
//! says how it is packed. Spans are small: by itself zstd saves a fifth of one; with a dictionary of
//! what spans usually say, more than half.

use prost::Message;

/// What the first byte of a blob says. A new dictionary gets a new number; the old ones stay, since
/// files written with them do.
const PLAIN: u8 = 0;
const ZSTD_DICTIONARY_1: u8 = 1;

/// Fast, and within a few per cent of the size that level 3 reaches on blobs of this size.
const LEVEL: i32 = 1;

/// No blob is larger when unpacked: ingest's limit on a whole request is below this.
const MAX_MESSAGE_BYTES: usize = 1 << 30;

/// Below this a blob does not become smaller.
const MIN_BYTES_TO_PACK: usize = 32;

/// Packs messages.
pub struct Packer {
    compressor: zstd::bulk::Compressor<'static>,
    packed: Vec<u8>,
}

/// Unpacks blobs.
pub struct Unpacker {
    decompressor: zstd::bulk::Decompressor<'static>,
}

/// Why a blob cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// The blob is empty, or packed in a way that this version does not know.
    #[error("a stored record is packed in an unknown way")]
    Packing,
    /// The compressed bytes are damaged.
    #[error("a stored record is damaged: {0}")]
    Compressed(std::io::Error),
    /// The message is damaged.
    #[error("a stored record is damaged: {0}")]
    Message(#[from] prost::DecodeError),
}

impl Packer {
    /// Makes a packer.
    ///
    /// # Errors
    /// When zstd has no memory.
    pub fn new() -> std::io::Result<Self> {
        let compressor = zstd::bulk::Compressor::with_dictionary(LEVEL, &dictionary())?;
        Ok(Self {
            compressor,
            packed: Vec::new(),
        })
    }

    /// The blob of a message.
    pub fn pack(&mut self, message: &impl Message) -> &[u8] {
        let plain = message.encode_to_vec();
        self.pack_bytes(&plain)
    }

    /// The blob of an encoded message.
    pub fn pack_bytes(&mut self, plain: &[u8]) -> &[u8] {
        self.packed.clear();
        self.packed.push(ZSTD_DICTIONARY_1);
        if plain.len() >= MIN_BYTES_TO_PACK {
            self.packed.resize(1 + plain.len(), 0);
            // The room is as large as the message: what does not become smaller does not fit.
            if let Ok(length) = self
                .compressor
                .compress_to_buffer(plain, &mut self.packed[1..])
            {
                self.packed.truncate(1 + length);
                return &self.packed;
            }
        }
        self.packed.clear();
        self.packed.push(PLAIN);
        self.packed.extend_from_slice(plain);
        &self.packed
    }
}

impl Unpacker {
    /// Makes an unpacker.
    ///
    /// # Errors
    /// When zstd has no memory.
    pub fn new() -> std::io::Result<Self> {
        Ok(Self {
            decompressor: zstd::bulk::Decompressor::with_dictionary(&dictionary())?,
        })
    }

    /// The message of a blob.
    ///
    /// # Errors
    /// [`CodecError`] where the blob is damaged.
    pub fn unpack<M: Message + Default>(&mut self, blob: &[u8]) -> Result<M, CodecError> {
        Ok(M::decode(self.unpack_bytes(blob)?.as_slice())?)
    }

    /// The encoded message of a blob.
    ///
    /// # Errors
    /// [`CodecError`] where the blob is damaged.
    pub fn unpack_bytes(&mut self, blob: &[u8]) -> Result<Vec<u8>, CodecError> {
        match blob.split_first() {
            Some((&PLAIN, plain)) => Ok(plain.to_vec()),
            Some((&ZSTD_DICTIONARY_1, packed)) => {
                let length = zstd::bulk::Decompressor::upper_bound(packed)
                    .filter(|length| *length <= MAX_MESSAGE_BYTES)
                    .ok_or(CodecError::Packing)?;
                self.decompressor
                    .decompress(packed, length)
                    .map_err(CodecError::Compressed)
            }
            _ => Err(CodecError::Packing),
        }
    }
}

/// What spans usually say, in the encoding of the blobs: `KeyValue` messages as fields of a span
/// (`Span.attributes` is field 9), then names of events.
fn dictionary() -> Vec<u8> {
    use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
    use opentelemetry_proto::tonic::trace::v1::{Span, span::Event};

    let mut bytes = Vec::new();
    for line in include_str!("dictionary.txt").lines() {
        let span = match line.split_once('=') {
            Some((key, text)) => {
                let value = match text.parse() {
                    Ok(number) => Value::IntValue(number),
                    Err(_) => Value::StringValue(text.to_owned()),
                };
                let value = Some(AnyValue { value: Some(value) });
                let attribute = KeyValue {
                    key: key.to_owned(),
                    value,
                    ..KeyValue::default()
                };
                Span {
                    attributes: vec![attribute],
                    ..Span::default()
                }
            }
            None => Span {
                events: vec![Event {
                    name: line.to_owned(),
                    ..Event::default()
                }],
                ..Span::default()
            },
        };
        bytes.extend_from_slice(&span.encode_to_vec());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest as _, Sha256};

    #[test]
    fn the_first_dictionary_never_changes() {
        // Files written with it would become unreadable: add a second one instead.
        let hash = Sha256::digest(dictionary());
        let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            hex,
            "1571f36e45f78f2c30b3caa446b9734006baf88c244e7ccdbceb9b8d164c8a20"
        );
    }

    #[test]
    fn packs_and_unpacks_any_bytes() {
        let mut packer = Packer::new().expect("a packer");
        let mut unpacker = Unpacker::new().expect("an unpacker");
        let long = b"http.request.method=POST ".repeat(10_000);
        let noise: Vec<u8> = (0..5_000_u32)
            .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
            .collect();
        for plain in [&b""[..], b"x", &long, &noise] {
            let blob = packer.pack_bytes(plain).to_vec();
            assert!(blob.len() <= plain.len() + 1);
            assert_eq!(unpacker.unpack_bytes(&blob).expect("readable"), plain);
        }
    }

    #[test]
    fn refuses_damaged_blobs() {
        let mut packer = Packer::new().expect("a packer");
        let mut unpacker = Unpacker::new().expect("an unpacker");
        let blob = packer
            .pack_bytes(&b"http.request.method=POST ".repeat(100))
            .to_vec();
        for (damaged, reason) in [
            (&[][..], "empty"),
            (&[9, 1, 2], "an unknown packing"),
            (&blob[..blob.len() / 2], "cut short"),
        ] {
            assert!(unpacker.unpack_bytes(damaged).is_err(), "{reason}");
        }
    }
}
