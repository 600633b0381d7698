//! What JavaScript calls, over the page's one [`Tracer`].
//!
//! Only numbers cross the boundary. Texts and results lie in a buffer that both sides know, which costs fewer bytes than
//! wasm-bindgen's strings, and no allocation.
#![allow(unsafe_code)]

use alloc::vec::Vec;
use core::cell::UnsafeCell;

use wasm_bindgen::prelude::wasm_bindgen;

use crate::allocator::PowersOfTwo;
use crate::redact::split;
use crate::tracer::{Role, Tracer};

#[global_allocator]
static ALLOCATOR: PowersOfTwo = PowersOfTwo::new();

/// How many bytes of text a call may take.
const TEXT_BYTES: usize = 65_536;

/// A panic is a trap: JavaScript then stops the tracer. Its message would cost more bytes than the tracer itself.
#[cfg(not(test))]
#[panic_handler]
fn trap(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

struct Page {
    tracer: Tracer,
    text: [u8; TEXT_BYTES],
    taken: Vec<u8>,
}

struct OneThread(UnsafeCell<Page>);

// SAFETY: an instance without threads is entered by one thread only.
unsafe impl Sync for OneThread {}

static PAGE: OneThread = OneThread(UnsafeCell::new(Page {
    tracer: Tracer::new(),
    text: [0; TEXT_BYTES],
    taken: Vec::new(),
}));

/// Everything: `operation` is one of `js/spans.js`. `length` is that of the text in the buffer, which holds its texts with
/// NUL between them (the last may contain NUL itself). One function and one text cross the boundary for less than a
/// dozen do. Returns a handle, count, length or address.
#[wasm_bindgen]
#[must_use]
pub fn record(operation: u32, handle: u32, number: f64, length: usize) -> u32 {
    // SAFETY: JavaScript is the only caller, and nothing in here calls JavaScript.
    let Page {
        tracer,
        text: buffer,
        taken,
    } = unsafe { &mut *PAGE.0.get() };
    // SAFETY: JavaScript writes by `TextEncoder.encodeInto`, which writes whole characters in UTF-8.
    let text = unsafe { core::str::from_utf8_unchecked(buffer.get(..length).unwrap_or_default()) };
    let (first, rest) = split(text, 0);
    let (second, third) = split(rest, 0);
    let signal = handle as usize;
    match operation {
        0..6 => {
            let role = match operation {
                0 => Role::Span,
                1 => Role::Log,
                2 => Role::Event,
                3 => Role::Resource,
                4 => Role::Growth,
                _ => Role::Level,
            };
            return tracer.open(role, handle, number, first, second, third);
        }
        6 => tracer.text(handle, first, rest),
        7 => {
            if let Some(attributes) = tracer.attributes(handle) {
                attributes.put_str(first, rest);
            }
        }
        8 => tracer.number(handle, first, number),
        9 => {
            if let Some(attributes) = tracer.attributes(handle) {
                attributes.put_bool(first, number != 0.0);
            }
        }
        10 => tracer.texts(handle, first, rest),
        11 => tracer.url(handle, first, second, third, number as u32),
        12 => tracer.link(handle, first),
        13 => tracer.fail(handle, first),
        14 => tracer.end(handle, number),
        15 => tracer.drop(handle),
        16 => tracer.sampling(handle, first),
        17 => tracer.record(handle != 0, number),
        18 => return tracer.lost(signal),
        19 => return tracer.waiting(signal),
        // An OTLP request, and where it lies until the next one is asked for.
        21 => {
            *taken = tracer.take(signal, number as usize).unwrap_or_default();
            return taken.len() as u32;
        }
        22 => return taken.as_ptr() as u32,
        20 => return buffer.as_ptr() as u32,
        _ => tracer.rename(handle, first),
    }
    0
}
