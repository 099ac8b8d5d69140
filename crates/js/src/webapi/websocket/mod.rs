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
use crate::engine::promise;
use crate::library::Area;
use crate::{Engine, Failure};
use connection::{Connecting, Flow, Listener, Outgoing};

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
    let connecting = engine.host().websocket(&engine.current()?, &url, &protocols);
    start(&ctx, connecting, callback)
}

/// What `adopt` of this area's module makes a `WebSocket` of: a connection that is there already. It is read
/// once it has been adopted.
///
/// # Errors
/// Where the engine has no memory for it.
pub fn connection<'js>(ctx: &Ctx<'js>, url: &str, socket: Box<dyn Socket>) -> rquickjs::Result<Object<'js>> {
    let connection = Object::new(ctx.clone())?;
    connection.set("url", url)?;
    connection.set("protocol", socket.protocol())?;
    let socket = Cell::new(Some(socket));
    let open = move |ctx: Ctx<'js>, callback: Persistent<Function<'static>>| {
        let socket = socket.take().ok_or_else(|| Failure::error("it has been adopted").throw(&ctx))?;
        start(&ctx, Box::pin(async move { Ok(socket) }), callback)
    };
    connection.set("open", Function::new(ctx.clone(), open)?)?;
    Ok(connection)
}

fn start<'js>(
    ctx: &Ctx<'js>,
    connecting: Connecting,
    callback: Persistent<Function<'static>>,
) -> rquickjs::Result<Object<'js>> {
    let engine = Engine::of(ctx)?;
    let task = engine.current()?;
    let callback = engine.turns().bind(ctx, callback)?;
    let (sender, messages) = unbounded_channel();
    let flow = Rc::new(Flow::default());
    let outgoing = Outgoing { messages, flow: Rc::clone(&flow) };
    let listener = Listener { callback, engine, task: Rc::clone(&task) };
    task.spawn(connection::run(listener, connecting, outgoing)).map_err(|failure| failure.throw(ctx))?;
    handle(ctx, sender, &flow)
}

fn handle<'js>(ctx: &Ctx<'js>, sender: UnboundedSender<Message>, flow: &Rc<Flow>) -> rquickjs::Result<Object<'js>> {
    let handle = Object::new(ctx.clone())?;
    let counted = Rc::clone(flow);
    handle.set("waiting", Function::new(ctx.clone(), move || counted.waiting())?)?;
    let held = Rc::clone(flow);
    handle.set("hold", Function::new(ctx.clone(), move |hold: bool| held.hold(hold))?)?;
    let drained = Rc::clone(flow);
    let drained = move |ctx: Ctx<'js>, most: usize| {
        let drained = Rc::clone(&drained);
        let work = async move {
            drained.drained(most).await;
            Ok(())
        };
        promise(&ctx, work, |ctx, ()| Ok(Value::new_undefined(ctx.clone())))
    };
    handle.set("drained", Function::new(ctx.clone(), drained)?)?;
    let flow = Rc::clone(flow);
    let closes = sender.clone();
    let close = move |code: Opt<Option<u16>>, reason: Opt<String>| {
        let reason = reason.0.unwrap_or_default();
        // Where nobody listens, the connection has ended by itself.
        let _ = closes.send(Message::Close(code.0.flatten().map(|code| Closing { code, reason })));
    };
    handle.set("close", Function::new(ctx.clone(), close)?)?;
    let send = move |ctx: Ctx<'js>, data: Value<'js>, open: bool| send(&ctx, &sender, &flow, &data, open);
    handle.set("send", Function::new(ctx.clone(), send)?)?;
    Ok(handle)
}

/// Sends text or bytes where the connection is open. Says how many bytes they are, or -1 where more wait
/// already than may.
fn send<'js>(
    ctx: &Ctx<'js>,
    sender: &UnboundedSender<Message>,
    flow: &Flow,
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
        if flow.waiting().saturating_add(size) > MOST_WAITING {
            return Ok(-1);
        }
        if sender.send(message).is_ok() {
            flow.add(size);
        }
    }
    i64::try_from(size).map_err(|_| Failure::range_error("too long to be sent").throw(ctx))
}
