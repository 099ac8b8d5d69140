//! Makes bytecode of the areas' JavaScript.

#[path = "src/webapi/sources.rs"]
mod sources;

fn main() -> Result<(), tollgate_bytecode::Error> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/webapi/sources.rs");
    tollgate_bytecode::build("src/webapi", sources::MODULES)
}
