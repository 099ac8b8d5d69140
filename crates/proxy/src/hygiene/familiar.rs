//! What the requests of one connection have in common.
//!
//! Nearly every connection asks for one host and comes from one caller. What is made of the two
//! (the host in its one spelling, the fields that tell the upstream of them) is kept from one
//! request to the next, so that it is parsed and formatted once for a connection.

use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;
use tollgate_core::exchange::Client;

use super::forwarded::Known;

/// What the last request of a connection was like.
#[derive(Default)]
pub struct Familiar(Mutex<Last>);

#[derive(Default)]
struct Last {
    /// The Host field as it was sent, and what it means.
    asked: Option<(Box<str>, Arc<str>)>,
    known: Option<Arc<Known>>,
}

impl Familiar {
    /// The host that a Host field means, where the last one had the same bytes.
    pub(super) fn host(&self, field: &str) -> Option<Arc<str>> {
        let last = self.0.lock();
        let (known, host) = last.asked.as_ref()?;
        (**known == *field).then(|| Arc::clone(host))
    }

    /// Keeps what a Host field means.
    pub(super) fn remember(&self, field: &str, host: &Arc<str>) {
        self.0.lock().asked = Some((field.into(), Arc::clone(host)));
    }

    /// What upstreams are told of a caller: as the last time, or made by `make`.
    pub(super) fn known(&self, client: &Client, make: impl FnOnce() -> Known) -> Arc<Known> {
        let mut last = self.0.lock();
        match &last.known {
            Some(known) if known.is_of(client) => Arc::clone(known),
            _ => Arc::clone(last.known.insert(Arc::new(make()))),
        }
    }
}

impl fmt::Debug for Familiar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Familiar(..)")
    }
}
