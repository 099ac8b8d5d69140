//! Memory that reading a project and starting took, given back to the system.

use std::time::Duration;

use tollgate_js::memory;

/// By then, whoever had the project read has let go of its trees, and of the project before it.
const MOMENT: Duration = Duration::from_millis(200);

/// Lets the allocator return what reading and building a project needed for a moment only, which is
/// several times what the project itself needs. To be called by the thread that built it.
pub(crate) fn give_back() {
    memory::give_back();
    tokio::spawn(async {
        tokio::time::sleep(MOMENT).await;
        // Not on a thread that serves; and it cannot fail.
        let _ = tokio::task::spawn_blocking(memory::give_back).await;
    });
}

/// Lets go of what only the start of the program needed of it. Not for a time at which somebody is served.
pub(crate) fn end_of_start() {
    memory::let_program_go();
}
