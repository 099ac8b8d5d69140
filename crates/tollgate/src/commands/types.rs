//! `tollgate types`: what gives editors completion in the modules of a project.

mod options;

use std::fs;
use std::path::Path;

use anyhow::Context;

use crate::cli::TypesArgs;
use crate::data_dir::{self, DataDir};
use crate::output;

/// The folder of the declarations, below the project's data folder: not in git, made anew at will.
const FOLDER: &str = "types";
/// What is made of the catalog.
const OPTIONS: &str = "policy-options.d.ts";
pub(crate) const TSCONFIG: &str = "tsconfig.json";

pub(crate) fn run(args: &TypesArgs) -> anyhow::Result<()> {
    if !args.dir.is_dir() {
        anyhow::bail!(
            "there is no folder {}\n  help: make a project: tollgate init {0} --upstream http://127.0.0.1:8888",
            args.dir.display()
        );
    }
    let written = write(&args.dir)?;
    output::line(format!("wrote the types to {}", args.dir.join(data_dir::NAME).join(FOLDER).display()));
    match written {
        Tsconfig::Written => output::line(format!("wrote {}", args.dir.join(TSCONFIG).display())),
        Tsconfig::Kept => output::line(advice(&args.dir)),
        Tsconfig::Knows => {}
    }
    Ok(())
}

/// What the user's own settings of the compiler need.
pub(crate) fn advice(project: &Path) -> String {
    format!(
        "{} is yours and stays as it is: for completion, its `include` needs \"{}/{FOLDER}/*.d.ts\"",
        project.join(TSCONFIG).display(),
        data_dir::NAME
    )
}

/// What became of the compiler's settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tsconfig {
    /// There was none.
    Written,
    /// There is one, which knows nothing of the types.
    Kept,
    /// There is one that knows of them.
    Knows,
}

/// Writes the declarations, and the compiler's settings where the project has none.
pub(crate) fn write(project: &Path) -> anyhow::Result<Tsconfig> {
    let data = DataDir::open(&project.join(data_dir::NAME))?;
    let folder = data.file(FOLDER);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let options = options::declarations(crate::catalog());
    let files: Vec<(&str, &str)> =
        tollgate_script::TYPES.iter().copied().chain([(OPTIONS, options.as_str())]).collect();
    remove_others(&folder, &files)?;
    for (name, text) in &files {
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let path = project.join(TSCONFIG);
    match fs::read_to_string(&path) {
        Ok(text) if text.contains(data_dir::NAME) => Ok(Tsconfig::Knows),
        Ok(_) => Ok(Tsconfig::Kept),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            fs::write(&path, tollgate_script::TSCONFIG).with_context(|| format!("cannot write {}", path.display()))?;
            Ok(Tsconfig::Written)
        }
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Removes the declarations of another version that this one does not have.
fn remove_others(folder: &Path, files: &[(&str, &str)]) -> anyhow::Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let name = entry.with_context(|| format!("cannot read {}", folder.display()))?.file_name();
        let old = name.to_str().filter(|name| name.ends_with(".d.ts") && !files.iter().any(|(known, _)| known == name));
        if let Some(name) = old {
            let path = folder.join(name);
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    Ok(())
}
