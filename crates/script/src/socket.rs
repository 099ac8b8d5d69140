//! WebSockets of scripts: the frames, on the gateway's workers.
//!
//! A script that computes must not keep a connection from answering pings, so each has a task of its own that
//! reads and writes; messages go between it and the script's thread one by one, so that whoever is slow slows
//! the other side down.

use std::fmt;
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Error as WireError};
use tollgate_core::services::Duplex;
use tollgate_js::Failure;
use tollgate_js::host::LocalBoxFuture;
use tollgate_js::webapi::websocket::{Closing, Message, Socket};

/// Messages that have come and that the script has not seen yet.
const WAITING: usize = 4;
/// How long the end of a connection may take that nobody wants any more.
const FAREWELL: Duration = Duration::from_secs(1);
/// What a connection keeps for reading, and gathers before it writes.
const BUFFER: usize = 16 * 1024;

type Wire = WebSocketStream<Box<dyn Duplex>>;
type Incoming = Result<Message, Failure>;
type Outgoing = (Message, oneshot::Sender<Result<(), Failure>>);

/// A connection, as a script's thread holds it.
pub(crate) struct WireSocket {
    protocol: String,
    incoming: Mutex<mpsc::Receiver<Incoming>>,
    outgoing: mpsc::Sender<Outgoing>,
}

impl WireSocket {
    /// Speaks WebSocket on a connection that has been switched to it. No message may be longer than `longest`.
    pub(crate) fn start(
        workers: &Handle,
        stream: Box<dyn Duplex>,
        role: Role,
        protocol: String,
        longest: usize,
    ) -> Self {
        let (to_script, incoming) = mpsc::channel(WAITING);
        let (outgoing, to_send) = mpsc::channel(1);
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER)
            .write_buffer_size(BUFFER)
            .max_message_size(Some(longest))
            .max_frame_size(Some(longest));
        workers.spawn(async move {
            let wire = WebSocketStream::from_raw_socket(stream, role, Some(config)).await;
            let (sink, stream) = wire.split();
            // Reading goes on to the end that the peer makes; who only writes ends with the script.
            let reading = read(stream, to_script);
            let writing = write(sink, to_send);
            tokio::select! {
                () = reading => {}
                () = writing => {}
            }
        });
        Self { protocol, incoming: Mutex::new(incoming), outgoing }
    }
}

/// Hands what comes to the script, until the connection ends.
async fn read(mut wire: SplitStream<Wire>, to_script: mpsc::Sender<Incoming>) {
    while let Some(read) = wire.next().await {
        let told = match read {
            Ok(tungstenite::Message::Text(text)) => Ok(Message::Text(text.as_str().to_owned())),
            Ok(tungstenite::Message::Binary(bytes)) => Ok(Message::Binary(bytes)),
            Ok(tungstenite::Message::Close(frame)) => Ok(Message::Close(
                frame.map(|frame| Closing { code: frame.code.into(), reason: frame.reason.as_str().to_owned() }),
            )),
            Ok(_) => continue,
            Err(WireError::ConnectionClosed | WireError::AlreadyClosed) => break,
            Err(error) => Err(broken(&error)),
        };
        // The answer to a closing message goes out as the rest is read, whether or not the script still listens.
        let ends = matches!(told, Ok(Message::Close(_)) | Err(_));
        if to_script.send(told).await.is_err() && !ends {
            // Whoever listened has gone: the writer says goodbye.
            std::future::pending::<()>().await;
        }
    }
}

/// Sends what the script wants sent, each message whole before the next.
async fn write(mut wire: SplitSink<Wire, tungstenite::Message>, mut to_send: mpsc::Receiver<Outgoing>) {
    while let Some((message, sent)) = to_send.recv().await {
        let closes = matches!(message, Message::Close(_));
        let result = wire.send(on_the_wire(message)).await;
        // Closing a connection that the peer has closed is no failure.
        let result = match result {
            Err(WireError::ConnectionClosed | WireError::AlreadyClosed) if closes => Ok(()),
            result => result.map_err(|error| broken(&error)),
        };
        let failed = result.is_err();
        let _ = sent.send(result);
        if failed || closes {
            // What the peer says to it is the reader's.
            to_send.recv().await;
            return;
        }
    }
    let gone = CloseFrame { code: CloseCode::Away, reason: "".into() };
    let _ = tokio::time::timeout(FAREWELL, wire.send(tungstenite::Message::Close(Some(gone)))).await;
}

fn on_the_wire(message: Message) -> tungstenite::Message {
    match message {
        Message::Text(text) => tungstenite::Message::text(text),
        Message::Binary(bytes) => tungstenite::Message::Binary(bytes),
        Message::Close(closing) => tungstenite::Message::Close(
            closing.map(|Closing { code, reason }| CloseFrame { code: code.into(), reason: reason.into() }),
        ),
    }
}

fn broken(error: &WireError) -> Failure {
    Failure::error(match error {
        WireError::Capacity(error) => format!("a message is too long: {error}"),
        other => other.to_string(),
    })
}

impl Socket for WireSocket {
    fn protocol(&self) -> &str {
        &self.protocol
    }

    fn send(&self, message: Message) -> LocalBoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move {
            let lost = || Failure::error("the connection was lost");
            let (sent, told) = oneshot::channel();
            self.outgoing.send((message, sent)).await.map_err(|_| lost())?;
            told.await.map_err(|_| lost())?
        })
    }

    fn next(&self) -> LocalBoxFuture<'_, Option<Incoming>> {
        Box::pin(async move { self.incoming.lock().await.recv().await })
    }
}

impl fmt::Debug for WireSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WireSocket").field("protocol", &self.protocol).finish_non_exhaustive()
    }
}
