//! The `tsconfig.json` that holds for a file.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use oxc_resolver::{ResolveError, ResolverGeneric, TsConfig};

use super::bounds::Bounds;
use crate::{
    errors::{Complaint, ModuleError, Place},
    files::Files,
};

/// The settings by folder, and the mistakes in them.
#[derive(Debug, Default)]
pub(super) struct Tsconfigs {
    by_folder: HashMap<PathBuf, Option<Arc<TsConfig>>>,
    errors: Vec<ModuleError>,
}

impl Tsconfigs {
    /// The nearest `tsconfig.json` upwards from a file, within the folder that makes it readable.
    /// `include` and `exclude` are not asked: they say what a compiler checks, and tests or plain
    /// JavaScript that they leave out are meant to find the same modules.
    pub(super) fn of(
        &mut self,
        file: &Path,
        bounds: &Bounds,
        root: &Path,
        resolver: &ResolverGeneric<Files>,
    ) -> Option<Arc<TsConfig>> {
        if bounds.in_package(file) {
            return None;
        }
        let area = bounds.area_of(file)?.to_owned();
        let folders = file.ancestors().skip(1).take_while(|folder| folder.starts_with(&area));
        let nearest = folders.into_iter().find_map(|folder| self.in_folder(folder, root, resolver))?;
        // A file of a solution, which has settings only by reference, takes those of the part it is in.
        let own = nearest.compiler_options.paths.is_some() || nearest.compiler_options.base_url.is_some();
        let part = nearest.references_resolved.iter().find(|part| file.starts_with(part.directory()));
        Some(part.filter(|_| !own).cloned().unwrap_or(nearest))
    }

    fn in_folder(&mut self, folder: &Path, root: &Path, resolver: &ResolverGeneric<Files>) -> Option<Arc<TsConfig>> {
        if let Some(known) = self.by_folder.get(folder) {
            return known.clone();
        }
        let path = folder.join("tsconfig.json");
        let found = match path.is_file().then(|| resolver.resolve_tsconfig(&path)) {
            None => None,
            Some(Ok(tsconfig)) => Some(tsconfig),
            Some(Err(error)) => {
                self.errors.push(complaint(&error, &path, root));
                None
            }
        };
        self.by_folder.insert(folder.to_owned(), found.clone());
        found
    }

    pub(super) fn take_errors(&mut self) -> Vec<ModuleError> {
        std::mem::take(&mut self.errors)
    }
}

/// Where `paths` of a `tsconfig.json` says that a specifier leads.
pub(super) fn alias(tsconfig: &TsConfig, specifier: &str) -> Option<PathBuf> {
    tsconfig.compiler_options.paths.as_ref()?;
    let mut mapped = tsconfig.resolve_path_alias_or_base_url(specifier).into_iter();
    // Without a match there is the path below `baseUrl`, which is no alias.
    mapped
        .next()
        .filter(|path| tsconfig.compiler_options.base_url.as_ref().is_none_or(|base| base.join(specifier) != *path))
}

fn complaint(error: &ResolveError, path: &Path, root: &Path) -> ModuleError {
    let id = |path: &Path| path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned();
    match error {
        ResolveError::TsconfigLoadFailed { path, source } => match source.as_ref() {
            ResolveError::Json(json) => {
                let place = Place { line: json.line.max(1) as u32, column: json.column.max(1) as u32 };
                Complaint::new(format!("this file is not JSON: {}", json.message)).at(&id(path), place)
            }
            other => Complaint::new(format!("this file cannot be read: {other}")).at(&id(path), Place::START),
        },
        ResolveError::TsconfigNotFound(extended) => {
            let complaint = Complaint::new(format!("`extends` names {}, which is not there", extended.display()));
            complaint.with_help("install the package or correct the path").at(&id(path), Place::START)
        }
        other => Complaint::new(other.to_string()).at(&id(path), Place::START),
    }
}
