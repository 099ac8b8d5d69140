//! A WebSocket whose messages go through scripts: two connections, one to each side, and code between them.
//!
//! What the client is joined with is one end of a pipe. So the tunnel that the gateway makes of it counts, times
//! out and drains as every other, and its end is the end of the code.

use std::sync::Arc;

use tokio_tungstenite::tungstenite::protocol::Role;
use tollgate_core::later::BoxFuture;
use tollgate_core::services::{Duplex, MessageScripts};
use tollgate_core::{Exchange, Problem, Request};

use crate::message::{Argument, Entry, Sockets};
use crate::runner::{Runner, Target};
use crate::socket::WireSocket;

/// Bytes on their way to or from the client.
const PIPE: usize = 16 * 1024;

/// Functions that the messages of a WebSocket go through.
#[derive(Debug)]
pub(crate) struct Joined {
    pub(crate) runner: Arc<Runner>,
    pub(crate) place: usize,
    pub(crate) name: Arc<str>,
}

impl MessageScripts for Joined {
    fn join<'a>(
        &'a self,
        exchange: &'a mut Exchange,
        mut request: Request,
        protocol: &str,
        server: Box<dyn Duplex>,
    ) -> BoxFuture<'a, Result<Box<dyn Duplex>, Problem>> {
        let protocol = protocol.to_owned();
        Box::pin(async move {
            let (ours, clients) = tokio::io::duplex(PIPE);
            let longest = self.runner.generation.buffered_body;
            let workers = tokio::runtime::Handle::current();
            let side = |stream, role| WireSocket::start(&workers, stream, role, protocol.clone(), longest);
            let sockets = Sockets { client: side(Box::new(ours), Role::Server), server: side(server, Role::Client) };
            let target = Target { entry: Entry::Messages(self.place), name: &self.name };
            self.runner.with_request(exchange, target, &mut request, Argument::Sockets(sockets)).await?;
            Ok(Box::new(clients) as Box<dyn Duplex>)
        })
    }
}
