//! Lines to a server, in batches.

use std::collections::VecDeque;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::FutureExt;
use memchr::memchr;
use tokio::time::Instant;
use tollgate_core::Services;
use tollgate_core::settings::LogHttpSettings;
use uuid::Uuid;

use super::shapes::{Shape, Verdict};
use super::{Inbox, Job};
use crate::access_log::lane::Waiter;
use crate::delivery::Recipient;

/// Lines of one batch, at most: Datadog takes no more.
const MOST_LINES: usize = 1000;
/// Bytes of lines in one batch, at most: every server that there is a shape for takes them by default.
const MOST_BYTES: usize = 1 << 20;
/// Between tries: each pause is twice the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Runs until nothing will come any more, and all that waits was sent or has had its last try.
pub(super) async fn run(inbox: Inbox, name: String, settings: LogHttpSettings, services: Arc<Services>) {
    let recipient = Recipient::new(services, &settings.url, &Shape::headers(&settings), Shape::media(settings.preset));
    let mut shipping = Shipping {
        recipient: if settings.gzip { recipient.compressed() } else { recipient },
        shape: Shape::new(&settings, host()),
        name,
        inbox,
        settings,
        waiting: VecDeque::new(),
        waiters: Vec::new(),
        over: false,
        hurried: false,
    };
    loop {
        shipping.gather().await;
        let batch = shipping.batch();
        if batch.is_empty() {
            // Whoever waits is told by letting go of him.
            shipping.waiters.clear();
            shipping.hurried = false;
            let _ = shipping.inbox.hurry.notified().now_or_never();
            if shipping.over {
                return;
            }
            continue;
        }
        shipping.ship(batch).await;
    }
}

/// The name of this machine, by which servers tell gateways apart.
fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

struct Shipping {
    recipient: Recipient,
    shape: Shape,
    name: String,
    inbox: Inbox,
    settings: LogHttpSettings,
    /// Lines without their ends.
    waiting: VecDeque<Bytes>,
    waiters: Vec<Waiter>,
    /// Whether nobody hands lines over any more.
    over: bool,
    /// Whether somebody waits: there are no pauses then, and no second tries.
    hurried: bool,
}

impl Shipping {
    /// Waits until there is enough for a batch, or the oldest line has waited long enough, or somebody waits.
    async fn gather(&mut self) {
        let mut due = (!self.waiting.is_empty()).then(Instant::now);
        while self.waiting.len() < MOST_LINES && self.waiters.is_empty() && !self.over {
            let job = match due {
                None => self.inbox.jobs.recv().await,
                Some(due) => match tokio::time::timeout_at(due, self.inbox.jobs.recv()).await {
                    Ok(job) => job,
                    Err(_) => return,
                },
            };
            match job {
                Some(Job::Write(chunk)) => {
                    let mut rest = chunk.bytes;
                    while let Some(end) = memchr(b'\n', &rest) {
                        self.waiting.push_back(rest.split_to(end));
                        let _ = rest.split_to(1);
                    }
                }
                Some(Job::Flush(waiter)) => self.waiters.push(waiter),
                Some(Job::Reopen) => {}
                None => self.over = true,
            }
            due.get_or_insert_with(|| Instant::now() + self.settings.every.0);
        }
    }

    fn batch(&mut self) -> Vec<Bytes> {
        let (mut count, mut bytes) = (0, 0);
        for line in self.waiting.iter().take(MOST_LINES) {
            if count > 0 && bytes + line.len() > MOST_BYTES {
                break;
            }
            (count, bytes) = (count + 1, bytes + line.len());
        }
        self.waiting.drain(..count).collect()
    }

    /// Sends a batch, as often as the settings have patience.
    async fn ship(&mut self, lines: Vec<Bytes>) {
        let began = Instant::now();
        let mut batches = vec![lines];
        let mut pause = FIRST_PAUSE;
        while let Some(lines) = batches.pop() {
            let (why, retry_after, again) = match self.recipient.post(self.body(&lines)).await {
                Err(why) => (why, None, lines),
                Ok(answer) => match self.shape.read(&answer) {
                    Verdict::Taken => {
                        self.recipient.took();
                        self.inbox.series.wrote(lines.len() as u64);
                        self.done(&lines);
                        continue;
                    }
                    Verdict::TooLong if lines.len() > 1 => {
                        let (first, second) = lines.split_at(lines.len() / 2);
                        batches.extend([second.to_vec(), first.to_vec()]);
                        continue;
                    }
                    Verdict::TooLong => {
                        self.lose(&lines, "a line is too long for the server");
                        continue;
                    }
                    Verdict::Refused(why) => {
                        self.lose(&lines, &why);
                        continue;
                    }
                    Verdict::Partly { refused, again, why } => {
                        let (again, others) = apart(lines, &again);
                        self.inbox.series.written.inc_by(others.len() as u64 - refused);
                        self.inbox.series.dropped.inc_by(refused);
                        self.done(&others);
                        if again.is_empty() {
                            self.recipient.failed(&self.text(), &why);
                            continue;
                        }
                        (why, answer.retry_after, again)
                    }
                    Verdict::Later(why) => (why, answer.retry_after, lines),
                },
            };
            self.inbox.series.up.set(0);
            let out_of_patience = self.hurried || self.over || began.elapsed() >= self.settings.retry_for.0;
            if out_of_patience {
                self.lose(&again, &why);
                continue;
            }
            self.recipient.failed(&self.text(), &why);
            let wait = retry_after.unwrap_or(pause).max(jittered(pause));
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                // One more try at once, which is the last.
                () = self.inbox.hurry.notified() => self.hurried = true,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
            batches.push(again);
        }
    }

    fn body(&self, lines: &[Bytes]) -> Bytes {
        let plain = self.shape.write(lines);
        if !self.settings.gzip {
            return plain.into();
        }
        let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 4), Compression::fast());
        // Memory takes whatever is written.
        let _ = encoder.write_all(&plain);
        encoder.finish().unwrap_or_default().into()
    }

    fn lose(&mut self, lines: &[Bytes], why: &str) {
        self.recipient.failed(&self.text(), why);
        self.inbox.series.lost(lines.len() as u64);
        self.done(lines);
    }

    /// Makes room for others, ends of lines included.
    fn done(&self, lines: &[Bytes]) {
        self.inbox.done(lines.iter().map(|line| line.len() + 1).sum());
    }

    fn text(&self) -> String {
        format!("lines of the access log are not taken by accessLog.{}", self.name)
    }
}

/// Those at some places, and the others.
fn apart(lines: Vec<Bytes>, places: &[usize]) -> (Vec<Bytes>, Vec<Bytes>) {
    let (chosen, others): (Vec<_>, Vec<_>) =
        lines.into_iter().enumerate().partition(|(place, _)| places.binary_search(place).is_ok());
    let bare = |lines: Vec<(usize, Bytes)>| lines.into_iter().map(|(_, line)| line).collect();
    (bare(chosen), bare(others))
}

/// Between three quarters and five quarters of it, so that gateways do not all come back at once.
fn jittered(pause: Duration) -> Duration {
    let chance = f64::from(Uuid::new_v4().as_bytes()[0]) / 255.0;
    pause.mul_f64(0.75 + chance / 2.0)
}
