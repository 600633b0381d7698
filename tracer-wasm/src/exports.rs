//! What JavaScript calls, over the page's one [`Tracer`].
#![allow(unsafe_code)]

use alloc::vec::Vec;
use core::cell::UnsafeCell;

use shared::kind::SpanKind;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::allocator::PowersOfTwo;
use crate::redact::split;
use crate::tracer::{Handle, Tracer};

#[global_allocator]
static ALLOCATOR: PowersOfTwo = PowersOfTwo::new();

/// A panic is a trap: JavaScript then stops the tracer. Its message would cost more bytes than the tracer itself.
#[cfg(not(test))]
#[panic_handler]
fn trap(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

struct OneThread(UnsafeCell<Tracer>);

// SAFETY: an instance without threads is entered by one thread only.
unsafe impl Sync for OneThread {}

static TRACER: OneThread = OneThread(UnsafeCell::new(Tracer::new(fill)));

fn fill(bytes: &mut [u8]) {
    if getrandom::fill(bytes).is_err() {
        core::arch::wasm32::unreachable();
    }
}

fn tracer() -> &'static mut Tracer {
    // SAFETY: the exports below are the only callers. None of them calls JavaScript while it holds the reference,
    // but for the source of random bytes, which does not call back.
    unsafe { &mut *TRACER.0.get() }
}

/// Everything but reading: `operation` is one of `js/spans.js`, and `text` holds its texts with NUL between them (the
/// last may contain NUL itself). One text crosses the boundary for less than two do, and one function for less than
/// a dozen. Returns the handle of what was opened; 0 otherwise.
#[wasm_bindgen]
pub fn record(operation: u32, handle: u32, number: f64, text: &str) -> Handle {
    let tracer = tracer();
    let (first, rest) = split(text, 0);
    match operation {
        0 => return tracer.start(first, SpanKind::from_otlp(handle as i32), number, rest),
        1 => {
            let (name, body) = split(rest, 0);
            return tracer.log(first, handle, number, name, body);
        }
        2 => return tracer.event(handle, number, first),
        3 => return tracer.describe(number),
        4 => tracer.text(handle, first, rest),
        5 => {
            if let Some(attributes) = tracer.attributes(handle) {
                attributes.put_str(first, rest);
            }
        }
        6 => tracer.number(handle, first, number),
        7 => {
            if let Some(attributes) = tracer.attributes(handle) {
                attributes.put_bool(first, number != 0.0);
            }
        }
        8 => tracer.texts(handle, first, rest),
        9 => {
            let (origin, address) = split(rest, 0);
            tracer.url(handle, first, origin, address, number as u32);
        }
        10 => tracer.link(handle, first),
        11 => tracer.fail(handle, first),
        12 => tracer.end(handle, number),
        13 => tracer.drop(handle),
        14 => tracer.sampling(handle, first),
        15 => tracer.record(handle != 0, number),
        16 => tracer.dropped(handle as usize, first, number as usize),
        _ => tracer.shape(handle),
    }
    0
}

/// The span's trace id and span id, 24 bytes; nothing when it has ended.
#[wasm_bindgen]
pub fn ids(span: Handle) -> Option<Vec<u8>> {
    tracer().ids(span).map(Vec::from)
}

/// An OTLP request of one signal, of about at most `bytes`; `now` in milliseconds since the Unix epoch.
#[wasm_bindgen]
pub fn take(signal: usize, bytes: usize, now: f64) -> Option<Vec<u8>> {
    tracer().take(signal, bytes, now)
}
