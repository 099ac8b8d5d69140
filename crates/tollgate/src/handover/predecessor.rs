//! The gateway whose place this process takes.

use anyhow::{Context, bail};
use tokio::sync::Mutex;

use super::{Channel, Inherited, PROTOCOL, Socket, Word};
use crate::data_dir::DataDir;

/// The gateway whose place this process takes.
#[derive(Debug)]
pub(crate) struct Predecessor {
    pub(crate) pid: u32,
    pub(crate) version: String,
    /// `None` once it has gone.
    channel: Mutex<Option<Channel>>,
}

impl Predecessor {
    /// Asks the gateway that runs on a data folder for its sockets; `None` where none runs.
    pub(crate) async fn find(data: &DataDir) -> anyhow::Result<Option<(Self, Vec<Socket>)>> {
        let path = super::path(data);
        let found = Channel::connect(&path).await.with_context(|| format!("cannot use {}", path.display()))?;
        let Some(mut channel) = found else { return Ok(None) };
        let (pid, version) = (std::process::id(), env!("CARGO_PKG_VERSION").to_owned());
        channel.say(&Word::TakeOver { protocol: PROTOCOL, pid, version }).await?;
        match channel.hear().await.context("the running gateway cannot be understood")? {
            Some(Word::Offer { pid, version, sockets }) => {
                let descriptors = channel.take_descriptors();
                if descriptors.len() != sockets.len() {
                    bail!("the running gateway offered {} sockets, and {} came", sockets.len(), descriptors.len());
                }
                let sockets = sockets.into_iter().zip(descriptors);
                let sockets = sockets
                    .map(|(offered, descriptor)| Socket::offered(offered, descriptor))
                    .collect::<Result<_, _>>()?;
                Ok(Some((Self { pid, version, channel: Mutex::new(Some(channel)) }, sockets)))
            }
            Some(Word::No { why, .. }) => bail!("the running gateway keeps its place: {why}"),
            Some(other) => bail!("the running gateway answered {other:?}"),
            None => Ok(None),
        }
    }

    /// Everything is built. When this returns, quotas are this process's to count, and it may accept.
    pub(crate) async fn ready(&self) -> anyhow::Result<()> {
        match self.ask(&Word::Ready).await {
            Some(Word::Released) => Ok(()),
            Some(Word::No { why, .. }) => bail!("the running gateway keeps its place: {why}"),
            Some(other) => bail!("the running gateway answered {other:?}"),
            // It has gone meanwhile: the place is free.
            None => Ok(()),
        }
    }

    /// Accepting.
    pub(crate) async fn serving(&self) {
        self.ask(&Word::Serving).await;
    }

    /// Gives up: the gateway before goes on.
    pub(crate) async fn failed(&self, why: String) {
        if let Some(channel) = self.channel.lock().await.as_mut() {
            let _ = channel.say(&Word::Failed { why }).await;
        }
    }

    /// What it tells until it ends.
    pub(crate) async fn next(&self) -> Option<Word> {
        let mut held = self.channel.lock().await;
        let heard = match held.as_mut() {
            Some(channel) => channel.hear().await.ok().flatten(),
            None => None,
        };
        if heard.is_none() {
            *held = None;
        }
        heard
    }

    async fn ask(&self, word: &Word) -> Option<Word> {
        let mut held = self.channel.lock().await;
        let said = match held.as_mut() {
            Some(channel) => channel.say(word).await.is_ok(),
            None => false,
        };
        drop(held);
        if said { self.next().await } else { None }
    }
}

impl Inherited {
    /// Adds what the gateway before has: its sockets are the newer ones.
    pub(crate) fn prefer(&mut self, sockets: Vec<Socket>) {
        self.0.splice(0..0, sockets);
    }
}
