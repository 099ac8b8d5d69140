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
pub mod websocket;

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
    &crypto::SUBTLE,
    &crypto::KEY,
    &crypto::CONVERT,
    &crypto::ALGORITHMS,
    &crypto::JWK,
    &crypto::ENCODINGS,
    &crypto::HASH,
    &crypto::COMMON,
    &crypto::HMAC,
    &crypto::AES,
    &crypto::DERIVE,
    &crypto::RSA,
    &crypto::AGREEMENT,
    &crypto::EC,
    &crypto::CURVE25519,
    &caches::AREA,
    &websocket::AREA,
    &intl::AREA,
    &node::ERRORS,
    &node::CONTEXT,
    &node::ASYNC_HOOKS,
];
