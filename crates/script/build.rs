//! Makes bytecode of the runtime module's JavaScript.

#[path = "src/runtime/sources.rs"]
mod sources;

fn main() -> Result<(), tollgate_bytecode::Error> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/runtime/sources.rs");
    tollgate_bytecode::build("src/runtime", sources::MODULES)
}
