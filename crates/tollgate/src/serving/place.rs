//! The place of a gateway on its machine: whom it takes it over from, and who takes it over next.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use arc_swap::ArcSwapOption;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::{Mode, Serving};
use crate::data_dir::DataDir;
use crate::handover::{Channel, Door, Inherited, PROTOCOL, Predecessor, Program, Shared, Word};
use crate::supervisor;

/// How long a successor may take from its start until it serves.
const START: Duration = Duration::from_secs(180);
/// How often the successor is told of quotas that are still counted here.
const TELL_EVERY: Duration = Duration::from_secs(1);
/// How many counts go in one message.
const TOGETHER: usize = 2000;
/// `EX_CONFIG`, as a broken project exits.
const BROKEN: u8 = 78;

/// What others had opened before this process came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arrival {
    pub(crate) sockets: Arc<Inherited>,
    pub(crate) predecessor: Option<Arc<Predecessor>>,
}

impl Arrival {
    /// With the sockets of a service manager; and those of the gateway that runs on the data folder, where its place
    /// is to be taken.
    pub(crate) async fn new(mut sockets: Inherited, takeover: Option<&DataDir>) -> anyhow::Result<Self> {
        let mut predecessor = None;
        if let Some((before, its)) = match takeover {
            Some(data) => Predecessor::find(data).await?,
            None => None,
        } {
            tracing::info!(pid = before.pid, version = before.version, "taking the place of a running gateway");
            sockets.prefer(its);
            predecessor = Some(Arc::new(before));
        }
        Ok(Self { sockets: Arc::new(sockets), predecessor })
    }

    /// Nothing comes of it: the gateway before goes on.
    pub(crate) async fn failed(&self, why: String) {
        if let Some(predecessor) = &self.predecessor {
            predecessor.failed(why).await;
        }
    }
}

/// Who serves in the place of this process.
#[derive(Debug, Clone)]
pub(crate) struct Successor {
    pub(crate) pid: u32,
    version: String,
}

/// What is needed to be succeeded.
#[derive(Debug)]
pub(super) struct Place {
    /// The listening sockets, until this process listens no more.
    shared: ArcSwapOption<Vec<Shared>>,
    program: Option<Program>,
    /// One at a time.
    under_way: Mutex<()>,
    /// What the last one said that came to nothing.
    failure: ArcSwapOption<String>,
    successor: ArcSwapOption<Successor>,
    channel: Mutex<Option<Channel>>,
    /// Another process serves.
    pub(super) handed_over: CancellationToken,
}

impl Place {
    pub(super) fn new(shared: Vec<Shared>) -> Self {
        Self {
            shared: ArcSwapOption::from_pointee(shared),
            program: Program::of_this_process().ok(),
            under_way: Mutex::default(),
            failure: ArcSwapOption::empty(),
            successor: ArcSwapOption::empty(),
            channel: Mutex::default(),
            handed_over: CancellationToken::new(),
        }
    }

    /// Lets go of the listening sockets.
    pub(super) fn leave(&self) {
        self.shared.store(None);
    }

    pub(super) fn is_handed_over(&self) -> bool {
        self.handed_over.is_cancelled()
    }
}

impl Serving {
    /// Whatever is to be before the first connection is accepted: the gateway before lets go of what one process
    /// alone may write.
    pub(super) async fn take_place(&self) -> anyhow::Result<()> {
        let Some(predecessor) = &self.arrival.predecessor else { return Ok(()) };
        predecessor.ready().await?;
        let (quotas, journal) = (self.rooms.quotas.clone(), self.data.quota_journal());
        let taken = tokio::task::spawn_blocking(move || quotas.take_over(&journal)).await?;
        taken.context("the quotas of the running gateway cannot be taken over")?;
        Ok(())
    }

    /// The first connections are being accepted.
    pub(super) async fn placed(self: &Arc<Self>) {
        if self.mode == Mode::Run {
            tokio::spawn(Arc::clone(self).await_successor());
        }
        let Some(predecessor) = self.arrival.predecessor.clone() else { return };
        predecessor.serving().await;
        tracing::info!(pid = predecessor.pid, "the gateway before finishes what is under way");
        let (quotas, shared) = (self.rooms.quotas.clone(), self.rooms.quotas_shared);
        tokio::spawn(async move {
            while let Some(word) = predecessor.next().await {
                if let Word::Counted { counts } = word {
                    quotas.counted_elsewhere(counts, shared);
                }
            }
        });
    }

    /// Another process serves in the place of this one; never comes where none does.
    pub(crate) async fn handed_over(&self) {
        self.place.handed_over.cancelled().await;
    }

    /// Listens in the data folder for whoever comes next.
    async fn await_successor(self: Arc<Self>) {
        let path = crate::handover::path(&self.data);
        if self.arrival.predecessor.is_none() && matches!(Channel::connect(&path).await, Ok(Some(_))) {
            tracing::warn!("another gateway runs on this data folder: `tollgate upgrade` will reach that one");
            return;
        }
        let door = match Door::open(&path) {
            Ok(door) => door,
            Err(error) => {
                tracing::warn!(%error, path = %path.display(), "no other process can take the place of this one");
                return;
            }
        };
        loop {
            tokio::select! {
                () = self.stopping.cancelled() => return,
                () = self.place.handed_over.cancelled() => return,
                asking = door.next() => match asking {
                    Ok(channel) => drop(tokio::spawn(Arc::clone(&self).answer(channel))),
                    Err(error) => {
                        tracing::warn!(%error, "a successor could not be heard");
                        tokio::time::sleep(TELL_EVERY).await;
                    }
                },
            }
        }
    }

    async fn answer(self: Arc<Self>, mut channel: Channel) {
        let answered = match heard(&mut channel).await {
            Ok(Some(Word::TakeOver { protocol, .. })) if protocol != PROTOCOL => {
                let why = "it speaks another protocol: stop this gateway, and start the other one".to_owned();
                channel.say(&Word::No { why, code: 1 }).await
            }
            Ok(Some(Word::TakeOver { pid, version, .. })) => {
                let Ok(_one) = self.place.under_way.try_lock() else {
                    let why = "another process is about to take it".to_owned();
                    let _ = channel.say(&Word::No { why, code: 1 }).await;
                    return;
                };
                if let Err(why) = self.hand_over(channel, Successor { pid, version }).await {
                    tracing::error!(pid, why, "the place is kept: its successor did not come to serve");
                    self.place.failure.store(Some(Arc::new(why)));
                }
                Ok(())
            }
            Ok(Some(Word::Upgrade)) => {
                let word = self.upgrade().await;
                channel.say(&word).await
            }
            // Somebody looked whether anybody is there.
            _ => Ok(()),
        };
        if let Err(error) = answered {
            tracing::debug!(%error, "who asked has gone");
        }
    }

    /// Lets another process take the place. Until it serves, nothing has changed.
    async fn hand_over(&self, mut channel: Channel, successor: Successor) -> Result<(), String> {
        let text = |error: std::io::Error| error.to_string();
        let refuse = |why: &str| Word::No { why: why.to_owned(), code: 1 };
        let Some(shared) = self.place.shared.load_full().filter(|_| !self.leaving.is_cancelled()) else {
            return channel.say(&refuse("it is stopping")).await.map_err(text);
        };
        let sockets = shared.iter().map(|shared| shared.offered.clone()).collect();
        let descriptors: Vec<_> = shared.iter().map(|shared| std::os::fd::AsFd::as_fd(&shared.descriptor)).collect();
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let offer = Word::Offer { pid: std::process::id(), version, sockets };
        channel.say_with(&offer, &descriptors).await.map_err(text)?;
        match heard(&mut channel).await.map_err(text)? {
            Some(Word::Ready) => {}
            Some(Word::Failed { why }) => return Err(why),
            _ => return Err("it ended before it was ready".to_owned()),
        }
        let quotas = self.rooms.quotas.clone();
        let released = tokio::task::spawn_blocking(move || quotas.release()).await;
        if let Err(error) = released.map_err(std::io::Error::other).flatten() {
            let why = format!("its quotas cannot be written: {error}");
            let _ = channel.say(&refuse(&why)).await;
            return Err(why);
        }
        let said = channel.say(&Word::Released).await;
        match (said, heard(&mut channel).await) {
            (Ok(()), Ok(Some(Word::Serving))) => {}
            (_, heard) => {
                self.reclaim_quotas().await;
                return Err(match heard {
                    Ok(Some(Word::Failed { why })) => why,
                    _ => "it ended before it served".to_owned(),
                });
            }
        }
        supervisor::main_process(successor.pid);
        let _ = channel.say(&Word::Over).await;
        *self.place.channel.lock().await = Some(channel);
        self.place.successor.store(Some(Arc::new(successor)));
        self.place.handed_over.cancel();
        Ok(())
    }

    async fn reclaim_quotas(&self) {
        let (quotas, journal, shared) =
            (self.rooms.quotas.clone(), self.data.quota_journal(), self.rooms.quotas_shared);
        let reclaimed = tokio::task::spawn_blocking(move || quotas.reclaim(&journal, shared)).await;
        if let Err(error) = reclaimed.map_err(std::io::Error::other).flatten() {
            tracing::error!(%error, "what is used of quotas from now on is lost with this process");
        }
    }

    /// Starts a successor and waits until it serves, or does not.
    async fn upgrade(&self) -> Word {
        let refuse = |why: String, code| Word::No { why, code };
        if std::process::id() == 1 {
            let why = "it is the first process of its container, which ends with it: replace the container";
            return refuse(why.to_owned(), 1);
        }
        let Some(program) = &self.place.program else {
            return refuse("it does not know its own program".to_owned(), 1);
        };
        self.place.failure.store(None);
        tracing::info!(program = %program.path().display(), "starting a successor");
        let mut child = match program.successor().spawn() {
            Ok(child) => child,
            Err(error) => return refuse(format!("{} cannot be started: {error}", program.path().display()), 1),
        };
        tokio::select! {
            biased;
            () = self.handed_over() => {}
            status = child.wait() => {
                let code = status.ok().and_then(|status| status.code());
                // What it said before its end may still be being heard.
                let _heard = self.place.under_way.lock().await;
                let failure = self.place.failure.load_full();
                let why = failure.map_or_else(
                    || format!("the new process ended with {code:?} before it served; its log says why"),
                    |why| why.as_ref().clone(),
                );
                return refuse(why, if code == Some(i32::from(BROKEN)) { BROKEN } else { 1 });
            }
            () = tokio::time::sleep(START) => {
                let _ = child.start_kill();
                return refuse(format!("the new process did not serve within {} s", START.as_secs()), 1);
            }
        }
        let Some(successor) = self.place.successor.load_full() else {
            return refuse("nobody knows who serves".to_owned(), 1);
        };
        let drain_seconds = self.project().settings.server.drain.0.as_secs();
        Word::Upgraded { pid: successor.pid, version: successor.version.clone(), drain_seconds }
    }

    /// The same for a signal, which nobody waits for.
    pub(crate) async fn upgrade_and_log(&self) {
        if let Word::No { why, .. } = self.upgrade().await {
            tracing::error!(why, "the upgrade came to nothing; this process serves on");
        }
    }

    /// Waits until everything that is under way has ended. The successor is told of quotas meanwhile.
    pub(super) async fn drained(&self) {
        loop {
            tokio::select! {
                () = self.ended.wait() => return,
                () = tokio::time::sleep(TELL_EVERY), if self.place.is_handed_over() => self.tell_counted().await,
            }
        }
    }

    /// Tells the successor what has been counted here since its start.
    pub(super) async fn tell_counted(&self) {
        let mut held = self.place.channel.lock().await;
        let Some(channel) = held.as_mut() else { return };
        let mut counted = self.rooms.quotas.counted_here();
        while !counted.is_empty() {
            let rest = counted.split_off(counted.len().min(TOGETHER));
            if let Err(error) = channel.say(&Word::Counted { counts: counted }).await {
                tracing::warn!(%error, "what requests under way take of quotas is not counted any more");
                *held = None;
                return;
            }
            counted = rest;
        }
    }

    /// Says that the clock of the reserve, the webhooks and their like is another process's.
    pub(super) fn until_handed_over(self: &Arc<Self>, work: impl Future<Output = ()> + Send + 'static) {
        let handed_over = self.place.handed_over.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = handed_over.cancelled() => {}
                () = work => {}
            }
        });
    }
}

/// What the other side says next, within the time of a start.
async fn heard(channel: &mut Channel) -> std::io::Result<Option<Word>> {
    let late = |_| std::io::Error::new(std::io::ErrorKind::TimedOut, "it took too long");
    tokio::time::timeout(START, channel.hear()).await.map_err(late)?
}
