//! What the requests of one connection have in common.
//!
//! Nearly every connection asks for one host and comes from one caller. What is made of the two
//! (the host in its one spelling, the fields that tell the upstream of them) is kept from one
//! request to the next, so that it is parsed and formatted once for a connection.

use std::fmt;
use std::sync::{Arc, OnceLock};

use tollgate_core::exchange::Client;

use super::forwarded::Known;

/// What the first request of a connection was like. Later ones only look at it, and nobody waits for anybody.
#[derive(Default)]
pub struct Familiar {
    /// The Host field as it was sent, and what it means.
    asked: OnceLock<(Box<str>, Arc<str>)>,
    known: OnceLock<Arc<Known>>,
}

impl Familiar {
    /// The host that a Host field means, where the first one had the same bytes.
    pub(super) fn host(&self, field: &str) -> Option<Arc<str>> {
        let (known, host) = self.asked.get()?;
        (**known == *field).then(|| Arc::clone(host))
    }

    /// Keeps what a Host field means, where it is the first.
    pub(super) fn remember(&self, field: &str, host: &Arc<str>) {
        self.asked.get_or_init(|| (field.into(), Arc::clone(host)));
    }

    /// What upstreams are told of a caller: as the first time, or made by `make`.
    pub(super) fn known(&self, client: &Client, make: impl FnOnce() -> Known) -> Arc<Known> {
        match self.known.get() {
            Some(known) if known.is_of(client) => Arc::clone(known),
            Some(_) => Arc::new(make()),
            None => {
                let known = Arc::new(make());
                // Whoever was faster may have spoken of another caller: what is given back is always one's own.
                let _ = self.known.set(Arc::clone(&known));
                known
            }
        }
    }
}

impl fmt::Debug for Familiar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Familiar(..)")
    }
}
