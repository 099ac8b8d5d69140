//! The `tollgate` binary; everything is in the library beside it.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: tollgate_js::memory::Allocator = tollgate_js::memory::Allocator;

fn main() -> ExitCode {
    tollgate::main()
}
