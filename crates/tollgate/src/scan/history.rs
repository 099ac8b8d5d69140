//! Everything that is in the history of a git repository, once: git lists the objects, and hands
//! them out one after the other. So a file that was there for one commit is looked at, and one that
//! a thousand commits share is looked at once; changes that only a merge made are not missed, as
//! they would be in the output of `git log -p`. Nothing is fetched and nothing is written.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use anyhow::{Context, bail};
use tollgate_identity::KeyFinder;

use super::Rules;
use super::found::{Commit, Findings, FoundKey};
use super::stream::{Reading, look_through};
use crate::git::git;

/// How many objects git is asked for ahead.
const AHEAD: usize = 8192;
/// For how many places the commit is looked up: each is a walk through the history.
const COMMITS: usize = 50;
/// How long the name of a path, or the head of an object, may be.
const LINE: u64 = 64 * 1024;

/// Whether this is a repository that git can read, and what to do where not.
pub(super) fn check(repository: &Path, range: Option<&str>) -> anyhow::Result<()> {
    if !repository.is_dir() {
        bail!("there is no folder {}\n  help: --history takes the folder of a git repository", repository.display());
    }
    let output = git(repository).args(["rev-parse", "--git-dir"]).stderr(Stdio::piped()).output();
    let output = output.context("git cannot be run\n  help: --history reads the history by the command `git`")?;
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr);
        bail!("git cannot read a history in {}: {}", repository.display(), told.trim());
    }
    if let Some(range) = range {
        if range.starts_with('-') {
            bail!("`{range}` is no range of commits\n  help: --range main..HEAD");
        }
        let parsed = git(repository).args(["rev-parse", "--quiet", "--revs-only", range, "--"]).output()?;
        if !parsed.status.success() || parsed.stdout.is_empty() {
            bail!("git knows no commits `{range}`\n  help: --range main..HEAD, with names that `git log` takes");
        }
    }
    Ok(())
}

/// Looks at every object that can be reached, or at those of a range of commits.
pub(super) fn scan(
    repository: &Path,
    range: Option<&str>,
    finder: &KeyFinder,
    rules: &Rules,
    findings: &Findings,
) -> anyhow::Result<()> {
    let mut list = git(repository);
    list.args(["rev-list", "--objects"]);
    match range {
        Some(range) => list.arg(range).arg("--"),
        None => list.args(["--all", "--"]),
    };
    let mut list = list.spawn().context("git cannot be run")?;
    let mut contents = git(repository);
    contents.args(["cat-file", "--batch", "--buffer"]).stdin(Stdio::piped());
    let mut contents = contents.spawn().context("git cannot be run")?;
    let (asked, asked_for) = sync_channel(AHEAD);
    let (names, wanted) = (list.stdout.take(), contents.stdin.take());
    let outcome = std::thread::scope(|scope| {
        if let (Some(names), Some(wanted)) = (names, wanted) {
            scope.spawn(move || ask(BufReader::new(names), wanted, &asked));
        }
        let Some(output) = contents.stdout.take() else { return Ok(()) };
        read_objects(BufReader::with_capacity(1 << 18, output), &asked_for, finder, rules, findings)
    });
    // A pipe that is closed ends whichever of them still runs.
    ended(list, "rev-list", findings)?;
    ended(contents, "cat-file", findings)?;
    outcome.context("the history cannot be read")
}

fn ended(mut child: Child, name: &str, findings: &Findings) -> anyhow::Result<()> {
    drop(child.stdout.take());
    if !child.wait()?.success() {
        findings.failed(format!("`git {name}` ended early: a part of the history was not looked at"));
    }
    Ok(())
}

/// Asks for each listed object, and remembers its path for whoever reads the answers.
fn ask(names: impl BufRead, mut wanted: ChildStdin, asked: &SyncSender<Option<String>>) {
    for line in names.split(b'\n') {
        let Ok(line) = line else { return };
        let line = String::from_utf8_lossy(&line);
        let (id, path) = line.split_once(' ').map_or((&*line, None), |(id, path)| (id, Some(path)));
        let path = path.filter(|path| !path.is_empty()).map(str::to_owned);
        if asked.send(path).is_err() || wanted.write_all(format!("{id}\n").as_bytes()).is_err() {
            return;
        }
    }
}

/// Reads what git hands out: `<id> <kind> <size>`, the content, a newline.
fn read_objects(
    mut output: impl BufRead,
    asked_for: &Receiver<Option<String>>,
    finder: &KeyFinder,
    rules: &Rules,
    findings: &Findings,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    loop {
        head.clear();
        if output.by_ref().take(LINE).read_until(b'\n', &mut head)? == 0 {
            return Ok(());
        }
        let path = asked_for.recv().unwrap_or_default();
        let text = String::from_utf8_lossy(&head);
        let mut words = text.split_whitespace();
        let (id, kind, size) = (words.next().unwrap_or_default(), words.next().unwrap_or_default(), words.next());
        let Some(size) = size.and_then(|size| size.parse::<u64>().ok()) else {
            // `<id> missing`: of a partial clone, say.
            findings.failed(format!("{} is not in this clone", path.as_deref().unwrap_or(id)));
            continue;
        };
        let mut content = output.by_ref().take(size);
        if kind == "blob" && size > rules.most_bytes {
            findings.count(&findings.too_large);
        } else if kind != "tree" && !path.as_deref().is_some_and(|path| rules.excludes(path)) {
            findings.looked_at.fetch_add(1, Ordering::Relaxed);
            let tell = |hit| findings.add(hit, path.as_deref(), Some(id));
            match look_through(finder, &mut content, rules.binary_too, |bytes| findings.read(bytes), tell)? {
                Reading::Binary => findings.count(&findings.binary),
                Reading::Done => {}
            }
        }
        std::io::copy(&mut content, &mut std::io::sink())?;
        if content.limit() > 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        output.read_exact(&mut [0])?;
    }
}

/// Finds the commits that brought the keys in: the oldest in which the object appeared.
pub(super) fn name_commits(repository: &Path, keys: &mut [FoundKey]) {
    let mut left = COMMITS;
    let places = keys.iter_mut().flat_map(|key| &mut key.places);
    for place in places {
        let Some(object) = &place.object else { continue };
        if left == 0 {
            return;
        }
        left -= 1;
        place.commit = if place.path.is_some() { first_with(repository, object) } else { commit(repository, object) };
    }
}

const FORMAT: &str = "--format=%H%x00%an%x00%aI";

fn first_with(repository: &Path, object: &str) -> Option<Commit> {
    let find = format!("--find-object={object}");
    let mut log = git(repository);
    log.args(["log", "--all", "-m", "--no-ext-diff", "--no-textconv", "--no-patch", FORMAT, &find, "--"]);
    let text = log.output().ok()?.stdout;
    let text = String::from_utf8_lossy(&text);
    text.lines().rfind(|line| !line.is_empty()).and_then(parse)
}

fn commit(repository: &Path, id: &str) -> Option<Commit> {
    let output = git(repository).args(["log", "-1", "--no-patch", FORMAT, id, "--"]).output().ok()?;
    String::from_utf8_lossy(&output.stdout).lines().next().and_then(parse)
}

fn parse(line: &str) -> Option<Commit> {
    let mut parts = line.splitn(3, '\0');
    let (id, author, on) = (parts.next()?, parts.next()?, parts.next()?);
    Some(Commit { id: id.to_owned(), author: author.to_owned(), on: on.to_owned() })
}
