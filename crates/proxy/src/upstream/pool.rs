//! Connections that wait for the next request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;
use tollgate_core::settings::PoolSettings;

use super::link::Link;

/// The idle connections of one upstream, the youngest last.
#[expect(clippy::vec_box, reason = "links go from here into the body of an answer and back, as pointers")]
pub(super) struct Pool {
    idle: Mutex<Vec<Box<Link>>>,
    most: usize,
    timeout: Duration,
    swept: AtomicBool,
}

impl Pool {
    pub(super) fn new(settings: &PoolSettings) -> Self {
        Self {
            idle: Mutex::default(),
            most: settings.idle_connections,
            timeout: settings.idle_timeout.0,
            swept: AtomicBool::new(false),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.idle.lock().len()
    }

    /// The connection that was used last, if it is still good. Taking the youngest lets the
    /// others grow old and close when the load goes down.
    pub(super) fn take(&self, now: Instant) -> Option<Box<Link>> {
        loop {
            let mut link = self.idle.lock().pop()?;
            if self.is_good(&mut link, now) {
                return Some(link);
            }
        }
    }

    /// Keeps a connection for the next request, if it can take one.
    pub(super) fn put(self: &Arc<Self>, mut link: Box<Link>, now: Instant) {
        if self.most == 0 || self.timeout.is_zero() || !link.is_reusable() {
            return;
        }
        link.settle(now);
        let surplus = {
            let mut idle = self.idle.lock();
            idle.push(link);
            // The oldest goes: it is the likeliest to be closed by the other side.
            (idle.len() > self.most).then(|| idle.remove(0))
        };
        drop(surplus);
        if !self.swept.load(Ordering::Relaxed) && !self.swept.swap(true, Ordering::Relaxed) {
            self.keep_swept();
        }
    }

    fn is_good(&self, link: &mut Link, now: Instant) -> bool {
        now.saturating_duration_since(link.idle_since) < self.timeout && link.is_quiet()
    }

    fn sweep_period(&self) -> Duration {
        (self.timeout / 4).clamp(Duration::from_millis(500), Duration::from_secs(10))
    }

    /// Nobody drives an idle connection, so somebody must look now and then whether it has been
    /// closed or has grown too old.
    fn keep_swept(self: &Arc<Self>) {
        let pool = Arc::downgrade(self);
        let period = self.sweep_period();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(period).await;
                match pool.upgrade() {
                    Some(pool) => pool.sweep(period),
                    None => return,
                }
            }
        });
    }

    fn sweep(&self, period: Duration) {
        let links = std::mem::take(&mut *self.idle.lock());
        let now = Instant::now();
        let mut good: Vec<_> = links
            .into_iter()
            .filter_map(|mut link| {
                if now.saturating_duration_since(link.idle_since) > period {
                    link.rest();
                }
                self.is_good(&mut link, now).then_some(link)
            })
            .collect();
        let mut idle = self.idle.lock();
        good.append(&mut idle);
        *idle = good;
    }
}
