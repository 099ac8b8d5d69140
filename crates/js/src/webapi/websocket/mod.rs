//! The client's side of WebSockets. The connection itself is the host's.

mod connection;
mod socket;

use std::cell::Cell;
use std::rc::Rc;

use rquickjs::function::Opt;
use rquickjs::prelude::Func;
use rquickjs::{Ctx, Function, Object, Persistent, Value};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::bytes::{self, UsvString};
use crate::library::Area;
use crate::{Engine, Failure};
use connection::{Listener, Outgoing};

pub use socket::{Closing, Message, Socket};

pub(super) static AREA: Area = Area { native: Some(native), globals: &["WebSocket"], ..Area::built("websocket") };

/// Bytes that may wait to be sent: they are in no engine's heap.
const MOST_WAITING: usize = 16 << 20;

fn native<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
    let native = Object::new(ctx.clone())?;
    native.set("connect", Func::from(connect))?;
    native.set("length", Func::from(|text: UsvString| text.0.len()))?;
    Ok(native)
}

/// Opens a connection. Gives an object with `send`, `close` and `waiting`.
fn connect<'js>(
    ctx: Ctx<'js>,
    url: String,
    protocols: Vec<String>,
    callback: Persistent<Function<'static>>,
) -> rquickjs::Result<Object<'js>> {
    let engine = Engine::of(&ctx)?;
    let task = engine.current()?;
    let callback = engine.turns().bind(&ctx, callback)?;
    let (sender, messages) = unbounded_channel();
    let waiting = Rc::new(Cell::new(0));
    let connecting = engine.host().websocket(&task, &url, &protocols);
    let outgoing = Outgoing { messages, waiting: Rc::clone(&waiting) };
    let listener = Listener { callback, engine, task: Rc::clone(&task) };
    task.spawn(connection::run(listener, connecting, outgoing)).map_err(|failure| failure.throw(&ctx))?;
    handle(&ctx, sender, waiting)
}

fn handle<'js>(
    ctx: &Ctx<'js>,
    sender: UnboundedSender<Message>,
    waiting: Rc<Cell<usize>>,
) -> rquickjs::Result<Object<'js>> {
    let handle = Object::new(ctx.clone())?;
    let counted = Rc::clone(&waiting);
    handle.set("waiting", Function::new(ctx.clone(), move || counted.get())?)?;
    let closes = sender.clone();
    let close = move |code: Opt<Option<u16>>, reason: Opt<String>| {
        let reason = reason.0.unwrap_or_default();
        // Where nobody listens, the connection has ended by itself.
        let _ = closes.send(Message::Close(code.0.flatten().map(|code| Closing { code, reason })));
    };
    handle.set("close", Function::new(ctx.clone(), close)?)?;
    let send = move |ctx: Ctx<'js>, data: Value<'js>, open: bool| send(&ctx, &sender, &waiting, &data, open);
    handle.set("send", Function::new(ctx.clone(), send)?)?;
    Ok(handle)
}

/// Sends text or bytes where the connection is open. Says how many bytes they are, or -1 where more wait
/// already than may.
fn send<'js>(
    ctx: &Ctx<'js>,
    sender: &UnboundedSender<Message>,
    waiting: &Cell<usize>,
    data: &Value<'js>,
    open: bool,
) -> rquickjs::Result<i64> {
    let (size, message) = match bytes::view(data)? {
        Some(bytes) => (bytes.len(), Message::Binary(bytes.into())),
        None => {
            let text = bytes::usv_string(data)?;
            (text.len(), Message::Text(text))
        }
    };
    if open {
        let sum = waiting.get().saturating_add(size);
        if sum > MOST_WAITING {
            return Ok(-1);
        }
        if sender.send(message).is_ok() {
            waiting.set(sum);
        }
    }
    i64::try_from(size).map_err(|_| Failure::range_error("too long to be sent").throw(ctx))
}
