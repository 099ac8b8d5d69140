//! The Web's APIs: an area is a folder, and a line in [`ALL`].

mod blob;
pub mod caches;
mod clone;
mod compression;
mod console;
mod crypto;
mod encoding;
mod events;
pub mod fetch;
mod intl;
mod node;
mod streams;
mod timers;
mod url;
mod websocket;

use crate::library::Area;

/// Every area that each engine has.
pub static ALL: &[&Area] = &[
    &console::AREA,
    &timers::AREA,
    &events::AREA,
    &clone::AREA,
    &encoding::AREA,
    &url::AREA,
    &streams::AREA,
    &streams::WRITABLE,
    &compression::AREA,
    &blob::AREA,
    &fetch::AREA,
    &crypto::AREA,
    &caches::AREA,
    &websocket::AREA,
    &intl::AREA,
    &node::AREA,
];
