//! Which of the variables there are a project's modules may read.
//!
//! The environment of a process holds much that is none of a script's business: paths, tokens of
//! whatever started it, the gateway's own secrets. A module finds the variables that its project
//! declares: those of `.env`, and those whose names stand in its own modules.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

/// The gateway's own settings and secrets.
const OWN: &str = "TOLLGATE_";
/// What projects of the Zuplo form always find.
const SYSTEM: &str = "ZUPLO_";

/// Those of `all` that a project declares. `files` are those that its modules were read from.
pub(crate) fn declared(all: &BTreeMap<String, String>, root: &Path, files: &[PathBuf]) -> BTreeMap<String, String> {
    let own = files.iter().filter(|file| !file.components().any(|part| part.as_os_str() == "node_modules"));
    let texts = own.cloned().chain([root.join(".env")]).filter_map(|file| std::fs::read_to_string(file).ok());
    let mut words = HashSet::new();
    for text in texts {
        words.extend(
            text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                .filter(|word| all.contains_key(*word))
                .map(str::to_owned),
        );
    }
    let declared = |name: &str| !name.starts_with(OWN) && (name.starts_with(SYSTEM) || words.contains(name));
    all.iter().filter(|(name, _)| declared(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::unwrap_used, reason = "a test may fail")]
    fn a_project_finds_what_it_names_and_never_the_gateways_secrets() {
        let root = tempfile::tempdir().unwrap();
        let module = root.path().join("a.ts");
        std::fs::write(&module, "environment.API_URL; environment[\"OTHER\"]; environment.TOLLGATE_MASTER_KEY;")
            .unwrap();
        std::fs::write(root.path().join(".env"), "IN_FILE=1\n").unwrap();
        let names = ["API_URL", "OTHER", "IN_FILE", "PATH", "AWS_SECRET", "TOLLGATE_MASTER_KEY", "ZUPLO_BUILD_ID"];
        let all = names.iter().map(|name| ((*name).to_owned(), "x".to_owned())).collect();
        let found: Vec<String> = declared(&all, root.path(), &[module]).into_keys().collect();
        assert_eq!(found, ["API_URL", "IN_FILE", "OTHER", "ZUPLO_BUILD_ID"]);
    }
}
