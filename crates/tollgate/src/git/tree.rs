//! A project as it was in a commit: its folder in a temporary one, and beside it whatever else of the
//! repository it turns out to refer to. Nothing in the repository is changed.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use tempfile::TempDir;

use super::command;

/// Files that nobody reads without loading modules.
const PACKAGES: &str = "node_modules";

/// What git says of an entry.
#[derive(Debug, Clone)]
struct Entry {
    id: String,
    is_link: bool,
}

/// The files of a commit.
#[derive(Debug)]
pub(crate) struct GitTree {
    repository: PathBuf,
    /// The project's folder in the repository; empty where it is all of it.
    prefix: PathBuf,
    commit: String,
    entries: HashMap<PathBuf, Entry>,
    folder: TempDir,
}

impl GitTree {
    /// Takes the project of a folder out of the commit that a ref means.
    ///
    /// # Errors
    /// Where there is no repository, no such commit, or no such folder in it.
    pub(crate) fn open(project: &Path, reference: &str) -> anyhow::Result<Self> {
        if reference.starts_with('-') || reference.is_empty() {
            bail!("`{reference}` is no git ref\n  help: --against main, a tag or a commit");
        }
        let help = "a ref is looked up by the command `git` in the repository that the project is in";
        let top =
            text(command(project).args(["rev-parse", "--show-toplevel"]), || format!("--against {reference}: {help}"))?;
        let prefix = text(command(project).args(["rev-parse", "--show-prefix"]), String::new)?;
        let wanted = format!("{reference}^{{commit}}");
        let commit =
            text(command(project).args(["rev-parse", "--verify", "--quiet", "--end-of-options", &wanted]), || {
                format!("`{reference}` is neither a folder nor a commit that git knows here")
            })?;
        let (repository, prefix) = (PathBuf::from(top), PathBuf::from(prefix));
        let mut list = command(&repository);
        list.args(["ls-tree", "-r", "-z", "--full-tree", &commit]);
        let entries = parse(&output(&mut list).context("git cannot list the files of the commit")?);
        let folder = tempfile::Builder::new().prefix("tollgate-plan-").tempdir().context("no temporary folder")?;
        let mut tree = Self { repository, prefix, commit, entries, folder };
        let own: Vec<PathBuf> = tree.entries.keys().filter(|path| path.starts_with(&tree.prefix)).cloned().collect();
        if own.is_empty() {
            bail!("there is no folder {} in {reference}", tree.prefix.display());
        }
        let needed = own.into_iter().filter(|path| !path.components().any(|part| part.as_os_str() == PACKAGES));
        tree.extract(&needed.collect::<Vec<_>>())?;
        Ok(tree)
    }

    /// The folder of the project.
    pub(crate) fn project(&self) -> PathBuf {
        self.folder.path().join(&self.prefix)
    }

    /// The whole name of the commit.
    pub(crate) fn commit(&self) -> &str {
        &self.commit
    }

    /// Whether the project has a file of this name in the commit.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.entries.contains_key(&self.prefix.join(name))
    }

    /// Takes out what was looked for and is in the commit, but not in the folder yet. Whether there was any.
    pub(crate) fn complete(&mut self, looked_for: &[PathBuf]) -> anyhow::Result<bool> {
        let missing = looked_for.iter().filter(|path| !path.exists()).filter_map(|path| {
            let relative = resolved(path).strip_prefix(self.folder.path()).ok()?.to_owned();
            self.entries.contains_key(&relative).then_some(relative)
        });
        let missing: Vec<PathBuf> = missing.collect();
        self.extract(&missing)?;
        Ok(!missing.is_empty())
    }

    fn extract(&mut self, paths: &[PathBuf]) -> anyhow::Result<()> {
        let mut contents = command(&self.repository);
        contents.args(["cat-file", "--batch"]).stdin(Stdio::piped());
        let mut child = contents.stdout(Stdio::piped()).spawn().context("git cannot be run")?;
        let written = (|| {
            let mut wanted = child.stdin.take().context("git takes no input")?;
            let mut answers = BufReader::new(child.stdout.take().context("git gives no output")?);
            for path in paths {
                let Some(entry) = self.entries.get(path) else { continue };
                let content = object(&mut wanted, &mut answers, &entry.id)
                    .with_context(|| format!("git cannot read {}", path.display()))?;
                self.put(path, entry, &content)?;
            }
            anyhow::Ok(())
        })();
        // Its input is closed, so that it ends.
        let _ = child.wait();
        written
    }

    fn put(&self, path: &Path, entry: &Entry, content: &[u8]) -> anyhow::Result<()> {
        let to = self.folder.path().join(path);
        if !path.components().all(|part| matches!(part, Component::Normal(_))) {
            bail!("git names a file {}", path.display());
        }
        let parent = to.parent().context("a file stands in a folder")?;
        std::fs::create_dir_all(parent)?;
        if !entry.is_link {
            return std::fs::write(&to, content).with_context(|| format!("cannot write {}", to.display()));
        }
        // A link that leads out of the repository would be read from this machine instead of the commit.
        let target = PathBuf::from(String::from_utf8_lossy(content).into_owned());
        let leads_to = resolved(&parent.join(&target));
        if target.is_relative() && leads_to.starts_with(self.folder.path()) {
            std::os::unix::fs::symlink(&target, &to).with_context(|| format!("cannot write {}", to.display()))?;
        }
        Ok(())
    }
}

/// A path without `.` and `..`, whatever is on disk.
fn resolved(path: &Path) -> PathBuf {
    let mut resolved = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                resolved.pop();
            }
            Component::CurDir => {}
            part => resolved.push(part),
        }
    }
    resolved
}

/// `<mode> <kind> <id>\t<path>\0`, without the submodules.
fn parse(list: &[u8]) -> HashMap<PathBuf, Entry> {
    use std::os::unix::ffi::OsStrExt;
    let entry = |line: &[u8]| {
        let tab = line.iter().position(|byte| *byte == b'\t')?;
        let head = std::str::from_utf8(&line[..tab]).ok()?;
        let mut words = head.split(' ');
        let (mode, kind, id) = (words.next()?, words.next()?, words.next()?);
        let path = PathBuf::from(std::ffi::OsStr::from_bytes(&line[tab + 1..]));
        (kind == "blob").then(|| (path, Entry { id: id.to_owned(), is_link: mode == "120000" }))
    };
    list.split(|byte| *byte == 0).filter_map(entry).collect()
}

/// Asks for one object, and reads it.
fn object(wanted: &mut impl Write, answers: &mut impl BufRead, id: &str) -> anyhow::Result<Vec<u8>> {
    wanted.write_all(format!("{id}\n").as_bytes())?;
    wanted.flush()?;
    let mut head = String::new();
    answers.read_line(&mut head)?;
    let size = head.split_whitespace().nth(2).and_then(|size| size.parse().ok());
    let Some(size) = size else { bail!("{}", head.trim()) };
    let mut content = vec![0; size];
    answers.read_exact(&mut content)?;
    answers.read_exact(&mut [0])?;
    Ok(content)
}

fn output(command: &mut Command) -> anyhow::Result<Vec<u8>> {
    let output = command.stderr(Stdio::piped()).output().context("git cannot be run")?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(output.stdout)
}

/// What git answers in one line; `help` where it has nothing to say.
fn text(command: &mut Command, help: impl Fn() -> String) -> anyhow::Result<String> {
    let answer = output(command).with_context(&help)?;
    Ok(String::from_utf8_lossy(&answer).trim_end_matches('\n').to_owned())
}
