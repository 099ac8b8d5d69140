//! Makes bytecode of the runtime module's JavaScript.

#[path = "src/runtime/modules.rs"]
#[expect(dead_code, reason = "what scripts import modules by is the library's business")]
mod modules;

fn main() -> Result<(), tollgate_bytecode::Error> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/runtime/modules.rs");
    tollgate_bytecode::build("src/runtime", modules::MODULES)
}
