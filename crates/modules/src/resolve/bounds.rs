//! Which folders may be read: the project's own, every `node_modules`, and where links out of these lead.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

/// The folders that may be read beside `node_modules`.
#[derive(Debug)]
pub(super) struct Bounds {
    root: PathBuf,
    areas: Vec<PathBuf>,
}

impl Bounds {
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), areas: vec![root.to_owned()] }
    }

    /// Whether a file belongs to an installed package. Where the project itself is does not matter.
    pub(super) fn in_package(&self, path: &Path) -> bool {
        let path = path.strip_prefix(&self.root).unwrap_or(path);
        path.components().any(|component| component.as_os_str() == OsStr::new("node_modules"))
    }

    pub(super) fn contains(&self, path: &Path) -> bool {
        self.in_package(path) || self.area_of(path).is_some()
    }

    /// The folder that makes a path readable; none for packages.
    pub(super) fn area_of(&self, path: &Path) -> Option<&Path> {
        self.areas.iter().find(|area| path.starts_with(area)).map(PathBuf::as_path)
    }

    /// A package of the same workspace, which `node_modules` links to.
    pub(super) fn allow(&mut self, folder: &Path) {
        if !self.areas.iter().any(|area| folder.starts_with(area)) {
            self.areas.push(folder.to_owned());
        }
    }

    /// `lexical`, a path that may be read, led to `real`, which may not yet. The user who laid the link
    /// meant all that is in its folder.
    pub(super) fn follow_link(&mut self, lexical: &Path, real: &Path) {
        let linked = lexical.ancestors().filter(|path| path.is_symlink()).last();
        let target = linked.and_then(|link| link.canonicalize().ok()).filter(|target| target.is_dir());
        let folder = target.as_deref().or_else(|| real.parent()).unwrap_or(real).to_owned();
        self.allow(&folder);
    }
}
