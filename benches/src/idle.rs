//! Many connections that do nothing, for the memory that a proxy holds for each.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, bail};

use crate::http1::{Kind, Reader};

const PATIENCE: Duration = Duration::from_secs(10);

/// Opens the connections, has one request answered on each, says `ready`, and holds them until
/// standard input ends.
pub(crate) fn hold(address: SocketAddr, count: usize, path: &str) -> anyhow::Result<()> {
    raise_descriptors(count as u64 + 100)?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: bench.test\r\n\r\n");
    let mut held = Vec::with_capacity(count);
    for number in 0..count {
        let connection = open(address, request.as_bytes());
        held.push(connection.with_context(|| format!("connection {number} of {count}"))?);
    }
    writeln!(std::io::stdout().lock(), "ready {}", held.len())?;
    std::io::stdin().read_to_end(&mut Vec::new())?;
    let mut alive = 0;
    for connection in &mut held {
        connection.set_nonblocking(true)?;
        let open = matches!(connection.read(&mut [0]), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock);
        alive += usize::from(open);
    }
    writeln!(std::io::stdout().lock(), "alive {alive}")?;
    Ok(())
}

fn open(address: SocketAddr, request: &[u8]) -> anyhow::Result<TcpStream> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(request)?;
    let mut reader = Reader::new(Kind::Response);
    let mut status = 0;
    let mut scratch = [0; 8192];
    while status == 0 {
        let read = stream.read(&mut scratch)?;
        if read == 0 {
            bail!("closed before the answer");
        }
        reader.take(scratch.get(..read).unwrap_or_default(), |message| status = message.status)?;
    }
    if status != 200 {
        bail!("status {status}");
    }
    Ok(stream)
}

fn raise_descriptors(wanted: u64) -> anyhow::Result<()> {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    if soft < wanted {
        if hard < wanted {
            bail!("{wanted} descriptors are needed, and the hard limit is {hard} (ulimit -Hn)");
        }
        setrlimit(Resource::RLIMIT_NOFILE, wanted, hard)?;
    }
    Ok(())
}
