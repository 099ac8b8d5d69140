//! A line to a server that can be made slow, or cut, while it is in use.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Forwards TCP connections to a server.
#[derive(Debug)]
pub struct SlowLine {
    /// Where to connect instead of the server.
    pub address: SocketAddr,
    delay: Arc<AtomicU64>,
    cuts: watch::Sender<u64>,
    task: tokio::task::JoinHandle<()>,
}

impl SlowLine {
    /// A line to this address, as fast as the machine.
    ///
    /// # Errors
    /// Where no port can be opened.
    pub async fn to(server: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let delay = Arc::new(AtomicU64::new(0));
        let (cuts, cut) = watch::channel(0);
        let task = tokio::spawn({
            let delay = Arc::clone(&delay);
            async move {
                while let Ok((client, _)) = listener.accept().await {
                    tokio::spawn(carry(client, server, Arc::clone(&delay), cut.clone()));
                }
            }
        });
        Ok(Self { address, delay, cuts, task })
    }

    /// From now on, what the server says takes so much longer.
    pub fn delay(&self, by: Duration) {
        self.delay.store(u64::try_from(by.as_millis()).unwrap_or(u64::MAX), Ordering::SeqCst);
    }

    /// Cuts every connection that there is.
    pub fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }
}

impl Drop for SlowLine {
    fn drop(&mut self) {
        self.task.abort();
        self.cut();
    }
}

async fn carry(client: TcpStream, server: SocketAddr, delay: Arc<AtomicU64>, mut cut: watch::Receiver<u64>) {
    cut.mark_unchanged();
    let Ok(server) = TcpStream::connect(server).await else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let none = AtomicU64::new(0);
    tokio::select! {
        () = pump(from_client, to_server, &none) => {}
        () = pump(from_server, to_client, &delay) => {}
        _ = cut.changed() => {}
    }
}

async fn pump(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, delay: &AtomicU64) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let by = delay.load(Ordering::SeqCst);
        if by > 0 {
            tokio::time::sleep(Duration::from_millis(by)).await;
        }
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
