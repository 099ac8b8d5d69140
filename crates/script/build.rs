//! Makes bytecode of the runtime module's JavaScript, and the list of what it exports.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use tollgate_bytecode::Error;

#[path = "src/runtime/sources.rs"]
mod sources;

/// Where the JavaScript is.
const FOLDER: &str = "src/runtime";

fn main() -> Result<(), Error> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/runtime/sources.rs");
    tollgate_bytecode::build(FOLDER, sources::MODULES)?;
    let folder = Path::new(&variable("CARGO_MANIFEST_DIR")?).join(FOLDER);
    let mut exports = exports(&folder)?;
    exports.sort();
    let mut list = String::from("[\n");
    for (name, module) in exports {
        let _ = writeln!(list, "    ({name:?}, {module:?}),");
    }
    list += "]\n";
    let path = PathBuf::from(variable("OUT_DIR")?).join("exports.rs");
    fs::write(&path, list).map_err(|error| Error::File(path, error))
}

#[expect(clippy::disallowed_methods, reason = "Cargo tells build scripts by the environment")]
fn variable(name: &str) -> Result<String, Error> {
    env::var(name).map_err(|_| Error::Build(format!("{name} is not set")))
}

/// What `runtime.js` exports: each name, and the module that it comes from.
fn exports(folder: &Path) -> Result<Vec<(String, String)>, Error> {
    let mut found = Vec::new();
    for line in read(&folder.join("runtime.js"))?.lines().filter(|line| line.starts_with("export")) {
        let parts = line.split_once(" from \"tollgate:");
        let parts = parts.and_then(|(what, rest)| Some((what, rest.strip_suffix("\";")?)));
        let (what, module) = parts.ok_or_else(|| not_understood("runtime", line))?;
        let names = match what.strip_prefix("export {").and_then(|names| names.strip_suffix('}')) {
            Some(names) => names.split(',').map(|name| name.trim().to_owned()).collect(),
            None => own(folder, module)?,
        };
        found.extend(names.into_iter().map(|name| (name, module.to_owned())));
    }
    Ok(found)
}

/// The names that a module declares and exports.
fn own(folder: &Path, module: &str) -> Result<Vec<String>, Error> {
    let files = sources::MODULES.iter().find(|(name, _)| *name == module).map_or(&[][..], |(_, files)| files);
    let mut names = Vec::new();
    for file in files {
        for line in read(&folder.join(file))?.lines() {
            let Some(declared) = line.strip_prefix("export ") else { continue };
            let kinds = ["const ", "class ", "function ", "async function "];
            let rest = kinds.iter().find_map(|kind| declared.strip_prefix(kind));
            let rest = rest.ok_or_else(|| not_understood(module, line))?;
            let is_letter = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '$');
            names.push(rest.chars().take_while(|letter| is_letter(*letter)).collect());
        }
    }
    Ok(names)
}

fn not_understood(module: &str, line: &str) -> Error {
    Error::Module(module.to_owned(), format!("this script does not understand `{line}`"))
}

fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|error| Error::File(path.to_owned(), error))
}
