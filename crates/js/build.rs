//! Makes bytecode of the areas' JavaScript.

#[path = "src/webapi/modules.rs"]
mod modules;

fn main() -> Result<(), tollgate_bytecode::Error> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/webapi/modules.rs");
    tollgate_bytecode::build("src/webapi", modules::MODULES)
}
