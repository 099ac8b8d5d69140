//! Chores of the repository. `cargo xtask codegen` writes everything under `docs/reference` and
//! `schemas` from the code that it describes; `--check` only says whether that is up to date.
#![allow(clippy::print_stdout, reason = "a command line tool")]

mod management;
mod options;
mod reference;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["codegen"] => codegen(false),
        ["codegen", "--check"] => codegen(true),
        _ => bail!("usage: cargo xtask codegen [--check]"),
    }
}

/// A file that is generated: its path in the repository and its content.
struct Generated {
    path: String,
    content: String,
}

fn codegen(check: bool) -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the repository has a root")?;
    let files = reference::all()?;
    let mut stale = Vec::new();
    for file in &files {
        let path = root.join(&file.path);
        if fs::read_to_string(&path).unwrap_or_default() == file.content {
            continue;
        }
        stale.push(file.path.clone());
        if !check {
            fs::create_dir_all(path.parent().context("a generated file stands in a folder")?)?;
            fs::write(&path, &file.content).with_context(|| format!("cannot write {}", file.path))?;
        }
    }
    for folder in ["docs/reference", "schemas"] {
        for orphan in files_below(&root.join(folder))? {
            let name = orphan.strip_prefix(root)?.to_string_lossy().into_owned();
            if !files.iter().any(|file| file.path == name) {
                stale.push(name);
                if !check {
                    fs::remove_file(&orphan)?;
                }
            }
        }
    }
    match (check, stale.is_empty()) {
        (true, false) => bail!("not up to date, run `cargo xtask codegen`:\n  {}", stale.join("\n  ")),
        (false, false) => println!("written:\n  {}", stale.join("\n  ")),
        (_, true) => println!("{} generated files are up to date", files.len()),
    }
    Ok(())
}

fn files_below(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return Ok(found) };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() { found.extend(files_below(&path)?) } else { found.push(path) }
    }
    Ok(found)
}
