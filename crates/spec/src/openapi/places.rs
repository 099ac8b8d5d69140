//! Addresses of what a document is made of: files of the project, of the web, and of repositories. References
//! are resolved on them as on any URL.

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::Url;

/// The scheme of addresses inside a project.
const SCHEME: &str = "project";

/// Where a project lies in its addresses: so deep that references may leave it upwards, and the
/// same on every machine.
const FOLDER: &str = "/-/-/-/-/-/-/-/-/";

/// How names of files in repositories begin: `git+https://host/repository.git#branch:path`.
const GIT: &str = "git+";

/// What stands before the branch and before the path in the address of such a file, so that a relative reference
/// stays in its commit.
const PART: &str = "/-git-/";

/// The address of a file of the project, or of a document that has one of its own.
pub(super) fn address(name: &str) -> Option<Url> {
    if name.starts_with(GIT) {
        let (repository, place) = name.split_once('#')?;
        let (branch, path) = place.split_once(':')?;
        let branch = utf8_percent_encode(branch, NON_ALPHANUMERIC);
        return Url::parse(&format!("{repository}{PART}{branch}{PART}{}", path.trim_start_matches('/'))).ok();
    }
    if let Ok(url) = Url::parse(name)
        && matches!(url.scheme(), "http" | "https")
    {
        return Some(url);
    }
    let folder = if name.starts_with('/') { "" } else { FOLDER };
    let mut url = Url::parse(&format!("{SCHEME}://{FOLDER}")).ok()?;
    url.set_path(&format!("{folder}{name}"));
    Some(url)
}

/// The name under which a file is read, and which diagnostics say: relative to the project.
pub(super) fn name_of(file: &Url) -> String {
    if file.scheme().starts_with(GIT) {
        let text = file.as_str();
        let mut parts = text.splitn(3, PART);
        let (repository, branch, path) = (parts.next(), parts.next(), parts.next());
        return match (repository, branch, path) {
            (Some(repository), Some(branch), Some(path)) => {
                let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
                format!("{repository}#{}:{}", decoded(branch), decoded(path))
            }
            _ => text.to_owned(),
        };
    }
    if file.scheme() != SCHEME {
        return file.to_string();
    }
    let path = percent_decode_str(file.path()).decode_utf8_lossy();
    let mut folder = FOLDER;
    let mut above = String::new();
    while !folder.is_empty() && folder != "/" {
        if let Some(rest) = path.strip_prefix(folder) {
            return above + rest;
        }
        above.push_str("../");
        folder = folder.strip_suffix("-/").unwrap_or_default();
    }
    path.into_owned()
}

/// Whether a file may be read because a document refers to it: one of the project, or one that lies with the
/// document, on its host or in its commit.
pub(super) fn is_near(file: &Url, document: &Url) -> bool {
    file.scheme() == SCHEME || !is_foreign(file, document)
}

/// Whether a file lies neither in the project nor with the document.
pub(super) fn is_foreign(file: &Url, document: &Url) -> bool {
    if file.scheme() == SCHEME {
        return false;
    }
    match (commit(file), commit(document)) {
        (None, None) => file.origin() != document.origin(),
        (one, other) => one != other,
    }
}

/// Repository and branch of an address.
fn commit(file: &Url) -> Option<&str> {
    let address = file.as_str();
    let place = address.find(PART)? + PART.len();
    let end = place + address[place..].find(PART)?;
    file.scheme().starts_with(GIT).then(|| &address[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_a_repository_keeps_its_name_and_its_neighbours_are_found_in_its_commit() {
        for name in ["git+https://h/a.git#main:api.yaml", "git+file:///srv/a#feature/x:apis/v 1/api.yaml"] {
            assert_eq!(name_of(&address(name).unwrap()), name);
        }
        let document = address("git+https://h/a.git#feature/x:apis/api.yaml").unwrap();
        let beside = document.join("../schemas/pet.yaml").unwrap();
        assert_eq!(name_of(&beside), "git+https://h/a.git#feature/x:schemas/pet.yaml");
        assert!(is_near(&beside, &document));
        for outside in
            ["../../../x.yaml", "../../../../../x.yaml", "https://h/x.yaml", "//other/a.git/-git-/main/-git-/x"]
        {
            assert!(!is_near(&document.join(outside).unwrap(), &document), "{outside}");
        }
        assert_eq!(address("git+https://h/a.git"), None);
    }
}
