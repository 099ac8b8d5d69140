//! One connection: what comes is told to the script, what it sends waits for its turn.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use rquickjs::convert::List;
use rquickjs::{Ctx, Function, IntoJs, Persistent, Value};
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedReceiver;

use super::socket::{Closing, Message, Socket};
use crate::bytes::array_buffer;
use crate::host::LocalBoxFuture;
use crate::webapi::events::report;
use crate::{Engine, Failure, Task, Thrown};

/// How long the server has to answer a closing message.
const CLOSE: Duration = Duration::from_secs(10);

/// How a connection ended.
enum End {
    /// The server closed it, or answered the script's wish to.
    Closed(Option<Closing>),
    /// It was lost, or never came about.
    Failed(Failure),
    /// The call was stopped: there is nobody left to tell.
    Stopped,
}

/// What a script has asked for and is not sent yet. `waiting` are the bytes of it.
pub(super) struct Outgoing {
    pub(super) messages: UnboundedReceiver<Message>,
    pub(super) flow: Rc<Flow>,
}

/// How much waits to be sent, and whether what comes is read.
#[derive(Default)]
pub(super) struct Flow {
    waiting: Cell<usize>,
    held: Cell<bool>,
    changed: Notify,
}

impl Flow {
    pub(super) fn waiting(&self) -> usize {
        self.waiting.get()
    }

    pub(super) fn add(&self, size: usize) {
        self.waiting.set(self.waiting.get().saturating_add(size));
    }

    fn sent(&self, size: usize) {
        self.waiting.set(self.waiting.get().saturating_sub(size));
        self.changed.notify_waiters();
    }

    /// Says whether what comes shall wait.
    pub(super) fn hold(&self, held: bool) {
        self.held.set(held);
        self.changed.notify_waiters();
    }

    /// Waits until what comes may be read.
    async fn released(&self) {
        while self.held.get() {
            self.changed.notified().await;
        }
    }

    /// Waits until at most so many bytes wait to be sent, or the connection has ended.
    pub(super) async fn drained(&self, most: usize) {
        while self.waiting.get() > most {
            self.changed.notified().await;
        }
    }

    /// What still waits is not sent any more.
    fn end(&self) {
        self.waiting.set(0);
        self.changed.notify_waiters();
    }
}

/// Whom to tell. The callback has to go before the engine does: fields are dropped in this order.
pub(super) struct Listener {
    pub(super) callback: Persistent<Function<'static>>,
    pub(super) engine: Engine,
    pub(super) task: Rc<Task>,
}

pub(super) type Connecting = LocalBoxFuture<'static, Result<Box<dyn Socket>, Failure>>;

/// Lives for as long as the connection does.
pub(super) async fn run(listener: Listener, connecting: Connecting, outgoing: Outgoing) {
    let flow = Rc::clone(&outgoing.flow);
    let end = connect(&listener, connecting, outgoing).await;
    match end {
        End::Stopped => {}
        End::Closed(closing) => {
            let Closing { code, reason } = closing.unwrap_or(Closing { code: 1005, reason: String::new() });
            listener.tell(|ctx| Ok(("close", List((code, reason)).into_js(ctx)?)));
        }
        End::Failed(failure) => {
            listener.tell(|ctx| Ok(("fail", failure.value(ctx)?)));
        }
    }
    flow.end();
    listener.task.touch();
}

async fn connect(listener: &Listener, connecting: Connecting, mut outgoing: Outgoing) -> End {
    let connected = tokio::select! {
        biased;
        // First of all: one that was adopted is open from the start, and may have something to send by now.
        connected = connecting => connected,
        // Before it is open a script can do nothing but close it.
        _ = outgoing.messages.recv() => Err(Failure::error("it was closed before it was open")),
    };
    let socket = match connected {
        Ok(socket) => socket,
        Err(failure) => return End::Failed(failure),
    };
    let protocol = socket.protocol().to_owned();
    if !listener.tell(|ctx| Ok(("open", protocol.into_js(ctx)?))) {
        return End::Stopped;
    }
    let flow = Rc::clone(&outgoing.flow);
    // What the server says last counts more than that nothing can be sent to it any more.
    tokio::select! {
        biased;
        end = read(listener, &*socket, &flow) => end,
        end = write(&*socket, outgoing) => end,
    }
}

async fn read(listener: &Listener, socket: &dyn Socket, flow: &Flow) -> End {
    loop {
        flow.released().await;
        let goes_on = match socket.next().await {
            None => return End::Failed(Failure::error("the connection was lost")),
            Some(Err(failure)) => return End::Failed(failure),
            Some(Ok(Message::Close(closing))) => return End::Closed(closing),
            Some(Ok(Message::Text(text))) => listener.tell(|ctx| Ok(("message", text.into_js(ctx)?))),
            Some(Ok(Message::Binary(bytes))) => listener.tell(|ctx| Ok(("message", array_buffer(ctx, bytes)?))),
        };
        if !goes_on {
            return End::Stopped;
        }
    }
}

async fn write(socket: &dyn Socket, mut outgoing: Outgoing) -> End {
    while let Some(message) = outgoing.messages.recv().await {
        let (size, last) = match &message {
            Message::Text(text) => (text.len(), false),
            Message::Binary(bytes) => (bytes.len(), false),
            Message::Close(_) => (0, true),
        };
        if let Err(failure) = socket.send(message).await {
            return End::Failed(failure);
        }
        outgoing.flow.sent(size);
        if last {
            tokio::time::sleep(CLOSE).await;
            return End::Failed(Failure::error("the server did not close the connection"));
        }
    }
    // The script has let go of it: it may still listen.
    std::future::pending().await
}

impl Listener {
    /// Tells the script; says whether it goes on. What does not fit into the engine's heap ends it, rather than
    /// be missing.
    fn tell(&self, event: impl for<'js> FnOnce(&Ctx<'js>) -> rquickjs::Result<(&'static str, Value<'js>)>) -> bool {
        let entered = self.engine.enter(&self.task, |ctx| {
            let called = event(ctx).and_then(|(kind, value)| {
                let callback = self.callback.clone().restore(ctx)?;
                callback.call::<_, ()>((kind, value))
            });
            let told = called.is_ok();
            if let Err(error) = called {
                report(&self.engine, &self.task, "a WebSocket could not be told", &Thrown::catch(ctx, error));
            }
            told
        });
        entered.unwrap_or(false)
    }
}
