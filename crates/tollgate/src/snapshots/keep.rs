//! Keeping a project that was put into force, and letting go of the oldest.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use anyhow::Context;
use tollgate_core::project::Project;
use tollgate_core::time::Timestamp;
use tollgate_identity::digest_of;

use super::record::{KeptFile, Kind};
use super::{Applied, Kept, MOST, RECORD, Record, SEALED_FOR, Snapshots};
use crate::data_dir;
use crate::loading::ProjectSource;

/// A folder that is being written, or taken away.
const DRAFT: &str = ".tmp";
/// What earlier versions kept, `.env` in clear among it.
const FORMER: [&str; 2] = ["last-good", "last-good.before"];

/// A file that is to be kept.
struct Content {
    kind: Kind,
    place: PathBuf,
    bytes: Vec<u8>,
    sha256: String,
}

impl Content {
    fn new(kind: Kind, place: PathBuf, bytes: Vec<u8>) -> Self {
        let sha256 = digest_of(&bytes).to_hex();
        Self { kind, place, bytes, sha256 }
    }
}

impl Snapshots {
    /// Keeps a project that has just been put into force, and notes that it is. One that is the same as the
    /// one in force before is not kept twice. `None` where it has no folder.
    pub(crate) fn keep(
        &self,
        source: &ProjectSource,
        project: &Project,
        applied: &Applied,
        now: Timestamp,
    ) -> anyhow::Result<Option<Kept>> {
        let Some(root) = source.folder() else { return Ok(None) };
        self.make_folder()?;
        self.tidy()?;
        let place = below(root);
        let contents = contents(source, root, &place, project)?;
        let content = digest_of_all(&contents);
        let former = self.in_force()?;
        if let Some(same) = former.filter(|former| former.content == content && former.snapshot == project.digest) {
            self.set_in_force(same.id, None)?;
            return Ok(Some(Kept { id: same.id, may_differ: false }));
        }
        let records = self.list()?;
        let id = records.first().map_or(0, |latest| latest.id).saturating_add(1);
        let record = Record {
            id,
            snapshot: project.digest.clone(),
            content,
            on: now,
            how: applied.how,
            by: applied.by.clone(),
            revision: applied.revision.clone(),
            routes: project.routes.len(),
            project: place,
            files: Vec::new(),
        };
        self.write(record, contents, records.first())?;
        self.set_in_force(id, None)?;
        self.let_go(id)?;
        Ok(Some(Kept { id, may_differ: changed_since(project, applied.read_on) }))
    }

    /// Writes a snapshot beside the others and gives it its name when all of it is on the disk.
    fn write(&self, mut record: Record, contents: Vec<Content>, latest: Option<&Record>) -> anyhow::Result<()> {
        let draft = self.folder.join(format!("{}-{}{DRAFT}", record.id, std::process::id()));
        data_dir::make_private(&draft)?;
        let known: HashMap<&str, PathBuf> = latest
            .iter()
            .flat_map(|latest| latest.files.iter().map(|file| (latest.id, file)))
            .map(|(id, file)| (file.sha256.as_str(), self.place(id).join(file.path())))
            .collect();
        for Content { kind, place, bytes, sha256 } in contents {
            let (stored, sha256) = match kind {
                Kind::Sealed => {
                    let sealed = self.key()?.seal(SEALED_FOR, &bytes)?;
                    let sha256 = digest_of(&sealed).to_hex();
                    (sealed, sha256)
                }
                _ => (bytes, sha256),
            };
            let file = KeptFile { kind, place, bytes: stored.len() as u64, sha256 };
            let to = draft.join(file.path());
            data_dir::make_private(to.parent().context("a file stands in a folder")?)?;
            // Nearly all of many packages is as it was, and what was kept is never written again.
            let same = known.get(file.sha256.as_str());
            if same.is_none_or(|kept| fs::hard_link(kept, &to).is_err()) {
                data_dir::write_unsynced(&to, &stored)?;
            }
            record.files.push(file);
        }
        data_dir::write_unsynced(&draft.join(RECORD), serde_json::to_string(&record)?.as_bytes())?;
        // All of it is on the disk before any of it counts, by one step for hundreds of files and folders.
        rustix::fs::syncfs(fs::File::open(&draft)?)?;
        fs::rename(&draft, self.place(record.id))?;
        fs::File::open(&self.folder)?.sync_all()?;
        Ok(())
    }

    /// Takes away the oldest ones; never that in force.
    fn let_go(&self, in_force: u32) -> anyhow::Result<()> {
        let records = self.list()?;
        for record in records.iter().skip(MOST).filter(|record| record.id != in_force) {
            self.remove(record.id)?;
        }
        Ok(())
    }

    /// It is gone at once, and not file by file.
    pub(super) fn remove(&self, id: u32) -> anyhow::Result<()> {
        let gone = self.folder.join(format!("{id}{DRAFT}"));
        fs::rename(self.place(id), &gone)?;
        Ok(fs::remove_dir_all(&gone)?)
    }

    /// Takes away what a process left that ended meanwhile, and what earlier versions kept.
    fn tidy(&self) -> anyhow::Result<()> {
        for entry in fs::read_dir(&self.folder)?.flatten() {
            if entry.path().is_dir() && entry.file_name().to_string_lossy().ends_with(DRAFT) {
                fs::remove_dir_all(entry.path())?;
            }
        }
        for former in FORMER.iter().filter_map(|name| Some(self.folder.parent()?.join(name))) {
            if former.is_dir() {
                fs::remove_dir_all(former)?;
            }
        }
        Ok(())
    }
}

/// Everything of a project that is kept, sorted.
fn contents(source: &ProjectSource, root: &Path, place: &Path, project: &Project) -> anyhow::Result<Vec<Content>> {
    // Modules are known by their real paths, the rest by the path that was given.
    let real_root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let environment = source.environment.env_file.as_deref().map(absolute);
    let mut contents = BTreeMap::new();
    for file in project.files.iter().filter(|file| file.is_file()) {
        let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let of_environment = environment.as_deref() == Some(file);
        let content = if of_environment || name == ".env" || name.starts_with(".env.") {
            let name = if of_environment { ".env" } else { &name };
            Content::new(Kind::Sealed, PathBuf::from(name), bytes)
        } else {
            let place = file.strip_prefix(&real_root).map_or_else(|_| below(file), |inside| place.join(inside));
            Content::new(Kind::Plain, place, bytes)
        };
        contents.insert((content.kind, content.place.clone()), content);
    }
    for (url, bytes) in source.fetched().into_iter().filter_map(|(url, bytes)| Some((url, bytes?))) {
        let place = PathBuf::from(digest_of(url.as_bytes()).to_hex());
        contents.insert((Kind::Fetched, place.clone()), Content::new(Kind::Fetched, place, bytes));
    }
    Ok(contents.into_values().collect())
}

/// The SHA-256 of everything but secrets: one of those could be guessed from it.
fn digest_of_all(contents: &[Content]) -> String {
    let mut text = String::new();
    for content in contents.iter().filter(|content| content.kind != Kind::Sealed) {
        text.push_str(&format!("{} {}\n", content.sha256, content.place.display()));
    }
    digest_of(text.as_bytes()).to_hex()
}

/// Whether a file changed since a moment. The clock of a file system is a little behind.
fn changed_since(project: &Project, moment: Timestamp) -> bool {
    const BEHIND: i64 = 20;
    let changed = |metadata: fs::Metadata| metadata.ctime() * 1000 + metadata.ctime_nsec() / 1_000_000;
    let changes = project.files.iter().filter_map(|file| fs::metadata(file).ok().map(changed));
    changes.max().is_some_and(|latest| latest >= moment.0 - BEHIND)
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// An absolute path as one below a folder; `..` in it is resolved.
fn below(path: &Path) -> PathBuf {
    let mut result = PathBuf::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => result.push(name),
            Component::ParentDir => {
                result.pop();
            }
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_stays_below_the_folder() {
        let below = |path: &str| below(Path::new(path)).display().to_string();
        assert_eq!(below("/srv/api/openapi.yaml"), "srv/api/openapi.yaml");
        assert_eq!(below("/srv/gateway/../tornado/openapi.yaml"), "srv/tornado/openapi.yaml");
        assert_eq!(below("/../../etc/x"), "etc/x");
    }
}
