//! What only `dev` has: the watcher, the development key, the page at start.

mod announce;
mod key;
mod watch;

pub(crate) use announce::announce;
pub(crate) use key::development_key;
pub(crate) use watch::Watcher;
