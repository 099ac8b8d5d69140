//! Lines to a file that is put aside by size and age.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::PathBuf;
use std::time::Duration;

use memchr::{memchr, memrchr};
use tollgate_core::settings::LogFileSettings;
use tollgate_core::time::{Clock, Timestamp};

use super::rotation::{self, Tidying};
use super::{Chunk, Inbox, Job};

/// How often the path is looked at: another program may have moved the file away.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Logs are for the gateway's user and group.
const MODE: u32 = 0o640;

/// Runs until nothing will come any more.
pub(super) fn run(mut inbox: Inbox, settings: &LogFileSettings, path: PathBuf, clock: &dyn Clock) {
    let mut log = LogFile {
        settings,
        path,
        clock,
        open: None,
        looked: Duration::ZERO,
        failing: false,
        tidying: Tidying::default(),
    };
    // So that a path that cannot be opened is known before the first line, and what is left from before is tidied.
    match log.open() {
        Ok(_) => {
            inbox.series.up.set(1);
        }
        Err(error) => log.tell(&inbox, &error),
    }
    log.tidy();
    while let Some(job) = inbox.jobs.blocking_recv() {
        match job {
            Job::Write(chunk) => {
                log.take(&inbox, &chunk);
                inbox.done(chunk.bytes.len());
            }
            Job::Flush(waiter) => drop(waiter),
            Job::Reopen => log.open = None,
        }
    }
    log.tidying.finish();
}

struct LogFile<'a> {
    settings: &'a LogFileSettings,
    path: PathBuf,
    clock: &'a dyn Clock,
    open: Option<Open>,
    /// When the path was looked at, on the monotonic clock.
    looked: Duration,
    /// Said once, until something is written again.
    failing: bool,
    tidying: Tidying,
}

struct Open {
    file: File,
    size: u64,
    began: Timestamp,
    place: (u64, u64),
    /// Whether this is a file that can be put aside, and no device or pipe.
    regular: bool,
    /// Whether its last line is not whole.
    torn: bool,
}

/// What went wrong, and how much was written before.
struct Failed {
    written: usize,
    error: io::Error,
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self { written: 0, error }
    }
}

impl LogFile<'_> {
    fn take(&mut self, inbox: &Inbox, chunk: &Chunk) {
        let mut rest = &chunk.bytes[..];
        let mut failure = None;
        while !rest.is_empty() {
            match self.write_some(rest) {
                Ok(written) => rest = &rest[written..],
                Err(Failed { written, error }) => {
                    rest = &rest[written..];
                    failure = Some(error);
                    break;
                }
            }
        }
        let lost = memchr::memchr_iter(b'\n', rest).count() as u64;
        inbox.series.written.inc_by(chunk.lines.saturating_sub(lost));
        match failure {
            None => {
                inbox.series.up.set(1);
                self.failing = false;
            }
            Some(error) => {
                inbox.series.dropped.inc_by(lost);
                self.tell(inbox, &error);
            }
        }
    }

    fn tell(&mut self, inbox: &Inbox, error: &io::Error) {
        inbox.series.up.set(0);
        if !std::mem::replace(&mut self.failing, true) {
            tracing::error!(path = %self.path.display(), %error, "the access log cannot be written; lines are dropped");
        }
    }

    /// Writes whole lines, as many as there is room for in the file, and puts it aside where there is none.
    fn write_some(&mut self, lines: &[u8]) -> Result<usize, Failed> {
        self.follow();
        let limit = self.settings.rotate_size.0;
        let (now, age) = (self.clock.now(), self.settings.rotate_every);
        let open = self.open()?;
        let room = if limit == 0 || !open.regular { u64::MAX } else { limit.saturating_sub(open.size) };
        let fitting = match usize::try_from(room).unwrap_or(usize::MAX) {
            room if room >= lines.len() => lines.len(),
            room => memrchr(b'\n', &lines[..room]).map_or(0, |end| end + 1),
        };
        let old = age.is_some_and(|age| now.0 - open.began.0 >= i64::try_from(age.0.as_millis()).unwrap_or(i64::MAX));
        if open.regular && open.size > 0 && (fitting == 0 || old) {
            self.put_aside(now)?;
            return Ok(0);
        }
        // A line that no file would have room for gets one of its own.
        let piece = if fitting == 0 { memchr(b'\n', lines).map_or(lines.len(), |end| end + 1) } else { fitting };
        open.write(&lines[..piece])?;
        Ok(piece)
    }

    fn put_aside(&mut self, now: Timestamp) -> io::Result<()> {
        self.open = None;
        fs::rename(&self.path, rotation::name_aside(&self.path, now))?;
        self.tidy();
        Ok(())
    }

    fn tidy(&mut self) {
        self.tidying.begin(&self.path, self.settings.keep, self.settings.gzip);
    }

    /// Lets go of a file that is not at its path any more.
    fn follow(&mut self) {
        let now = self.clock.monotonic();
        if now.saturating_sub(self.looked) < LOOK_AGAIN {
            return;
        }
        self.looked = now;
        let there = fs::metadata(&self.path).ok().map(|file| (file.dev(), file.ino(), file.len()));
        match (&mut self.open, there) {
            // Another program may have cut it as well.
            (Some(open), Some((device, inode, size))) if (device, inode) == open.place => open.size = size,
            (open, _) => *open = None,
        }
    }

    fn open(&mut self) -> io::Result<&mut Open> {
        let open = match self.open.take() {
            Some(open) => open,
            None => {
                if let Some(folder) = self.path.parent() {
                    fs::create_dir_all(folder)?;
                }
                let file = OpenOptions::new().append(true).create(true).mode(MODE).open(&self.path)?;
                let known = file.metadata()?;
                let began = known.created().ok().filter(|_| known.len() > 0);
                let began = began.and_then(|made| made.duration_since(std::time::UNIX_EPOCH).ok());
                let began = began.and_then(|made| i64::try_from(made.as_millis()).ok()).map(Timestamp);
                Open {
                    file,
                    size: known.len(),
                    began: began.unwrap_or_else(|| self.clock.now()),
                    place: (known.dev(), known.ino()),
                    regular: known.is_file(),
                    torn: false,
                }
            }
        };
        Ok(self.open.insert(open))
    }
}

impl Open {
    /// Writes all of it; where that fails half-way, the next line begins a new one.
    fn write(&mut self, lines: &[u8]) -> Result<(), Failed> {
        if std::mem::take(&mut self.torn) {
            self.torn = true;
            self.write_once(b"\n")?;
            self.torn = false;
        }
        let mut rest = lines;
        while !rest.is_empty() {
            match self.write_once(rest) {
                Ok(written) => rest = &rest[written..],
                Err(error) => {
                    let written = lines.len() - rest.len();
                    self.torn = lines[..written].last().is_some_and(|byte| *byte != b'\n');
                    return Err(Failed { written, error });
                }
            }
        }
        Ok(())
    }

    fn write_once(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match self.file.write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    self.size += written as u64;
                    return Ok(written);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}
