//! A TCP proxy that makes faults: it passes what goes through it, cuts it, or lets it stall.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What becomes of what goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It arrives.
    Pass,
    /// Connections are closed, those that are there and those that come.
    Cut,
    /// Connections are taken and held, and nothing moves: as with a server that hangs, or a
    /// network that drops everything. What is under way goes on when this ends.
    Stall,
}

/// A proxy on a free port of loopback; it ends when it is dropped.
#[derive(Debug)]
pub struct FaultProxy {
    address: SocketAddr,
    fault: watch::Sender<Fault>,
    taken: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl FaultProxy {
    /// Starts one in front of an address of loopback, passing.
    ///
    /// # Errors
    /// Where no port can be opened.
    pub async fn start(to: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let fault = watch::Sender::new(Fault::Pass);
        let taken = Arc::new(AtomicUsize::new(0));
        let task = tokio::spawn(accept(listener, to, fault.clone(), Arc::clone(&taken)));
        Ok(Self { address, fault, taken, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sets what happens from now on.
    pub fn set(&self, fault: Fault) {
        self.fault.send_replace(fault);
    }

    /// How many connections it has taken so far.
    pub fn taken(&self) -> usize {
        self.taken.load(Ordering::SeqCst)
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.task.abort();
        // What goes through it ends with it.
        self.fault.send_replace(Fault::Cut);
    }
}

async fn accept(listener: TcpListener, to: SocketAddr, fault: watch::Sender<Fault>, taken: Arc<AtomicUsize>) {
    while let Ok((client, _)) = listener.accept().await {
        taken.fetch_add(1, Ordering::SeqCst);
        tokio::spawn(join(client, to, fault.subscribe()));
    }
}

async fn join(client: TcpStream, to: SocketAddr, mut fault: watch::Receiver<Fault>) {
    if !may_pass(&mut fault).await {
        return;
    }
    let Ok(server) = TcpStream::connect(to).await else { return };
    let _ = client.set_nodelay(true);
    let _ = server.set_nodelay(true);
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    // Either direction that ends takes the other along: nothing here is ever half closed.
    tokio::select! {
        () = carry(from_client, to_server, fault.clone()) => {}
        () = carry(from_server, to_client, fault.clone()) => {}
    }
}

/// Waits while nothing may move; false where the connection is to be cut.
async fn may_pass(fault: &mut watch::Receiver<Fault>) -> bool {
    match fault.wait_for(|fault| *fault != Fault::Stall).await {
        Ok(fault) => *fault == Fault::Pass,
        Err(_) => false,
    }
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut fault: watch::Receiver<Fault>) {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let read = tokio::select! {
            read = from.read(&mut buffer) => read.unwrap_or(0),
            _ = fault.wait_for(|fault| *fault == Fault::Cut) => return,
        };
        if read == 0 || !may_pass(&mut fault).await || to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn it_passes_stalls_and_cuts() {
        let echo = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = FaultProxy::start(echo.local_addr().unwrap()).await.unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = echo.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = stream.split();
                    let _ = tokio::io::copy(&mut from, &mut to).await;
                });
            }
        });
        let mut client = TcpStream::connect(proxy.address()).await.unwrap();
        let mut byte = [0];
        client.write_all(b"a").await.unwrap();
        client.read_exact(&mut byte).await.unwrap();
        assert_eq!(&byte, b"a");

        proxy.set(Fault::Stall);
        client.write_all(b"b").await.unwrap();
        assert!(timeout(Duration::from_millis(100), client.read(&mut byte)).await.is_err(), "nothing moves");
        proxy.set(Fault::Pass);
        client.read_exact(&mut byte).await.unwrap();
        assert_eq!(&byte, b"b", "and nothing is lost");

        proxy.set(Fault::Cut);
        assert!(matches!(client.read(&mut byte).await, Ok(0) | Err(_)));
        let mut late = TcpStream::connect(proxy.address()).await.unwrap();
        assert!(matches!(late.read(&mut byte).await, Ok(0) | Err(_)));
        assert_eq!(proxy.taken(), 2);
    }
}
