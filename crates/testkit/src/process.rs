//! Child processes that end with the test, free ports, folders that vanish.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Command;
use tokio::sync::Notify;
pub use tollgate_servers::free_port;

/// How often a file is looked for: there is nobody to ask when it will come.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A folder that vanishes when it is dropped.
///
/// # Errors
/// Where it cannot be made.
pub fn temp_dir() -> std::io::Result<tempfile::TempDir> {
    tempfile::Builder::new().prefix("tollgate-test-").tempdir()
}

/// Waits for a file to appear with something in it, and reads it.
///
/// # Errors
/// Where it has not come in time.
pub async fn wait_for_file(path: &Path, deadline: Duration) -> std::io::Result<String> {
    let look = async {
        loop {
            match tokio::fs::read_to_string(path).await {
                Ok(text) if !text.is_empty() => return text,
                _ => tokio::time::sleep(LOOK_AGAIN).await,
            }
        }
    };
    tokio::time::timeout(deadline, look).await.map_err(|_| {
        std::io::Error::new(
            std::io::ErrorKind::TimedOut,
            format!("{} has not come within {deadline:?}", path.display()),
        )
    })
}

#[derive(Debug, Default)]
struct Output {
    lines: Mutex<Vec<String>>,
    more: Notify,
}

/// A child process: its output is collected line by line, and it is killed (by its pid) when this
/// is dropped.
#[derive(Debug)]
pub struct Child {
    inner: tokio::process::Child,
    output: Arc<Output>,
    readers: Vec<tokio::task::JoinHandle<()>>,
}

impl Child {
    /// Starts a program. Its environment is the caller's, with `environment` on top.
    ///
    /// # Errors
    /// Where it cannot be started.
    pub fn spawn<A: AsRef<OsStr>>(
        program: impl AsRef<OsStr>,
        arguments: &[A],
        folder: &Path,
        environment: &[(&str, &str)],
    ) -> std::io::Result<Self> {
        let mut inner = Command::new(program)
            .args(arguments)
            .current_dir(folder)
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let output = Arc::new(Output::default());
        let mut readers = Vec::new();
        if let Some(stdout) = inner.stdout.take() {
            readers.push(tokio::spawn(collect(stdout, Arc::clone(&output))));
        }
        if let Some(stderr) = inner.stderr.take() {
            readers.push(tokio::spawn(collect(stderr, Arc::clone(&output))));
        }
        Ok(Self { inner, output, readers })
    }

    /// Its process id; `None` once it has been waited for.
    pub fn id(&self) -> Option<u32> {
        self.inner.id()
    }

    /// What it has printed so far, both streams, in order of arrival.
    pub fn output(&self) -> String {
        self.output.lines.lock().join("\n")
    }

    /// Waits for a line that contains `text`, and returns the first.
    ///
    /// # Errors
    /// Where it has not come in time; the error holds what was printed instead.
    pub async fn wait_for_line(&self, text: &str, deadline: Duration) -> std::io::Result<String> {
        let find = async {
            loop {
                let more = self.output.more.notified();
                if let Some(line) = self.output.lines.lock().iter().find(|line| line.contains(text)) {
                    return line.clone();
                }
                more.await;
            }
        };
        tokio::time::timeout(deadline, find).await.map_err(|_| {
            let message = format!("no line with `{text}` within {deadline:?}; it printed:\n{}", self.output());
            std::io::Error::new(std::io::ErrorKind::TimedOut, message)
        })
    }

    /// Sends it a signal by its name (`TERM`, `HUP`), by its pid.
    ///
    /// # Errors
    /// Where it has ended already.
    pub async fn signal(&self, name: &str) -> std::io::Result<()> {
        let gone = || std::io::Error::new(std::io::ErrorKind::NotFound, "the process has ended");
        let id = self.id().ok_or_else(gone)?;
        let status = Command::new("kill").arg(format!("-{name}")).arg(id.to_string()).status().await?;
        if status.success() { Ok(()) } else { Err(gone()) }
    }

    /// Waits until it ends by itself.
    ///
    /// # Errors
    /// Where it has not ended in time; it then still runs.
    pub async fn wait(&mut self, deadline: Duration) -> std::io::Result<ExitStatus> {
        let status = tokio::time::timeout(deadline, self.inner.wait()).await.map_err(|_| {
            let message = format!("still running after {deadline:?}; it printed:\n{}", self.output());
            std::io::Error::new(std::io::ErrorKind::TimedOut, message)
        })??;
        // Its last lines may still be in the pipes.
        for reader in self.readers.drain(..) {
            let _ = tokio::time::timeout(deadline, reader).await;
        }
        Ok(status)
    }

    /// The same for one whose output another process goes on with, which is not waited for.
    ///
    /// # Errors
    /// Where it has not ended in time; it then still runs.
    pub async fn exited(&mut self, deadline: Duration) -> std::io::Result<ExitStatus> {
        self.readers.clear();
        self.wait(deadline).await
    }

    /// Kills it, as `kill -9` does, and waits until it is gone.
    ///
    /// # Errors
    /// Where it cannot be killed.
    pub async fn kill(&mut self) -> std::io::Result<()> {
        self.inner.kill().await
    }
}

async fn collect(stream: impl AsyncRead + Unpin, output: Arc<Output>) {
    let mut lines = BufReader::new(stream).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        output.lines.lock().push(line);
        output.more.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn a_child_is_heard_signalled_and_waited_for() {
        let folder = temp_dir().unwrap();
        let script = "trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 0.05; done";
        let mut child = Child::spawn("bash", &["-c", script], folder.path(), &[]).unwrap();
        assert_eq!(child.wait_for_line("ready", SOON).await.unwrap(), "ready");
        child.signal("TERM").await.unwrap();
        assert_eq!(child.wait(SOON).await.unwrap().code(), Some(3));
        assert!(child.output().ends_with("bye"), "{}", child.output());
    }

    #[tokio::test]
    async fn a_line_that_does_not_come_is_an_error_with_what_was_printed() {
        let folder = temp_dir().unwrap();
        let child = Child::spawn("bash", &["-c", "echo other"], folder.path(), &[]).unwrap();
        child.wait_for_line("other", SOON).await.unwrap();
        let error = child.wait_for_line("ready", Duration::from_millis(50)).await.unwrap_err();
        assert!(error.to_string().contains("other"), "{error}");
    }
}
