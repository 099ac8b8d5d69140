//! The memory of an engine's heap: counted, limited, and remembered where it was not enough.
//!
//! The engine has a limit of its own, but says nothing of having met it: where there is no memory for an error
//! either, it throws null, as a script may at any time.
//!
//! The memory comes from mimalloc, whose every thread has pages of its own: engines, one on each thread, take no lock for
//! a piece of it.

use std::cell::Cell;
use std::rc::Rc;

use libmimalloc_sys::{mi_calloc, mi_free, mi_malloc, mi_realloc, mi_usable_size};
use rquickjs::allocator::Allocator;

/// What one heap may have, and has.
#[derive(Debug)]
pub(super) struct Memory {
    limit: Cell<usize>,
    used: Cell<usize>,
    was_full: Cell<bool>,
}

impl Memory {
    pub(super) fn new(limit: usize) -> Rc<Self> {
        Rc::new(Self { limit: Cell::new(limit), used: Cell::new(0), was_full: Cell::new(false) })
    }

    /// Changes the limit.
    pub(super) fn limit_to(&self, limit: usize) {
        self.limit.set(limit);
    }

    /// Whether it was ever asked for more than there was.
    pub(super) fn was_full(&self) -> bool {
        self.was_full.get()
    }

    /// Whether there is so much more than what is used, without `freed`.
    fn has(&self, more: usize, freed: usize) -> bool {
        let used = self.used.get().saturating_sub(freed);
        let fits = used.checked_add(more).is_some_and(|all| all <= self.limit.get());
        if !fits {
            self.was_full.set(true);
        }
        fits
    }
}

/// Gives the engine its memory.
pub(super) struct Heap(pub(super) Rc<Memory>);

impl Heap {
    /// Counts what was given.
    fn count(&self, given: *mut u8) -> *mut u8 {
        self.0.used.set(self.0.used.get() + size_of(given));
        given
    }
}

#[expect(unsafe_code, reason = "it is the allocator's memory")]
fn size_of(given: *mut u8) -> usize {
    // SAFETY: it is null, or the allocator has given it and has not got it back.
    unsafe { mi_usable_size(given.cast()) }
}

#[expect(unsafe_code, reason = "the engine relies on what this gives")]
// SAFETY: everything comes from one allocator, which aligns for every type, and goes back to it; null stands for what
// there is no memory for.
unsafe impl Allocator for Heap {
    fn alloc(&mut self, size: usize) -> *mut u8 {
        if !self.0.has(size, 0) {
            return std::ptr::null_mut();
        }
        // SAFETY: any size may be asked for.
        self.count(unsafe { mi_malloc(size) }.cast())
    }

    fn calloc(&mut self, count: usize, size: usize) -> *mut u8 {
        if !self.0.has(count.saturating_mul(size), 0) {
            return std::ptr::null_mut();
        }
        // SAFETY: any sizes may be asked for.
        self.count(unsafe { mi_calloc(count, size) }.cast())
    }

    unsafe fn dealloc(&mut self, given: *mut u8) {
        self.0.used.set(self.0.used.get().saturating_sub(size_of(given)));
        // SAFETY: the engine gives back what it has got here, once.
        unsafe { mi_free(given.cast()) }
    }

    unsafe fn realloc(&mut self, given: *mut u8, size: usize) -> *mut u8 {
        let before = size_of(given);
        if !self.0.has(size, before) {
            return std::ptr::null_mut();
        }
        // SAFETY: the engine has got it here, and has it no more where this gives something.
        let moved: *mut u8 = unsafe { mi_realloc(given.cast(), size) }.cast();
        if !moved.is_null() || size == 0 {
            self.0.used.set(self.0.used.get().saturating_sub(before));
        }
        self.count(moved)
    }

    unsafe fn usable_size(given: *mut u8) -> usize {
        size_of(given)
    }
}
