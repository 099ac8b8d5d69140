//! What the allocator of the process keeps of memory that was freed.
//!
//! It is here because this is the crate that speaks to the allocator itself: the engines have their
//! memory from it.

use libmimalloc_sys::mi_collect;

/// Gives back to the system what all threads have freed, and what this one has at hand. It takes some
/// milliseconds where there is much of it.
///
/// The allocator would do so a second later, but only once it is asked for further memory of a size
/// that it has none of; a process that was busy for a moment and is idle then may not ask for hours.
#[expect(unsafe_code, reason = "it is the allocator's own function")]
pub fn give_back() {
    // SAFETY: it may be called by any thread at any time, whatever allocator the process has.
    unsafe { mi_collect(true) }
}
