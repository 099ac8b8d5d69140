//! An answer that comes while the request is still being sent.
//!
//! Its body is asked for only as fast as the client takes it, and the upload must not depend on
//! that: an upstream that reads before it writes would wait for the client, and the client for
//! the upstream. So in this rare case a task of its own drives the connection.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tollgate_http1::Decoded;

use super::link::{Broken, Link};
use super::pool::Pool;
use super::upload::Upload;
use crate::alarm::Alarm;

/// A piece of the answer, and whether it is the last.
struct Piece {
    piece: Result<Decoded, Broken>,
    is_last: bool,
}

/// The receiving end. Dropping it ends the task, and closes the connection with it.
pub(super) struct Relay {
    pieces: mpsc::Receiver<Piece>,
    task: JoinHandle<()>,
    is_done: bool,
    pub(super) alarm: Alarm,
}

impl Relay {
    pub(super) fn start(link: Box<Link>, upload: Upload, pool: Arc<Pool>) -> Self {
        let (sender, pieces) = mpsc::channel(1);
        Self { pieces, task: tokio::spawn(drive(link, upload, sender, pool)), is_done: false, alarm: Alarm::default() }
    }

    /// The next piece of the answer.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Decoded, Broken>> {
        if self.is_done {
            return Poll::Ready(Ok(Decoded::End));
        }
        self.pieces.poll_recv(cx).map(|received| match received {
            Some(Piece { piece, is_last }) => {
                self.is_done = is_last;
                piece
            }
            // A task that ends has told how; only one that was stopped has not.
            None => Err(Broken::Closed),
        })
    }

    /// Whether the last piece has been given out.
    pub(super) fn is_done(&self) -> bool {
        self.is_done
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn drive(mut link: Box<Link>, mut upload: Upload, pieces: mpsc::Sender<Piece>, pool: Arc<Pool>) {
    loop {
        let mut room = pin!(pieces.reserve());
        let room = poll_fn(|cx| match link.poll_upload(&mut upload, cx) {
            Ok(()) => room.as_mut().poll(cx).map_err(|_| None),
            Err(error) => Poll::Ready(Err(Some(error))),
        })
        .await;
        let room = match room {
            Ok(room) => room,
            Err(error) => {
                if let Some(error) = error {
                    let _ = pieces.send(Piece { piece: Err(error), is_last: true }).await;
                }
                return;
            }
        };
        let piece = poll_fn(|cx| match link.poll_upload(&mut upload, cx) {
            Ok(()) => link.poll_body(cx),
            Err(error) => Poll::Ready(Err(error)),
        })
        .await;
        // Whoever knows the length does not ask for more than that.
        let is_last = link.is_body_done() || !matches!(piece, Ok(Decoded::Data(_)));
        let is_whole = piece.is_ok();
        room.send(Piece { piece, is_last });
        if is_last {
            // An upstream that has answered takes no interest in the rest of the request. Its
            // connection is closed then, because nothing else can tell it where that ends.
            if is_whole && upload.is_done() {
                pool.put(link, Instant::now());
            }
            return;
        }
    }
}
