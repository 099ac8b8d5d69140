//! One gateway takes the place of another on the same machine, and nobody is refused meanwhile.
//!
//! The gateway that runs listens on a socket in its data folder. Its *successor* connects there and is given the
//! listening sockets themselves, not just their addresses: both hold the same queue of connections, so that none
//! is lost when the *predecessor* stops taking from it. What is said, in this order:
//!
//! ```text
//! successor    take-over                 who I am
//! predecessor  offer                     with the listening sockets
//! successor    ready                     everything is built, nothing accepted yet
//! predecessor  released                  the quotas are on the disk, and yours to count
//! successor    serving                   accepting
//! predecessor  over                      accepts no more, finishes what is under way
//! predecessor  counted …                 what that still took of quotas, until it ends
//! ```
//!
//! Until `serving` has been heard, whatever goes wrong on one side leaves the other one serving.
//! `upgrade` on the same socket asks the gateway to start its successor itself.

mod channel;
mod predecessor;
mod program;
mod sockets;
mod word;

use std::path::PathBuf;

use crate::data_dir::DataDir;

pub(crate) use channel::{Channel, Door};
pub(crate) use predecessor::Predecessor;
pub(crate) use program::Program;
pub(crate) use sockets::{Claims, Inherited, Role, Shared, Socket};
pub(crate) use word::{Offered, PROTOCOL, Word};

/// The socket in a data folder.
pub(crate) fn path(data: &DataDir) -> PathBuf {
    data.file("handover.sock")
}
