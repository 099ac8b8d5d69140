//! What to say of a specifier that leads nowhere, and what was probably meant.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use super::{ENDINGS, is_module_of_node, is_relative, node, normal};
use crate::errors::{Complaint, nearest};

/// The complaint about `specifier` in `importer`.
pub(super) fn not_found(root: &Path, importer: &Path, specifier: &str) -> Complaint {
    let folder = importer.parent().unwrap_or(root);
    if is_relative(specifier) {
        let complaint = Complaint::new(format!("cannot find `{specifier}`"));
        return match relative_proposal(folder, specifier) {
            Some(proposal) => complaint.with_help(format!("did you mean `{proposal}`?")),
            None => complaint.with_help("no file of that name is there, with or without an ending"),
        };
    }
    if specifier.starts_with('#') {
        return Complaint::new(format!("cannot find `{specifier}`"))
            .with_help("names with # are defined by `imports` in package.json");
    }
    if specifier.starts_with("node:") {
        return node::absent(specifier);
    }
    let name = package_name(specifier);
    if let Some(installed) = installed(folder, name) {
        let complaint = Complaint::new(format!("cannot find `{specifier}` in the package `{name}`"));
        return complaint.with_help(format!("{} has no such file, or none for scripts", installed.display()));
    }
    if is_module_of_node(specifier) {
        return node::absent(specifier);
    }
    if exists_as_module(&root.join(specifier)) {
        let path = path_from(folder, &root.join(specifier));
        return Complaint::new(format!("cannot find the package `{name}`"))
            .with_help(format!("did you mean `{path}`? or set `baseUrl` in tsconfig.json"));
    }
    let complaint = Complaint::new(format!("cannot find the package `{name}`"));
    let packages = installed_packages(folder);
    match nearest(name, packages.iter().map(String::as_str)) {
        Some(proposal) => complaint.with_help(format!("did you mean `{proposal}`?")),
        None => complaint.with_help(format!("run `npm install {name}` in the project")),
    }
}

/// `@scope/name` or `name` of a bare specifier.
fn package_name(specifier: &str) -> &str {
    let scope = if specifier.starts_with('@') { specifier.find('/').map_or(0, |slash| slash + 1) } else { 0 };
    let end = specifier.get(scope..).and_then(|rest| rest.find('/'));
    end.and_then(|end| specifier.get(..scope + end)).unwrap_or(specifier)
}

/// A specifier like the one that was written that does lead to a file.
fn relative_proposal(folder: &Path, specifier: &str) -> Option<String> {
    let (before, written) = specifier.rsplit_once('/')?;
    let beside = normal(&folder.join(before));
    let with_ending = ENDINGS.iter().any(|ending| written.ends_with(&format!(".{ending}")));
    let names = module_names(&beside, with_ending);
    if let Some(name) = nearest(written, names.iter().map(String::as_str)) {
        return Some(format!("{before}/{name}"));
    }
    let rest = specifier.strip_prefix("./");
    let elsewhere = match rest {
        Some(rest) => format!("../{rest}"),
        None => format!("./{}", specifier.strip_prefix("../")?),
    };
    exists_as_module(&normal(&folder.join(&elsewhere))).then_some(elsewhere)
}

/// What in a folder can be imported, by the names that one would write.
fn module_names(folder: &Path, with_ending: bool) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let (stem, ending) = name.rsplit_once('.').unwrap_or((&name, ""));
        let is_module = ENDINGS.contains(&ending);
        match (entry.path().is_dir(), is_module) {
            (true, _) => Some(name),
            (false, true) if with_ending || ending == "json" => Some(name),
            (false, true) => Some(stem.to_owned()),
            (false, false) => None,
        }
    });
    names.collect()
}

fn exists_as_module(path: &Path) -> bool {
    let with = |ending: &&str| PathBuf::from(format!("{}.{ending}", path.display())).is_file();
    path.is_file() || ENDINGS.iter().any(with) || path.join("index.ts").is_file()
}

fn installed(folder: &Path, name: &str) -> Option<PathBuf> {
    let places = folder.ancestors().map(|ancestor| ancestor.join("node_modules").join(name));
    places.into_iter().find(|place| place.is_dir())
}

/// The packages that a file of that folder could import.
fn installed_packages(folder: &Path) -> BTreeSet<String> {
    let listed = |folder: &Path| -> Vec<String> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
    };
    let mut names = BTreeSet::new();
    for modules in folder.ancestors().map(|ancestor| ancestor.join("node_modules")) {
        for name in listed(&modules) {
            if name.starts_with('@') {
                names.extend(listed(&modules.join(&name)).into_iter().map(|inner| format!("{name}/{inner}")));
            } else if !name.starts_with('.') {
                names.insert(name);
            }
        }
    }
    names
}

/// The specifier of `file` for modules in `folder`.
fn path_from(folder: &Path, file: &Path) -> String {
    let common = folder.components().zip(file.components()).take_while(|(left, right)| left == right).count();
    let up = folder.components().count() - common;
    let down: PathBuf = file.components().skip(common).collect();
    let start = if up == 0 { "./".to_owned() } else { "../".repeat(up) };
    format!("{start}{}", down.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_package_may_have_a_scope() {
        assert_eq!(package_name("cookie"), "cookie");
        assert_eq!(package_name("cookie/lib/x"), "cookie");
        assert_eq!(package_name("@a/b"), "@a/b");
        assert_eq!(package_name("@a/b/c"), "@a/b");
    }

    #[test]
    fn paths_are_written_from_the_importing_folder() {
        assert_eq!(path_from(Path::new("/p/a"), Path::new("/p/a/b")), "./b");
        assert_eq!(path_from(Path::new("/p/a/c"), Path::new("/p/b/d")), "../../b/d");
    }
}
