//! From a specifier to a file: relative paths, `paths` and `baseUrl` of a `tsconfig.json`, and packages.

mod bounds;
mod conditions;
mod near;
mod node;
mod tsconfig;

use std::{
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use oxc_resolver::{ModuleType, Resolution, ResolveContext, ResolveError, ResolverGeneric, TsConfig};

use crate::{
    errors::{Complaint, ModuleError, Place},
    files::Files,
};
use bounds::Bounds;
use tsconfig::Tsconfigs;

pub(crate) use node::is_module_of_node;

/// How a module is asked for: packages may answer the two with different files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Asked {
    /// By `import`, `export … from` or `import()`.
    Import,
    /// By `require`.
    Require,
}

/// Where a specifier leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// A file, by its real path, and what its package says of `.js` and `.ts` files.
    File(PathBuf, Option<ModuleType>),
    /// Nothing: the package's `browser` field says `false` to it.
    Empty,
}

/// Why a specifier leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// What to say at the place of the specifier.
    Here(Complaint),
    /// The mistake is in another file: a `package.json` that is not JSON.
    Elsewhere(ModuleError),
}

impl From<Complaint> for Failure {
    fn from(complaint: Complaint) -> Self {
        Self::Here(complaint)
    }
}

/// Endings of files that can be a module of JavaScript, the nearest first.
pub(crate) const ENDINGS: [&str; 9] = ["ts", "tsx", "mts", "js", "jsx", "mjs", "cts", "cjs", "json"];

/// Resolves specifiers of one project; what it learned of folders and packages it keeps.
pub(crate) struct Resolver {
    root: PathBuf,
    files: Files,
    project: [ResolverGeneric<Files>; 2],
    packages: [ResolverGeneric<Files>; 2],
    bounds: Bounds,
    tsconfigs: Tsconfigs,
}

impl Resolver {
    /// `root` is the real path of the project.
    pub(crate) fn new(root: &Path, files: Files) -> Self {
        let first = ResolverGeneric::new_with_file_system(files.clone(), conditions::project(Asked::Import));
        let second = first.clone_with_options(conditions::project(Asked::Require));
        let packages = [
            first.clone_with_options(conditions::package(Asked::Import)),
            first.clone_with_options(conditions::package(Asked::Require)),
        ];
        Self {
            root: root.to_owned(),
            files,
            project: [first, second],
            packages,
            bounds: Bounds::new(root),
            tsconfigs: Tsconfigs::default(),
        }
    }

    pub(crate) fn files(&self) -> &Files {
        &self.files
    }

    /// The identity of a file: its path from the project, with `/`; elsewhere its absolute path.
    pub(crate) fn id_of(&self, path: &Path) -> String {
        let path = path.strip_prefix(&self.root).unwrap_or(path);
        path.to_string_lossy().replace('\\', "/")
    }

    /// Whether a file belongs to an installed package.
    pub(crate) fn in_package(&self, path: &Path) -> bool {
        self.bounds.in_package(path)
    }

    /// The settings that hold for a file of the project; none for packages.
    pub(crate) fn tsconfig_of(&mut self, file: &Path) -> Option<Arc<TsConfig>> {
        let [resolver, _] = &self.project;
        self.tsconfigs.of(file, &self.bounds, &self.root, resolver)
    }

    /// The mistakes in the project's `tsconfig.json` files so far.
    pub(crate) fn take_tsconfig_errors(&mut self) -> Vec<ModuleError> {
        self.tsconfigs.take_errors()
    }

    /// Finds the file that an entry means: a path from the project's root, or a package.
    pub(crate) fn resolve_entry(&mut self, path: &str) -> Result<Found, Failure> {
        let importer = self.root.join("package.json");
        if path.starts_with("./") || path.starts_with("../") {
            return self.resolve(&importer, path, Asked::Import);
        }
        match self.resolve(&importer, &format!("./{path}"), Asked::Import) {
            Err(Failure::Here(relative)) if self.seems_a_path(path) => Err(Failure::Here(relative)),
            Err(Failure::Here(_)) => self.resolve(&importer, path, Asked::Import),
            found => found,
        }
    }

    /// Whether what is written is rather a path of the project than the name of a package.
    fn seems_a_path(&self, path: &str) -> bool {
        let first = path.split('/').next().unwrap_or(path);
        path.contains('/') && self.root.join(first).is_dir() && !self.root.join("node_modules").join(first).exists()
    }

    /// Finds the file that `specifier` means in the file `importer`.
    pub(crate) fn resolve(&mut self, importer: &Path, specifier: &str, asked: Asked) -> Result<Found, Failure> {
        refuse_what_is_no_specifier(specifier)?;
        let folder = importer.parent().unwrap_or(&self.root).to_owned();
        let relative = is_relative(specifier);
        let lexical = normal(&folder.join(specifier));
        if relative && !self.bounds.contains(&lexical) {
            return Err(leaves_the_project(specifier).into());
        }
        let tsconfig = self.tsconfig_of(importer);
        let resolver = match self.bounds.in_package(importer) {
            false => &self.project[asked as usize],
            true => &self.packages[asked as usize],
        };
        let mut context = ResolveContext::default();
        match resolver.resolve_with_context(&folder, specifier, tsconfig.as_deref(), &mut context) {
            Ok(resolution) => self.accept(specifier, relative.then_some(lexical.as_path()), &resolution),
            Err(ResolveError::Ignored(_)) => Ok(Found::Empty),
            Err(error) => Err(self.failure(importer, specifier, tsconfig.as_deref(), &error)),
        }
    }

    fn accept(&mut self, specifier: &str, lexical: Option<&Path>, found: &Resolution) -> Result<Found, Failure> {
        if found.query().is_some() || found.fragment().is_some() {
            let complaint = Complaint::new(format!("`{specifier}` has a query or a fragment"));
            return Err(complaint.with_help("files are imported by their path alone").into());
        }
        let path = found.path();
        if !self.bounds.contains(path) {
            let package = found.package_json().filter(|package| self.bounds.in_package(package.path()));
            match (lexical, package) {
                (Some(lexical), _) => self.bounds.follow_link(lexical, path),
                (None, Some(package)) => self.bounds.allow(package.realpath().parent().unwrap_or(path)),
                (None, None) => return Err(leaves_the_project(specifier).into()),
            }
        }
        Ok(Found::File(path.to_owned(), found.module_type()))
    }

    fn failure(&self, importer: &Path, specifier: &str, tsconfig: Option<&TsConfig>, error: &ResolveError) -> Failure {
        match error {
            ResolveError::Json(error) => {
                let place = Place { line: error.line.max(1) as u32, column: error.column.max(1) as u32 };
                let complaint = Complaint::new(format!("this file is not JSON: {}", error.message));
                Failure::Elsewhere(complaint.at(&self.id_of(&error.path), place))
            }
            ResolveError::PackagePathNotExported { subpath, package_json_path, .. } => {
                let manifest = self.id_of(package_json_path);
                let complaint = Complaint::new(format!("`{specifier}` is not among what the package exports"));
                complaint.with_help(format!("see `exports` in {manifest}, which has nothing for `{subpath}`")).into()
            }
            ResolveError::PackageImportNotDefined(_, package) => {
                let manifest = self.id_of(package);
                let complaint = Complaint::new(format!("`{specifier}` is not among the package's `imports`"));
                complaint.with_help(format!("add it to `imports` in {manifest}")).into()
            }
            ResolveError::NotFound(_) | ResolveError::ExtensionAlias(..) | ResolveError::MatchedAliasNotFound(..) => {
                match tsconfig.and_then(|tsconfig| tsconfig::alias(tsconfig, specifier)) {
                    Some(path) => {
                        let help =
                            format!("`paths` in tsconfig.json maps it to {}, which is not there", self.id_of(&path));
                        Complaint::new(format!("cannot find `{specifier}`")).with_help(help).into()
                    }
                    None => near::not_found(&self.root, importer, specifier).into(),
                }
            }
            other => Complaint::new(format!("cannot resolve `{specifier}`: {other}")).into(),
        }
    }
}

impl std::fmt::Debug for Resolver {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Resolver").field("root", &self.root).finish_non_exhaustive()
    }
}

pub(crate) fn is_relative(specifier: &str) -> bool {
    matches!(specifier, "." | "..") || specifier.starts_with("./") || specifier.starts_with("../")
}

fn leaves_the_project(specifier: &str) -> Complaint {
    Complaint::new(format!("`{specifier}` leaves the project"))
        .with_help("only files below the project's folder and packages in node_modules are read")
}

fn refuse_what_is_no_specifier(specifier: &str) -> Result<(), Complaint> {
    let scheme = specifier.split_once(':').map(|(scheme, _)| scheme);
    match scheme {
        _ if specifier.is_empty() => Err(Complaint::new("the specifier is empty")),
        // A package's `browser` field may have an answer even to this.
        Some("node") => Ok(()),
        Some("tollgate") => Err(Complaint::new(format!("`{specifier}` is internal to the gateway"))),
        Some(scheme) if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)) => {
            let complaint = Complaint::new(format!("`{specifier}` is a URL"));
            Err(complaint.with_help("only files of the project and packages in node_modules are read"))
        }
        _ if specifier.starts_with('/') => {
            let complaint = Complaint::new(format!("`{specifier}` is an absolute path"));
            Err(complaint.with_help("write the path from the importing file, beginning with ./ or ../"))
        }
        _ => Ok(()),
    }
}

/// The path without `.` and `..`, by its letters alone.
pub(crate) fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}
