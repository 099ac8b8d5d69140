//! TLS towards clients: which certificate answers, who the client is, when it all changes.
//!
//! An [`Endpoint`] is TLS on one listener. It holds a table from names to certificates that is
//! swapped whole: connections keep what they began with, new ones see the new table. Each
//! certificate has a configuration of its own, so that nothing (no session ticket above all) that
//! was made under one set of rules for client certificates is ever good under another.
//!
//! *What is resumed.* Sessions are resumed by stateless tickets, whose keys are the listener's own
//! and stay in its memory. Names with client certificates have none: every connection proves
//! anew who the client is.
//!
//! *Whose request it is.* A connection was checked by the rules of the name in its handshake. A
//! request on it for a host with other rules is refused with 421 (RFC 9110 §7.4 and §15.5.20),
//! see [`Session::serves`].

mod certificate;
mod client;
mod endpoint;
mod handshake;
mod session;

use std::sync::{Arc, OnceLock};

use rustls::crypto::{CryptoProvider, aws_lc_rs};

pub use certificate::{Certificate, PemError};
pub use client::{ClientIdentity, ClientRules};
pub use endpoint::{Endpoint, EndpointError, Named, Offer};
pub(crate) use handshake::{Arrival, Failure, arrive};
pub use session::Session;

/// The cryptography that everything here uses.
fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    Arc::clone(PROVIDER.get_or_init(|| Arc::new(aws_lc_rs::default_provider())))
}
