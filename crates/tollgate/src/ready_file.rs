//! `--ready-file`: tells scripts that traffic is accepted, and where.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context;
use serde_json::json;

use crate::serving::Bound;

/// Writes the file, whole or not at all.
pub(crate) fn write(path: &Path, listeners: &[Bound], management: SocketAddr) -> anyhow::Result<()> {
    let addresses: Vec<String> = listeners.iter().map(|bound| bound.address.to_string()).collect();
    let content = json!({
        "listen": addresses.first(),
        "listeners": addresses,
        "management": management.to_string(),
        "pid": std::process::id(),
    });
    let mut name = path.file_name().context("--ready-file names no file")?.to_os_string();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    let write = || {
        std::fs::write(&temporary, format!("{content}\n"))?;
        std::fs::rename(&temporary, path)
    };
    write().with_context(|| format!("cannot write the ready file {}", path.display()))
}
