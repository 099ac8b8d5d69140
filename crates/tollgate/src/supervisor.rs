//! The service manager (systemd's protocol): sockets that it has opened, and what it is told. Where there is none,
//! nothing happens.

use std::time::Duration;

use anyhow::Context;
use listenfd::ListenFd;
use sd_notify::NotifyState;

use crate::handover::{Inherited, Socket};

/// Beyond the time that a stop leaves to what is under way.
const TIDYING: Duration = Duration::from_secs(15);

/// The sockets that it has opened (`LISTEN_FDS`). To be asked once, before there are threads.
pub(crate) fn sockets() -> anyhow::Result<Inherited> {
    let names = std::env::var_os("LISTEN_FDNAMES").and_then(|names| names.into_string().ok()).unwrap_or_default();
    let mut names = names.split(':');
    let mut handed = ListenFd::from_env();
    let mut sockets = Vec::with_capacity(handed.len());
    for index in 0..handed.len() {
        let name = names.next().filter(|name| !name.is_empty()).unwrap_or("unknown").to_owned();
        let listener = handed
            .take_tcp_listener(index)
            .with_context(|| format!("the socket `{name}` of the service manager cannot be used"))?
            .context("a socket of the service manager was taken twice")?;
        sockets.push(Socket::new(listener, Some(name), None)?);
    }
    Ok(Inherited(sockets))
}

/// Traffic is accepted.
pub(crate) fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// The project is read again; `ready` ends it.
pub(crate) fn reloading() {
    let mut states = vec![NotifyState::Reloading];
    states.extend(NotifyState::monotonic_usec_now().ok());
    tell(&states);
}

/// The end has begun, and may take as long as `drain`.
pub(crate) fn stopping(drain: Duration) {
    tell(&[NotifyState::Stopping, NotifyState::Status("finishing what is under way"), extend(drain + TIDYING)]);
}

/// Another process is the service now.
pub(crate) fn main_process(pid: u32) {
    tell(&[NotifyState::MainPid(pid)]);
}

/// Says that this process lives, as often as the service manager wants to hear it. The runtime does it, so that one
/// that is stuck is noticed.
pub(crate) async fn keep_alive() {
    let Some(every) = sd_notify::watchdog_enabled() else { return };
    let mut beat = tokio::time::interval((every / 3).max(Duration::from_millis(10)));
    loop {
        beat.tick().await;
        tell(&[NotifyState::Watchdog]);
    }
}

fn extend(by: Duration) -> NotifyState<'static> {
    NotifyState::ExtendTimeoutUsec(u32::try_from(by.as_micros()).unwrap_or(u32::MAX))
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "the service manager cannot be told");
    }
}
