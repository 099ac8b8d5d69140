//! HTTP/1.1 and 1.0, as a server speaks it: one request after the other, each answered before the next is read.
//!
//! This page is the story of a connection. The syntax is `tollgate-http1`'s; [`client`] has the socket, [`waiting`]
//! the time between two requests, [`inflow`] the body of a request, [`answer`] and [`outbox`] what is written.
//! All of it is one task: it asks the handler, reads what the handler wants of the body, writes interim answers and
//! sees when the client leaves, which ends the handler at once.

mod answer;
mod client;
mod inflow;
mod interim;
mod outbox;
mod refusal;
mod tunnel_io;
mod waiting;

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Poll, ready};

use http::{Method, Version};
use tokio::io::{AsyncRead, AsyncWrite};
use tollgate_core::Body;
use tollgate_core::interim::Interim;
use tollgate_http1::ReceivedHead;

pub(super) use self::inflow::RequestBody;

use self::answer::{Asked, Outflow};
use self::client::{Client, Gone};
use self::inflow::Inflow;
use self::interim::Line;
use self::tunnel_io::TunnelIo;
use self::waiting::{Next, Waiting};
use super::settings::WireSettings;
use super::{Arrived, End, Opened, boxed};
use crate::heard::Heard;
use crate::hygiene::ConnectionInfo;
use crate::observer::Observer;
use crate::tunnel::Tunnel;
use crate::turn::Turn;
use crate::unreadable::UnreadableHead;

/// Serves requests one after the other.
pub(super) async fn serve<S, H, F>(
    opened: Opened<S>,
    info: Arc<ConnectionInfo>,
    wire: &WireSettings,
    handler: H,
    end: &End,
    observer: &dyn Observer,
) -> Option<UnreadableHead>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    H: Fn(Arc<ConnectionInfo>, Arrived) -> F,
    F: Future<Output = http::Response<Body>> + Send + 'static,
{
    let mut waiting = Waiting::new(wire, opened.born);
    let mut connection = Connection {
        client: Client::new(opened, wire.half_close),
        line: Arc::new(Line::default()),
        version: Version::HTTP_11,
        info,
    };
    let retires = pin!(end.retire.cancelled());
    let mut retiring = Heard::through(retires);
    // From here on it is heard, also while one request follows the other.
    poll_fn(|cx| Poll::Ready(retiring.poll(cx).is_ready())).await;
    loop {
        let head = match poll_fn(|cx| waiting.poll(&mut connection.client, &mut retiring, cx)).await {
            Next::Head(head) => head,
            Next::Unreadable(unreadable) => {
                let Connection { client, version, info, .. } = connection;
                // Boxed, as whatever most connections do without.
                return Some(Box::pin(refusal::say(client, version, unreadable, &info, observer)).await);
            }
            Next::Over => {
                connection.client.close(true).await;
                return None;
            }
            Next::Gone => return None,
        };
        match connection.exchange(head, &handler, &retiring).await {
            After::Next => {}
            After::Close => {
                connection.client.close(false).await;
                return None;
            }
            After::Gone => return None,
            After::Tunnel(tunnel) => {
                let io = TunnelIo::over(connection.client);
                Box::pin(tunnel.run(io, end.drain.clone())).await;
                return None;
            }
        }
    }
}

/// What becomes of a connection behind an answer.
enum After {
    /// It takes another request.
    Next,
    /// It ends.
    Close,
    /// It is gone already, or has to be broken off.
    Gone,
    /// It speaks another protocol from now on.
    Tunnel(Box<Tunnel>),
}

/// One connection of a client.
struct Connection<S> {
    client: Client<S>,
    /// Where interim answers wait.
    line: Arc<Line>,
    /// That of the latest request.
    version: Version,
    info: Arc<ConnectionInfo>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// From the head of a request to the last byte of its answer.
    async fn exchange<H, F>(&mut self, head: Box<ReceivedHead>, handler: &H, retiring: &Heard<'_, '_>) -> After
    where
        H: Fn(Arc<ConnectionInfo>, Arrived) -> F,
        F: Future<Output = http::Response<Body>>,
    {
        let ReceivedHead { request, framing, keep_alive, expects_continue } = *head;
        self.version = request.version();
        let asked = Asked::by(&request);
        let number = self.line.begin();
        // HTTP/1.0 does not know interim answers.
        let interim = (self.version == Version::HTTP_11).then(|| Interim::new(Arc::clone(&self.line) as _, number));
        let (mut inflow, body) = Inflow::begin(framing, expects_continue, &mut self.client.unread);
        let Self { client, line, info, .. } = self;
        let answered = {
            let arrived = Arrived { request: request.map(|()| body), interim };
            // Boxed, so that a connection that waits for its next request does not keep room for the work of one.
            let mut answering = boxed(|| handler(Arc::clone(info), arrived));
            poll_fn(|cx| {
                loop {
                    if let Poll::Ready(response) = answering.as_mut().poll(cx) {
                        return Poll::Ready(Ok(response));
                    }
                    client.out.push(line.waiting());
                    match client.poll_meanwhile(&mut inflow, cx) {
                        Poll::Ready(Ok(())) => {}
                        Poll::Ready(Err(gone)) => return Poll::Ready(Err(gone)),
                        Poll::Pending => return Poll::Pending,
                    }
                }
            })
            .await
        };
        line.answered();
        let Ok(mut response) = answered else { return After::Gone };
        if let Some(tunnel) = Tunnel::take(&mut response) {
            return self.switch(asked, response, tunnel).await;
        }

        let closes = answer::closes(response.headers());
        let mut stays = keep_alive && !closes && !retiring.has_rung() && !client.is_mute();
        if stays && inflow.is_left() {
            // Nobody will read the rest of the body, and it must not be taken for the next request.
            inflow.skip(&mut client.unread);
            stays = inflow.is_done();
        }
        let mut outflow = Outflow::begin(asked, response, &mut stays, &mut client.out);
        let mut turn = Turn::of_message();
        let written = poll_fn(|cx| {
            ready!(turn.poll(cx));
            loop {
                if let Err(error) = outflow.pull(&mut client.out, cx) {
                    tracing::debug!(peer = %info.peer, %error, "an answer broke off");
                    // What there was of it is still the client's.
                    let _ = client.poll_write_out(cx);
                    return Poll::Ready(Err(Gone));
                }
                let written = client.poll_write_out(cx)?;
                if written.is_ready() {
                    if outflow.is_done() {
                        return Poll::Ready(Ok(()));
                    }
                    if outflow.is_ready() {
                        continue;
                    }
                }
                match client.poll_meanwhile(&mut inflow, cx) {
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(gone)) => return Poll::Ready(Err(gone)),
                    Poll::Pending => return Poll::Pending,
                }
            }
        })
        .await;
        if written.is_err() {
            return After::Gone;
        }
        client.settle();
        if stays && !inflow.is_done() {
            inflow.skip(&mut client.unread);
            stays = inflow.is_done();
        }
        if stays { After::Next } else { After::Close }
    }

    /// Answers that the connection speaks another protocol from now on.
    async fn switch(&mut self, asked: Asked, response: http::Response<Body>, tunnel: Tunnel) -> After {
        drop(Outflow::begin(asked, response, &mut true, &mut self.client.out));
        match poll_fn(|cx| self.client.poll_write_out(cx)).await {
            Ok(()) => After::Tunnel(Box::new(tunnel)),
            Err(_) => After::Gone,
        }
    }
}

/// Whether an answer to this method has no body, whatever it says (RFC 9110 §9.3.2).
fn is_head(method: &Method) -> bool {
    *method == Method::HEAD
}
