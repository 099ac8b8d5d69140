//! Where lines go: standard output, files, servers. Each has a queue with a bound and a thread or task of its own, so
//! that one that is slow holds up neither requests nor the others; what finds no room is dropped and counted.

mod console;
mod file;
mod http;
mod rotation;
mod shapes;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use tokio::sync::{Notify, mpsc};
use tollgate_core::Services;
use tollgate_core::settings::{AccessLogSettings, LogFileSettings, LogHttpSettings};

use super::lane::Waiter;
use crate::metrics::{Metrics, SinkSeries};

/// How much may wait for standard output or a file.
const LOCAL_QUEUE: usize = 4 * 1024 * 1024;

/// Lines that are handed on together.
#[derive(Debug, Clone)]
pub(super) struct Chunk {
    pub(super) bytes: Bytes,
    pub(super) lines: u64,
}

/// What a sink is asked for.
enum Job {
    Write(Chunk),
    /// To write what waits now, and to say so.
    Flush(Waiter),
    /// To open its file again.
    Reopen,
}

/// The near end of a sink. The sink writes what waits, and ends, when it is dropped.
pub(super) struct Sink {
    jobs: mpsc::UnboundedSender<Job>,
    /// Bytes that wait.
    pending: Arc<AtomicUsize>,
    most: usize,
    /// Told when somebody waits for a flush.
    hurry: Arc<Notify>,
    series: SinkSeries,
}

impl Sink {
    fn new(most: usize, series: SinkSeries) -> (Self, Inbox) {
        let (jobs, waiting) = mpsc::unbounded_channel();
        let (pending, hurry) = (Arc::<AtomicUsize>::default(), Arc::<Notify>::default());
        let inbox =
            Inbox { jobs: waiting, pending: Arc::clone(&pending), hurry: Arc::clone(&hurry), series: series.clone() };
        (Self { jobs, pending, most, hurry, series }, inbox)
    }

    /// Hands lines over, where there is room for them.
    pub(super) fn offer(&self, chunk: &Chunk) {
        if chunk.lines == 0 {
            return;
        }
        let size = chunk.bytes.len();
        let before = self.pending.fetch_add(size, Ordering::Relaxed);
        // One chunk has room in an empty queue, however small that is.
        let fits = before == 0 || before + size <= self.most;
        if !fits || self.jobs.send(Job::Write(chunk.clone())).is_err() {
            self.pending.fetch_sub(size, Ordering::Relaxed);
            self.series.dropped.inc_by(chunk.lines);
        }
    }

    pub(super) fn flush(&self, waiter: Waiter) {
        self.hurry.notify_one();
        // A sink that has ended has nothing to write.
        let _ = self.jobs.send(Job::Flush(waiter));
    }

    fn reopen(&self) {
        let _ = self.jobs.send(Job::Reopen);
    }
}

/// The far end of a sink.
struct Inbox {
    jobs: mpsc::UnboundedReceiver<Job>,
    pending: Arc<AtomicUsize>,
    hurry: Arc<Notify>,
    series: SinkSeries,
}

impl Inbox {
    /// Makes room for so many bytes.
    fn done(&self, bytes: usize) {
        self.pending.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// What decides whether a reload keeps a sink.
#[derive(Debug, Clone, PartialEq)]
enum Definition {
    File(LogFileSettings),
    Http(Box<LogHttpSettings>),
}

/// All sinks there are.
pub(super) struct Sinks {
    /// What relative paths are below.
    folder: PathBuf,
    console: Arc<Sink>,
    others: Vec<(String, Definition, Arc<Sink>)>,
}

impl Sinks {
    /// Standard output alone.
    pub(super) fn start(console: Box<dyn Write + Send>, folder: &Path, metrics: &Metrics) -> std::io::Result<Self> {
        let (sink, inbox) = Sink::new(LOCAL_QUEUE, metrics.sink("stdout"));
        std::thread::Builder::new().name("log-stdout".to_owned()).spawn(move || console::run(inbox, console))?;
        Ok(Self { folder: folder.to_owned(), console: Arc::new(sink), others: Vec::new() })
    }

    pub(super) fn console(&self) -> Arc<Sink> {
        Arc::clone(&self.console)
    }

    /// All but standard output.
    pub(super) fn others(&self) -> Vec<Arc<Sink>> {
        self.others.iter().map(|(_, _, sink)| Arc::clone(sink)).collect()
    }

    /// Starts what is new or has changed, lets go of what is not wanted any more. What did not change keeps what
    /// waits for it.
    pub(super) fn apply(&mut self, settings: &AccessLogSettings, services: &Arc<Services>, metrics: &Metrics) {
        let files = settings.files.iter().map(|(name, file)| (format!("files.{name}"), Definition::File(file.clone())));
        let http =
            settings.http.iter().map(|(name, to)| (format!("http.{name}"), Definition::Http(Box::new(to.clone()))));
        let mut wanted: Vec<(String, Definition)> = files.chain(http).filter(|_| settings.enabled).collect();
        self.others.retain(|(name, definition, _)| {
            let known = wanted.iter().position(|wanted| (&wanted.0, &wanted.1) == (name, definition));
            known.map(|place| wanted.remove(place)).is_some()
        });
        for (name, definition) in wanted {
            let series = metrics.sink(&name);
            let sink = match &definition {
                Definition::File(file) => {
                    let (sink, inbox) = Sink::new(LOCAL_QUEUE, series);
                    let path = self.folder.join(&file.path);
                    let (file, clock) = (file.clone(), Arc::clone(&services.clock));
                    let run = move || file::run(inbox, &file, path, &*clock);
                    if let Err(error) = std::thread::Builder::new().name("log-file".to_owned()).spawn(run) {
                        tracing::error!(sink = name, %error, "the access log has no thread for this sink");
                        continue;
                    }
                    sink
                }
                Definition::Http(to) => {
                    let (sink, inbox) = Sink::new(to.queue.as_usize(), series);
                    tokio::spawn(http::run(inbox, name.clone(), (**to).clone(), Arc::clone(services)));
                    sink
                }
            };
            self.others.push((name, definition, Arc::new(sink)));
        }
        let names: Vec<&str> = self.others.iter().map(|(name, _, _)| name.as_str()).chain(["stdout"]).collect();
        metrics.keep_sinks(&names);
    }

    pub(super) fn reopen(&self) {
        self.others.iter().for_each(|(_, _, sink)| sink.reopen());
    }
}
