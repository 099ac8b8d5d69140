//! The access log: one line for every request, whatever became of it.
//!
//! An exchange hands its [`Entry`] to a bounded queue; one thread turns entries into lines and
//! writes them in batches. A full queue drops the line and counts it: a slow disk must not slow
//! down requests.
//!
//! The schema of a JSON line (members without a value are left out):
//!
//! | member | meaning |
//! |---|---|
//! | `time` | when the head of the request had arrived, RFC 3339, UTC |
//! | `id` | the request id, as in `x-request-id` |
//! | `method`, `host`, `path` | what was asked for; the path is the match path, without the query |
//! | `query` | the names of the query parameters; never their values, which may be secrets |
//! | `protocol` | `HTTP/1.1` … |
//! | `status` | the status of the answer; 499 where the client left before there was one, 408 where its head did not come in time |
//! | `reason` | `ok`, or the entry of the closed list of reasons |
//! | `stage`, `policy` | who refused, where one did |
//! | `detail`, `cause` | the public sentence of the refusal, and the private cause |
//! | `route` | the id of the route; absent where none matched |
//! | `consumer`, `keyId` | who called, and with which key |
//! | `client`, `peer` | the caller's address; the address at the other end of the connection, where it differs |
//! | `userAgent` | as sent, cut at 256 bytes |
//! | `bytesIn`, `bytesOut` | bytes of both bodies |
//! | `ms` | the whole time, in milliseconds; `msRouting`, `msInbound`, `msConnect`, `msTls`, `msFirstByte`, `msOutbound` its parts |
//! | `attempts` | tries to reach the upstream: `target`, `outcome`, `ms`, `reused` |
//! | `traceId`, `spanId` | the W3C trace context that the upstream saw |
//! | `snapshot` | the digest of the project in force |
//! | `fields` | whatever policies and scripts added |

mod entry;
mod writer;

use std::fmt;
use std::io::Write;
use std::sync::mpsc::{self, SyncSender, TrySendError};
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;

pub use entry::Entry;
pub(crate) use entry::cut;
use writer::Message;

/// How lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object in each line.
    Json,
    /// For people at a terminal: the time of day, what was asked, what came of it; how to mend a
    /// refusal.
    Pretty {
        /// Whether status and hints are coloured.
        color: bool,
    },
}

/// How many lines may wait for the writer.
const QUEUE: usize = 8192;

/// Takes entries; a thread of its own writes them.
#[derive(Clone)]
pub struct AccessLog {
    queue: Option<SyncSender<Message>>,
    dropped: Counter,
}

impl AccessLog {
    /// Starts the writer. `dropped` counts the lines there was no room for.
    ///
    /// # Errors
    /// Where no thread can be started.
    pub fn start(sink: Box<dyn Write + Send>, format: Format, dropped: Counter) -> std::io::Result<Self> {
        let (queue, messages) = mpsc::sync_channel(QUEUE);
        std::thread::Builder::new()
            .name("access-log".to_owned())
            .spawn(move || writer::run(&messages, sink, format))?;
        Ok(Self { queue: Some(queue), dropped })
    }

    /// A log that writes nothing.
    pub fn off() -> Self {
        Self { queue: None, dropped: Counter::default() }
    }

    pub(crate) fn write(&self, entry: Box<Entry>) {
        let Some(queue) = &self.queue else { return };
        match queue.try_send(Message::Entry(entry)) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.dropped.inc();
            }
        }
    }

    /// Waits until everything that was handed over is written, for at most `limit`. False where
    /// the writer did not get there. Blocks the thread: for the end of the process, and for tests.
    pub fn flush(&self, limit: Duration) -> bool {
        let Some(queue) = &self.queue else { return true };
        let (done, written) = mpsc::sync_channel(1);
        queue.send(Message::Flush(done)).is_ok() && written.recv_timeout(limit).is_ok()
    }
}

impl fmt::Debug for AccessLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessLog").field("on", &self.queue.is_some()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
