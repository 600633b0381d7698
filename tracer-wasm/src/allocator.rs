//! Memory in powers of two: small code, and every call takes the same few steps.
//!
//! A block of each size has its own list of free blocks, so what was freed is taken again for the same size, and
//! nothing is ever joined or given back to the browser. The queue of spans grows by doubling, and so wastes at most
//! half. Invariant: a block is aligned to its size up to [`PAGE`].

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::{memory_grow, memory_size};
use core::cell::UnsafeCell;
use core::ptr;

const PAGE: usize = 65_536;
/// A free block holds the address of the next one; smaller blocks are not worth a list.
const SMALLEST_BITS: u32 = 4;
const CLASSES: usize = 32;

/// The allocator of the page's one instance.
pub struct PowersOfTwo {
    state: UnsafeCell<State>,
}

struct State {
    /// The first free block of each size.
    free: [*mut u8; CLASSES],
    /// Memory that was never handed out: from here …
    fresh: usize,
    /// … to here.
    end: usize,
}

// SAFETY: an instance without threads is entered by one thread only.
unsafe impl Sync for PowersOfTwo {}

impl PowersOfTwo {
    /// All memory is the browser's still.
    pub const fn new() -> Self {
        Self {
            state: UnsafeCell::new(State {
                free: [ptr::null_mut(); CLASSES],
                fresh: 0,
                end: 0,
            }),
        }
    }
}

/// The logarithm of the block's size.
fn class(layout: Layout) -> usize {
    let size = layout.size().max(layout.align()).max(1 << SMALLEST_BITS);
    (usize::BITS - (size - 1).leading_zeros()) as usize
}

// SAFETY: blocks of a class are as large as the class says and aligned to it (to a page, for those beyond), and each
// is either on its class's list or handed out, never both.
unsafe impl GlobalAlloc for PowersOfTwo {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let class = class(layout);
        // SAFETY: one thread, and no call in here comes back here.
        let state = unsafe { &mut *self.state.get() };
        let Some(first) = state.free.get_mut(class) else {
            return ptr::null_mut();
        };
        let block = *first;
        if block.is_null() {
            return state.fresh_block(1 << class);
        }
        // SAFETY: a free block begins with the address of the next.
        *first = unsafe { *block.cast::<*mut u8>() };
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as in `alloc`.
        let state = unsafe { &mut *self.state.get() };
        if let Some(first) = state.free.get_mut(class(layout)) {
            // SAFETY: the block has at least the size of an address.
            unsafe { *block.cast::<*mut u8>() = *first };
            *first = block;
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller vouches for the size.
        let wanted = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        if class(wanted) == class(layout) {
            return block;
        }
        // SAFETY: as the caller of `realloc` promises.
        let moved = unsafe { self.alloc(wanted) };
        if !moved.is_null() {
            // SAFETY: both blocks hold at least the smaller size, and are two.
            unsafe {
                ptr::copy_nonoverlapping(block, moved, layout.size().min(size));
                self.dealloc(block, layout);
            }
        }
        moved
    }
}

impl State {
    /// A block that was never used, or null when the browser has no memory left. `size` is a power of two.
    fn fresh_block(&mut self, size: usize) -> *mut u8 {
        let align = size.min(PAGE);
        let start = (self.fresh + align - 1) & !(align - 1);
        if self.fresh == 0 || start + size > self.end {
            let pages = size.div_ceil(PAGE);
            let before = memory_grow(0, pages);
            if before == usize::MAX {
                return ptr::null_mut();
            }
            let grown = before * PAGE;
            // What is left of the memory before is used up only where the new one follows on.
            if grown != self.end {
                self.fresh = grown;
            }
            self.end = memory_size(0) * PAGE;
            return self.fresh_block(size);
        }
        self.fresh = start + size;
        start as *mut u8
    }
}
