//! What becomes of log files that were put aside: compressed, and removed once there are too many.
//!
//! A file is put aside as `access.log.2026-01-31T12-00-00.000Z`, which never changes again, so that whatever ships
//! logs elsewhere is not confused; names sort as time does.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use flate2::Compression;
use flate2::write::GzEncoder;
use tollgate_core::time::Timestamp;

const MOMENT: &str = "0000-00-00T00-00-00.000Z";
const UNFINISHED: &str = ".part";

/// A name for a file that is put aside at this moment; one that is free.
pub(super) fn name_aside(path: &Path, now: Timestamp) -> PathBuf {
    let mut moment = now;
    loop {
        let mut name = path.as_os_str().to_owned();
        name.push(".");
        name.push(moment.rfc3339().replace(':', "-"));
        let aside = PathBuf::from(&name);
        name.push(".gz");
        if !aside.exists() && !Path::new(&name).exists() {
            return aside;
        }
        moment = Timestamp(moment.0 + 1);
    }
}

/// Compresses and removes, in a thread of its own: a large file takes its time.
#[derive(Debug, Default)]
pub(super) struct Tidying(Option<JoinHandle<()>>);

impl Tidying {
    /// Begins, where it is not under way: then the next time sees to it.
    pub(super) fn begin(&mut self, path: &Path, keep: u32, gzip: bool) {
        if self.0.as_ref().is_some_and(|thread| !thread.is_finished()) {
            return;
        }
        let path = path.to_owned();
        let tidy = move || {
            if let Err(error) = tidy(&path, keep as usize, gzip) {
                tracing::warn!(path = %path.display(), %error, "log files that were put aside could not be tidied up");
            }
        };
        self.0 = std::thread::Builder::new().name("log-tidy".to_owned()).spawn(tidy).ok();
    }

    /// Waits until it is done.
    pub(super) fn finish(&mut self) {
        if let Some(thread) = self.0.take() {
            let _ = thread.join();
        }
    }
}

fn tidy(path: &Path, keep: usize, gzip: bool) -> io::Result<()> {
    let mut aside = put_aside(path)?;
    aside.sort();
    let surplus = aside.len().saturating_sub(keep);
    for old in aside.drain(..surplus) {
        fs::remove_file(old)?;
    }
    for file in aside.iter().filter(|file| gzip && file.extension().is_none_or(|extension| extension != "gz")) {
        compress(file)?;
    }
    Ok(())
}

/// The files that were put aside, by the exact form of their names; what a process that ended left unfinished goes.
fn put_aside(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
        return Ok(found);
    };
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(this) = entry.file_name().into_string() else { continue };
        let Some(rest) = this.strip_prefix(name).and_then(|rest| rest.strip_prefix('.')) else { continue };
        let (finished, rest) = match rest.strip_suffix(UNFINISHED) {
            Some(rest) => (false, rest),
            None => (true, rest),
        };
        if !is_moment(rest.strip_suffix(".gz").unwrap_or(rest)) {
            continue;
        }
        if finished {
            found.push(entry.path());
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(found)
}

fn is_moment(text: &str) -> bool {
    text.len() == MOMENT.len()
        && text.bytes().zip(MOMENT.bytes()).all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            _ => byte == form,
        })
}

fn compress(file: &Path) -> io::Result<()> {
    let ending = |suffix: &str| {
        let mut name = file.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let (draft, whole) = (ending(".gz.part"), ending(".gz"));
    let mut from = File::open(file)?;
    let mut to = GzEncoder::new(File::create(&draft)?, Compression::default());
    let copied = io::copy(&mut from, &mut to).and_then(|_| to.finish()).and_then(|written| written.sync_all());
    if let Err(error) = copied {
        let _ = fs::remove_file(&draft);
        return Err(error);
    }
    fs::set_permissions(&draft, from.metadata()?.permissions())?;
    fs::rename(&draft, whole)?;
    fs::remove_file(file)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn the_newest_are_kept_compressed_and_nobody_elses_files_are_touched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("access.log");
        for (name, text) in [
            ("access.log", "now"),
            ("access.log.2026-01-01T00-00-00.000Z.gz", "oldest"),
            ("access.log.2026-01-02T00-00-00.000Z", "old"),
            ("access.log.2026-01-03T00-00-00.000Z", "new"),
            ("access.log.2026-01-03T00-00-00.000Z.gz.part", "half"),
            ("access.log.1", "of logrotate"),
            ("access.log.2026-01-01", "of somebody"),
        ] {
            fs::write(folder.path().join(name), text).unwrap();
        }
        tidy(&path, 2, true).unwrap();
        let mut names: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(
            names,
            [
                "access.log",
                "access.log.1",
                "access.log.2026-01-01",
                "access.log.2026-01-02T00-00-00.000Z.gz",
                "access.log.2026-01-03T00-00-00.000Z.gz",
            ]
        );
        let mut text = String::new();
        let file = File::open(folder.path().join(&names[4])).unwrap();
        flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
        assert_eq!(text, "new");
    }

    #[test]
    fn two_files_of_one_moment_have_two_names_that_sort() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.log");
        let first = name_aside(&path, Timestamp(0));
        fs::write(&first, "").unwrap();
        let second = name_aside(&path, Timestamp(0));
        assert!(first < second);
        assert!(first.to_str().unwrap().ends_with("a.log.1970-01-01T00-00-00.000Z"), "{first:?}");
    }
}
