//! The gateway's own JavaScript as bytecode, for build scripts: an engine that starts reads no text of it,
//! and keeps none.
//!
//! The bytecode is that of the QuickJS which this crate links, and Cargo.lock has one of them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::module::Declared;
use rquickjs::{CatchResultExt, Context, Ctx, Module, Runtime, WriteOptions, WriteOptionsEndianness};

/// Why there is no bytecode.
#[derive(Debug)]
pub enum Error {
    /// A file cannot be read or written.
    File(PathBuf, io::Error),
    /// A text is no module.
    Module(String, String),
    /// The engine does not start, or this is no build script.
    Build(String),
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Module(name, what) => write!(f, "the module `{name}`: {what}"),
            Self::Build(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for Error {}

/// Compiles `modules`, each a name and the files that it is made of, one behind the other, below
/// `folder`. Writes `bytecode.rs` to the build script's folder: a list of names and bytes. The engine knows
/// a module as `tollgate:NAME`.
///
/// Lines are kept, for stack traces; the text is not.
///
/// # Errors
/// Where a file is missing, or is no module: the message names it and the line.
#[expect(clippy::disallowed_methods, reason = "Cargo tells build scripts by the environment")]
#[expect(clippy::print_stdout, reason = "build scripts tell Cargo by their output")]
pub fn build(folder: &str, modules: &[(&str, &[&str])]) -> Result<(), Error> {
    let variable = |name: &str| env::var(name).map_err(|_| Error::Build(format!("{name} is not set")));
    let folder = Path::new(&variable("CARGO_MANIFEST_DIR")?).join(folder);
    let output = PathBuf::from(variable("OUT_DIR")?);
    let little = variable("CARGO_CFG_TARGET_ENDIAN")? == "little";
    let failed = |error: rquickjs::Error| Error::Build(error.to_string());
    let runtime = Runtime::new().map_err(failed)?;
    runtime.set_loader(AnyName, Nothing);
    let context = Context::full(&runtime).map_err(failed)?;
    let mut list = String::from("[\n");
    for (name, files) in modules {
        let mut source = String::new();
        for file in *files {
            let path = folder.join(file);
            println!("cargo::rerun-if-changed={}", path.display());
            source += &fs::read_to_string(&path).map_err(|error| Error::File(path, error))?;
        }
        let bytes = compile(&context, name, source, little)?;
        let path = output.join(format!("{name}.qbc"));
        fs::write(&path, bytes).map_err(|error| Error::File(path.clone(), error))?;
        let _ = writeln!(list, "    ({name:?}, include_bytes!({path:?}).as_slice()),");
    }
    list += "]\n";
    let path = output.join("bytecode.rs");
    fs::write(&path, list).map_err(|error| Error::File(path, error))
}

fn compile(context: &Context, name: &str, source: String, little: bool) -> Result<Vec<u8>, Error> {
    let endianness = if little { WriteOptionsEndianness::Little } else { WriteOptionsEndianness::Big };
    context.with(|ctx| {
        let declared = Module::declare(ctx.clone(), format!("tollgate:{name}"), source).catch(&ctx);
        let module = declared.map_err(|error| Error::Module((*name).to_owned(), error.to_string()))?;
        let options = WriteOptions { endianness, strip_source: true, ..WriteOptions::default() };
        module.write(options).map_err(|error| Error::Module((*name).to_owned(), error.to_string()))
    })
}

/// Reading a module asks for those that it imports: any name will do, since nothing is linked.
struct AnyName;

impl Resolver for AnyName {
    fn resolve<'js>(
        &mut self,
        _: &Ctx<'js>,
        _: &str,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<String> {
        Ok(name.to_owned())
    }
}

/// And a module with nothing in it stands for each.
struct Nothing;

impl Loader for Nothing {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<Module<'js, Declared>> {
        Module::declare(ctx.clone(), name, "")
    }
}
