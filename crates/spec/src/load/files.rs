//! The files of a project: a folder, or a handful in memory; each remembered once it was read.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Fetches a document that is given by its URL. The crate itself opens no socket.
pub type Fetch<'a> = &'a dyn Fn(&str) -> Result<Vec<u8>, String>;

/// Reads the files of one project.
pub struct ProjectFiles<'a> {
    root: PathBuf,
    memory: Option<BTreeMap<String, Vec<u8>>>,
    in_place: Arc<BTreeMap<String, Vec<u8>>>,
    fetch: Fetch<'a>,
    seen: RefCell<Seen>,
}

#[derive(Default)]
struct Seen {
    paths: Vec<PathBuf>,
    digest: DefaultHasher,
}

impl std::fmt::Debug for ProjectFiles<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProjectFiles").field("root", &self.root).finish_non_exhaustive()
    }
}

impl<'a> ProjectFiles<'a> {
    /// Those of a folder.
    pub fn folder(root: &Path, fetch: Fetch<'a>) -> Self {
        Self { root: root.to_owned(), memory: None, in_place: Arc::default(), fetch, seen: RefCell::default() }
    }

    /// The same, with other contents for the files of these names, whether they are there or not.
    #[must_use]
    pub fn with(self, in_place: Arc<BTreeMap<String, Vec<u8>>>) -> Self {
        Self { in_place, ..self }
    }

    /// Those of a map from name to content: a project without a folder.
    pub fn memory(files: BTreeMap<String, Vec<u8>>, fetch: Fetch<'a>) -> Self {
        Self { root: PathBuf::new(), memory: Some(files), in_place: Arc::default(), fetch, seen: RefCell::default() }
    }

    /// The folder; empty where there is none.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Reads a file by its name relative to the project, or fetches a URL.
    ///
    /// # Errors
    /// Why it cannot be read, in a few words.
    pub fn read(&self, name: &str) -> Result<Vec<u8>, String> {
        let read = if name.contains("://") {
            (self.fetch)(name)
        } else if let Some(memory) = &self.memory {
            memory.get(name).cloned().ok_or_else(|| "there is no such file".to_owned())
        } else {
            let path = self.root.join(name);
            self.seen.borrow_mut().remember(&path);
            match self.in_place.get(name) {
                Some(bytes) => Ok(bytes.clone()),
                None => std::fs::read(&path).map_err(|error| reason(&error)),
            }
        };
        if let Ok(bytes) = &read {
            self.add_to_digest(name.as_bytes());
            self.add_to_digest(bytes);
        }
        read
    }

    /// Whether there is such a file.
    pub fn exists(&self, name: &str) -> bool {
        match &self.memory {
            Some(memory) => memory.contains_key(name),
            None => self.in_place.contains_key(name) || self.root.join(name).is_file(),
        }
    }

    /// The names of the files in a folder of the project, sorted.
    pub fn list(&self, folder: &str) -> Vec<String> {
        if let Some(memory) = &self.memory {
            let prefix = format!("{folder}/");
            return memory.keys().filter(|name| name.starts_with(&prefix)).cloned().collect();
        }
        let Ok(entries) = std::fs::read_dir(self.root.join(folder)) else { return Vec::new() };
        let mut names: Vec<String> = entries
            .flatten()
            .filter(|entry| entry.path().is_file())
            .filter_map(|entry| entry.file_name().into_string().ok())
            .map(|name| format!("{folder}/{name}"))
            .collect();
        names.sort();
        names
    }

    /// Lets something else than a file decide which snapshot this is: values from the environment.
    pub fn add_to_digest(&self, bytes: &[u8]) {
        let digest = &mut self.seen.borrow_mut().digest;
        digest.write_usize(bytes.len());
        digest.write(bytes);
    }

    /// Makes a path known to whoever watches the project.
    pub fn remember(&self, path: &Path) {
        self.seen.borrow_mut().remember(path);
    }

    /// Every path that was read or looked for, absolute.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.seen.borrow().paths.clone()
    }

    /// Sixteen hexadecimal digits that tell this state of the files from another.
    pub fn digest(&self) -> String {
        format!("{:016x}", self.seen.borrow().digest.finish())
    }
}

impl Seen {
    fn remember(&mut self, path: &Path) {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        if !self.paths.contains(&path) {
            self.paths.push(path);
        }
    }
}

fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "it may not be read (permission denied)".to_owned(),
        std::io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        _ => error.to_string(),
    }
}

impl crate::openapi::Files for ProjectFiles<'_> {
    fn read(&self, name: &str) -> Result<Vec<u8>, String> {
        Self::read(self, name)
    }
}
