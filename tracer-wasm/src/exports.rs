//! What JavaScript calls: one function for each, over the page's one [`Tracer`].
#![allow(missing_docs, unsafe_code)]

use alloc::string::String;
use alloc::vec::Vec;
use core::cell::UnsafeCell;

use shared::kind::SpanKind;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::allocator::PowersOfTwo;
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

#[wasm_bindgen]
pub fn start(parent: &str, kind: i32, millis: f64, name: &str) -> Handle {
    tracer().start(parent, SpanKind::from_otlp(kind), millis, name)
}

#[wasm_bindgen]
pub fn request(parent: &str, millis: f64, method: &str, origin: &str, address: &str) -> Handle {
    tracer().request(parent, millis, method, origin, address)
}

#[wasm_bindgen]
pub fn traceparent(span: Handle) -> String {
    tracer().traceparent(span)
}

#[wasm_bindgen]
pub fn page(span: Handle, origin: &str, address: &str, session: &str) {
    tracer().page(span, origin, address, session);
}

#[wasm_bindgen]
pub fn text(span: Handle, key: &str, value: &str) {
    tracer().text(span, key, value);
}

#[wasm_bindgen]
pub fn number(span: Handle, key: &str, value: f64) {
    tracer().number(span, key, value);
}

#[wasm_bindgen]
pub fn event(span: Handle, name: &str, millis: f64) {
    tracer().event(span, name, millis);
}

#[wasm_bindgen]
pub fn link(span: Handle, traceparent: &str) {
    tracer().link(span, traceparent);
}

#[wasm_bindgen]
pub fn fail(span: Handle, kind: &str, message: &str) {
    tracer().fail(span, kind, message);
}

#[wasm_bindgen]
pub fn exception(span: Handle, millis: f64, kind: &str, message: &str, stack: &str) {
    tracer().exception(span, millis, kind, message, stack);
}

#[wasm_bindgen]
pub fn end(span: Handle, millis: f64) {
    tracer().end(span, millis);
}

#[wasm_bindgen]
pub fn resource(key: &str, value: &str) {
    tracer().resource(key, value);
}

#[wasm_bindgen]
pub fn take(bytes: usize) -> Option<Vec<u8>> {
    tracer().take(bytes)
}
