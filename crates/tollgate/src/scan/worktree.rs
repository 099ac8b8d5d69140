//! The files of a folder, on several threads: without those that git ignores, and without git's own.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::Context;
use ignore::overrides::OverrideBuilder;
use ignore::{DirEntry, WalkBuilder, WalkState};
use tollgate_identity::KeyFinder;

use super::Rules;
use super::found::Findings;
use super::stream::{Reading, look_through};

/// Looks at everything below `root`, or at that one file.
pub(super) fn scan(
    root: &Path,
    finder: &Arc<KeyFinder>,
    rules: &Arc<Rules>,
    findings: &Arc<Findings>,
) -> anyhow::Result<()> {
    if !root.is_dir() {
        // What is named is looked at, a link too.
        look_through_file(root, &root.to_string_lossy(), finder, rules, findings);
        return Ok(());
    }
    let mut overrides = OverrideBuilder::new(root);
    for glob in &rules.exclude {
        overrides.add(&format!("!{glob}")).with_context(|| format!("`{glob}` is no pattern"))?;
    }
    let mut walk = WalkBuilder::new(root);
    walk.overrides(overrides.build()?)
        .hidden(false)
        .ignore(false)
        .git_ignore(!rules.ignored_too)
        .git_exclude(!rules.ignored_too)
        .git_global(!rules.ignored_too)
        .parents(!rules.ignored_too)
        .require_git(false)
        .follow_links(false)
        .filter_entry(|entry| entry.depth() == 0 || entry.file_name() != ".git");
    let root: PathBuf = root.to_owned();
    walk.build_parallel().run(|| {
        let (finder, rules, findings) = (Arc::clone(finder), Arc::clone(rules), Arc::clone(findings));
        let root = root.clone();
        Box::new(move |entry| {
            match entry {
                Ok(entry) => look_at(&entry, &root, &finder, &rules, &findings),
                Err(error) => findings.failed(error.to_string()),
            }
            WalkState::Continue
        })
    });
    Ok(())
}

fn look_at(entry: &DirEntry, root: &Path, finder: &KeyFinder, rules: &Rules, findings: &Findings) {
    // Links are not followed: what they lead to is in the tree by itself, or is not of it. Pipes and
    // devices would hang, or never end.
    if !entry.file_type().is_some_and(|kind| kind.is_file()) {
        return;
    }
    let path = entry.path();
    let shown = path.strip_prefix(root).ok().filter(|path| !path.as_os_str().is_empty()).unwrap_or(path);
    look_through_file(path, &shown.to_string_lossy(), finder, rules, findings);
}

fn look_through_file(path: &Path, shown: &str, finder: &KeyFinder, rules: &Rules, findings: &Findings) {
    let read = || {
        let file = File::open(path)?;
        if file.metadata()?.len() > rules.most_bytes {
            findings.count(&findings.too_large);
            return Ok(());
        }
        findings.looked_at.fetch_add(1, Ordering::Relaxed);
        let tell = |hit| findings.add(hit, Some(shown), None);
        match look_through(finder, file, rules.binary_too, |bytes| findings.read(bytes), tell)? {
            Reading::Binary => findings.count(&findings.binary),
            Reading::Done => {}
        }
        Ok::<(), std::io::Error>(())
    };
    if let Err(error) = read() {
        findings.failed(format!("{shown}: {error}"));
    }
}
