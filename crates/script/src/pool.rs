//! The threads that scripts run on. A script that computes holds up its own thread and no worker of
//! the gateway.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::{fmt, io};

use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tollgate_core::services::ScriptIssue;
use tollgate_core::{ByteCache, Services};

use crate::generation::Generation;
use crate::live::Described;
use crate::message::{Call, Replies};
use crate::outbox;
use crate::thread;

/// What is asked of a script thread.
pub(crate) enum Job {
    /// Make an engine of a generation.
    Load { generation: Arc<Generation>, reply: std::sync::mpsc::Sender<Result<Described, Vec<ScriptIssue>>> },
    /// Call something.
    Call(Box<Call>),
    /// No snapshot has this generation any more.
    Unload { generation: u64 },
}

/// The threads of the scripts. One for the process; clones share it.
#[derive(Clone)]
pub struct ScriptPool(Arc<Inner>);

struct Inner {
    threads: Vec<Thread>,
    next: AtomicUsize,
    keys: AtomicU64,
    outside: Arc<Outside>,
}

/// One thread, from outside.
pub(crate) struct Thread {
    pub(crate) jobs: mpsc::Sender<Job>,
    pub(crate) forgotten: Arc<Forgotten>,
    /// Whether it has something to do.
    pub(crate) busy: Arc<AtomicBool>,
}

/// What the threads do at a moment.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pulse {
    /// How many there are.
    pub threads: usize,
    /// Those that compute.
    pub busy: usize,
    /// Calls that wait for one.
    pub waiting: usize,
}

/// Exchanges that are over: their contexts may go. A thread looks here when it has something to do, and a
/// moment after it had: it is not woken for this alone.
#[derive(Default)]
pub(crate) struct Forgotten(Mutex<Vec<(u64, u64)>>);

impl Forgotten {
    fn push(&self, generation: u64, key: u64) {
        self.0.lock().push((generation, key));
    }

    /// Generations and keys since this was last asked.
    pub(crate) fn take(&self) -> Vec<(u64, u64)> {
        std::mem::take(&mut *self.0.lock())
    }
}

/// What scripts may reach, once it is there: the rooms are opened after the first project was loaded.
#[derive(Default)]
pub(crate) struct Outside {
    pub(crate) services: OnceLock<Arc<Services>>,
    /// The runtime of the gateway's workers, where connections live.
    pub(crate) workers: OnceLock<tokio::runtime::Handle>,
    pub(crate) cache: OnceLock<Arc<ByteCache>>,
    /// Where replies go that are sent together.
    pub(crate) replies: OnceLock<mpsc::UnboundedSender<Replies>>,
    /// Where the gateway is managed: out of the scripts' reach.
    pub(crate) management: OnceLock<SocketAddr>,
}

/// Too many calls wait for a thread.
#[derive(Debug)]
pub(crate) struct Busy;

impl ScriptPool {
    /// Starts the threads: `threads` of them, or one for each core but one where that is zero. Each takes at
    /// most `queue` calls that wait.
    ///
    /// # Errors
    /// Where a thread cannot be started.
    pub fn start(threads: usize, queue: usize) -> io::Result<Self> {
        let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        // One core is left to traffic, whatever scripts do.
        let threads = if threads == 0 { cores().saturating_sub(1).max(1) } else { threads };
        let outside = Arc::new(Outside::default());
        let threads: io::Result<Vec<_>> =
            (0..threads).map(|place| thread::start(place, queue.max(1), Arc::clone(&outside))).collect();
        let (next, keys) = (AtomicUsize::new(0), AtomicU64::new(1));
        Ok(Self(Arc::new(Inner { threads: threads?, next, keys, outside })))
    }

    /// Opens the world to scripts: from now on they may `fetch` (but not where the gateway is managed),
    /// sign tokens and share a cache. Called on the gateway's runtime. Only the first time counts.
    pub fn open(&self, services: &Arc<Services>, management: SocketAddr) {
        let outside = &self.0.outside;
        let _ = outside.management.set(management);
        let (replies, waiting) = mpsc::unbounded_channel();
        if outside.replies.set(replies).is_ok() {
            tokio::spawn(outbox::pump(waiting));
        }
        let _ = outside.services.set(Arc::clone(services));
        let _ = outside.workers.set(tokio::runtime::Handle::current());
        let _ = outside.cache.set(Arc::clone(&services.cache));
    }

    /// What the threads do at this moment.
    pub fn pulse(&self) -> Pulse {
        let threads = &self.0.threads;
        Pulse {
            threads: threads.len(),
            busy: threads.iter().filter(|thread| thread.busy.load(Ordering::Relaxed)).count(),
            waiting: threads.iter().map(|thread| thread.jobs.max_capacity() - thread.jobs.capacity()).sum(),
        }
    }

    /// A key for an exchange, and the thread that its calls go to.
    pub(crate) fn assign(&self) -> (u64, usize) {
        let key = self.0.keys.fetch_add(1, Ordering::Relaxed);
        (key, self.0.next.fetch_add(1, Ordering::Relaxed) % self.0.threads.len())
    }

    /// Hands a call to a thread.
    pub(crate) fn call(&self, thread: usize, call: Box<Call>) -> Result<(), Busy> {
        match self.0.threads.get(thread).map(|thread| thread.jobs.try_send(Job::Call(call))) {
            Some(Ok(())) => Ok(()),
            Some(Err(TrySendError::Full(_) | TrySendError::Closed(_))) | None => Err(Busy),
        }
    }

    /// Has every thread make an engine of a generation; tells what the first found in it.
    pub(crate) fn load(&self, generation: &Arc<Generation>) -> Result<Described, Vec<ScriptIssue>> {
        let (reply, answers) = std::sync::mpsc::channel();
        for Thread { jobs, .. } in &self.0.threads {
            let job = Job::Load { generation: Arc::clone(generation), reply: reply.clone() };
            // Loading waits for a place in the queue: it happens on a thread that may wait.
            let _ = jobs.blocking_send(job);
        }
        drop(reply);
        let mut described = None;
        for answer in answers {
            described.get_or_insert(answer?);
        }
        described.ok_or_else(|| vec![gone()])
    }

    pub(crate) fn forget(&self, thread: usize, generation: u64, key: u64) {
        if let Some(thread) = self.0.threads.get(thread) {
            thread.forgotten.push(generation, key);
        }
    }

    pub(crate) fn unload(&self, generation: u64) {
        for thread in 0..self.0.threads.len() {
            self.tell(thread, Job::Unload { generation });
        }
    }

    /// Sends what must not be lost, and must not wait here.
    fn tell(&self, thread: usize, job: Job) {
        let Some(Thread { jobs, .. }) = self.0.threads.get(thread) else { return };
        if let Err(TrySendError::Full(job)) = jobs.try_send(job)
            && let Some(workers) = self.0.outside.workers.get()
        {
            let jobs = jobs.clone();
            workers.spawn(async move {
                let _ = jobs.send(job).await;
            });
        }
    }
}

fn gone() -> ScriptIssue {
    ScriptIssue {
        place: tollgate_core::project::Place::default(),
        message: "the threads of the scripts have ended".to_owned(),
        help: None,
    }
}

impl fmt::Debug for ScriptPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptPool").field("threads", &self.0.threads.len()).finish_non_exhaustive()
    }
}
