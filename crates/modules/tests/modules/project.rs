//! Projects in temporary folders, loaded and run.

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::{Value, json};
use tempfile::TempDir;
use tollgate_modules::{Entry, Graph, LoadOptions, ModuleError, load};

/// A project's folder, which goes away with the value.
pub(crate) struct Project {
    folder: TempDir,
}

/// What a program printed, and its stack trace if it failed.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) printed: Vec<String>,
    pub(crate) failed: Option<String>,
}

/// The host of these tests provides all of Node's modules that are written with `node:`, but for one.
fn is_of_host(specifier: &str) -> bool {
    specifier.starts_with("node:") && specifier != "node:fs"
}

impl Project {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let project = Self { folder: TempDir::new().unwrap() };
        for (path, text) in files {
            project.write(path, text);
        }
        project
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn load(&self, entries: &[&str]) -> Result<Graph, Vec<ModuleError>> {
        load_at(&self.root(), entries)
    }

    #[track_caller]
    pub(crate) fn graph(&self, entries: &[&str]) -> Graph {
        self.load(entries).unwrap_or_else(|errors| panic!("{errors:#?}"))
    }

    /// What is wrong with the project, as `file:line:column: message (help)`.
    #[track_caller]
    pub(crate) fn mistakes(&self, entry: &str) -> Vec<String> {
        let Err(errors) = self.load(&[entry]) else { panic!("there is no mistake") };
        errors.iter().map(|error| format!("{error} ({})", error.help.as_deref().unwrap_or(""))).collect()
    }

    /// Runs an entry and gives what it printed.
    #[track_caller]
    pub(crate) fn run(&self, entry: &str) -> Vec<String> {
        let ran = run(&self.graph(&[entry]), entry);
        assert_eq!(ran.failed, None, "printed {:?}", ran.printed);
        ran.printed
    }
}

pub(crate) fn load_at(root: &Path, entries: &[&str]) -> Result<Graph, Vec<ModuleError>> {
    let entries: Vec<Entry> = entries.iter().map(|path| Entry::new(*path)).collect();
    load(&LoadOptions { root, entries: &entries, builtins: &is_of_host })
}

/// Runs an entry under Node, which asks the graph as an engine does.
#[track_caller]
pub(crate) fn run(graph: &Graph, entry: &str) -> Ran {
    let host = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/modules/host.mjs");
    let mut node = Command::new("node")
        .args(["--experimental-vm-modules", "--no-warnings"])
        .arg(host)
        .arg(graph.id_of_entry(entry).expect("the entry is in the graph"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node is installed");
    let mut answers = node.stdin.take().unwrap();
    let questions = BufReader::new(node.stdout.take().unwrap());
    let mut ran = None;
    for line in questions.lines() {
        let message: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let answer = if let Some(id) = message["source"].as_str() {
            let text = graph.source(id).unwrap_or_else(|| panic!("no source of {id}"));
            json!({ "text": &*text, "script": graph.script(id).as_deref() })
        } else if let [base, specifier] = message["resolve"].as_array().map_or(&[][..], Vec::as_slice) {
            let (base, specifier) = (base.as_str().unwrap(), specifier.as_str().unwrap());
            match graph.resolve(base, specifier) {
                _ if is_of_host(specifier) => json!({ "host": true }),
                Ok(id) => json!({ "id": id }),
                Err(error) => json!({ "error": error }),
            }
        } else {
            let printed = message["printed"].as_array().unwrap();
            ran = Some(Ran {
                printed: printed.iter().map(|line| line.as_str().unwrap().to_owned()).collect(),
                failed: message["failed"].as_str().map(str::to_owned),
            });
            break;
        };
        writeln!(answers, "{answer}").unwrap();
    }
    drop(answers);
    node.wait().unwrap();
    ran.expect("the program came to its end")
}
