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
/// a dozen. Returns the span that was started; 0 otherwise.
#[wasm_bindgen]
pub fn record(operation: u32, span: Handle, number: f64, text: &str) -> Handle {
    let tracer = tracer();
    let (first, rest) = split(text, 0);
    match operation {
        0 => return tracer.start(first, SpanKind::Internal, number, rest),
        1 => {
            let (method, rest) = split(rest, 0);
            let (origin, address) = split(rest, 0);
            return tracer.request(first, number, method, origin, address);
        }
        2 => tracer.text(span, first, rest),
        3 => tracer.number(span, first, number),
        4 => tracer.event(span, first, number),
        5 => tracer.link(span, first),
        6 => tracer.fail(span, first, rest),
        7 => {
            let (message, stack) = split(rest, 0);
            tracer.exception(span, number, first, message, stack);
        }
        8 => {
            let (session, address) = split(rest, 0);
            tracer.page(span, first, address, session);
        }
        9 => tracer.end(span, number),
        _ => tracer.resource(first, rest),
    }
    0
}

/// The span's trace id and span id, 24 bytes; nothing when it has ended.
#[wasm_bindgen]
pub fn ids(span: Handle) -> Option<Vec<u8>> {
    tracer().ids(span).map(Vec::from)
}

/// An OTLP request of about at most `bytes`.
#[wasm_bindgen]
pub fn take(bytes: usize) -> Option<Vec<u8>> {
    tracer().take(bytes)
}
