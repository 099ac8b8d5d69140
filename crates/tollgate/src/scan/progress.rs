//! How far a scan is: said on standard error once it takes longer than two seconds.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::Findings;
use crate::output;

const FIRST: Duration = Duration::from_secs(2);
const ON_A_TERMINAL: Duration = Duration::from_millis(500);
/// A log of a build wants a sign of life, not a film.
const IN_A_LOG: Duration = Duration::from_secs(10);

pub(super) struct Progress {
    done: Option<Sender<()>>,
    teller: Option<JoinHandle<()>>,
}

impl Progress {
    pub(super) fn start(findings: Arc<Findings>) -> Self {
        let (done, is_done) = channel::<()>();
        let teller = std::thread::Builder::new().name("progress".to_owned()).spawn(move || {
            let terminal = std::io::stderr().is_terminal();
            let mut pause = FIRST;
            while let Err(RecvTimeoutError::Timeout) = is_done.recv_timeout(pause) {
                let text = line(&findings);
                if terminal {
                    let mut stderr = std::io::stderr().lock();
                    let _ = write!(stderr, "\r\u{1b}[K{text}").and_then(|()| stderr.flush());
                } else {
                    output::note(&text);
                }
                pause = if terminal { ON_A_TERMINAL } else { IN_A_LOG };
            }
            if terminal && pause != FIRST {
                let _ = write!(std::io::stderr().lock(), "\r\u{1b}[K");
            }
        });
        Self { done: Some(done), teller: teller.ok() }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self.done.take());
        if let Some(teller) = self.teller.take() {
            let _ = teller.join();
        }
    }
}

fn line(findings: &Findings) -> String {
    format!(
        "looked at {} so far, {}",
        output::count_of(
            i64::try_from(findings.looked_at.load(Ordering::Relaxed)).unwrap_or(i64::MAX),
            "file",
            "files"
        ),
        size(findings.bytes.load(Ordering::Relaxed)),
    )
}

/// A number of bytes for people.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} B"),
        10_000..10_000_000 => format!("{} KB", bytes / 1000),
        10_000_000..10_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{} GB", bytes / 1_000_000_000),
    }
}
