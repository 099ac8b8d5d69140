//! Memory that reading a project took, given back to the system.

use std::hint::black_box;
use std::time::Duration;

/// The allocator keeps what was freed for a second (its `purge_delay`), in case it is wanted again.
const MOMENT: Duration = Duration::from_millis(1250);
/// More than the allocator has at hand in one piece.
const LARGE: usize = 64 * 1024 * 1024;

/// Lets the allocator return what reading a project needed for a moment only, which is several
/// times what the project itself needs. It looks for such memory when a large piece is asked for
/// or given back, and a gateway that has just started may not do so for hours.
pub(crate) fn give_back() {
    tokio::spawn(async {
        tokio::time::sleep(MOMENT).await;
        let mut large = Vec::<u8>::new();
        // Where there is no room for it there is nothing to be done, and no harm.
        if large.try_reserve_exact(LARGE).is_ok() {
            // The compiler may leave out what nobody looks at.
            drop(black_box(large));
        }
    });
}
