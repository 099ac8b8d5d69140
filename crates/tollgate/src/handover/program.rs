//! How this process was started, to start its successor the same way.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// The program and its arguments.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    path: PathBuf,
    arguments: Vec<OsString>,
}

/// Variables that mean this process alone.
const OWN: [&str; 5] = ["WATCHDOG_PID", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PIDFDID"];
const TAKEOVER: &str = "--takeover";

impl Program {
    /// That of this process. To be asked early: what is at its path may be replaced later, which is the point.
    pub(crate) fn of_this_process() -> std::io::Result<Self> {
        let mut all = std::env::args_os();
        let name = PathBuf::from(all.next().unwrap_or_default());
        // A link that was followed now would lead to this version for ever.
        let path = if name.components().count() > 1 {
            std::path::absolute(name)?
        } else {
            in_path(&name).map_or_else(std::env::current_exe, Ok)?
        };
        Ok(Self { path, arguments: all.collect() })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The successor, not yet started.
    pub(crate) fn successor(&self) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(&self.path);
        command.args(&self.arguments).stdin(Stdio::null());
        if !self.arguments.iter().any(|argument| argument == TAKEOVER) {
            command.arg(TAKEOVER);
        }
        for name in OWN {
            command.env_remove(name);
        }
        command
    }
}

fn in_path(name: &Path) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_absolute() && path.is_file())
}
