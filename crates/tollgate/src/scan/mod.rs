//! Looking for keys where none should be: in files, in the history of a repository, in a stream.

mod found;
mod history;
mod progress;
mod stream;
mod worktree;

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use tollgate_identity::KeyFinder;

pub(crate) use found::{Findings, FoundAt, FoundKey};
use progress::Progress;
pub(crate) use progress::size;

/// What is left out.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) exclude: Vec<String>,
    excluded: Gitignore,
    pub(crate) ignored_too: bool,
    pub(crate) binary_too: bool,
    pub(crate) most_bytes: u64,
}

impl Rules {
    pub(crate) fn new(
        exclude: Vec<String>,
        ignored_too: bool,
        binary_too: bool,
        most_bytes: u64,
    ) -> anyhow::Result<Self> {
        let mut patterns = GitignoreBuilder::new("");
        for glob in &exclude {
            patterns.add_line(None, glob).with_context(|| format!("--exclude: `{glob}` is no pattern"))?;
        }
        let excluded = patterns.build().context("--exclude")?;
        Ok(Self { exclude, excluded, ignored_too, binary_too, most_bytes })
    }

    /// Whether a file of the history is left out, by its path in the repository.
    fn excludes(&self, path: &str) -> bool {
        !self.exclude.is_empty() && self.excluded.matched_path_or_any_parents(path, false).is_ignore()
    }
}

/// Where to look.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place<'p> {
    /// A folder, or a file.
    Files(&'p Path),
    /// The history of a repository, or a range of its commits.
    History(&'p Path, Option<&'p str>),
    /// Standard input.
    Input,
}

/// Looks for keys, and says how far it is where that takes long.
pub(crate) fn scan(
    place: Place<'_>,
    finder: KeyFinder,
    rules: Rules,
) -> anyhow::Result<(Vec<FoundKey>, Arc<Findings>)> {
    let findings = Arc::new(Findings::default());
    if let Place::History(repository, range) = place {
        history::check(repository, range)?;
    }
    let progress = Progress::start(Arc::clone(&findings));
    let keys = match place {
        Place::Files(root) => {
            if !root.exists() {
                bail!("there is no file or folder {}", root.display());
            }
            worktree::scan(root, &Arc::new(finder), &Arc::new(rules), &findings)?;
            findings.take()
        }
        Place::History(repository, range) => {
            history::scan(repository, range, &finder, &rules, &findings)?;
            let mut keys = findings.take();
            history::name_commits(repository, &mut keys);
            keys
        }
        Place::Input => {
            findings.count(&findings.looked_at);
            let input = std::io::stdin().lock();
            let tell = |hit| findings.add(hit, None, None);
            let input: &mut dyn Read = &mut { input };
            // Whoever hands something over wants it looked at, whatever it is.
            stream::look_through(&finder, input, true, |bytes| findings.read(bytes), tell)
                .context("cannot read standard input")?;
            findings.take()
        }
    };
    drop(progress);
    Ok((keys, findings))
}
