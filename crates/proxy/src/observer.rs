//! Who is told of connections: what they do that no exchange tells of.

use tollgate_core::Reason;

use crate::hygiene::ConnectionInfo;
use crate::metrics::{Paused, Refused};
use crate::tls::Session;
use crate::unreadable::{RefusedHead, UnreadableHead};
use crate::{Gateway, story};

/// Who is told of what no request tells: connections, and those that never came to a request.
pub trait Observer: Send + Sync + 'static {
    /// A connection was accepted.
    fn opened(&self) {}
    /// One that was accepted is over.
    fn closed(&self) {}
    /// One was turned away.
    fn refused(&self, why: Refused) {
        let _ = why;
    }
    /// Nothing is accepted for the moment.
    fn paused(&self, why: Paused) {
        let _ = why;
    }
    /// A TLS handshake was completed.
    fn greeted(&self, session: &Session, resumed: bool) {
        let _ = (session, resumed);
    }
    /// What a head that cannot be read is answered with; `None` leaves it at the bare status.
    fn refuse(&self, connection: &ConnectionInfo, reason: &'static Reason) -> Option<RefusedHead> {
        let _ = (connection, reason);
        None
    }
    /// One ended with a head that could not be read.
    fn unreadable(&self, connection: &ConnectionInfo, head: &UnreadableHead) {
        let _ = (connection, head);
    }
    /// One ended before it came to a head.
    fn failed(&self, connection: &ConnectionInfo, why: &UnreadableHead) {
        let _ = (connection, why);
    }
}

/// Nobody is told.
impl Observer for () {}

impl Observer for Gateway {
    fn opened(&self) {
        self.metrics.connections_accepted.inc();
        self.metrics.connections.inc();
    }

    fn closed(&self) {
        self.metrics.connections.dec();
    }

    fn refused(&self, why: Refused) {
        self.metrics.refused(why);
    }

    fn paused(&self, why: Paused) {
        self.metrics.paused(why);
    }

    fn greeted(&self, session: &Session, resumed: bool) {
        self.metrics.greeted(session.version, resumed);
    }

    fn refuse(&self, _: &ConnectionInfo, reason: &'static Reason) -> Option<RefusedHead> {
        Some(story::refuse_head(self, reason))
    }

    fn unreadable(&self, connection: &ConnectionInfo, head: &UnreadableHead) {
        story::unreadable(self, connection, head);
    }

    fn failed(&self, connection: &ConnectionInfo, why: &UnreadableHead) {
        story::failed(self, connection, why);
    }
}
