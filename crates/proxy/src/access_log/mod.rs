//! The access log: one line for every request, whatever became of it.
//!
//! Whoever ends an exchange turns its [`Entry`] into a line, in a buffer that its thread keeps, and
//! adds the line to the batch; one thread writes batches. Where a batch has grown too large the line
//! is dropped and counted: a slow disk must not slow down requests.
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
mod json;
mod pretty;
mod writer;

use std::cell::RefCell;
use std::fmt;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;

pub use entry::Entry;
pub(crate) use entry::cut;
use json::Moment;
#[cfg(test)]
pub(crate) use tests::entry as test_entry;
use writer::{Batch, Ender};

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

/// Takes entries; a thread of its own writes them.
#[derive(Clone)]
pub struct AccessLog {
    on: Option<On>,
    dropped: Counter,
}

#[derive(Clone)]
struct On {
    format: Format,
    batch: Arc<Batch>,
    _ender: Arc<Ender>,
}

thread_local! {
    /// What a thread makes its lines in.
    static DRAFT: RefCell<(Vec<u8>, Moment)> = RefCell::default();
}

impl AccessLog {
    /// Starts the writer. `dropped` counts the lines there was no room for.
    ///
    /// # Errors
    /// Where no thread can be started.
    pub fn start(sink: Box<dyn Write + Send>, format: Format, dropped: Counter) -> std::io::Result<Self> {
        let batch = Arc::new(Batch::default());
        let written = Arc::clone(&batch);
        // People at a terminal wait for each line.
        let gathers = format == Format::Json;
        std::thread::Builder::new()
            .name("access-log".to_owned())
            .spawn(move || writer::run(&written, sink, gathers))?;
        let ender = Arc::new(Ender(Arc::clone(&batch)));
        Ok(Self { on: Some(On { format, batch, _ender: ender }), dropped })
    }

    /// A log that writes nothing.
    pub fn off() -> Self {
        Self { on: None, dropped: Counter::default() }
    }

    pub(crate) fn write(&self, entry: &Entry) {
        let Some(On { format, batch, .. }) = &self.on else { return };
        let add = |(line, moment): &mut (Vec<u8>, Moment)| {
            line.clear();
            match format {
                Format::Json => json::line(entry, moment, line),
                Format::Pretty { color } => line.extend_from_slice(pretty::lines(entry, *color).as_bytes()),
            }
            batch.add(line)
        };
        // A thread that is ending has no draft any more.
        let taken =
            DRAFT.try_with(|draft| add(&mut draft.borrow_mut())).unwrap_or_else(|_| add(&mut Default::default()));
        if !taken {
            self.dropped.inc();
        }
    }

    /// Waits until everything that was handed over is written, for at most `limit`. False where
    /// the writer did not get there. Blocks the thread: for the end of the process, and for tests.
    pub fn flush(&self, limit: Duration) -> bool {
        self.on.as_ref().is_none_or(|on| on.batch.flush(limit))
    }
}

impl fmt::Debug for AccessLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessLog").field("on", &self.on.is_some()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
