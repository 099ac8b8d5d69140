//! The small part of Node's modules that packages touch: an area for each module. None is loaded before
//! something imports it, or reads `Buffer` or `process`.

mod async_hooks;
mod buffer;
mod system;
mod unavailable;
mod url;
mod util;

use crate::library::Area;

pub(super) use async_hooks::{ASYNC_HOOKS, CONTEXT};
pub(super) use buffer::{BUFFER, BUFFER_CLASS};
pub(super) use system::{
    DIAGNOSTICS_CHANNEL, ENVIRONMENT, OS, PERF_HOOKS, PROCESS, STREAM_WEB, STRING_DECODER, TIMERS, TIMERS_PROMISES,
};
pub(super) use unavailable::{
    CHILD_PROCESS, DNS, DNS_PROMISES, FS, FS_PROMISES, HTTP, HTTP2, HTTPS, MODULE, NET, READLINE, STREAM,
    STREAM_PROMISES, TLS, TTY, UNAVAILABLE, VM, WORKER_THREADS, ZLIB,
};
pub(super) use url::{QUERYSTRING, URL, URL_FILES, URL_LEGACY};
pub(super) use util::{EQUAL, INSPECT, TYPES, UTIL};

/// What the areas of this folder throw.
pub(super) static ERRORS: Area = Area { source: Some(include_str!("errors.js")), ..Area::new("node-errors") };

pub(super) static ASSERT: Area = Area {
    source: Some(include_str!("assert/assert.js")),
    specifiers: &["node:assert", "assert"],
    ..Area::new("node-assert")
};

pub(super) static ASSERT_STRICT: Area = Area {
    source: Some(include_str!("assert/strict.js")),
    specifiers: &["node:assert/strict", "assert/strict"],
    ..Area::new("node-assert-strict")
};

pub(super) static CRYPTO: Area = Area {
    source: Some(include_str!("crypto/crypto.js")),
    specifiers: &["node:crypto", "crypto"],
    ..Area::new("node-crypto")
};

pub(super) static CRYPTO_CIPHERS: Area =
    Area { source: Some(include_str!("crypto/ciphers.js")), ..Area::new("node-crypto-ciphers") };

pub(super) static CRYPTO_COMMON: Area =
    Area { source: Some(include_str!("crypto/common.js")), ..Area::new("node-crypto-common") };

pub(super) static CRYPTO_DER: Area =
    Area { source: Some(include_str!("crypto/der.js")), ..Area::new("node-crypto-der") };

pub(super) static CRYPTO_DERIVE: Area =
    Area { source: Some(include_str!("crypto/derive.js")), ..Area::new("node-crypto-derive") };

pub(super) static CRYPTO_KEYS: Area =
    Area { source: Some(include_str!("crypto/keys.js")), ..Area::new("node-crypto-keys") };

pub(super) static CRYPTO_SIGN: Area =
    Area { source: Some(include_str!("crypto/sign.js")), ..Area::new("node-crypto-sign") };

pub(super) static EVENTS: Area = Area {
    source: Some(include_str!("events/emitter.js")),
    specifiers: &["node:events", "events"],
    ..Area::new("node-events")
};

pub(super) static PATH: Area = Area {
    source: Some(include_str!("path/path.js")),
    specifiers: &["node:path", "path", "node:path/posix", "path/posix", "node:path/win32", "path/win32"],
    ..Area::new("node-path")
};
