//! Protobuf's wire format, as far as OTLP needs it for writing.

use alloc::vec::Vec;

use crate::time::UnixNanos;

/// The wire types, which the low three bits of a tag hold.
pub(super) const VARINT: u8 = 0;
pub(super) const FIXED64: u8 = 1;
pub(super) const BYTES: u8 = 2;
pub(super) const FIXED32: u8 = 5;

/// The tag of a field below 16, which takes one byte.
pub(super) const fn tag(field: u8, wire_type: u8) -> u8 {
    field << 3 | wire_type
}

/// Opens a nested message; [`finish`] takes the returned place.
pub(super) fn begin(out: &mut Vec<u8>, tag: u8) -> usize {
    out.extend_from_slice(&[tag, 0]);
    out.len()
}

/// Writes the length of the message that began at `start` in front of it. One byte was left for it;
/// a longer message is moved up, which happens once per level and is a plain memory copy.
pub(super) fn finish(out: &mut Vec<u8>, start: usize) {
    let mut length = out.len() - start;
    let mut more = 0;
    let mut rest = length >> 7;
    while rest > 0 {
        more += 1;
        rest >>= 7;
    }
    for _ in 0..more {
        out.insert(start, 0);
    }
    for byte in &mut out[start - 1..start + more] {
        *byte = length as u8 | 0x80;
        length >>= 7;
    }
    out[start + more - 1] &= 0x7f;
}

pub(super) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(super) fn put_bytes(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    out.push(tag);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

pub(super) fn put_text(out: &mut Vec<u8>, tag: u8, text: &str) {
    if !text.is_empty() {
        put_bytes(out, tag, text.as_bytes());
    }
}

pub(super) fn put_count(out: &mut Vec<u8>, tag: u8, count: u32) {
    if count > 0 {
        out.push(tag);
        put_varint(out, u64::from(count));
    }
}

pub(super) fn put_instant(out: &mut Vec<u8>, tag: u8, instant: UnixNanos) {
    put_fixed64(out, tag, instant.0);
}

pub(super) fn put_fixed64(out: &mut Vec<u8>, tag: u8, value: u64) {
    out.push(tag);
    out.extend_from_slice(&value.to_le_bytes());
}

/// The length that [`finish`] wrote at `at`, after the place where what it measures begins.
pub(super) fn read_length(bytes: &[u8], mut at: usize) -> (usize, usize) {
    let mut length = 0;
    let mut shift = 0;
    loop {
        let byte = bytes[at];
        at += 1;
        length |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte < 0x80 {
            return (at, length);
        }
    }
}
