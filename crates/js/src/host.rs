//! What a script may reach outside of its engine.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use tollgate_core::{Request, Response};

use crate::webapi::caches::ByteCache;
use crate::webapi::websocket::Socket;
use crate::{Failure, Task};

/// A future that stays on the engine's thread.
pub type LocalBoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// How loud a line of the log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// `console.debug`
    Debug,
    /// `console.log`, `console.info`
    Info,
    /// `console.warn`
    Warn,
    /// `console.error`
    Error,
}

/// The world outside of an engine. Everything that a script can do to it is a method here.
pub trait Host: fmt::Debug {
    /// Sends one request, and gives the answer as soon as its head is there. Redirects are the
    /// caller's business. The URI is absolute.
    fn fetch(&self, task: &Rc<Task>, request: Request) -> LocalBoxFuture<'static, Result<Response, Failure>>;
    /// Writes a line to the log.
    fn log(&self, task: &Rc<Task>, level: Level, message: &str);
    /// Says that a promise was rejected and nobody was there to handle it, or that work of the
    /// background failed.
    fn unhandled(&self, task: &Rc<Task>, what: &str) {
        self.log(task, Level::Error, what);
    }
    /// Called now and then, from within, while code runs for longer than a moment: for what must not wait until
    /// it ends. It must not enter the engine.
    fn while_busy(&self) {}
    /// How many bytes of a body a script may read into memory at once, in bytes.
    fn buffered_body(&self) -> usize {
        10 << 20
    }
    /// What the engines of the process remember together. Without one, scripts cannot cache.
    fn cache(&self) -> Option<Arc<ByteCache>> {
        None
    }
    /// Opens a WebSocket (RFC 6455) to a `ws:` or `wss:` address, with the subprotocols that are offered in
    /// their order. The future is dropped where nobody wants the connection any more.
    fn websocket(
        &self,
        task: &Rc<Task>,
        url: &str,
        protocols: &[String],
    ) -> LocalBoxFuture<'static, Result<Box<dyn Socket>, Failure>> {
        let _ = (task, url, protocols);
        Box::pin(async { Err(Failure::type_error("there are no WebSockets here")) })
    }
    /// The time since some point in the past.
    fn monotonic(&self) -> std::time::Duration;
}

/// A host that reaches nothing, and tells its log to nobody: for looking at modules offline.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nowhere;

impl Host for Nowhere {
    fn fetch(&self, _: &Rc<Task>, _: Request) -> LocalBoxFuture<'static, Result<Response, Failure>> {
        Box::pin(async { Err(Failure::type_error("there is no network here")) })
    }

    fn log(&self, _: &Rc<Task>, _: Level, _: &str) {}

    fn monotonic(&self) -> std::time::Duration {
        std::time::Duration::ZERO
    }
}
