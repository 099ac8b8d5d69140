//! Lines to standard output.

use std::io::Write;

use super::{Inbox, Job};

/// Runs until nothing will come any more.
pub(super) fn run(mut inbox: Inbox, mut console: Box<dyn Write + Send>) {
    while let Some(job) = inbox.jobs.blocking_recv() {
        match job {
            Job::Write(chunk) => {
                // A pipe that was closed, or a full disk, must not end the gateway.
                match console.write_all(&chunk.bytes).and_then(|()| console.flush()) {
                    Ok(()) => inbox.series.wrote(chunk.lines),
                    Err(_) => inbox.series.lost(chunk.lines),
                }
                inbox.done(chunk.bytes.len());
            }
            Job::Flush(waiter) => drop(waiter),
            Job::Reopen => {}
        }
    }
}
